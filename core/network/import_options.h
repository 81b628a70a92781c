// What a caller may set when a network is read, and the limits every importer enforces.
#ifndef LATIMER_CORE_NETWORK_IMPORT_OPTIONS_H_
#define LATIMER_CORE_NETWORK_IMPORT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/shape.h"

namespace latimer {

// Limits on what an upload may contain; exceeding one is RESOURCE_EXHAUSTED and names it. A few bytes of a message can
// hold a node, so these are checked right after parsing, before anything is built.
struct ImportLimits {
  int64_t max_nodes = 50'000;
  int64_t max_tensors = 200'000;  // inputs, outputs, initializers and value infos together
  int64_t max_attributes_per_node = 64;
  int64_t max_inputs_per_node = 4'096;  // also outputs
  int64_t max_rank = 8;
  int64_t max_nesting = 8;  // sub-graphs (ONNX) or brackets beyond the format's own (JSON)
  int64_t max_name_bytes = 4'096;
  int64_t max_constant_elements = 65'536;  // of one tensor the importer computes with (shape arithmetic)
};

// A shape for one input.
struct InputShapeOverride {
  std::string name;  // empty: the only input
  Shape shape;
};

struct ImportOptions {
  ImportLimits limits;
  std::vector<InputShapeOverride> input_shapes;
  int64_t batch_size = 0;    // replaces the first dimension of every input; 0: as declared
  std::string display_name;  // empty: the name in the source
};

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_IMPORT_OPTIONS_H_
