#include "core/benchmark/plan.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/network_excerpts.h"
#include "core/benchmark/network_prefix.h"
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
// What stays in the caches of a core is what tells the fit about small networks, and few excerpts are as small.
constexpr int64_t kSmallFlushes[] = {0, 0, 0, 0, 0, 6 << 20, 24 << 20, 64 << 20};
constexpr int64_t kSmallBytes = 3 << 20;

// From one pair of cuts of an excerpt to the next: first many excerpts, then more of each.
constexpr int64_t kCutsSeldom = 8;
constexpr int64_t kCutsOften = 4;
constexpr int64_t kEnoughToCutOften = 2000;  // measurements

constexpr double kConvolutionShare = 0.55;
constexpr int kMostFailures = 50;  // draws in a row that do not fit what is left of a stage

}  // namespace

SubjectKind DrawKind(Random& random) {
  return PickKind(random.Uniform() < kConvolutionShare ? absl::Span<const Weight>(kConvolutionKinds)
                                                       : absl::Span<const Weight>(kOtherKinds),
                  random);
}

namespace {

class Planner {
 public:
  explicit Planner(const PlanOptions& options) : options_(options), random_(options.seed) {}

  absl::StatusOr<std::vector<PlanStage>> Run() {
    const int64_t budget = options_.max_measurements;
    const int64_t validation =
        std::clamp<int64_t>(budget / 20, 3, static_cast<int64_t>(ValidationNetworkNames().size()));
    if (options_.method == Method::kCutExcerpts) {
      LATIMER_RETURN_IF_ERROR(AddCutExcerpts(budget - validation));
      LATIMER_RETURN_IF_ERROR(AddValidation(validation));
      return std::move(stages_);
    }
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
    const int64_t refinement = static_cast<int64_t>(static_cast<double>(budget - planned_ - validation) *
                                                    std::clamp(options_.refinement_share, 0.0, 0.9));
    const int64_t left = budget - planned_ - validation - refinement;
    if (excerpts) {
      LATIMER_RETURN_IF_ERROR(AddExcerpts("excerpts", left));
      if (refinement > 0) LATIMER_RETURN_IF_ERROR(AddExcerpts(kRefinementStage, refinement));
    } else {
      Begin("convolutions", static_cast<int64_t>(kConvolutionShare * static_cast<double>(left)));
      LATIMER_RETURN_IF_ERROR(Draw(kConvolutionKinds));
      Begin("other layers", budget - planned_ - validation - refinement);
      if (budget >= 250) {
        LATIMER_ASSIGN_OR_RETURN(std::vector<Network> staples, MakeStaples(static_cast<int>(budget / 250)));
        for (Network& staple : staples) LATIMER_RETURN_IF_ERROR(AddSubject(std::move(staple)).status());
      }
      LATIMER_RETURN_IF_ERROR(Draw(kOtherKinds));
      if (refinement > 0) {
        Begin(kRefinementStage, budget - planned_ - validation);
        LATIMER_RETURN_IF_ERROR(DrawAny());
      }
    }

    LATIMER_RETURN_IF_ERROR(AddValidation(validation));
    return std::move(stages_);
  }

 private:
  void Begin(absl::string_view name, int64_t budget) {
    stages_.push_back({std::string(name), {}});
    stage_left_ = budget;
  }

  // Small budgets validate on fewer networks, spread over the list.
  absl::Status AddValidation(int64_t count) {
    const auto names = ValidationNetworkNames();
    std::vector<PlannedMeasurement> spread;
    Begin("validation", count);
    for (int64_t i = 0; i < count; ++i) {
      const absl::string_view name = names[static_cast<size_t>(i) * names.size() / static_cast<size_t>(count)];
      PlannedMeasurement measurement;
      measurement.kind = MeasurementKind::kValidation;
      measurement.key = std::string(name);
      LATIMER_ASSIGN_OR_RETURN(measurement.subject, ValidationNetwork(name));
      (i % 2 == 0 ? stages_.back().measurements : spread).push_back(std::move(measurement));
    }
    SpreadOverSamples(std::move(spread));
    stages_.erase(std::remove_if(stages_.begin(), stages_.end(),
                                 [](const PlanStage& stage) { return stage.measurements.empty(); }),
                  stages_.end());
    return absl::OkStatus();
  }

  // Boards have moods, and networks that are all measured within a second see one of them: evenly into the largest
  // stage that is not chosen anew.
  void SpreadOverSamples(std::vector<PlannedMeasurement> networks) {
    const auto samples = std::max_element(stages_.begin(), stages_.end(), [](const PlanStage& a, const PlanStage& b) {
      const auto size = [](const PlanStage& stage) {
        return stage.name == kRefinementStage ? 0 : stage.measurements.size();
      };
      return size(a) < size(b);
    });
    std::vector<PlannedMeasurement>& into = samples->measurements;
    const size_t count = into.size();
    const size_t parts = networks.size() + 1;
    for (size_t i = networks.size(); i > 0; --i) {  // from the end, so that places before stay where they are
      size_t place = (i * count + parts - 1) / parts;
      while (place > 0 && place < into.size() && AreOfOneExcerpt(into[place - 1], into[place])) --place;
      into.insert(into.begin() + static_cast<std::ptrdiff_t>(place), std::move(networks[i - 1]));
    }
  }

  // Nothing comes between the cuts of an excerpt: a board's mood changes.
  static bool AreOfOneExcerpt(const PlannedMeasurement& a, const PlannedMeasurement& b) {
    return a.kind == MeasurementKind::kExcerptCut && b.kind == MeasurementKind::kExcerptCut &&
           ExcerptOfCut(a.key) == ExcerptOfCut(b.key);
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
    LATIMER_ASSIGN_OR_RETURN(std::vector<PlannedMeasurement> needed,
                             MeasurementsOf(std::move(subject), options_.method, keys_));
    const auto cost = static_cast<int64_t>(needed.size());
    if (cost == 0 || cost > stage_left_) return false;
    for (PlannedMeasurement& measurement : needed) {
      keys_.insert(measurement.key);
      stages_.back().measurements.push_back(std::move(measurement));
    }
    stage_left_ -= cost;
    planned_ += cost;
    return true;
  }

  absl::Status AddExcerpts(absl::string_view stage, int64_t count) {
    Begin(stage, count);
    for (int64_t i = 0; i < count; ++i) {
      LATIMER_ASSIGN_OR_RETURN(Network excerpt, SampleExcerpt(random_, ExcerptBlocks::kRepeated));
      stages_.back().measurements.push_back(
          PlanExcerpt(std::move(excerpt), absl::StrCat("excerpt ", ++excerpts_), random_));
    }
    stage_left_ = 0;
    planned_ += count;
    return absl::OkStatus();
  }

  // As many whole excerpts as fit.
  absl::Status AddCutExcerpts(int64_t budget) {
    Begin("excerpts", budget);
    const int64_t between = budget < kEnoughToCutOften ? kCutsSeldom : kCutsOften;
    for (int failures = 0; failures < kMostFailures && stage_left_ > 0;) {
      LATIMER_ASSIGN_OR_RETURN(const Network excerpt, SampleExcerpt(random_));
      std::vector<PlannedMeasurement> cuts =
          PlanCutExcerpt(excerpt, absl::StrCat("excerpt ", excerpts_ + 1), between, random_);
      const auto cost = static_cast<int64_t>(cuts.size());
      if (cost > stage_left_) {
        ++failures;
        continue;
      }
      failures = 0;
      ++excerpts_;
      for (PlannedMeasurement& cut : cuts) stages_.back().measurements.push_back(std::move(cut));
      stage_left_ -= cost;
      planned_ += cost;
    }
    return absl::OkStatus();
  }

  absl::Status Draw(absl::Span<const Weight> kinds) {
    // A draw that is planned already or too dear is drawn again; near the end of the budget that happens often.
    for (int failures = 0; failures < kMostFailures && stage_left_ > 0;) {
      LATIMER_ASSIGN_OR_RETURN(Network subject, SampleSubject(PickKind(kinds, random_), random_));
      LATIMER_ASSIGN_OR_RETURN(const bool added, AddSubject(std::move(subject)));
      failures = added ? 0 : failures + 1;
    }
    return absl::OkStatus();
  }

  // As Draw() of convolutions and other kinds, in the proportions of their stages.
  absl::Status DrawAny() {
    for (int failures = 0; failures < kMostFailures && stage_left_ > 0;) {
      LATIMER_ASSIGN_OR_RETURN(Network subject, SampleSubject(DrawKind(random_), random_));
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
  int64_t excerpts_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<PlannedMeasurement>> MeasurementsOf(Network subject, Method method,
                                                               const absl::flat_hash_set<std::string>& known) {
  std::vector<PlannedMeasurement> needed;
  PlannedMeasurement measurement;
  measurement.key = StructuralHashText(subject);
  if (known.contains(measurement.key)) return needed;
  measurement.flush_bytes = kColdCaches;
  measurement.layer_report = method == Method::kLayerReport || method == Method::kExcerpts;
  if (method != Method::kSingleLayer) {
    LATIMER_ASSIGN_OR_RETURN(measurement.network, PaddedNetwork(subject));
  }
  if (method == Method::kSmartPadding) {
    PaddingNeed need = NeededPadding(subject);
    need.inputs.push_back(need.output);
    for (const PaddedShape& shape : need.inputs) {
      PlannedMeasurement padding;
      padding.key = shape.Key();
      if (known.contains(padding.key)) continue;
      if (std::any_of(needed.begin(), needed.end(), [&](const auto& p) { return p.key == padding.key; })) continue;
      padding.kind = MeasurementKind::kPaddingOnly;
      padding.flush_bytes = kColdCaches;
      LATIMER_ASSIGN_OR_RETURN(padding.subject, PaddingOnlyNetwork(shape));
      needed.push_back(std::move(padding));
    }
  }
  measurement.subject = std::move(subject);
  needed.push_back(std::move(measurement));
  return needed;
}

PlannedMeasurement PlanExcerpt(Network excerpt, std::string key, Random& random) {
  PlannedMeasurement measurement;
  const MemoryNeed memory = ComputeMemory(excerpt);
  const bool small = memory.weight_bytes + memory.peak_activation_bytes < kSmallBytes;
  measurement.kind = MeasurementKind::kExcerpt;
  measurement.subject = std::move(excerpt);
  measurement.key = std::move(key);
  measurement.layer_report = true;
  measurement.flush_bytes = small ? random.Pick<int64_t>(kSmallFlushes) : random.Pick<int64_t>(kExcerptFlushes);
  return measurement;
}

std::vector<PlannedMeasurement> PlanCutExcerpt(const Network& excerpt, absl::string_view key, int64_t between,
                                               Random& random) {
  std::vector<PlannedMeasurement> cuts;
  const int64_t flush_bytes = random.Pick<int64_t>(kExcerptFlushes);
  for (const size_t layers : DrawCuts(excerpt, between, random)) {
    PlannedMeasurement& cut = cuts.emplace_back();
    cut.kind = MeasurementKind::kExcerptCut;
    cut.key = CutKey(key, layers);
    cut.subject = NetworkPrefix(excerpt, layers);
    cut.flush_bytes = flush_bytes;
  }
  return cuts;
}

absl::StatusOr<std::vector<PlanStage>> MakePlan(const PlanOptions& options) {
  if (options.max_measurements < 50) {
    return InvalidArgument("BUDGET_TOO_SMALL",
                           absl::StrCat("a campaign needs at least 50 measurements, not ", options.max_measurements))
        .Field("max_measurements");
  }
  return Planner(options).Run();
}

}  // namespace latimer::benchmark
