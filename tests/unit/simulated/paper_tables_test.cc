// The shape of paper II's tables 2 to 4 on the simulated boards: data of single layers misestimate a network by a
// factor on the i.MX 93, smart padding does not.
#include <gtest/gtest.h>

#include <cstdio>

#include "backends/simulated/simulator.h"
#include "core/benchmark/smart_padding.h"
#include "tests/unit/simulated/known_networks.h"

namespace latimer::simulated {
namespace {

using benchmark::ChainLink;
using benchmark::ChainNetwork;
using benchmark::PaddedShape;
using benchmark::PaddingTable;
using benchmark::TimeInterval;

struct Times {
  double alone = 0;       // measured as a network of its own
  double in_network = 0;  // what the board's units take between padding
  TimeInterval padded;    // by smart padding
};

// Time by black-box measurements only, and the truth beside them.
Times TimesOf(const Network& subject, const Board& board) {
  Times times;
  times.alone = Simulate(subject, board).total_seconds;
  const absl::StatusOr<Network> padded = benchmark::PaddedNetwork(subject);
  EXPECT_TRUE(padded.ok()) << padded.status();
  const SimulatedRun run = Simulate(*padded, board);
  for (const SimulatedUnit& unit : run.units) {
    const absl::string_view name = padded->layers[unit.layers[0]].name;
    if (name.substr(0, 7) == "subject") times.in_network += unit.seconds;
  }
  PaddingTable table;
  benchmark::PaddingNeed need = benchmark::NeededPadding(subject);
  need.inputs.push_back(need.output);
  need.inputs.push_back(benchmark::SmallestPadding());
  for (const PaddedShape& shape : need.inputs) {
    const absl::StatusOr<Network> only = benchmark::PaddingOnlyNetwork(shape);
    EXPECT_TRUE(only.ok()) << only.status();
    table.Add(shape, Simulate(*only, board).total_seconds);
  }
  const absl::StatusOr<TimeInterval> interval = table.SubjectTime(subject, run.total_seconds);
  EXPECT_TRUE(interval.ok()) << interval.status();
  times.padded = *interval;
  return times;
}

Network Chain(const Shape& input, const std::vector<ChainLink>& links) {
  absl::StatusOr<Network> network = ChainNetwork({input}, links);
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

TEST(PaperTables, SmartPaddingFindsLayersThatSingleLayersHide) {
  using benchmark::SameConv;
  struct Row {
    const char* name;
    Shape input;
    ChainLink layer;
  };
  const std::vector<Row> rows = {
      {"1x1 16>16 at 28x28", {1, 16, 28, 28}, {LayerType::kConv, SameConv({1, 1}, {1, 1}, 16)}},
      {"3x3 32>32 at 28x28", {1, 32, 28, 28}, {LayerType::kConv, SameConv({3, 3}, {1, 1}, 32)}},
      {"1x1 256>64 at 14x14", {1, 256, 14, 14}, {LayerType::kConv, SameConv({1, 1}, {1, 1}, 64)}},
      {"3x3 64>64 at 56x56", {1, 64, 56, 56}, {LayerType::kConv, SameConv({3, 3}, {1, 1}, 64)}},
      {"3x3 64>128 at 64x64", {1, 64, 64, 64}, {LayerType::kConv, SameConv({3, 3}, {1, 1}, 128)}},
      {"3x3 512>512 at 14x14", {1, 512, 14, 14}, {LayerType::kConv, SameConv({3, 3}, {1, 1}, 512)}},
      {"depth-wise 3x3 128 at 28x28",
       {1, 128, 28, 28},
       {LayerType::kDepthwiseConv, SameConv({3, 3}, {1, 1}, 128, 128)}},
  };
  for (const std::string& name : BoardNames()) {
    const Board board = *FindBoard(name);
    std::printf("simulated %s, microseconds\n", name.c_str());
    for (const Row& row : rows) {
      const Times times = TimesOf(Chain(row.input, {row.layer}), board);
      std::printf("  %-28s in network %8.1f  alone %8.1f  smart padding %8.1f to %8.1f\n", row.name,
                  times.in_network * 1e6, times.alone * 1e6, times.padded.lower_seconds * 1e6,
                  times.padded.upper_seconds * 1e6);
      EXPECT_GT(times.alone, times.in_network) << row.name;
      EXPECT_NEAR(times.padded.middle_seconds(), times.in_network, 0.1 * times.in_network) << name << " " << row.name;
      const double tolerance = 0.05 * times.in_network;  // what units overlap
      EXPECT_LE(times.padded.lower_seconds, times.in_network + tolerance) << name << " " << row.name;
      EXPECT_GE(times.padded.upper_seconds, times.in_network - tolerance) << name << " " << row.name;
    }
    if (name != "imx93") continue;
    // Small layers by an order of magnitude, large ones by a factor.
    const Times small = TimesOf(Chain(rows[1].input, {rows[1].layer}), board);
    EXPECT_GT(small.alone, 10 * small.in_network);
    const Times large = TimesOf(Chain(rows[3].input, {rows[3].layer}), board);
    EXPECT_GT(large.alone, 2 * large.in_network);
  }
}

// Sums of layer times against the network's time, both without what lies before the first and after the last layer.
TEST(PaperTables, MobileNetV1IsMisestimatedBySingleLayersAsPublished) {
  struct Row {
    const char* board;
    double published_error;  // of single-layer data for MobileNetV1, tables 2 to 4
  };
  for (const Row& row : {Row{"imx93", 7.6}, Row{"imx8mp", 3.05}, Row{"xavier", 0.59}}) {
    const Board board = *FindBoard(row.board);
    double alone = 0;
    double padded = 0;
    for (const auto& [input, unit] : MobileNetV1Units()) {
      const Times times = TimesOf(Chain(input, unit), board);
      alone += times.alone;
      padded += times.padded.middle_seconds();
    }
    const SimulatedRun run = Simulate(MobileNetV1(), board);
    const double network = run.total_seconds - run.units.back().seconds;  // the classifier is in neither sum
    const double inside = network - run.start_seconds - run.end_seconds;
    const double single_error = alone / network - 1;
    const double smart_error = padded / inside - 1;
    std::printf("simulated %s, MobileNetV1: single layers %+.0f %% (published %+.0f %%), smart padding %+.1f %%\n",
                row.board, single_error * 100, row.published_error * 100, smart_error * 100);
    // Of the same kind as on the real boards: within a factor of two and a half.
    EXPECT_GT(single_error, row.published_error / 2.5) << row.board;
    EXPECT_LT(single_error, row.published_error * 2.5) << row.board;
    EXPECT_LT(std::abs(smart_error), 0.15) << row.board;
  }
}

}  // namespace
}  // namespace latimer::simulated
