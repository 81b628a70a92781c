#include "core/network/shape.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/checked_math.h"
#include "core/base/error.h"

namespace latimer {

int BitWidth(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kUint8:
      return 8;
    case DataType::kFloat16:
    case DataType::kBFloat16:
    case DataType::kInt16:
    case DataType::kUint16:
      return 16;
    case DataType::kUnspecified:
    case DataType::kFloat32:
    case DataType::kInt32:
    case DataType::kUint32:
      return 32;
    case DataType::kFloat64:
    case DataType::kInt64:
    case DataType::kUint64:
      return 64;
  }
  return 32;
}

bool IsFloatingPoint(DataType type) {
  return type == DataType::kUnspecified || type == DataType::kFloat32 || type == DataType::kFloat16 ||
         type == DataType::kBFloat16 || type == DataType::kFloat64;
}

absl::string_view DataTypeName(DataType type) {
  constexpr absl::string_view kNames[] = {"unspecified", "float32", "float16", "bfloat16", "float64", "int8",   "uint8",
                                          "int16",       "uint16",  "int32",   "uint32",   "int64",   "uint64", "bool"};
  return kNames[static_cast<size_t>(type)];
}

absl::StatusOr<int64_t> CheckedNumElements(absl::Span<const int64_t> shape) {
  constexpr int64_t kMax = int64_t{1} << 62;
  int64_t product = 1;
  bool has_zero = false;
  for (int64_t dim : shape) {
    if (dim < 0) {
      return absl::OutOfRangeError(absl::StrCat("shape ", ShapeToString(shape), " has a negative dimension"));
    }
    if (dim == 0) {
      has_zero = true;
      continue;
    }
    std::optional<int64_t> next = CheckedMul(product, dim);
    if (!next.has_value() || *next > kMax) {
      return absl::OutOfRangeError(absl::StrCat("shape ", ShapeToString(shape), " has more than 2^62 elements"));
    }
    product = *next;
  }
  return has_zero ? 0 : product;
}

int64_t NumElements(absl::Span<const int64_t> shape) {
  int64_t product = 1;
  for (int64_t dim : shape) product *= dim;
  return product;
}

std::string ShapeToString(absl::Span<const int64_t> shape) {
  return shape.empty() ? "scalar" : absl::StrJoin(shape, "x");
}

absl::StatusOr<Shape> ParseShape(absl::string_view text) {
  Shape shape;
  for (absl::string_view part : absl::StrSplit(text, absl::ByAnyChar("x,"))) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim) || dim < 1) {
      return InvalidArgument("BAD_SHAPE", absl::StrCat("'", text,
                                                       "' is not a shape: write positive sizes joined by x, "
                                                       "for example 1x3x224x224"))
          .With("shape", text);
    }
    shape.push_back(dim);
  }
  absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  if (!elements.ok()) return InvalidArgument("BAD_SHAPE", elements.status().message()).With("shape", text);
  return shape;
}

}  // namespace latimer
