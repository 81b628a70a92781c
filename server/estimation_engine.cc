#include "server/estimation_engine.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/estimation/wire_reader.h"
#include "core/network/network_proto.h"
#include "core/network/read_network.h"
#include "core/network/structural_hash.h"
#include "server/clock.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr double kDefaultConfidence = 0.9;
constexpr int kMostPlatforms = 100;

absl::StatusOr<EstimateSettings> ReadOptions(const v1::EstimateOptions& options) {
  EstimateSettings settings;
  if (!v1::ModelKind_IsValid(options.model_kind())) {
    return InvalidArgument("UNKNOWN_MODEL_KIND",
                           absl::StrCat("there is no model kind ", static_cast<int>(options.model_kind()),
                                        "; there are AUTO, ROOFLINE, REFINED_ROOFLINE, STATISTICAL, MIXED"))
        .Field("options.model_kind");
  }
  if (!v1::EstimateView_IsValid(options.view())) {
    return InvalidArgument("UNKNOWN_VIEW", absl::StrCat("there is no view ", static_cast<int>(options.view()),
                                                        "; there are SUMMARY and FULL"))
        .Field("options.view");
  }
  settings.model_kind = options.model_kind() == v1::MODEL_KIND_UNSPECIFIED
                            ? ModelKind::kAuto
                            : static_cast<ModelKind>(options.model_kind());
  settings.confidence = options.confidence() == 0 ? kDefaultConfidence : options.confidence();
  settings.with_units = options.view() != v1::ESTIMATE_VIEW_SUMMARY;
  if (!(settings.confidence > 0 && settings.confidence < 1)) {
    return InvalidArgument("BAD_CONFIDENCE", absl::StrCat("the confidence is ", settings.confidence,
                                                          "; it lies between 0 and 1, for example 0.9"))
        .Field("options.confidence");
  }
  return settings;
}

// An EstimateRequest for one compact network, in pieces.
struct RequestParts {
  absl::string_view platform;
  absl::string_view network;  // a serialised Network
  int64_t batch_size = 0;
  absl::string_view display_name;
  absl::string_view options;
};

// Empty for requests with anything else, and for ones written in an unusual way.
std::optional<RequestParts> SplitEstimateRequest(absl::string_view bytes) {
  RequestParts parts;
  absl::string_view source;
  WireReader reader(bytes);
  auto take = [](WireReader& from, int field, absl::string_view* to) {
    if (from.PeekTag() != BytesTag(field)) return false;
    from.SkipTag();
    return from.Bytes(to);
  };
  if (!take(reader, v1::EstimateRequest::kPlatformFieldNumber, &parts.platform) || !IsAscii(parts.platform) ||
      !take(reader, v1::EstimateRequest::kNetworkFieldNumber, &source)) {
    return std::nullopt;
  }
  if (!reader.done() && !take(reader, v1::EstimateRequest::kOptionsFieldNumber, &parts.options)) return std::nullopt;
  if (!reader.done()) return std::nullopt;
  WireReader inner(source);
  if (!take(inner, v1::NetworkSource::kNetworkFieldNumber, &parts.network)) return std::nullopt;
  if (inner.PeekTag() == VarintTag(v1::NetworkSource::kBatchSizeFieldNumber)) {
    inner.SkipTag();
    uint64_t batch_size = 0;
    if (!inner.Varint(&batch_size)) return std::nullopt;
    parts.batch_size = static_cast<int64_t>(batch_size);
  }
  if (!inner.done() &&
      (!take(inner, v1::NetworkSource::kDisplayNameFieldNumber, &parts.display_name) || !IsAscii(parts.display_name))) {
    return std::nullopt;
  }
  if (!inner.done() || parts.batch_size < 0) return std::nullopt;
  return parts;
}

absl::StatusOr<Network> Read(const v1::NetworkSource& source, const ImportLimits& limits) {
  absl::StatusOr<Network> network = ReadNetwork(source, limits);
  if (!network.ok()) return PrefixField(network.status(), "network");
  return network;
}

void DescribeTensor(const Tensor& tensor, v1::NetworkInput* to) {
  to->set_name(tensor.name.data(), tensor.name.size());
  ShapeToProto(tensor.shape, to->mutable_shape());
  to->set_data_type(static_cast<v1::DataType>(tensor.type));
}

template <typename List, typename Repeated>
void Copy(const List& from, Repeated* to) {
  to->Add(from.begin(), from.end());
}

void DescribeLayer(const Network& network, const Layer& layer, v1::LayerDescription* to) {
  to->set_name(layer.name.data(), layer.name.size());
  to->set_type(static_cast<v1::LayerType>(layer.type));
  to->set_source_operator(layer.source_operator.data(), layer.source_operator.size());
  for (absl::string_view node : layer.nodes) to->add_nodes(node.data(), node.size());
  for (TensorId id : layer.inputs) ShapeToProto(network.tensors[id].shape, to->add_input_shapes());
  for (TensorId id : layer.outputs) ShapeToProto(network.tensors[id].shape, to->add_output_shapes());
  if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
    v1::ConvParameters* out = to->mutable_conv();
    Copy(conv->kernel, out->mutable_kernel());
    Copy(conv->stride, out->mutable_stride());
    Copy(conv->dilation, out->mutable_dilation());
    Copy(conv->pad_begin, out->mutable_pad_begin());
    Copy(conv->pad_end, out->mutable_pad_end());
    if (layer.type == LayerType::kConvTranspose) Copy(conv->output_padding, out->mutable_output_padding());
    out->set_groups(conv->groups);
    out->set_output_channels(conv->output_channels);
    out->set_bias(conv->bias);
  } else if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes)) {
    v1::PoolParameters* out = to->mutable_pool();
    Copy(pool->kernel, out->mutable_kernel());
    Copy(pool->stride, out->mutable_stride());
    Copy(pool->dilation, out->mutable_dilation());
    Copy(pool->pad_begin, out->mutable_pad_begin());
    Copy(pool->pad_end, out->mutable_pad_end());
    out->set_ceil_mode(pool->ceil_mode);
  }
  to->set_macs(Macs(network, layer));
  to->set_params(ConstantElements(network, layer));
}

// Adds what boards took for the network, where it was measured.
void AddMeasured(const Catalog& catalog, const PlatformModel& platform, const Network& network,
                 v1::NetworkEstimate* estimate) {
  const MeasuredNetworks* measured = catalog.MeasuredOn(platform.id());
  if (measured == nullptr) return;
  const auto found = measured->find(StructuralHash(network));
  if (found != measured->end()) *estimate->mutable_measured() = found->second;
}

}  // namespace

absl::Status EstimationEngine::Estimate(const Catalog& catalog, const v1::EstimateRequest& request,
                                        v1::NetworkEstimate* result) {
  LATIMER_ASSIGN_OR_RETURN(EstimateSettings settings, ReadOptions(request.options()));
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> platform,
                           catalog.Find(request.platform(), "platform"));
  LATIMER_ASSIGN_OR_RETURN(const Network network, Read(request.network(), limits_));
  QueryCollector queries;
  const bool look = queried_ != nullptr && queried_->ShouldLook(NowMs());
  if (look) settings.observer = &queries;
  LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, &memo_, result));
  if (look) queried_->Add(platform->id(), queries.Shares());
  AddMeasured(catalog, *platform, network, result);
  return absl::OkStatus();
}

bool EstimationEngine::EstimateQuickly(const Catalog& catalog, absl::string_view request, v1::NetworkEstimate* result) {
  // Now and then a request is looked at more closely.
  if (queried_ != nullptr && queried_->IsDue(NowMs())) return false;
  const std::optional<RequestParts> parts = SplitEstimateRequest(request);
  if (!parts.has_value()) return false;
  v1::EstimateOptions options;
  if (!options.ParseFromArray(parts->options.data(), static_cast<int>(parts->options.size()))) return false;
  const absl::StatusOr<EstimateSettings> settings = ReadOptions(options);
  if (!settings.ok()) return false;
  const absl::StatusOr<std::shared_ptr<const PlatformModel>> platform = catalog.Find(parts->platform, "platform");
  if (!platform.ok()) return false;
  const MeasuredNetworks* measured = catalog.MeasuredOn((*platform)->id());
  uint64_t hash = 0;
  QuickEstimator::Extras extras;
  extras.memo = &memo_;
  if (measured != nullptr) extras.structural_hash = &hash;
  if (!quick_.Estimate(parts->network, parts->batch_size, parts->display_name, **platform, *settings, extras, result)) {
    return false;
  }
  if (measured != nullptr) {
    const auto found = measured->find(hash);
    if (found != measured->end()) *result->mutable_measured() = found->second;
  }
  return true;
}

absl::Status EstimationEngine::EstimatePlatforms(const Catalog& catalog, const v1::EstimatePlatformsRequest& request,
                                                 v1::EstimatePlatformsResponse* response) {
  if (request.platforms_size() > kMostPlatforms) {
    return ResourceExhausted("TOO_MANY_PLATFORMS", absl::StrCat("the request names ", request.platforms_size(),
                                                                " platforms; at most ", kMostPlatforms, " are allowed"))
        .Field("platforms");
  }
  LATIMER_ASSIGN_OR_RETURN(const EstimateSettings settings, ReadOptions(request.options()));
  std::vector<std::shared_ptr<const PlatformModel>> platforms;
  for (int i = 0; i < request.platforms_size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const PlatformModel> platform,
                             catalog.Find(request.platforms(i), absl::StrCat("platforms[", i, "]")));
    platforms.push_back(std::move(platform));
  }
  if (platforms.empty()) {
    for (const auto& [id, platform] : catalog.platforms) platforms.push_back(platform);
  }
  LATIMER_ASSIGN_OR_RETURN(const Network network, Read(request.network(), limits_));
  for (const std::shared_ptr<const PlatformModel>& platform : platforms) {
    v1::NetworkEstimate* estimate = response->add_estimates();
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, &memo_, estimate));
    AddMeasured(catalog, *platform, network, estimate);
  }
  return absl::OkStatus();
}

absl::Status EstimationEngine::DescribeNetwork(const v1::DescribeNetworkRequest& request,
                                               v1::DescribeNetworkResponse* response) const {
  LATIMER_ASSIGN_OR_RETURN(const Network network, Read(request.network(), limits_));
  response->set_name(network.name);
  for (TensorId id : network.inputs) DescribeTensor(network.tensors[id], response->add_inputs());
  for (TensorId id : network.outputs) DescribeTensor(network.tensors[id], response->add_outputs());
  for (const Layer& layer : network.layers) DescribeLayer(network, layer, response->add_layers());
  response->set_macs(Macs(network));
  response->set_params(network.source_params);
  const MemoryNeed memory = ComputeMemory(network);
  response->mutable_memory()->set_weight_bytes(memory.weight_bytes);
  response->mutable_memory()->set_peak_activation_bytes(memory.peak_activation_bytes);
  response->set_source_node_count(network.source_node_count);
  for (const ImportWarning& from : network.warnings) {
    v1::Warning* to = response->add_warnings();
    to->set_code(static_cast<v1::WarningCode>(from.code));
    to->set_message(from.message);
    for (const std::string& node : from.nodes) to->add_nodes(node);
    to->set_count(from.count);
  }
  return absl::OkStatus();
}

}  // namespace latimer::server
