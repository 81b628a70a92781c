#include "backends/backend.h"

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

absl::StatusOr<std::vector<LayerTiming>> PreparedNetwork::ProfileLayers(int) {
  return absl::UnimplementedError("this back end has no per-layer report");
}

absl::StatusOr<std::string> PreparedNetwork::OptimizedGraph() {
  return absl::UnimplementedError("this back end does not show its optimised graph");
}

}  // namespace latimer
