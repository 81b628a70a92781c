// Which node of the source network a row of an engine's report stands for. Engines decorate the names of nodes they
// fuse or move to another layout.
#ifndef LATIMER_BACKENDS_NODE_NAMES_H_
#define LATIMER_BACKENDS_NODE_NAMES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace latimer {

class NodeNames {
 public:
  // Names of the nodes of a serialised ModelProto; none if the bytes are no model.
  explicit NodeNames(absl::string_view onnx_model);

  // The node called `reported`, without an engine's "fused " before it, or else the one with the longest name that
  // `reported` continues after '_' or '/' ("conv1_nchwc", "fc/MatMulAddFusion"). Names of output tensors stand for
  // their nodes: some engines call a fused group by the tensor it writes. Empty: work of the engine's own, such as
  // changes of layout. The view lives as long as this object.
  absl::string_view Find(absl::string_view reported) const;

 private:
  absl::flat_hash_map<std::string, std::string> nodes_;  // by name of node or output
};

}  // namespace latimer

#endif  // LATIMER_BACKENDS_NODE_NAMES_H_
