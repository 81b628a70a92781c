// The ONNX model an engine is given for a task's network.
#ifndef LATIMER_AGENT_ENGINE_ENGINE_MODEL_H_
#define LATIMER_AGENT_ENGINE_ENGINE_MODEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "latimer/v1/network.pb.h"

namespace latimer::agent {

// A serialised ModelProto with random weights in place. An ONNX source stays the graph it is, with its inputs' shapes
// fixed as the source asks; other sources are written as ONNX. Errors: those of ReadNetwork(), ExportOnnx() and
// MaterializeWeights().
absl::StatusOr<std::string> EngineModel(const v1::NetworkSource& source);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_ENGINE_ENGINE_MODEL_H_
