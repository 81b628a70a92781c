#include "agent/engine/engine_model.h"

#include <map>

#include "backends/materialize.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/read_network.h"
#include "onnx/onnx_pb.h"

namespace latimer::agent {
namespace {

// Every board gives the same network the same weights.
constexpr uint64_t kWeightSeed = 1;

// Writes the shapes the importer settled on into the model's inputs, so that none is left open for the engine.
absl::StatusOr<std::string> FixInputShapes(const std::string& bytes, const Network& network) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) return InvalidArgument("BAD_MODEL", "the network is no ONNX model");
  std::map<absl::string_view, const Shape*> shapes;
  for (const TensorId input : network.inputs) {
    const Tensor& tensor = network.tensors[input];
    shapes[tensor.name] = &tensor.shape;
  }
  for (onnx::ValueInfoProto& input : *model.mutable_graph()->mutable_input()) {
    const auto found = shapes.find(input.name());
    if (found == shapes.end() || !input.type().has_tensor_type()) continue;
    onnx::TensorShapeProto* shape = input.mutable_type()->mutable_tensor_type()->mutable_shape();
    shape->clear_dim();
    for (const int64_t dim : *found->second) shape->add_dim()->set_dim_value(dim);
  }
  return model.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::string> EngineModel(const v1::NetworkSource& source) {
  LATIMER_ASSIGN_OR_RETURN(const Network network, ReadNetwork(source));
  std::string model;
  if (source.source_case() == v1::NetworkSource::kOnnxModel) {
    LATIMER_ASSIGN_OR_RETURN(model, FixInputShapes(source.onnx_model(), network));
  } else {
    LATIMER_ASSIGN_OR_RETURN(model, ExportOnnx(network));
  }
  return MaterializeWeights(model, kWeightSeed);
}

}  // namespace latimer::agent
