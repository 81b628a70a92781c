#include "agent/options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::agent {
namespace {

using testing::ElementsAre;

std::optional<CommandLine> Parse(std::vector<const char*> words, int* exit_code) {
  words.insert(words.begin(), "latimer-agent");
  return ParseCommandLine(static_cast<int>(words.size()), words.data(), exit_code);
}

TEST(OptionsTest, ReadsACompleteCommandLine) {
  int exit_code = -1;
  const std::optional<CommandLine> line =
      Parse({"--server", "127.0.0.1:5", "--token", "T", "--backend", "simulated:imx93", "--state-dir", "d",
             "--platform", "p", "--name", "n", "--cpu", "0,2-3", "--heartbeat", "0.5"},
            &exit_code);
  ASSERT_TRUE(line.has_value());
  EXPECT_FALSE(line->run_task);
  EXPECT_EQ(line->agent.connection.server, "127.0.0.1:5");
  EXPECT_EQ(line->agent.token, "T");
  EXPECT_EQ(line->agent.platform, "p");
  EXPECT_EQ(line->agent.display_name, "n");
  EXPECT_EQ(line->agent.heartbeat.count(), 500);
  EXPECT_THAT(line->agent.worker.runner.command.argv,
              ElementsAre("latimer-agent", "run-task", "--backend", "simulated:imx93", "--threads", "1",
                          "--optimization-level", "99", "--work-dir", "d/work", "--cpu", "0,2,3"));
}

TEST(OptionsTest, ChildReadsWhatItsAgentWrites) {
  EngineOptions engine;
  engine.backend = "onnxruntime";
  engine.settings.threads = 4;
  engine.settings.optimization_level = 1;
  engine.settings.work_dir = "w";
  engine.cpus = {1, 3};
  std::vector<std::string> words = ChildArguments(engine);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  int exit_code = -1;
  const std::optional<CommandLine> line = ParseCommandLine(static_cast<int>(argv.size()), argv.data(), &exit_code);
  ASSERT_TRUE(line.has_value());
  EXPECT_TRUE(line->run_task);
  EXPECT_EQ(line->engine.backend, "onnxruntime");
  EXPECT_EQ(line->engine.settings.threads, 4);
  EXPECT_EQ(line->engine.settings.optimization_level, 1);
  EXPECT_EQ(line->engine.settings.work_dir, "w");
  EXPECT_THAT(line->engine.cpus, ElementsAre(1, 3));
}

TEST(OptionsTest, ToolchainsHaveSettingsFoldersAndTheirOwnPatience) {
  int exit_code = -1;
  const std::optional<CommandLine> line =
      Parse({"--server", "127.0.0.1:5", "--backend", "tensorrt", "--state-dir", "d", "--set", "precision=int8", "--set",
             "trtexec=/opt/a b=c/trtexec", "--toolchains-dir", "more"},
            &exit_code);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->engine.settings.settings.at("trtexec"), "/opt/a b=c/trtexec");
  EXPECT_EQ(line->engine.settings.cache_dir, "d/converted");
  const std::vector<std::string>& argv = line->agent.worker.runner.command.argv;
  EXPECT_THAT(std::vector<std::string>(argv.begin() + 8, argv.end()),
              ElementsAre("--work-dir", "d/work", "--toolchains-dir", "more", "--cache-dir", "d/converted", "--set",
                          "precision=int8", "--set", "trtexec=/opt/a b=c/trtexec"));
  // Building an engine takes minutes.
  EXPECT_GE(line->agent.worker.least_task_timeout, std::chrono::minutes(30));
  EXPECT_GE(line->agent.worker.runner.start_timeout, std::chrono::minutes(30));

  std::vector<const char*> child;
  for (const std::string& word : argv) child.push_back(word.c_str());
  const std::optional<CommandLine> read = ParseCommandLine(static_cast<int>(child.size()), child.data(), &exit_code);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->run_task);
  EXPECT_EQ(read->engine.settings.settings, line->engine.settings.settings);
  EXPECT_EQ(read->engine.settings.cache_dir, "d/converted");
  EXPECT_EQ(read->engine.settings.toolchains_dir, "more");
}

TEST(OptionsTest, MistakesAreUsageErrors) {
  const std::vector<std::vector<const char*>> mistakes{
      {},
      {"--server", "127.0.0.1:5", "--state-dir", "d"},
      {"--server", "127.0.0.1:5", "--backend", "opencv"},
      {"--backend", "opencv", "--state-dir", "d"},
      {"--server", "board.example:5", "--backend", "opencv", "--state-dir", "d"},  // plaintext
      {"--server", "127.0.0.1.example:5", "--backend", "opencv", "--state-dir", "d"},
      {"--server", "127.0.0.1:5", "--backend", "opencv", "--state-dir", "d", "--cpu", "3-1"},
      {"--server", "127.0.0.1:5", "--backend", "opencv", "--state-dir", "d", "--threads", "0"},
      {"--server", "127.0.0.1:5", "--backend", "tensorrt", "--state-dir", "d", "--set", "precision"},
      {"--server", "127.0.0.1:5", "--backend", "opencv", "--state-dir", "d", "--unknown"}};
  for (const auto& words : mistakes) {
    int exit_code = -1;
    testing::internal::CaptureStderr();
    EXPECT_FALSE(Parse(words, &exit_code).has_value());
    EXPECT_FALSE(testing::internal::GetCapturedStderr().empty());
    EXPECT_EQ(exit_code, 2);
  }
}

TEST(OptionsTest, PlaintextToAnotherMachineOnlyWhenAskedFor) {
  int exit_code = -1;
  const std::vector<const char*> words{"--server", "board.example:5", "--backend", "opencv", "--state-dir", "d"};
  for (const char* flag : {"--insecure", "--tls"}) {
    std::vector<const char*> more = words;
    more.push_back(flag);
    EXPECT_TRUE(Parse(more, &exit_code).has_value()) << flag;
  }
}

TEST(OptionsTest, HelpNamesTheBackEndsAndHidesTheChild) {
  int exit_code = -1;
  testing::internal::CaptureStdout();
  EXPECT_FALSE(Parse({"--help"}, &exit_code).has_value());
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_EQ(exit_code, 0);
  EXPECT_THAT(help, testing::HasSubstr("simulated:imx93"));
  EXPECT_THAT(help, testing::HasSubstr("Examples:"));
  EXPECT_THAT(help, testing::Not(testing::HasSubstr("run-task")));
}

TEST(CpuListTest, ReadsListsAndRanges) {
  EXPECT_THAT(*ParseCpuList("2"), ElementsAre(2));
  EXPECT_THAT(*ParseCpuList("0,2-4"), ElementsAre(0, 2, 3, 4));
  for (const char* bad : {"", "a", "1-", "-1", "3-1", "1-2-3", "1,,2", "99999"}) {
    EXPECT_FALSE(ParseCpuList(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace latimer::agent
