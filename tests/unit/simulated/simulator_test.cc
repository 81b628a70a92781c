#include "backends/simulated/simulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

#include "core/benchmark/layer_network.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/smart_padding.h"
#include "core/network/network_builder.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer::simulated {
namespace {

using benchmark::ChainLink;
using benchmark::ChainNetwork;
using benchmark::SameConv;
using benchmark::SamePool;

class EveryBoard : public testing::TestWithParam<std::string> {
 protected:
  Board board_ = *FindBoard(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Boards, EveryBoard, testing::ValuesIn(BoardNames()),
                         [](const auto& name) { return name.param; });

Network Chain(const Shape& input, const std::vector<ChainLink>& links) {
  absl::StatusOr<Network> network = ChainNetwork({input}, links);
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

Network Conv(int64_t height, int64_t width, int64_t c_in, int64_t c_out, int64_t kernel = 3) {
  return Chain({1, c_in, height, width}, {{LayerType::kConv, SameConv({kernel, kernel}, {1, 1}, c_out)}});
}

double UnitSeconds(const Network& network, const Board& board) {
  const SimulatedRun run = Simulate(network, board);
  double seconds = 0;
  for (const SimulatedUnit& unit : run.units) seconds += unit.seconds;
  return seconds;
}

TEST_P(EveryBoard, IsDeterministic) {
  const Network network = Conv(28, 28, 64, 64);
  EXPECT_EQ(Simulate(network, board_).total_seconds, Simulate(network, board_).total_seconds);
}

TEST_P(EveryBoard, AddsUpItsParts) {
  const Network network = Chain({1, 16, 56, 56}, {{LayerType::kConv, SameConv({3, 3}, {1, 1}, 32)},
                                                  {LayerType::kRelu, {}},
                                                  {LayerType::kSoftmax, AxisAttributes{1}}});
  const SimulatedRun run = Simulate(network, board_);
  ASSERT_EQ(run.units.size(), 2u);
  EXPECT_FALSE(run.units[0].on_cpu);
  EXPECT_TRUE(run.units[1].on_cpu);
  EXPECT_DOUBLE_EQ(run.total_seconds,
                   run.start_seconds + run.units[0].seconds + run.units[1].seconds + run.end_seconds);
}

// More channels or pixels never take less time, but for what a finer cut into tiles saves.
TEST_P(EveryBoard, IsMonotoneInWork) {
  const auto expect_monotone = [this](auto make, absl::string_view what) {
    double last = 0;
    for (int64_t size = 4; size <= 160; ++size) {
      const double seconds = UnitSeconds(make(size), board_);
      EXPECT_GE(seconds, 0.97 * last) << what << " " << size;
      last = std::max(last, seconds);
    }
  };
  expect_monotone([](int64_t s) { return Conv(28, 28, 64, s); }, "output channels");
  expect_monotone([](int64_t s) { return Conv(28, 28, s, 64); }, "input channels");
  expect_monotone([](int64_t s) { return Conv(s, 28, 32, 32); }, "height");
  expect_monotone([](int64_t s) { return Conv(28, s, 32, 32); }, "width");
  expect_monotone(
      [](int64_t s) {
        return Chain({1, s, 28, 28}, {{LayerType::kDepthwiseConv, SameConv({3, 3}, {1, 1}, s, s)}});
      },
      "depth-wise channels");
  expect_monotone([](int64_t s) { return Chain({1, s, 28, 28}, {{LayerType::kSigmoid, {}}}); }, "activation");
}

// A layer bound by the array takes the same time for all sizes up to the next multiple of the unrolling, then more.
TEST_P(EveryBoard, StepsAtItsUnrolling) {
  board_.dram_bytes_per_second = 1e15;  // so that the array alone decides
  board_.dma_latency_seconds = 0;
  const auto expect_steps = [](int64_t step, int64_t from, auto seconds) {
    const double floor = seconds(from * step);
    EXPECT_GT(seconds(from * step + 1), 1.02 * floor) << "after " << from * step;
    for (int64_t size = from * step + 1; size < (from + 1) * step; ++size) {
      EXPECT_NEAR(seconds(size), seconds((from + 1) * step), 1e-4 * floor) << size;
    }
  };
  expect_steps(board_.array_out, 6, [this](int64_t c) { return UnitSeconds(Conv(32, 32, 64, c), board_); });
  expect_steps(board_.array_in, 4, [this](int64_t c) { return UnitSeconds(Conv(32, 32, c, 64), board_); });
  if (board_.array_rows) {
    expect_steps(board_.array_pixels, 3, [this](int64_t h) { return UnitSeconds(Conv(h, 32, 32, 32), board_); });
  }
}

TEST_P(EveryBoard, FusesActivationsOnly) {
  const ChainLink conv{LayerType::kConv, SameConv({3, 3}, {1, 1}, 32)};
  EXPECT_EQ(Simulate(Chain({1, 16, 28, 28}, {conv, {LayerType::kRelu, {}}}), board_).units.size(), 1u);
  EXPECT_EQ(Simulate(Chain({1, 16, 28, 28}, {conv, {LayerType::kSigmoid, {}}}), board_).units.size(), 2u);
  EXPECT_EQ(Simulate(Chain({1, 16, 28, 28}, {conv, {LayerType::kRelu, {}}, conv}), board_).units.size(), 2u);
  const ChainLink pool{LayerType::kMaxPool, SamePool({2, 2}, {2, 2})};
  EXPECT_EQ(Simulate(Chain({1, 16, 28, 28}, {conv, {LayerType::kRelu, {}}, pool}), board_).units.size(),
            board_.fuses_max_pool ? 1u : 2u);
  const ChainLink wide{LayerType::kMaxPool, SamePool({3, 3}, {2, 2})};
  EXPECT_EQ(Simulate(Chain({1, 16, 28, 28}, {conv, wide}), board_).units.size(), 2u);
}

TEST_P(EveryBoard, FusesAddsWhereTheToolchainDoes) {
  // Two convolutions that meet in an addition: the second one may take it over.
  NetworkBuilder builder;
  LayerSpec spec;
  const TensorId x = *builder.AddInput("x", {1, 16, 28, 28}, DataType::kFloat32);
  spec.type = LayerType::kConv;
  spec.attributes = SameConv({3, 3}, {1, 1}, 16);
  spec.operands = {Operand::Activation(x)};
  spec.name = "left";
  const LayerId left = *builder.AddLayer(spec);
  spec.name = "right";
  const LayerId right = *builder.AddLayer(spec);
  LayerSpec add;
  add.name = "add";
  add.type = LayerType::kAdd;
  add.operands = {Operand::Activation(builder.network().layers[left].outputs[0]),
                  Operand::Activation(builder.network().layers[right].outputs[0])};
  ASSERT_TRUE(builder.AddLayer(add).ok());
  const Network network = *std::move(builder).Finish({});
  const SimulatedRun run = Simulate(network, board_);
  ASSERT_EQ(run.units.size(), board_.fuses_add ? 2u : 3u);
  EXPECT_EQ(run.units[1].layers.size(), board_.fuses_add ? 2u : 1u);
}

// The toolchain of every board knows every kind of layer the campaign draws, and none is for nothing.
TEST_P(EveryBoard, RunsEveryKindOfSubject) {
  for (int i = 0; i < benchmark::kNumSubjectKinds; ++i) {
    const auto kind = static_cast<benchmark::SubjectKind>(i);
    benchmark::Random random(4);
    for (int sample = 0; sample < 10; ++sample) {
      const absl::StatusOr<Network> subject = benchmark::SampleSubject(kind, random);
      ASSERT_TRUE(subject.ok()) << subject.status();
      const double seconds = UnitSeconds(*subject, board_);
      EXPECT_TRUE(std::isfinite(seconds));
      EXPECT_LT(seconds, 2) << benchmark::SubjectKindName(kind);
      if (subject->layers[0].type == LayerType::kConcat && board_.free_concat) continue;
      EXPECT_GT(seconds, 1e-6) << benchmark::SubjectKindName(kind);
    }
  }
}

TEST_P(EveryBoard, RunsRealNetworks) {
  int networks = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(LATIMER_SOURCE_DIR "/tests/data/networks")) {
    if (entry.path().extension() != ".onnx") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    absl::StatusOr<Network> imported = ImportOnnx(bytes.str());
    ASSERT_TRUE(imported.ok()) << imported.status();
    const Network network = Simplify(*std::move(imported));
    const SimulatedRun run = Simulate(network, board_);
    std::vector<int> executed(network.layers.size(), 0);
    for (const SimulatedUnit& unit : run.units) {
      EXPECT_TRUE(std::isfinite(unit.seconds) && unit.seconds > 0) << entry.path();
      for (LayerId id : unit.layers) ++executed[id];
    }
    EXPECT_EQ(std::count_if(executed.begin(), executed.end(), [](int times) { return times > 1; }), 0);
    const double peak = static_cast<double>(board_.array_pixels * board_.array_in * board_.array_out) * board_.clock_hz;
    EXPECT_GT(run.total_seconds, static_cast<double>(Macs(network)) / peak) << entry.path();
    EXPECT_LT(run.total_seconds, 2) << entry.path();
    ++networks;
  }
  EXPECT_GE(networks, 30);
}

// Input and output of a single layer cross the link and are (de)quantised by the processor; padded, one channel does.
TEST_P(EveryBoard, PaysForItsEndsUnlessPadded) {
  const Network subject = Conv(56, 56, 64, 64);
  const absl::StatusOr<Network> padded = benchmark::PaddedNetwork(subject);
  ASSERT_TRUE(padded.ok());
  const SimulatedRun single_run = Simulate(subject, board_);
  const SimulatedRun padded_run = Simulate(*padded, board_);
  const double single_ends = single_run.start_seconds + single_run.end_seconds - board_.start_seconds;
  const double padded_ends = padded_run.start_seconds + padded_run.end_seconds - board_.start_seconds;
  EXPECT_NEAR(padded_ends, single_ends / 64, 1e-3 * single_ends);
  Board without_quantization = board_;
  without_quantization.quantize_elements_per_second = 1e18;
  const double elements = 2.0 * 64 * 56 * 56;
  EXPECT_NEAR(single_run.total_seconds - Simulate(subject, without_quantization).total_seconds,
              elements / board_.quantize_elements_per_second, 1e-9);
}

// Loads overlap with computing, and the next unit's weights with this one: no formula of a unit's own numbers.
TEST_P(EveryBoard, IsNotARoofline) {
  std::vector<double> ratios;
  for (const auto& [side, channels, kernel] :
       {std::tuple<int64_t, int64_t, int64_t>{56, 64, 3}, {14, 512, 1}, {28, 128, 3}, {7, 1024, 1}, {112, 32, 1}}) {
    const Network network = Conv(side, side, channels, channels, kernel);
    const double macs = static_cast<double>(Macs(network));
    const double bytes = board_.activation_bits / 8.0 *
                         static_cast<double>(2 * side * side * channels + kernel * kernel * channels * channels);
    const double peak = static_cast<double>(board_.array_pixels * board_.array_in * board_.array_out) * board_.clock_hz;
    const double roofline = std::max(macs / peak, bytes / board_.dram_bytes_per_second);
    ratios.push_back(UnitSeconds(network, board_) / roofline);
    EXPECT_GT(ratios.back(), 0.99 * (board_.keeps_activations ? macs / peak / roofline : 1));
  }
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  EXPECT_GT(*most, 1.2 * *least);
}

TEST_P(EveryBoard, LoadsWeightsAhead) {
  const ChainLink conv{LayerType::kConv, SameConv({3, 3}, {1, 1}, 64)};
  const double twice = UnitSeconds(Chain({1, 64, 28, 28}, {conv, conv}), board_);
  Board slow_start = board_;
  const double once = UnitSeconds(Chain({1, 64, 28, 28}, {conv}), slow_start);
  if (board_.keeps_activations) {
    EXPECT_LT(twice, 2 * once);
  } else {
    EXPECT_LE(twice, 2 * once * (1 + 1e-12));
  }
}

}  // namespace
}  // namespace latimer::simulated
