#include "server/platform_sweeps.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_network.h"
#include "core/benchmark/layer_space.h"
#include "core/fitting/padding_split.h"
#include "core/mapping/features.h"
#include "core/model/mapping_rules.h"
#include "server/campaign/fit_input.h"

namespace latimer::server {
namespace {

constexpr size_t kLeastSizes = 5;  // fewer show no steps
constexpr int64_t kMostPoints = 600;
constexpr int kDefaultPageSize = 20;
constexpr int kMostPageSize = 100;
constexpr absl::string_view kTokenPrefix = "from:";

enum class Axis : uint8_t { kH, kW, kInput, kOutput, kChannels };
constexpr Axis kAxes[] = {Axis::kOutput, Axis::kInput, Axis::kChannels, Axis::kH, Axis::kW};

const char* AxisName(Axis axis) {
  switch (axis) {
    case Axis::kH:
      return "h";
    case Axis::kW:
      return "w";
    case Axis::kInput:
      return "c_in";
    case Axis::kOutput:
      return "c_out";
    case Axis::kChannels:
      return "c";
  }
  return "";
}

// Whether a layer like that can be swept along the axis: 2-D convolutions and fully connected layers of one row.
bool HasAxis(const Network& network, Axis axis) {
  const Layer& layer = network.layers[0];
  const Shape& input = network.InputShape(layer, 0);
  if (layer.type == LayerType::kFullyConnected) {
    return input.size() == 2 && (axis == Axis::kInput || axis == Axis::kOutput);
  }
  if (input.size() != 4) return false;
  const bool depthwise = layer.type == LayerType::kDepthwiseConv;
  if (layer.type != LayerType::kConv && !depthwise) return false;
  const auto* conv = std::get_if<ConvAttributes>(&layer.attributes);
  if (conv == nullptr) return false;
  if (axis == Axis::kH || axis == Axis::kW) return true;
  if (depthwise) return axis == Axis::kChannels && conv->output_channels == input[1];
  return axis != Axis::kChannels && conv->groups == 1;
}

// `features` with the axis taken out: equal for layers of one sweep.
UnitFeatures Masked(UnitFeatures features, Axis axis) {
  features.operations = 0;
  features.input_bytes = features.output_bytes = features.weight_bytes = 0;
  switch (axis) {
    case Axis::kH:
      features.in_h = features.out_h = 0;
      break;
    case Axis::kW:
      features.in_w = features.out_w = 0;
      break;
    case Axis::kInput:
      features.c_in = 0;
      break;
    case Axis::kOutput:
      features.c_out = 0;
      break;
    case Axis::kChannels:
      features.c_in = features.c_out = features.groups = 0;
      break;
  }
  return features;
}

// The size that is swept: that of the input for h and w, since strides make several inputs one output.
int64_t SizeOf(const Network& network, Axis axis) {
  const Layer& layer = network.layers[0];
  const Shape& input = network.InputShape(layer, 0);
  switch (axis) {
    case Axis::kH:
      return input[2];
    case Axis::kW:
      return input[3];
    case Axis::kInput:
    case Axis::kChannels:
      return input[1];
    case Axis::kOutput:
      return network.OutputShape(layer)[1];
  }
  return 0;
}

// The layer of `like` at another size.
absl::StatusOr<Network> Resized(const Network& like, Axis axis, int64_t size) {
  const Layer& layer = like.layers[0];
  Shape input = like.InputShape(layer, 0);
  LayerAttributes attributes = layer.attributes;
  auto* conv = std::get_if<ConvAttributes>(&attributes);
  auto* connected = std::get_if<FullyConnectedAttributes>(&attributes);
  if (axis == Axis::kH) input[2] = size;
  if (axis == Axis::kW) input[3] = size;
  if (axis == Axis::kInput || axis == Axis::kChannels) {
    input[1] = size;
    if (connected != nullptr) connected->input_features = size;
  }
  if (axis == Axis::kOutput || axis == Axis::kChannels) {
    if (conv != nullptr) conv->output_channels = size;
    if (connected != nullptr) connected->output_features = size;
  }
  if (axis == Axis::kChannels && conv != nullptr) conv->groups = size;
  return benchmark::LayerNetwork(layer.type, attributes, {input});
}

std::string Describe(const UnitFeatures& f, absl::string_view unit_type, Axis axis) {
  std::string text = absl::StrCat(unit_type, " ", AxisName(axis), ":");
  if (f.type == LayerType::kFullyConnected) {
    absl::StrAppend(&text, " ", axis == Axis::kOutput ? f.c_in : f.c_out,
                    axis == Axis::kOutput ? " inputs" : " outputs");
    return text;
  }
  absl::StrAppend(&text, " ", f.kernel_h, "x", f.kernel_w);
  if (f.stride_h != 1 || f.stride_w != 1) absl::StrAppend(&text, ", stride ", f.stride_h, "x", f.stride_w);
  if (f.dilation_h != 1 || f.dilation_w != 1) absl::StrAppend(&text, ", dilation ", f.dilation_h, "x", f.dilation_w);
  if (axis == Axis::kH) {
    absl::StrAppend(&text, ", width ", f.out_w);
  } else if (axis == Axis::kW) {
    absl::StrAppend(&text, ", height ", f.out_h);
  } else {
    absl::StrAppend(&text, " at ", f.out_h, "x", f.out_w);
  }
  if (axis == Axis::kOutput) {
    absl::StrAppend(&text, ", ", f.c_in, " input channels");
  } else if (axis == Axis::kInput) {
    absl::StrAppend(&text, ", ", f.c_out, " output channels");
  } else if (axis != Axis::kChannels) {
    absl::StrAppend(&text, ", ", f.c_in * f.groups, " to ", f.c_out, " channels");
  }
  if (f.batch != 1) absl::StrAppend(&text, ", batch ", f.batch);
  return text;
}

// One sweep before the models are asked.
struct Line {
  Axis axis = Axis::kH;
  const Network* like = nullptr;
  std::map<int64_t, std::vector<benchmark::TimeInterval>> sizes;
};

void AddPoint(const Line& line, int64_t size, const PlatformModel& platform, v1::Sweep* sweep) {
  const absl::StatusOr<Network> network = Resized(*line.like, line.axis, size);
  if (!network.ok()) return;  // a window larger than the input
  UnitFeatures features = ComputeFeatures(*network, {0}, platform.activation_bits(), platform.weight_bits());
  features.unit_type = platform.FindUnitType(UnitTypeName(features.type));
  const UnitTypeModels& models = platform.unit_type_models(features.unit_type);
  v1::SweepPoint* point = sweep->add_points();
  point->set_size(size);
  for (size_t kind = 0; kind < models.by_kind.size(); ++kind) {
    if (models.by_kind[kind] == nullptr) continue;
    v1::ModelTime* time = point->add_models();
    time->set_model_kind(static_cast<v1::ModelKind>(kind));
    time->set_ms(1000 * models.by_kind[kind]->Estimate(features).seconds);
  }
  const auto found = line.sizes.find(size);
  if (found == line.sizes.end() || found->second.empty()) return;
  // Measured by several campaigns: the mean of the bounds.
  double lower = 0;
  double upper = 0;
  for (const benchmark::TimeInterval& seconds : found->second) {
    lower += std::max(0.0, seconds.lower_seconds);
    upper += std::max(0.0, seconds.upper_seconds);
  }
  const auto count = static_cast<double>(found->second.size());
  point->mutable_measured()->set_lower_ms(1000 * lower / count);
  point->mutable_measured()->set_upper_ms(1000 * upper / count);
  sweep->set_measured_points(sweep->measured_points() + 1);
}

v1::Sweep MakeSweep(const Line& line, const PlatformModel& platform) {
  const UnitFeatures features = ComputeFeatures(*line.like, {0}, platform.activation_bits(), platform.weight_bits());
  const absl::string_view unit_type = UnitTypeName(features.type);
  v1::Sweep sweep;
  sweep.set_name(Describe(features, unit_type, line.axis));
  sweep.set_unit_type(std::string(unit_type));
  sweep.set_dimension(AxisName(line.axis));
  sweep.set_auto_kind(
      static_cast<v1::ModelKind>(platform.unit_type_models(platform.FindUnitType(unit_type)).auto_kind));
  const int64_t first = line.sizes.begin()->first;
  const int64_t last = line.sizes.rbegin()->first;
  const auto measured = static_cast<int64_t>(line.sizes.size());
  const int64_t step = 1 + (last - first) / std::max<int64_t>(1, kMostPoints - measured);
  std::set<int64_t> sizes;
  for (int64_t size = first; size <= last; size += step) sizes.insert(size);
  for (const auto& [size, unused] : line.sizes) sizes.insert(size);
  for (const int64_t size : sizes) AddPoint(line, size, platform, &sweep);
  return sweep;
}

// The sweeps of a campaign with budget, with what was measured of them and of others. `store` may be null.
absl::StatusOr<std::vector<v1::Sweep>> AllSweeps(const PlatformModel& platform, Store* store) {
  CollectedResults collected;
  std::vector<SweepSubject> subjects;
  if (store != nullptr) {
    LATIMER_ASSIGN_OR_RETURN(const std::set<std::string> fingerprints, CountedFingerprints(*store, platform.id()));
    LATIMER_ASSIGN_OR_RETURN(const std::vector<MeasuredTask> results, store->ResultsOf(platform.id()));
    collected = CollectResults(results, fingerprints);
    // The intervals the fit saw.
    fitting::PaddingSplit split(collected.paddings);
    split.Fit(collected.samples, platform.definition());
    for (const fitting::Sample& sample : collected.samples) subjects.push_back({&sample.subject, split.Narrow(sample)});
  }
  LATIMER_ASSIGN_OR_RETURN(const std::vector<benchmark::Sweep> planned, benchmark::MakeSweeps(1));
  for (const benchmark::Sweep& sweep : planned) {
    for (const Network& point : sweep.points) subjects.push_back({&point, std::nullopt});
  }
  std::vector<v1::Sweep> sweeps = FindSweeps(subjects, platform);
  // Measured ones come first.
  const auto unmeasured =
      std::find_if(sweeps.begin(), sweeps.end(), [](const v1::Sweep& sweep) { return sweep.measured_points() == 0; });
  if (unmeasured != sweeps.begin()) sweeps.erase(unmeasured, sweeps.end());
  return sweeps;
}

}  // namespace

std::vector<v1::Sweep> FindSweeps(absl::Span<const SweepSubject> subjects, const PlatformModel& platform) {
  absl::flat_hash_map<std::pair<int, UnitFeatures>, Line> lines;
  for (const SweepSubject& subject : subjects) {
    if (subject.network->layers.size() != 1) continue;
    const UnitFeatures features =
        ComputeFeatures(*subject.network, {0}, platform.activation_bits(), platform.weight_bits());
    for (const Axis axis : kAxes) {
      if (!HasAxis(*subject.network, axis)) continue;
      Line& line = lines[{static_cast<int>(axis), Masked(features, axis)}];
      line.axis = axis;
      if (line.like == nullptr) line.like = subject.network;
      auto& times = line.sizes[SizeOf(*subject.network, axis)];
      if (subject.seconds.has_value()) times.push_back(*subject.seconds);
    }
  }
  std::vector<v1::Sweep> sweeps;
  for (const auto& [key, line] : lines) {
    if (line.sizes.size() >= kLeastSizes) sweeps.push_back(MakeSweep(line, platform));
  }
  std::sort(sweeps.begin(), sweeps.end(), [](const v1::Sweep& a, const v1::Sweep& b) {
    return std::make_tuple(-a.measured_points(), a.name()) < std::make_tuple(-b.measured_points(), b.name());
  });
  return sweeps;
}

absl::StatusOr<v1::ListSweepsResponse> SweepLister::List(const Catalog& catalog, Store* store,
                                                         const v1::ListSweepsRequest& request) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  size_t from = 0;
  absl::string_view token = request.page_token();
  if (!token.empty() && (!absl::ConsumePrefix(&token, kTokenPrefix) || !absl::SimpleAtoi(token, &from))) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> platform, catalog.Find(request.name(), "name"));
  int64_t results = 0;
  if (store != nullptr) {
    LATIMER_ASSIGN_OR_RETURN(results, store->CountResults(platform->id()));
  }
  std::shared_ptr<const std::vector<v1::Sweep>> sweeps;
  {
    MutexLock lock(&mutex_);
    const Remembered& known = remembered_[platform->id()];
    if (known.model == platform->instance() && known.results == results) sweeps = known.sweeps;
  }
  if (sweeps == nullptr) {
    // Two callers at once compute it twice, to the same end.
    LATIMER_ASSIGN_OR_RETURN(std::vector<v1::Sweep> found, AllSweeps(*platform, results > 0 ? store : nullptr));
    sweeps = std::make_shared<const std::vector<v1::Sweep>>(std::move(found));
    MutexLock lock(&mutex_);
    remembered_[platform->id()] = {platform->instance(), results, sweeps};
  }
  v1::ListSweepsResponse response;
  response.set_model_version(platform->version());
  const auto size =
      static_cast<size_t>(request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize));
  for (size_t i = from; i < sweeps->size() && i - from < size; ++i) *response.add_sweeps() = (*sweeps)[i];
  if (from < sweeps->size() && sweeps->size() - from > size) {
    response.set_next_page_token(absl::StrCat(kTokenPrefix, from + size));
  }
  return response;
}

}  // namespace latimer::server
