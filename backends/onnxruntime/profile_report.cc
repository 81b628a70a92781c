#include "backends/onnxruntime/profile_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"

namespace latimer {
namespace {

constexpr absl::string_view kSuffix = "_kernel_time";
constexpr double kMicrosecond = 1e-6;

// A string member, or an empty string.
std::string Text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

absl::StatusOr<std::vector<LayerTiming>> ParseOnnxRuntimeProfile(absl::string_view json, int skip_runs) {
  const nlohmann::json report = nlohmann::json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!report.is_array()) {
    return InvalidArgument("BAD_PROFILE", "not an ONNX Runtime profile: expected a JSON array of events");
  }
  struct Node {
    LayerTiming timing;
    std::vector<double> seconds;
  };
  std::vector<Node> nodes;
  absl::flat_hash_map<std::string, size_t> index;
  for (size_t i = 0; i < report.size(); ++i) {
    const nlohmann::json& event = report[i];
    if (!event.is_object() || Text(event, "cat") != "Node") continue;
    const std::string event_name = Text(event, "name");
    absl::string_view name = event_name;
    if (!absl::ConsumeSuffix(&name, kSuffix)) continue;
    const auto duration = event.find("dur");
    const auto args = event.find("args");
    if (duration == event.end() || !duration->is_number() || args == event.end() || !args->is_object()) {
      return InvalidArgument("BAD_PROFILE", absl::StrCat("event ", i, " ('", event_name, "') has no dur or no args"));
    }
    // Names may repeat or be empty; the index of the node is its identity where the engine gives one.
    const std::string key = absl::StrCat(name, "#", Text(*args, "node_index"));
    const auto [it, inserted] = index.try_emplace(key, nodes.size());
    if (inserted) {
      nodes.emplace_back();
      nodes.back().timing.name = std::string(name);
      nodes.back().timing.operation = Text(*args, "op_name");
    }
    nodes[it->second].seconds.push_back(duration->get<double>() * kMicrosecond);
  }
  if (nodes.empty()) return InvalidArgument("BAD_PROFILE", "the profile has no kernel times");

  std::vector<LayerTiming> rows;
  rows.reserve(nodes.size());
  for (Node& node : nodes) {
    if (static_cast<int>(node.seconds.size()) <= skip_runs) {
      return InvalidArgument("BAD_PROFILE", absl::StrCat("node '", node.timing.name, "' ran ", node.seconds.size(),
                                                         " times, more than ", skip_runs, " are needed"));
    }
    node.seconds.erase(node.seconds.begin(), node.seconds.begin() + skip_runs);
    SummarizeRuns(std::move(node.seconds), node.timing);
    rows.push_back(std::move(node.timing));
  }
  return rows;
}

}  // namespace latimer
