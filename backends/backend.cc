#include "backends/backend.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace latimer {

std::string Fingerprint::Digest() const {
  // FNV-1a: stable over machines and releases, which absl::Hash is not.
  uint64_t hash = 14695981039346656037ULL;
  auto add = [&hash](absl::string_view text) {
    for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash = (hash ^ 0xFF) * 1099511628211ULL;  // 0xFF ends a text: it is in no UTF-8
  };
  for (const auto& [key, value] : facts) {
    add(key);
    add(value);
  }
  add(simulated ? "simulated" : "real");
  return absl::StrFormat("%016x", hash);
}

void SummarizeRuns(std::vector<double> seconds, LayerTiming& row) {
  std::sort(seconds.begin(), seconds.end());
  const size_t n = seconds.size();
  row.min_seconds = seconds.front();
  row.median_seconds = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
  const size_t left_out = n / 4;
  double sum = 0;
  for (size_t i = left_out; i < n - left_out; ++i) sum += seconds[i];
  row.middle_seconds = sum / static_cast<double>(n - 2 * left_out);
}

absl::StatusOr<std::vector<LayerTiming>> PreparedNetwork::ProfileLayers(const ProfileOptions&) {
  return absl::UnimplementedError("this back end has no per-layer report");
}

absl::Status PreparedNetwork::TimeItself(const TimingOptions&, TimingResult*) {
  return absl::UnimplementedError("this back end runs one inference at a time");
}

absl::StatusOr<double> PreparedNetwork::CompilerEstimateSeconds() {
  return absl::UnimplementedError("this back end's compiler estimates no times");
}

absl::StatusOr<std::string> PreparedNetwork::OptimizedGraph() {
  return absl::UnimplementedError("this back end does not show its optimised graph");
}

}  // namespace latimer
