#include "agent/base/log.h"

#include "agent/base/crc32c.h"
#include "gtest/gtest.h"

namespace latimer::agent {
namespace {

TEST(LogTest, SaysTimeLevelAndWhatInOneLine) {
  EXPECT_EQ(FormatLogLine(1'714'564'800'123, LogLevel::kWarning, "full disk"),
            "2024-05-01T12:00:00.123Z warning full disk\n");
}

TEST(LogTest, ForeignTextCannotForgeALine) {
  EXPECT_EQ(FormatLogLine(0, LogLevel::kInfo, "a\n1970 error\x1b[2Jb"),
            "1970-01-01T00:00:00.000Z info    a 1970 error [2Jb\n");
}

TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);  // the check value of CRC-32C
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);  // RFC 3720, B.4
}

}  // namespace
}  // namespace latimer::agent
