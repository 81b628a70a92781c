#include "core/base/error.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/utf8.h"

namespace latimer {
namespace {

constexpr absl::string_view kPayloadUrl = "latimer.dev/error-details";
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxValueBytes = 256;
// A separator that text taken from a network may contain too; Clean() removes it there.
constexpr char kSeparator = '\x1f';

// Cuts at a UTF-8 boundary and replaces control characters and malformed UTF-8: messages end up on the wire, in logs
// and in terminals.
std::string Clean(absl::string_view text, size_t max_bytes) {
  const bool cut = text.size() > max_bytes;
  const size_t room = cut ? max_bytes - 3 : max_bytes;
  std::string result;
  result.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const size_t taken = std::max<size_t>(length, 1);
    if (result.size() + taken > room) break;
    const char c = text[0];
    const bool control = length == 1 && ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f);
    // U+0080 to U+009F: terminals may take them for escape sequences.
    const bool high_control = length == 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || control || high_control) {
      result += '?';
    } else {
      result.append(text.data(), length);
    }
    text.remove_prefix(taken);
  }
  if (cut) result += "...";
  return result;
}

}  // namespace

Error::Error(absl::StatusCode code, absl::string_view reason, absl::string_view message)
    : code_(code), message_(Clean(message, kMaxMessageBytes)) {
  details_.reason = std::string(reason);
}

Error& Error::Field(absl::string_view field) {
  details_.field = Clean(field, kMaxValueBytes);
  return *this;
}

Error& Error::With(absl::string_view key, absl::string_view value) {
  details_.metadata[std::string(key)] = Clean(value, kMaxValueBytes);
  return *this;
}

absl::Status Error::ToStatus() const {
  absl::Status status(code_, message_);
  std::vector<absl::string_view> parts = {details_.reason, details_.field};
  for (const auto& [key, value] : details_.metadata) {
    parts.push_back(key);
    parts.push_back(value);
  }
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrJoin(parts, absl::string_view(&kSeparator, 1))));
  return status;
}

Error InvalidArgument(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

Error ResourceExhausted(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kResourceExhausted, reason, message);
}

Error NotFound(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kNotFound, reason, message);
}

std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status) {
  absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  std::vector<std::string> parts = absl::StrSplit(std::string(*payload), kSeparator);
  if (parts.size() < 2) return std::nullopt;
  ErrorDetails details;
  details.reason = std::move(parts[0]);
  details.field = std::move(parts[1]);
  for (size_t i = 2; i + 1 < parts.size(); i += 2) details.metadata[parts[i]] = std::move(parts[i + 1]);
  return details;
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status result(status.code(), Clean(absl::StrCat(context, ": ", status.message()), kMaxMessageBytes));
  status.ForEachPayload(
      [&result](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

}  // namespace latimer
