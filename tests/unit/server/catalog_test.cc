#include "server/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/temp_dir.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

const fs::path kShipped = LATIMER_SOURCE_DIR "/data/platforms";

class CatalogTest : public ::testing::Test {
 protected:
  const TempDir first_, second_;
  const fs::path one_ = first_.path(), two_ = second_.path();
};

TEST_F(CatalogTest, FindsByIdAndByName) {
  const auto catalog = LoadCatalog({kShipped.string()});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_TRUE((*catalog)->Find("ncs2-openvino", "platform").ok());
  EXPECT_TRUE((*catalog)->Find("platforms/ncs2-openvino", "platform").ok());
  EXPECT_EQ((*catalog)->Find("", "platform").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status unknown = (*catalog)->Find("ncs3", "platform").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.message()), AllOf(HasSubstr("ncs3"), HasSubstr("ncs2-openvino")));
}

TEST_F(CatalogTest, EveryLoadIsANewGeneration) {
  const auto first = LoadCatalog({kShipped.string()});
  const auto second = LoadCatalog({kShipped.string()});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_GT((*second)->generation, (*first)->generation);
}

TEST_F(CatalogTest, TwoFilesOfOnePlatformAreNamed) {
  fs::copy_file(kShipped / "ncs2-openvino.textproto", one_ / "a.textproto");
  fs::copy_file(kShipped / "ncs2-openvino.textproto", two_ / "b.textproto");
  const absl::Status twice = LoadCatalog({one_.string(), two_.string()}).status();
  EXPECT_EQ(twice.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(twice.message()), AllOf(HasSubstr("a.textproto"), HasSubstr("b.textproto")));
}

TEST_F(CatalogTest, ABrokenFileIsNamedAndOtherFilesAreLeftAlone) {
  std::ofstream(one_ / "notes.txt") << "not a platform";
  EXPECT_EQ(LoadCatalog({one_.string()}).status().code(), absl::StatusCode::kFailedPrecondition);
  std::ofstream(one_ / "odd.textproto") << "no_such_field: 1";
  EXPECT_THAT(std::string(LoadCatalog({one_.string()}).status().message()), HasSubstr("odd.textproto"));
  EXPECT_EQ(LoadCatalog({(one_ / "missing").string()}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace latimer::server
