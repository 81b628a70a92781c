#include "backends/command/report_parser.h"
#include "backends/reports/tensorrt.h"
#include "core/base/status_macros.h"

namespace latimer::command::parsers {

// The profile; with a second file, what the engine says about its layers.
absl::StatusOr<Report> TensorrtProfile(const ReportFiles& files) {
  LATIMER_ASSIGN_OR_RETURN(Report report, ParseTensorRtProfile(files[0]));
  if (files.size() > 1) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<TensorRtLayer> layers, ParseTensorRtLayers(files[1]));
    LATIMER_RETURN_IF_ERROR(AddTensorRtLayers(layers, &report));
  }
  return report;
}

}  // namespace latimer::command::parsers
