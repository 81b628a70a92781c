#include "core/mapping/layer_names.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace latimer {
namespace {

// A name is cut at no more places than this, a range of cut names looked at no further: reports are untrusted.
constexpr int kMostCuts = 64;
constexpr size_t kLongestName = 8192;

// What engines put before the names of nodes.
constexpr absl::string_view kDecorations[] = {"fused ", "onnx_node!"};

absl::string_view Undecorated(absl::string_view name) {
  for (absl::string_view prefix : kDecorations) absl::ConsumePrefix(&name, prefix);
  return name;
}

std::string Plain(absl::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return plain;
}

}  // namespace

LayerNames::LayerNames(const Network& network) : network_(network) {
  const LayerId count = static_cast<LayerId>(network.layers.size());
  // Names of layers win over those of nodes and tensors.
  for (LayerId i = 0; i < count; ++i) Add(network.layers[i].name, {i, false, false});
  for (LayerId i = 0; i < count; ++i) {
    for (absl::string_view node : network.layers[i].nodes) Add(node, {i, false, false});
  }
  for (absl::string_view node : network.free_nodes) Add(node, {kNone, false, true});
  for (LayerId i = 0; i < count; ++i) {
    for (TensorId tensor : network.layers[i].outputs) Add(network.tensors[tensor].name, {i, true, false});
  }
  const auto by_text = [](const Cut& a, const Cut& b) { return std::tie(a.text, a.layer) < std::tie(b.text, b.layer); };
  std::sort(by_prefix_.begin(), by_prefix_.end(), by_text);
  by_suffix_ = by_prefix_;
  for (Cut& cut : by_suffix_) std::reverse(cut.text.begin(), cut.text.end());
  std::sort(by_suffix_.begin(), by_suffix_.end(), by_text);
}

void LayerNames::Add(absl::string_view name, Hit hit) {
  if (name.empty()) return;
  if (!exact_.try_emplace(std::string(name), hit).second) return;
  std::string plain = Plain(name);
  if (!hit.is_free_node && !hit.by_tensor) by_prefix_.push_back({plain, hit.layer});
  plain_.try_emplace(std::move(plain), hit);
}

LayerNames::Hit LayerNames::Find(absl::string_view name) const {
  if (name.empty() || name.size() > kLongestName) return {};
  if (const auto it = exact_.find(name); it != exact_.end()) return it->second;
  name = Undecorated(name);
  if (const auto it = exact_.find(name); it != exact_.end()) return it->second;
  const auto it = plain_.find(Plain(name));
  return it != plain_.end() ? it->second : Hit();
}

LayerNames::Hit LayerNames::FindSimilar(absl::string_view name) const {
  if (name.empty() || name.size() > kLongestName) return {};
  name = Undecorated(name);
  if (absl::ConsumeSuffix(&name, "*")) {
    const Hit whole = Find(absl::StripSuffix(name, "_"));
    return whole.found() ? whole : Heaviest(by_prefix_, Plain(name));
  }
  if (absl::ConsumePrefix(&name, "...")) {
    std::string reversed = Plain(name);
    std::reverse(reversed.begin(), reversed.end());
    return Heaviest(by_suffix_, reversed);
  }
  const std::string plain = Plain(name);
  int cuts = 0;
  for (size_t end = plain.size(); end-- > 1 && cuts < kMostCuts;) {
    if (plain[end] != '_') continue;
    ++cuts;
    if (const auto it = exact_.find(name.substr(0, end)); it != exact_.end()) return it->second;
    if (const auto it = plain_.find(absl::string_view(plain).substr(0, end)); it != plain_.end()) return it->second;
  }
  return {};
}

LayerNames::Hit LayerNames::Heaviest(const std::vector<Cut>& sorted, absl::string_view prefix) const {
  if (prefix.empty()) return {};
  auto it = std::lower_bound(sorted.begin(), sorted.end(), prefix,
                             [](const Cut& cut, absl::string_view text) { return absl::string_view(cut.text) < text; });
  LayerId best = kNone;
  int64_t most = -1;
  for (int i = 0; i < kMostCuts && it != sorted.end() && absl::StartsWith(it->text, prefix); ++i, ++it) {
    const int64_t macs = Macs(network_, network_.layers[it->layer]);
    if (macs > most || (macs == most && it->layer < best)) {
      best = it->layer;
      most = macs;
    }
  }
  return {best, false, false};
}

}  // namespace latimer
