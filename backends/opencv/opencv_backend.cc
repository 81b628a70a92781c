#include "backends/opencv/opencv_backend.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backends/cache_flush.h"
#include "backends/host.h"
#include "backends/node_names.h"
#include "backends/run_series.h"
#include "core/base/error.h"

namespace latimer {
namespace {

absl::Status Refused(const cv::Exception& error) {
  return InvalidArgument("ENGINE_REFUSED_NETWORK", absl::StrCat("OpenCV refused the network: ", error.err));
}

struct NamedInput {
  std::string name;
  cv::Mat data;
};

// Inputs as the model declares them, with values in [0, 1). OpenCV takes floats only: other types are converted, as its
// importer does with the tensors themselves.
absl::StatusOr<std::vector<NamedInput>> MakeInputs(absl::string_view onnx_model) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(onnx_model.data(), static_cast<int>(onnx_model.size()))) {
    return InvalidArgument("NOT_AN_ONNX_MODEL", "the bytes are not a serialised onnx.ModelProto");
  }
  absl::flat_hash_set<absl::string_view> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  std::vector<NamedInput> inputs;
  for (const auto& input : model.graph().input()) {
    if (initializers.contains(input.name())) continue;
    std::vector<int> sizes;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      if (!dim.has_dim_value() || dim.dim_value() < 1 || dim.dim_value() > 1'000'000'000) {
        return InvalidArgument("OPEN_DIMENSION", absl::StrCat("input '", input.name(), "' has an open dimension"))
            .With("input", input.name());
      }
      sizes.push_back(static_cast<int>(dim.dim_value()));
    }
    cv::Mat data(sizes, CV_32F);
    cv::RNG random(12345);
    random.fill(data, cv::RNG::UNIFORM, 0.0F, 1.0F);
    inputs.push_back({input.name(), std::move(data)});
  }
  return inputs;
}

// OpenCV 4.6 reads the bounds of Clip only as attributes, as they were before operator set 11. Moves constant bounds
// there; other nodes stay as they are. Returns the bytes unchanged where there is nothing to do.
std::string WithClipAttributes(absl::string_view onnx_model) {
  onnx::ModelProto model;
  std::string bytes(onnx_model);
  if (!model.ParseFromString(bytes)) return bytes;
  absl::flat_hash_map<std::string, const onnx::TensorProto*> constants;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) constants[tensor.name()] = &tensor;
  for (const onnx::NodeProto& node : model.graph().node()) {
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.name() == "value") constants[node.output(0)] = &attribute.t();
    }
  }
  bool changed = false;
  for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Clip" || node.input_size() < 2) continue;
    float bounds[2] = {-std::numeric_limits<float>::max(), std::numeric_limits<float>::max()};
    bool known = true;
    for (int i = 1; i < node.input_size() && i < 3; ++i) {
      if (node.input(i).empty()) continue;
      const auto found = constants.find(node.input(i));
      if (found == constants.end() || found->second->data_type() != onnx::TensorProto::FLOAT) {
        known = false;
      } else if (found->second->float_data_size() == 1) {
        bounds[i - 1] = found->second->float_data(0);
      } else if (found->second->raw_data().size() == sizeof(float)) {
        std::memcpy(&bounds[i - 1], found->second->raw_data().data(), sizeof(float));
      } else {
        known = false;
      }
    }
    if (!known) continue;
    node.mutable_input()->DeleteSubrange(1, node.input_size() - 1);
    for (int i = 0; i < 2; ++i) {
      onnx::AttributeProto* attribute = node.add_attribute();
      attribute->set_name(i == 0 ? "min" : "max");
      attribute->set_type(onnx::AttributeProto::FLOAT);
      attribute->set_f(bounds[i]);
    }
    changed = true;
  }
  return changed ? model.SerializeAsString() : bytes;
}

class OpenCvNetwork final : public PreparedNetwork {
 public:
  OpenCvNetwork(cv::dnn::Net net, std::vector<NamedInput> inputs, absl::string_view onnx_model)
      : net_(std::move(net)), inputs_(std::move(inputs)), nodes_(onnx_model) {
    net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    output_names_ = net_.getUnconnectedOutLayersNames();
    for (const NamedInput& input : inputs_) net_.setInput(input.data, inputs_.size() == 1 ? "" : input.name);
  }

  absl::StatusOr<double> RunSeconds() override {
    try {
      return Run();
    } catch (const cv::Exception& error) {
      return Refused(error);
    }
  }

  absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options) override {
    try {
      Run();  // allocates
      const std::vector<std::string> names = net_.getLayerNames();
      std::vector<std::vector<double>> seconds(names.size());
      CacheFlush flush(options.flush_bytes);
      RunSeries series(options.pace);
      while (series.counted_runs() < options.runs) {
        flush();
        series.BeforeRun();
        series.AfterRun(Run());
        // The report is of the last forward pass only.
        std::vector<double> ticks;
        net_.getPerfProfile(ticks);
        for (size_t layer = 0; layer < std::min(ticks.size(), names.size()); ++layer) {
          seconds[layer].push_back(ticks[layer] / cv::getTickFrequency());
        }
      }
      const std::vector<bool> kept = series.Finish();
      std::vector<LayerTiming> rows;
      for (size_t layer = 0; layer < names.size(); ++layer) {
        std::vector<double> times = KeptOnly(seconds[layer], kept);
        if (times.empty()) continue;
        absl::string_view name = names[layer];
        if (const size_t mark = name.find('!'); mark != absl::string_view::npos) name.remove_prefix(mark + 1);
        LayerTiming row;
        row.name = std::string(name);
        row.node = std::string(nodes_.Find(name));
        row.operation = net_.getLayer(net_.getLayerId(names[layer]))->type;
        SummarizeRuns(std::move(times), row);
        rows.push_back(std::move(row));
      }
      return rows;
    } catch (const cv::Exception& error) {
      return Refused(error);
    }
  }

 private:
  double Run() {
    // Setting the inputs again marks the network as changed, so that nothing of the last pass is reused.
    for (const NamedInput& input : inputs_) net_.setInput(input.data, inputs_.size() == 1 ? "" : input.name);
    outputs_.clear();
    const auto start = std::chrono::steady_clock::now();
    net_.forward(outputs_, output_names_);
    const auto end = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(end - start).count();
  }

  cv::dnn::Net net_;
  std::vector<NamedInput> inputs_;
  NodeNames nodes_;
  std::vector<std::string> output_names_;
  std::vector<cv::Mat> outputs_;
};

class OpenCvBackend final : public Backend {
 public:
  explicit OpenCvBackend(OpenCvOptions options) : options_(options) {
    cv::setNumThreads(options_.threads);
    // The importer logs every network it refuses; the reason is in the status already.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    fingerprint_.facts = HostFacts();
    fingerprint_.facts["toolchain"] = absl::StrCat("opencv-dnn ", CV_VERSION);
    fingerprint_.facts["precision"] = "FP32";
    fingerprint_.facts["threads"] = absl::StrCat(options_.threads);
  }

  absl::string_view name() const override { return "opencv"; }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return options_.threads == 1; }

  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) override {
    absl::StatusOr<std::vector<NamedInput>> inputs = MakeInputs(onnx_model);
    if (!inputs.ok()) return inputs.status();
    try {
      const std::string model = WithClipAttributes(onnx_model);
      cv::dnn::Net net = cv::dnn::readNetFromONNX(model.data(), model.size());
      return std::make_unique<OpenCvNetwork>(std::move(net), *std::move(inputs), model);
    } catch (const cv::Exception& error) {
      return Refused(error);
    } catch (const std::bad_alloc&) {
      return ResourceExhausted("OUT_OF_MEMORY", "the network does not fit this machine's memory");
    }
  }

 private:
  OpenCvOptions options_;
  Fingerprint fingerprint_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> CreateOpenCvBackend(const OpenCvOptions& options) {
  if (options.threads < 1) return InvalidArgument("BAD_OPTION", "threads must be at least 1").Field("threads");
  return std::make_unique<OpenCvBackend>(options);
}

}  // namespace latimer
