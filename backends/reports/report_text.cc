#include "backends/reports/report_text.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"

namespace latimer {
namespace {

constexpr double kLargestAmount = 1e15;
constexpr size_t kLongestLine = 1 << 20;

// A terminal's control sequence ESC [ … letter.
void SkipColour(absl::string_view text, size_t* i) {
  if (*i + 1 >= text.size() || text[*i + 1] != '[') return;
  size_t end = *i + 2;
  while (end < text.size() && !absl::ascii_isalpha(static_cast<unsigned char>(text[end]))) ++end;
  *i = end;
}

}  // namespace

bool ReportLines::Next(absl::string_view* line) {
  if (rest_.empty()) return false;
  ++number_;
  const size_t end = rest_.find('\n');
  *line = rest_.substr(0, std::min(end, kLongestLine));
  rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
  absl::ConsumeSuffix(line, "\r");
  if (line->find_first_of(absl::string_view("\x1b\0", 2)) != absl::string_view::npos) {
    clean_.clear();
    for (size_t i = 0; i < line->size(); ++i) {
      if ((*line)[i] == '\x1b') {
        SkipColour(*line, &i);
      } else if ((*line)[i] != '\0') {
        clean_ += (*line)[i];
      }
    }
    *line = clean_;
  }
  return true;
}

Error BadReport(int64_t line, absl::string_view field, absl::string_view message) {
  std::string where = line > 0 ? absl::StrCat("line ", line) : "";
  if (!field.empty()) absl::StrAppend(&where, where.empty() ? "" : ", ", "field '", field, "'");
  if (!where.empty()) where += ": ";
  Error error = InvalidArgument("BAD_REPORT", absl::StrCat(where, message));
  if (line > 0) error.With("line", absl::StrCat(line));
  if (!field.empty()) error.With("field", field);
  return error;
}

absl::Status CheckReportSize(absl::string_view bytes) {
  if (bytes.size() <= kMaxReportBytes) return absl::OkStatus();
  return ResourceExhausted("REPORT_TOO_LARGE", absl::StrCat("the report has ", bytes.size(), " bytes; at most ",
                                                            kMaxReportBytes, " are read"));
}

Error TooManyRows() {
  return ResourceExhausted("REPORT_TOO_LARGE", absl::StrCat("the report has more than ", kMaxReportRows, " rows"));
}

absl::Status AppendRow(ReportRow row, Report* report) {
  if (report->rows.size() >= kMaxReportRows) return TooManyRows();
  report->rows.push_back(std::move(row));
  return absl::OkStatus();
}

std::optional<double> ParseAmount(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  double value = 0;
  // Without this, "inf" and "0x1p3" would be numbers, too.
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != absl::string_view::npos) return std::nullopt;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value) || value < 0 || value >= kLargestAmount) {
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> ParseCount(absl::string_view text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < 0 || value >= static_cast<int64_t>(kLargestAmount))
    return std::nullopt;
  return value;
}

std::string CleanText(absl::string_view text, size_t max_bytes) {
  text = absl::StripAsciiWhitespace(text);
  std::string clean;
  while (!text.empty() && clean.size() + 4 <= max_bytes) {
    const size_t length = Utf8SequenceLength(text);
    const unsigned char first = static_cast<unsigned char>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      clean += '?';
    } else {
      clean.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

std::optional<absl::string_view> Between(absl::string_view line, absl::string_view before, absl::string_view after) {
  const size_t start = line.find(before);
  if (start == absl::string_view::npos) return std::nullopt;
  line.remove_prefix(start + before.size());
  return after.empty() ? line : line.substr(0, line.find(after));
}

bool SplitCsv(absl::string_view line, std::vector<std::string>* fields) {
  fields->clear();
  fields->emplace_back();
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields->back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields->emplace_back();
    } else {
      fields->back() += c;
    }
  }
  return !quoted;
}

}  // namespace latimer
