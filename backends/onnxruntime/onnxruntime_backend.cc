#include "backends/onnxruntime/onnxruntime_backend.h"

#include <onnxruntime/onnxruntime_cxx_api.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backends/cache_flush.h"
#include "backends/host.h"
#include "backends/node_names.h"
#include "backends/onnxruntime/profile_report.h"
#include "backends/run_series.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

// One environment per process, as ONNX Runtime wants it; errors only, on stderr.
Ort::Env& Environment() {
  static Ort::Env env(ORT_LOGGING_LEVEL_ERROR, "latimer");
  return env;
}

size_t ElementBytes(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
      return 8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
      return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
      return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return 1;
    default:
      return 0;
  }
}

// Floats in [0, 1) and integers 0 or 1 (any index table has these rows), without denormals.
void FillInput(ONNXTensorElementDataType type, void* data, size_t elements) {
  uint32_t state = 12345;
  auto next = [&state] { return (state = state * 1664525U + 1013904223U) >> 8; };
  for (size_t i = 0; i < elements; ++i) {
    const uint32_t random = next();
    switch (type) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
        static_cast<float*>(data)[i] = static_cast<float>(random) * 0x1.0p-24F;
        break;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
        static_cast<double*>(data)[i] = random * 0x1.0p-24;
        break;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
        // Both encodings of 1.0 are normal numbers of the other's range or 1.875: harmless either way.
        static_cast<uint16_t*>(data)[i] = type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 ? 0x3C00 : 0x3F80;
        break;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
        static_cast<int64_t*>(data)[i] = random & 1;
        break;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
        static_cast<int32_t*>(data)[i] = static_cast<int32_t>(random & 1);
        break;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
        static_cast<int16_t*>(data)[i] = static_cast<int16_t>(random & 1);
        break;
      default:
        static_cast<int8_t*>(data)[i] = static_cast<int8_t>(random & 1);
    }
  }
}

Ort::SessionOptions MakeSessionOptions(const OnnxRuntimeOptions& options) {
  Ort::SessionOptions session_options;
  session_options.SetIntraOpNumThreads(options.threads);
  session_options.SetInterOpNumThreads(1);
  session_options.SetExecutionMode(ORT_SEQUENTIAL);
  session_options.SetGraphOptimizationLevel(static_cast<GraphOptimizationLevel>(options.optimization_level));
  session_options.AddConfigEntry("session.intra_op.allow_spinning", options.spin ? "1" : "0");
  return session_options;
}

// A folder that is removed with everything in it.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Create(const std::string& parent) {
    std::error_code error;
    std::string base = parent.empty() ? std::filesystem::temp_directory_path(error).string() : parent;
    std::string path = absl::StrCat(base, "/latimer-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat("cannot create a temporary folder in '", base, "'"));
    }
    return ScratchFolder(std::move(path));
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// A session with its inputs in place; may throw Ort::Exception from everywhere.
class LoadedSession {
 public:
  LoadedSession(absl::string_view model, const Ort::SessionOptions& options)
      : session_(Environment(), model.data(), model.size(), options) {
    Ort::AllocatorWithDefaultOptions allocator;
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    for (size_t i = 0; i < session_.GetInputCount(); ++i) {
      input_names_.emplace_back(session_.GetInputNameAllocated(i, allocator).get());
      const Ort::TypeInfo type_info = session_.GetInputTypeInfo(i);
      const auto info = type_info.GetTensorTypeAndShapeInfo();
      std::vector<int64_t> shape = info.GetShape();
      size_t elements = 1;
      for (int64_t& dim : shape) {
        if (dim < 1) {
          throw Ort::Exception(absl::StrCat("input '", input_names_.back(), "' has an open dimension"),
                               ORT_INVALID_ARGUMENT);
        }
        elements *= static_cast<size_t>(dim);
      }
      const size_t element_bytes = ElementBytes(info.GetElementType());
      if (element_bytes == 0) {
        throw Ort::Exception(absl::StrCat("input '", input_names_.back(), "' has an element type without numbers"),
                             ORT_INVALID_ARGUMENT);
      }
      // Vectors of 64-bit words keep every element type aligned.
      buffers_.emplace_back((elements * element_bytes + 7) / 8);
      FillInput(info.GetElementType(), buffers_.back().data(), elements);
      inputs_.push_back(Ort::Value::CreateTensor(memory, buffers_.back().data(), elements * element_bytes, shape.data(),
                                                 shape.size(), info.GetElementType()));
    }
    for (size_t i = 0; i < session_.GetOutputCount(); ++i) {
      output_names_.emplace_back(session_.GetOutputNameAllocated(i, allocator).get());
    }
    for (const std::string& name : input_names_) input_pointers_.push_back(name.c_str());
    for (const std::string& name : output_names_) output_pointers_.push_back(name.c_str());
  }

  double RunSeconds() {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Ort::Value> outputs = session_.Run(run_options_, input_pointers_.data(), inputs_.data(), inputs_.size(),
                                                   output_pointers_.data(), output_pointers_.size());
    const auto end = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(end - start).count();
  }

  // Ends profiling and returns the report's file name.
  std::string EndProfiling() {
    Ort::AllocatorWithDefaultOptions allocator;
    return session_.EndProfilingAllocated(allocator).get();
  }

 private:
  Ort::Session session_;
  Ort::RunOptions run_options_;
  std::vector<std::string> input_names_;
  std::vector<std::string> output_names_;
  std::vector<const char*> input_pointers_;
  std::vector<const char*> output_pointers_;
  std::vector<std::vector<uint64_t>> buffers_;
  std::vector<Ort::Value> inputs_;
};

absl::Status Refused(const Ort::Exception& error) {
  return InvalidArgument("ENGINE_REFUSED_NETWORK", absl::StrCat("ONNX Runtime refused the network: ", error.what()));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::InternalError(absl::StrCat("ONNX Runtime left no report at '", path, "'"));
  return text.str();
}

class OnnxRuntimeNetwork final : public PreparedNetwork {
 public:
  OnnxRuntimeNetwork(OnnxRuntimeOptions options, std::string model)
      : options_(std::move(options)),
        model_(std::move(model)),
        session_(std::make_unique<LoadedSession>(model_, MakeSessionOptions(options_))) {}

  absl::StatusOr<double> RunSeconds() override {
    try {
      return session_->RunSeconds();
    } catch (const Ort::Exception& error) {
      return Refused(error);
    }
  }

  absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options) override {
    LATIMER_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::Create(options_.work_dir));
    std::string report_path;
    std::vector<bool> counted;
    try {
      Ort::SessionOptions session_options = MakeSessionOptions(options_);
      session_options.EnableProfiling((folder.path() + "/profile").c_str());
      LoadedSession session(model_, session_options);
      CacheFlush flush(options.flush_bytes);
      flush();
      session.RunSeconds();  // to warm up
      RunSeries series(options.pace);
      while (series.counted_runs() < options.runs) {
        flush();
        series.BeforeRun();
        series.AfterRun(session.RunSeconds());
      }
      report_path = session.EndProfiling();
      counted = series.Finish();
    } catch (const Ort::Exception& error) {
      return Refused(error);
    }
    counted.insert(counted.begin(), false);
    LATIMER_ASSIGN_OR_RETURN(const std::string report, ReadFile(report_path));
    LATIMER_ASSIGN_OR_RETURN(std::vector<LayerTiming> rows, ParseOnnxRuntimeProfile(report, counted));
    const NodeNames nodes(model_);
    for (LayerTiming& row : rows) row.node = std::string(nodes.Find(row.name));
    return rows;
  }

  absl::StatusOr<std::string> OptimizedGraph() override {
    LATIMER_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::Create(options_.work_dir));
    const std::string path = folder.path() + "/optimized.onnx";
    try {
      Ort::SessionOptions session_options = MakeSessionOptions(options_);
      session_options.SetOptimizedModelFilePath(path.c_str());
      const LoadedSession session(model_, session_options);
    } catch (const Ort::Exception& error) {
      return Refused(error);
    }
    return ReadFile(path);
  }

 private:
  OnnxRuntimeOptions options_;
  std::string model_;  // kept for the profiling session
  std::unique_ptr<LoadedSession> session_;
};

class OnnxRuntimeBackend final : public Backend {
 public:
  explicit OnnxRuntimeBackend(OnnxRuntimeOptions options) : options_(std::move(options)) {
    fingerprint_.facts = HostFacts();
    fingerprint_.facts["toolchain"] = absl::StrCat("onnxruntime ", OrtGetApiBase()->GetVersionString());
    fingerprint_.facts["precision"] = "as in the network";
    fingerprint_.facts["threads"] = absl::StrCat(options_.threads);
    fingerprint_.facts["optimization_level"] = absl::StrCat(options_.optimization_level);
    fingerprint_.facts["spin"] = options_.spin ? "yes" : "no";
  }

  absl::string_view name() const override { return "onnxruntime"; }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return options_.threads == 1; }

  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) override {
    try {
      return std::make_unique<OnnxRuntimeNetwork>(options_, std::string(onnx_model));
    } catch (const Ort::Exception& error) {
      return Refused(error);
    } catch (const std::bad_alloc&) {
      return ResourceExhausted("OUT_OF_MEMORY", "the network does not fit this machine's memory");
    }
  }

 private:
  OnnxRuntimeOptions options_;
  Fingerprint fingerprint_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> CreateOnnxRuntimeBackend(const OnnxRuntimeOptions& options) {
  if (options.threads < 1) {
    return InvalidArgument("BAD_OPTION", "threads must be at least 1").Field("threads");
  }
  if (options.optimization_level != 0 && options.optimization_level != 1 && options.optimization_level != 2 &&
      options.optimization_level != 99) {
    return InvalidArgument("BAD_OPTION", "optimization level must be 0, 1, 2 or 99").Field("optimization_level");
  }
  try {
    Environment();
  } catch (const Ort::Exception& error) {
    return absl::FailedPreconditionError(absl::StrCat("ONNX Runtime does not start: ", error.what()));
  }
  return std::make_unique<OnnxRuntimeBackend>(options);
}

}  // namespace latimer
