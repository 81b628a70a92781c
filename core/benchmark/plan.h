// What a campaign measures, stage by stage, within a budget of measurements.
//
// The same options give the same plan. Every padding-only model a subject needs is measured once and before the
// subject. With an engine that reports times per layer (Method::kExcerpts), excerpts of networks take the place of
// single layers. Sweeps come first, since steps decide how everything else is read; networks for validation come last
// and are never fitted.
#ifndef LATIMER_CORE_BENCHMARK_PLAN_H_
#define LATIMER_CORE_BENCHMARK_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Numerically equal to latimer.v1.BenchmarkMethod.
enum class Method : uint8_t { kSmartPadding = 1, kSingleLayer = 2, kLayerReport = 3, kExcerpts = 4 };

enum class MeasurementKind : uint8_t {
  kSubject = 1,      // a subject as its method wants it: padded or alone
  kPaddingOnly = 2,  // subject: empty; network: the padding-only model
  kValidation = 3,   // a whole network, never fitted
  kExcerpt = 4,      // a network excerpt, of which the engine's report of every layer is wanted
};

struct PlannedMeasurement {
  MeasurementKind kind = MeasurementKind::kSubject;
  std::string key;  // unique in a plan: PaddedShape::Key(), the name of a validation network, or a label
  Network subject;  // what the time is wanted of; for kPaddingOnly and kValidation the network itself
  Network network;  // what is run; empty layers: the subject itself is run
  bool layer_report = false;
  int64_t flush_bytes = 0;  // memory to write between runs
  const Network& runs() const { return network.layers.empty() ? subject : network; }
};

struct PlanStage {
  std::string name;  // "sweeps", "excerpts", "convolutions", "other layers", "fusion", "validation"
  std::vector<PlannedMeasurement> measurements;
};

struct PlanOptions {
  int64_t max_measurements = 1000;  // at least 50
  Method method = Method::kSmartPadding;
  uint64_t seed = 1;
};

// Errors: INVALID_ARGUMENT for a budget below 50.
absl::StatusOr<std::vector<PlanStage>> MakePlan(const PlanOptions& options);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_PLAN_H_
