#include "clients/cpp/network_template.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer::client {
namespace {

using Dims = google::protobuf::RepeatedField<int64_t>;

absl::Status HasNo(absl::string_view layer, absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "NO_SUCH_PARAMETER",
               absl::StrCat("layer '", layer, "' has no ", what));
}

void Fill(int count, int64_t value, Dims* dims) {
  dims->Clear();
  for (int i = 0; i < count; ++i) dims->Add(value);
}

template <typename Window>
void SetWindow(int64_t size, Window* window) {
  const int rank = window->kernel_size();
  Fill(rank, size, window->mutable_kernel());
  Fill(rank, size / 2, window->mutable_pad_begin());
  Fill(rank, size / 2, window->mutable_pad_end());
}

}  // namespace

absl::StatusOr<NetworkTemplate> NetworkTemplate::FromOnnx(absl::string_view model, const ImportOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(model, options));
  return NetworkTemplate(NetworkToProto(Simplify(std::move(network))));
}

NetworkTemplate NetworkTemplate::FromNetwork(v1::Network network) { return NetworkTemplate(std::move(network)); }

void NetworkTemplate::Index() {
  layers_.clear();
  for (int i = 0; i < network_.layers_size(); ++i) {
    // The server's names for those without.
    if (network_.layers(i).name().empty()) network_.mutable_layers(i)->set_name(absl::StrCat("layer", i));
    layers_.emplace(network_.layers(i).name(), i);
  }
}

absl::StatusOr<v1::Layer*> NetworkTemplate::Find(absl::string_view layer) {
  const auto found = layers_.find(layer);
  if (found == layers_.end()) {
    return NotFound("NO_SUCH_LAYER", absl::StrCat("there is no layer '", layer, "'")).ToStatus();
  }
  return network_.mutable_layers(found->second);
}

absl::Status NetworkTemplate::SetInputShape(absl::string_view input, absl::Span<const int64_t> shape) {
  for (v1::NetworkInput& known : *network_.mutable_inputs()) {
    if (absl::string_view(known.name()) != input) continue;
    known.mutable_shape()->mutable_dims()->Clear();
    known.mutable_shape()->mutable_dims()->Add(shape.begin(), shape.end());
    return absl::OkStatus();
  }
  return NotFound("NO_SUCH_INPUT", absl::StrCat("there is no input '", input, "'"));
}

void NetworkTemplate::SetResolution(int64_t size) {
  for (v1::NetworkInput& input : *network_.mutable_inputs()) {
    for (int i = 2; i < input.shape().dims_size(); ++i) input.mutable_shape()->set_dims(i, size);
  }
}

void NetworkTemplate::SetBatchSize(int64_t size) {
  for (v1::NetworkInput& input : *network_.mutable_inputs()) {
    if (input.shape().dims_size() > 0) input.mutable_shape()->set_dims(0, size);
  }
}

absl::Status NetworkTemplate::SetOutputChannels(absl::string_view layer, int64_t channels) {
  LATIMER_ASSIGN_OR_RETURN(v1::Layer* const found, Find(layer));
  if (found->has_conv() && found->type() != v1::LAYER_TYPE_DEPTHWISE_CONV) {
    found->mutable_conv()->set_output_channels(channels);
  } else if (found->has_fully_connected()) {
    found->mutable_fully_connected()->set_output_features(channels);
  } else {
    return HasNo(layer, "output channels of its own");
  }
  // Depth-wise convolutions behind it take their numbers from what they read.
  for (v1::Layer& other : *network_.mutable_layers()) {
    if (other.type() != v1::LAYER_TYPE_DEPTHWISE_CONV) continue;
    other.mutable_conv()->clear_groups();
    other.mutable_conv()->clear_output_channels();
  }
  return absl::OkStatus();
}

absl::Status NetworkTemplate::SetKernel(absl::string_view layer, int64_t size) {
  LATIMER_ASSIGN_OR_RETURN(v1::Layer* const found, Find(layer));
  if (size < 1 || size % 2 == 0) {
    return InvalidArgument("BAD_KERNEL", absl::StrCat("a kernel of ", size, "; it is odd and at least 1"));
  }
  if (found->has_conv()) {
    SetWindow(size, found->mutable_conv());
  } else if (found->has_pool()) {
    SetWindow(size, found->mutable_pool());
  } else {
    return HasNo(layer, "kernel");
  }
  return absl::OkStatus();
}

absl::Status NetworkTemplate::SetStride(absl::string_view layer, int64_t stride) {
  LATIMER_ASSIGN_OR_RETURN(v1::Layer* const found, Find(layer));
  if (found->has_conv()) {
    Fill(found->conv().kernel_size(), stride, found->mutable_conv()->mutable_stride());
  } else if (found->has_pool()) {
    Fill(found->pool().kernel_size(), stride, found->mutable_pool()->mutable_stride());
  } else {
    return HasNo(layer, "stride");
  }
  return absl::OkStatus();
}

absl::Status NetworkTemplate::SetGroups(absl::string_view layer, int64_t groups) {
  LATIMER_ASSIGN_OR_RETURN(v1::Layer* const found, Find(layer));
  if (!found->has_conv()) return HasNo(layer, "groups");
  found->mutable_conv()->set_groups(groups);
  return absl::OkStatus();
}

absl::Status NetworkTemplate::Bypass(absl::string_view layer) {
  LATIMER_ASSIGN_OR_RETURN(v1::Layer* const found, Find(layer));
  if (found->inputs().empty()) return HasNo(layer, "input that could take its place");
  const std::string from = found->name();
  const std::string to = found->inputs(0);
  const int at = layers_[from];
  network_.mutable_layers()->DeleteSubrange(at, 1);
  auto replace = [&](google::protobuf::RepeatedPtrField<std::string>* names) {
    for (std::string& name : *names) {
      if (name == from) name = to;
    }
  };
  for (v1::Layer& other : *network_.mutable_layers()) replace(other.mutable_inputs());
  replace(network_.mutable_outputs());
  Index();
  return absl::OkStatus();
}

}  // namespace latimer::client
