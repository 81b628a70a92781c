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

std::string CutKey(absl::string_view excerpt, size_t layers) { return absl::StrCat(excerpt, kLayers, layers); }

absl::string_view ExcerptOfCut(absl::string_view key) { return key.substr(0, key.find(kLayers)); }

}  // namespace latimer::benchmark
