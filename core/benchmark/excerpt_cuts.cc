#include "core/benchmark/excerpt_cuts.h"

#include "absl/strings/str_cat.h"
#include "core/benchmark/network_prefix.h"
#include "core/network/simplify.h"

namespace latimer::benchmark {
namespace {

constexpr absl::string_view kLayers = ", layers ";

}  // namespace

std::vector<size_t> CutsOf(const Network& excerpt) {
  std::vector<size_t> cuts;
  size_t before = 0;
  for (size_t layers = 1; layers < excerpt.layers.size(); ++layers) {
    const size_t simplified = Simplify(NetworkPrefix(excerpt, layers)).layers.size();
    if (simplified > before) cuts.push_back(layers);
    before = simplified;
  }
  cuts.push_back(excerpt.layers.size());
  return cuts;
}

std::vector<size_t> DrawCuts(const Network& excerpt, int64_t between, Random& random) {
  const std::vector<size_t> all = CutsOf(excerpt);
  const int64_t phase = random.Below(between);
  std::vector<size_t> cuts;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool of_a_pair = (static_cast<int64_t>(i) + phase) % between < 2;
    if (of_a_pair || i + 1 == all.size()) cuts.push_back(all[i]);
  }
  return cuts;
}

std::string CutKey(absl::string_view excerpt, size_t layers) { return absl::StrCat(excerpt, kLayers, layers); }

absl::string_view ExcerptOfCut(absl::string_view key) { return key.substr(0, key.find(kLayers)); }

}  // namespace latimer::benchmark
