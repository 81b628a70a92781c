#include "backends/command/toolchain_file.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/unit/backends_command/test_tools.h"

namespace latimer::command {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;

constexpr char kGood[] = R"(
name: "good"
programs { name: "tool" candidates: "tool" }
settings { name: "precision" default_value: "int8" choices: "int8" choices: "fp16" }
facts { name: "toolchain" command { name: "version" words: "{tool} -v" limit_seconds: 1 } }
conversion { name: "build" words: "{tool} {onnx} {work}/x" limit_seconds: 1 }
latency { command { name: "latency" words: "{tool} {run}" limit_seconds: 1 } parser: "tflite_log" inputs: "stdout" }
failures { name: "F" output: "f" action: RETRY message: "m" stages: "build" when: "precision=int8" }
)";

std::string Refusal(const std::string& text) {
  const auto toolchain = ParseToolchain(text);
  return toolchain.ok() ? "" : std::string(toolchain.status().message());
}

TEST(ToolchainFileTest, AllBuiltInDescriptionsAreGood) {
  EXPECT_THAT(ToolchainNames(""), IsSupersetOf({"dnndk", "openvino", "tensorrt", "tflite", "vitisai"}));
  for (const std::string& name : ToolchainNames("")) {
    const auto toolchain = FindToolchain(name, "");
    ASSERT_TRUE(toolchain.ok()) << toolchain.status();
    EXPECT_FALSE(toolchain->title().empty()) << name;
    EXPECT_GT(toolchain->limits().network_seconds(), 0) << name;
    for (const proto::Program& program : toolchain->programs()) EXPECT_FALSE(program.install().empty()) << name;
    for (const proto::Setting& setting : toolchain->settings()) EXPECT_FALSE(setting.help().empty()) << setting.name();
    EXPECT_GE(toolchain->failures_size(), 4) << name;
  }
}

TEST(ToolchainFileTest, MistakesAreNamed) {
  ASSERT_EQ(Refusal(kGood), "");
  const std::vector<std::array<const char*, 3>> mistakes{
      {"name: \"good\"", "name: \"no good\"", "its name"},
      {"name: \"good\"", "nam: \"good\"", "line 2, column 4"},
      {"{tool} -v", "{toll} -v", "nothing called {toll}"},
      {"name: \"tool\" candidates", "name: \"run\" candidates", "'run' is no name, or stands for two things"},
      {"candidates: \"tool\"", "", "has no candidates"},
      {"default_value: \"int8\"", "default_value: \"int4\"", "none of its choices"},
      {"name: \"toolchain\"", "name: \"chain\"", "needs a fact 'toolchain'"},
      {"name: \"build\"", "name: \"version\"", "'version' has no name, or one that another has"},
      {"{onnx} {work}/x\" limit_seconds: 1", "{onnx}\"", "no limit_seconds"},
      {"tflite_log", "tflite_lag", "no parser 'tflite_lag'; there are: "},
      {"inputs: \"stdout\"", "", "what its parser reads"},
      {"inputs: \"stdout\"", "inputs: \"std\"", "'std' is no input"},
      {"output: \"f\"", "output: \"(f\"", "'(f' is no regular expression"},
      {"output: \"f\"", "", "fits everything"},
      {"action: RETRY", "", "has no action"},
      {"message: \"m\"", "", "has no message"},
      {"stages: \"build\"", "stages: \"bild\"", "a command 'bild' that there is not"},
      {"when: \"precision=int8\"", "when: \"precission=int8\"", "no setting 'precission'"},
  };
  for (const auto& [from, to, words] : mistakes) {
    const std::string text = absl::StrReplaceAll(kGood, {{from, to}});
    ASSERT_NE(text, kGood) << from;
    EXPECT_THAT(Refusal(text), HasSubstr(words)) << to;
  }
}

// Whatever a person's slips make of a description, it is read or refused with the reason.
TEST(ToolchainFileTest, MutantsAreReadOrRefused) {
  std::mt19937 random(7);
  const auto below = [&random](size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); };
  constexpr absl::string_view kBytes = "{}()[]*+?|\\\"':=, \nax0\x80";
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::vector<std::string> names = ToolchainNames("");
    std::string text = FindToolchain(names[below(names.size())], "")->DebugString();
    for (size_t changes = 1 + below(4); changes > 0; --changes) {
      const size_t at = below(text.size());
      const std::string byte(1, kBytes[below(kBytes.size())]);
      const size_t cut = below(3) == 0 ? below(40) : below(2);
      text.replace(at, std::min(cut, text.size() - at), below(4) == 0 ? text.substr(below(text.size()), 30) : byte);
    }
    const auto toolchain = ParseToolchain(text);
    if (toolchain.ok()) continue;
    ++refused;
    EXPECT_TRUE(absl::IsInvalidArgument(toolchain.status())) << toolchain.status();
    EXPECT_FALSE(toolchain.status().message().empty());
  }
  EXPECT_GT(refused, 500);
}

TEST(ToolchainFileTest, FilesOfAFolderAddAndReplace) {
  const TempDir folder;
  EXPECT_TRUE(absl::IsNotFound(FindToolchain("good", folder.path()).status()));
  std::ofstream(folder / "good.textproto") << kGood;
  EXPECT_TRUE(FindToolchain("good", folder.path()).ok());
  std::ofstream(folder / "openvino.textproto") << absl::StrReplaceAll(kGood, {{"\"good\"", "\"openvino\""}});
  EXPECT_EQ(FindToolchain("openvino", folder.path())->programs(0).name(), "tool");
  EXPECT_EQ(FindToolchain("openvino", "")->programs(0).name(), "benchmark_app");
  std::ofstream(folder / "other.textproto") << kGood;
  EXPECT_THAT(std::string(FindToolchain("other", folder.path()).status().message()), HasSubstr("describes 'good'"));
  EXPECT_TRUE(absl::IsNotFound(FindToolchain("../good", folder.path()).status()));
}

}  // namespace
}  // namespace latimer::command
