#include "core/network/onnx/onnx_import.h"

#include <google/protobuf/io/coded_stream.h>

#include <climits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/input_overrides.h"
#include "core/network/onnx/checked_models.h"
#include "core/network/onnx/handlers.h"
#include "core/network/onnx/model_checks.h"
#include "core/network/onnx/node_context.h"

namespace latimer {
namespace onnx_internal {
namespace {

constexpr int kOldestOperatorSet = 7;
constexpr int kNewestOperatorSet = 17;

bool IsDefaultDomain(absl::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

absl::Status Parse(absl::string_view bytes, onnx::ModelProto* model) {
  const char* what = nullptr;
  if (bytes.empty()) {
    what = "the file is empty";
  } else if (bytes.size() > static_cast<size_t>(INT_MAX)) {
    what = "the file has 2 GiB or more; strip its weights";
  } else if (!model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    what = "the bytes are not a serialised onnx.ModelProto, or the file is truncated";
  } else if (!model->has_graph() || model->graph().node_size() == 0) {
    what = "the bytes hold no graph with nodes; is this an ONNX file?";
  }
  if (what != nullptr) return InvalidArgument("NOT_AN_ONNX_MODEL", what);
  return absl::OkStatus();
}

// What only says where weights lie is taken away: their shapes are enough, and no file is ever read.
void DropExternalData(onnx::GraphProto* graph) {
  for (onnx::TensorProto& tensor : *graph->mutable_initializer()) {
    if (tensor.external_data_size() == 0 && !tensor.has_data_location()) continue;
    tensor.clear_external_data();
    tensor.clear_data_location();
  }
}

absl::StatusOr<int> OperatorSet(const onnx::ModelProto& model) {
  int64_t version = 0;
  for (const onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (IsDefaultDomain(set.domain())) version = set.version();
  }
  if (version == 0) {
    return InvalidArgument("NO_OPERATOR_SET", "the model does not say which ONNX operator set it uses (opset_import)");
  }
  if (version < kOldestOperatorSet || version > 1000) {
    return InvalidArgument("UNSUPPORTED_OPERATOR_SET",
                           absl::StrCat("the model uses ONNX operator set ", version, "; versions ", kOldestOperatorSet,
                                        " to ", kNewestOperatorSet, " are supported: export it again"))
        .With("opset", absl::StrCat(version));
  }
  return static_cast<int>(version);
}

absl::Status AddInputs(const onnx::GraphProto& graph, GraphState& state) {
  std::vector<DeclaredInput> declared;
  std::vector<const onnx::ValueInfoProto*> infos;
  for (const onnx::ValueInfoProto& input : graph.input()) {
    if (state.values.contains(input.name())) continue;  // an initializer listed as input, as in old models
    if (!input.type().has_tensor_type()) {
      return InvalidArgument("BAD_INPUT", absl::StrCat("input '", input.name(), "' is not a tensor"))
          .With("input", input.name());
    }
    const auto& type = input.type().tensor_type();
    DeclaredInput& entry = declared.emplace_back();
    entry.name = input.name();
    entry.rank_known = type.has_shape();
    for (const auto& dim : type.shape().dim()) {
      DeclaredDimension dimension;
      if (dim.has_dim_value()) {
        // -1 is how some exporters write an open dimension.
        dimension.size = dim.dim_value() == -1 ? -1 : (dim.dim_value() < -1 ? 0 : dim.dim_value());
        if (dim.dim_value() < -1) {
          return InvalidArgument("BAD_DIMENSION", absl::StrCat("input '", input.name(), "': a dimension is ",
                                                               dim.dim_value(), "; dimensions are at least 1"))
              .With("input", input.name());
        }
      } else {
        dimension.symbol = dim.dim_param();
      }
      entry.dims.push_back(dimension);
    }
    infos.push_back(&input);
  }
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, ResolveInputShapes(declared, state.options));
  for (size_t i = 0; i < shapes.size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(
        const TensorId id,
        state.builder.AddInput(declared[i].name, shapes[i], FromOnnxType(infos[i]->type().tensor_type().elem_type())));
    state.values[declared[i].name] = Value{id, nullptr};
    const bool batched = state.options.batch_size > 0 && !declared[i].dims.empty() && declared[i].dims[0].size > 0;
    if (batched && state.options.batch_size % declared[i].dims[0].size == 0) {
      state.batch_factor = state.options.batch_size / declared[i].dims[0].size;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadNode(GraphState& state, const onnx::NodeProto& node, int index) {
  NodeContext context(state, node, index);
  Network& network = state.builder.mutable_network();
  const bool known_domain = IsDefaultDomain(node.domain());
  const bool constant = context.AllConstant() && node.output_size() > 0;
  if (known_domain) {
    LATIMER_ASSIGN_OR_RETURN(const bool folded, Fold(context));
    if (folded) {
      const auto made = state.values.find(node.output_size() > 0 ? node.output(0) : "");
      if (made != state.values.end() && made->second.constant != nullptr && made->second.constant->from_shape) {
        ++network.source_node_count;
        state.builder.AddFreeNode(node.name().empty() ? node.output(0) : node.name());
      }
      return absl::OkStatus();
    }
  }
  ++network.source_node_count;
  if (constant && context.input_count() > 0 && context.HasInput(0)) {
    // Every input is a constant and so is the result, though its value is not known; only its size matters.
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      auto made = std::make_unique<KnownConstant>();
      const auto declared = state.declared.find(node.output(i));
      std::optional<Shape> shape = declared == state.declared.end() ? std::nullopt : DeclaredShape(*declared->second);
      made->shape = shape.has_value() ? *std::move(shape) : context.InputShape(0);
      made->type = context.Constant(0)->type;
      context.SetConstant(std::move(made), static_cast<size_t>(i));
    }
    --network.source_node_count;
    return absl::OkStatus();
  }
  context.CountParams();
  const NodeHandler handler = known_domain ? FindHandler(node.op_type()) : nullptr;
  return handler == nullptr ? context.EmitUnknown() : handler(context);
}

absl::StatusOr<Network> ReadGraph(const onnx::ModelProto& model, int opset, const ImportOptions& options) {
  const onnx::GraphProto& graph = model.graph();
  GraphState state(options);
  state.opset = opset;
  state.values.reserve(static_cast<size_t>(graph.node_size() + graph.initializer_size()));
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<KnownConstant> constant,
                             ReadTensor(tensor, tensor.name(), options.limits.max_constant_elements));
    state.values[constant->name] = Value{kNone, constant.get()};
    state.constants.push_back(std::move(constant));
  }
  for (const auto* infos : {&graph.value_info(), &graph.output()}) {
    for (const onnx::ValueInfoProto& info : *infos) state.declared.emplace(info.name(), &info);
  }
  LATIMER_RETURN_IF_ERROR(AddInputs(graph, state));
  Network& network = state.builder.mutable_network();
  network.name = options.display_name.empty() ? graph.name() : options.display_name;
  if (opset > kNewestOperatorSet) {
    state.builder.AddWarning(
        ImportWarning::Code::kNewerOperatorSet,
        absl::StrCat("the model uses ONNX operator set ", opset, ", newer than ", kNewestOperatorSet,
                     "; operators are read as the newest known version has "
                     "them"),
        "");
  }
  for (int i = 0; i < graph.node_size(); ++i) LATIMER_RETURN_IF_ERROR(ReadNode(state, graph.node(i), i));

  std::vector<absl::string_view> outputs;
  for (const onnx::ValueInfoProto& output : graph.output()) {
    const auto value = state.values.find(output.name());
    if (value == state.values.end()) {
      return InvalidArgument("UNKNOWN_OUTPUT", absl::StrCat("no node makes the network output '", output.name(), "'"))
          .With("output", output.name());
    }
    if (value->second.tensor != kNone) outputs.push_back(output.name());  // a constant result costs nothing
  }
  return std::move(state.builder).Finish(outputs);
}

}  // namespace

NodeHandler FindHandler(absl::string_view op) {
  static const HandlerTable* const kTable = [] {
    auto* table = new HandlerTable();
    AddWindowHandlers(*table);
    AddAlgebraHandlers(*table);
    AddElementwiseHandlers(*table);
    AddDataHandlers(*table);
    return table;
  }();
  const auto found = kTable->find(op);
  return found == kTable->end() ? nullptr : found->second;
}

}  // namespace onnx_internal

namespace {

// Parsed and with every check passed that does not depend on the shapes of inputs.
absl::StatusOr<std::shared_ptr<const onnx_internal::CheckedModel>> ReadModel(absl::string_view bytes,
                                                                             const ImportLimits& limits) {
  LATIMER_RETURN_IF_ERROR(onnx_internal::CheckSizeBeforeParsing(bytes, limits));
  auto checked = std::make_shared<onnx_internal::CheckedModel>();
  onnx::ModelProto* model = checked->model;
  LATIMER_RETURN_IF_ERROR(onnx_internal::Parse(bytes, model));
  LATIMER_RETURN_IF_ERROR(onnx_internal::CheckLimits(model->graph(), limits));
  LATIMER_ASSIGN_OR_RETURN(checked->opset, onnx_internal::OperatorSet(*model));
  LATIMER_RETURN_IF_ERROR(onnx_internal::CheckOrder(model->graph()));
  onnx_internal::DropExternalData(model->mutable_graph());
  if (checked->opset <= onnx_internal::kNewestOperatorSet) {
    LATIMER_RETURN_IF_ERROR(onnx_internal::CheckAgainstSchemas(*model));
  }
  return checked;
}

}  // namespace

absl::StatusOr<Network> ImportOnnx(absl::string_view bytes, const ImportOptions& options) {
  onnx_internal::CheckedModels& known = onnx_internal::CheckedModels::Get();
  bool worth_keeping = false;
  std::shared_ptr<const onnx_internal::CheckedModel> checked = known.Find(bytes, options.limits, &worth_keeping);
  if (checked == nullptr) {
    LATIMER_ASSIGN_OR_RETURN(checked, ReadModel(bytes, options.limits));
    if (worth_keeping) known.Insert(bytes, options.limits, checked);
  }
  return onnx_internal::ReadGraph(*checked->model, checked->opset, options);
}

}  // namespace latimer
