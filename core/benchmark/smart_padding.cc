#include "core/benchmark/smart_padding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_network.h"
#include "core/network/network_builder.h"

namespace latimer::benchmark {
namespace {

// Whether a tensor of rank 3 means tokens x features rather than channels x length.
bool WorksOnFeatures(LayerType type) {
  return type == LayerType::kFullyConnected || type == LayerType::kMatMul || type == LayerType::kLayerNorm ||
         type == LayerType::kSoftmax || type == LayerType::kGelu;
}

// Adds a padding layer with `channels` outputs and its rectifier behind `input`.
absl::StatusOr<TensorId> AddPadding(NetworkBuilder& builder, absl::string_view name, TensorId input, int64_t channels,
                                    bool features_last) {
  const Shape shape = builder.network().tensors[input].shape;
  LayerSpec spec;
  spec.name = name;
  spec.operands.push_back(Operand::Activation(input));
  if (features_last) {
    spec.type = LayerType::kFullyConnected;
    spec.attributes = FullyConnectedAttributes{shape.back(), channels, true};
  } else {
    spec.type = LayerType::kConv;
    const SpatialDims ones(shape.size() - 2, 1);
    spec.attributes = SameConv(ones, ones, channels);
  }
  LATIMER_ASSIGN_OR_RETURN(LayerId id, builder.AddLayer(spec));
  const std::string rectifier_name = absl::StrCat(name, "_relu");
  LayerSpec rectifier;
  rectifier.name = rectifier_name;
  rectifier.type = LayerType::kRelu;
  rectifier.operands.push_back(Operand::Activation(builder.network().layers[id].outputs[0]));
  LATIMER_ASSIGN_OR_RETURN(LayerId rectifier_id, builder.AddLayer(rectifier));
  return builder.network().layers[rectifier_id].outputs[0];
}

// The shape with one channel.
Shape Narrow(const PaddedShape& padded) {
  Shape shape = padded.shape;
  (padded.features_last ? shape.back() : shape[1]) = 1;
  return shape;
}

int64_t Channels(const PaddedShape& padded) { return padded.features_last ? padded.shape.back() : padded.shape[1]; }

absl::Status CheckShape(const PaddedShape& padded) {
  const size_t rank = padded.shape.size();
  if (rank < 2 || rank > 5) {
    return InvalidArgument("SHAPE_CANNOT_BE_PADDED", absl::StrCat("a tensor of shape ", ShapeToString(padded.shape),
                                                                  " cannot be padded; shapes have 2 to 5 dimensions"));
  }
  return absl::OkStatus();
}

// Copies the subject's layers behind `tensors`, which stand for its inputs; returns what its output became.
absl::StatusOr<TensorId> CopySubject(const Network& subject, std::vector<TensorId>& tensors, NetworkBuilder& builder) {
  for (const Layer& layer : subject.layers) {
    LayerSpec spec;
    spec.name = layer.name;
    spec.type = layer.type;
    spec.attributes = layer.attributes;
    spec.output_type = subject.tensors[layer.outputs[0]].type;
    for (TensorId input : layer.inputs) spec.operands.push_back(Operand::Activation(tensors[input]));
    const bool implied = IsConvolution(layer.type) || layer.type == LayerType::kFullyConnected;
    for (ConstantId id : layer.constants) {
      if (implied) break;
      const Constant& constant = subject.constants[id];
      LATIMER_ASSIGN_OR_RETURN(ConstantId copy, builder.AddConstant(constant.name, constant.shape, constant.type));
      spec.weights.push_back(copy);
    }
    LATIMER_ASSIGN_OR_RETURN(LayerId id, builder.AddLayer(spec));
    for (size_t i = 0; i < layer.outputs.size(); ++i) {
      tensors[layer.outputs[i]] = builder.network().layers[id].outputs[i];
    }
  }
  return tensors[subject.outputs[0]];
}

}  // namespace

std::string PaddedShape::Key() const { return absl::StrCat(features_last ? "fc:" : "conv:", ShapeToString(shape)); }

PaddingNeed NeededPadding(const Network& subject) {
  PaddingNeed need;
  auto padded = [&](TensorId id, LayerType neighbour) {
    const Shape& shape = subject.tensors[id].shape;
    return PaddedShape{shape, shape.size() == 2 || (shape.size() == 3 && WorksOnFeatures(neighbour))};
  };
  if (subject.layers.empty()) return need;
  for (TensorId id : subject.inputs) need.inputs.push_back(padded(id, subject.layers.front().type));
  if (!subject.outputs.empty()) need.output = padded(subject.outputs[0], subject.layers.back().type);
  return need;
}

absl::StatusOr<Network> PaddedNetwork(const Network& subject) {
  if (subject.outputs.size() != 1 || subject.layers.empty() || subject.inputs.empty()) {
    return InvalidArgument("SUBJECT_CANNOT_BE_PADDED", "a subject has layers, inputs, and exactly one output");
  }
  const PaddingNeed need = NeededPadding(subject);
  NetworkBuilder builder;
  std::vector<TensorId> tensors(subject.tensors.size(), kNone);
  std::vector<TensorId> narrow;
  for (size_t i = 0; i < subject.inputs.size(); ++i) {
    LATIMER_RETURN_IF_ERROR(CheckShape(need.inputs[i]));
    LATIMER_ASSIGN_OR_RETURN(TensorId id,
                             builder.AddInput(absl::StrCat("input", i), Narrow(need.inputs[i]), DataType::kFloat32));
    narrow.push_back(id);
  }
  for (size_t i = 0; i < subject.inputs.size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(tensors[subject.inputs[i]],
                             AddPadding(builder, absl::StrCat("padding_in", i), narrow[i], Channels(need.inputs[i]),
                                        need.inputs[i].features_last));
  }
  LATIMER_RETURN_IF_ERROR(CheckShape(need.output));
  LATIMER_ASSIGN_OR_RETURN(TensorId output, CopySubject(subject, tensors, builder));
  LATIMER_RETURN_IF_ERROR(AddPadding(builder, "padding_out", output, 1, need.output.features_last).status());
  return std::move(builder).Finish({});
}

absl::StatusOr<Network> PaddingOnlyNetwork(const PaddedShape& shape) {
  LATIMER_RETURN_IF_ERROR(CheckShape(shape));
  NetworkBuilder builder;
  LATIMER_ASSIGN_OR_RETURN(TensorId input, builder.AddInput("input0", Narrow(shape), DataType::kFloat32));
  LATIMER_ASSIGN_OR_RETURN(TensorId wide,
                           AddPadding(builder, "padding_in0", input, Channels(shape), shape.features_last));
  LATIMER_RETURN_IF_ERROR(AddPadding(builder, "padding_out", wide, 1, shape.features_last).status());
  return std::move(builder).Finish({});
}

PaddedShape SmallestPadding() { return {Shape{1, 8, 8, 8}, false}; }

absl::StatusOr<double> PaddingTable::Find(const PaddedShape& shape) const {
  const auto found = seconds_.find(shape.Key());
  if (found == seconds_.end()) {
    return NotFound("PADDING_NOT_MEASURED", absl::StrCat("the padding-only model ", shape.Key(), " was not measured"));
  }
  return found->second;
}

absl::StatusOr<TimeInterval> PaddingTable::SubjectTime(const Network& subject, double padded_seconds) const {
  const PaddingNeed need = NeededPadding(subject);
  double inputs = 0;
  for (const PaddedShape& shape : need.inputs) {
    LATIMER_ASSIGN_OR_RETURN(double seconds, Find(shape));
    inputs += seconds;
  }
  if (const auto fixed = seconds_.find(SmallestPadding().Key()); fixed != seconds_.end() && need.inputs.size() > 1) {
    inputs -= static_cast<double>(need.inputs.size() - 1) * fixed->second;
  }
  LATIMER_ASSIGN_OR_RETURN(double output, Find(need.output));
  return TimeInterval{padded_seconds - std::max(inputs, output), padded_seconds - std::min(inputs, output)};
}

}  // namespace latimer::benchmark
