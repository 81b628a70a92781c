// What is checked before a model is read node by node. Internal to core/network/onnx.
#ifndef LATIMER_CORE_NETWORK_ONNX_MODEL_CHECKS_H_
#define LATIMER_CORE_NETWORK_ONNX_MODEL_CHECKS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/network/import_options.h"
#include "onnx/onnx_pb.h"

namespace latimer::onnx_internal {

// Counts the top-level nodes and tensors of serialised bytes without making objects of them: two bytes of message can
// become two hundred of memory. Bytes it cannot follow are left to the parser.
absl::Status CheckSizeBeforeParsing(absl::string_view bytes, const ImportLimits& limits);

// All limits, sub-graphs included.
absl::Status CheckLimits(const onnx::GraphProto& graph, const ImportLimits& limits);

// Every name is defined once and before it is read; errors name node and value, and say whether nodes form a cycle.
absl::Status CheckOrder(const onnx::GraphProto& graph);

// The onnx library's own check_model, with the traps of models without weights worked around; the model is unchanged
// afterwards. Errors: INVALID_ARGUMENT with the library's words.
absl::Status CheckAgainstSchemas(onnx::ModelProto& model);

// "node 'conv1' (Conv)", or "node #12 (Conv)" where it has no name.
std::string NodeText(const onnx::NodeProto& node, int index);

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_MODEL_CHECKS_H_
