#include "cli/format/numbers.h"

#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/numbers.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(FormatFixedTest, HasTheDecimalsAskedFor) {
  EXPECT_EQ(FormatFixed(12.345, 2), "12.35");
  EXPECT_EQ(FormatFixed(12.345, 0), "12");
  EXPECT_EQ(FormatFixed(0, 2), "0.00");
  EXPECT_EQ(FormatFixed(-1.5, 1), "-1.5");
}

TEST(FormatFixedTest, APositiveValueNeverReadsAsZero) {
  EXPECT_EQ(FormatFixed(0.001, 2), "<0.01");
  EXPECT_EQ(FormatFixed(0.2, 0), "<1");
  EXPECT_EQ(FormatFixed(0.5, 0), "<1");
  EXPECT_EQ(FormatFixed(0.125 / 2, 3), "0.062");
  EXPECT_EQ(FormatFixed(std::numeric_limits<double>::min(), 6), "<0.000001");
  for (int decimals = 0; decimals <= 6; ++decimals) {
    for (double factor : {0.4, 0.5, 0.6, 1.0}) {
      const std::string text = FormatFixed(std::pow(10.0, -decimals) * factor, decimals);
      double shown = 0;
      if (text[0] == '<') continue;
      ASSERT_TRUE(absl::SimpleAtod(text, &shown)) << text;
      EXPECT_GT(shown, 0) << text;
    }
  }
}

TEST(FormatFixedTest, WhatIsNoNumberIsADash) {
  EXPECT_EQ(FormatFixed(kNan, 2), "-");
  EXPECT_EQ(FormatFixed(kInfinity, 2), "-");
}

TEST(DecimalsForTest, ShowsTheDigitsAskedFor) {
  EXPECT_EQ(DecimalsFor(23.4, 4), 2);
  EXPECT_EQ(DecimalsFor(12345, 4), 0);
  EXPECT_EQ(DecimalsFor(0.0234, 4), 5);
  EXPECT_EQ(DecimalsFor(1e-9, 4), 6);
  EXPECT_EQ(DecimalsFor(9.9996, 4), 2) << "rounds to 10.00";
  EXPECT_EQ(DecimalsFor(0, 4), 3);
  EXPECT_EQ(DecimalsFor(kNan, 4), 3);
}

TEST(FormatSiTest, PicksThePrefix) {
  EXPECT_EQ(FormatSi(0, "op"), "0 op");
  EXPECT_EQ(FormatSi(999, "op"), "999 op");
  EXPECT_EQ(FormatSi(1000, "op"), "1.00 kop");
  EXPECT_EQ(FormatSi(3.6637e9, "MAC"), "3.66 GMAC");
  EXPECT_EQ(FormatSi(12.34, "B"), "12.3 B");
  EXPECT_EQ(FormatSi(1.5e21, "op"), "1500 Eop") << "no prefix beyond";
  EXPECT_EQ(FormatSi(kNan, "op"), "- op");
}

TEST(FormatSiTest, RoundingUpMovesToTheNextPrefix) {
  EXPECT_EQ(FormatSi(999'499, "op"), "999 kop");
  EXPECT_EQ(FormatSi(999'500, "op"), "1.00 Mop");
  EXPECT_EQ(FormatSi(9.996e6, "op"), "10.0 Mop");
}

TEST(FormatBytesTest, HasBinaryPrefixes) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1024), "1.00 KiB");
  EXPECT_EQ(FormatBytes(1000), "0.98 KiB") << "never four digits";
  EXPECT_EQ(FormatBytes(83.1 * 1024 * 1024), "83.1 MiB");
  EXPECT_EQ(FormatBytes(kInfinity), "- B");
}

TEST(FormatPercentTest, HasTheDecimalsAskedFor) {
  EXPECT_EQ(FormatPercent(0.1234), "12.3%");
  EXPECT_EQ(FormatPercent(0.0001), "<0.1%");
  EXPECT_EQ(FormatPercent(0.9, 0), "90%");
  EXPECT_EQ(FormatPercent(0), "0.0%");
}

TEST(FormatMsTest, HasFourDigits) {
  EXPECT_EQ(FormatMs(23.4), "23.40 ms");
  EXPECT_EQ(FormatMs(0.0123), "0.01230 ms");
  EXPECT_EQ(FormatMs(123456), "123456 ms");
}

TEST(FormatShapeTest, JoinsDimensions) {
  v1::Shape shape;
  EXPECT_EQ(FormatShape(shape), "scalar");
  for (int64_t dim : {1, 64, 112, 112}) shape.add_dims(dim);
  EXPECT_EQ(FormatShape(shape), "1x64x112x112");
}

TEST(FormatExactTest, ReadsBackAsTheSameNumber) {
  for (double value : {0.0, 1.0, 0.1, 1.0 / 3, 1e-300, 1e300, 123456789012345678.0, -2.5, 714188480.0, 0.44693583}) {
    double back = kNan;
    ASSERT_TRUE(absl::SimpleAtod(FormatExact(value), &back)) << FormatExact(value);
    EXPECT_EQ(back, value);
  }
  EXPECT_EQ(FormatExact(714188480.0), "714188480");
  EXPECT_EQ(FormatExact(0.1), "0.1");
  EXPECT_EQ(FormatExact(kNan), "");
}

}  // namespace
}  // namespace latimer::cli
