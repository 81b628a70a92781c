#include "backends/conditions/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/conditions/board_files_tree.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::string> Names(const PowerMeter& meter) {
  std::vector<std::string> names;
  for (const PowerRail& rail : meter.rails()) names.push_back(rail.name);
  return names;
}

TEST(PowerMeter, HasNoRailsWithoutSensors) {
  BoardTree board;
  board.Write("/sys/class/hwmon/hwmon0/name", "coretemp\n");
  board.Write("/sys/class/hwmon/hwmon0/power1_input", "5000000\n");
  const PowerMeter meter = PowerMeter::Find(board.root());
  EXPECT_TRUE(meter.rails().empty());
  EXPECT_FALSE(meter.Read().has_value());
}

// Eighteen chips on a ZCU102; the board's power is their sum.
TEST(PowerMeter, AddsTheChipsOfAZcu102) {
  BoardTree board;
  board.Write("/sys/class/hwmon/hwmon2/name", "ina226_u79\n");  // VCCINT
  board.Write("/sys/class/hwmon/hwmon2/power1_input", "3250000\n");
  board.Write("/sys/class/hwmon/hwmon10/name", "ina226_u93\n");  // VCCO_PSDDR
  board.Write("/sys/class/hwmon/hwmon10/power1_input", "750000\n");
  const PowerMeter meter = PowerMeter::Find(board.root());
  EXPECT_THAT(Names(meter), ElementsAre("ina226_u79", "ina226_u93"));
  EXPECT_DOUBLE_EQ(meter.Read().value().watts, 4.0);
}

// One driver has the bus at in2 and the shunt at in1, the other at in1 and in0.
TEST(PowerMeter, TakesTheVoltageOfTheBusWhereThereIsNoPower) {
  for (const bool iio : {true, false}) {
    BoardTree board;
    const std::string chip = "/sys/class/hwmon/hwmon0/";
    board.Write(chip + "name", "ina226\n");
    board.Write(chip + (iio ? "in2_input" : "in1_input"), "850\n");
    board.Write(chip + (iio ? "in1_input" : "in0_input"), "2\n");
    board.Write(chip + "curr1_input", "4000\n");
    EXPECT_DOUBLE_EQ(PowerMeter::Find(board.root()).Read().value().watts, 3.4) << iio;
  }
}

TEST(PowerMeter, TakesTheRailThatFeedsAJetson) {
  BoardTree board;
  const std::string chip = "/sys/class/hwmon/hwmon1/";
  board.Write(chip + "name", "ina3221\n");
  const char* const labels[] = {"VDD_IN", "VDD_CPU_GPU_CV", "NC"};
  for (int i = 0; i < 3; ++i) {
    board.Write(absl::StrCat(chip, "in", i + 1, "_label"), labels[i]);
    board.Write(absl::StrCat(chip, "in", i + 1, "_input"), "5000\n");
    board.Write(absl::StrCat(chip, "curr", i + 1, "_input"), absl::StrCat(i == 0 ? 1500 : 700, "\n"));
  }
  board.Write(chip + "in7_input", "12\n");  // the sum of the shunts
  const PowerMeter meter = PowerMeter::Find(board.root());
  const PowerSample sample = meter.Read().value();
  EXPECT_DOUBLE_EQ(sample.watts, 7.5);
  EXPECT_THAT(sample.rails, ElementsAre(Pair("VDD_CPU_GPU_CV", 3.5), Pair("VDD_IN", 7.5)));
}

TEST(PowerMeter, ReadsTheOlderDriverOfAJetson) {
  BoardTree board;
  const std::string device = "/sys/bus/iio/devices/iio:device0/";
  board.Write(device + "rail_name_0", "POM_5V_IN\n");
  board.Write(device + "in_power0_input", "2933\n");
  board.Write(device + "rail_name_1", "POM_5V_GPU\n");
  board.Write(device + "in_power1_input", "400\n");
  EXPECT_DOUBLE_EQ(PowerMeter::Find(board.root()).Read().value().watts, 2.933);
}

TEST(PowerMeter, KeepsChipsOfOneNameApart) {
  BoardTree board;
  for (int i = 0; i < 3; ++i) {
    board.Write(absl::StrCat("/sys/class/hwmon/hwmon", i, "/name"), "ina226\n");
    board.Write(absl::StrCat("/sys/class/hwmon/hwmon", i, "/power1_input"), "1000000\n");
  }
  EXPECT_THAT(Names(PowerMeter::Find(board.root())), ElementsAre("ina226", "ina226#2", "ina226#3"));
}

TEST(MeasurePower, SeesTheLoadAndTheRestBefore) {
  BoardTree board;
  board.Write("/sys/class/hwmon/hwmon0/name", "ina226\n");
  board.Write("/sys/class/hwmon/hwmon0/power1_input", "2000000\n");
  const PowerMeter meter = PowerMeter::Find(board.root());
  bool loaded = false;
  const absl::StatusOr<PowerResult> result = MeasurePower(meter, 0.2, [&] {
    if (!loaded) board.Write("/sys/class/hwmon/hwmon0/power1_input", "6000000\n");
    loaded = true;
    return absl::OkStatus();
  });
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(result->idle_watts, 2, 1e-9);
  EXPECT_NEAR(result->mean_watts, 6, 1e-9);
  EXPECT_NEAR(result->max_watts, 6, 1e-9);
  EXPECT_GE(result->samples, 2);
  EXPECT_NEAR(result->rail_watts.at("ina226"), 6, 1e-9);
}

TEST(MeasurePower, PassesFailuresOn) {
  BoardTree board;
  board.Write("/sys/class/hwmon/hwmon0/name", "ina226\n");
  board.Write("/sys/class/hwmon/hwmon0/power1_input", "2000000\n");
  const PowerMeter meter = PowerMeter::Find(board.root());
  EXPECT_EQ(MeasurePower(meter, 0.05, [] { return absl::AbortedError("x"); }).status().code(),
            absl::StatusCode::kAborted);
  board.Write("/sys/class/hwmon/hwmon0/power1_input", "\n");
  EXPECT_EQ(MeasurePower(meter, 0.05, [] { return absl::OkStatus(); }).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace latimer
