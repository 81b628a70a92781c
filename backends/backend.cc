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

double MiddleMean(std::vector<double>& seconds) {
  std::sort(seconds.begin(), seconds.end());
  const size_t left_out = seconds.size() / 4;
  double sum = 0;
  for (size_t i = left_out; i < seconds.size() - left_out; ++i) sum += seconds[i];
  return sum / static_cast<double>(seconds.size() - 2 * left_out);
}

void SummarizeRuns(std::vector<double> seconds, LayerTiming& row) {
  row.middle_seconds = MiddleMean(seconds);  // sorts
  const size_t n = seconds.size();
  row.median_seconds = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
  row.min_seconds = seconds.front();
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
