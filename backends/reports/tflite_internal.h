// Shared by the parsers of benchmark_model's reports.
#ifndef LATIMER_BACKENDS_REPORTS_TFLITE_INTERNAL_H_
#define LATIMER_BACKENDS_REPORTS_TFLITE_INTERNAL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report_text.h"

namespace latimer::tflite {

// The table of one operator profile; columns are found by the names of its header, which differ by version.
class OperatorTable {
 public:
  // `names`: fields of a line whose first one is "[node type]" or "node type".
  static absl::StatusOr<OperatorTable> FromHeader(const std::vector<absl::string_view>& names, int64_t line);

  absl::StatusOr<ReportRow> Read(const std::vector<absl::string_view>& fields, int64_t line) const;

 private:
  size_t count_ = 0;
  size_t type_ = 0;
  size_t start_ = kAbsent;
  size_t average_ = kAbsent;
  size_t calls_ = kAbsent;
  size_t name_ = kAbsent;

  static constexpr size_t kAbsent = static_cast<size_t>(-1);
};

// A line of such a table in the console: separated by tabs, with an empty first field.
std::vector<absl::string_view> SplitConsoleRow(absl::string_view line);

bool IsHeader(const std::vector<absl::string_view>& fields);

// Sets original_names from "[a, b;c]:231" and takes the node's index into the facts.
void ReadName(absl::string_view name, ReportRow* row);

}  // namespace latimer::tflite

#endif  // LATIMER_BACKENDS_REPORTS_TFLITE_INTERNAL_H_
