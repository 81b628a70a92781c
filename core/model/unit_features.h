// What layer models see of an execution unit: a flat value without pointers, so that it can be hashed, memoised and
// turned into a row of a data set.
#ifndef LATIMER_CORE_MODEL_UNIT_FEATURES_H_
#define LATIMER_CORE_MODEL_UNIT_FEATURES_H_

#include <cstdint>

#include "core/network/layer_type.h"

namespace latimer {

// Dimensions are those of the primary layer; 1 where a dimension does not exist (1-D layers have h = 1, fully
// connected ones h = w = 1 and c_in, c_out their features). Bytes and operations are those of the whole unit.
struct UnitFeatures {
  LayerType type = LayerType::kUnspecified;  // of the primary layer
  uint8_t unit_type = 0;                     // index of the unit's type in the platform's model
  int64_t batch = 1;                         // rows for FULLY_CONNECTED, product of the leading dimensions for MAT_MUL
  int64_t in_d = 1, in_h = 1, in_w = 1;
  int64_t out_d = 1, out_h = 1, out_w = 1;
  int64_t c_in = 1;  // input channels per group
  int64_t c_out = 1;
  int64_t groups = 1;
  int64_t kernel_d = 1, kernel_h = 1, kernel_w = 1;
  int64_t stride_d = 1, stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t num_inputs = 1;  // activations read
  // Where the unit stands in its network (core/mapping/graph_context.h); all zero where that is not known.
  LayerType fused_activation = LayerType::kUnspecified;  // the last of them
  LayerType producer = LayerType::kUnspecified;          // of the first input; unspecified: an input of the network
  LayerType consumer = LayerType::kUnspecified;          // the first that reads the output
  uint8_t fused_sums = 0;                                // element-wise layers of two operands in the unit
  uint8_t blocked = 0;                                   // 1: the result stays in blocks of channels
  int16_t residency = 0;                                 // 2 log2 of the bytes the network goes through, rounded
  int16_t freshness = 0;                                 // the same where the result lies in memory not used yet
  int64_t producer_channels = 0;
  int64_t axis = 0;       // the dimension that is normalised, joined or moved last, from the end: 1 is the last
  double operations = 0;  // one multiply-accumulate is two
  double input_bytes = 0;
  double output_bytes = 0;
  double weight_bytes = 0;

  double bytes() const { return input_bytes + output_bytes + weight_bytes; }
  bool operator==(const UnitFeatures&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const UnitFeatures& f) {
    return H::combine(std::move(h), f.type, f.unit_type, f.batch, f.in_d, f.in_h, f.in_w, f.out_d, f.out_h, f.out_w,
                      f.c_in, f.c_out, f.groups, f.kernel_d, f.kernel_h, f.kernel_w, f.stride_d, f.stride_h, f.stride_w,
                      f.dilation_h, f.dilation_w, f.num_inputs, f.fused_activation, f.producer, f.consumer,
                      f.fused_sums, f.blocked, f.residency, f.freshness, f.producer_channels, f.axis, f.operations,
                      f.input_bytes, f.output_bytes, f.weight_bytes);
  }
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_UNIT_FEATURES_H_
