#include "backends/command/command_backend.h"

#include <stdlib.h>

#include "absl/strings/str_replace.h"
#include "backends/command/command_network.h"
#include "backends/command/conversion_cache.h"
#include "backends/timing.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "tests/unit/backends_command/test_tools.h"

namespace latimer::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Reports "name=ms" lines; the line without a name is the whole network's.
absl::StatusOr<Report> ParseTest(const ReportFiles& files) {
  Report report;
  std::istringstream lines{std::string(files[0])};
  for (std::string line; std::getline(lines, line);) {
    const size_t sign = line.find('=');
    if (sign == std::string::npos) continue;
    const double seconds = std::stod(line.substr(sign + 1)) / 1e3;
    if (sign == 0) {
      report.latency.samples.push_back(seconds);
      report.latency.median = seconds;
    } else {
      report.rows.emplace_back();
      report.rows.back().name = line.substr(0, sign);
      report.rows.back().seconds = seconds;
    }
  }
  if (!report.latency.median.has_value()) return absl::InvalidArgumentError("no latency");
  return report;
}

const ParserTable kParsers{{"test", &ParseTest}};

constexpr char kToolchain[] = R"(
name: "testing"
programs { name: "tool" candidates: "no-such-tool-of-latimer" install: "Install the test tool." }
settings { name: "precision" default_value: "int8" choices: "int8" choices: "fp16" }
settings { name: "runs" default_value: "4" cosmetic: true }
limits { network_seconds: 60 }
facts { name: "toolchain" command { name: "version" words: "{tool} version" limit_seconds: 20 } prefix: "tool " }
conversion {
  name: "build" words: "{tool} build {onnx} {work}/model"
  additions { when: "precision=fp16" words: "--half" }
  limit_seconds: 20 produces: "{work}/model"
}
latency {
  command { name: "latency" words: "{tool} run {work}/model" limit_seconds: 20 success: "^PASSED" }
  parser: "test" inputs: "stdout" last_samples: "{runs}" most_drift: 0.2
}
profile {
  command { name: "profile" words: "{tool} profile {work}/model {run}/report" limit_seconds: 20 success: "^PASSED" }
  parser: "test" inputs: "file:{run}/report" launches: 2
}
failures { name: "LOST" output: "device lost" action: RETRY message: "it was lost" pause_seconds: 0.01 }
failures { name: "STALE" output: "stale model" action: RETRY convert_again: true message: "it is stale" }
failures { name: "UNSUPPORTED" output: "no kernel" stages: "build" action: REFUSE message: "it lacks something" }
failures { name: "MEMORY" exit_code: 137 action: REFUSE out_of_memory: true message: "it was too large" }
failures { name: "FELL_BACK" output: "on CPU" even_if_ended_well: true when: "precision=int8" action: REFUSE message: "on the CPU" }
failures { name: "HANG" output: "no answer" action: RESTART_BOARD message: "it hangs" pause_seconds: 0.01 }
)";

// $1 is the command; every call is noted; the file fail.<command> is run before anything is done.
constexpr char kTool[] = R"(
here=$(dirname "$0")
echo "$@" | sed "s|/[^ ]*/||g" >> "$here/calls"
[ -f "$here/fail.$1" ] && . "$here/fail.$1"
case "$1" in
  version) echo "1.0" ;;
  build) cp "$2" "$3" ;;
  run) echo "=9"; for i in 1 2 3 4; do echo "=2.$i"; done; echo "PASSED" ;;
  profile) printf 'conv1=1.5\npool1=0.5\n=2\n' > "$3"; echo "PASSED" ;;
esac
)";

class CommandBackendTest : public testing::Test {
 protected:
  void SetUp() override { WriteScript(folder_ / "tool", kTool); }

  absl::StatusOr<std::unique_ptr<Backend>> Create(std::map<std::string, std::string> settings = {},
                                                  const std::string& text = kToolchain) {
    absl::StatusOr<proto::Toolchain> toolchain = ParseToolchain(text, kParsers);
    if (!toolchain.ok()) return toolchain.status();
    CommandBackendOptions options;
    settings.emplace("tool", folder_ / "tool");
    options.toolbox.settings = std::move(settings);
    options.toolbox.work_dir = folder_ / "work";
    options.toolbox.pause_scale = 0.001;
    options.cache_dir = folder_ / "cache";
    return CreateCommandBackend(*std::move(toolchain), kParsers, std::move(options));
  }

  // Shell text that is run at the first `times` calls of `command`.
  void Fail(const std::string& command, int times, const std::string& text) {
    std::ofstream(folder_ / ("fail." + command))
        << "n=$(cat \"$here/n." << command << "\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$here/n." << command
        << "\"; if [ $n -lt " << times << " ]; then " << text << "; fi\n";
  }

  std::string Calls() {
    std::string calls = ReadText(folder_ / "calls");
    std::filesystem::remove(folder_ / "calls");
    return calls;
  }

  absl::StatusOr<TimingResult> Time(Backend& backend) {
    absl::StatusOr<std::unique_ptr<PreparedNetwork>> network = backend.Prepare(SmallNetwork());
    if (!network.ok()) return network.status();
    return TimeNetwork(**network, {});
  }

  TempDir folder_;
};

std::string ReasonOf(const absl::Status& status) {
  const auto details = GetErrorDetails(status);
  return details.has_value() ? details->reason : status.ToString();
}

TEST_F(CommandBackendTest, MeasuresAsTheDescriptionSays) {
  const auto backend = Create();
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ((*backend)->name(), "testing");
  const auto& facts = (*backend)->fingerprint().facts;
  EXPECT_EQ(facts.at("toolchain"), "tool 1.0");
  EXPECT_EQ(facts.at("precision"), "int8");
  EXPECT_EQ(facts.count("runs"), 0u);
  EXPECT_EQ(facts.count("architecture"), 1u);
  EXPECT_FALSE((*backend)->fingerprint().simulated);
  Calls();

  const auto network = (*backend)->Prepare(SmallNetwork());
  ASSERT_TRUE(network.ok()) << network.status();
  const auto result = TimeNetwork(**network, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->runs, 4);  // the slow first one is warm-up
  EXPECT_NEAR(result->median_seconds, 2.25e-3, 1e-9);
  EXPECT_NEAR(result->min_seconds, 2.1e-3, 1e-9);
  EXPECT_EQ(Calls(), "build network.onnx model\nrun model\n");

  const auto layers = (*network)->ProfileLayers({});
  ASSERT_TRUE(layers.ok()) << layers.status();
  ASSERT_EQ(layers->size(), 2u);
  EXPECT_EQ((*layers)[0].node, "conv1");
  EXPECT_NEAR((*layers)[0].median_seconds, 1.5e-3, 1e-9);
  EXPECT_EQ((*layers)[1].node, "pool1");
  EXPECT_EQ(Calls(), "profile model report\nprofile model report\n");
  EXPECT_THAT((*backend)->TakeIncidents(), IsEmpty());
  // Folders of launches are gone.
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "work")) {
    EXPECT_TRUE(std::filesystem::is_empty(entry.path())) << entry.path();
  }
}

TEST_F(CommandBackendTest, ConversionsAreKeptByStructureNamesAndSettings) {
  const auto first = Create();
  ASSERT_TRUE(Time(**first).ok());
  Calls();
  ASSERT_TRUE(Time(**first).ok());
  EXPECT_EQ(Calls(), "run model\n");
  ASSERT_TRUE((*first)->Prepare(SmallNetwork("other")).ok());  // reports would speak of other names
  EXPECT_EQ(Calls(), "build network.onnx model\n");
  const auto again = Create();  // as after a restart
  ASSERT_TRUE(Time(**again).ok());
  EXPECT_EQ(Calls(), "version\nrun model\n");
  const auto half = Create({{"precision", "fp16"}});
  ASSERT_TRUE(Time(**half).ok());
  EXPECT_EQ(Calls(), "version\nbuild network.onnx model --half\nrun model\n");
  EXPECT_NE((*half)->fingerprint().Digest(), (*first)->fingerprint().Digest());
}

TEST_F(CommandBackendTest, MissingProgramsSayWhatToInstall) {
  const absl::Status status = Create({{"tool", ""}}).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(
      status.message(),
      "back end 'testing' needs the program 'no-such-tool-of-latimer', which is not there. Install the test tool. "
      "Or name it: --set tool=PATH");
}

TEST_F(CommandBackendTest, UnknownSettingsAreRefused) {
  EXPECT_EQ(Create({{"color", "red"}}).status().message(),
            "back end 'testing' has no setting 'color'; it has: recover, precision, runs, tool");
  EXPECT_EQ(Create({{"precision", "int3"}}).status().message(), "setting 'precision' is 'int3'; it may be: int8, fp16");
}

TEST_F(CommandBackendTest, ASimulatedToolIsASimulatedBoard) {
  Fail("version", 100, "echo '3 SIMULATED'; exit 0");
  const auto backend = Create();
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_TRUE((*backend)->fingerprint().simulated);
  EXPECT_EQ((*backend)->fingerprint().facts.count("cpu"), 0u);
}

TEST_F(CommandBackendTest, PassingTroubleIsTriedAgainAndTold) {
  Fail("run", 2, "echo 'E: device lost' >&2; exit 1");
  const auto backend = Create();
  const auto result = Time(**backend);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT((*backend)->TakeIncidents(), ElementsAre("LOST: E: device lost", "LOST: E: device lost"));
  EXPECT_THAT((*backend)->TakeIncidents(), IsEmpty());
}

TEST_F(CommandBackendTest, TroubleThatStaysIsAFailureByName) {
  Fail("run", 100, "echo 'device lost'; exit 1");
  const auto backend = Create();
  Calls();
  const absl::Status status = Time(**backend).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "LOST");
  EXPECT_EQ(status.message(),
            "tried 3 times: LOST: it was lost ('latency' of testing ended with exit code 1: device lost)");
  EXPECT_EQ(Calls(), "build network.onnx model\nrun model\nrun model\nrun model\n");
}

TEST_F(CommandBackendTest, WhatTheNetworkIsAtFaultForIsRefusedAtOnce) {
  Fail("build", 100, "echo 'no kernel for Einsum'; exit 1");
  const auto backend = Create();
  Calls();
  absl::Status status = Time(**backend).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "UNSUPPORTED");
  EXPECT_THAT(std::string(status.message()), HasSubstr("no kernel for Einsum"));
  EXPECT_EQ(Calls(), "build network.onnx model\n");

  Fail("build", 100, "exit 137");
  status = Time(**backend).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "MEMORY");

  // Half of a conversion is never taken for a whole one.
  Fail("build", 0, "true");
  EXPECT_TRUE(Time(**backend).ok());
}

TEST_F(CommandBackendTest, AFallBackIsSeenThoughTheToolIsContent) {
  Fail("build", 100, "echo 'Relu runs on CPU'");
  EXPECT_EQ(ReasonOf(Time(**Create()).status()), "FELL_BACK");
  EXPECT_TRUE(Time(**Create({{"precision", "fp16"}})).ok());
}

TEST_F(CommandBackendTest, AStaleConversionIsMadeAgain) {
  const auto backend = Create();
  ASSERT_TRUE(Time(**backend).ok());
  Calls();
  Fail("run", 1, "echo 'stale model'; exit 1");
  EXPECT_TRUE(Time(**backend).ok());
  EXPECT_EQ(Calls(), "run model\nbuild network.onnx model\nrun model\n");
}

TEST_F(CommandBackendTest, AHangingDeviceIsResetOnceWhereThereIsAWay) {
  Fail("run", 1, "echo 'no answer'; exit 1");
  const absl::Status status = Time(**Create()).status();
  EXPECT_EQ(ReasonOf(status), "HANG");
  std::filesystem::remove(folder_ / "n.run");
  const auto backend = Create({{"recover", "{tool} reset"}});
  Calls();
  EXPECT_TRUE(Time(**backend).ok());
  EXPECT_EQ(Calls(), "run model\nreset\nrun model\n");
  EXPECT_THAT((*backend)->TakeIncidents(), ElementsAre("HANG: no answer"));
  std::filesystem::remove(folder_ / "n.run");
  Fail("run", 100, "echo 'no answer'; exit 1");
  EXPECT_EQ(ReasonOf(Time(**backend).status()), "HANG");
  EXPECT_EQ(Calls(), "run model\nreset\nrun model\n");
}

TEST_F(CommandBackendTest, TimesThatGrowAreThrottling) {
  const std::string text = absl::StrReplaceAll(kToolchain, {{"default_value: \"4\"", "default_value: \"12\""}});
  const std::string heats =
      "for i in 1 2 3 4 5 6; do echo =2; done; for i in 1 2 3 4 5 6; do echo =3; done; "
      "echo PASSED; exit 0";
  Fail("run", 2, heats);
  const auto backend = Create({}, text);
  EXPECT_TRUE(Time(**backend).ok());
  EXPECT_THAT((*backend)->TakeIncidents(),
              ElementsAre(StartsWith("THROTTLED: times grew by 50 %"), StartsWith("THROTTLED: ")));
  std::filesystem::remove(folder_ / "n.run");
  Fail("run", 100, heats);
  EXPECT_EQ(ReasonOf(Time(**backend).status()), "THROTTLED");
}

TEST_F(CommandBackendTest, UnknownTroubleHasTheToolsLastWords) {
  Fail("run", 100, "echo 'something else' >&2; exit 5");
  const auto backend = Create();
  absl::Status status = Time(**backend).status();
  EXPECT_EQ(ReasonOf(status), "TOOL_FAILED");
  EXPECT_EQ(status.message(), "'latency' of testing ended with exit code 5; its last words: something else");
  // An end that is no success: the mark is missing, or the report is.
  Fail("run", 100, "echo =1; exit 0");
  status = Time(**backend).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended with exit code 0, but did not do its work"));
  Fail("run", 100, "echo PASSED; exit 0");
  EXPECT_EQ(ReasonOf(Time(**backend).status()), "BAD_REPORT");
  Fail("run", 0, "true");
  Fail("profile", 100, "echo PASSED; exit 0");
  const auto network = (*backend)->Prepare(SmallNetwork());
  EXPECT_EQ(ReasonOf((*network)->ProfileLayers({}).status()), "REPORT_MISSING");
}

TEST_F(CommandBackendTest, AToolThatDoesNotEndIsStopped) {
  Fail("run", 100, "sleep 1000");
  const std::string text = absl::StrReplaceAll(
      kToolchain, {{"run {work}/model\" limit_seconds: 20", "run {work}/model\" limit_seconds: 0.5"}});
  const absl::Status status = Time(**Create({}, text)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(status), "TOOL_TIMEOUT");
}

TEST_F(CommandBackendTest, FoldersMayBeRelative) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  absl::StatusOr<proto::Toolchain> toolchain = ParseToolchain(kToolchain, kParsers);
  CommandBackendOptions options;
  options.toolbox.settings = {{"tool", "./tool"}};
  options.toolbox.work_dir = "work";
  options.cache_dir = "cache";
  const auto backend = CreateCommandBackend(*std::move(toolchain), kParsers, std::move(options));
  const absl::StatusOr<TimingResult> result = backend.ok() ? Time(**backend) : backend.status();
  std::filesystem::current_path(before);
  EXPECT_TRUE(result.ok()) << result.status();
}

TEST(ConversionCacheTest, OldestUseGoesFirst) {
  const TempDir folder;
  absl::StatusOr<ConversionCache> cache = ConversionCache::Open(folder / "cache", 2500);
  ASSERT_TRUE(cache.ok());
  const auto add = [&](const std::string& key) {
    const auto entry = cache->Get(key);
    ASSERT_TRUE(entry.ok());
    EXPECT_FALSE(entry->complete);
    std::ofstream(entry->folder + "/data") << std::string(1000, 'x');
    ASSERT_TRUE(cache->Complete(*entry).ok());
    const auto later = std::filesystem::file_time_type::clock::now() - std::chrono::seconds(100 - key.size());
    std::filesystem::last_write_time(entry->folder + "/complete", later);
  };
  add("a");
  add("bb");
  add("ccc");
  EXPECT_TRUE(cache->Get("bb")->complete);  // asked for now; "a" had to go
  EXPECT_FALSE(std::filesystem::exists(folder / "cache/a"));
  EXPECT_TRUE(std::filesystem::exists(folder / "cache/ccc"));
  const auto entry = cache->Get("bb");
  ASSERT_TRUE(ConversionCache::Clear(*entry, "data").ok());
  EXPECT_TRUE(std::filesystem::exists(entry->folder + "/data"));
  EXPECT_FALSE(cache->Get("bb")->complete);
}

TEST(TimingTest, SummariesOfSeveralLaunches) {
  Report a;
  a.latency.median = 2e-3;
  a.latency.min = 1.9e-3;
  a.latency.count = 50;
  Report b = a;
  b.latency.median = 2.2e-3;
  const auto result = ToTiming({a, b, a});
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->median_seconds, 2e-3, 1e-12);
  EXPECT_NEAR(result->min_seconds, 1.9e-3, 1e-12);
  EXPECT_EQ(result->runs, 150);
  EXPECT_GT(result->median_spread, 0);
  EXPECT_FALSE(ToTiming({Report()}).ok());
}

}  // namespace
}  // namespace latimer::command
