// What the two ways to an estimate share: over a Network (estimator.h) and over a compact message (quick_estimator.h).
#ifndef LATIMER_CORE_ESTIMATION_ESTIMATE_PARTS_H_
#define LATIMER_CORE_ESTIMATION_ESTIMATE_PARTS_H_

#include <bitset>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/confidence/network_confidence.h"
#include "core/estimation/estimator.h"
#include "core/model/platform_model.h"
#include "core/network/network.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// Which model answers for a unit type.
struct Answering {
  const LayerModel* model = nullptr;
  ModelKind kind = ModelKind::kUnspecified;
  bool fallback = false;  // another kind than the one asked for
};

Answering ChooseModel(const UnitTypeModels& models, ModelKind wanted);

// INVALID_ARGUMENT for a confidence outside (0, 1).
absl::Status CheckConfidence(double confidence);

void WriteLatency(double seconds, double factor, v1::Latency* latency);

// Kernel, stride and groups of a convolution or pooling.
void WriteWindow(const LayerAttributes& attributes, v1::UnitEstimate* to);

// Warnings that layers share: one per reason, with the layers it concerns.
class FallbackWarnings {
 public:
  // Both outlive this.
  FallbackWarnings(ModelKind wanted, v1::NetworkEstimate* result) : wanted_(wanted), result_(result) {}

  // `unit_type` and `models` outlive this.
  void AddType(absl::string_view unit_type, const UnitTypeModels& models, absl::string_view layer);
  void AddKind(const UnitTypeModels& models, ModelKind answering, absl::string_view layer);
  void AddOutside(const UnitTypeModels& models, absl::string_view layer);

 private:
  struct Entry {
    v1::WarningCode code = v1::WARNING_CODE_UNSPECIFIED;
    absl::string_view unit_type;
    const UnitTypeModels* models = nullptr;
    v1::Warning* warning = nullptr;
  };

  Entry& Find(v1::WarningCode code, absl::string_view unit_type, const UnitTypeModels& models);

  const ModelKind wanted_;
  v1::NetworkEstimate* const result_;
  absl::InlinedVector<Entry, 8> entries_;  // a handful: types are few
};

// What a network adds up to.
struct EstimateTotals {
  double seconds = 0;
  double unit_seconds = 0;   // of the units alone
  double paced_seconds = 0;  // the same, each times the exponent of its type (UnitTypeModels::pace_exponent)
  double operations = 0;
  std::bitset<kNumModelKinds> used;  // kinds of the models that answered
  confidence::ErrorSum errors;       // of the units

  void AddSeconds(double unit, double pace_exponent) {
    seconds += unit;
    unit_seconds += unit;
    paced_seconds += unit * pace_exponent;
  }
};

// Fields that follow from the platform and the request alone.
void WriteHead(const PlatformModel& platform, const EstimateSettings& settings, absl::string_view network,
               v1::NetworkEstimate* result);

void WriteTotals(const PlatformModel& platform, const EstimateSettings& settings, const EstimateTotals& totals,
                 v1::NetworkEstimate* result);

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_ESTIMATE_PARTS_H_
