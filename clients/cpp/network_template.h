// One network in many variants, for searches that change a few numbers of a known architecture.
//
//   LATIMER_ASSIGN_OR_RETURN(NetworkTemplate resnet, NetworkTemplate::FromOnnx(model_bytes));
//   LATIMER_RETURN_IF_ERROR(resnet.SetOutputChannels("layer1.0.conv1", 48));
//   *request.mutable_network()->mutable_network() = resnet.network();
//
// A variant is a compact message without weights, some kilobytes; the server infers every shape that follows from what
// was changed. Layers go by the names the template gives them: those of the ONNX nodes.
#ifndef LATIMER_CLIENTS_CPP_NETWORK_TEMPLATE_H_
#define LATIMER_CLIENTS_CPP_NETWORK_TEMPLATE_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/import_options.h"
#include "latimer/v1/network.pb.h"

namespace latimer::client {

// Not safe for concurrent use; copy one per thread. Setters answer NOT_FOUND for a layer or input that is not there and
// FAILED_PRECONDITION for one that has no such number.
class NetworkTemplate {
 public:
  // `model`: a serialised onnx.ModelProto, with or without weights. Errors: those of ImportOnnx(). BatchNorm and the
  // like are folded as the server does it, so that a variant is what will be estimated.
  static absl::StatusOr<NetworkTemplate> FromOnnx(absl::string_view model, const ImportOptions& options = {});
  static NetworkTemplate FromNetwork(v1::Network network);

  const v1::Network& network() const { return network_; }

  void SetName(absl::string_view name) { network_.set_name(std::string(name)); }
  absl::Status SetInputShape(absl::string_view input, absl::Span<const int64_t> shape);
  // Every spatial dimension of every input of N x C x spatial; reshapes that spell out sizes are the caller's.
  void SetResolution(int64_t size);
  void SetBatchSize(int64_t size);
  // Of a convolution or fully connected layer. A depth-wise convolution follows its input by itself.
  absl::Status SetOutputChannels(absl::string_view layer, int64_t channels);
  // Of a convolution or pooling, all spatial dimensions alike, padded so that stride 1 keeps the size; odd.
  absl::Status SetKernel(absl::string_view layer, int64_t size);
  absl::Status SetStride(absl::string_view layer, int64_t stride);
  absl::Status SetGroups(absl::string_view layer, int64_t groups);
  // Takes the layer out: whoever read its output reads its first input.
  absl::Status Bypass(absl::string_view layer);

 private:
  explicit NetworkTemplate(v1::Network network) : network_(std::move(network)) { Index(); }

  void Index();
  absl::StatusOr<v1::Layer*> Find(absl::string_view layer);

  v1::Network network_;
  absl::flat_hash_map<std::string, int> layers_;  // place by name
};

}  // namespace latimer::client

#endif  // LATIMER_CLIENTS_CPP_NETWORK_TEMPLATE_H_
