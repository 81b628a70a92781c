// Durations, times, rates, folders.
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "cli/format/times.h"
#include "cli/input/duration_flag.h"
#include "cli/input/network_folder.h"
#include "cli/terminal/live_display.h"
#include "cli/terminal/rate_meter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

TEST(DurationFlagTest, NumbersWithUnits) {
  EXPECT_EQ(*ParseDurationFlag("90s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDurationFlag("5m"), absl::Minutes(5));
  EXPECT_EQ(*ParseDurationFlag("1h"), absl::Hours(1));
  EXPECT_EQ(*ParseDurationFlag("1d"), absl::Hours(24));
  EXPECT_EQ(*ParseDurationFlag("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDurationFlag("1.5h"), absl::Minutes(90));
}

TEST(DurationFlagTest, AnythingElseIsRefusedWithTheText) {
  for (const char* text : {"", "5", "m", "5 m", "5min", "-5m", "1e3s", "0s", "4000d", "1.2.3s", "inf", "5ms"}) {
    const absl::StatusOr<absl::Duration> duration = ParseDurationFlag(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_THAT(std::string(duration.status().message()), HasSubstr(absl::StrCat("'", text, "'")));
  }
}

TEST(TimesTest, Clock) {
  EXPECT_EQ(FormatClock(absl::ZeroDuration()), "0:00");
  EXPECT_EQ(FormatClock(absl::Milliseconds(59999)), "0:59");
  EXPECT_EQ(FormatClock(absl::Seconds(12 * 60 + 34)), "12:34");
  EXPECT_EQ(FormatClock(absl::Seconds(3 * 3600 + 5 * 60 + 9)), "3:05:09");
  EXPECT_EQ(FormatClock(absl::InfiniteDuration()), "-");
  EXPECT_EQ(FormatClock(-absl::Seconds(1)), "-");
}

TEST(TimesTest, RoughAndAge) {
  EXPECT_EQ(FormatRough(absl::Seconds(119)), "119 s");
  EXPECT_EQ(FormatRough(absl::Minutes(90)), "90 min");
  EXPECT_EQ(FormatRough(absl::Hours(24)), "24 h");
  EXPECT_EQ(FormatRough(absl::Hours(72)), "3 d");
  const absl::Time now = absl::FromUnixMillis(1'000'000'000);
  EXPECT_EQ(FormatAge(0, now), "never");
  EXPECT_EQ(FormatAge(1'000'000'500, now), "now");
  EXPECT_EQ(FormatAge(1'000'000'000 - 12'000, now), "12 s ago");
  EXPECT_EQ(FormatTimestamp(1'000'000'000'000), "2001-09-09 01:46");
  EXPECT_EQ(FormatTimestamp(0), "-");
}

TEST(RateMeterTest, AveragesOverTheWindow) {
  RateMeter meter(absl::Seconds(10));
  const absl::Time start = absl::UnixEpoch();
  EXPECT_THAT(meter.PerSecond(), Eq(std::nullopt));
  meter.Add(start, 0);
  EXPECT_THAT(meter.PerSecond(), Eq(std::nullopt));
  meter.Add(start + absl::Seconds(5), 10);
  EXPECT_THAT(meter.PerSecond(), Optional(DoubleEq(2)));
  for (int second = 6; second <= 15; ++second) meter.Add(start + absl::Seconds(second), 10 + 4 * (second - 5));
  EXPECT_THAT(meter.PerSecond(), Optional(DoubleEq(4))) << "the slower beginning is forgotten";
}

TEST(RateMeterTest, NothingGrownIsNoRate) {
  RateMeter meter(absl::Seconds(10));
  meter.Add(absl::UnixEpoch(), 5);
  meter.Add(absl::UnixEpoch() + absl::Seconds(1), 5);
  EXPECT_THAT(meter.PerSecond(), Eq(std::nullopt));
  meter.Add(absl::UnixEpoch() + absl::Seconds(2), 1);  // another campaign, or the server forgot
  EXPECT_THAT(meter.PerSecond(), Eq(std::nullopt));
}

TEST(LiveDisplayTest, DrawsInPlace) {
  StringOutput output;
  {
    LiveDisplay display(&output);
    display.Show({"a", "b"});
    display.Show({"a", "b"});  // nothing changed, nothing is written
    display.Show({"c"});
  }
  EXPECT_EQ(output.text(), "a\nb\n\r\x1b[2A\x1b[Jc\n\r\x1b[1A\x1b[J");
}

class FolderTest : public testing::Test {
 protected:
  FolderTest() : folder_(std::filesystem::path(testing::TempDir()) / absl::StrCat("cli_fleet_folder_", getpid())) {
    std::filesystem::remove_all(folder_);
    for (const char* file : {"b/z.onnx", "b/a/y.onnx", "a.onnx", "readme.md"}) {
      std::filesystem::create_directories((folder_ / file).parent_path());
      std::ofstream(folder_ / file) << "x";
    }
    std::filesystem::create_directories(folder_ / "empty");
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  const std::filesystem::path folder_;
};

TEST_F(FolderTest, NetworksOfAllLevelsSorted) {
  EXPECT_THAT(*FindNetworks({folder_.string()}), ElementsAre(Path("a.onnx"), Path("b/a/y.onnx"), Path("b/z.onnx")));
}

TEST_F(FolderTest, FilesAreTakenAsTheyAreAndOnce) {
  EXPECT_THAT(*FindNetworks({Path("readme.md"), "-", Path("b/z.onnx"), Path("b"), Path("b/../a.onnx"), Path("a.onnx")}),
              ElementsAre(Path("readme.md"), "-", Path("b/z.onnx"), Path("b/a/y.onnx"), Path("b/../a.onnx")));
}

TEST_F(FolderTest, WhatIsNotThereIsNamed) {
  const auto missing = FindNetworks({Path("nowhere")});
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("nowhere"));
  const auto empty = FindNetworks({Path("empty")});
  EXPECT_TRUE(absl::IsNotFound(empty.status()));
  EXPECT_THAT(std::string(empty.status().message()), HasSubstr("no *.onnx"));
}

}  // namespace
}  // namespace latimer::cli
