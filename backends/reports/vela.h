// What Vela, the compiler for Arm's Ethos-U, writes: its own estimates, never measurements.
#ifndef LATIMER_BACKENDS_REPORTS_VELA_H_
#define LATIMER_BACKENDS_REPORTS_VELA_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"

namespace latimer {

// <network>_summary_<configuration>.csv: one Report per row, without rows of layers. `stated` is inference_time; all
// columns are in `facts` under their own names ("core_clock" in Hz, "cycles_total" …).
absl::StatusOr<std::vector<Report>> ParseVelaSummary(absl::string_view csv);

// <network>_per-layer.csv: operators on the NPU, in order. Times are cycles divided by `core_clock_hz` (above 0; the
// summary has it). Facts of rows: "npu_cycles", "sram_cycles", "dram_cycles", "macs".
absl::StatusOr<Report> ParseVelaPerLayer(absl::string_view csv, double core_clock_hz);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_VELA_H_
