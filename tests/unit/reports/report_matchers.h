// How a report is refused: reason, line and field.
#ifndef LATIMER_TESTS_UNIT_REPORTS_REPORT_MATCHERS_H_
#define LATIMER_TESTS_UNIT_REPORTS_REPORT_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "backends/reports/report.h"
#include "core/base/error.h"

namespace latimer {

// "BAD_REPORT line 3 field 'realTime (ms)'", without what the error does not tell; "OK" where there is none.
inline std::string Refusal(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  if (!details.has_value()) return status.ToString();
  std::string text = details->reason;
  for (const char* key : {"line", "byte", "element"}) {
    if (const auto it = details->metadata.find(key); it != details->metadata.end()) {
      absl::StrAppend(&text, " ", key, " ", it->second);
    }
  }
  if (const auto it = details->metadata.find("field"); it != details->metadata.end()) {
    absl::StrAppend(&text, " field '", it->second, "'");
  }
  return text;
}

template <typename T>
std::string Refusal(const absl::StatusOr<T>& result) {
  return Refusal(result.status());
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_REPORTS_REPORT_MATCHERS_H_
