// latimer measure and latimer evaluate.
#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "fake_fleet.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

v1::Latency Latency(double estimate, double low, double high) {
  v1::Latency latency;
  latency.set_estimate_ms(estimate);
  latency.set_lower_ms(low);
  latency.set_upper_ms(high);
  return latency;
}

auto Times(std::vector<double> medians, int reused = 0) {
  return [medians = std::move(medians), reused](v1::MeasureNetworkResponse* response) {
    for (const double median : medians) *response->add_measurements() = TimedMeasurement(median);
    response->set_network_hash("0123456789abcdef");
    response->set_reused(reused);
    return grpc::Status::OK;
  };
}

auto Fails(grpc::StatusCode code, const char* reason, const char* message) {
  return [=](v1::MeasureNetworkResponse*) { return ErrorWithReason(code, reason, message); };
}

// Three networks in a folder; the tool only reads their names and first bytes.
class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() : folder_(std::filesystem::path(testing::TempDir()) / absl::StrCat("cli_fleet_evaluate_", getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "more");
    for (const char* name : {"a.onnx", "b.onnx", "more/c.onnx"}) {
      std::filesystem::copy_file(LATIMER_SOURCE_DIR "/tests/data/networks/named/tv_alexnet.onnx", folder_ / name);
    }
    fleet_.estimates = {{"a", Latency(11, 9, 12)}, {"b", Latency(16, 14, 18)}, {"c", Latency(40, 40, 50)}};
    fleet_.measurements["a"] = Times({9, 11}, 1);  // 10
    fleet_.measurements["b"] = Times({20, 20});
    fleet_.measurements["c"] = Times({40, 40});
  }
  ~EvaluateTest() override { std::filesystem::remove_all(folder_); }

  Outcome Evaluate(
      std::vector<std::string> more, Interrupted interrupted = [] { return false; }) {
    std::vector<std::string> arguments = {"evaluate", "--platform", "x", folder_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunTool(arguments, &fleet_, std::move(interrupted));
  }

  const std::filesystem::path folder_;
  FakeFleet fleet_;
};

TEST_F(EvaluateTest, JsonHasEveryNetworkAndTheTotals) {
  const Outcome outcome = Evaluate({"--format", "json", "--reuse"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json answer = json::parse(outcome.out);
  ASSERT_EQ(answer["networks"].size(), 3U);
  const json& first = answer["networks"][0];
  EXPECT_EQ(first["name"], "a");
  EXPECT_EQ(first["file"], (folder_ / "a.onnx").string());
  EXPECT_EQ(first["predicted_ms"], 11);
  EXPECT_EQ(first["low_ms"], 9);
  EXPECT_EQ(first["high_ms"], 12);
  EXPECT_EQ(first["measured_ms"], 10);
  EXPECT_DOUBLE_EQ(first["measured_spread"], 0.2);
  EXPECT_EQ(answer["networks"][2]["name"], "c");
  // Relative errors +10 %, -20 %, 0; see the tests of the statistics.
  EXPECT_NEAR(answer["mape"], 0.1, 1e-12);
  EXPECT_NEAR(answer["mae_ms"], 5.0 / 3, 1e-12);
  EXPECT_NEAR(answer["rmspe"], std::sqrt(0.05 / 3), 1e-12);
  EXPECT_DOUBLE_EQ(answer["spearman"], 1);
  EXPECT_DOUBLE_EQ(answer["kendall"], 1);
  EXPECT_NEAR(answer["coverage"], 2.0 / 3, 1e-12);
  EXPECT_NEAR(answer["mean_relative_width"], 0.25, 1e-12);
  // (2/9 + 2/11) / 2 of the first network, nothing of the others.
  EXPECT_NEAR(answer["noise_floor_mape"], (2.0 / 9 + 2.0 / 11) / 2 / 3, 1e-12);
  EXPECT_EQ(answer["measurements"], 6);
  EXPECT_EQ(answer["reused"], 1);
  EXPECT_EQ(answer["board_seconds"], 6);
  EXPECT_EQ(answer["model_version"], "fit-2");
  ASSERT_EQ(fleet_.measure_requests.size(), 3U);
  EXPECT_EQ(fleet_.measure_requests[0].repetitions(), 2);
  EXPECT_TRUE(fleet_.measure_requests[0].reuse());
}

TEST_F(EvaluateTest, ARefusedNetworkIsListedAndNotFatal) {
  fleet_.measurements["b"] = Fails(grpc::FAILED_PRECONDITION, "NETWORK_REFUSED", "operator Foo is not supported");
  const Outcome outcome = Evaluate({"--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const json answer = json::parse(outcome.out);
  const json& refused = answer["networks"][1];
  EXPECT_EQ(refused["measured_ms"], nullptr);
  EXPECT_EQ(refused["predicted_ms"], 16);
  EXPECT_EQ(refused["reason"], "NETWORK_REFUSED");
  EXPECT_EQ(refused["message"], "operator Foo is not supported");
  EXPECT_EQ(answer["compared"], 2);
  EXPECT_EQ(answer["failed"], 1);
  EXPECT_NEAR(answer["mape"], 0.05, 1e-12);
}

TEST_F(EvaluateTest, AMeasurementThatFailedIsARefusalToo) {
  fleet_.measurements["b"] = [](v1::MeasureNetworkResponse* response) {
    v1::Measurement& measurement = *response->add_measurements();
    measurement.mutable_failure()->set_code(grpc::ABORTED);
    measurement.mutable_failure()->set_message("the engine's process died");
    return grpc::Status::OK;
  };
  const Outcome outcome = Evaluate({"--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["networks"][1]["code"], "ABORTED");
}

TEST_F(EvaluateTest, AFileThatCannotBeEstimatedIsAnErrorAndTheOthersGoOn) {
  fleet_.estimates.erase("a");
  const Outcome outcome = Evaluate({"--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  const json answer = json::parse(outcome.out);
  ASSERT_EQ(answer["networks"].size(), 3U);
  EXPECT_EQ(answer["networks"][0]["reason"], "BAD_AXIS");
  EXPECT_EQ(answer["networks"][0]["predicted_ms"], nullptr);
  EXPECT_EQ(answer["compared"], 2);
}

TEST_F(EvaluateTest, WithoutABoardItStopsAndSaysHowToGoOn) {
  fleet_.measurements["b"] = Fails(grpc::FAILED_PRECONDITION, "NO_AGENT", "no agent of x is connected");
  const Outcome outcome = Evaluate({"--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no agent of x is connected"), HasSubstr("stopped after 1 of 3 networks"),
                                 HasSubstr("--reuse goes on")));
  EXPECT_EQ(json::parse(outcome.out)["networks"].size(), 1U);
}

TEST_F(EvaluateTest, AnInterruptEndsTheCallAndPrintsWhatThereIs) {
  fleet_.measurements.erase("b");  // never answers
  const Outcome outcome = Evaluate({"--format", "json"}, [&] { return fleet_.measure_requests.size() > 1; });
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("stopped after 1 of 3 networks"));
  EXPECT_EQ(json::parse(outcome.out)["networks"].size(), 1U);
}

TEST_F(EvaluateTest, NothingComparedIsAnError) {
  for (const char* name : {"a", "b", "c"}) fleet_.measurements[name] = Fails(grpc::ABORTED, "DIED", "it died");
  const Outcome outcome = Evaluate({"--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(json::parse(outcome.out)["mape"], nullptr);
}

TEST_F(EvaluateTest, OtherFormats) {
  fleet_.measurements["b"] = Fails(grpc::FAILED_PRECONDITION, "NETWORK_REFUSED", "no | operator Foo");
  Outcome outcome = Evaluate({});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("mean error"), HasSubstr("+10.0%"), HasSubstr("operator Foo"),
                                 HasSubstr("Spearman 1.0000")));
  outcome = Evaluate({"--format", "markdown"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("| a | 11.00 | 9.00–12.00 | 10.00 | 20.0% | +10.0% |\n"),
                                 HasSubstr("no \\| operator Foo"), HasSubstr("- mean error: 5.0%")));
  outcome = Evaluate({"--format", "csv"});
  EXPECT_THAT(outcome.out, HasSubstr("/a.onnx,a,11,9,12,10,0.2,0.1"));
}

TEST_F(EvaluateTest, MissingFoldersAreNamed) {
  const Outcome outcome = RunTool({"evaluate", "--platform", "x", "/nowhere/at/all"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/at/all: "));
}

TEST_F(EvaluateTest, MeasurePrintsEveryMeasurement) {
  fleet_.measurements["a"] = [](v1::MeasureNetworkResponse* response) {
    *response->add_measurements() = TimedMeasurement(12.5);
    *response->add_measurements() = TimedMeasurement(12.25);
    v1::LayerTiming& layer = *response->mutable_measurements(0)->add_layers();
    layer.set_name("conv1");
    layer.set_operation("Conv");
    layer.set_median_ms(3.5);
    response->set_reused(1);
    return grpc::Status::OK;
  };
  const std::string file = (folder_ / "a.onnx").string();
  const std::vector<std::string> arguments = {"measure", file, "--platform", "x", "--repetitions", "2", "--layers"};
  Outcome outcome = RunTool(arguments, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("12.50 ms"), HasSubstr("a reused"), HasSubstr("conv1")));
  EXPECT_TRUE(fleet_.measure_requests[0].layer_report());
  std::vector<std::string> with_format = arguments;
  with_format.insert(with_format.end(), {"--format", "json"});
  outcome = RunTool(with_format, &fleet_);
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["networks"][0]["file"], file);
  EXPECT_EQ(answer["networks"][0]["measurements"][1]["timing"]["medianMs"], 12.25);
  EXPECT_EQ(answer["errors"].size(), 0U);
  with_format.back() = "csv";
  EXPECT_EQ(RunTool(with_format, &fleet_).out,
            absl::StrCat("file,network,layer,operation,median_ms,min_ms\n", file, ",a,conv1,Conv,3.5,0\n"));
}

TEST_F(EvaluateTest, MeasureGoesOnAfterARefusalAndEndsWith1) {
  fleet_.measurements["a"] = Fails(grpc::FAILED_PRECONDITION, "NETWORK_REFUSED", "operator Foo is not supported");
  const Outcome outcome = RunTool(
      {"measure", (folder_ / "a.onnx").string(), (folder_ / "b.onnx").string(), "--platform", "x", "--format", "json"},
      &fleet_);
  EXPECT_EQ(outcome.code, 1);
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["networks"].size(), 1U);
  EXPECT_EQ(answer["errors"][0]["reason"], "NETWORK_REFUSED");
  EXPECT_THAT(outcome.err, HasSubstr("a.onnx: operator Foo is not supported"));
}

}  // namespace
}  // namespace latimer::cli
