// What a campaign measures, stage by stage, within a budget of measurements.
//
// The same options give the same plan. Every padding-only model a subject needs is measured once and before the
// subject. With an engine that reports times per layer (Method::kExcerpts), excerpts of networks take the place of
// single layers; without one (Method::kCutExcerpts), each of them is measured cut off behind its layers. Sweeps come
// first, since steps decide how everything else is read; networks for validation come last and are never fitted.
#ifndef LATIMER_CORE_BENCHMARK_PLAN_H_
#define LATIMER_CORE_BENCHMARK_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/random.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Numerically equal to latimer.v1.BenchmarkMethod.
enum class Method : uint8_t { kSmartPadding = 1, kSingleLayer = 2, kLayerReport = 3, kExcerpts = 4, kCutExcerpts = 5 };

enum class MeasurementKind : uint8_t {
  kSubject = 1,      // a subject as its method wants it: padded or alone
  kPaddingOnly = 2,  // subject: empty; network: the padding-only model
  kValidation = 3,   // a whole network, never fitted
  kExcerpt = 4,      // a network excerpt, of which the engine's report of every layer is wanted
  kExcerptCut = 5,   // the beginning of an excerpt, or all of it, of which the time of the whole is wanted
};

struct PlannedMeasurement {
  MeasurementKind kind = MeasurementKind::kSubject;
  std::string key;  // unique in a plan: PaddedShape::Key(), the name of a validation network, CutKey(), or a label
  Network subject;  // what the time is wanted of; for kPaddingOnly and kValidation the network itself
  Network network;  // what is run; empty layers: the subject itself is run
  bool layer_report = false;
  int64_t flush_bytes = 0;  // memory to write between runs
  const Network& runs() const { return network.layers.empty() ? subject : network; }
};

// What a subject needs to be measured by that method: the padding-only models of which `known` has no key, then the
// subject itself. Empty: its own key is known.
absl::StatusOr<std::vector<PlannedMeasurement>> MeasurementsOf(Network subject, Method method,
                                                               const absl::flat_hash_set<std::string>& known);

// A kind of subject, as often as plans draw it.
SubjectKind DrawKind(Random& random);

// An excerpt with the state of the caches it is measured in.
PlannedMeasurement PlanExcerpt(Network excerpt, std::string key, Random& random);

// Cuts of an excerpt (DrawCuts), ascending, all in one state of the caches: times in different ones do not subtract.
std::vector<PlannedMeasurement> PlanCutExcerpt(const Network& excerpt, absl::string_view key, int64_t between,
                                               Random& random);

// The stage whose measurements the campaign chooses anew once a model is fitted.
inline constexpr char kRefinementStage[] = "refinement";

struct PlanStage {
  // "sweeps", "excerpts", "convolutions", "other layers", "fusion", "refinement", "validation"
  std::string name;
  std::vector<PlannedMeasurement> measurements;
};

struct PlanOptions {
  int64_t max_measurements = 1000;  // at least 50
  Method method = Method::kSmartPadding;
  uint64_t seed = 1;
  // Part of the measurements after sweeps that is kept for a stage "refinement" before the validation, 0 to 0.9: drawn
  // at random like the others, for a caller to put better ones in their place once there is a model (core/refinement).
  // Cut excerpts have no such stage: what is chosen are layers, and cuts say little about single ones.
  double refinement_share = 0;
};

// Errors: INVALID_ARGUMENT for a budget below 50.
absl::StatusOr<std::vector<PlanStage>> MakePlan(const PlanOptions& options);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_PLAN_H_
