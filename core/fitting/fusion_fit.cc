#include "core/fitting/fusion_fit.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/random.h"
#include "core/evaluation/confusion.h"
#include "core/fitting/xgboost_library.h"

namespace latimer::fitting {
namespace {

constexpr int64_t kLeastFused = 2;  // observations; one may be a mistake of the matcher
constexpr double kRare = 0.01;      // of the observations of a pair: the matcher's mistakes
constexpr int kDepth = 5;
constexpr double kHeldOut = 0.2;

using Pair = std::pair<LayerType, LayerType>;

// One tree of XGBoost on labels +1 and -1; a single leaf where all are the same.
absl::StatusOr<FusionTree> GrowTree(const std::vector<const FusionSample*>& samples) {
  std::vector<float> flat;
  std::vector<float> labels;
  for (const FusionSample* sample : samples) {
    flat.insert(flat.end(), sample->features.begin(), sample->features.end());
    labels.push_back(sample->fused ? 1 : -1);
  }
  DMatrixHandle matrix_handle = nullptr;
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGDMatrixCreateFromMat(
      flat.data(), samples.size(), kNumPairFeatures, std::numeric_limits<float>::quiet_NaN(), &matrix_handle)));
  const Matrix matrix(matrix_handle);
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGDMatrixSetFloatInfo(matrix.get(), "label", labels.data(), labels.size())));
  BoosterHandle booster_handle = nullptr;
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterCreate(&matrix_handle, 1, &booster_handle)));
  const Booster booster(booster_handle);
  const std::pair<const char*, std::string> parameters[] = {{"booster", "gbtree"},
                                                            {"tree_method", "exact"},
                                                            {"objective", "reg:squarederror"},
                                                            {"base_score", "0"},
                                                            {"nthread", "1"},
                                                            {"verbosity", "0"},
                                                            {"eta", "1"},
                                                            {"max_depth", absl::StrCat(kDepth)},
                                                            {"min_child_weight", "1"},
                                                            {"lambda", "0.5"},
                                                            {"gamma", "0.5"}};
  for (const auto& [name, value] : parameters) {
    LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterSetParam(booster.get(), name, value.c_str())));
  }
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterUpdateOneIter(booster.get(), 0, matrix.get())));
  LATIMER_ASSIGN_OR_RETURN(const std::vector<FlatTree> trees, ReadTrees(booster));
  if (trees.size() != 1) return absl::InternalError("XGBoost: not one tree");
  FusionTree tree;
  for (size_t i = 0; i < trees[0].feature.size(); ++i) {
    tree.nodes.push_back({trees[0].feature[i], trees[0].value[i], trees[0].left[i]});
  }
  return tree;
}

class PairFit {
 public:
  explicit PairFit(std::vector<const FusionSample*> samples) : samples_(std::move(samples)) {
    for (const FusionSample* sample : samples_) fused_ += sample->fused ? 1 : 0;
  }

  int64_t count() const { return static_cast<int64_t>(samples_.size()); }
  int64_t fused() const { return fused_; }

  // Whether the pair needs a tree: either class is too frequent for a mistake of the matcher.
  bool is_mixed() const {
    const int64_t rare = std::min(fused_, count() - fused_);
    return rare >= kLeastFused && static_cast<double>(rare) > kRare * static_cast<double>(count());
  }
  bool is_fused() const { return fused_ >= kLeastFused && 2 * fused_ > count(); }

  // A tree for each last layer with which the pair is ever fused.
  absl::StatusOr<std::map<LayerType, FusionTree>> Fit() const {
    std::map<LayerType, std::vector<const FusionSample*>> by_last;
    for (const FusionSample* sample : samples_) by_last[sample->after].push_back(sample);
    std::map<LayerType, FusionTree> trees;
    for (const auto& [last, own] : by_last) {
      const PairFit fit(own);
      if (fit.fused() < kLeastFused) continue;
      LATIMER_ASSIGN_OR_RETURN(trees[last], GrowTree(own));
    }
    return trees;
  }

  // On the held-out groups by what the others say; groups are drawn by their number and `seed`.
  absl::StatusOr<Confusion> Score(uint64_t seed) const {
    std::vector<const FusionSample*> fitted;
    std::vector<const FusionSample*> held_out;
    for (const FusionSample* sample : samples_) {
      benchmark::Random random(seed * 1'000'003 + static_cast<uint64_t>(sample->group));
      (random.Uniform() < kHeldOut ? held_out : fitted).push_back(sample);
    }
    Confusion confusion;
    if (fitted.empty() || held_out.empty()) return confusion;
    const PairFit rest(fitted);
    const bool mixed = rest.is_mixed();
    std::map<LayerType, FusionTree> trees;
    if (mixed) {
      LATIMER_ASSIGN_OR_RETURN(trees, rest.Fit());
    }
    for (const FusionSample* sample : held_out) {
      const auto tree = trees.find(sample->after);
      const bool predicted = mixed ? tree != trees.end() && tree->second.IsFused(sample->features) : rest.is_fused();
      confusion.Add(predicted, sample->fused);
    }
    return confusion;
  }

 private:
  std::vector<const FusionSample*> samples_;
  int64_t fused_ = 0;
};

}  // namespace

void CollectFusions(const Network& network, const BlockedLayout& layout, const ReportMatch& match, int group,
                    std::vector<FusionSample>* samples) {
  const TensorReaders readers(network);
  for (const MatchedUnit& unit : match.units) {
    std::vector<LayerId> chain = {unit.layers[0]};
    while (true) {
      const LayerId next = readers.Sole(network.layers[chain.back()]);
      if (next == kNone || network.layers[next].type == LayerType::kReshape) break;
      FusionSample& sample = samples->emplace_back();
      sample.primary = network.layers[chain[0]].type;
      sample.secondary = network.layers[next].type;
      sample.after = network.layers[chain.back()].type;
      sample.features = MakePairFeatures(network, layout, readers, chain, next);
      sample.fused = std::find(unit.layers.begin(), unit.layers.end(), next) != unit.layers.end();
      sample.group = group;
      if (!sample.fused) break;
      chain.push_back(next);
    }
  }
}

absl::Status FitFusions(absl::Span<const FusionSample> samples, const LayerTypeSet& free, uint64_t seed,
                        model::v1::Mapping* mapping) {
  std::map<Pair, std::vector<const FusionSample*>> by_pair;
  for (const FusionSample& sample : samples) {
    // Views cost nothing, whatever a report says that runs whole partitions as one row.
    if (free.test(static_cast<size_t>(sample.primary)) || sample.primary == LayerType::kReshape) continue;
    by_pair[{sample.primary, sample.secondary}].push_back(&sample);
  }
  std::map<LayerType, model::v1::Fusion> rules;
  for (const auto& [types, own] : by_pair) {
    const PairFit fit(own);
    const auto primary = static_cast<v1::LayerType>(types.first);
    const auto secondary = static_cast<v1::LayerType>(types.second);
    if (fit.is_mixed()) {
      LATIMER_ASSIGN_OR_RETURN(const auto trees, fit.Fit());
      for (const auto& [last, tree] : trees) {
        model::v1::FusionTree* to = mapping->add_fusion_trees();
        to->set_primary(primary);
        to->set_secondary(secondary);
        to->set_after(static_cast<v1::LayerType>(last));
        to->set_feature_version(kPairFeatureVersion);
        for (const FusionTree::Node& node : tree.nodes) {
          to->add_feature(node.feature);
          to->add_value(node.value);
          to->add_left(node.left);
        }
      }
    } else if (fit.is_fused()) {
      rules[types.first].add_secondary(secondary);
    }
    if (fit.fused() == 0) continue;  // most pairs never are
    LATIMER_ASSIGN_OR_RETURN(const Confusion confusion, fit.Score(seed));
    model::v1::FusionScore* score = mapping->add_fusion_scores();
    score->set_primary(primary);
    score->set_secondary(secondary);
    score->set_samples(fit.count());
    score->set_fused(fit.fused());
    score->set_f1(confusion.F1());
    score->set_mcc(confusion.Mcc());
  }
  for (auto& [primary, rule] : rules) {
    rule.add_primary(static_cast<v1::LayerType>(primary));
    *mapping->add_fusions() = std::move(rule);
  }
  return absl::OkStatus();
}

}  // namespace latimer::fitting
