#include "core/network/onnx/known_constant.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::onnx_internal {
namespace {

Error BadTensor(absl::string_view name, absl::string_view what) {
  return InvalidArgument("BAD_TENSOR", absl::StrCat("tensor '", name, "' ", what)).With("tensor", name);
}

template <typename T, typename Out>
void CopyRaw(const std::string& raw, std::vector<Out>& out) {
  const size_t count = raw.size() / sizeof(T);
  out.resize(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<Out>(value);
  }
}

void ReadRaw(const onnx::TensorProto& tensor, KnownConstant& constant) {
  const std::string& raw = tensor.raw_data();
  constant.has_values = true;
  switch (constant.type) {
    case DataType::kFloat32:
      return CopyRaw<float>(raw, constant.reals);
    case DataType::kFloat64:
      return CopyRaw<double>(raw, constant.reals);
    case DataType::kInt8:
      return CopyRaw<int8_t>(raw, constant.integers);
    case DataType::kUint8:
    case DataType::kBool:
      return CopyRaw<uint8_t>(raw, constant.integers);
    case DataType::kInt16:
      return CopyRaw<int16_t>(raw, constant.integers);
    case DataType::kUint16:
      return CopyRaw<uint16_t>(raw, constant.integers);
    case DataType::kInt32:
      return CopyRaw<int32_t>(raw, constant.integers);
    case DataType::kUint32:
      return CopyRaw<uint32_t>(raw, constant.integers);
    case DataType::kInt64:
      return CopyRaw<int64_t>(raw, constant.integers);
    case DataType::kUint64:
      return CopyRaw<uint64_t>(raw, constant.integers);
    default:
      constant.has_values = false;  // half precision is never computed with
  }
}

void ReadTyped(const onnx::TensorProto& tensor, KnownConstant& constant) {
  constant.has_values = true;
  switch (constant.type) {
    case DataType::kFloat32:
      constant.reals.assign(tensor.float_data().begin(), tensor.float_data().end());
      return;
    case DataType::kFloat64:
      constant.reals.assign(tensor.double_data().begin(), tensor.double_data().end());
      return;
    case DataType::kInt64:
      constant.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
      return;
    case DataType::kUint32:
    case DataType::kUint64:
      constant.integers.assign(tensor.uint64_data().begin(), tensor.uint64_data().end());
      return;
    case DataType::kInt8:
    case DataType::kUint8:
    case DataType::kInt16:
    case DataType::kUint16:
    case DataType::kInt32:
    case DataType::kBool:
      constant.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
      return;
    default:
      constant.has_values = false;
  }
}

}  // namespace

DataType FromOnnxType(int32_t type) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return DataType::kFloat32;
    case onnx::TensorProto::FLOAT16:
      return DataType::kFloat16;
    case onnx::TensorProto::BFLOAT16:
      return DataType::kBFloat16;
    case onnx::TensorProto::DOUBLE:
      return DataType::kFloat64;
    case onnx::TensorProto::INT8:
      return DataType::kInt8;
    case onnx::TensorProto::UINT8:
      return DataType::kUint8;
    case onnx::TensorProto::INT16:
      return DataType::kInt16;
    case onnx::TensorProto::UINT16:
      return DataType::kUint16;
    case onnx::TensorProto::INT32:
      return DataType::kInt32;
    case onnx::TensorProto::UINT32:
      return DataType::kUint32;
    case onnx::TensorProto::INT64:
      return DataType::kInt64;
    case onnx::TensorProto::UINT64:
      return DataType::kUint64;
    case onnx::TensorProto::BOOL:
      return DataType::kBool;
    default:
      return DataType::kUnspecified;
  }
}

absl::StatusOr<std::unique_ptr<KnownConstant>> ReadTensor(const onnx::TensorProto& tensor, absl::string_view name,
                                                          int64_t max_elements) {
  auto constant = std::make_unique<KnownConstant>();
  constant->name = name;
  constant->type = FromOnnxType(tensor.data_type());
  for (int64_t dim : tensor.dims()) {
    if (dim < 0) return BadTensor(name, absl::StrCat("has the negative dimension ", dim));
    constant->shape.push_back(dim);
  }
  absl::StatusOr<int64_t> elements = CheckedNumElements(constant->shape);
  if (!elements.ok()) return BadTensor(name, absl::StrCat("is too large: ", elements.status().message()));
  if (constant->type == DataType::kUnspecified) {
    constant->type = DataType::kFloat32;
    return constant;  // strings and complex numbers: only the shape counts
  }
  const int bytes = BitWidth(constant->type) / 8;
  if (tensor.has_raw_data() && !tensor.raw_data().empty() &&
      tensor.raw_data().size() / static_cast<size_t>(bytes) != static_cast<size_t>(*elements)) {
    return BadTensor(name, absl::StrCat("of shape ", ShapeToString(constant->shape), " has ", tensor.raw_data().size(),
                                        " bytes of data instead of ", *elements, " x ", bytes));
  }
  if (*elements > max_elements) return constant;
  if (*elements == 0) {
    constant->has_values = true;
    return constant;
  }
  if (!tensor.raw_data().empty()) {
    ReadRaw(tensor, *constant);
  } else {
    ReadTyped(tensor, *constant);
  }
  if (constant->has_values && constant->size() != static_cast<size_t>(*elements)) {
    if (constant->size() != 0) {
      return BadTensor(name, absl::StrCat("of shape ", ShapeToString(constant->shape), " has ", constant->size(),
                                          " elements of data"));
    }
    constant->has_values = false;  // dims without data
  }
  return constant;
}

}  // namespace latimer::onnx_internal
