// Tokens, agents, versions, and wrong usage of all commands about boards.
#include "fake_fleet.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(TokenTest, PrintsWhatToRunOnTheBoard) {
  FakeFleet fleet;
  Outcome outcome = RunTool({"token", "create", "--platform", "jetson", "--lifetime", "90m"}, &fleet);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(fleet.token_request.platform(), "jetson");
  EXPECT_EQ(fleet.token_request.lifetime_seconds(), 5400);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("2100-01-01 00:00 UTC"), HasSubstr("one board of platform jetson"),
                                 HasSubstr("latimer-agent --server " + fleet.address() + " --token tok-1 --backend")));
  outcome = RunTool({"token", "create", "--format", "json"}, &fleet);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["token"], "tok-1");
  EXPECT_EQ(json["expireTimeUnixMs"], 4102444800000);
  EXPECT_EQ(fleet.token_request.lifetime_seconds(), 86400);
}

TEST(TokenTest, TheAgentNeedsInsecureForPlaintextToAnotherMachine) {
  FakeFleet fleet;
  EXPECT_THAT(RunTool({"token", "create"}, &fleet).out, Not(HasSubstr("--insecure")));
  // Not a loopback address by its looks, though it leads to this machine.
  const std::string address = "0.0.0.0" + fleet.address().substr(fleet.address().find(':'));
  EXPECT_THAT(RunTool({"token", "create", "--server", address}).out, HasSubstr("latimer-agent --insecure\n"));
}

class AgentsTest : public testing::Test {
 protected:
  AgentsTest() {
    for (const char* name : {"agents/a1", "agents/b2"}) {
      v1::Agent agent;
      agent.set_name(name);
      agent.set_display_name("lab");
      agent.set_state(v1::AGENT_STATE_IDLE);
      fleet_.agents.push_back(agent);
    }
    (*fleet_.agents[1].mutable_fingerprint()->mutable_facts())["threads"] = "1";
    (*fleet_.agents[1].mutable_changed_fingerprint()->mutable_facts())["threads"] = "4";
  }
  FakeFleet fleet_;
};

TEST_F(AgentsTest, ListsAllPages) {
  const Outcome outcome = RunTool({"agents", "--format", "json"}, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(json["agents"].size(), 2U);
  EXPECT_EQ(json["agents"][1]["name"], "agents/b2");
  EXPECT_EQ(json["agents"][1]["state"], "AGENT_STATE_IDLE");
  EXPECT_THAT(RunTool({"agents"}, &fleet_).out, AllOf(HasSubstr("a1"), HasSubstr("latimer agents accept b2")));
  EXPECT_THAT(RunTool({"agents", "--format", "csv"}, &fleet_).out, HasSubstr("\nagents/b2,lab,"));
  fleet_.agents.clear();
  EXPECT_THAT(RunTool({"agents"}, &fleet_).out, HasSubstr("No board is enrolled"));
}

TEST_F(AgentsTest, AcceptShowsWhatDiffers) {
  const Outcome outcome = RunTool({"agents", "accept", "b2", "--ascii"}, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "agents/b2 (lab) is accepted with these changes:\n  threads: 1 -> 4\n");
  const Outcome again = RunTool({"agents", "accept", "b2"}, &fleet_);
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("the board has not changed"));
}

TEST_F(AgentsTest, Revoke) {
  Outcome outcome = RunTool({"agents", "revoke", "a1", "--format", "json"}, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["state"], "AGENT_STATE_REVOKED");
  outcome = RunTool({"agents", "revoke", "nobody"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("there is no such agent"));
}

TEST(VersionsTest, ListAndRollBack) {
  FakeFleet fleet;
  v1::PlatformVersion version;
  version.set_version("fit-2");
  version.set_rejection("worse than fit-1");
  fleet.versions = {version};
  Outcome outcome = RunTool({"platforms", "versions", "x"}, &fleet);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("not promoted"), HasSubstr("worse than fit-1")));
  outcome = RunTool({"platforms", "versions", "x", "--format", "json"}, &fleet);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["versions"][0]["promoted"], false);
  outcome = RunTool({"platforms", "rollback", "x"}, &fleet);
  EXPECT_EQ(outcome.out, "x is answered by version fit-1 now\n");
  outcome = RunTool({"platforms", "rollback", "x", "--version", "fit-0", "--format", "json"}, &fleet);
  EXPECT_EQ(fleet.rollback_request.version(), "fit-0");
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["activeVersion"], "fit-0");
}

struct Wrong {
  std::vector<std::string> arguments;
  std::string message;
};

TEST(UsageTest, WrongOptionsExitWith2AndSayWhich) {
  const std::vector<Wrong> cases = {
      {{"agents"}, "--server is needed"},
      {{"campaign", "list"}, "--server is needed"},
      {{"measure", "a.onnx", "--platform", "x"}, "--server is needed"},
      {{"evaluate", "a.onnx", "--platform", "x"}, "--server is needed"},
      {{"platforms", "rollback", "x"}, "--server is needed"},
      {{"token"}, "subcommand"},
      {{"campaign", "begin"}, "latimer campaign --help"},
      {{"campaign", "start", "--server", "h:1"}, "--platform"},
      {{"campaign", "start", "--platform", "x", "--max-board-time", "5"}, "'5' is no duration"},
      {{"campaign", "start", "--platform", "x", "--method", "padding"}, "smart-padding"},
      {{"campaign", "start", "--platform", "x", "--max-measurements", "0"}, "--max-measurements"},
      {{"campaign", "start", "--platform", "x", "--max-mesurements", "5"}, "did you mean '--max-measurements'?"},
      {{"campaign", "watch"}, "NAME"},
      {{"token", "create", "--lifetime", "soon"}, "--lifetime"},
      {{"measure", "a.onnx", "--platform", "x", "--repetitions", "11"}, "--repetitions"},
      {{"evaluate", "a.onnx", "--platform", "x", "--confidence", "1"}, "--confidence"},
      {{"evaluate", "a.onnx", "--platform", "x", "--format", "xml"}, "markdown"},
      {{"agents", "--format", "markdown"}, "--format"},
  };
  for (const Wrong& wrong : cases) {
    const Outcome outcome = RunTool(wrong.arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(wrong.arguments);
    EXPECT_THAT(outcome.err, HasSubstr(wrong.message)) << testing::PrintToString(wrong.arguments);
    EXPECT_EQ(outcome.out, "") << testing::PrintToString(wrong.arguments);
  }
}

TEST(UsageTest, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {
      {"token", "create"},      {"agents"},           {"agents", "revoke"},   {"agents", "accept"},
      {"campaign", "start"},    {"campaign", "show"}, {"campaign", "cancel"}, {"campaign", "list"},
      {"campaign", "watch"},    {"measure"},          {"evaluate"},           {"platforms", "versions"},
      {"platforms", "rollback"}};
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--help");
    const Outcome outcome = RunTool(command);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("Example"), HasSubstr("--server"))) << testing::PrintToString(command);
  }
}

TEST(UsageTest, NoServerThereIsAnErrorAtRunTime) {
  const Outcome outcome = RunTool({"agents", "--server", "127.0.0.1:1", "--timeout", "5"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("cannot reach a server at 127.0.0.1:1"));
}

}  // namespace
}  // namespace latimer::cli
