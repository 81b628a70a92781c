// The made-up toolchain of docs/toolchains.md: what stands there, a description and a parser, makes a back end.
#include "absl/strings/str_replace.h"
#include "backends/command/command_backend.h"
#include "backends/timing.h"
#include "gmock/gmock.h"
#include "tests/unit/backends_command/test_tools.h"

namespace latimer::command {

// Made from the files in tutorial/ as that of the product is made from backends/command/parsers.
const ParserTable& TutorialParsers();

namespace {

const std::string kFolder = LATIMER_SOURCE_DIR "/tests/unit/backends_command/tutorial";

// The n-th block of the page in this language, without the indentation of lists.
std::string Block(const std::string& page, const std::string& language) {
  const size_t begin = page.find("```" + language + "\n");
  if (begin == std::string::npos) return "";
  const size_t start = begin + 4 + language.size();
  const std::string block = page.substr(start, page.find("```", start) - start);
  std::string text = absl::StrReplaceAll("\n" + block, {{"\n   ", "\n"}});
  return text.substr(1);
}

TEST(Tutorial, ThePageShowsTheseFiles) {
  const std::string page = ReadText(LATIMER_SOURCE_DIR "/docs/toolchains.md");
  EXPECT_EQ(Block(page, "textproto"), ReadText(kFolder + "/mytool.textproto"));
  EXPECT_EQ(Block(page, "cpp"), ReadText(kFolder + "/mytool_log.cc"));
}

TEST(Tutorial, ADescriptionAndAParserMakeABackEnd) {
  const auto toolchain = FindToolchain("mytool", kFolder, TutorialParsers());
  ASSERT_TRUE(toolchain.ok()) << toolchain.status();
  const TempDir folder;
  CommandBackendOptions options;
  options.toolbox.settings = {{"mytool", kFolder + "/mytool"}};
  options.toolbox.work_dir = folder.path();
  const auto backend = CreateCommandBackend(*toolchain, TutorialParsers(), options);
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ((*backend)->fingerprint().facts.at("toolchain"), "mytool 2.0 SIMULATED");
  EXPECT_TRUE((*backend)->fingerprint().simulated);
  const auto network = (*backend)->Prepare(SmallNetwork());
  ASSERT_TRUE(network.ok()) << network.status();
  const auto result = TimeNetwork(**network, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(result->median_seconds, 134.5e-6, 1e-12);
  const auto layers = (*network)->ProfileLayers({});
  ASSERT_TRUE(layers.ok()) << layers.status();
  ASSERT_EQ(layers->size(), 2u);
  EXPECT_EQ((*layers)[0].node, "conv1");
  EXPECT_EQ((*layers)[1].operation, "MaxPool");
}

TEST(Tutorial, TheParserReadsItsReport) {
  const ReportParser parse = TutorialParsers().at("mytool_log");
  EXPECT_TRUE(parse(std::vector<std::string>{"layer=conv1 op=Conv2D us=120.5\ntotal us=134.5\n"}).ok());
  EXPECT_FALSE(parse(std::vector<std::string>{"layer=a us=x\n"}).ok());
  EXPECT_FALSE(parse(std::vector<std::string>{"layer=a us=1\n"}).ok());
}

}  // namespace
}  // namespace latimer::command
