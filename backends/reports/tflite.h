// Reports of TensorFlow Lite's benchmark_model, 2.3 to 2.18, with any delegate.
#ifndef LATIMER_BACKENDS_REPORTS_TFLITE_H_
#define LATIMER_BACKENDS_REPORTS_TFLITE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"

namespace latimer {

// What benchmark_model prints; several runs may follow each other, one Report each. Latency is that of the measured
// block; facts: "threads", "delegate", "delegate_kernels", "placement" ("completely", "partially", "not" by the
// delegate). With --enable_op_profiling the rows are those of "Run Order" of the regular runs: time per call times
// calls; original names are the tensors a row writes (none for rows inside XNNPACK); a delegate's row stands for its
// whole partition, unless it is the only one and its inner rows are there. A run that failed or was cut off is an
// error; so is a delegate that could not be applied (its times would be the CPU's).
absl::StatusOr<std::vector<Report>> ParseBenchmarkModelLog(absl::string_view text);

// --profiling_output_csv_file: the rows of the regular runs.
absl::StatusOr<Report> ParseBenchmarkModelCsv(absl::string_view csv);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_TFLITE_H_
