// The tool as people call it: options, exit codes and what is printed where, with the estimator in this process.
#include "cli/app.h"

#include <fstream>
#include <iterator>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/server.h"

namespace latimer::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kNetworks = LATIMER_SOURCE_DIR "/tests/data/networks/";
const std::string kAlexnet = kNetworks + "named/tv_alexnet.onnx";
const std::string kCell = kNetworks + "nb201/nb201_000.onnx";
constexpr int64_t kAlexnetMacs = 714188480;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class AppTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server::ServerOptions options;
    options.listen_address = "";
    options.platforms_dirs = {LATIMER_SOURCE_DIR "/data/platforms"};
    absl::StatusOr<std::unique_ptr<server::Server>> created = server::Server::Create(options);
    ASSERT_TRUE(created.ok()) << created.status();
    server_ = created->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static Outcome Run(std::vector<std::string> arguments) {
    StringOutput out;
    StringOutput err;
    CommandContext context;
    context.out = &out;
    context.err = &err;
    context.local = []() -> absl::StatusOr<std::shared_ptr<grpc::Channel>> { return server_->InProcessChannel(); };
    const Environment environment = [](const char* name) -> std::optional<std::string> {
      return std::string(name) == "LANG" ? std::optional<std::string>("C.UTF-8") : std::nullopt;
    };
    Outcome outcome;
    outcome.code = RunApp(std::move(arguments), environment, std::move(context));
    outcome.out = out.text();
    outcome.err = err.text();
    return outcome;
  }

  static void ExpectUsageError(const std::vector<std::string>& arguments, const std::string& says) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, kUsageError) << says;
    EXPECT_EQ(outcome.out, "") << says;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("latimer: "), HasSubstr(says), HasSubstr("--help")));
  }

  static server::Server* server_;
};

server::Server* AppTest::server_ = nullptr;

TEST_F(AppTest, HelpAndVersionGoToTheOutput) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"estimate", "--help"},
                                                    {"platforms", "--help"},
                                                    {"network", "--help"},
                                                    {"platforms", "show", "--help"},
                                                    {"report", "--help"}}) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, kSuccess);
    EXPECT_THAT(outcome.out, HasSubstr("Examples:"));
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_THAT(Run({"--version"}).out, HasSubstr("0.1"));
  EXPECT_EQ(Run({"version"}).out, Run({"--version"}).out);
}

TEST_F(AppTest, WrongUsageSaysWhatAndExitsWith2) {
  ExpectUsageError({}, "subcommand");
  ExpectUsageError({"estimat", kAlexnet}, "did you mean 'estimate'?");
  ExpectUsageError({"estimate", "--platform", "ncs2-openvino"}, "FILE");
  ExpectUsageError({"estimate", kAlexnet}, "--platform");
  ExpectUsageError({"estimate", kAlexnet, "--platfrom", "x"}, "--platform");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--format", "xml"}, "there is no 'xml'; there are csv");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--model-kind", "magic"}, "roofline");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--batch", "0"}, "--batch");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--top", "0"}, "--top");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--timeout", "-1"}, "--timeout");
  ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--color", "pink"}, "--color");
  ExpectUsageError({"platforms", "a", "b"}, "b");
}

TEST_F(AppTest, ConfidenceLiesBetween0And1) {
  for (const char* level : {"0", "1", "-0.1", "1.5", "nan", "high"}) {
    ExpectUsageError({"estimate", kAlexnet, "--platform", "p", "--confidence", level}, "does not lie between 0 and 1");
  }
}

TEST_F(AppTest, AListOfPlatformsThatNamesNoneIsWrongUsage) {
  ExpectUsageError({"estimate", kAlexnet, "--platform", ""}, "--platform");
  ExpectUsageError({"estimate", kAlexnet, "--platform", " , "}, "--platform");
}

TEST_F(AppTest, SpacesInTheListOfPlatformsDoNotMatter) {
  const Outcome outcome = Run({"estimate", kCell, "--platform", "ncs2-openvino, zcu102-dnndk ,", "--format", "json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["estimates"].size(), 2u);
}

TEST_F(AppTest, RuntimeErrorsExitWith1) {
  Outcome outcome = Run({"estimate", "no_such_file.onnx", "--platform", "ncs2-openvino"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("latimer: no_such_file.onnx: "));
  outcome = Run({"platforms", "abacus"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("abacus"), HasSubstr("ncs2-openvino, zcu102-dnndk")));
  outcome = Run({"estimate", kAlexnet, "--platform", "ncs2-openvino", "--input-shape", "1xx3"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_THAT(outcome.err, HasSubstr("--input-shape '1xx3'"));
  outcome = Run({"platforms", "--server", "127.0.0.1:1", "--timeout", "5"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_THAT(outcome.err, HasSubstr("cannot reach a server at 127.0.0.1:1"));
  outcome = Run({"platforms", "--server", "127.0.0.1:1", "--tls-ca", "no/such.pem"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_THAT(outcome.err, HasSubstr("no/such.pem"));
}

TEST_F(AppTest, AnUnknownPlatformIsSaidOnceForAllFiles) {
  const Outcome outcome = Run({"estimate", kAlexnet, kCell, "--platform", "abacus"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  EXPECT_EQ(outcome.err.find("there is no platform 'abacus'"), outcome.err.rfind("there is no platform 'abacus'"));
}

TEST_F(AppTest, ABadFileDoesNotStopTheOthers) {
  const Outcome outcome =
      Run({"estimate", "no_such_file.onnx", kAlexnet, "--platform", "ncs2-openvino", "--format", "json"});
  EXPECT_EQ(outcome.code, kRuntimeError);
  const json output = json::parse(outcome.out);
  ASSERT_EQ(output["estimates"].size(), 1u);
  EXPECT_EQ(output["estimates"][0]["macs"], kAlexnetMacs);
  ASSERT_EQ(output["errors"].size(), 1u);
  EXPECT_EQ(output["errors"][0]["file"], "no_such_file.onnx");
  EXPECT_EQ(output["errors"][0]["code"], "NOT_FOUND");
  EXPECT_NE(output["errors"][0]["reason"], "");
}

TEST_F(AppTest, JsonIsValidEvenWithoutAnyEstimate) {
  for (const char* command : {"estimate", "network"}) {
    std::vector<std::string> arguments = {command, "no_such_file.onnx", "--format", "json"};
    if (std::string(command) == "estimate") arguments.insert(arguments.end(), {"--platform", "ncs2-openvino"});
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, kRuntimeError);
    ASSERT_TRUE(json::accept(outcome.out)) << outcome.out;
    EXPECT_EQ(json::parse(outcome.out)["errors"].size(), 1u);
  }
}

TEST_F(AppTest, OneFileGetsATableSeveralGetASummary) {
  const Outcome one = Run({"estimate", kAlexnet, "--platform", "zcu102-dnndk"});
  EXPECT_EQ(one.code, kSuccess) << one.err;
  EXPECT_THAT(one.out, AllOf(StartsWith("tv_alexnet on zcu102-dnndk"), HasSubstr("slowest"), HasSubstr("714 MMAC")));
  const Outcome two = Run({"estimate", kAlexnet, kCell, "--platform", "zcu102-dnndk"});
  EXPECT_THAT(two.out, AllOf(HasSubstr("slowest layer"), HasSubstr("nb201_000"), Not(HasSubstr("714 MMAC"))));
  const Outcome layers = Run({"estimate", kAlexnet, kCell, "--platform", "zcu102-dnndk", "--layers"});
  EXPECT_THAT(layers.out, AllOf(HasSubstr("slowest layer"), HasSubstr("714 MMAC")));
}

TEST_F(AppTest, TheMappingIsShownAsTextOrDot) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"estimate", kCell, "--platform", "zcu102-dnndk", "--show-mapping"},
        {"estimate", "--show-mapping", kCell, "--platform", "zcu102-dnndk"},
        {"estimate", kCell, "--show-mapping", "text", "--platform", "zcu102-dnndk"}}) {
    const Outcome text = Run(arguments);
    EXPECT_EQ(text.code, kSuccess) << text.err;
    EXPECT_THAT(text.out, AllOf(StartsWith("nb201_000 as zcu102-dnndk"), HasSubstr("runs with it"), HasSubstr("├─●")));
  }
  const Outcome dot = Run({"estimate", kCell, kAlexnet, "--platform", "zcu102-dnndk", "--show-mapping=dot"});
  EXPECT_EQ(dot.code, kSuccess) << dot.err;
  EXPECT_THAT(dot.out, AllOf(StartsWith("digraph \"nb201_000 on zcu102-dnndk\" {"),
                             HasSubstr("digraph \"tv_alexnet on zcu102-dnndk\" {")));
  const std::string file = testing::TempDir() + "/mapping.dot";
  const Outcome written = Run({"estimate", kCell, "--platform", "zcu102-dnndk", "--show-mapping", "dot", "-o", file});
  EXPECT_EQ(written.code, kSuccess) << written.err;
  EXPECT_EQ(written.out, "");
  std::ifstream in(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), dot.out.substr(0, dot.out.find("}\n") + 2));
}

TEST_F(AppTest, TheMappingExcludesOtherForms) {
  const Outcome format = Run({"estimate", kCell, "--platform", "p", "--show-mapping", "--format", "json"});
  EXPECT_EQ(format.code, kUsageError);
  EXPECT_THAT(format.err, HasSubstr("inputUnits"));
  ExpectUsageError({"estimate", kCell, "--platform", "p", "-o", "file"}, "--show-mapping");
  ExpectUsageError({"estimate", kCell, "--platform", "p", "--show-mapping=png"},
                   "there is no 'png'; there are dot, text");
  const Outcome nowhere =
      Run({"estimate", kCell, "--platform", "zcu102-dnndk", "--show-mapping", "-o", "no/such/file"});
  EXPECT_EQ(nowhere.code, kRuntimeError);
  EXPECT_THAT(nowhere.err, HasSubstr("no/such/file cannot be written"));
}

TEST_F(AppTest, JsonUnitsNameTheUnitsTheyRead) {
  const json output = json::parse(Run({"estimate", kAlexnet, "--platform", "zcu102-dnndk", "--format", "json"}).out);
  const json& units = output["estimates"][0]["units"];
  EXPECT_EQ(units[0]["networkInputs"].size(), 1u);
  EXPECT_EQ(units[1]["inputUnits"], json::array({0}));
  EXPECT_EQ(units.back()["networkOutputs"].size(), 1u);
}

TEST_F(AppTest, PlatformsShowAndReportKnowShippedPlatforms) {
  const Outcome show = Run({"platforms", "show", "zcu102-dnndk"});
  EXPECT_EQ(show.code, kSuccess) << show.err;
  EXPECT_THAT(show.out,
              AllOf(HasSubstr("Analytical models"), HasSubstr("Sweep "), HasSubstr("nothing of it was measured")));
  EXPECT_THAT(Run({"platforms", "show", "zcu102-dnndk", "--sweep", "no such"}).err, HasSubstr("there is no sweep"));
  const json shown = json::parse(Run({"platforms", "show", "zcu102-dnndk", "--format", "json"}).out);
  EXPECT_FALSE(shown["sweeps"].empty());
  const Outcome report = Run({"report", "--platform", "zcu102-dnndk", "-o", "-"});
  EXPECT_EQ(report.code, kSuccess) << report.err;
  EXPECT_THAT(report.out, StartsWith("<!DOCTYPE html>"));
  const json data = json::parse(Run({"report", "--platform", "zcu102-dnndk", "--format", "json"}).out);
  EXPECT_TRUE(data["evaluations"].empty());
  EXPECT_EQ(data["versions"].size(), 1u);
  for (const std::vector<std::string>& unknown :
       {std::vector<std::string>{"platforms", "show", "abacus"}, {"report", "--platform", "abacus"}}) {
    const Outcome outcome = Run(unknown);
    EXPECT_EQ(outcome.code, kRuntimeError);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("abacus"), HasSubstr("ncs2-openvino, zcu102-dnndk")));
  }
}

TEST_F(AppTest, TopShowsOnlyTheSlowest) {
  const Outcome outcome = Run({"estimate", kAlexnet, "--platform", "zcu102-dnndk", "--top", "2"});
  EXPECT_THAT(outcome.out, HasSubstr("the 2 slowest of "));
}

TEST_F(AppTest, AsciiAndColourAreOptions) {
  const Outcome ascii = Run({"estimate", kAlexnet, "--platform", "zcu102-dnndk", "--ascii"});
  EXPECT_TRUE(std::all_of(ascii.out.begin(), ascii.out.end(), [](char c) { return c > 0; }));
  EXPECT_THAT(Run({"platforms", "--color", "always"}).out, HasSubstr("\x1b["));
  EXPECT_THAT(Run({"platforms"}).out, Not(HasSubstr("\x1b[")));
}

TEST_F(AppTest, BatchMultipliesTheWork) {
  const Outcome outcome = Run({"network", kAlexnet, "--batch", "4", "--format", "json"});
  ASSERT_EQ(outcome.code, kSuccess) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["networks"][0]["macs"], 4 * kAlexnetMacs);
}

TEST_F(AppTest, CsvHasAHeaderAndOneRowPerThing) {
  const Outcome platforms = Run({"platforms", "--format", "csv"});
  EXPECT_THAT(platforms.out, StartsWith("name,display_name,"));
  EXPECT_EQ(std::count(platforms.out.begin(), platforms.out.end(), '\n'), 3);
  const Outcome network = Run({"network", kAlexnet, "--format", "csv"});
  EXPECT_THAT(network.out, StartsWith("file,network,layer,"));
}

}  // namespace
}  // namespace latimer::cli
