#include "core/mapping/pair_features.h"

#include <gtest/gtest.h>

#include "core/benchmark/network_stack.h"

namespace latimer {
namespace {

PairFeatures FeaturesOf(const Network& network, LayerId unit, LayerId next) {
  return MakePairFeatures(network, BlockedLayout(network, 0), TensorReaders(network), {&unit, 1}, next);
}

// The lead of a unit of one layer before the sum it may take; the list's last but one.
float LeadBefore(const Network& network, LayerId unit, LayerId sum) {
  return FeaturesOf(network, unit, sum)[kNumPairFeatures - 2];
}

// Two convolutions in a row, and one beside them, joined by a sum.
Network Joined(bool beside_last) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  const benchmark::NetworkStack::ConvSpec conv = {.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified};
  const TensorId input = stack.tip;
  TensorId beside = kNone;
  if (!beside_last) beside = stack.Conv(conv);
  stack.tip = input;
  stack.Conv(conv);
  const TensorId deep = stack.Conv(conv);
  stack.tip = input;
  if (beside_last) beside = stack.Conv(conv);
  stack.Add(deep, beside);
  return *std::move(stack).Finish("joined");
}

TEST(PairFeatures, LeadTellsWhoRunsLaterInWhateverOrderLayersAreListed) {
  const Network beside_first = Joined(false);  // beside, first, deep, sum
  EXPECT_EQ(LeadBefore(beside_first, 2, 3), 1);
  EXPECT_EQ(LeadBefore(beside_first, 0, 3), -1);
  const Network beside_last = Joined(true);  // first, deep, beside, sum
  EXPECT_EQ(LeadBefore(beside_last, 1, 3), 1);
  EXPECT_EQ(LeadBefore(beside_last, 2, 3), -1);
}

TEST(PairFeatures, NothingIsWaitedForWhereNothingElseIsRead) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  const TensorId input = stack.tip;
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  const TensorId rectified = stack.Activate(LayerType::kRelu);
  stack.Add(rectified, input);
  const Network network = *std::move(stack).Finish("input");
  EXPECT_EQ(LeadBefore(network, 0, 1), kNothingToWaitFor);
  EXPECT_EQ(LeadBefore(network, 1, 2), kNothingToWaitFor) << "inputs of the network are there";
}

TEST(PairFeatures, TellWhoReadsTheLayerBehind) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  stack.Activate(LayerType::kRelu);
  stack.Activate(LayerType::kSigmoid);
  const Network network = *std::move(stack).Finish("readers");
  EXPECT_EQ(FeaturesOf(network, 0, 1).back(), static_cast<float>(LayerType::kSigmoid));
  EXPECT_EQ(FeaturesOf(network, 1, 2).back(), kReadByCaller);
}

TEST(PairFeatures, SeveralReadersAreNone) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  const TensorId rectified = stack.Activate(LayerType::kRelu);
  const TensorId one = stack.Activate(LayerType::kSigmoid);
  stack.tip = rectified;
  const TensorId other = stack.Activate(LayerType::kTanh);
  stack.Add(one, other);
  const Network network = *std::move(stack).Finish("several");
  EXPECT_EQ(FeaturesOf(network, 0, 1).back(), 0);
}

TEST(PairFeatures, LeadsAreBounded) {
  EXPECT_EQ(LeadOf(100, 3), 8);
  EXPECT_EQ(LeadOf(3, 100), -8);
}

}  // namespace
}  // namespace latimer
