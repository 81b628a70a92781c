#include "backends/command/report_parser.h"

#include <utility>

#include "core/base/error.h"

namespace latimer::command {
namespace {

absl::Status NoReport() { return InvalidArgument("BAD_REPORT", "there is no report in what the tool wrote"); }

}  // namespace

absl::StatusOr<Report> FirstOf(absl::StatusOr<std::vector<Report>> reports) {
  if (!reports.ok()) return reports.status();
  if (reports->empty()) return NoReport();
  return std::move(reports->front());
}

absl::StatusOr<Report> LastOf(absl::StatusOr<std::vector<Report>> reports) {
  if (!reports.ok()) return reports.status();
  if (reports->empty()) return NoReport();
  return std::move(reports->back());
}

}  // namespace latimer::command
