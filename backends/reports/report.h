// Reports that vendors' toolchains write about one network on one board: time per executed layer, time per inference.
//
// One parser per format, each a pure function: bytes in, a Report or an error out. Parsers take nothing on trust: an
// error names line or byte offset and field, numbers are finite and not negative, text becomes valid UTF-8, and memory
// stays within a small multiple of the input. Errors are INVALID_ARGUMENT with reason BAD_REPORT (metadata "line",
// "field"), or RESOURCE_EXHAUSTED with reason REPORT_TOO_LARGE.
//
//   openvino.h    benchmark_app: counters, summary, console, JSON        tflite.h   benchmark_model: log, profile CSV
//   tensorrt.h    trtexec: profile, times, layer information, console    vela.h     Vela: summary and per-layer
//   estimates vitis_ai.h    DNNDK's profile, vaitrace, DEEPHI_PROFILING, FPS logs
//
// docs/toolchains.md shows how to add another. Thread-safe: nothing here has state.
#ifndef LATIMER_BACKENDS_REPORTS_REPORT_H_
#define LATIMER_BACKENDS_REPORTS_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mapping/report_row.h"

namespace latimer {

// What a parser accepts at most.
inline constexpr size_t kMaxReportBytes = 64 << 20;
inline constexpr size_t kMaxReportRows = 200'000;

// Time of whole inferences, as far as the report tells it. Seconds.
struct Latency {
  int64_t count = 0;  // inferences measured; 0: not told
  std::optional<double> min;
  std::optional<double> max;
  std::optional<double> mean;
  std::optional<double> median;
  std::optional<double> standard_deviation;
  std::optional<double> first;         // the first inference of all, before any warm-up
  std::optional<double> initialising;  // loading and compiling the network
  std::vector<double> samples;         // one per inference, in order, where the report has them

  // The best single number there is: median, else mean.
  std::optional<double> typical() const { return median.has_value() ? median : mean; }
};

struct Report {
  std::string subject;                       // network, model file or kernel, as the report calls it; may be empty
  std::vector<ReportRow> rows;               // in execution order, those without work where the report has them
  std::optional<double> stated;              // seconds of all rows together as the report states them, per inference
  int64_t profiled_inferences = 0;           // that the rows are averages of; 0: not told
  Latency latency;                           // without the profiler, where the report has both
  bool estimated = false;                    // made by a compiler's model, not measured
  std::optional<double> compiler_estimate;   // of a measured report: what the compiler thought one inference takes
  std::map<std::string, std::string> facts;  // settings and placement: "threads" -> "4", "delegate" -> "XNNPACK" …

  double ExecutedSeconds() const;
  int64_t ExecutedRows() const;
};

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_REPORT_H_
