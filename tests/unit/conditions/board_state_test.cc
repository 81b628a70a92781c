#include "backends/conditions/board_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/conditions/board_files_tree.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(BoardState, OfABoardThatTellsNothingIsEmpty) {
  const BoardTree board;
  const BoardState state = ReadBoardState(board.root(), {});
  EXPECT_FALSE(state.governor.has_value());
  EXPECT_FALSE(state.clock_mhz.has_value());
  EXPECT_FALSE(state.temperature_celsius.has_value());
  EXPECT_FALSE(state.load_average.has_value());
  EXPECT_FALSE(state.power_mode.has_value());
  EXPECT_FALSE(state.tells_throttling);
  EXPECT_THAT(state.throttling, IsEmpty());
  EXPECT_THAT(LastingSettings(state), IsEmpty());
}

TEST(BoardState, ReadsClocksOfTheProcessorsInUse) {
  BoardTree board;
  for (int cpu = 0; cpu < 12; ++cpu) {
    const std::string folder = absl::StrCat("/sys/devices/system/cpu/cpu", cpu, "/cpufreq/");
    board.Write(folder + "scaling_governor", cpu < 4 ? "schedutil\n" : "performance\n");
    board.Write(folder + "scaling_cur_freq", absl::StrCat(1'000'000 + 100'000 * cpu, "\n"));
  }
  board.Write("/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "ondemand\n");
  board.Write("/proc/loadavg", "0.52 0.30 0.20 1/123 4567\n");
  const BoardState all = ReadBoardState(board.root(), {});
  EXPECT_EQ(all.governor, "schedutil");
  EXPECT_DOUBLE_EQ(all.clock_mhz.value(), 1550);
  EXPECT_DOUBLE_EQ(all.load_average.value(), 0.52);
  const BoardState some = ReadBoardState(board.root(), {10, 11});
  EXPECT_EQ(some.governor, "performance");
  EXPECT_DOUBLE_EQ(some.clock_mhz.value(), 2050);
  EXPECT_THAT(LastingSettings(some), ElementsAre(Pair("governor", "performance")));
}

TEST(BoardState, TakesTheHottestSensorThatIsOn) {
  BoardTree board;
  board.Write("/sys/class/thermal/thermal_zone0/temp", "41500\n");
  board.Write("/sys/class/thermal/thermal_zone1/temp", "-256000\n");  // switched off
  board.Write("/sys/class/thermal/thermal_zone2/temp", "63250\n");
  board.Write("/sys/class/thermal/thermal_zone3/temp", "not a number\n");
  board.Write("/sys/class/thermal/cooling_device0/type", "pwm-fan\n");
  board.Write("/sys/class/thermal/cooling_device0/cur_state", "3\n");
  EXPECT_DOUBLE_EQ(ReadBoardState(board.root(), {}).temperature_celsius.value(), 63.25);
  EXPECT_THAT(ReadBoardState(board.root(), {}).throttling, IsEmpty());
}

// Clocks that the kernel lowers because of heat: i.MX, Zynq, any board with cpufreq cooling.
TEST(BoardState, SeesThatTheKernelCools) {
  BoardTree board;
  board.Write("/sys/class/thermal/cooling_device0/type", "thermal-cpufreq-0\n");
  board.Write("/sys/class/thermal/cooling_device0/cur_state", "0\n");
  EXPECT_TRUE(ReadBoardState(board.root(), {}).tells_throttling);
  EXPECT_THAT(ReadBoardState(board.root(), {}).throttling, IsEmpty());
  board.Write("/sys/class/thermal/cooling_device0/cur_state", "2\n");
  EXPECT_THAT(ReadBoardState(board.root(), {}).throttling, ElementsAre("cooling by thermal-cpufreq-0"));
}

TEST(BoardState, OfAJetson) {
  BoardTree board;
  board.Write("/var/lib/nvpmodel/status", "pmode:0002 fmode:quiet\n");
  board.Write("/etc/nvpmodel.conf",
              "< PARAM TYPE=FILE NAME=CPU_ONLINE >\n< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\n"
              "< POWER_MODEL ID=2 NAME=MODE_15W_DESKTOP >\n< PM_CONFIG DEFAULT=2 >\n");
  board.Write("/sys/class/devfreq/17000000.ga10b/cur_freq", "612000000\n");
  board.Write("/sys/class/hwmon/hwmon3/name", "soctherm_oc\n");
  board.Write("/sys/class/hwmon/hwmon3/oc1_event_cnt", "0\n");
  BoardState state = ReadBoardState(board.root(), {});
  EXPECT_EQ(state.power_mode, "MODE_15W_DESKTOP");
  EXPECT_THAT(state.device_clocks_mhz, ElementsAre(Pair("17000000.ga10b", 612)));
  EXPECT_TRUE(state.tells_throttling);
  EXPECT_THAT(state.throttling, IsEmpty());
  EXPECT_THAT(LastingSettings(state), ElementsAre(Pair("power_mode", "MODE_15W_DESKTOP")));

  board.Write("/sys/class/hwmon/hwmon3/oc1_event_cnt", "4\n");
  board.Write("/var/lib/nvpmodel/status", "pmode:0007\n");
  state = ReadBoardState(board.root(), {});
  EXPECT_EQ(state.power_mode, "mode 7");  // a mode that the configuration does not name
  EXPECT_THAT(state.throttling, ElementsAre("over-current earlier (oc1_event_cnt 4)"));
}

TEST(BoardState, OfARaspberryPi) {
  BoardTree board;
  board.Write("/sys/devices/platform/soc/soc:firmware/get_throttled", "0\n");
  EXPECT_TRUE(ReadBoardState(board.root(), {}).tells_throttling);
  EXPECT_THAT(ReadBoardState(board.root(), {}).throttling, IsEmpty());
  board.Write("/sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
  EXPECT_THAT(ReadBoardState(board.root(), {}).throttling, ElementsAre("under-voltage now", "throttled now"));
}

TEST(RaspberryPiThrottling, TellsNowFromEarlier) {
  EXPECT_THAT(RaspberryPiThrottling(0), IsEmpty());
  EXPECT_THAT(RaspberryPiThrottling(0x80008), ElementsAre("temperature limit now"));
  EXPECT_THAT(RaspberryPiThrottling(0xe0000),
              ElementsAre("clock capped earlier", "throttled earlier", "temperature limit earlier"));
}

TEST(JetsonPowerMode, IsFoundByItsNumber) {
  const std::string configuration = "# < POWER_MODEL ID=1 NAME=OLD >\n< POWER_MODEL ID=10 NAME=MODE_30W >\r\n";
  EXPECT_EQ(JetsonPowerMode(configuration, 10), "MODE_30W");
  EXPECT_FALSE(JetsonPowerMode(configuration, 1).has_value());
  EXPECT_FALSE(JetsonPowerMode("", 0).has_value());
}

}  // namespace
}  // namespace latimer
