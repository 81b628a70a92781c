// The simulated boards are plausible: totals within a factor of two of latencies published for the real ones (sources
// in board.cc). Nothing more is claimed: the boards are simulated.
#include <gtest/gtest.h>

#include "backends/simulated/simulator.h"
#include "tests/unit/simulated/known_networks.h"

namespace latimer::simulated {
namespace {

struct Published {
  const char* board;
  const char* network;
  double milliseconds;
};

constexpr Published kPublished[] = {
    {"zcu102", "ResNet-50", 12.07},  {"zcu102", "MobileNetV2", 4.13}, {"zcu102", "MobileNetV1", 3.23},
    {"zcu102", "SqueezeNet", 3.64},  {"ncs2", "ResNet-50", 45.5},     {"ncs2", "MobileNetV2", 21},
    {"xavier", "MobileNetV1", 0.45}, {"xavier", "YOLOv8n", 5.5},      {"imx93", "MobileNetV1", 4.97},
    {"imx93", "YOLOv8n", 67.6},      {"imx8mp", "MobileNetV1", 3.69}, {"imx8mp", "MobileNetV2", 10.3},
    {"imx8mp", "YOLOv8n", 54.4},
};

class PublishedLatency : public testing::TestWithParam<Published> {};

TEST_P(PublishedLatency, IsMetWithinAFactorOfTwo) {
  const Published& published = GetParam();
  const absl::StatusOr<Board> board = FindBoard(published.board);
  ASSERT_TRUE(board.ok()) << board.status();
  const double simulated = Simulate(KnownNetwork(published.network), *board).total_seconds * 1e3;
  RecordProperty("simulated_ms", std::to_string(simulated));
  EXPECT_GT(simulated, published.milliseconds / 2);
  EXPECT_LT(simulated, published.milliseconds * 2);
}

INSTANTIATE_TEST_SUITE_P(Boards, PublishedLatency, testing::ValuesIn(kPublished), [](const auto& published) {
  std::string name = std::string(published.param.board) + "_" + published.param.network;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

// No array computes more than its data sheet says.
TEST(SimulatedBoards, StayBelowTheirPeak) {
  for (const std::string& name : BoardNames()) {
    const Board board = *FindBoard(name);
    const double peak = static_cast<double>(board.array_pixels * board.array_in * board.array_out) * board.clock_hz;
    const Network network = KnownNetwork("ResNet-50");
    const double rate = static_cast<double>(Macs(network)) / Simulate(network, board).total_seconds;
    EXPECT_LT(rate, peak) << name;
    EXPECT_GT(rate, 0.03 * peak) << name;
  }
}

TEST(SimulatedBoards, HaveTheirDataSheetsPeak) {
  auto tera_operations = [](const char* name) {
    const Board board = *FindBoard(name);
    return 2e-12 * static_cast<double>(board.array_pixels * board.array_in * board.array_out) * board.clock_hz;
  };
  EXPECT_NEAR(tera_operations("zcu102"), 3.45 / 3 * 287 / 281, 0.03);  // UG1354: three cores, 3.45 TOPS at 281 MHz
  EXPECT_NEAR(tera_operations("xavier"), 22.6, 0.1);
  EXPECT_NEAR(tera_operations("imx93"), 0.512, 0.001);  // 256 multiply-accumulates per cycle at 1 GHz
  EXPECT_NEAR(tera_operations("imx8mp"), 2.3, 0.01);
  EXPECT_LT(tera_operations("ncs2"), 1.0);  // 1 TOPS of the two compute engines
}

}  // namespace
}  // namespace latimer::simulated
