// Times per layer from whole times only, against what a simulated board knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "backends/simulated/board.h"
#include "backends/simulated/simulator.h"
#include "core/benchmark/network_excerpts.h"
#include "core/benchmark/network_prefix.h"
#include "core/benchmark/network_stack.h"
#include "core/fitting/cut_excerpts.h"
#include "core/network/simplify.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

using benchmark::NetworkPrefix;
using benchmark::NetworkStack;

// A fifth of a percent of noise.
double Measure(const Network& network, const simulated::Board& board, benchmark::Random& random) {
  return simulated::Simulate(network, board).total_seconds * std::exp(0.002 * Noise(random));
}

CutExcerpt Cut(const Network& excerpt, const simulated::Board& board, benchmark::Random& random, size_t every = 1) {
  CutExcerpt cut;
  for (size_t layers = 1; layers <= excerpt.layers.size(); ++layers) {
    if (layers % every != 0 && layers != excerpt.layers.size()) continue;
    Beginning& one = cut.beginnings.emplace_back();
    one.network = NetworkPrefix(excerpt, layers);
    one.seconds = Measure(one.network, board, random);
    one.relative_spread = 0.002;
  }
  return cut;
}

struct Compared {
  int right = 0;  // layers that are as fused as they are
  int wrong = 0;
  double difference = 0;  // of the times of layers that both have, their sum
  double seconds = 0;
};

Compared CompareOn(const char* name, size_t every) {
  const simulated::Board board = *simulated::FindBoard(name);
  benchmark::Random random(5);
  std::vector<Network> excerpts;  // own the names
  std::vector<CutExcerpt> cut;
  for (int i = 0; i < 40; ++i) excerpts.push_back(Simplify(*benchmark::SampleExcerpt(random)));
  for (const Network& excerpt : excerpts) cut.push_back(Cut(excerpt, board, random, every));
  const std::vector<ExcerptSample> samples = SplitCutExcerpts(std::move(cut), TestBase());
  EXPECT_EQ(samples.size(), excerpts.size());
  Compared compared;
  for (size_t i = 0; i < samples.size(); ++i) {
    const simulated::SimulatedRun run = simulated::Simulate(excerpts[i], board);
    absl::flat_hash_map<std::string, double> rows;
    for (const ReportRow& row : samples[i].rows) rows[row.name] += row.seconds;
    std::vector<double> truth(excerpts[i].layers.size(), 0);
    for (const simulated::SimulatedUnit& unit : run.units) truth[static_cast<size_t>(unit.layers[0])] = unit.seconds;
    for (size_t k = 0; k < truth.size(); ++k) {
      const auto row = rows.find(std::string(excerpts[i].layers[k].name));
      const bool runs = row != rows.end() && row->second > 1e-6;
      (runs == (truth[k] > 0) ? compared.right : compared.wrong) += 1;
      compared.seconds += truth[k];
      if (runs && truth[k] > 0) compared.difference += std::abs(row->second - truth[k]);
    }
  }
  return compared;
}

TEST(CutExcerpts, TellWhatALayerCosts) {
  for (const char* board : {"imx93", "ncs2"}) {
    const Compared compared = CompareOn(board, 1);
    EXPECT_LT(compared.wrong, 0.05 * compared.right) << board;
    EXPECT_LT(compared.difference, 0.1 * compared.seconds) << board;
  }
}

TEST(CutExcerpts, NeedNotBeCutEverywhere) {
  const Compared compared = CompareOn("ncs2", 3);
  EXPECT_LT(compared.difference, 0.25 * compared.seconds);
}

TEST(CutExcerpts, LeavesOutWhatWasNotMeasured) {
  const simulated::Board board = *simulated::FindBoard("ncs2");
  benchmark::Random random(5);
  NetworkStack stack({1, 16, 28, 28});
  stack.Conv({.kernel = 3, .channels = 32});
  const Network network = Simplify(*std::move(stack).Finish("two"));
  std::vector<CutExcerpt> cut;
  cut.push_back(Cut(network, board, random));
  cut.push_back(Cut(network, board, random));
  cut[1].beginnings.back().seconds = 0;
  cut.emplace_back();
  EXPECT_EQ(SplitCutExcerpts(std::move(cut), TestBase()).size(), 1u);
  EXPECT_TRUE(SplitCutExcerpts({}, TestBase()).empty());
}

TEST(NetworkPrefixTest, EndsWhereNothingReads) {
  NetworkStack stack({1, 16, 28, 28});
  const TensorId shortcut = stack.tip;
  stack.Conv({.kernel = 3, .channels = 16});
  stack.Conv({.kernel = 1, .channels = 16, .activation = LayerType::kUnspecified});
  stack.Add(stack.tip, shortcut);
  const Network network = *std::move(stack).Finish("block");
  ASSERT_EQ(network.layers.size(), 4u);
  const Network prefix = NetworkPrefix(network, 2);
  ASSERT_EQ(prefix.layers.size(), 2u);
  ASSERT_EQ(prefix.inputs.size(), 1u);
  ASSERT_EQ(prefix.outputs.size(), 1u);
  EXPECT_EQ(prefix.tensors[static_cast<size_t>(prefix.outputs[0])].producer, 1);
  EXPECT_EQ(Macs(prefix), Macs(network, network.layers[0]));
  const Network whole = NetworkPrefix(network, 9);
  EXPECT_EQ(whole.layers.size(), network.layers.size());
  EXPECT_EQ(Macs(whole), Macs(network));
}

}  // namespace
}  // namespace latimer::fitting
