#include "core/benchmark/plan.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/network_excerpts.h"
#include "core/benchmark/smart_padding.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/structural_hash.h"

namespace latimer::benchmark {
namespace {

struct Weight {
  SubjectKind kind;
  double share;
};

// How often each kind is drawn in the stage of other layers, after convolutions.
constexpr Weight kOtherKinds[] = {
    {SubjectKind::kDepthwise, 4},   {SubjectKind::kFullyConnected, 2}, {SubjectKind::kTokens, 2},
    {SubjectKind::kMatMul, 1.5},    {SubjectKind::kPool, 2.5},         {SubjectKind::kGlobalPool, 1},
    {SubjectKind::kElementwise, 3}, {SubjectKind::kActivation, 3},     {SubjectKind::kConcat, 1.5},
    {SubjectKind::kResize, 1},      {SubjectKind::kSoftmax, 1},        {SubjectKind::kNormalization, 1.5},
    {SubjectKind::kTranspose, 0.7}, {SubjectKind::kReduce, 0.7},       {SubjectKind::kConvTranspose, 1},
    {SubjectKind::kConv1d, 1},      {SubjectKind::kConv3d, 1}};
constexpr Weight kConvolutionKinds[] = {
    {SubjectKind::kConv, 8}, {SubjectKind::kConvAsymmetric, 1}, {SubjectKind::kConvGrouped, 1}};

SubjectKind PickKind(absl::Span<const Weight> kinds, Random& random) {
  double sum = 0;
  for (const Weight& weight : kinds) sum += weight.share;
  double at = random.Uniform() * sum;
  for (const Weight& weight : kinds) {
    at -= weight.share;
    if (at < 0) return weight.kind;
  }
  return kinds.back().kind;
}

// More than the last level of cache a core of an embedded board can claim.
constexpr int64_t kColdCaches = 16 << 20;
// Between the runs of excerpts: from networks that stay in the caches to those that never do.
constexpr int64_t kExcerptFlushes[] = {0, 0, 6 << 20, 24 << 20, 64 << 20};

class Planner {
 public:
  explicit Planner(const PlanOptions& options) : options_(options), random_(options.seed) {}

  absl::StatusOr<std::vector<PlanStage>> Run() {
    const int64_t budget = options_.max_measurements;
    const auto names = ValidationNetworkNames();
    // Small budgets validate on fewer networks, spread over the list.
    const int64_t validation = std::clamp<int64_t>(budget / 20, 3, static_cast<int64_t>(names.size()));
    const bool excerpts = options_.method == Method::kExcerpts;
    const int64_t fusion = budget >= 150 && !excerpts ? 1 : 0;

    Begin("sweeps", excerpts ? budget / 10 : budget / 4);
    if (options_.method == Method::kSmartPadding) LATIMER_RETURN_IF_ERROR(AddSmallestPadding());
    LATIMER_ASSIGN_OR_RETURN(std::vector<Sweep> sweeps, MakeSweeps(std::min(1.0, static_cast<double>(budget) / 1500)));
    for (Sweep& sweep : sweeps) {
      for (Network& point : sweep.points) LATIMER_RETURN_IF_ERROR(AddSubject(std::move(point)).status());
    }
    if (fusion != 0) {
      Begin("fusion", budget / 10);
      LATIMER_ASSIGN_OR_RETURN(std::vector<FusionProbe> probes, MakeFusionProbes());
      for (FusionProbe& probe : probes) {
        LATIMER_RETURN_IF_ERROR(AddSubject(std::move(probe.alone)).status());
        LATIMER_RETURN_IF_ERROR(AddSubject(std::move(probe.pair)).status());
      }
    }
    const int64_t left = budget - planned_ - validation;
    if (excerpts) {
      LATIMER_RETURN_IF_ERROR(AddExcerpts(left));
    } else {
      Begin("convolutions", left * 11 / 20);
      LATIMER_RETURN_IF_ERROR(Draw(kConvolutionKinds));
      Begin("other layers", budget - planned_ - validation);
      if (budget >= 250) {
        LATIMER_ASSIGN_OR_RETURN(std::vector<Network> staples, MakeStaples(static_cast<int>(budget / 250)));
        for (Network& staple : staples) LATIMER_RETURN_IF_ERROR(AddSubject(std::move(staple)).status());
      }
      LATIMER_RETURN_IF_ERROR(Draw(kOtherKinds));
    }

    Begin("validation", validation);
    for (int64_t i = 0; i < validation; ++i) {
      const absl::string_view name = names[static_cast<size_t>(i) * names.size() / static_cast<size_t>(validation)];
      PlannedMeasurement measurement;
      measurement.kind = MeasurementKind::kValidation;
      measurement.key = std::string(name);
      LATIMER_ASSIGN_OR_RETURN(measurement.subject, ValidationNetwork(name));
      stages_.back().measurements.push_back(std::move(measurement));
    }
    stages_.erase(std::remove_if(stages_.begin(), stages_.end(),
                                 [](const PlanStage& stage) { return stage.measurements.empty(); }),
                  stages_.end());
    return std::move(stages_);
  }

 private:
  void Begin(absl::string_view name, int64_t budget) {
    stages_.push_back({std::string(name), {}});
    stage_left_ = budget;
  }

  absl::Status AddSmallestPadding() {
    PlannedMeasurement padding;
    padding.kind = MeasurementKind::kPaddingOnly;
    padding.key = SmallestPadding().Key();
    padding.flush_bytes = kColdCaches;
    LATIMER_ASSIGN_OR_RETURN(padding.subject, PaddingOnlyNetwork(SmallestPadding()));
    keys_.insert(padding.key);
    stages_.back().measurements.push_back(std::move(padding));
    --stage_left_;
    ++planned_;
    return absl::OkStatus();
  }

  // Whether it was added: it is left out when it is planned already or does not fit the stage's budget.
  absl::StatusOr<bool> AddSubject(Network subject) {
    const std::string key = StructuralHashText(subject);
    if (keys_.contains(key)) return false;
    PlannedMeasurement measurement;
    measurement.key = key;
    measurement.flush_bytes = kColdCaches;
    measurement.layer_report = options_.method == Method::kLayerReport || options_.method == Method::kExcerpts;
    std::vector<PlannedMeasurement> paddings;
    if (options_.method != Method::kSingleLayer) {
      LATIMER_ASSIGN_OR_RETURN(measurement.network, PaddedNetwork(subject));
    }
    if (options_.method == Method::kSmartPadding) {
      PaddingNeed need = NeededPadding(subject);
      need.inputs.push_back(need.output);
      for (const PaddedShape& shape : need.inputs) {
        const std::string padding_key = shape.Key();
        if (keys_.contains(padding_key)) continue;
        if (std::any_of(paddings.begin(), paddings.end(), [&](const auto& p) { return p.key == padding_key; }))
          continue;
        PlannedMeasurement padding;
        padding.kind = MeasurementKind::kPaddingOnly;
        padding.key = padding_key;
        padding.flush_bytes = kColdCaches;
        LATIMER_ASSIGN_OR_RETURN(padding.subject, PaddingOnlyNetwork(shape));
        paddings.push_back(std::move(padding));
      }
    }
    const auto cost = static_cast<int64_t>(paddings.size()) + 1;
    if (cost > stage_left_) return false;
    for (PlannedMeasurement& padding : paddings) {
      keys_.insert(padding.key);
      stages_.back().measurements.push_back(std::move(padding));
    }
    keys_.insert(key);
    measurement.subject = std::move(subject);
    stages_.back().measurements.push_back(std::move(measurement));
    stage_left_ -= cost;
    planned_ += cost;
    return true;
  }

  absl::Status AddExcerpts(int64_t count) {
    Begin("excerpts", count);
    for (int64_t i = 0; i < count; ++i) {
      PlannedMeasurement measurement;
      measurement.kind = MeasurementKind::kExcerpt;
      LATIMER_ASSIGN_OR_RETURN(measurement.subject, SampleExcerpt(random_));
      measurement.key = absl::StrCat("excerpt ", i + 1);
      measurement.layer_report = true;
      measurement.flush_bytes = random_.Pick<int64_t>(kExcerptFlushes);
      stages_.back().measurements.push_back(std::move(measurement));
    }
    stage_left_ = 0;
    planned_ += count;
    return absl::OkStatus();
  }

  absl::Status Draw(absl::Span<const Weight> kinds) {
    // A draw that is planned already or too dear is drawn again; near the end of the budget that happens often.
    for (int failures = 0; failures < 50 && stage_left_ > 0;) {
      LATIMER_ASSIGN_OR_RETURN(Network subject, SampleSubject(PickKind(kinds, random_), random_));
      LATIMER_ASSIGN_OR_RETURN(const bool added, AddSubject(std::move(subject)));
      failures = added ? 0 : failures + 1;
    }
    return absl::OkStatus();
  }

  const PlanOptions options_;
  Random random_;
  std::vector<PlanStage> stages_;
  absl::flat_hash_set<std::string> keys_;
  int64_t stage_left_ = 0;
  int64_t planned_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<PlanStage>> MakePlan(const PlanOptions& options) {
  if (options.max_measurements < 50) {
    return InvalidArgument("BUDGET_TOO_SMALL",
                           absl::StrCat("a campaign needs at least 50 measurements, not ", options.max_measurements))
        .Field("max_measurements");
  }
  return Planner(options).Run();
}

}  // namespace latimer::benchmark
