// Networks as text, and what two networks have in common.
#ifndef LATIMER_TESTS_UNIT_NETWORK_PROTO_PROTO_HELPERS_H_
#define LATIMER_TESTS_UNIT_NETWORK_PROTO_PROTO_HELPERS_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "core/network/network_proto.h"

namespace latimer {

inline v1::Network Message(const std::string& text) {
  v1::Network message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// Inputs of the shapes that tests need: x is a feature map, m and n are matrices that can be multiplied, i are indices.
inline const char kInputs[] = R"pb(
  inputs {
    name: "x"
    shape { dims: [ 1, 4, 8, 8 ] }
    data_type: DATA_TYPE_FLOAT32
  }
  inputs {
    name: "m"
    shape { dims: [ 2, 3, 5 ] }
    data_type: DATA_TYPE_FLOAT32
  }
  inputs {
    name: "n"
    shape { dims: [ 2, 5, 7 ] }
    data_type: DATA_TYPE_FLOAT32
  }
  inputs {
    name: "i"
    shape { dims: [ 6 ] }
    data_type: DATA_TYPE_INT64
  }
)pb";

// The layers of `b` are those of `a`: names, types, shapes, operations, constants.
inline void ExpectSame(const Network& a, const Network& b) {
  ASSERT_EQ(a.layers.size(), b.layers.size());
  EXPECT_EQ(a.outputs.size(), b.outputs.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    const Layer& one = a.layers[i];
    const Layer& other = b.layers[i];
    SCOPED_TRACE(std::string(one.name));
    EXPECT_EQ(one.type, other.type);
    ASSERT_EQ(one.inputs.size(), other.inputs.size());
    ASSERT_EQ(one.outputs.size(), other.outputs.size());
    for (size_t k = 0; k < one.inputs.size(); ++k) EXPECT_EQ(a.InputShape(one, k), b.InputShape(other, k));
    for (size_t k = 0; k < one.outputs.size(); ++k) {
      EXPECT_EQ(a.OutputShape(one, k), b.OutputShape(other, k));
      EXPECT_EQ(BitWidth(a.tensors[one.outputs[k]].type), BitWidth(b.tensors[other.outputs[k]].type));
    }
    EXPECT_EQ(Macs(a, one), Macs(b, other));
    EXPECT_EQ(ConstantElements(a, one), ConstantElements(b, other));
  }
  EXPECT_EQ(ComputeMemory(a).peak_activation_bytes, ComputeMemory(b).peak_activation_bytes);
}

// Writes the network and reads it back; a second writing gives the same message.
inline void ExpectRoundTrip(const Network& network) {
  const v1::Network message = NetworkToProto(network);
  const absl::StatusOr<Network> back = NetworkFromProto(message);
  ASSERT_TRUE(back.ok()) << back.status();
  ExpectSame(network, *back);
  EXPECT_EQ(NetworkToProto(*back).DebugString(), message.DebugString());
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_NETWORK_PROTO_PROTO_HELPERS_H_
