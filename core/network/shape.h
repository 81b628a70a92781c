// Shapes of tensors and their element types.
#ifndef LATIMER_CORE_NETWORK_SHAPE_H_
#define LATIMER_CORE_NETWORK_SHAPE_H_

#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace latimer {

// Sizes of the dimensions, outermost first (N, C, spatial…). In a Network every dimension of every tensor is >= 1 and
// the number of elements fits 62 bits.
using Shape = absl::InlinedVector<int64_t, 5>;

// One value per spatial dimension, outermost first.
using SpatialDims = absl::InlinedVector<int64_t, 3>;

// Numerically equal to latimer.v1.DataType.
enum class DataType : uint8_t {
  kUnspecified = 0,
  kFloat32 = 1,
  kFloat16 = 2,
  kBFloat16 = 3,
  kFloat64 = 4,
  kInt8 = 5,
  kUint8 = 6,
  kInt16 = 7,
  kUint16 = 8,
  kInt32 = 9,
  kUint32 = 10,
  kInt64 = 11,
  kUint64 = 12,
  kBool = 13,
};

// Bits per element; 32 for kUnspecified.
int BitWidth(DataType type);

// Whether the type is a floating-point type (kUnspecified counts as one).
bool IsFloatingPoint(DataType type);

// "float32", "int64" …
absl::string_view DataTypeName(DataType type);

// Product of the dimensions; 1 for a scalar. Error (OUT_OF_RANGE) on a negative dimension or past 2^62.
absl::StatusOr<int64_t> CheckedNumElements(absl::Span<const int64_t> shape);

// Product of the dimensions of a shape already checked.
int64_t NumElements(absl::Span<const int64_t> shape);

// "1x3x224x224"; "scalar" for an empty shape.
std::string ShapeToString(absl::Span<const int64_t> shape);

// Reads "1x3x224x224" (also "1,3,224,224"); every dimension must be >= 1.
absl::StatusOr<Shape> ParseShape(absl::string_view text);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_SHAPE_H_
