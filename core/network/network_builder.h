// Builds a Network layer by layer: checks every layer, infers its output shapes, adds the weights its attributes
// imply, and guards the sums that later stages rely on (no count of operations or bytes overflows). All importers end
// here, so that a Network is valid by construction.
//
//   NetworkBuilder builder(limits);
//   LATIMER_ASSIGN_OR_RETURN(TensorId x, builder.AddInput("x", {1, 3, 32, 32}, DataType::kFloat32));
//   LayerSpec conv{.name = "conv1", .type = LayerType::kConv, .attributes = …};
//   conv.operands.push_back(Operand::Activation(x));
//   LATIMER_ASSIGN_OR_RETURN(LayerId id, builder.AddLayer(conv));
//   LATIMER_ASSIGN_OR_RETURN(Network network, std::move(builder).Finish({}));
//
// Not thread-safe. Errors are INVALID_ARGUMENT or RESOURCE_EXHAUSTED and name the layer.
#ifndef LATIMER_CORE_NETWORK_NETWORK_BUILDER_H_
#define LATIMER_CORE_NETWORK_NETWORK_BUILDER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/import_options.h"
#include "core/network/network.h"

namespace latimer {

// One operand of a layer: an activation, or a constant that takes part in shape inference (the constant side of an
// element-wise layer, a table). Weights of CONV, DEPTHWISE_CONV, CONV_TRANSPOSE and FULLY_CONNECTED, scales of
// normalisations and the like are not operands; they go into LayerSpec::weights or are implied.
struct Operand {
  TensorId tensor = kNone;
  ConstantId constant = kNone;
  static Operand Activation(TensorId id) { return {id, kNone}; }
  static Operand Fixed(ConstantId id) { return {kNone, id}; }
};

struct LayerSpec {
  absl::string_view name;  // empty: "layer<index>"
  LayerType type = LayerType::kUnspecified;
  absl::string_view source_operator;  // empty: the type's name
  absl::InlinedVector<Operand, 3> operands;
  LayerAttributes attributes;
  // Constants read beside the operands. Empty: those the attributes imply (weights and bias of convolutions and fully
  // connected layers) are added.
  absl::InlinedVector<ConstantId, 2> weights;
  // Names of the outputs; empty: the layer's name, then "<name>:1" ….
  absl::InlinedVector<absl::string_view, 1> output_names;
  DataType output_type = DataType::kUnspecified;  // unspecified: that of the first activation
  // Shapes declared by the source, used as they are instead of inference for UNKNOWN layers.
  absl::InlinedVector<Shape, 1> declared_output_shapes;
};

class NetworkBuilder {
 public:
  explicit NetworkBuilder(const ImportLimits& limits = {});

  // Makes room for about as many layers, so that growing costs nothing; more may be added.
  void Reserve(size_t layers);

  absl::StatusOr<TensorId> AddInput(absl::string_view name, const Shape& shape, DataType type);
  absl::StatusOr<ConstantId> AddConstant(absl::string_view name, const Shape& shape, DataType type);
  absl::StatusOr<LayerId> AddLayer(const LayerSpec& spec);

  // The tensor of that name, or kNone.
  TensorId FindTensor(absl::string_view name) const;
  // Makes another name for a tensor (operators that only rename).
  absl::Status AddAlias(absl::string_view name, TensorId tensor);
  // Records that the source node `node` costs nothing and left no layer.
  void AddFreeNode(absl::string_view node);
  // Adds one node to a warning; warnings of the same code and message are merged.
  void AddWarning(ImportWarning::Code code, absl::string_view message, absl::string_view node);

  const Network& network() const { return network_; }
  Network& mutable_network() { return network_; }

  // Checks and returns the network. `outputs`: names; empty: all tensors that no layer reads.
  absl::StatusOr<Network> Finish(const std::vector<absl::string_view>& outputs) &&;

 private:
  ImportLimits limits_;
  Network network_;
  absl::flat_hash_map<absl::string_view, TensorId> tensor_by_name_;  // keys live in network_.names
  absl::flat_hash_set<absl::string_view> layer_names_;
  int64_t total_macs_ = 0;
  int64_t total_bytes_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_NETWORK_BUILDER_H_
