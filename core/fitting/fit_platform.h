// From measurements to a platform's model: mapping rules, layer models of every kind, error spreads, accuracy.
//
// The fit is deterministic, single-threaded, and takes seconds for a thousand samples. Samples that say nothing (times
// that are no positive numbers, subjects that are not one or two layers) are left out and counted.
#ifndef LATIMER_CORE_FITTING_FIT_PLATFORM_H_
#define LATIMER_CORE_FITTING_FIT_PLATFORM_H_

#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/benchmark/smart_padding.h"
#include "core/mapping/report_row.h"
#include "core/model/model_kind.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::fitting {

// A measured subject of one layer, or of two that may be fused.
struct Sample {
  Network subject;
  benchmark::TimeInterval seconds;  // of the subject alone
  double relative_spread = 0;       // of the measurement it comes from
  std::string stage;                // of the plan, for reports
};

// A measured padding-only model: the constant time of a network shows in the smallest of them.
struct PaddingSample {
  Network network;
  double seconds = 0;
};

// A measured network that is never fitted, only judged on.
struct ValidationSample {
  std::string name;
  Network network;  // simplified
  double seconds = 0;
  double pass_ns = 0;  // the board's pace then (Timing.pass_ns); 0: not known
};

// A network excerpt with the engine's own time per executed layer.
struct ExcerptSample {
  Network network;  // simplified
  std::vector<ReportRow> rows;
  double seconds = 0;        // of the whole network, without the profiler
  double flushed_bytes = 0;  // memory written before each run
  double pass_ns = 0;        // the board's pace during the runs `seconds` is of (Timing.pass_ns); 0: not known
  double rows_pass_ns = 0;   // during those of `rows`
};

struct FitInput {
  // Identity, hardware, toolchain …; layer models and mapping are ignored. `pass_ns` is the pace the model will be for.
  model::v1::PlatformModel base;
  std::vector<Sample> samples;
  std::vector<PaddingSample> paddings;  // optional
  std::vector<ExcerptSample> excerpts;  // optional
  std::vector<ValidationSample> validation;
};

struct FitOptions {
  int folds = 5;      // of cross-validation
  uint64_t seed = 1;  // of folds and trees
  int rounds = 250;   // trees per ensemble, at most
};

// Mean absolute relative error by kind of model; 0 where there is no such model.
using ErrorByKind = std::array<double, kNumModelKinds>;

struct TypeQuality {
  int64_t samples = 0;
  ErrorByKind mape{};  // cross-validated
  ModelKind chosen = ModelKind::kRoofline;
};

// What models fitted to other samples said of one.
struct HeldOutPrediction {
  std::string unit_type;
  UnitFeatures features;
  benchmark::TimeInterval measured;
  std::array<double, kNumModelKinds> seconds{};  // 0 where there is no such model
  int group = -1;                                // of units of one excerpt; negative: none
  int fold = 0;                                  // of cross-validation
  double trust = 1;                              // in the measurement
  double log_measured = 0;                       // most likely value within `measured`
  // Deviation of the logarithm of the error, as calibrated without this measurement's own fold.
  std::array<double, kNumModelKinds> log_deviation{};
};

struct FitResult {
  model::v1::PlatformModel model;
  std::map<std::string, TypeQuality> types;  // by unit type
  std::vector<HeldOutPrediction> held_out;
  ErrorByKind validation_mape{};   // kAuto: the kinds chosen per type
  double validation_spearman = 0;  // of kAuto
  double padding_share = -1;       // of padding-only time that comes before the subject; negative: unknown
  int64_t ignored_samples = 0;
};

// Errors: INVALID_ARGUMENT when the identity in `base` is incomplete; FAILED_PRECONDITION (TOO_FEW_SAMPLES) below ten
// usable samples; INTERNAL when trees cannot be grown.
absl::StatusOr<FitResult> FitPlatform(const FitInput& input, const FitOptions& options = {});

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_FIT_PLATFORM_H_
