#include "backends/command/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace latimer::command {
namespace {

void CloseRange(int first, int last) {
  if (first > last) return;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, static_cast<unsigned>(last), 0) == 0) return;
#endif
  rlimit limit{};
  constexpr rlim_t kMost = 4096;
  const rlim_t most = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::min(limit.rlim_cur, kMost) : kMost;
  for (int number = first; number <= std::min(last, static_cast<int>(most)); ++number) close(number);
}

// Closes every descriptor from `first` on that is not in `keep`, which is sorted here.
void CloseFrom(int first, int* keep, int count) {
  std::sort(keep, keep + count);
  for (int i = 0; i < count; ++i) {
    CloseRange(first, keep[i] - 1);
    first = std::max(first, keep[i] + 1);
  }
  CloseRange(first, std::numeric_limits<int>::max());
}

void Limit(__rlimit_resource_t what, int64_t value) {
  if (value <= 0) return;
  const rlimit limit{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  setrlimit(what, &limit);
}

void Tell(int report, ProgramEnd::Kind kind, int value) {
  const ProgramEnd end{kind, value};
  [[maybe_unused]] const ssize_t written = write(report, &end, sizeof(end));
}

[[noreturn]] void BecomeProgram(const SupervisedProgram& p, pid_t supervisor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  Limit(RLIMIT_AS, p.address_space_bytes);
  Limit(RLIMIT_CPU, p.cpu_seconds);
  Limit(RLIMIT_FSIZE, p.file_bytes);
  Limit(RLIMIT_NOFILE, p.open_files);
  dup2(p.out, STDOUT_FILENO);
  dup2(p.err, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  // Closed by exec, so that only a failure writes to it.
  fcntl(p.report, F_SETFD, FD_CLOEXEC);
  int keep[] = {p.report};
  CloseFrom(3, keep, 1);
  if (p.folder == nullptr || chdir(p.folder) == 0) execve(p.path, p.argv, p.environment);
  Tell(p.report, ProgramEnd::kNotStarted, errno);
  _exit(127);
}

}  // namespace

void Supervise(const SupervisedProgram& p) {
  // Never the group of the process that forked this one.
  if (setpgid(0, 0) != 0 && getpgrp() != getpid()) _exit(127);
  // SIGTERM is for the program; the supervisor ends with SIGKILL.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  signal(SIGCHLD, SIG_DFL);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int ended = signalfd(-1, &child, SFD_CLOEXEC);
  const pid_t self = getpid();
  const pid_t program = fork();
  if (program == 0) BecomeProgram(p, self);
  if (program < 0 || ended < 0) Tell(p.report, ProgramEnd::kNotStarted, errno);
  // The ends of the pipes that only the program and its children may hold open, and other requests' lifelines.
  int keep[] = {p.report, p.lifeline, ended};
  CloseFrom(0, keep, 3);
  bool reported = program < 0;
  while (true) {
    pollfd polled[] = {{p.lifeline, POLLIN, 0}, {ended, POLLIN, 0}};
    if (poll(polled, reported ? 1 : 2, -1) < 0 && errno != EINTR) kill(0, SIGKILL);
    if (polled[0].revents != 0) kill(0, SIGKILL);
    if (polled[1].revents != 0) {
      signalfd_siginfo information{};
      [[maybe_unused]] const ssize_t taken = read(ended, &information, sizeof(information));
    }
    int status = 0;
    if (!reported && program > 0 && waitpid(program, &status, WNOHANG) == program) {
      Tell(p.report, ProgramEnd::kEnded, status);
      reported = true;
    }
  }
}

}  // namespace latimer::command
