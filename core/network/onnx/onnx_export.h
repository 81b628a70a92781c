// Writes a Network as an ONNX model, so that engines can run networks that never were a file: benchmark layers,
// generated cells, compact messages.
#ifndef LATIMER_CORE_NETWORK_ONNX_ONNX_EXPORT_H_
#define LATIMER_CORE_NETWORK_ONNX_ONNX_EXPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/network/network.h"

namespace latimer {

// A serialised ModelProto, operator set 13, without weight data (dims only; see backends/materialize.h). Layer types
// that stand for a pattern (SILU, GELU, LAYER_NORM …) are written as the nodes exporters emit for them. Reading it back
// with ImportOnnx() and Simplify() gives the same layers, shapes and counts.
// Errors: UNIMPLEMENTED for UNKNOWN layers and others that do not say what they compute; names the layer.
absl::StatusOr<std::string> ExportOnnx(const Network& network);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_ONNX_ONNX_EXPORT_H_
