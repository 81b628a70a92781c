#include "backends/node_names.h"

#include <onnx/onnx_pb.h>

#include "absl/strings/strip.h"

namespace latimer {

NodeNames::NodeNames(absl::string_view onnx_model) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(onnx_model.data(), static_cast<int>(onnx_model.size()))) return;
  // Nodes without a name are called by their first output, as in our own reading of the model. Names of nodes first:
  // they win over outputs of the same name.
  for (const onnx::NodeProto& node : model.graph().node()) {
    if (!node.name().empty()) nodes_.try_emplace(node.name(), node.name());
  }
  for (const onnx::NodeProto& node : model.graph().node()) {
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      nodes_.try_emplace(output, node.name().empty() ? node.output(0) : node.name());
    }
  }
}

absl::string_view NodeNames::Find(absl::string_view reported) const {
  if (const auto exact = nodes_.find(reported); exact != nodes_.end()) return exact->second;
  absl::ConsumePrefix(&reported, "fused ");
  for (size_t length = reported.size(); length > 0; --length) {
    const bool ends = length == reported.size() || reported[length] == '_' || reported[length] == '/';
    if (!ends) continue;
    const auto found = nodes_.find(reported.substr(0, length));
    if (found != nodes_.end()) return found->second;
  }
  return {};
}

}  // namespace latimer
