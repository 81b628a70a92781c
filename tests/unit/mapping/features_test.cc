// Operations and bytes of units, counted by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mapping/features.h"
#include "tests/unit/mapping/mapping_helpers.h"

namespace latimer {
namespace {

// Features of the unit of all layers at 16 bits for activations and 8 for weights.
UnitFeatures Features(const Network& network) {
  std::vector<LayerId> layers;
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) layers.push_back(id);
  return ComputeFeatures(network, layers, 16, 8);
}

constexpr double kX = 16 * 32 * 32;  // elements of the input

TEST(Features, AConvolution) {
  const Network network = MakeNetwork(L("conv", "CONV", {"x"},
                                        "conv { kernel: [5, 3] stride: [2, 1] dilation: [1, 2] pad_begin: [2, 2] "
                                        "output_channels: 24 groups: 4 bias: true }"));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.type, LayerType::kConv);
  EXPECT_EQ(f.batch, 1);
  EXPECT_EQ(f.in_h, 32);
  EXPECT_EQ(f.in_w, 32);
  EXPECT_EQ(f.out_h, 16);
  EXPECT_EQ(f.out_w, 32);
  EXPECT_EQ(f.out_d, 1);
  EXPECT_EQ(f.c_in, 4);  // per group
  EXPECT_EQ(f.c_out, 24);
  EXPECT_EQ(f.groups, 4);
  EXPECT_EQ(f.kernel_h, 5);
  EXPECT_EQ(f.kernel_w, 3);
  EXPECT_EQ(f.stride_h, 2);
  EXPECT_EQ(f.stride_w, 1);
  EXPECT_EQ(f.dilation_h, 1);
  EXPECT_EQ(f.dilation_w, 2);
  EXPECT_EQ(f.num_inputs, 1);
  EXPECT_EQ(f.operations, 2.0 * 24 * 16 * 32 * 4 * 15);
  EXPECT_EQ(f.input_bytes, 2 * kX);
  EXPECT_EQ(f.output_bytes, 2.0 * 24 * 16 * 32);
  EXPECT_EQ(f.weight_bytes, 24.0 * 4 * 15 + 24);
  EXPECT_EQ(f.bytes(), f.input_bytes + f.output_bytes + f.weight_bytes);
}

// The unit reads x, weights, and writes the pooled result; what is between stays on chip.
TEST(Features, AFusedUnitMovesWhatCrossesItsBoundary) {
  const Network network = MakeNetwork(Conv("conv", "x") + L("sum", "ADD", {"conv", "x"}) + L("relu", "RELU", {"sum"}) +
                                      MaxPool("pool", "relu"));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.operations, 2 * kX * 16 * 9 + kX + kX + kX / 4 * 4 * 2);
  EXPECT_EQ(f.input_bytes, 2 * kX);  // x is read once although two layers read it
  EXPECT_EQ(f.output_bytes, 2 * kX / 4);
  EXPECT_EQ(f.weight_bytes, 16 * 16 * 9 + 16);
  EXPECT_EQ(f.num_inputs, 1);
}

TEST(Features, OtherOperandsOfAFusedUnitAreRead) {
  const Network network = MakeNetwork("inputs { name: 'y' shape { dims: [1, 16, 32, 32] } } " + Conv("conv", "x") +
                                      L("sum", "ADD", {"y", "conv"}));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.num_inputs, 2);
  EXPECT_EQ(f.input_bytes, 2 * 2 * kX);
}

TEST(Features, FullyConnectedRowsAreTheBatch) {
  const Network network =
      MakeNetwork(L("dense", "FULLY_CONNECTED", {"x"}, "fully_connected { output_features: 10 bias: true }"));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.batch, 16 * 32);
  EXPECT_EQ(f.c_in, 32);
  EXPECT_EQ(f.c_out, 10);
  EXPECT_EQ(f.out_h, 1);
  EXPECT_EQ(f.operations, 2.0 * 16 * 32 * 32 * 10);
  EXPECT_EQ(f.weight_bytes, 330);
}

TEST(Features, ProductsOfActivations) {
  const Network network =
      MakeNetwork("inputs { name: 'y' shape { dims: [1, 16, 32, 8] } } " + L("product", "MAT_MUL", {"x", "y"}));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.batch, 16);
  EXPECT_EQ(f.c_in, 32);
  EXPECT_EQ(f.c_out, 8);
  EXPECT_EQ(f.out_w, 32);
  EXPECT_EQ(f.num_inputs, 2);
  EXPECT_EQ(f.operations, 2.0 * 16 * 32 * 32 * 8);
  EXPECT_EQ(f.input_bytes, 2 * (kX + 16 * 32 * 8));
  EXPECT_EQ(f.weight_bytes, 0);
}

TEST(Features, OneAndThreeSpatialDimensions) {
  const Network line =
      MakeNetwork("inputs { name: 'y' shape { dims: [2, 3, 50] } } " +
                  L("conv", "CONV", {"y"}, "conv { kernel: 5 stride: 3 output_channels: 7 }") + "outputs: 'conv'");
  const UnitFeatures one = Features(line);
  EXPECT_EQ(one.batch, 2);
  EXPECT_EQ(one.in_h, 1);
  EXPECT_EQ(one.in_w, 50);
  EXPECT_EQ(one.out_w, 16);
  EXPECT_EQ(one.kernel_h, 1);
  EXPECT_EQ(one.kernel_w, 5);
  EXPECT_EQ(one.stride_w, 3);
  const Network volume = MakeNetwork("inputs { name: 'y' shape { dims: [1, 3, 4, 6, 8] } } " +
                                     L("conv", "CONV", {"y"}, "conv { kernel: [1, 2, 3] output_channels: 7 }"));
  const UnitFeatures three = Features(volume);
  EXPECT_EQ(three.in_d, 4);
  EXPECT_EQ(three.out_h, 5);
  EXPECT_EQ(three.out_w, 6);
  EXPECT_EQ(three.kernel_d, 1);
  EXPECT_EQ(three.kernel_h, 2);
  EXPECT_EQ(three.kernel_w, 3);
  EXPECT_EQ(three.operations, 2.0 * 7 * 4 * 5 * 6 * 3 * 6);
}

TEST(Features, OperationsByType) {
  struct Case {
    std::string layer;
    double operations;
  };
  const Case cases[] = {
      {L("a", "RELU", {"x"}), kX},
      {L("a", "ADD", {"x", "x"}), kX},
      {L("a", "SOFTMAX", {"x"}), kX},
      {L("a", "GLOBAL_AVERAGE_POOL", {"x"}), 2 * kX},
      {MaxPool("a", "x", 3, 1), 2.0 * 16 * 30 * 30 * 9},
      {L("a", "REDUCE", {"x"}, "reduce { axes: [2, 3] }"), kX},
      {L("a", "TRANSPOSE", {"x"}), 0},
      {L("a", "CONCAT", {"x", "x"}), 0},
      {L("a", "PAD", {"x"}, "pad { begin: [0, 0, 1, 1] end: [0, 0, 1, 1] }"), 0},
      {L("a", "UNKNOWN", {"x"}), 0},
      {L("a", "CONV_TRANSPOSE", {"x"}, "conv { kernel: [2, 2] stride: [2, 2] output_channels: 4 }"), 2 * kX * 4 * 4},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.layer);
    const Network network = MakeNetwork(c.layer);
    EXPECT_EQ(Operations(network, network.layers[0]), c.operations);
  }
}

TEST(Features, OfATableOnlyTheRowsLookedUpAreRead) {
  const Network network =
      MakeNetwork("inputs { name: 'i' shape { dims: 6 } data_type: DATA_TYPE_INT64 } " +
                  L("rows", "GATHER", {"i"}, "output_shape { shape { dims: [6, 32] } } constant_elements: 320000"));
  const UnitFeatures f = Features(network);
  EXPECT_EQ(f.weight_bytes, 6 * 32);
  EXPECT_EQ(f.input_bytes, 6 * 8);  // indices keep their 64 bits
  EXPECT_EQ(f.output_bytes, 2 * 6 * 32);
}

}  // namespace
}  // namespace latimer
