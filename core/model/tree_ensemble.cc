#include "core/model/tree_ensemble.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/model/platform_field.h"

namespace latimer {
namespace {

constexpr int kMostNodes = 1 << 20;
constexpr float kOutsideBy = 0.25F;

}  // namespace

absl::StatusOr<TreeEnsemble> TreeEnsemble::Create(absl::string_view path, const model::v1::TreeEnsemble& from) {
  auto bad = [&](absl::string_view field, absl::string_view problem) {
    return BadPlatformField(absl::StrCat(path, ".", field), problem);
  };
  if (from.feature_version() != kTreeFeatureVersion) {
    return bad("feature_version",
               absl::StrCat("it is ", from.feature_version(), "; this program knows version ", kTreeFeatureVersion));
  }
  const int nodes = from.feature_size();
  if (nodes > kMostNodes) return bad("feature", absl::StrCat("there are more than ", kMostNodes, " nodes"));
  if (from.value_size() != nodes || from.left_size() != nodes) {
    return bad("value", "feature, value and left have different numbers of nodes");
  }
  TreeEnsemble to;
  if (from.feature_min_size() != static_cast<int>(kNumTreeFeatures) ||
      from.feature_max_size() != static_cast<int>(kNumTreeFeatures)) {
    return bad("feature_min", absl::StrCat("it and feature_max have ", kNumTreeFeatures, " values"));
  }
  for (size_t i = 0; i < kNumTreeFeatures; ++i) {
    to.feature_min_[i] = from.feature_min(static_cast<int>(i));
    to.feature_max_[i] = from.feature_max(static_cast<int>(i));
    if (!(to.feature_min_[i] <= to.feature_max_[i])) {
      return bad(absl::StrCat("feature_min[", i, "]"), "it is above feature_max");
    }
  }
  to.intercept_ = from.intercept();
  to.log_ratio_min_ = from.log_ratio_min();
  to.log_ratio_max_ = from.log_ratio_max();
  if (!std::isfinite(to.intercept_)) return bad("intercept", "it is no number");
  if (!(to.log_ratio_min_ <= to.log_ratio_max_ && std::abs(to.log_ratio_min_) < 100 &&
        std::abs(to.log_ratio_max_) < 100)) {
    return bad("log_ratio_min", "it and log_ratio_max are no range within -100 to 100");
  }
  if (from.linear_size() != 0 && from.linear_size() != static_cast<int>(kNumTreeFeatures)) {
    return bad("linear", absl::StrCat("it has ", kNumTreeFeatures, " values or none"));
  }
  for (int i = 0; i < from.linear_size(); ++i) {
    if (!std::isfinite(from.linear(i))) return bad(absl::StrCat("linear[", i, "]"), "it is no number");
    to.linear_[static_cast<size_t>(i)] = from.linear(i);
  }
  to.nodes_.reserve(static_cast<size_t>(nodes));
  int root = 0;
  for (int tree = 0; tree < from.tree_size_size(); ++tree) {
    const int size = from.tree_size(tree);
    if (size < 1 || size > nodes - root)
      return bad(absl::StrCat("tree_size[", tree, "]"), "there are not so many nodes");
    to.roots_.push_back(root);
    for (int i = 0; i < size; ++i) {
      const Node node{from.feature(root + i), from.value(root + i), root + from.left(root + i)};
      const std::string at = absl::StrCat("[", root + i, "]");
      if (!std::isfinite(node.value)) return bad(absl::StrCat("value", at), "it is no number");
      if (node.feature >= static_cast<int>(kNumTreeFeatures) || node.feature < -1) {
        return bad(absl::StrCat("feature", at), "there is no such feature");
      }
      // Children come after their parent, so a walk ends.
      if (node.feature >= 0 && (from.left(root + i) <= i || from.left(root + i) >= size - 1)) {
        return bad(absl::StrCat("left", at), "it is no later node of the tree");
      }
      to.nodes_.push_back(node);
    }
    root += size;
  }
  if (root != nodes) return bad("tree_size", "its sum is not the number of nodes");
  return to;
}

float TreeEnsemble::SumOfLeaves(const TreeFeatureRow& row) const {
  float sum = 0;
  for (int32_t root : roots_) {
    const Node* node = &nodes_[static_cast<size_t>(root)];
    while (node->feature >= 0) {
      node = &nodes_[static_cast<size_t>(node->left + (row[static_cast<size_t>(node->feature)] < node->value ? 0 : 1))];
    }
    sum += node->value;
  }
  return sum;
}

float TreeEnsemble::Disagreement(const TreeFeatureRow& row) const {
  float sum = 0;
  float squares = 0;
  for (int32_t root : roots_) {
    const Node* node = &nodes_[static_cast<size_t>(root)];
    while (node->feature >= 0) {
      node = &nodes_[static_cast<size_t>(node->left + (row[static_cast<size_t>(node->feature)] < node->value ? 0 : 1))];
    }
    sum += node->value;
    squares += node->value * node->value;
  }
  return std::sqrt(std::max(0.0F, static_cast<float>(roots_.size()) * squares - sum * sum));
}

double TreeEnsemble::Linear(const TreeFeatureRow& row) const {
  double sum = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    if (linear_[i] != 0) sum += linear_[i] * static_cast<double>(std::clamp(row[i], feature_min_[i], feature_max_[i]));
  }
  return sum;
}

double TreeEnsemble::LogRatio(const TreeFeatureRow& row) const {
  return std::clamp(intercept_ + Linear(row) + static_cast<double>(SumOfLeaves(row)), log_ratio_min_, log_ratio_max_);
}

bool TreeEnsemble::IsOutside(const TreeFeatureRow& row) const {
  for (size_t i = 0; i < kNumShapeFeatures; ++i) {
    if (row[i] < feature_min_[i] - kOutsideBy || row[i] > feature_max_[i] + kOutsideBy) return true;
  }
  return false;
}

}  // namespace latimer
