#include "server/access/first_admin.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/clock.h"

namespace latimer::server {
namespace {

constexpr char kAdmin[] = "admin";

absl::Status WriteSecret(const std::string& file, const std::string& secret) {
  const std::string text = secret + "\n";
  unlink(file.c_str());
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = descriptor >= 0 &&
                       write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (written) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
               absl::StrCat("cannot write ", file, ": ", std::strerror(error)));
}

}  // namespace

absl::Status GiveFirstAdmin(AccessControl& access, const std::string& folder, Logger* logger) {
  if (access.HasAdmin()) return absl::OkStatus();
  v1::CreateClientRequest request;
  request.set_name(kAdmin);
  request.set_role(v1::ROLE_ADMIN);
  absl::StatusOr<v1::CreateClientResponse> created = access.CreateClient(request);
  if (absl::IsAlreadyExists(created.status())) {
    // It expired, or has another role: somebody made it so, and it is not taken from them.
    request.set_name(absl::StrCat(kAdmin, "-", NowMs()));
    created = access.CreateClient(request);
  }
  LATIMER_RETURN_IF_ERROR(created.status());
  const std::string file = (std::filesystem::path(folder) / "admin.token").string();
  LATIMER_RETURN_IF_ERROR(WriteSecret(file, created->token()));
  LogTo(logger, LogLevel::kWarning,
        "nobody could administer this server: an administrator's token was written to a file",
        {{"client", created->client().name()}, {"file", file}});
  return absl::OkStatus();
}

}  // namespace latimer::server
