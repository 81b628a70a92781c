#include <google/protobuf/arena.h>

#include <climits>

#include "core/base/error.h"
#include "core/network/onnx/onnx_import.h"
#include "onnx/onnx_pb.h"

namespace latimer {
namespace {

void Strip(onnx::TensorProto& tensor, int64_t keep_elements) {
  tensor.clear_external_data();
  tensor.clear_data_location();
  const bool real =
      tensor.data_type() == onnx::TensorProto::FLOAT || tensor.data_type() == onnx::TensorProto::FLOAT16 ||
      tensor.data_type() == onnx::TensorProto::DOUBLE || tensor.data_type() == onnx::TensorProto::BFLOAT16 ||
      tensor.data_type() == onnx::TensorProto::INT8 || tensor.data_type() == onnx::TensorProto::UINT8;
  if (!real) return;  // integers may be shapes
  int64_t elements = 1;
  for (int64_t dim : tensor.dims()) {
    if (dim <= 0) return;
    if (__builtin_mul_overflow(elements, dim, &elements)) elements = INT64_MAX;
    if (elements == INT64_MAX) break;
  }
  if (elements <= keep_elements) return;
  tensor.clear_raw_data();
  tensor.clear_float_data();
  tensor.clear_double_data();
  tensor.clear_int32_data();
}

void StripGraph(onnx::GraphProto& graph, int64_t keep_elements) {
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) Strip(tensor, keep_elements);
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) Strip(*attribute.mutable_t(), keep_elements);
      if (attribute.has_g()) StripGraph(*attribute.mutable_g(), keep_elements);
    }
  }
}

}  // namespace

absl::StatusOr<std::string> StripWeights(absl::string_view bytes, int64_t keep_elements) {
  google::protobuf::Arena arena;
  auto* model = google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena);
  if (bytes.empty() || bytes.size() > static_cast<size_t>(INT_MAX) ||
      !model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model->has_graph()) {
    return InvalidArgument("NOT_AN_ONNX_MODEL",
                           "the bytes are not a serialised onnx.ModelProto, or the file is truncated");
  }
  StripGraph(*model->mutable_graph(), keep_elements);
  return model->SerializeAsString();
}

}  // namespace latimer
