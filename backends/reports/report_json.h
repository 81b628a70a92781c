// JSON of reports, read with limits. Internal to backends/reports.
#ifndef LATIMER_BACKENDS_REPORTS_REPORT_JSON_H_
#define LATIMER_BACKENDS_REPORTS_REPORT_JSON_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer {

// The document, of at most 32 levels and 2 million values. Syntax errors name the byte (metadata "byte").
absl::StatusOr<nlohmann::json> ReadReportJson(absl::string_view bytes);

// Text of member `key`, cleaned, at most 64 KiB; empty where it is missing or no text.
std::string JsonText(const nlohmann::json& object, const char* key);

// A finite number that is not negative; nullopt where it is missing or something else.
std::optional<double> JsonAmount(const nlohmann::json& object, const char* key);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_REPORT_JSON_H_
