#include "backends/node_names.h"

#include <onnx/onnx_pb.h>

#include "absl/strings/strip.h"

namespace latimer {

NodeNames::NodeNames(absl::string_view onnx_model) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(onnx_model.data(), static_cast<int>(onnx_model.size()))) return;
  for (const onnx::NodeProto& node : model.graph().node()) {
    if (!node.name().empty()) names_.insert(node.name());
  }
}

absl::string_view NodeNames::Find(absl::string_view reported) const {
  if (const auto exact = names_.find(reported); exact != names_.end()) return *exact;
  absl::ConsumePrefix(&reported, "fused ");
  for (size_t length = reported.size(); length > 0; --length) {
    const bool ends = length == reported.size() || reported[length] == '_' || reported[length] == '/';
    if (!ends) continue;
    const auto found = names_.find(reported.substr(0, length));
    if (found != names_.end()) return *found;
  }
  return {};
}

}  // namespace latimer
