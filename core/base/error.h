// Errors a caller can act on: an absl::Status whose payload carries a machine-readable reason, the field of the
// request that is at fault, and every variable part of the message. The server turns the payload into
// google.rpc.ErrorInfo and google.rpc.BadRequest at its edge; nothing else needs to know it is there.
//
//   return Error(absl::StatusCode::kInvalidArgument, "NEGATIVE_DIMENSION", absl::StrCat("input '", name, "' has …"))
//       .Field("network.onnx_model").With("input", name);
//
// Rules: the message is complete on its own (what, which node or field, what to do), has no paths of the server, and
// is cut at 1024 bytes.
#ifndef LATIMER_CORE_BASE_ERROR_H_
#define LATIMER_CORE_BASE_ERROR_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer {

// What an error's payload says.
struct ErrorDetails {
  std::string reason;                           // UPPER_SNAKE_CASE, constant
  std::string field;                            // request field at fault; empty: none
  std::map<std::string, std::string> metadata;  // variable parts of the message
};

// Builds such an error; converts to absl::Status and absl::StatusOr<T>.
class Error {
 public:
  Error(absl::StatusCode code, absl::string_view reason, absl::string_view message);
  Error& Field(absl::string_view field);
  Error& With(absl::string_view key, absl::string_view value);

  absl::Status ToStatus() const;
  operator absl::Status() const { return ToStatus(); }  // NOLINT: a return statement is the only use
  template <typename T>
  operator absl::StatusOr<T>() const {  // NOLINT
    return ToStatus();
  }

 private:
  absl::StatusCode code_;
  std::string message_;
  ErrorDetails details_;
};

// Most used codes.
Error InvalidArgument(absl::string_view reason, absl::string_view message);
Error ResourceExhausted(absl::string_view reason, absl::string_view message);
Error NotFound(absl::string_view reason, absl::string_view message);

// The payload of an error made by Error; nullopt for any other status.
std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status);

// The same error with `context` and ": " in front of its message; the payload is kept.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace latimer

#endif  // LATIMER_CORE_BASE_ERROR_H_
