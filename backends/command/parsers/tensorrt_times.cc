#include "backends/command/report_parser.h"
#include "backends/reports/tensorrt.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> TensorrtTimes(const ReportFiles& files) { return ParseTensorRtTimes(files[0]); }

}  // namespace latimer::command::parsers
