// Network: a graph of layers whose shapes are all known. The value every stage of the estimator works on.
//
// A Network is made by an importer (ONNX, ANNETTE JSON, latimer.v1.Network), rewritten by Simplify(), and read-only
// afterwards. It owns its names; every string_view in it points into `names` and lives as long as the Network. It
// moves but does not copy. Reading from several threads is safe.
//
// Activations are `tensors`; weights and tables are `constants` and never activations. Layers are in topological order.
#ifndef LATIMER_CORE_NETWORK_NETWORK_H_
#define LATIMER_CORE_NETWORK_NETWORK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/network/layer_attributes.h"
#include "core/network/layer_type.h"
#include "core/network/name_arena.h"
#include "core/network/shape.h"

namespace latimer {

using TensorId = int32_t;    // index into Network::tensors
using ConstantId = int32_t;  // index into Network::constants
using LayerId = int32_t;     // index into Network::layers

inline constexpr int32_t kNone = -1;

// An activation.
struct Tensor {
  absl::string_view name;
  Shape shape;
  DataType type = DataType::kFloat32;
  LayerId producer = kNone;  // kNone: a network input
};

// A weight, bias or table. Only its size is kept, and its value where it has one element: patterns such as x * 0.5 are
// known by it.
struct Constant {
  absl::string_view name;
  Shape shape;
  DataType type = DataType::kFloat32;
  std::optional<double> scalar;
};

struct Layer {
  absl::string_view name;  // unique; the node's name, or its first output's where the node has none
  LayerType type = LayerType::kUnspecified;
  absl::string_view source_operator;         // operator in the source, for example "Conv"
  absl::InlinedVector<TensorId, 3> inputs;   // activations read, in the operator's order
  absl::InlinedVector<TensorId, 1> outputs;  // activations written
  absl::InlinedVector<ConstantId, 2> constants;
  LayerAttributes attributes;
  absl::InlinedVector<absl::string_view, 1> nodes;  // source nodes this layer stands for, in execution order
};

// Something an importer could not read as meant. Codes are those of latimer.v1.WarningCode.
struct ImportWarning {
  enum class Code : uint8_t {
    kUnknownOperator = 1,
    kAssumedShape = 2,
    kNewerOperatorSet = 6,
    kInconsistentSource = 7,
  };
  Code code;
  std::string message;
  std::vector<std::string> nodes;  // at most 20
  int64_t count = 0;               // all of them
};

struct Network {
  Network() = default;
  Network(Network&&) = default;
  Network& operator=(Network&&) = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Constant> constants;
  std::vector<Layer> layers;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  std::vector<absl::string_view> free_nodes;  // source nodes Simplify() removed and that cost no time
  std::vector<ImportWarning> warnings;
  NameArena names;

  // Facts of the source, set by the importer and kept through Simplify().
  int64_t source_node_count = 0;  // without nodes that only make constants
  int64_t source_params = 0;      // floating-point constants of more than one element, each counted once

  const Shape& InputShape(const Layer& layer, size_t index) const { return tensors[layer.inputs[index]].shape; }
  const Shape& OutputShape(const Layer& layer, size_t index = 0) const { return tensors[layer.outputs[index]].shape; }
};

// Multiply-accumulates of one layer: CONV, DEPTHWISE_CONV, CONV_TRANSPOSE, FULLY_CONNECTED and MAT_MUL; 0 for all other
// types. Bias additions are not counted. Importers guarantee that no layer's count overflows.
int64_t Macs(const Network& network, const Layer& layer);

// Sum over all layers.
int64_t Macs(const Network& network);

// Elements of the constants the layer reads.
int64_t ConstantElements(const Network& network, const Layer& layer);

// Layers that read each tensor, in order: consumers[tensor] lists layer ids (a layer that reads it twice is listed
// once). A network output is not a consumer.
std::vector<absl::InlinedVector<LayerId, 2>> Consumers(const Network& network);

// Memory at given bit widths; 0 bits: each tensor's own element type.
struct MemoryNeed {
  int64_t weight_bytes = 0;           // every constant once
  int64_t peak_activation_bytes = 0;  // largest sum of tensors alive at one time, in layer order; RESHAPE shares memory
};
MemoryNeed ComputeMemory(const Network& network, int activation_bits = 0, int weight_bits = 0);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_NETWORK_H_
