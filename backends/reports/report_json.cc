#include "backends/reports/report_json.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "backends/reports/report_text.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr int kMostLevels = 32;
constexpr int64_t kMostValues = 2'000'000;  // each takes some 50 bytes once parsed

// The parser recurses for every bracket and keeps every value, so both are counted before it runs.
absl::Status CheckSize(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  int levels = 0;
  int64_t values = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++levels;
    if (c == ']' || c == '}') --levels;
    if (c == '[' || c == '{' || c == ',') ++values;
    if (levels > kMostLevels) {
      return ResourceExhausted("REPORT_TOO_LARGE",
                               absl::StrCat("byte ", i, ": the JSON has more than ", kMostLevels, " levels"));
    }
    if (values > kMostValues) {
      return ResourceExhausted("REPORT_TOO_LARGE", absl::StrCat("the JSON has more than ", kMostValues, " values"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<nlohmann::json> ReadReportJson(absl::string_view bytes) {
  LATIMER_RETURN_IF_ERROR(CheckSize(bytes));
  size_t byte = 0;
  std::string message;
  try {
    return nlohmann::json::parse(bytes.begin(), bytes.end());
  } catch (const nlohmann::json::parse_error& error) {
    byte = error.byte;
    message = error.what();
  } catch (const nlohmann::json::exception& error) {
    message = error.what();
  }
  // The library's message starts with its own error class in brackets.
  if (const size_t bracket = message.find("] "); bracket != std::string::npos) message.erase(0, bracket + 2);
  Error error = BadReport(0, "", absl::StrCat("byte ", byte, ": the report is not JSON: ", message));
  error.With("byte", absl::StrCat(byte));
  return error;
}

std::string JsonText(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? CleanText(it->get_ref<const std::string&>(), 65536) : std::string();
}

std::optional<double> JsonAmount(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  const double value = it->get<double>();
  if (!std::isfinite(value) || value < 0 || value >= 1e15) return std::nullopt;
  return value;
}

}  // namespace latimer
