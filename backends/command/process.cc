#include "backends/command/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backends/command/supervisor.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

extern char** environ;

namespace latimer::command {
namespace {

using Clock = std::chrono::steady_clock;

// How long output is still read once the program has ended and its group is dead.
constexpr std::chrono::milliseconds kDrain{500};

// Both ends of a pipe; closes what is left of them.
struct Pipe {
  int read = -1;
  int write = -1;

  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    // Never a standard descriptor: those are given to the program.
    for (int& end : ends) {
      if (end > STDERR_FILENO) continue;
      const int higher = fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      close(end);
      end = higher;
    }
    read = ends[0];
    write = ends[1];
    return read >= 0 && write >= 0;
  }
  void CloseRead() { Close(read); }
  void CloseWrite() { Close(write); }

 private:
  static void Close(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

absl::Status SystemError(int number, absl::string_view what) {
  const std::string message = absl::StrCat(what, ": ", std::strerror(number));
  if (number == ENOENT || number == ENOTDIR) return NotFound("PROGRAM_NOT_FOUND", message);
  if (number == EACCES || number == ENOEXEC) {
    return Error(absl::StatusCode::kPermissionDenied, "PROGRAM_NOT_RUNNABLE", message);
  }
  return absl::InternalError(message);
}

// This process's environment with some variables replaced.
std::vector<std::string> MergedEnvironment(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const absl::string_view name = text.substr(0, text.find('='));
    const bool changed =
        std::any_of(changes.begin(), changes.end(), [name](const auto& change) { return change.first == name; });
    if (!changed) merged.emplace_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(absl::StrCat(name, "=", value));
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The supervisor and its group, as this process sees them.
class Group {
 public:
  explicit Group(pid_t leader) : leader_(leader) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() { Kill(); }

  void Ask() const { kill(-leader_, SIGTERM); }
  void Kill() {
    if (leader_ < 0) return;
    kill(-leader_, SIGKILL);
    kill(leader_, SIGKILL);  // should it not lead a group yet
    while (waitpid(leader_, nullptr, 0) < 0 && errno == EINTR) continue;
    leader_ = -1;
  }

 private:
  pid_t leader_;
};

// False: the other end is closed.
bool ReadInto(int end, size_t most, std::string* text, bool* cut) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(end, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  const size_t kept = std::min(static_cast<size_t>(count), most - std::min(most, text->size()));
  text->append(buffer.data(), kept);
  if (kept < static_cast<size_t>(count)) *cut = true;
  return count > 0;
}

// Follows the program until it has ended and nothing more comes.
class Watch {
 public:
  Watch(const ProcessRequest& request, Group* group, Pipe* out, Pipe* err, Pipe* report)
      : request_(request), group_(group), out_(out), err_(err), report_(report) {}

  absl::StatusOr<ProcessResult> Run() {
    const Clock::time_point begin = Clock::now();
    deadline_ = begin + request_.limit;
    while (Step()) continue;
    group_->Kill();
    result_.seconds =
        std::chrono::duration<double>((ended_at_.has_value() ? *ended_at_ : Clock::now()) - begin).count();
    if (not_started_ != 0) return SystemError(not_started_, absl::StrCat("cannot run '", request_.argv[0], "'"));
    return std::move(result_);
  }

 private:
  // False: done.
  bool Step() {
    std::array<pollfd, 4> polled{pollfd{report_->read, POLLIN, 0}, pollfd{out_->read, POLLIN, 0},
                                 pollfd{err_->read, POLLIN, 0}, pollfd{stopping_ ? -1 : request_.cancel, POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    const int ready = poll(polled.data(), polled.size(), static_cast<int>(std::clamp<int64_t>(left + 1, 0, 1 << 30)));
    if (ready < 0) return errno == EINTR;
    if (polled[1].revents != 0 && !ReadInto(out_->read, request_.most_output, &result_.out, &result_.output_cut)) {
      out_->CloseRead();
    }
    if (polled[2].revents != 0 && !ReadInto(err_->read, request_.most_output, &result_.err, &result_.output_cut)) {
      err_->CloseRead();
    }
    if (polled[0].revents != 0) TakeReport();
    if (ended_at_.has_value() && out_->read < 0 && err_->read < 0) return false;
    if (polled[3].revents != 0) {
      result_.cancelled = true;
      Stop();
    } else if (Clock::now() >= deadline_) {
      if (stopping_ || ended_at_.has_value()) return false;
      result_.timed_out = true;
      Stop();
    }
    return true;
  }

  void TakeReport() {
    ProgramEnd end;
    const ssize_t count = read(report_->read, &end, sizeof(end));
    report_->CloseRead();
    if (count == sizeof(end) && end.kind == ProgramEnd::kNotStarted) not_started_ = end.value;
    if (count == sizeof(end) && end.kind == ProgramEnd::kEnded) {
      if (WIFEXITED(end.value)) result_.exit_code = WEXITSTATUS(end.value);
      if (WIFSIGNALED(end.value)) result_.signal = WTERMSIG(end.value);
    } else {
      result_.signal = SIGKILL;  // the supervisor died, and its program with it
    }
    ended_at_ = Clock::now();
    group_->Kill();  // what the program left behind, which may hold its output open
    deadline_ = Clock::now() + kDrain;
  }

  void Stop() {
    stopping_ = true;
    deadline_ = Clock::now() + request_.grace;
    group_->Ask();
  }

  const ProcessRequest& request_;
  Group* const group_;
  Pipe* const out_;
  Pipe* const err_;
  Pipe* const report_;
  ProcessResult result_;
  Clock::time_point deadline_;
  std::optional<Clock::time_point> ended_at_;
  int not_started_ = 0;
  bool stopping_ = false;
};

bool IsRunnable(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string FindProgram(absl::string_view name) {
  if (name.empty()) return "";
  if (absl::StrContains(name, "/")) return IsRunnable(std::string(name)) ? std::string(name) : "";
  const char* path = std::getenv("PATH");
  for (absl::string_view folder : absl::StrSplit(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", name);
    if (IsRunnable(candidate)) return candidate;
  }
  return "";
}

std::string ProcessResult::Ending() const {
  if (cancelled) return "was cancelled";
  if (timed_out) return absl::StrCat("did not end within ", static_cast<int64_t>(seconds + 0.5), " s and was killed");
  if (signal != 0) {
    const char* name = sigabbrev_np(signal);
    return absl::StrCat("was killed by signal ", name != nullptr ? absl::StrCat("SIG", name) : absl::StrCat(signal));
  }
  return absl::StrCat("ended with exit code ", exit_code);
}

absl::StatusOr<ProcessResult> RunProcess(const ProcessRequest& request) {
  if (request.argv.empty() || request.argv[0].empty())
    return NotFound("PROGRAM_NOT_FOUND", "there is no program to run");
  std::string path = FindProgram(request.argv[0]);
  if (path.empty()) {
    return NotFound("PROGRAM_NOT_FOUND", absl::StrCat("there is no program '", request.argv[0], "' that may be run"))
        .With("program", request.argv[0]);
  }
  // It runs in another folder.
  std::error_code unknown;
  if (const auto absolute = std::filesystem::absolute(path, unknown); !unknown) path = absolute.string();
  std::vector<std::string> words = request.argv;
  std::vector<std::string> variables = MergedEnvironment(request.environment);
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> environment = Pointers(variables);
  Pipe out;
  Pipe err;
  Pipe report;
  Pipe lifeline;
  for (Pipe* pipe : {&out, &err, &report, &lifeline}) {
    if (!pipe->Open()) return SystemError(errno, "cannot make a pipe");
  }
  SupervisedProgram program;
  program.path = path.c_str();
  program.argv = argv.data();
  program.environment = environment.data();
  program.folder = request.folder.empty() ? nullptr : request.folder.c_str();
  program.out = out.write;
  program.err = err.write;
  program.report = report.write;
  program.lifeline = lifeline.read;
  program.address_space_bytes = request.address_space_bytes;
  program.cpu_seconds = request.cpu_seconds;
  program.file_bytes = request.file_bytes;
  program.open_files = request.open_files;
  const pid_t supervisor = fork();
  if (supervisor < 0) return SystemError(errno, "cannot start a process");
  if (supervisor == 0) Supervise(program);
  setpgid(supervisor, supervisor);  // both sides do it: whichever is later finds it done
  Group group(supervisor);
  out.CloseWrite();
  err.CloseWrite();
  report.CloseWrite();
  lifeline.CloseRead();
  return Watch(request, &group, &out, &err, &report).Run();
}

}  // namespace latimer::command
