// Tables of operators, by family. Internal to core/network/onnx.
#ifndef LATIMER_CORE_NETWORK_ONNX_HANDLERS_H_
#define LATIMER_CORE_NETWORK_ONNX_HANDLERS_H_

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/network/onnx/node_context.h"

namespace latimer::onnx_internal {

using HandlerTable = absl::flat_hash_map<absl::string_view, NodeHandler>;

void AddWindowHandlers(HandlerTable& table);       // convolutions, pooling
void AddAlgebraHandlers(HandlerTable& table);      // matrix products, normalisation, reductions, softmax
void AddElementwiseHandlers(HandlerTable& table);  // one result per element
void AddDataHandlers(HandlerTable& table);         // moving data without computing

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_HANDLERS_H_
