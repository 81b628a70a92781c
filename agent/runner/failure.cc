#include "agent/runner/failure.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace latimer::agent {
namespace {

// Engines report a failed allocation as just another failure.
bool SpeaksOfMemory(absl::string_view message) {
  const std::string text = absl::AsciiStrToLower(message);
  for (absl::string_view words : {"bad_alloc", "out of memory", "failed to allocate", "insufficient memory"}) {
    if (absl::StrContains(text, words)) return true;
  }
  return false;
}

absl::StatusCode FailureCode(const absl::Status& status) {
  if (SpeaksOfMemory(status.message())) return absl::StatusCode::kResourceExhausted;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
      return absl::StatusCode::kInvalidArgument;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDeadlineExceeded:
      return status.code();
    default:
      return absl::StatusCode::kAborted;
  }
}

}  // namespace

std::string CleanUtf8(absl::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    clean.append(length == 0 ? "?" : std::string(text.substr(0, length)));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

google::rpc::Status ToFailure(const absl::Status& status) {
  google::rpc::Status failure;
  failure.set_code(static_cast<int>(FailureCode(status)));
  failure.set_message(CleanUtf8(status.message().substr(0, 1024)));
  if (const std::optional<ErrorDetails> details = GetErrorDetails(status); details.has_value()) {
    google::rpc::ErrorInfo info;
    info.set_reason(details->reason);
    info.set_domain("latimer.dev");
    for (const auto& [key, value] : details->metadata) (*info.mutable_metadata())[key] = CleanUtf8(value);
    failure.add_details()->PackFrom(info);
  }
  return failure;
}

}  // namespace latimer::agent
