#include "backends/materialize.h"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstring>
#include <random>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

// splitmix64: fast, and the same everywhere, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  float Uniform(float low, float high) { return low + (high - low) * (static_cast<float>(Next() >> 40) * 0x1.0p-24F); }

 private:
  uint64_t state_;
};

bool HasData(const onnx::TensorProto& tensor) {
  return tensor.has_raw_data() || tensor.float_data_size() > 0 || tensor.int32_data_size() > 0 ||
         tensor.int64_data_size() > 0 || tensor.double_data_size() > 0 || tensor.uint64_data_size() > 0 ||
         tensor.string_data_size() > 0 || tensor.external_data_size() > 0;
}

int64_t ElementBytes(int32_t type) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::UINT32:
      return 4;
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::INT64:
    case onnx::TensorProto::UINT64:
      return 8;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::UINT16:
      return 2;
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL:
      return 1;
    default:
      return 0;
  }
}

// IEEE half precision of a normal number of ordinary size; enough for weights near 1.
uint16_t ToHalf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const uint32_t sign = (bits >> 16) & 0x8000U;
  const int exponent = static_cast<int>((bits >> 23) & 0xFF) - 127 + 15;
  if (exponent <= 0) return static_cast<uint16_t>(sign);
  if (exponent >= 31) return static_cast<uint16_t>(sign | 0x7BFFU);
  return static_cast<uint16_t>(sign | (static_cast<uint32_t>(exponent) << 10) | ((bits >> 13) & 0x3FFU));
}

class Filler {
 public:
  Filler(uint64_t seed, int64_t max_bytes) : random_(seed), budget_(max_bytes) {}

  // Tensors that must be positive: scales and variances of normalisations.
  void MarkPositive(const onnx::GraphProto& graph) {
    for (const onnx::NodeProto& node : graph.node()) {
      const std::string& type = node.op_type();
      if (type == "BatchNormalization" || type == "InstanceNormalization" || type == "LayerNormalization") {
        if (node.input_size() > 1) positive_.insert(node.input(1));
        if (node.input_size() > 4) positive_.insert(node.input(4));
      }
    }
  }

  absl::Status Fill(onnx::TensorProto* tensor) {
    if (HasData(*tensor)) return absl::OkStatus();
    const int64_t element_bytes = ElementBytes(tensor->data_type());
    if (element_bytes == 0) {
      return InvalidArgument("UNSUPPORTED_WEIGHT_TYPE", absl::StrCat("tensor '", tensor->name(),
                                                                     "' has no data and an element type that cannot "
                                                                     "be filled with random values; send it with data"))
          .With("tensor", tensor->name());
    }
    int64_t elements = 1;
    for (int64_t dim : tensor->dims()) {
      const std::optional<int64_t> next = dim < 0 ? std::nullopt : CheckedMul(elements, dim);
      if (!next.has_value()) {
        return InvalidArgument("BAD_SHAPE", absl::StrCat("tensor '", tensor->name(), "' has impossible dims"))
            .With("tensor", tensor->name());
      }
      elements = *next;
    }
    const std::optional<int64_t> bytes = CheckedMul(elements, element_bytes);
    if (!bytes.has_value() || *bytes > budget_) {
      return ResourceExhausted("WEIGHTS_TOO_LARGE", absl::StrCat("the weights do not fit the limit at tensor '",
                                                                 tensor->name(), "' with ", elements, " elements"))
          .With("tensor", tensor->name());
    }
    budget_ -= *bytes;
    std::string* data = tensor->mutable_raw_data();
    data->resize(static_cast<size_t>(*bytes));
    Write(*tensor, elements, data->data());
    return absl::OkStatus();
  }

 private:
  void Write(const onnx::TensorProto& tensor, int64_t elements, char* out) {
    const bool positive = positive_.contains(tensor.name());
    // Fan-in: elements per output channel for weights of rank 2 and more.
    int64_t fan_in = 1;
    for (int i = 1; i < tensor.dims_size(); ++i) fan_in *= tensor.dims(i);
    const float range = std::sqrt(3.0F / static_cast<float>(fan_in < 1 ? 1 : fan_in));
    const float low = positive ? 0.5F : -range;
    const float high = positive ? 1.5F : range;
    for (int64_t i = 0; i < elements; ++i) {
      switch (tensor.data_type()) {
        case onnx::TensorProto::FLOAT:
          Store(out, i, random_.Uniform(low, high));
          break;
        case onnx::TensorProto::DOUBLE:
          Store(out, i, static_cast<double>(random_.Uniform(low, high)));
          break;
        case onnx::TensorProto::FLOAT16:
          Store(out, i, ToHalf(random_.Uniform(low, high)));
          break;
        case onnx::TensorProto::BFLOAT16: {
          const float value = random_.Uniform(low, high);
          uint32_t bits;
          std::memcpy(&bits, &value, sizeof(bits));
          Store(out, i, static_cast<uint16_t>(bits >> 16));
          break;
        }
        case onnx::TensorProto::INT64:
        case onnx::TensorProto::UINT64:
          Store(out, i, static_cast<int64_t>(random_.Next() & 1));
          break;
        case onnx::TensorProto::INT32:
        case onnx::TensorProto::UINT32:
          Store(out, i, static_cast<int32_t>(random_.Next() & 1));
          break;
        case onnx::TensorProto::INT16:
        case onnx::TensorProto::UINT16:
          Store(out, i, static_cast<int16_t>(random_.Next() & 1));
          break;
        default:
          Store(out, i, static_cast<int8_t>(random_.Next() & 1));
      }
    }
  }

  template <typename T>
  static void Store(char* out, int64_t index, T value) {
    std::memcpy(out + index * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
  }

  Random random_;
  int64_t budget_;
  absl::flat_hash_set<std::string> positive_;
};

}  // namespace

absl::StatusOr<std::string> MaterializeWeights(absl::string_view onnx_model, uint64_t seed, int64_t max_bytes) {
  onnx::ModelProto model;
  if (onnx_model.size() > size_t{2147483647} ||
      !model.ParseFromArray(onnx_model.data(), static_cast<int>(onnx_model.size())) || !model.has_graph()) {
    return InvalidArgument("NOT_AN_ONNX_MODEL", "the bytes are not a serialised onnx.ModelProto");
  }
  Filler filler(seed, max_bytes);
  filler.MarkPositive(model.graph());
  for (onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    LATIMER_RETURN_IF_ERROR(filler.Fill(&tensor));
  }
  for (onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Constant") continue;
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) LATIMER_RETURN_IF_ERROR(filler.Fill(attribute.mutable_t()));
    }
  }
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    return ResourceExhausted("WEIGHTS_TOO_LARGE",
                             "the model with its weights is larger than a protobuf message may be");
  }
  return bytes;
}

}  // namespace latimer
