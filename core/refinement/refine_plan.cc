#include "core/refinement/refine_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/network_excerpts.h"
#include "core/confidence/coverage.h"
#include "core/mapping/features.h"
#include "core/mapping/mapper.h"
#include "core/model/mapping_rules.h"
#include "core/refinement/choose.h"
#include "core/refinement/queried_subject.h"

namespace latimer::refinement {
namespace {

using benchmark::Method;
using benchmark::PlannedMeasurement;

constexpr int kGeneralExcerpts = 60;         // that stand for networks in general
constexpr int64_t kCandidatesPerChoice = 6;  // drawn at random
constexpr int64_t kMostCandidates = 3000;
constexpr size_t kMostQueries = 600;
constexpr double kLeastDoubt = 1e-9;

// Deviation of the logarithm of the error of a unit as the platform would answer.
double Doubt(const PlatformModel& platform, const UnitFeatures& features) {
  const UnitTypeModels& models = platform.unit_type_models(platform.FindUnitType(UnitTypeName(features.type)));
  const auto kind = static_cast<size_t>(models.auto_kind);
  const UnitTime time = models.by_kind[kind]->Estimate(features);
  return static_cast<double>(time.error_scale) * models.scores[kind].deviation();
}

double SecondsOf(const PlatformModel& platform, const UnitFeatures& features) {
  const UnitTypeModels& models = platform.unit_type_models(features.unit_type);
  return models.by_kind[static_cast<size_t>(models.auto_kind)]->Estimate(features).seconds;
}

class Refiner {
 public:
  Refiner(const PlatformModel& platform, const RefineOptions& options)
      : platform_(platform), options_(options), random_(options.seed) {}

  absl::StatusOr<std::vector<PlannedMeasurement>> Run(absl::Span<const QueriedUnit> queries) {
    LATIMER_RETURN_IF_ERROR(AddDemands(queries));
    LATIMER_RETURN_IF_ERROR(AddCandidates(queries));
    std::vector<PlannedMeasurement> plan;
    absl::flat_hash_set<std::string> known = options_.known;
    for (size_t index :
         ChooseCandidates(candidates_, demands_, static_cast<size_t>(std::max<int64_t>(0, options_.measurements)))) {
      std::vector<PlannedMeasurement> needed;
      if (drawn_[index].is_excerpt) {
        needed.push_back(benchmark::PlanExcerpt(std::move(drawn_[index].network),
                                                absl::StrCat("refinement ", options_.seed, " ", index), random_));
      } else {
        LATIMER_ASSIGN_OR_RETURN(needed,
                                 benchmark::MeasurementsOf(std::move(drawn_[index].network), options_.method, known));
      }
      if (static_cast<int64_t>(plan.size() + needed.size()) > options_.measurements) continue;
      for (PlannedMeasurement& measurement : needed) {
        known.insert(measurement.key);
        plan.push_back(std::move(measurement));
      }
    }
    return plan;
  }

 private:
  struct Drawn {
    Network network;
    bool is_excerpt = false;
  };

  absl::Status AddDemands(absl::Span<const QueriedUnit> queries) {
    // What was asked for most, where there is more than can be looked at.
    std::vector<const QueriedUnit*> most;
    for (const QueriedUnit& query : queries) most.push_back(&query);
    std::stable_sort(most.begin(), most.end(), [](const auto* a, const auto* b) { return a->share > b->share; });
    most.resize(std::min(most.size(), kMostQueries));
    double asked = 0;
    for (const QueriedUnit* query : most) {
      const double doubt = query->share * Doubt(platform_, query->features) + kLeastDoubt;
      demands_.push_back({confidence::MakeCoveragePoint(query->features), doubt});
      asked += doubt;
    }
    const size_t first = demands_.size();
    double general = 0;
    benchmark::Random random(options_.seed ^ 0x5eedULL);
    for (int i = 0; i < kGeneralExcerpts; ++i) {
      LATIMER_ASSIGN_OR_RETURN(const Network network, benchmark::SampleExcerpt(random));
      const MappedNetwork mapped = MapNetwork(network, platform_);
      double total = kLeastDoubt;
      for (const ExecutionUnit& unit : mapped.units) total += SecondsOf(platform_, unit.features);
      for (const ExecutionUnit& unit : mapped.units) {
        const double doubt =
            SecondsOf(platform_, unit.features) / total * Doubt(platform_, unit.features) + kLeastDoubt;
        demands_.push_back({confidence::MakeCoveragePoint(unit.features), doubt});
        general += doubt;
      }
    }
    if (asked <= 0) return absl::OkStatus();
    const double in_general = std::clamp(options_.in_general, 0.0, 1.0);
    for (size_t i = 0; i < demands_.size(); ++i) {
      demands_[i].doubt *= i < first ? (1 - in_general) / asked : in_general / general;
    }
    return absl::OkStatus();
  }

  absl::Status AddCandidates(absl::Span<const QueriedUnit> queries) {
    for (const QueriedUnit& query : queries) {
      if (static_cast<int64_t>(drawn_.size()) >= kMostCandidates) break;
      std::optional<Network> subject = QueriedSubject(query.features);
      if (subject.has_value()) Add(*std::move(subject), false);
    }
    const int64_t count = std::min(kMostCandidates, kCandidatesPerChoice * options_.measurements);
    for (int64_t i = 0; i < count; ++i) {
      if (options_.method == Method::kExcerpts) {
        LATIMER_ASSIGN_OR_RETURN(Network excerpt,
                                 benchmark::SampleExcerpt(random_, benchmark::ExcerptBlocks::kRepeated));
        Add(std::move(excerpt), true);
      } else {
        LATIMER_ASSIGN_OR_RETURN(Network subject, benchmark::SampleSubject(benchmark::DrawKind(random_), random_));
        Add(std::move(subject), false);
      }
    }
    return absl::OkStatus();
  }

  void Add(Network network, bool is_excerpt) {
    Candidate candidate;
    if (is_excerpt) {
      for (const ExecutionUnit& unit : MapNetwork(network, platform_).units) {
        candidate.points.push_back(confidence::MakeCoveragePoint(unit.features));
      }
    } else {
      candidate.points.push_back(confidence::MakeCoveragePoint(
          ComputeFeatures(network, {0}, platform_.activation_bits(), platform_.weight_bits())));
    }
    candidates_.push_back(std::move(candidate));
    drawn_.push_back({std::move(network), is_excerpt});
  }

  const PlatformModel& platform_;
  const RefineOptions options_;
  benchmark::Random random_;
  std::vector<Demand> demands_;
  std::vector<Candidate> candidates_;
  std::vector<Drawn> drawn_;  // of each candidate
};

}  // namespace

absl::StatusOr<std::vector<PlannedMeasurement>> RefinePlan(const PlatformModel& platform,
                                                           absl::Span<const QueriedUnit> queries,
                                                           const RefineOptions& options) {
  if (options.method != Method::kSmartPadding && options.method != Method::kExcerpts) {
    return InvalidArgument("BAD_METHOD", "only campaigns with smart padding or excerpts are refined").Field("method");
  }
  return Refiner(platform, options).Run(queries);
}

}  // namespace latimer::refinement
