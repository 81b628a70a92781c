#include "core/benchmark/smart_padding.h"

#include <gtest/gtest.h>

#include "core/benchmark/layer_network.h"
#include "core/benchmark/layer_space.h"

namespace latimer::benchmark {
namespace {

Network Conv(const Shape& input, int64_t kernel, int64_t channels) {
  const SpatialDims ones(input.size() - 2, 1);
  absl::StatusOr<Network> network =
      LayerNetwork(LayerType::kConv, SameConv(SpatialDims(input.size() - 2, kernel), ones, channels), {input});
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

std::vector<LayerType> Types(const Network& network) {
  std::vector<LayerType> types;
  for (const Layer& layer : network.layers) types.push_back(layer.type);
  return types;
}

TEST(PaddedNetwork, PutsTheSubjectBetweenOneChannelAndOneChannel) {
  const absl::StatusOr<Network> padded = PaddedNetwork(Conv({1, 64, 56, 56}, 3, 128));
  ASSERT_TRUE(padded.ok()) << padded.status();
  EXPECT_EQ(padded->tensors[padded->inputs[0]].shape, (Shape{1, 1, 56, 56}));
  EXPECT_EQ(padded->tensors[padded->outputs[0]].shape, (Shape{1, 1, 56, 56}));
  EXPECT_EQ(Types(*padded), (std::vector<LayerType>{LayerType::kConv, LayerType::kRelu, LayerType::kConv,
                                                    LayerType::kConv, LayerType::kRelu}));
  EXPECT_EQ(padded->OutputShape(padded->layers[0]), (Shape{1, 64, 56, 56}));
  EXPECT_EQ(padded->OutputShape(padded->layers[2]), (Shape{1, 128, 56, 56}));
  EXPECT_EQ(std::get<ConvAttributes>(padded->layers[0].attributes).kernel, (SpatialDims{1, 1}));
  // 64·56² in, 128·56² out, 9·64·128·56² between.
  EXPECT_EQ(Macs(*padded), (64 + 128 + 9 * 64 * 128) * int64_t{56} * 56);
}

TEST(PaddedNetwork, StridesChangeTheOutputsPaddingOnly) {
  absl::StatusOr<Network> subject =
      LayerNetwork(LayerType::kConv, SameConv({3, 3}, {2, 2}, 32), {Shape{1, 16, 57, 31}});
  ASSERT_TRUE(subject.ok());
  const PaddingNeed need = NeededPadding(*subject);
  ASSERT_EQ(need.inputs.size(), 1u);
  EXPECT_EQ(need.inputs[0].Key(), "conv:1x16x57x31");
  EXPECT_EQ(need.output.Key(), "conv:1x32x29x16");
}

TEST(PaddedNetwork, HandlesOneAndThreeDimensions) {
  const absl::StatusOr<Network> one = PaddedNetwork(Conv({1, 32, 128}, 3, 8));
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->tensors[one->inputs[0]].shape, (Shape{1, 1, 128}));
  EXPECT_EQ(one->tensors[one->outputs[0]].shape, (Shape{1, 1, 128}));
  const absl::StatusOr<Network> three = PaddedNetwork(Conv({1, 8, 4, 7, 7}, 3, 24));
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(three->tensors[three->inputs[0]].shape, (Shape{1, 1, 4, 7, 7}));
  EXPECT_EQ(three->tensors[three->outputs[0]].shape, (Shape{1, 1, 4, 7, 7}));
}

TEST(PaddedNetwork, PadsFeaturesWithFullyConnectedLayers) {
  const absl::StatusOr<Network> subject =
      LayerNetwork(LayerType::kFullyConnected, FullyConnectedAttributes{768, 1000, true}, {Shape{1, 197, 768}});
  ASSERT_TRUE(subject.ok());
  const absl::StatusOr<Network> padded = PaddedNetwork(*subject);
  ASSERT_TRUE(padded.ok()) << padded.status();
  EXPECT_EQ(padded->tensors[padded->inputs[0]].shape, (Shape{1, 197, 1}));
  EXPECT_EQ(padded->tensors[padded->outputs[0]].shape, (Shape{1, 197, 1}));
  EXPECT_EQ(padded->layers[0].type, LayerType::kFullyConnected);
  EXPECT_EQ(NeededPadding(*subject).output.Key(), "fc:1x197x1000");
}

TEST(PaddedNetwork, PadsEveryInputOfASubject) {
  const Shape map{1, 24, 28, 28};
  const absl::StatusOr<Network> subject = LayerNetwork(LayerType::kAdd, {}, {map, map});
  ASSERT_TRUE(subject.ok());
  const absl::StatusOr<Network> padded = PaddedNetwork(*subject);
  ASSERT_TRUE(padded.ok()) << padded.status();
  ASSERT_EQ(padded->inputs.size(), 2u);
  for (TensorId id : padded->inputs) EXPECT_EQ(padded->tensors[id].shape, (Shape{1, 1, 28, 28}));
  EXPECT_EQ(NeededPadding(*subject).inputs.size(), 2u);
}

// Whatever the subject, one channel crosses the link in and out.
TEST(PaddedNetwork, OneChannelCrossesTheLinkForEveryKind) {
  for (int i = 0; i < kNumSubjectKinds; ++i) {
    Random random(11);
    for (int sample = 0; sample < 20; ++sample) {
      const absl::StatusOr<Network> subject = SampleSubject(static_cast<SubjectKind>(i), random);
      ASSERT_TRUE(subject.ok()) << subject.status();
      const absl::StatusOr<Network> padded = PaddedNetwork(*subject);
      ASSERT_TRUE(padded.ok()) << SubjectKindName(static_cast<SubjectKind>(i)) << " " << padded.status();
      const PaddingNeed need = NeededPadding(*subject);
      ASSERT_EQ(padded->inputs.size(), subject->inputs.size());
      auto expect_narrow = [&](TensorId id, const PaddedShape& wide) {
        const size_t channel = wide.features_last ? wide.shape.size() - 1 : 1;
        Shape expected = wide.shape;
        expected[channel] = 1;
        EXPECT_EQ(padded->tensors[id].shape, expected);
      };
      for (size_t k = 0; k < need.inputs.size(); ++k) expect_narrow(padded->inputs[k], need.inputs[k]);
      expect_narrow(padded->outputs[0], need.output);
      EXPECT_EQ(
          Macs(*padded), Macs(*subject) + [&] {
            int64_t sum = NumElements(need.output.shape);
            for (const PaddedShape& shape : need.inputs) sum += NumElements(shape.shape);
            return sum;
          }());
    }
  }
}

TEST(PaddedNetwork, RefusesWhatCannotBePadded) {
  const absl::StatusOr<Network> deep = LayerNetwork(LayerType::kRelu, {}, {Shape{1, 2, 3, 4, 5, 6}});
  ASSERT_TRUE(deep.ok());
  EXPECT_EQ(PaddedNetwork(*deep).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PaddedNetwork(Network()).status().code(), absl::StatusCode::kInvalidArgument);
  const absl::StatusOr<Network> split =
      LayerNetwork(LayerType::kSplit, SplitAttributes{1, {2, 2}}, {Shape{1, 4, 8, 8}});
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(PaddedNetwork(*split).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PaddingOnlyNetwork, WidensAndNarrows) {
  const absl::StatusOr<Network> network = PaddingOnlyNetwork({Shape{1, 64, 56, 56}, false});
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->tensors[network->inputs[0]].shape, (Shape{1, 1, 56, 56}));
  EXPECT_EQ(network->tensors[network->outputs[0]].shape, (Shape{1, 1, 56, 56}));
  EXPECT_EQ(Types(*network),
            (std::vector<LayerType>{LayerType::kConv, LayerType::kRelu, LayerType::kConv, LayerType::kRelu}));
  EXPECT_EQ(network->OutputShape(network->layers[0]), (Shape{1, 64, 56, 56}));
  const absl::StatusOr<Network> features = PaddingOnlyNetwork({Shape{1, 1000}, true});
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(features->tensors[features->inputs[0]].shape, (Shape{1, 1}));
}

TEST(PaddingTable, GivesThePapersInterval) {
  const Network subject = Conv({1, 64, 56, 56}, 3, 128);
  PaddingTable table;
  table.Add({Shape{1, 64, 56, 56}, false}, 3e-3);   // T_b1
  table.Add({Shape{1, 128, 56, 56}, false}, 5e-3);  // T_b2
  const absl::StatusOr<TimeInterval> time = table.SubjectTime(subject, 10e-3);
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_DOUBLE_EQ(time->lower_seconds, 5e-3);  // T_c - max(T_b1, T_b2)
  EXPECT_DOUBLE_EQ(time->upper_seconds, 7e-3);  // T_c - min(T_b1, T_b2)
  EXPECT_DOUBLE_EQ(time->middle_seconds(), 6e-3);
}

TEST(PaddingTable, SumsThePaddingOfSeveralInputs) {
  const Shape map{1, 24, 28, 28};
  const absl::StatusOr<Network> add = LayerNetwork(LayerType::kAdd, {}, {map, map});
  ASSERT_TRUE(add.ok());
  PaddingTable table;
  table.Add({map, false}, 2e-3);
  const absl::StatusOr<TimeInterval> time = table.SubjectTime(*add, 5e-3);
  ASSERT_TRUE(time.ok()) << time.status();
  // r = 1: two inputs' padding, 5 - 4; r = 0: one output's, 5 - 2.
  EXPECT_DOUBLE_EQ(time->lower_seconds, 1e-3);
  EXPECT_DOUBLE_EQ(time->upper_seconds, 3e-3);
}

TEST(PaddingTable, CountsTheCostOfARunOnce) {
  // A run costs 1 ms, widening to the map 0.4, narrowing 0.6, adding 0.5; the smallest model costs next to nothing.
  const Shape map{1, 24, 28, 28};
  const absl::StatusOr<Network> add = LayerNetwork(LayerType::kAdd, {}, {map, map});
  ASSERT_TRUE(add.ok());
  PaddingTable table;
  table.Add(SmallestPadding(), 1e-3);
  table.Add({map, false}, 2e-3);
  const absl::StatusOr<TimeInterval> time = table.SubjectTime(*add, 1e-3 + 2 * 0.4e-3 + 0.5e-3 + 0.6e-3);
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_NEAR(time->lower_seconds, -0.1e-3, 1e-9);  // 2.9 - (2 + 2 - 1)
  EXPECT_NEAR(time->upper_seconds, 0.9e-3, 1e-9);   // 2.9 - 2
  EXPECT_NEAR(time->middle_seconds(), 0.4e-3, 1e-9);
}

TEST(PaddingTable, KeepsNegativeBounds) {
  const Network subject = Conv({1, 8, 8, 8}, 1, 8);
  PaddingTable table;
  table.Add({Shape{1, 8, 8, 8}, false}, 3e-3);
  const absl::StatusOr<TimeInterval> time = table.SubjectTime(subject, 2e-3);
  ASSERT_TRUE(time.ok());
  EXPECT_DOUBLE_EQ(time->lower_seconds, -1e-3);
}

TEST(PaddingTable, NamesTheModelThatIsMissing) {
  const Network subject = Conv({1, 64, 56, 56}, 3, 128);
  PaddingTable table;
  table.Add({Shape{1, 64, 56, 56}, false}, 3e-3);
  const absl::Status status = table.SubjectTime(subject, 10e-3).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("conv:1x128x56x56"), std::string::npos) << status;
}

TEST(PaddingTable, TellsFeaturesFromChannels) {
  PaddingTable table;
  table.Add({Shape{1, 197, 768}, true}, 1e-3);
  const absl::StatusOr<Network> conv = LayerNetwork(LayerType::kConv, SameConv({3}, {1}, 197), {Shape{1, 197, 768}});
  ASSERT_TRUE(conv.ok());
  EXPECT_EQ(table.SubjectTime(*conv, 1).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace latimer::benchmark
