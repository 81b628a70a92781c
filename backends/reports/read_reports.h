// Files of one toolchain about one network -> runs: which file is what, and what belongs together.
//
//   LATIMER_ASSIGN_OR_RETURN(std::vector<ReportedRun> runs, ReadReportFiles("tensorrt", files, ""));
#ifndef LATIMER_BACKENDS_REPORTS_READ_REPORTS_H_
#define LATIMER_BACKENDS_REPORTS_READ_REPORTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "backends/reports/report.h"

namespace latimer {

struct ReportBytes {
  std::string name;  // for people
  absl::string_view bytes;
};

// One report with times per layer, completed by what other files say of the same run.
struct ReportedRun {
  size_t file = 0;    // index into the files given
  int32_t index = 0;  // of the report in that file
  Report report;
};

// Names of the toolchains, as ReadReportFiles() takes them.
std::vector<std::string> ReportToolchains();

// The runs in the files, in their order. Files are told apart by what is in them:
//   tensorrt   profiles (--exportProfile); layer information and times (--exportLayerInfo, --exportTimes) and what
//              trtexec prints complete the profile
//   openvino   counters (CSV or printed); benchmark_report.csv completes them
//   tflite     what benchmark_model prints, or its profile CSV; Vela's summary has the compiler's estimate
//   dnndk      what the program prints in profile mode; kernels "net_0", "net_2" of one run are one network
//   vitis-ai   vaitrace's text summary
// `subject`: only reports about this network or kernel, by the report's own name; empty: the only one there is.
//
// Errors name the file (metadata "file"): those of the parsers; INVALID_ARGUMENT UNKNOWN_TOOLCHAIN, NO_LAYER_TIMES (a
// file, or all together, has no times per layer), SEVERAL_SUBJECTS (without `subject`), AMBIGUOUS_FILES (times that
// may belong to any of several profiles).
absl::StatusOr<std::vector<ReportedRun>> ReadReportFiles(absl::string_view toolchain,
                                                         absl::Span<const ReportBytes> files,
                                                         absl::string_view subject);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_READ_REPORTS_H_
