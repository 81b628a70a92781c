// Reads ONNX models (operator sets 7 to 17) from untrusted bytes.
//
// The onnx library parses, supplies operator schemas and checks the model's structure; shapes are inferred by our own
// bounded rules, because Debian's onnx 1.12 shape inference crashes on malformed models. Weights may be missing
// (dims without data). Sub-graphs (If, Loop, Scan) make their node an unknown operator.
#ifndef LATIMER_CORE_NETWORK_ONNX_ONNX_IMPORT_H_
#define LATIMER_CORE_NETWORK_ONNX_ONNX_IMPORT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/import_options.h"
#include "core/network/network.h"

namespace latimer {

// `bytes` is a serialised onnx.ModelProto. Never throws, never runs ONNX shape inference, never reads other files.
// Errors: INVALID_ARGUMENT (names node, tensor or input), RESOURCE_EXHAUSTED (names the limit).
absl::StatusOr<Network> ImportOnnx(absl::string_view bytes, const ImportOptions& options = {});

// Removes the data of float tensors with more than `keep_elements` elements from a serialised ModelProto, keeping
// their dims: what a client sends instead of megabytes of weights. External data references are dropped, not read.
// Errors: INVALID_ARGUMENT if `bytes` is not a ModelProto.
absl::StatusOr<std::string> StripWeights(absl::string_view bytes, int64_t keep_elements = 64);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_ONNX_ONNX_IMPORT_H_
