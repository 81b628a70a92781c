// Reports of Xilinx's DPU toolchains: DNNDK and Vitis AI up to 1.2, Vitis AI from 1.3 on.
#ifndef LATIMER_BACKENDS_REPORTS_VITIS_AI_H_
#define LATIMER_BACKENDS_REPORTS_VITIS_AI_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"

namespace latimer {

// The tables "[DNNDK] Performance profile" in a program's output, one Report each; `subject` is the DPU kernel. Rows
// are the kernel's nodes; layers fused into a node have no row, layers on the CPU none either. Facts of rows: "mop"
// (millions of operations, two per multiply-accumulate), "memory_mb", "utilization_percent".
absl::StatusOr<std::vector<Report>> ParseDnndkProfile(absl::string_view text);

// What DEEPHI_PROFILING=1 prints, all inferences of the program: rows of kind "DPU" (XRT_RUN) and "CPU" (CPU_OP_EXEC)
// in execution order, without names of layers. start_seconds counts from the first row.
absl::StatusOr<Report> ParseDeephiProfiling(absl::string_view text);

// vaitrace's text summary: rows are DPU subgraphs (kind "DPU"; hardware time, fact "runtime_seconds" with the software
// around it), then operators on the CPU (kind "CPU").
absl::StatusOr<Report> ParseVaitraceSummary(absl::string_view text);

// Lines "FPS=…, total frames = …, time=… seconds" of the sample programs and of xdputil benchmark, one Report each.
// Facts: "fps", "threads" and "model" where they were printed. With one thread, latency.mean is time per frame.
absl::StatusOr<std::vector<Report>> ParseVitisThroughput(absl::string_view text);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_VITIS_AI_H_
