#include "server/status_mapping.h"

#include <exception>
#include <new>
#include <optional>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"

namespace latimer::server {
namespace {

constexpr absl::string_view kRetryUrl = "latimer.dev/retry-delay-ms";
constexpr size_t kMaxMessageBytes = 1024;

std::optional<int64_t> RetryDelayMs(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kRetryUrl);
  int64_t ms = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &ms)) return std::nullopt;
  return ms;
}

// Wire strings must be UTF-8, or clients in other languages cannot parse the details.
std::string ToUtf8(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    bool valid = length > 0 && i + length <= text.size();
    for (size_t k = 1; valid && k < length; ++k) valid = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    if (valid && length == 3) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F);
    } else if (valid && length == 4) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      valid = !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    if (valid) {
      result.append(text.data() + i, length);
      i += length;
    } else {
      result.push_back('?');
      ++i;
    }
  }
  return result;
}

std::string CutMessage(absl::string_view text) {
  std::string message = ToUtf8(text);
  if (message.size() <= kMaxMessageBytes) return message;
  size_t end = kMaxMessageBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  message.resize(end);
  return message + "...";
}

}  // namespace

absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay) {
  status.SetPayload(kRetryUrl, absl::Cord(absl::StrCat(delay.count())));
  return status;
}

absl::Status PrefixField(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  const bool has_field = details.has_value() && !details->field.empty();
  if (!has_field && status.code() != absl::StatusCode::kInvalidArgument) return status;
  Error error(status.code(), details.has_value() ? details->reason : "INVALID_ARGUMENT", status.message());
  error.Field(has_field ? absl::StrCat(prefix, ".", details->field) : std::string(prefix));
  if (details.has_value()) {
    for (const auto& [key, value] : details->metadata) error.With(key, value);
  }
  absl::Status result = error;
  status.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) {
    if (!result.GetPayload(url).has_value()) result.SetPayload(url, payload);
  });
  return result;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  if (status.ok()) return result;
  result.set_code(static_cast<int>(status.code()));
  result.set_message(CutMessage(status.message()));

  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  google::rpc::ErrorInfo info;
  info.set_domain(std::string(kErrorDomain));
  info.set_reason(details.has_value() ? details->reason : absl::StatusCodeToString(status.code()));
  if (details.has_value()) {
    for (const auto& [key, value] : details->metadata) (*info.mutable_metadata())[ToUtf8(key)] = ToUtf8(value);
  }
  result.add_details()->PackFrom(info);

  if (details.has_value() && !details->field.empty()) {
    google::rpc::BadRequest bad_request;
    google::rpc::BadRequest::FieldViolation* violation = bad_request.add_field_violations();
    violation->set_field(ToUtf8(details->field));
    violation->set_description(result.message());
    result.add_details()->PackFrom(bad_request);
  }
  if (const std::optional<int64_t> ms = RetryDelayMs(status); ms.has_value()) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(*ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(*ms % 1000) * 1'000'000);
    result.add_details()->PackFrom(retry);
  }
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status message = ToRpcStatus(status);
  return {static_cast<grpc::StatusCode>(message.code()), message.message(), message.SerializeAsString()};
}

absl::Status RunGuarded(const std::function<absl::Status()>& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("OUT_OF_MEMORY", "the request needs more memory than the server has; send a smaller one");
  } catch (...) {
    // The text of a foreign exception may hold anything; it stays here.
    return Error(absl::StatusCode::kInternal, "INTERNAL", "the server failed on this request");
  }
}

}  // namespace latimer::server
