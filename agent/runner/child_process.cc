#include "agent/runner/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

struct Prepared {
  const char* program;
  char* const* argv;
  int socket;
  int output;  // -1: inherited
  pid_t parent;
  int64_t address_space_bytes;
};

// Between fork and exec: only calls that are safe in a child of a process with many threads.
[[noreturn]] void Become(const Prepared& p) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != p.parent) _exit(127);  // the agent died before the line above
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (p.address_space_bytes > 0) {
    const rlimit limit{static_cast<rlim_t>(p.address_space_bytes), static_cast<rlim_t>(p.address_space_bytes)};
    setrlimit(RLIMIT_AS, &limit);
  }
  if (p.output >= 0) {
    dup2(p.output, STDOUT_FILENO);
    dup2(p.output, STDERR_FILENO);
  } else {
    dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  if (p.socket == kChildSocket) {
    fcntl(p.socket, F_SETFD, 0);
  } else {
    dup2(p.socket, kChildSocket);  // the copy survives exec
  }
#ifdef SYS_close_range
  syscall(SYS_close_range, kChildSocket + 1, ~0U, 0);
#endif
  execv(p.program, p.argv);
  _exit(127);
}

std::string Ending(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return absl::StrCat(
        "was killed by signal ", name != nullptr ? absl::StrCat("SIG", name) : "unknown",
        WTERMSIG(status) == SIGKILL ? " (not by the agent; perhaps by the system, short of memory)" : "");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return "could not be started (exit code 127)";
  return absl::StrCat("ended with exit code ", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ChildCommand& command) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return ErrnoStatus(errno, "socketpair");
  Descriptor ours(sockets[0]);
  const Descriptor theirs(sockets[1]);
  Descriptor output;
  if (!command.output_path.empty()) {
    output = Descriptor(open(command.output_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!output.valid()) return ErrnoStatus(errno, absl::StrCat("cannot open ", command.output_path));
  }
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const Prepared prepared{command.program.c_str(),    argv.data(), theirs.get(), output.get(), getpid(),
                          command.address_space_bytes};
  const pid_t pid = fork();
  if (pid < 0) return ErrnoStatus(errno, "cannot start a process");
  if (pid == 0) Become(prepared);
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(ours)));
}

ChildProcess::ChildProcess(pid_t pid, Descriptor socket) : pid_(pid), socket_(std::move(socket)) {
#ifdef SYS_pidfd_open
  death_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
#endif
}

std::string ChildProcess::End(std::chrono::milliseconds patience) {
  if (pid_ < 0) return "had ended";
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  bool killed = false;
  while (true) {
    const pid_t done = waitpid(pid_, &status, killed ? 0 : WNOHANG);
    if (done == pid_ || (done < 0 && errno != EINTR)) break;
    if (done != 0) continue;
    if (std::chrono::steady_clock::now() >= deadline) {
      kill(pid_, SIGKILL);
      killed = true;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  kill(-pid_, SIGKILL);  // what the engine started; the group outlives its leader
  pid_ = -1;
  return killed ? "did not end and was killed" : Ending(status);
}

ChildProcess::~ChildProcess() { End(std::chrono::milliseconds(0)); }

}  // namespace latimer::agent
