#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/analytical_model.h"
#include "core/model/read_platform.h"
#include "core/model/tree_model.h"

namespace latimer {
namespace {

constexpr int64_t kLargestUnrolling = 1 << 20;

absl::Status CheckPositive(const std::string& path, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return BadPlatformField(path, absl::StrCat("it is ", value, "; it must be a number greater than 0"));
}

absl::StatusOr<Unrolling> ReadUnrolling(const std::string& path, const model::v1::DimensionUnrolling& from) {
  if (from.dimension() < model::v1::DIMENSION_H || from.dimension() > model::v1::DIMENSION_C_OUT) {
    return BadPlatformField(absl::StrCat(path, ".dimension"), "it is missing or unknown");
  }
  if (from.size() < 1 || from.size() > kLargestUnrolling) {
    return BadPlatformField(absl::StrCat(path, ".size"),
                            absl::StrCat("it is ", from.size(), "; it lies in 1 to ", kLargestUnrolling));
  }
  if (!(from.alpha() >= 0 && from.alpha() <= 1)) {
    return BadPlatformField(absl::StrCat(path, ".alpha"), absl::StrCat("it is ", from.alpha(), "; it lies in 0 to 1"));
  }
  if (!model::v1::SmallDimension_IsValid(from.small_dimension())) {
    return BadPlatformField(absl::StrCat(path, ".small_dimension"), "it is unknown");
  }
  Unrolling to;
  to.dimension = static_cast<Unrolling::Dimension>(from.dimension());
  to.size = from.size();
  to.alpha = from.alpha();
  to.replicates = from.small_dimension() == model::v1::SMALL_DIMENSION_REPLICATE;
  return to;
}

absl::StatusOr<std::unique_ptr<const LayerModel>> ReadAnalytical(const std::string& path, ModelKind kind,
                                                                 const model::v1::AnalyticalParameters& from) {
  LATIMER_RETURN_IF_ERROR(CheckPositive(absl::StrCat(path, ".peak_ops_per_second"), from.peak_ops_per_second()));
  LATIMER_RETURN_IF_ERROR(
      CheckPositive(absl::StrCat(path, ".bandwidth_bytes_per_second"), from.bandwidth_bytes_per_second()));
  if (!(from.overhead_seconds() >= 0) || !std::isfinite(from.overhead_seconds())) {
    return BadPlatformField(absl::StrCat(path, ".overhead_seconds"), "it is negative or no number");
  }
  std::vector<Unrolling> unrolling;
  for (int i = 0; i < from.unrolling_size(); ++i) {
    const std::string at = absl::StrCat(path, ".unrolling[", i, "]");
    if (kind == ModelKind::kRoofline) return BadPlatformField(at, "a plain roofline has none; see refined_roofline");
    LATIMER_ASSIGN_OR_RETURN(Unrolling one, ReadUnrolling(at, from.unrolling(i)));
    for (const Unrolling& other : unrolling) {
      if (other.dimension == one.dimension) {
        return BadPlatformField(absl::StrCat(at, ".dimension"), "it is unrolled twice");
      }
    }
    unrolling.push_back(one);
  }
  if (!from.additive().empty()) {
    if (kind == ModelKind::kRoofline) {
      return BadPlatformField(absl::StrCat(path, ".additive"), "a plain roofline has none; see refined_roofline");
    }
    AdditivePrices prices;
    for (int i = 0; i < from.additive_size(); ++i) {
      const std::string at = absl::StrCat(path, ".additive[", i, "]");
      const int of = from.additive(i).path();
      if (of < -1 || of >= static_cast<int>(kNumKernelPaths))
        return BadPlatformField(absl::StrCat(at, ".path"), "it is unknown");
      const int count = from.additive(i).price_size();
      if (count < static_cast<int>(kLeastAdditiveTerms) || count > static_cast<int>(kNumAdditiveTerms)) {
        return BadPlatformField(absl::StrCat(at, ".price"), absl::StrCat("there are ", kLeastAdditiveTerms, " to ",
                                                                         kNumAdditiveTerms, " prices, not ", count));
      }
      AdditiveTerms& terms = of < 0 ? prices.any : prices.by_path[static_cast<size_t>(of)];
      for (int term = 0; term < count; ++term) {
        double& price = terms[static_cast<size_t>(term)];
        price = from.additive(i).price(term);
        if (!(price >= 0) || !std::isfinite(price)) {
          return BadPlatformField(absl::StrCat(at, ".price[", term, "]"), "it is negative or no number");
        }
      }
    }
    return std::make_unique<const AnalyticalModel>(kind, from.peak_ops_per_second(), from.bandwidth_bytes_per_second(),
                                                   from.overhead_seconds(), prices);
  }
  return std::make_unique<const AnalyticalModel>(kind, from.peak_ops_per_second(), from.bandwidth_bytes_per_second(),
                                                 std::move(unrolling), from.overhead_seconds());
}

// Where the local scale of a kind's error comes from.
struct LocalError {
  std::shared_ptr<const confidence::Difficulty> difficulty;
  confidence::Measure measure = confidence::Measure::kConstant;
};

absl::StatusOr<LocalError> FindLocalError(absl::string_view path, ModelKind kind,
                                          const model::v1::LayerModel& definition, const SharedParts& parts) {
  LocalError local;
  const int index = definition.difficulty();
  if (index < 0 || static_cast<size_t>(index) > parts.difficulties.size()) {
    return BadPlatformField(absl::StrCat(path, ".difficulty"),
                            absl::StrCat("it is ", index, "; the platform has ", parts.difficulties.size()));
  }
  if (index > 0) local.difficulty = parts.difficulties[static_cast<size_t>(index) - 1];
  for (int i = 0; i < definition.calibration_size(); ++i) {
    const model::v1::KindCalibration& calibration = definition.calibration(i);
    if (calibration.model_kind() != static_cast<v1::ModelKind>(kind)) continue;
    if (calibration.measure() == model::v1::CONFIDENCE_MEASURE_UNSPECIFIED) continue;
    local.measure = static_cast<confidence::Measure>(calibration.measure());
    if (!model::v1::ConfidenceMeasure_IsValid(calibration.measure()) ||
        (local.measure != confidence::Measure::kConstant &&
         (local.difficulty == nullptr || !local.difficulty->Has(local.measure)))) {
      return BadPlatformField(absl::StrCat(path, ".calibration[", i, "].measure"),
                              "the unit type's difficulty does not tell it");
    }
  }
  return local;
}

// Scores of every kind: calibrated, or a Laplace distribution of the kind's published or cross-validated error.
absl::Status ReadCalibration(absl::string_view path, const model::v1::LayerModel& definition, UnitTypeModels& models) {
  for (size_t kind = 0; kind < models.by_kind.size(); ++kind) {
    models.scores[kind] = confidence::ScoreSketch::Exponential(models.error[kind].log_scale());
  }
  for (int i = 0; i < definition.calibration_size(); ++i) {
    const std::string at = absl::StrCat(path, ".calibration[", i, "]");
    const int kind = definition.calibration(i).model_kind();
    if (kind <= v1::MODEL_KIND_AUTO || kind >= kNumModelKinds || models.by_kind[static_cast<size_t>(kind)] == nullptr) {
      return BadPlatformField(absl::StrCat(at, ".model_kind"), "the unit type has no model of this kind");
    }
    LATIMER_ASSIGN_OR_RETURN(
        models.scores[static_cast<size_t>(kind)],
        confidence::ScoreSketch::Read(absl::StrCat(at, ".scores"), definition.calibration(i).scores()));
  }
  return absl::OkStatus();
}

// A statistical or mixed model, where the file has one.
absl::Status ReadTreeModel(absl::string_view path, ModelKind kind, const model::v1::LayerModel& definition,
                           const SharedParts& parts, UnitTypeModels& models) {
  const bool mixed = kind == ModelKind::kMixed;
  const std::string name = absl::StrCat(path, mixed ? ".mixed" : ".statistical");
  const std::string at = absl::StrCat(name, "_trees");
  const int index = mixed ? definition.mixed_trees() : definition.statistical_trees();
  const bool has_error = mixed ? definition.has_mixed_error() : definition.has_statistical_error();
  if (index == 0) {
    return has_error ? BadPlatformField(at, "it is missing, and its error is there") : absl::OkStatus();
  }
  if (mixed && !definition.has_refined_roofline()) {
    return BadPlatformField(at, "it corrects the refined_roofline, which is missing");
  }
  if (!has_error) return BadPlatformField(absl::StrCat(name, "_error"), "it is missing");
  if (index < 1 || static_cast<size_t>(index) > parts.trees.size()) {
    return BadPlatformField(
        at, absl::StrCat("it is ", index, "; the platform has ", parts.trees.size(), " tree ensembles"));
  }
  LATIMER_ASSIGN_OR_RETURN(const LocalError local, FindLocalError(path, kind, definition, parts));
  auto analytical = [&](ModelKind of) {
    return static_cast<const AnalyticalModel*>(models.by_kind[static_cast<size_t>(of)].get());
  };
  const AnalyticalModel* roofline = analytical(ModelKind::kRoofline);
  const AnalyticalModel* refined =
      definition.has_refined_roofline() ? analytical(ModelKind::kRefinedRoofline) : nullptr;
  models.by_kind[static_cast<size_t>(kind)] =
      std::make_unique<const TreeModel>(kind, *roofline, refined != nullptr ? *refined : *roofline,
                                        parts.trees[static_cast<size_t>(index) - 1], local.difficulty, local.measure);
  LATIMER_ASSIGN_OR_RETURN(
      models.error[static_cast<size_t>(kind)],
      ReadErrorSpread(absl::StrCat(name, "_error"), mixed ? definition.mixed_error() : definition.statistical_error()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UnitTypeModels> ReadLayerModel(absl::string_view path, const model::v1::LayerModel& definition,
                                              const SharedParts& parts) {
  constexpr auto kRoofline = static_cast<size_t>(ModelKind::kRoofline);
  constexpr auto kRefined = static_cast<size_t>(ModelKind::kRefinedRoofline);
  UnitTypeModels models;
  models.unit_type = definition.unit_type();
  if (models.unit_type.empty()) return BadPlatformField(absl::StrCat(path, ".unit_type"), "it is missing");
  if (!definition.has_roofline()) return BadPlatformField(absl::StrCat(path, ".roofline"), "it is missing");
  LATIMER_ASSIGN_OR_RETURN(models.by_kind[kRoofline], ReadAnalytical(absl::StrCat(path, ".roofline"),
                                                                     ModelKind::kRoofline, definition.roofline()));
  if (!definition.has_roofline_error()) return BadPlatformField(absl::StrCat(path, ".roofline_error"), "it is missing");
  LATIMER_ASSIGN_OR_RETURN(models.error[kRoofline],
                           ReadErrorSpread(absl::StrCat(path, ".roofline_error"), definition.roofline_error()));
  if (definition.has_refined_roofline()) {
    LATIMER_ASSIGN_OR_RETURN(models.by_kind[kRefined],
                             ReadAnalytical(absl::StrCat(path, ".refined_roofline"), ModelKind::kRefinedRoofline,
                                            definition.refined_roofline()));
    models.error[kRefined] = models.error[kRoofline];
  }
  if (definition.has_refined_roofline_error()) {
    const std::string at = absl::StrCat(path, ".refined_roofline_error");
    if (!definition.has_refined_roofline()) return BadPlatformField(at, "there is no refined_roofline");
    LATIMER_ASSIGN_OR_RETURN(models.error[kRefined], ReadErrorSpread(at, definition.refined_roofline_error()));
  }
  LATIMER_RETURN_IF_ERROR(ReadTreeModel(path, ModelKind::kStatistical, definition, parts, models));
  LATIMER_RETURN_IF_ERROR(ReadTreeModel(path, ModelKind::kMixed, definition, parts, models));
  LATIMER_RETURN_IF_ERROR(ReadCalibration(path, definition, models));
  models.auto_kind = definition.has_refined_roofline() ? ModelKind::kRefinedRoofline : ModelKind::kRoofline;
  if (definition.auto_kind() != v1::MODEL_KIND_UNSPECIFIED) {
    const int kind = definition.auto_kind();
    if (kind < 0 || kind >= kNumModelKinds || models.by_kind[static_cast<size_t>(kind)] == nullptr) {
      return BadPlatformField(absl::StrCat(path, ".auto_kind"), "the unit type has no model of this kind");
    }
    models.auto_kind = static_cast<ModelKind>(kind);
  }
  if (!(definition.pace_exponent() >= 0 && definition.pace_exponent() <= 1)) {
    return BadPlatformField(absl::StrCat(path, ".pace_exponent"),
                            absl::StrCat("it is ", definition.pace_exponent(), "; it lies in 0 to 1"));
  }
  models.pace_exponent = definition.pace_exponent();
  for (int i = 0; i < definition.accuracy_size(); ++i) {
    LATIMER_RETURN_IF_ERROR(CheckAccuracy(absl::StrCat(path, ".accuracy[", i, "]"), definition.accuracy(i)));
  }
  return models;
}

}  // namespace latimer
