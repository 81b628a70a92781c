#include "core/benchmark/layer_space.h"

#include <gtest/gtest.h>

#include <set>

#include "core/benchmark/smart_padding.h"
#include "core/network/structural_hash.h"

namespace latimer::benchmark {
namespace {

class EveryKind : public testing::TestWithParam<int> {
 protected:
  SubjectKind kind() const { return static_cast<SubjectKind>(GetParam()); }
};

TEST_P(EveryKind, SubjectsAreValidAndWithinTheirBound) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const absl::StatusOr<Network> subject = SampleSubject(kind(), random);
    ASSERT_TRUE(subject.ok()) << subject.status();
    ASSERT_EQ(subject->layers.size(), 1u);
    ASSERT_EQ(subject->outputs.size(), 1u);
    EXPECT_LE(Macs(*subject), 2'000'000'000);
    int64_t elements = 0;
    for (const Tensor& tensor : subject->tensors) elements += NumElements(tensor.shape);
    for (const Constant& constant : subject->constants) elements += NumElements(constant.shape);
    EXPECT_LE(elements, 32'000'000);
    for (const Tensor& tensor : subject->tensors) {
      EXPECT_GE(NumElements(tensor.shape), 1) << ShapeToString(tensor.shape);
    }
  }
}

TEST_P(EveryKind, TheSameSeedGivesTheSameSubjects) {
  Random a(9), b(9), c(10);
  std::set<uint64_t> seen, other;
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<Network> first = SampleSubject(kind(), a);
    const absl::StatusOr<Network> second = SampleSubject(kind(), b);
    const absl::StatusOr<Network> third = SampleSubject(kind(), c);
    ASSERT_TRUE(first.ok() && second.ok() && third.ok());
    EXPECT_EQ(StructuralHash(*first), StructuralHash(*second));
    seen.insert(StructuralHash(*first));
    other.insert(StructuralHash(*third));
  }
  EXPECT_GT(seen.size(), 8u);  // drawn, not fixed
  EXPECT_NE(seen, other);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind, testing::Range(0, kNumSubjectKinds), [](const auto& kind) {
  return std::string(SubjectKindName(static_cast<SubjectKind>(kind.param)));
});

// What a kind of subject has been seen to vary.
struct Seen {
  std::set<LayerType> types;
  std::set<int64_t> strides;
  std::set<int64_t> dilations;
  std::set<int64_t> groups;
  std::set<SpatialDims> kernels;
  std::set<size_t> ranks;
  std::set<int64_t> channels;
};

Seen Draw(SubjectKind kind, int count) {
  Seen seen;
  Random random(21);
  for (int i = 0; i < count; ++i) {
    const absl::StatusOr<Network> subject = SampleSubject(kind, random);
    EXPECT_TRUE(subject.ok()) << subject.status();
    if (!subject.ok()) break;
    const Layer& layer = subject->layers[0];
    seen.types.insert(layer.type);
    seen.ranks.insert(subject->InputShape(layer, 0).size());
    if (subject->InputShape(layer, 0).size() > 1) seen.channels.insert(subject->InputShape(layer, 0)[1]);
    if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
      seen.strides.insert(conv->stride.begin(), conv->stride.end());
      seen.dilations.insert(conv->dilation.begin(), conv->dilation.end());
      seen.groups.insert(conv->groups);
      seen.kernels.insert(conv->kernel);
    }
    if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes)) {
      seen.strides.insert(pool->stride.begin(), pool->stride.end());
      seen.kernels.insert(pool->kernel);
    }
  }
  return seen;
}

template <typename Set>
bool Includes(const Set& set, std::initializer_list<typename Set::value_type> values) {
  return std::all_of(values.begin(), values.end(), [&](const auto& value) { return set.count(value) > 0; });
}

TEST(SampleSubject, ConvolutionsCoverStridesKernelsDilationAndThinInputs) {
  const Seen seen = Draw(SubjectKind::kConv, 500);
  EXPECT_TRUE(Includes(seen.strides, {1, 2, 3}));
  EXPECT_TRUE(Includes(seen.dilations, {1, 2}));
  EXPECT_TRUE(Includes(seen.kernels, {{1, 1}, {3, 3}, {5, 5}, {7, 7}}));
  EXPECT_TRUE(Includes(seen.channels, {3, 64}));
  EXPECT_TRUE(std::any_of(seen.channels.begin(), seen.channels.end(), [](int64_t c) { return c > 3 && c % 2 == 1; }));
}

TEST(SampleSubject, AsymmetricKernelsInBothDirections) {
  const Seen seen = Draw(SubjectKind::kConvAsymmetric, 200);
  EXPECT_TRUE(Includes(seen.kernels, {{1, 3}, {3, 1}, {1, 7}, {7, 1}, {1, 5}, {5, 1}}));
}

TEST(SampleSubject, GroupsAreFewerThanChannels) {
  const Seen seen = Draw(SubjectKind::kConvGrouped, 200);
  EXPECT_TRUE(Includes(seen.groups, {2, 4, 8, 32}));
  EXPECT_EQ(seen.types, std::set<LayerType>{LayerType::kConv});
}

TEST(SampleSubject, OneAndThreeDimensions) {
  const Seen one = Draw(SubjectKind::kConv1d, 100);
  EXPECT_EQ(one.ranks, std::set<size_t>{3});
  EXPECT_TRUE(Includes(one.strides, {1, 2}));
  const Seen three = Draw(SubjectKind::kConv3d, 100);
  EXPECT_EQ(three.ranks, std::set<size_t>{5});
  EXPECT_TRUE(Includes(three.kernels, {{1, 1, 1}, {3, 3, 3}}));
}

TEST(SampleSubject, EveryKindDrawsItsTypes) {
  using enum LayerType;
  EXPECT_EQ(Draw(SubjectKind::kDepthwise, 200).types, std::set<LayerType>{kDepthwiseConv});
  EXPECT_TRUE(Includes(Draw(SubjectKind::kDepthwise, 200).strides, {1, 2, 3}));
  EXPECT_EQ(Draw(SubjectKind::kConvTranspose, 50).types, std::set<LayerType>{kConvTranspose});
  EXPECT_EQ(Draw(SubjectKind::kFullyConnected, 50).types, std::set<LayerType>{kFullyConnected});
  EXPECT_EQ(Draw(SubjectKind::kTokens, 50).ranks, std::set<size_t>{3});
  EXPECT_EQ(Draw(SubjectKind::kMatMul, 50).types, std::set<LayerType>{kMatMul});
  EXPECT_EQ(Draw(SubjectKind::kPool, 100).types, (std::set<LayerType>{kMaxPool, kAveragePool}));
  EXPECT_EQ(Draw(SubjectKind::kGlobalPool, 50).types, std::set<LayerType>{kGlobalAveragePool});
  EXPECT_EQ(Draw(SubjectKind::kElementwise, 100).types, (std::set<LayerType>{kAdd, kSub, kMul}));
  EXPECT_GE(Draw(SubjectKind::kActivation, 200).types.size(), 11u);
  EXPECT_EQ(Draw(SubjectKind::kConcat, 50).types, std::set<LayerType>{kConcat});
  EXPECT_EQ(Draw(SubjectKind::kResize, 50).types, std::set<LayerType>{kResize});
  EXPECT_EQ(Draw(SubjectKind::kSoftmax, 50).types, std::set<LayerType>{kSoftmax});
  EXPECT_EQ(Draw(SubjectKind::kNormalization, 100).types, (std::set<LayerType>{kLayerNorm, kBatchNorm, kInstanceNorm}));
  EXPECT_EQ(Draw(SubjectKind::kTranspose, 50).types, std::set<LayerType>{kTranspose});
  EXPECT_EQ(Draw(SubjectKind::kReduce, 50).types, std::set<LayerType>{kReduce});
}

// The numbers that describe a layer of a sweep.
std::vector<int64_t> Dimensions(const Network& network) {
  const Layer& layer = network.layers[0];
  std::vector<int64_t> dimensions(network.InputShape(layer, 0).begin(), network.InputShape(layer, 0).end());
  const Shape& output = network.OutputShape(layer);
  dimensions.push_back(output[1]);
  return dimensions;
}

TEST(MakeSweeps, VaryOneDimension) {
  const absl::StatusOr<std::vector<Sweep>> sweeps = MakeSweeps(1);
  ASSERT_TRUE(sweeps.ok()) << sweeps.status();
  EXPECT_GE(sweeps->size(), 10u);
  std::set<std::string> names;
  for (const Sweep& sweep : *sweeps) {
    SCOPED_TRACE(sweep.name);
    EXPECT_TRUE(names.insert(sweep.name).second);
    ASSERT_GE(sweep.points.size(), 15u);
    const bool depthwise = sweep.points[0].layers[0].type == LayerType::kDepthwiseConv ||
                           sweep.points.back().layers[0].type == LayerType::kDepthwiseConv;
    std::set<size_t> varied;
    std::set<std::vector<int64_t>> distinct;
    const std::vector<int64_t> first = Dimensions(sweep.points[0]);
    for (const Network& point : sweep.points) {
      const std::vector<int64_t> dimensions = Dimensions(point);
      distinct.insert(dimensions);
      ASSERT_EQ(dimensions.size(), first.size());
      for (size_t i = 0; i < first.size(); ++i) {
        if (dimensions[i] != first[i]) varied.insert(i);
      }
    }
    EXPECT_EQ(distinct.size(), sweep.points.size());
    EXPECT_EQ(varied.size(), depthwise ? 2u : 1u);  // a depth-wise layer has as many outputs as inputs
  }
}

TEST(MakeSweeps, SmallBudgetsThinThemOut) {
  size_t last = 1u << 20;
  for (const double density : {1.0, 0.5, 0.1, 0.034}) {
    const absl::StatusOr<std::vector<Sweep>> sweeps = MakeSweeps(density);
    ASSERT_TRUE(sweeps.ok());
    size_t points = 0;
    for (const Sweep& sweep : *sweeps) points += sweep.points.size();
    EXPECT_LT(points, last) << density;
    last = points;
  }
}

TEST(MakeFusionProbes, PairsStartWithTheLayerAlone) {
  const absl::StatusOr<std::vector<FusionProbe>> probes = MakeFusionProbes();
  ASSERT_TRUE(probes.ok()) << probes.status();
  EXPECT_GE(probes->size(), 10u);
  for (const FusionProbe& probe : *probes) {
    ASSERT_EQ(probe.alone.layers.size(), 1u);
    ASSERT_EQ(probe.pair.layers.size(), 2u);
    EXPECT_EQ(probe.alone.layers[0].type, probe.primary);
    EXPECT_EQ(probe.pair.layers[0].type, probe.primary);
    EXPECT_EQ(probe.pair.layers[1].type, probe.secondary);
    EXPECT_EQ(probe.pair.layers[1].inputs[0], probe.pair.layers[0].outputs[0]);
    EXPECT_TRUE(PaddedNetwork(probe.pair).ok());
  }
}

TEST(Random, IsTheSameEverywhere) {
  Random random(1);
  EXPECT_EQ(random.Next(), 0x910A2DEC89025CC1ULL);  // SplitMix64's published sequence for seed 1
  Random values(1);
  for (int i = 0; i < 1000; ++i) {
    const int64_t value = values.LogUniform(8, 512);
    EXPECT_GE(value, 8);
    EXPECT_LE(value, 512);
    const int64_t below = values.Below(7);
    EXPECT_GE(below, 0);
    EXPECT_LT(below, 7);
  }
}

}  // namespace
}  // namespace latimer::benchmark
