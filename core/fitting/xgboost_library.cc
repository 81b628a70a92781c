#include "core/fitting/xgboost_library.h"

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace latimer::fitting {
namespace {

// One tree of XGBoost's JSON model.
absl::StatusOr<FlatTree> Flatten(const nlohmann::json& tree) {
  const auto left = tree.at("left_children").get<std::vector<int>>();
  const auto right = tree.at("right_children").get<std::vector<int>>();
  const auto feature = tree.at("split_indices").get<std::vector<int>>();
  const auto value = tree.at("split_conditions").get<std::vector<float>>();
  const size_t count = left.size();
  if (count == 0 || right.size() != count || feature.size() != count || value.size() != count) {
    return absl::InternalError("XGBoost: a tree's lists differ in length");
  }
  FlatTree flat;
  std::deque<int> pending = {0};
  int placed = 1;
  while (!pending.empty()) {
    const auto at = static_cast<size_t>(pending.front());
    pending.pop_front();
    const bool is_leaf = left[at] < 0;
    flat.feature.push_back(is_leaf ? -1 : feature[at]);
    flat.value.push_back(value[at]);
    flat.left.push_back(is_leaf ? 0 : placed);
    if (is_leaf) continue;
    if (static_cast<size_t>(left[at]) >= count || right[at] < 0 || static_cast<size_t>(right[at]) >= count ||
        flat.feature.size() > count) {
      return absl::InternalError("XGBoost: a tree's child is missing");
    }
    pending.push_back(left[at]);
    pending.push_back(right[at]);
    placed += 2;
  }
  return flat;
}

}  // namespace

absl::Status XgboostStatus(int status) {
  if (status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("XGBoost: ", XGBGetLastError()));
}

absl::StatusOr<std::vector<FlatTree>> ReadTrees(const Booster& booster) {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  LATIMER_RETURN_IF_ERROR(
      XgboostStatus(XGBoosterSaveModelToBuffer(booster.get(), R"({"format": "json"})", &size, &bytes)));
  std::vector<FlatTree> trees;
  try {
    const nlohmann::json model = nlohmann::json::parse(bytes, bytes + size);
    for (const nlohmann::json& tree : model.at("learner").at("gradient_booster").at("model").at("trees")) {
      LATIMER_ASSIGN_OR_RETURN(FlatTree flat, Flatten(tree));
      trees.push_back(std::move(flat));
    }
  } catch (const nlohmann::json::exception& error) {
    return absl::InternalError(absl::StrCat("XGBoost's model has another form than expected: ", error.what()));
  }
  return trees;
}

}  // namespace latimer::fitting
