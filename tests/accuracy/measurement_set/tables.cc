#include "tests/accuracy/measurement_set/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/evaluation/confusion.h"
#include "core/evaluation/statistics.h"
#include "core/mapping/graph_matcher.h"
#include "core/mapping/mapper.h"
#include "core/mapping/pair_features.h"
#include "core/model/platform_model.h"
#include "core/network/simplify.h"
#include "tests/accuracy/measurement_set/judged_layers.h"
#include "tests/accuracy/measurement_set/set_fit.h"

namespace latimer {
namespace {

constexpr ModelKind kKinds[] = {ModelKind::kRoofline, ModelKind::kRefinedRoofline, ModelKind::kStatistical,
                                ModelKind::kMixed, ModelKind::kAuto};

const LayerModel* ModelOf(const PlatformModel& platform, const std::string& unit_type, ModelKind kind) {
  const UnitTypeModels& models = platform.unit_type_models(platform.FindUnitType(unit_type));
  const LayerModel* model = models.by_kind[static_cast<size_t>(kind)].get();
  return model != nullptr ? model : models.by_kind[static_cast<size_t>(models.auto_kind)].get();
}

void PrintLayers(const std::vector<JudgedLayer>& layers, const PlatformModel& platform) {
  struct Sum {
    int64_t count = 0;
    double seconds = 0;
    std::array<double, kNumModelKinds> relative{};
    std::array<double, kNumModelKinds> absolute{};
    double noise = 0;  // sum
    double with_noise = 0;
  };
  std::map<std::string, Sum> sums;
  for (const JudgedLayer& layer : layers) {
    const fitting::DataPoint& point = layer.point;
    const double seconds = std::exp(point.log_target);
    for (const std::string& type : {point.unit_type, std::string("all")}) {
      Sum& sum = sums[type];
      ++sum.count;
      sum.seconds += seconds;
      sum.noise += layer.noise_floor.value_or(0);
      sum.with_noise += layer.noise_floor.has_value() ? 1 : 0;
      for (ModelKind kind : kKinds) {
        const double estimate = ModelOf(platform, point.unit_type, kind)->Estimate(point.features).seconds;
        sum.relative[static_cast<size_t>(kind)] += std::abs(estimate / seconds - 1);
        sum.absolute[static_cast<size_t>(kind)] += std::abs(estimate - seconds);
      }
    }
  }
  std::printf("### Layers of the networks: mean relative error, and absolute error as a share of all time\n\n");
  std::printf(
      "| unit type | layers | share of time | roofline | refined | statistical | mixed | chosen | noise floor |\n");
  std::printf("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (const auto& [type, sum] : sums) {
    if (sum.count < 10) continue;
    std::printf("| %s | %lld | %.1f %% |", type.c_str(), static_cast<long long>(sum.count),
                100 * sum.seconds / sums["all"].seconds);
    for (ModelKind kind : kKinds) {
      std::printf(" %.1f %% (%.1f %%) |",
                  100 * sum.relative[static_cast<size_t>(kind)] / static_cast<double>(sum.count),
                  100 * sum.absolute[static_cast<size_t>(kind)] / sum.seconds);
    }
    if (sum.with_noise == 0) {
      std::printf(" |\n");
    } else {
      std::printf(" %.1f %% |\n", 100 * sum.noise / sum.with_noise);
    }
  }
}

// Whether the mapping puts a layer into the unit of another, against the reports of the networks.
void PrintMapping(const ReportedNetworks& networks, const PlatformModel& platform) {
  std::map<std::pair<LayerType, LayerType>, Confusion> pairs;
  std::set<std::string> seen;
  for (size_t i = 0; i < networks.samples.size(); ++i) {
    if (!seen.insert(networks.names[i]).second) continue;
    const fitting::ExcerptSample& sample = networks.samples[i];
    const bool merge = platform.mapping().merges_duplicates && HasDuplicates(sample.network);
    const Network merged = merge ? MergeDuplicates(sample.network) : Network();
    const Network& network = merge ? merged : sample.network;
    std::set<std::pair<LayerId, LayerId>> together;
    for (const ExecutionUnit& unit : MapNetwork(network, platform).units) {
      for (LayerId layer : unit.layers) together.insert({unit.primary, layer});
    }
    std::vector<ReportRow> rows;
    for (const ReportRow& row : sample.rows) {
      if (row.meaning != NameMeaning::kOverhead || !row.original_names.empty()) rows.push_back(row);
    }
    const ReportMatch match = MatchReport(network, rows);
    const TensorReaders readers(network);
    for (const MatchedUnit& unit : match.units) {
      LayerId last = unit.layers[0];
      while (true) {
        const LayerId next = readers.Sole(network.layers[last]);
        if (next == kNone || network.layers[next].type == LayerType::kReshape) break;
        const bool fused = std::find(unit.layers.begin(), unit.layers.end(), next) != unit.layers.end();
        const bool predicted = together.count({unit.layers[0], next}) > 0;
        pairs[{network.layers[unit.layers[0]].type, network.layers[next].type}].Add(predicted, fused);
        if (!fused) break;
        last = next;
      }
    }
  }
  std::map<std::pair<int, int>, const model::v1::FusionScore*> scores;
  for (const model::v1::FusionScore& score : platform.definition().mapping().fusion_scores()) {
    scores[{score.primary(), score.secondary()}] = &score;
  }
  std::printf("\n### Mapping: pairs that are ever fused; a fifth of the excerpts held out, and all networks\n\n");
  std::printf("| pair | excerpts | fused | F1 | MCC | in networks | fused | wrong |\n");
  std::printf("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  Confusion all;
  for (const auto& [types, c] : pairs) {
    all.Add(c);
    const auto score = scores.find({static_cast<int>(types.first), static_cast<int>(types.second)});
    if (score == scores.end() && c.tp + c.fn + c.fp == 0) continue;
    std::printf("| %s + %s |", std::string(LayerTypeName(types.first)).c_str(),
                std::string(LayerTypeName(types.second)).c_str());
    if (score == scores.end()) {
      std::printf(" | | | |");
    } else {
      std::printf(" %lld | %lld | %.3f | %.3f |", static_cast<long long>(score->second->samples()),
                  static_cast<long long>(score->second->fused()), score->second->f1(), score->second->mcc());
    }
    std::printf(" %.0f | %.0f | %.0f |\n", c.All(), c.tp + c.fn, c.Wrong());
  }
  std::printf("\nOf %.0f decisions in the networks %.2f %% are as reported: F1 %.4f, MCC %.4f.\n", all.All(),
              100 * (1 - all.Wrong() / std::max(1.0, all.All())), all.F1(), all.Mcc());
}

// How often and how narrowly the intervals of layers hold what was measured; layers of one network are no independent
// trials, so that a per cent more or less tells nothing.
void PrintLayerIntervals(const std::vector<JudgedLayer>& layers, const PlatformModel& platform) {
  constexpr double kLevels[] = {0.5, 0.8, 0.9, 0.95};
  constexpr size_t kNumLevels = std::size(kLevels);
  struct Sum {
    double count = 0;
    std::array<double, kNumLevels> inside{};
    std::array<double, kNumLevels> factor{};
  };
  std::map<std::string, Sum> sums;
  for (const JudgedLayer& layer : layers) {
    const fitting::DataPoint& point = layer.point;
    const UnitTypeModels& models = platform.unit_type_models(platform.FindUnitType(point.unit_type));
    const LayerModel* model = ModelOf(platform, point.unit_type, ModelKind::kAuto);
    const UnitTime time = model->Estimate(point.features);
    const double error = std::abs(point.log_target - std::log(time.seconds));
    for (const std::string& type : {point.unit_type, std::string("all")}) {
      Sum& sum = sums[type];
      ++sum.count;
      for (size_t i = 0; i < kNumLevels; ++i) {
        const double half = time.error_scale * models.scores[static_cast<size_t>(model->kind())].Quantile(kLevels[i]);
        sum.inside[i] += error <= half ? 1 : 0;
        sum.factor[i] += half;
      }
    }
  }
  std::printf("\n### Intervals of the networks' layers: how many are inside, and the factor to either side\n\n");
  std::printf("| unit type | layers |");
  for (double level : kLevels) std::printf(" at %.0f %% |", 100 * level);
  std::printf("\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
  for (const auto& [type, sum] : sums) {
    if (sum.count < 10) continue;
    std::printf("| %s | %.0f |", type.c_str(), sum.count);
    for (size_t i = 0; i < kNumLevels; ++i) {
      std::printf(" %.1f %% (%.2f) |", 100 * sum.inside[i] / sum.count, std::exp(sum.factor[i] / sum.count));
    }
    std::printf("\n");
  }
}

absl::Status PrintNetworkTables(const model::v1::MeasurementSet& set, const model::v1::PlatformModel& model) {
  std::printf("\n### Networks, by kind of layer model\n\n");
  std::printf("| kind | networks | n | mean error | RMSPE | Spearman | Kendall | noise floor |\n");
  std::printf("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (ModelKind kind : kKinds) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<JudgedNetwork> judged, JudgeOn(set, model, {.kind = kind}));
    std::map<std::string, std::vector<const JudgedNetwork*>> groups;
    for (const JudgedNetwork& one : judged) {
      groups[one.name.substr(0, one.name.find('/'))].push_back(&one);
      groups["all"].push_back(&one);
    }
    for (const auto& [group, members] : groups) {
      std::vector<Prediction> predictions;
      std::vector<double> predicted;
      std::vector<double> measured;
      double noise = 0;
      for (const JudgedNetwork* one : members) {
        predictions.push_back(one->prediction);
        predicted.push_back(one->prediction.predicted);
        measured.push_back(one->prediction.measured);
        noise += one->noise_floor / static_cast<double>(members.size());
      }
      std::printf("| %s | %s | %zu | %.2f %% | %.2f %% | %.4f | %.4f | %.2f %% |\n",
                  std::string(ModelKindName(kind)).c_str(), group.c_str(), members.size(),
                  100 * MeanAbsolutePercentageError(predictions).value_or(0),
                  100 * RootMeanSquarePercentageError(predictions).value_or(0),
                  SpearmanCorrelation(predicted, measured).value_or(0),
                  KendallCorrelation(predicted, measured).value_or(0), 100 * noise);
    }
  }
  std::printf("\n### Intervals of networks, by level\n\n");
  std::printf("| level | inside | mean width |\n| ---: | ---: | ---: |\n");
  for (double level : {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<JudgedNetwork> judged, JudgeOn(set, model, {.confidence = level}));
    std::vector<Prediction> predictions;
    for (const JudgedNetwork& one : judged) predictions.push_back(one.prediction);
    std::printf("| %.0f %% | %.1f %% | %.1f %% |\n", 100 * level, 100 * Coverage(predictions).value_or(0),
                100 * MeanRelativeWidth(predictions).value_or(0));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteLayers(const model::v1::MeasurementSet& set, const model::v1::PlatformModel& model,
                         const std::string& path) {
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(model));
  std::ofstream file(path);
  file << "network,unit_type,measured_us,estimated_us,roofline_us,refined_us,statistical_us,mixed_us";
  file << ",c_in,c_out,h,w,kernel_h,kernel_w,stride,groups,inputs,fused_sums,activation,producer,consumer,residency,"
          "freshness,input_bytes,output_bytes,weight_bytes,operations,blocked,producer_channels\n";
  for (const auto use : {model::v1::MEASUREMENT_USE_NETWORK, model::v1::MEASUREMENT_USE_EXCERPT}) {
    LATIMER_ASSIGN_OR_RETURN(const ReportedNetworks networks, ReportedNetworksOf(set, use));
    for (const JudgedLayer& layer : JudgedLayersOf(networks, *platform)) {
      const fitting::DataPoint& point = layer.point;
      const UnitFeatures& f = point.features;
      file << layer.network << "," << point.unit_type << "," << std::exp(point.log_target) * 1e6;
      for (ModelKind kind : {ModelKind::kAuto, ModelKind::kRoofline, ModelKind::kRefinedRoofline,
                             ModelKind::kStatistical, ModelKind::kMixed}) {
        file << "," << ModelOf(*platform, point.unit_type, kind)->Estimate(f).seconds * 1e6;
      }
      file << absl::StrCat(",", f.c_in, ",", f.c_out, ",", f.out_h, ",", f.out_w, ",", f.kernel_h, ",", f.kernel_w)
           << absl::StrCat(",", f.stride_h, ",", f.groups, ",", f.num_inputs, ",", int{f.fused_sums})
           << absl::StrCat(",", LayerTypeName(f.fused_activation), ",", LayerTypeName(f.producer))
           << absl::StrCat(",", LayerTypeName(f.consumer), ",", f.residency, ",", f.freshness)
           << absl::StrCat(",", f.input_bytes, ",", f.output_bytes, ",", f.weight_bytes, ",", f.operations)
           << absl::StrCat(",", int{f.blocked}, ",", f.producer_channels, "\n");
    }
  }
  file.close();
  return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write '", path, "'"));
}

absl::Status PrintTables(const model::v1::MeasurementSet& set, const model::v1::PlatformModel& model) {
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(model));
  LATIMER_ASSIGN_OR_RETURN(const ReportedNetworks networks,
                           ReportedNetworksOf(set, model::v1::MEASUREMENT_USE_NETWORK));
  PrintMapping(networks, *platform);
  std::printf("\n");
  const std::vector<JudgedLayer> layers = JudgedLayersOf(networks, *platform);
  PrintLayers(layers, *platform);
  PrintLayerIntervals(layers, *platform);
  return PrintNetworkTables(set, model);
}

}  // namespace latimer
