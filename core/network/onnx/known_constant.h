// Constants of an ONNX graph while it is read. Internal to core/network/onnx.
#ifndef LATIMER_CORE_NETWORK_ONNX_KNOWN_CONSTANT_H_
#define LATIMER_CORE_NETWORK_ONNX_KNOWN_CONSTANT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/network.h"
#include "core/network/shape.h"
#include "onnx/onnx_pb.h"

namespace latimer::onnx_internal {

// A constant: always its shape and type, and its elements if it is small enough to compute with and its data is there.
struct KnownConstant {
  absl::string_view name;  // of the value it was made as; in the model or in an arena
  Shape shape;
  DataType type = DataType::kFloat32;
  bool has_values = false;
  std::vector<int64_t> integers;  // elements of integer and truth-value types
  std::vector<double> reals;      // elements of floating-point types
  bool from_shape = false;        // computed from the shape of an activation
  ConstantId id = kNone;          // in the network, once a layer reads it
  bool counted = false;           // in Network::source_params

  bool is_real() const { return IsFloatingPoint(type); }
  size_t size() const { return is_real() ? reals.size() : integers.size(); }
  // Keeps only the shape.
  void DropValues() {
    has_values = false;
    integers = {};
    reals = {};
  }
};

// kUnspecified for types the estimator does not know (strings, complex numbers).
DataType FromOnnxType(int32_t type);

// Dims and type are checked; elements are read if there are at most `max_elements` of them. External data is never
// read. Errors: INVALID_ARGUMENT naming the tensor.
absl::StatusOr<std::unique_ptr<KnownConstant>> ReadTensor(const onnx::TensorProto& tensor, absl::string_view name,
                                                          int64_t max_elements);

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_KNOWN_CONSTANT_H_
