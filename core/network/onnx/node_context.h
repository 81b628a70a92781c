// One ONNX node while it is read: its inputs, its attributes, and what it becomes. Internal to core/network/onnx.
#ifndef LATIMER_CORE_NETWORK_ONNX_NODE_CONTEXT_H_
#define LATIMER_CORE_NETWORK_ONNX_NODE_CONTEXT_H_

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"
#include "core/network/import_options.h"
#include "core/network/network_builder.h"
#include "core/network/onnx/known_constant.h"
#include "onnx/onnx_pb.h"

namespace latimer::onnx_internal {

// What a name of the graph stands for: an activation or a constant.
struct Value {
  TensorId tensor = kNone;
  KnownConstant* constant = nullptr;
};

// Everything known of a graph so far.
struct GraphState {
  explicit GraphState(const ImportOptions& import_options) : options(import_options), builder(import_options.limits) {}

  const ImportOptions& options;
  int opset = 13;
  NetworkBuilder builder;
  absl::flat_hash_map<absl::string_view, Value> values;
  absl::flat_hash_map<absl::string_view, const onnx::ValueInfoProto*> declared;
  std::vector<std::unique_ptr<KnownConstant>> constants;
  absl::flat_hash_set<std::string> layer_names;
  absl::flat_hash_map<std::string, int> name_counts;  // how often each name was asked for again
  // Elements of large constants that may still be read or made by constant evaluation; past it only shapes are kept, so
  // that a small file cannot ask for gigabytes or minutes.
  int64_t fold_budget = 256 * options.limits.max_constant_elements;
  std::deque<std::string> own_names;  // names made here that views point to
  int64_t batch_factor = 1;           // requested batch size / declared batch size of the first input
};

class NodeContext {
 public:
  NodeContext(GraphState& state, const onnx::NodeProto& node, int index);

  const onnx::NodeProto& node() const { return node_; }
  absl::string_view op() const { return node_.op_type(); }
  int opset() const { return state_.opset; }
  GraphState& state() { return state_; }
  const std::string& text() const { return text_; }

  // Inputs. An optional input that is left out is not there.
  size_t input_count() const { return inputs_.size(); }
  bool HasInput(size_t i) const { return i < inputs_.size() && (inputs_[i].tensor != kNone || inputs_[i].constant); }
  bool IsConstant(size_t i) const { return i < inputs_.size() && inputs_[i].constant != nullptr; }
  const KnownConstant* Constant(size_t i) const { return i < inputs_.size() ? inputs_[i].constant : nullptr; }
  const Shape& InputShape(size_t i) const;
  bool AllConstant() const;
  // Adds the floating-point constants this node reads to Network::source_params, each once.
  void CountParams();
  // Error unless input `i` is there.
  absl::Status Need(size_t i) const;
  // The elements of a constant integer input that is a list of sizes, axes or the like. Error if it is not there,
  // computed from data, or longer than any such list.
  absl::StatusOr<std::vector<int64_t>> Integers(size_t i, absl::string_view what) const;
  // The elements of such a list as numbers, of either type; nullopt if they are not known.
  std::optional<std::vector<double>> Numbers(size_t i) const;
  // The input as an operand; a constant becomes one of the network.
  absl::StatusOr<Operand> InputOperand(size_t i);
  absl::StatusOr<ConstantId> InputConstantId(size_t i);

  // Attributes; nullopt or the default where they are not there or of another type.
  bool HasAttribute(absl::string_view name) const { return Attribute(name) != nullptr; }
  const onnx::AttributeProto* Attribute(absl::string_view name) const;
  int64_t Int(absl::string_view name, int64_t default_value) const;
  float Float(absl::string_view name, float default_value) const;
  absl::string_view String(absl::string_view name, absl::string_view default_value) const;
  std::optional<std::vector<int64_t>> Ints(absl::string_view name) const;

  // An error that names the node.
  Error Bad(absl::string_view reason, absl::string_view message) const;

  // Adds a layer with the given inputs as operands and `weights` as constants beside them. The first call makes the
  // layer that carries the node's name and outputs; see EmitStep() for nodes of several layers.
  absl::Status Emit(LayerType type, LayerAttributes attributes, std::initializer_list<size_t> operands,
                    std::initializer_list<size_t> weights = {}, DataType output_type = DataType::kUnspecified);
  absl::Status EmitOperands(LayerType type, LayerAttributes attributes, absl::InlinedVector<Operand, 3> operands,
                            absl::InlinedVector<ConstantId, 2> weights = {},
                            DataType output_type = DataType::kUnspecified);
  // A layer before the last one of this node; returns its output.
  absl::StatusOr<TensorId> EmitStep(LayerType type, LayerAttributes attributes,
                                    absl::InlinedVector<Operand, 3> operands,
                                    absl::InlinedVector<ConstantId, 2> weights = {});
  // Every input, as operands.
  absl::Status EmitAllInputs(LayerType type, LayerAttributes attributes, DataType output_type = DataType::kUnspecified);
  // The first output is input `i` under another name.
  absl::Status EmitAlias(size_t i);
  // The first output is a constant.
  void SetConstant(std::unique_ptr<KnownConstant> constant, size_t output = 0);
  // Takes the elements of the large constants this node reads from the budget; those it does not cover lose theirs.
  void ChargeFold();
  // An UNKNOWN layer with the shapes the model declares for its outputs, with warnings.
  absl::Status EmitUnknown();

 private:
  absl::string_view UniqueLayerName();
  // `base`, or with a suffix if that name is taken.
  std::string UniqueName(const std::string& base, absl::string_view separator);

  GraphState& state_;
  const onnx::NodeProto& node_;
  std::string text_;
  absl::InlinedVector<Value, 4> inputs_;
};

// A resolved, static shape from a value's declared type; nullopt where anything is open.
std::optional<Shape> DeclaredShape(const onnx::ValueInfoProto& info);

// Reads one kind of operator. Looks the operator up; null: unknown.
using NodeHandler = absl::Status (*)(NodeContext&);
NodeHandler FindHandler(absl::string_view op);

// Computes a node on constants. True: done (its outputs are set). False: not an operator that can be.
absl::StatusOr<bool> Fold(NodeContext& node);

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_NODE_CONTEXT_H_
