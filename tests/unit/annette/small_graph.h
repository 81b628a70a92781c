// A graph with one layer of each common kind, for tests to change.
#ifndef LATIMER_TESTS_UNIT_ANNETTE_SMALL_GRAPH_H_
#define LATIMER_TESTS_UNIT_ANNETTE_SMALL_GRAPH_H_

#include <nlohmann/json.hpp>

namespace latimer {

inline nlohmann::json SmallGraph() {
  return nlohmann::json::parse(R"json({
    "name": "small",
    "layers": {
      "image": {"type": "DataInput", "parents": [], "children": ["conv"], "output_shape": [-1, 8, 8, 3]},
      "conv": {"type": "Conv", "parents": ["image"], "children": ["bn"], "input_shape": [-1, 8, 8, 3],
               "output_shape": [-1, 8, 8, 4], "kernel_shape": [3, 3, 3, 4], "strides": [1, 1, 1, 1],
               "pads": [0, 1, 1, 0, 0, 1, 1, 0]},
      "bn": {"type": "BatchNorm", "parents": ["conv"], "children": ["relu"], "output_shape": [-1, 8, 8, 4]},
      "relu": {"type": "Relu", "parents": ["bn"], "children": ["depthwise"], "output_shape": [-1, 8, 8, 4]},
      "depthwise": {"type": "DepthwiseConv", "parents": ["relu"], "children": ["sum"], "output_shape": [-1, 8, 8, 4],
                    "kernel_shape": [3, 3, 4, 1], "strides": [1, 1, 1, 1], "pads": [0, 1, 1, 0, 0, 1, 1, 0]},
      "sum": {"type": "Add", "parents": ["relu", "depthwise"], "children": ["pool"], "output_shape": [-1, 8, 8, 4]},
      "pool": {"type": "Pool", "parents": ["sum"], "children": ["dense"], "output_shape": [-1, 4, 4, 4],
               "kernel_shape": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "pads": [0, 0, 0, 0, 0, 0, 0, 0],
               "pooling_type": "AVG"},
      "dense": {"type": "FullyConnected", "parents": ["pool"], "children": ["softmax"], "output_shape": [-1, 10]},
      "softmax": {"type": "Softmax", "parents": ["dense"], "children": [], "output_shape": [-1, 10]}
    }
  })json");
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_ANNETTE_SMALL_GRAPH_H_
