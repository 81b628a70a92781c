// What the parsers of text reports share: lines, fields, numbers, errors. Internal to backends/reports.
#ifndef LATIMER_BACKENDS_REPORTS_REPORT_TEXT_H_
#define LATIMER_BACKENDS_REPORTS_REPORT_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"
#include "core/base/error.h"

namespace latimer {

inline constexpr double kMilli = 1e-3;
inline constexpr double kMicro = 1e-6;

// Lines without their ends (LF or CRLF), without colour codes and NUL bytes, with their numbers. Lines are cut after
// 1 MiB, so that fields of a hostile one take little memory.
class ReportLines {
 public:
  explicit ReportLines(absl::string_view text) : rest_(text) {}

  // False: there is no further line. The view lives until the next call.
  bool Next(absl::string_view* line);

  int64_t number() const { return number_; }  // of the line last read, from 1

 private:
  absl::string_view rest_;
  std::string clean_;
  int64_t number_ = 0;
};

// "line 12, field 'realTime (ms)': <message>"; `line` 0 and an empty `field` are left out.
Error BadReport(int64_t line, absl::string_view field, absl::string_view message);

// REPORT_TOO_LARGE, where there are more than kMaxReportBytes.
absl::Status CheckReportSize(absl::string_view bytes);

// REPORT_TOO_LARGE, about rows.
Error TooManyRows();

// Appends, or TooManyRows() after kMaxReportRows.
absl::Status AppendRow(ReportRow row, Report* report);

// A finite number that is not negative and below 1e15, in plain or exponent form; nullopt for anything else.
std::optional<double> ParseAmount(absl::string_view text);

// The same as a whole number.
std::optional<int64_t> ParseCount(absl::string_view text);

// Of a report's text: at most `max_bytes` of valid UTF-8 without control characters, blanks around it removed.
std::string CleanText(absl::string_view text, size_t max_bytes = 4096);

// What lies between `before` and `after` (to the end where `after` is empty or absent); nullopt where `before` is not
// in `line`.
std::optional<absl::string_view> Between(absl::string_view line, absl::string_view before, absl::string_view after);

// A line of comma-separated values with "quoted ones" (two quotes stand for one). False: a quote is not closed.
bool SplitCsv(absl::string_view line, std::vector<std::string>* fields);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_REPORT_TEXT_H_
