#include "core/fitting/fit_platform.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/analytical_fit.h"
#include "core/fitting/data_set.h"
#include "core/fitting/excerpt_data.h"
#include "core/fitting/judge.h"
#include "core/fitting/kind_choice.h"
#include "core/fitting/layer_fit.h"
#include "core/fitting/mapping_fit.h"
#include "core/fitting/pace_fit.h"
#include "core/fitting/padding_split.h"
#include "core/mapping/features.h"
#include "core/model/mapping_rules.h"
#include "core/model/platform_model.h"

namespace latimer::fitting {
namespace {

constexpr size_t kLeastSamples = 10;
constexpr double kMostPoints = 200'000;

using Families = std::array<std::vector<DataPoint>, kNumFamilies>;

bool IsComputing(Family family) {
  return family == Family::kConvolution || family == Family::kDepthwise || family == Family::kTransposed ||
         family == Family::kFullyConnected || family == Family::kMatMul;
}

class Fitter {
 public:
  Fitter(const FitInput& input, const FitOptions& options) : input_(input), options_(options), split_(input.paddings) {}

  absl::StatusOr<FitResult> Run() {
    LATIMER_RETURN_IF_ERROR(CollectSingles());
    FitFirst();
    if (FitPace()) FitFirst();
    CollectFusedPairs();
    if (!excerpts_.points.empty()) {
      LATIMER_RETURN_IF_ERROR(WriteMapping(excerpts_, options_.seed, result_.model.mutable_mapping()));
    }
    result_.model.clear_layer_models();
    LATIMER_RETURN_IF_ERROR(AddBase());
    for (const std::vector<DataPoint>& points : families_) {
      if (points.empty()) continue;
      LATIMER_ASSIGN_OR_RETURN(FamilyFit fit, FitFamily(points, overall_, options_));
      const int known = result_.model.trees_size();
      for (model::v1::LayerModel& model : fit.models) {
        if (model.statistical_trees() > 0) model.set_statistical_trees(known + model.statistical_trees());
        if (model.mixed_trees() > 0) model.set_mixed_trees(known + model.mixed_trees());
        if (model.difficulty() > 0) model.set_difficulty(result_.model.difficulties_size() + model.difficulty());
        *result_.model.add_layer_models() = std::move(model);
      }
      for (model::v1::TreeEnsemble& trees : fit.trees) *result_.model.add_trees() = std::move(trees);
      if (fit.difficulty.has_value()) *result_.model.add_difficulties() = *std::move(fit.difficulty);
      result_.types.merge(fit.types);
      result_.held_out.insert(result_.held_out.end(), fit.held_out.begin(), fit.held_out.end());
    }
    LATIMER_RETURN_IF_ERROR(FitNetworkOverhead());
    WritePace();
    LATIMER_ASSIGN_OR_RETURN(const auto draft, LoadDraft());
    LATIMER_ASSIGN_OR_RETURN(const std::vector<PacedNetwork> validation, ValidationAtPace(input_.validation, *draft));
    LATIMER_RETURN_IF_ERROR(ChooseKindOnNetworks(validation, *draft, result_));
    LATIMER_RETURN_IF_ERROR(JudgeNetworks(validation, result_));
    // What callers load must load: every check of the format, once more with the final figures.
    LATIMER_RETURN_IF_ERROR(PlatformModel::Create(result_.model).status());
    return std::move(result_);
  }

 private:
  absl::Status CollectSingles() {
    result_.model = input_.base;
    result_.model.clear_layer_models();
    result_.model.clear_trees();
    result_.model.clear_mapping();
    result_.model.clear_network_error();
    result_.model.clear_difficulties();
    result_.model.clear_network_calibration();
    result_.model.clear_network_accuracy();
    result_.model.set_fixed_seconds_per_network(0);
    result_.model.set_transfer_seconds_per_byte(0);
    result_.model.set_calibrated_intervals(true);
    result_.model.set_format_version(1);
    for (const auto& [field, bits] : {std::pair<const char*, int>{"activation_bits", input_.base.activation_bits()},
                                      {"weight_bits", input_.base.weight_bits()}}) {
      if (bits < 1 || bits > 64) return InvalidArgument("BAD_BITS", "bit widths lie in 1 to 64").Field(field);
    }
    if (static_cast<double>(input_.samples.size()) > kMostPoints) {
      return InvalidArgument("TOO_MANY_SAMPLES", absl::StrCat("there are more than ", kMostPoints));
    }
    split_.Fit(input_.samples, input_.base);
    result_.padding_share = split_.share();
    size_t usable = 0;
    for (const Sample& sample : input_.samples) {
      if (sample.subject.layers.size() == 2) continue;
      std::optional<DataPoint> point;
      if (sample.subject.layers.size() == 1) point = MakePoint(sample, split_.Narrow(sample), {0}, input_.base);
      if (!point.has_value()) {
        ++result_.ignored_samples;
        continue;
      }
      ++usable;
      Add(*std::move(point));
    }
    excerpts_ = ReadExcerpts(input_.excerpts, input_.base);
    result_.ignored_samples += excerpts_.left_out;
    usable += excerpts_.points.size();
    for (DataPoint& point : excerpts_.points) Add(point);
    if (usable < kLeastSamples) {
      return Error(absl::StatusCode::kFailedPrecondition, "TOO_FEW_SAMPLES",
                   absl::StrCat("a fit needs at least ", kLeastSamples, " usable samples; there are ", usable));
    }
    return absl::OkStatus();
  }

  void Add(DataPoint point) {
    families_[static_cast<size_t>(FamilyOf(point.features.type))].push_back(std::move(point));
  }

  // Rooflines good enough to read fusion probes by, and for what a family's data do not determine.
  void FitFirst() {
    std::vector<DataPoint> all;
    std::vector<DataPoint> moving;
    for (size_t family = 0; family < families_.size(); ++family) {
      all.insert(all.end(), families_[family].begin(), families_[family].end());
      if (!IsComputing(static_cast<Family>(family))) {
        moving.insert(moving.end(), families_[family].begin(), families_[family].end());
      }
    }
    overall_ = FitRoofline(Thin(all), {.peak = 1e9, .bandwidth = 1e9});
    base_ = moving.empty() ? overall_ : FitRoofline(Thin(moving), overall_);
    base_points_ = moving.empty() ? std::move(all) : std::move(moving);
    for (size_t family = 0; family < families_.size(); ++family) {
      first_[family] = families_[family].empty() ? base_ : FitRoofline(Thin(families_[family]), overall_);
      const AnalyticalModel model = first_[family].Model(ModelKind::kRoofline);
      std::map<std::string, std::vector<double>> ratios;
      for (const DataPoint& point : families_[family]) {
        ratios[point.unit_type].push_back(std::exp(point.log_target) /
                                          std::max(1e-12, model.Estimate(point.features).seconds));
      }
      for (auto& [type, values] : ratios) offsets_[type] = Median(std::move(values)).value_or(1);
    }
  }

  double FirstSeconds(const UnitFeatures& features) const {
    const auto offset = offsets_.find(std::string(UnitTypeName(features.type)));
    return first_[static_cast<size_t>(FamilyOf(features.type))].Model(ModelKind::kRoofline).Estimate(features).seconds *
           (offset == offsets_.end() ? 1 : offset->second);
  }

  // Whether points changed.
  bool FitPace() {
    const bool paced = std::any_of(excerpts_.points.begin(), excerpts_.points.end(),
                                   [](const DataPoint& point) { return point.paced; });
    if (!paced) return false;
    exponents_ = FitPaceExponents(families_, excerpts_.pace_exponent, [&](const DataPoint& point) {
      return std::log(std::max(1e-12, FirstSeconds(point.features)));
    });
    for (std::vector<DataPoint>& points : families_) BringToPace(exponents_, excerpts_.pace_exponent, points);
    return true;
  }

  void WritePace() {
    if (!(result_.model.pass_ns() > 0)) return;
    for (model::v1::LayerModel& model : *result_.model.mutable_layer_models()) {
      const auto exponent = exponents_.find(model.unit_type());
      model.set_pace_exponent(exponent == exponents_.end() ? excerpts_.pace_exponent : exponent->second);
    }
  }

  // The model so far, with made-up intervals: those come last, and a platform has some.
  absl::StatusOr<std::shared_ptr<const PlatformModel>> LoadDraft() const {
    model::v1::PlatformModel draft = result_.model;
    for (const char* kind : {"roofline", "refined_roofline", "statistical", "mixed"}) {
      model::v1::ErrorSpread& spread = (*draft.mutable_network_error())[kind];
      spread.set_mean_absolute_relative_error(1);
      spread.set_source("none yet");
    }
    return PlatformModel::Create(std::move(draft));
  }

  void CollectFusedPairs() {
    const std::vector<PairEvidence> pairs =
        CollectPairs(input_.samples, input_.base, [&](const UnitFeatures& features) { return FirstSeconds(features); });
    WriteFusions(pairs, result_.model.mutable_mapping());
    for (const Sample& sample : input_.samples) {
      if (sample.subject.layers.size() != 2) continue;
      const bool fused = std::any_of(pairs.begin(), pairs.end(), [&](const PairEvidence& pair) {
        return pair.primary == sample.subject.layers[0].type && pair.secondary == sample.subject.layers[1].type &&
               pair.fused();
      });
      if (!fused) continue;
      if (std::optional<DataPoint> point = MakePoint(sample, split_.Narrow(sample), {0, 1}, input_.base))
        Add(*std::move(point));
    }
  }

  // What serves types without data: the layers that move data, together.
  absl::Status AddBase() {
    model::v1::LayerModel* model = result_.model.add_layer_models();
    model->set_unit_type("Base");
    base_.Write(model->mutable_roofline());
    const AnalyticalModel roofline = base_.Model(ModelKind::kRoofline);
    double log = 0;
    double weights = 1e-9;
    for (const DataPoint& point : base_points_) {
      log += point.weight *
             std::abs(std::log(std::max(1e-12, roofline.Estimate(point.features).seconds)) - point.log_target);
      weights += point.weight;
    }
    model->mutable_roofline_error()->set_mean_absolute_relative_error(std::clamp(SpreadOf(log / weights), 1e-3, 50.0));
    model->mutable_roofline_error()->set_source("its own measurements of other types");
    model->set_auto_kind(v1::MODEL_KIND_ROOFLINE);
    return absl::OkStatus();
  }

  // The smallest padding-only models are hardly more than a network's constant time and that of two units.
  absl::Status FitNetworkOverhead() {
    if (!excerpts_.points.empty()) {
      result_.model.set_fixed_seconds_per_network(excerpts_.seconds_per_network);
      result_.model.set_transfer_seconds_per_byte(excerpts_.transfer_seconds_per_byte);
      return absl::OkStatus();
    }
    const AnalyticalFit& convolution = first_[static_cast<size_t>(Family::kConvolution)];
    const AnalyticalModel model = convolution.Model(ModelKind::kRoofline);
    std::vector<std::pair<double, double>> rests;  // by time
    for (const PaddingSample& padding : input_.paddings) {
      if (!(padding.seconds > 0) || !std::isfinite(padding.seconds)) continue;
      double units = 0;
      for (size_t i = 0; i < padding.network.layers.size(); ++i) {
        const LayerType type = padding.network.layers[i].type;
        if (!IsConvolution(type) && type != LayerType::kFullyConnected) continue;
        units += model
                     .Estimate(ComputeFeatures(padding.network, {static_cast<LayerId>(i)},
                                               input_.base.activation_bits(), input_.base.weight_bits()))
                     .seconds;
      }
      rests.emplace_back(padding.seconds, padding.seconds - units);
    }
    if (rests.empty()) return absl::OkStatus();
    std::sort(rests.begin(), rests.end());
    rests.resize(std::max<size_t>(1, std::min<size_t>(rests.size(), 1 + rests.size() / 10)));
    std::nth_element(rests.begin(), rests.begin() + static_cast<int64_t>(rests.size() / 2), rests.end(),
                     [](const auto& a, const auto& b) { return a.second < b.second; });
    result_.model.set_fixed_seconds_per_network(std::max(0.0, rests[rests.size() / 2].second));
    return absl::OkStatus();
  }

  const FitInput& input_;
  const FitOptions& options_;
  PaddingSplit split_;
  FitResult result_;
  Families families_;
  ExcerptData excerpts_;
  AnalyticalFit overall_;
  AnalyticalFit base_;
  std::vector<DataPoint> base_points_;
  std::array<AnalyticalFit, kNumFamilies> first_;
  std::map<std::string, double> offsets_;  // of unit types within their family, as factors
  PaceExponents exponents_;
};

}  // namespace

absl::StatusOr<FitResult> FitPlatform(const FitInput& input, const FitOptions& options) {
  return Fitter(input, options).Run();
}

}  // namespace latimer::fitting
