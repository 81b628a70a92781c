#include "agent/storage/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

constexpr absl::string_view kFirstLine = "latimer-agent identity 1";

}  // namespace

absl::StatusOr<StateDir> StateDir::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("cannot create the state folder ", path));
  Descriptor lock(open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return ErrnoStatus(errno, absl::StrCat("cannot use the state folder ", path));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const absl::StatusOr<std::string> owner = ReadFile(path + "/lock");
    const absl::string_view pid = owner.ok() ? absl::StripAsciiWhitespace(*owner) : "";
    return Error(absl::StatusCode::kFailedPrecondition, "STATE_DIR_IN_USE",
                 absl::StrCat("another agent uses the state folder ", path,
                              pid.empty() ? "" : absl::StrCat(" (process ", pid, ")"),
                              "; give every agent a folder of its own with --state-dir"));
  }
  // Only for the message above; a full disk may refuse it.
  if (ftruncate(lock.get(), 0) == 0) WriteAll(lock.get(), absl::StrCat(getpid(), "\n"), "lock").IgnoreError();
  if (chmod(path.c_str(), 0700) != 0) return ErrnoStatus(errno, absl::StrCat("cannot protect ", path));
  StateDir dir(path, std::move(lock));
  std::filesystem::remove_all(dir.work_dir(), error);
  std::filesystem::create_directory(dir.work_dir(), error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("cannot create ", dir.work_dir()));
  return dir;
}

absl::StatusOr<std::optional<Identity>> StateDir::ReadIdentity() const {
  const std::string path = path_ + "/credential";
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return std::optional<Identity>();
  if (!text.ok()) return text.status();
  std::map<std::string, std::string> values;
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    const std::pair<std::string, std::string> entry = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    values[entry.first] = entry.second;
  }
  if (lines.empty() || lines[0] != kFirstLine || values["agent"].empty() || values["credential"].empty()) {
    return Error(absl::StatusCode::kDataLoss, "BAD_CREDENTIAL_FILE",
                 absl::StrCat(path, " is damaged; remove it and enrol again with a new --token"));
  }
  return std::optional<Identity>(Identity{values["agent"], values["platform"], values["credential"]});
}

absl::Status StateDir::WriteIdentity(const Identity& identity) const {
  return WriteFileAtomically(path_ + "/credential",
                             absl::StrCat(kFirstLine, "\nagent ", identity.agent, "\nplatform ", identity.platform,
                                          "\ncredential ", identity.credential, "\n"),
                             0600);
}

}  // namespace latimer::agent
