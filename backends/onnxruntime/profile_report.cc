#include "backends/onnxruntime/profile_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"

namespace latimer {
namespace {

constexpr absl::string_view kSuffix = "_kernel_time";
constexpr double kMicrosecond = 1e-6;
constexpr size_t kLeastNodes = 4;  // to know what lies between two of them

// A string member, or an empty string.
std::string Text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

struct Node {
  LayerTiming timing;
  std::vector<double> us;    // of each run
  std::vector<double> gaps;  // in microseconds, from its start to that of the next node in the same run
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// Mean of what lies within 5 % or 2 us of the median. Unlike a trimmed mean it tells 4.3 from values of 4 and 5.
double MeanNearMedian(const std::vector<double>& us) {
  const double median = Median(us);
  const double reach = std::max(2.0, 0.05 * median);
  double sum = 0;
  double count = 0;
  for (double value : us) {
    if (std::abs(value - median) > reach) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : median;
}

// The engine cuts durations to whole microseconds, which is a tenth of a small kernel, and the same tenth in every run.
// Starts are cut too, but each run begins anywhere between two microseconds, so that the mean distance of two starts is
// exact. Between a kernel's end and the next one's start the profiler does the same work each time; what this takes is
// known from all nodes together, and the rest is the part that was cut off.
void AddFractions(std::vector<Node>& nodes) {
  std::vector<double> between;
  for (const Node& node : nodes) {
    if (!node.gaps.empty()) between.push_back(MeanNearMedian(node.gaps) - MeanNearMedian(node.us));
  }
  if (between.size() < kLeastNodes) return;
  const double usual = Median(between);
  for (Node& node : nodes) {
    const double us = MeanNearMedian(node.us);
    const double more = node.gaps.empty() ? 0 : MeanNearMedian(node.gaps) - us - usual;
    node.timing.middle_seconds = (us + std::clamp(0.5 + more, 0.0, 1.0)) * kMicrosecond;
  }
}

}  // namespace

absl::StatusOr<std::vector<LayerTiming>> ParseOnnxRuntimeProfile(absl::string_view json,
                                                                 const std::vector<bool>& counted) {
  const nlohmann::json report = nlohmann::json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!report.is_array()) {
    return InvalidArgument("BAD_PROFILE", "not an ONNX Runtime profile: expected a JSON array of events");
  }
  std::vector<Node> nodes;
  struct Start {
    size_t node;
    size_t time;  // which of the node's
    double us;
  };
  std::vector<Start> starts;  // in order
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
    std::vector<double>& us = nodes[it->second].us;
    const auto start = event.find("ts");
    if (start != event.end() && start->is_number()) starts.push_back({it->second, us.size(), start->get<double>()});
    us.push_back(duration->get<double>());
  }
  if (nodes.empty() || counted.empty()) return InvalidArgument("BAD_PROFILE", "the profile has no kernel times");

  // A node in a loop runs several times a run.
  const auto counts = [&](const Node& node, size_t time) { return counted[time * counted.size() / node.us.size()]; };
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    const auto& [node, time, start] = starts[i];
    const double gap = starts[i + 1].us - start;
    // Neighbours of one run; none where nodes run side by side.
    if (starts[i + 1].node == node + 1 && gap >= 0 && counts(nodes[node], time)) nodes[node].gaps.push_back(gap);
  }
  for (Node& node : nodes) {
    std::vector<double> us;
    for (size_t i = 0; i < node.us.size(); ++i) {
      if (counts(node, i)) us.push_back(node.us[i]);
    }
    if (us.empty()) {
      return InvalidArgument("BAD_PROFILE", absl::StrCat("node '", node.timing.name, "' ran ", node.us.size(),
                                                         " times, and none of them counts"));
    }
    node.us = std::move(us);
    std::vector<double> seconds = node.us;
    for (double& one : seconds) one *= kMicrosecond;
    SummarizeRuns(std::move(seconds), node.timing);
  }
  AddFractions(nodes);
  std::vector<LayerTiming> rows;
  rows.reserve(nodes.size());
  for (Node& node : nodes) rows.push_back(std::move(node.timing));
  return rows;
}

}  // namespace latimer
