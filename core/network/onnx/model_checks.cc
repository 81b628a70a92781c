#include "core/network/onnx/model_checks.h"

#include <onnx/checker.h>
#include <onnx/defs/schema.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"

namespace latimer::onnx_internal {
namespace {

// Field numbers of onnx.proto.
constexpr uint64_t kModelGraph = 7;
constexpr uint64_t kGraphNode = 1;
constexpr uint64_t kGraphInitializer = 5;
constexpr uint64_t kGraphInput = 11;
constexpr uint64_t kGraphOutput = 12;
constexpr uint64_t kGraphValueInfo = 13;

Error TooMany(absl::string_view what, int64_t limit) {
  return ResourceExhausted("TOO_MANY_NODES", absl::StrCat("the model has more than ", limit, " ", what));
}

// Walks the fields of one protobuf message; false when the bytes end it early.
class FieldWalker {
 public:
  explicit FieldWalker(absl::string_view bytes) : rest_(bytes) {}

  // The next length-delimited field; other fields are skipped. False at the end or at bytes that are no message.
  bool Next(uint64_t& field, absl::string_view& content) {
    uint64_t tag = 0;
    while (Varint(tag)) {
      uint64_t length = 0;
      switch (tag & 7) {
        case 0:
          if (!Varint(length)) return false;
          break;
        case 1:
          if (!Skip(8)) return false;
          break;
        case 5:
          if (!Skip(4)) return false;
          break;
        case 2:
          if (!Varint(length) || length > rest_.size()) return false;
          field = tag >> 3;
          content = rest_.substr(0, length);
          rest_.remove_prefix(length);
          return true;
        default:
          return false;
      }
    }
    return false;
  }

 private:
  bool Skip(size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  absl::string_view rest_;
};

struct Counts {
  int64_t nodes = 0;
  int64_t tensors = 0;
};

absl::Status CheckGraph(const onnx::GraphProto& graph, const ImportLimits& limits, int64_t depth, Counts& counts) {
  if (depth > limits.max_nesting) {
    return ResourceExhausted("TOO_DEEP", absl::StrCat("sub-graphs are nested deeper than ", limits.max_nesting));
  }
  counts.nodes += graph.node_size();
  if (counts.nodes > limits.max_nodes) return TooMany("nodes", limits.max_nodes);
  counts.tensors +=
      int64_t{graph.initializer_size()} + graph.input_size() + graph.output_size() + graph.value_info_size();
  if (counts.tensors > limits.max_tensors) return TooMany("tensors", limits.max_tensors);
  auto check_name = [&](absl::string_view what, const std::string& name) -> absl::Status {
    if (!IsValidUtf8(name)) {
      return InvalidArgument("NAME_NOT_UTF8", absl::StrCat("the name '", name, "' (", what, ") is not UTF-8"));
    }
    if (static_cast<int64_t>(name.size()) <= limits.max_name_bytes) return absl::OkStatus();
    return ResourceExhausted("NAME_TOO_LONG", absl::StrCat("a name (", what, ") has ", name.size(), " bytes; at most ",
                                                           limits.max_name_bytes, " are allowed"));
  };
  auto check_rank = [&](absl::string_view name, int64_t rank) -> absl::Status {
    if (rank <= limits.max_rank) return absl::OkStatus();
    return ResourceExhausted(
               "TOO_MANY_DIMENSIONS",
               absl::StrCat("tensor '", name, "' has ", rank, " dimensions; at most ", limits.max_rank, " are allowed"))
        .With("tensor", name);
  };
  LATIMER_RETURN_IF_ERROR(check_name("graph", graph.name()));
  for (int i = 0; i < graph.node_size(); ++i) {
    const onnx::NodeProto& node = graph.node(i);
    LATIMER_RETURN_IF_ERROR(check_name("node", node.name()));
    LATIMER_RETURN_IF_ERROR(check_name("operator", node.op_type()));
    LATIMER_RETURN_IF_ERROR(check_name("domain", node.domain()));
    if (node.input_size() > limits.max_inputs_per_node || node.output_size() > limits.max_inputs_per_node) {
      return ResourceExhausted("TOO_MANY_INPUTS", absl::StrCat(NodeText(node, i), " has more than ",
                                                               limits.max_inputs_per_node, " inputs or outputs"));
    }
    if (node.attribute_size() > limits.max_attributes_per_node) {
      return ResourceExhausted("TOO_MANY_ATTRIBUTES", absl::StrCat(NodeText(node, i), " has more than ",
                                                                   limits.max_attributes_per_node, " attributes"));
    }
    counts.tensors += node.output_size();
    if (counts.tensors > limits.max_tensors) return TooMany("tensors", limits.max_tensors);
    for (const std::string& name : node.output()) LATIMER_RETURN_IF_ERROR(check_name("value", name));
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_t()) LATIMER_RETURN_IF_ERROR(check_rank(attribute.name(), attribute.t().dims_size()));
      if (attribute.has_g()) LATIMER_RETURN_IF_ERROR(CheckGraph(attribute.g(), limits, depth + 1, counts));
      for (const onnx::GraphProto& inner : attribute.graphs()) {
        LATIMER_RETURN_IF_ERROR(CheckGraph(inner, limits, depth + 1, counts));
      }
    }
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    LATIMER_RETURN_IF_ERROR(check_name("tensor", tensor.name()));
    LATIMER_RETURN_IF_ERROR(check_rank(tensor.name(), tensor.dims_size()));
  }
  for (const onnx::ValueInfoProto& input : graph.input()) {
    LATIMER_RETURN_IF_ERROR(check_name("input", input.name()));
    LATIMER_RETURN_IF_ERROR(check_rank(input.name(), input.type().tensor_type().shape().dim_size()));
  }
  return absl::OkStatus();
}

bool HasData(const onnx::TensorProto& tensor) {
  return tensor.has_raw_data() || tensor.float_data_size() > 0 || tensor.int32_data_size() > 0 ||
         tensor.int64_data_size() > 0 || tensor.double_data_size() > 0 || tensor.uint64_data_size() > 0 ||
         tensor.string_data_size() > 0;
}

bool IsDefaultDomain(absl::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

// The checker wants exactly one data field in every tensor and fails on dims without data; a dimension of 0 makes it
// content. This takes the dims away while it lives.
class WithoutMissingData {
 public:
  explicit WithoutMissingData(onnx::ModelProto& model) {
    for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) Take(tensor);
    for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
      for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.has_t()) Take(*attribute.mutable_t());
      }
    }
  }
  ~WithoutMissingData() {
    for (auto& [tensor, dims] : taken_) *tensor->mutable_dims() = std::move(dims);
  }
  WithoutMissingData(const WithoutMissingData&) = delete;
  WithoutMissingData& operator=(const WithoutMissingData&) = delete;

 private:
  using Dims = google::protobuf::RepeatedField<int64_t>;
  void Take(onnx::TensorProto& tensor) {
    if (HasData(tensor)) return;
    taken_.emplace_back(&tensor, tensor.dims());
    tensor.mutable_dims()->Clear();
    tensor.add_dims(0);
  }
  std::vector<std::pair<onnx::TensorProto*, Dims>> taken_;
};

}  // namespace

std::string NodeText(const onnx::NodeProto& node, int index) {
  return node.name().empty() ? absl::StrCat("node #", index, " (", node.op_type(), ")")
                             : absl::StrCat("node '", node.name(), "' (", node.op_type(), ")");
}

absl::Status CheckSizeBeforeParsing(absl::string_view bytes, const ImportLimits& limits) {
  Counts counts;
  uint64_t field = 0;
  absl::string_view content;
  for (FieldWalker model(bytes); model.Next(field, content);) {
    if (field != kModelGraph) continue;
    absl::string_view inner;
    for (FieldWalker graph(content); graph.Next(field, inner);) {
      if (field == kGraphNode && ++counts.nodes > limits.max_nodes) return TooMany("nodes", limits.max_nodes);
      const bool tensor =
          field == kGraphInitializer || field == kGraphInput || field == kGraphOutput || field == kGraphValueInfo;
      if (tensor && ++counts.tensors > limits.max_tensors) return TooMany("tensors", limits.max_tensors);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const onnx::GraphProto& graph, const ImportLimits& limits) {
  Counts counts;
  return CheckGraph(graph, limits, 0, counts);
}

absl::Status CheckOrder(const onnx::GraphProto& graph) {
  absl::flat_hash_map<absl::string_view, int> producer;  // -1: input or initializer
  producer.reserve(static_cast<size_t>(graph.initializer_size() + graph.input_size() + graph.node_size()));
  for (const onnx::TensorProto& tensor : graph.initializer()) producer.emplace(tensor.name(), -1);
  for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer()) producer.emplace(tensor.values().name(), -1);
  for (const onnx::ValueInfoProto& input : graph.input()) producer.emplace(input.name(), -1);
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (output.empty()) continue;
      const auto [at, fresh] = producer.emplace(output, i);
      if (!fresh) {
        return InvalidArgument("DUPLICATE_NAME", absl::StrCat(NodeText(graph.node(i), i), " makes the value '", output,
                                                              "', which is defined already"))
            .With("node", graph.node(i).name())
            .With("value", output);
      }
    }
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    const onnx::NodeProto& node = graph.node(i);
    for (const std::string& input : node.input()) {
      if (input.empty()) continue;
      const auto found = producer.find(input);
      if (found == producer.end()) {
        return InvalidArgument("MISSING_INPUT", absl::StrCat(NodeText(node, i), " reads '", input,
                                                             "', which no node, input or initializer of the graph is"))
            .With("node", node.name())
            .With("value", input);
      }
      if (found->second >= i) {
        const std::string other = found->second == i
                                      ? "itself"
                                      : absl::StrCat("the later ", NodeText(graph.node(found->second), found->second));
        return InvalidArgument("NOT_TOPOLOGICALLY_SORTED",
                               absl::StrCat(NodeText(node, i), " reads '", input, "', which is made by ", other,
                                            ": the nodes form a cycle or are not in topological order"))
            .With("node", node.name())
            .With("value", input);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAgainstSchemas(onnx::ModelProto& model) {
  int version = 1;
  for (const onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (IsDefaultDomain(set.domain())) version = static_cast<int>(set.version());
  }
  // The checker gives up at an operator it has no schema for; here it is an unknown operator, and the others are
  // checked one by one.
  bool all_known = true;
  for (const onnx::NodeProto& node : model.graph().node()) {
    all_known = all_known && IsDefaultDomain(node.domain()) &&
                onnx::OpSchemaRegistry::Schema(node.op_type(), version, "") != nullptr;
  }
  const WithoutMissingData guard(model);
  std::string message;
  try {
    if (all_known) {
      onnx::checker::check_model(model);
      return absl::OkStatus();
    }
    for (const onnx::NodeProto& node : model.graph().node()) {
      if (!IsDefaultDomain(node.domain())) continue;
      const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(node.op_type(), version, "");
      if (schema != nullptr) schema->Verify(node);
    }
    return absl::OkStatus();
  } catch (const std::exception& error) {
    message = error.what();
  }
  return InvalidArgument("INVALID_ONNX_MODEL", absl::StrCat("the model breaks ONNX's rules: ", message));
}

}  // namespace latimer::onnx_internal
