#include "tests/fuzz/exercise.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/estimation/estimator.h"
#include "core/model/platform_model.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/read_network.h"

namespace latimer::fuzz {
namespace {

constexpr size_t kLongestErrorMessage = 1024;

using Platforms = std::vector<std::shared_ptr<const PlatformModel>>;

const Platforms& ShippedPlatforms() {
  static const Platforms* const kPlatforms = [] {
    auto* platforms = new Platforms();
    for (absl::string_view id : {"ncs2-openvino", "zcu102-dnndk"}) {
      const std::string path = absl::StrCat(LATIMER_SOURCE_DIR, "/data/platforms/", id, ".textproto");
      std::ifstream file(path);
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      absl::StatusOr<std::shared_ptr<const PlatformModel>> platform = ParsePlatformModel(text, path);
      if (!platform.ok()) {
        std::fprintf(stderr, "%s\n", platform.status().ToString().c_str());
        std::abort();
      }
      platforms->push_back(*std::move(platform));
    }
    return platforms;
  }();
  return *kPlatforms;
}

absl::Status Broken(absl::string_view promise, absl::string_view detail) {
  return absl::InternalError(absl::StrCat(promise, ": ", detail));
}

bool IsSound(const v1::Latency& latency) {
  return std::isfinite(latency.upper_ms()) && latency.lower_ms() >= 0 && latency.lower_ms() <= latency.estimate_ms() &&
         latency.estimate_ms() <= latency.upper_ms();
}

absl::Status CheckEstimate(const Network& network, const PlatformModel& platform) {
  EstimateSettings settings;
  v1::NetworkEstimate full;
  LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, platform, settings, nullptr, &full));
  if (!IsSound(full.latency()))
    return Broken("a network's latency is finite and ordered", full.latency().DebugString());
  if (full.macs() < 0 || full.memory().weight_bytes() < 0 || full.memory().peak_activation_bytes() < 0) {
    return Broken("counts are not negative", full.memory().DebugString());
  }
  if (full.unit_count() != full.units_size()) return Broken("units are counted", absl::StrCat(full.unit_count()));
  for (const v1::UnitEstimate& unit : full.units()) {
    const bool sane = IsSound(unit.latency()) && unit.share() >= 0 && unit.share() <= 1 + 1e-9 &&
                      unit.utilization() >= 0 && unit.utilization() <= 1 + 1e-9 && unit.operations() >= 0;
    if (!sane) return Broken("a unit's numbers make sense", unit.ShortDebugString());
  }
  std::string bytes;
  if (!full.SerializeToString(&bytes) || !v1::NetworkEstimate().ParseFromString(bytes)) {
    return Broken("an answer can be sent", platform.id());
  }
  settings.with_units = false;
  v1::NetworkEstimate summary;
  LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, platform, settings, nullptr, &summary));
  if (summary.latency().estimate_ms() != full.latency().estimate_ms()) {
    return Broken("both views agree", absl::StrCat(summary.latency().estimate_ms()));
  }
  return absl::OkStatus();
}

// Reading back the compact form gives the same network.
absl::Status CheckRoundTrip(const Network& network) {
  // Where all layers were identities, or nothing is read from outside, there is no message for the rest.
  if (network.layers.empty() || network.inputs.empty()) return absl::OkStatus();
  // Products with a constant that is no single matrix have no exact compact form.
  for (const Layer& layer : network.layers) {
    if (layer.type == LayerType::kMatMul && layer.inputs.size() == 1) return absl::OkStatus();
  }
  const absl::StatusOr<Network> back = NetworkFromProto(NetworkToProto(network));
  if (!back.ok()) return Broken("the compact form can be read back", back.status().ToString());
  if (Macs(*back) != Macs(network) || back->layers.size() != network.layers.size()) {
    return Broken("the compact form is the same network", absl::StrCat(Macs(*back), " and ", Macs(network), " MACs"));
  }
  // The message keeps the types of inputs alone; times depend on them.
  const auto is_float = [](const auto& value) { return IsFloatingPoint(value.type); };
  if (!std::all_of(network.constants.begin(), network.constants.end(), is_float)) return absl::OkStatus();
  if (!std::all_of(network.tensors.begin(), network.tensors.end(), is_float)) return absl::OkStatus();
  // It also has one bias per feature, where a product may have one for all.
  for (const Layer& layer : network.layers) {
    const auto* product = std::get_if<FullyConnectedAttributes>(&layer.attributes);
    if (product == nullptr || !product->bias || layer.constants.empty()) continue;
    if (NumElements(network.constants[layer.constants.back()].shape) != product->output_features) {
      return absl::OkStatus();
    }
  }
  EstimateSettings settings;
  settings.with_units = false;
  for (const std::shared_ptr<const PlatformModel>& platform : ShippedPlatforms()) {
    v1::NetworkEstimate before;
    v1::NetworkEstimate after;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, nullptr, &before));
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(*back, *platform, settings, nullptr, &after));
    // Sums may be taken in another order.
    const double ms = before.latency().estimate_ms();
    if (std::abs(ms - after.latency().estimate_ms()) > 1e-9 * ms) {
      return Broken("the compact form is estimated the same",
                    absl::StrCat(ms, " and ", after.latency().estimate_ms(), " ms"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNetwork(const v1::NetworkSource& source) {
  const absl::StatusOr<Network> network = ReadNetwork(source);
  if (!network.ok()) return CheckRefusal(network.status());
  for (const std::shared_ptr<const PlatformModel>& platform : ShippedPlatforms()) {
    LATIMER_RETURN_IF_ERROR(CheckEstimate(*network, *platform));
  }
  return CheckRoundTrip(*network);
}

}  // namespace

absl::Status CheckRefusal(const absl::Status& refusal) {
  if (refusal.code() != absl::StatusCode::kInvalidArgument && refusal.code() != absl::StatusCode::kResourceExhausted) {
    return Broken("bad input is INVALID_ARGUMENT or RESOURCE_EXHAUSTED", refusal.ToString());
  }
  const std::optional<ErrorDetails> details = GetErrorDetails(refusal);
  if (!details.has_value() || details->reason.empty()) return Broken("errors have reasons", refusal.ToString());
  if (refusal.message().empty() || refusal.message().size() > kLongestErrorMessage) {
    return Broken("errors have a message of at most 1024 bytes", absl::StrCat(refusal.message().size()));
  }
  if (!IsValidUtf8(refusal.message())) return Broken("errors are UTF-8", refusal.message());
  for (const auto& [key, value] : details->metadata) {
    if (!IsValidUtf8(key) || !IsValidUtf8(value)) return Broken("errors' metadata is UTF-8", key);
  }
  return absl::OkStatus();
}

absl::string_view FormName(Form form) {
  switch (form) {
    case Form::kOnnx:
      return "onnx";
    case Form::kAnnette:
      return "annette";
    case Form::kNetwork:
      return "network";
    case Form::kReport:
      return "report";
  }
  return "";
}

absl::Status Exercise(Form form, absl::string_view bytes) {
  // protobuf reports bad UTF-8 on the error output, too.
  [[maybe_unused]] static const auto kPrinting = google::protobuf::SetLogHandler(nullptr);
  v1::NetworkSource source;
  switch (form) {
    case Form::kReport:
      return ExerciseReport(bytes);
    case Form::kOnnx:
      source.mutable_onnx_model()->assign(bytes.data(), bytes.size());
      if (const auto stripped = StripWeights(bytes); !stripped.ok()) {
        LATIMER_RETURN_IF_ERROR(CheckRefusal(stripped.status()));
      }
      break;
    case Form::kAnnette:
      source.mutable_annette_json()->assign(bytes.data(), bytes.size());
      break;
    case Form::kNetwork:
      if (!source.mutable_network()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return absl::OkStatus();  // gRPC refuses it
      }
      break;
  }
  LATIMER_RETURN_IF_ERROR(CheckNetwork(source));
  source.set_batch_size(3);
  return CheckNetwork(source);
}

}  // namespace latimer::fuzz
