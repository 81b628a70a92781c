// Finds layers of a network by the names toolchains give them. Internal to the graph matcher.
#ifndef LATIMER_CORE_MAPPING_LAYER_NAMES_H_
#define LATIMER_CORE_MAPPING_LAYER_NAMES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/network/network.h"

namespace latimer {

class LayerNames {
 public:
  struct Hit {
    LayerId layer = kNone;
    bool by_tensor = false;     // the name is that of a tensor the layer writes
    bool is_free_node = false;  // a source node that was simplified away; `layer` is kNone
    bool found() const { return layer != kNone || is_free_node; }
  };

  // The network must outlive this object.
  explicit LayerNames(const Network& network);

  // By layer, source node or output tensor; also with '/' and all other punctuation written as '_'.
  Hit Find(absl::string_view name) const;

  // By the longest known name that `name` continues after punctuation; by a prefix before a '*' at the end; by a suffix
  // after "..." at the beginning. Of several cut names the one with most multiply-accumulates.
  Hit FindSimilar(absl::string_view name) const;

 private:
  struct Cut {
    std::string text;
    LayerId layer;
  };

  void Add(absl::string_view name, Hit hit);
  Hit Heaviest(const std::vector<Cut>& sorted, absl::string_view prefix) const;

  const Network& network_;
  absl::flat_hash_map<std::string, Hit> exact_;
  absl::flat_hash_map<std::string, Hit> plain_;
  std::vector<Cut> by_prefix_;  // plain names, sorted
  std::vector<Cut> by_suffix_;  // reversed plain names, sorted
};

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_LAYER_NAMES_H_
