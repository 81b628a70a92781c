#include <chrono>
#include <functional>
#include <memory>
#include <new>

#include "agent/base/descriptor.h"
#include "agent/engine/engine_model.h"
#include "agent/engine/measure_task.h"
#include "agent/runner/reference_network.h"
#include "agent/runner/runner.h"
#include "backends/registry.h"
#include "backends/run_series.h"
#include "core/base/error.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/read_network.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using testing::HasSubstr;

v1::BenchmarkTask ReferenceTask() {
  v1::BenchmarkTask task;
  task.set_measurement_id("m1");
  *task.mutable_network() = ReferenceNetwork();
  task.set_layer_report(true);
  return task;
}

// An engine whose Prepare() does what the test says.
class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(std::function<absl::Status()> prepare) : prepare_(std::move(prepare)) {}
  absl::string_view name() const override { return "fake"; }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return on_host; }
  bool on_host = false;
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view) override {
    if (const absl::Status status = prepare_(); !status.ok()) return status;
    class Network final : public PreparedNetwork {
      absl::StatusOr<double> RunSeconds() override { return 0.002; }
      absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options) override {
        RunSeries series(options.pace);
        series.BeforeRun();
        series.AfterRun(0.002);
        series.Finish();
        std::vector<LayerTiming> layers(1);
        layers[0].name = "conv\xFF";
        layers[0].operation = "Conv";
        layers[0].median_seconds = 0.001;
        return layers;
      }
    };
    return std::make_unique<Network>();
  }

 private:
  const std::function<absl::Status()> prepare_;
  const Fingerprint fingerprint_;
};

absl::StatusCode FailureCode(const v1::Measurement& measurement) {
  return static_cast<absl::StatusCode>(measurement.failure().code());
}

TEST(EngineModelTest, WritesACompactNetworkAsOnnxWithWeights) {
  const absl::StatusOr<std::string> model = EngineModel(ReferenceNetwork());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_GT(model->size(), 2U * 32 * 32 * 9 * 4);
  const absl::StatusOr<Network> network = ImportOnnx(*model);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(Macs(*network), int64_t{2} * 28 * 28 * 32 * 32 * 9);
}

TEST(EngineModelTest, GivesOnnxInputsTheShapesTheSourceAsksFor) {
  v1::NetworkSource source;
  source.set_onnx_model(*ReadFile(LATIMER_SOURCE_DIR "/tests/data/networks/named/tv_squeezenet1_1.onnx"));
  source.set_batch_size(3);
  const absl::StatusOr<std::string> model = EngineModel(source);
  ASSERT_TRUE(model.ok()) << model.status();
  const absl::StatusOr<Network> network = ImportOnnx(*model);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->tensors[network->inputs[0]].shape[0], 3);
}

TEST(EngineModelTest, RefusesWhatIsNoNetwork) {
  v1::NetworkSource source;
  source.set_onnx_model("no model");
  EXPECT_EQ(EngineModel(source).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(EngineModel({}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MeasureTaskTest, TellsThePaceOfTheProcessorWhereNetworksRunOnIt) {
  FakeBackend backend([] { return absl::OkStatus(); });
  Pace pace;
  EXPECT_EQ(MeasureTask(backend, ReferenceTask(), {}, &pace).timing().pass_ns(), 0);
  EXPECT_EQ(MeasureTask(backend, ReferenceTask(), {}, &pace).layers_pass_ns(), 0);
  backend.on_host = true;
  EXPECT_EQ(MeasureTask(backend, ReferenceTask(), {}, nullptr).timing().pass_ns(), 0);
  const v1::Measurement measurement = MeasureTask(backend, ReferenceTask(), {}, &pace);
  EXPECT_GT(measurement.timing().pass_ns(), 0);
  EXPECT_GT(measurement.layers_pass_ns(), 0);
}

TEST(MeasureTaskTest, FillsEverything) {
  FakeBackend backend([] { return absl::OkStatus(); });
  v1::TimingOptions timing;
  timing.set_min_runs(7);
  timing.set_max_runs(7);
  const v1::Measurement measurement = MeasureTask(backend, ReferenceTask(), timing, nullptr);
  EXPECT_EQ(measurement.measurement_id(), "m1");
  EXPECT_DOUBLE_EQ(measurement.timing().median_ms(), 2);
  EXPECT_EQ(measurement.timing().runs(), 7);
  ASSERT_EQ(measurement.layers_size(), 1);
  EXPECT_EQ(measurement.layers(0).name(), "conv?");
  EXPECT_DOUBLE_EQ(measurement.layers(0).median_ms(), 1);
  EXPECT_EQ(measurement.fingerprint_digest().size(), 16U);
  EXPECT_GT(measurement.measure_time_unix_ms(), 0);
  EXPECT_TRUE(measurement.has_conditions());
}

TEST(MeasureTaskTest, EngineThatRefusesOrRunsOutOfMemoryIsAFailure) {
  FakeBackend refuses(
      [] { return InvalidArgument("ENGINE_REFUSED_NETWORK", "no kernel for layer 'conv1'").ToStatus(); });
  v1::Measurement measurement = MeasureTask(refuses, ReferenceTask(), {}, nullptr);
  EXPECT_EQ(FailureCode(measurement), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(measurement.failure().message(), HasSubstr("conv1"));

  FakeBackend hungry([]() -> absl::Status { throw std::bad_alloc(); });
  EXPECT_EQ(FailureCode(MeasureTask(hungry, ReferenceTask(), {}, nullptr)), absl::StatusCode::kResourceExhausted);

  FakeBackend throws([]() -> absl::Status { throw std::runtime_error("surprise"); });
  measurement = MeasureTask(throws, ReferenceTask(), {}, nullptr);
  EXPECT_EQ(FailureCode(measurement), absl::StatusCode::kAborted);
  EXPECT_THAT(measurement.failure().message(), HasSubstr("surprise"));
}

TEST(MeasureTaskTest, SimulatedBoardsReportNoConditionsOfThisMachine) {
  const absl::StatusOr<std::unique_ptr<Backend>> backend = CreateBackend("simulated:imx93", {});
  ASSERT_TRUE(backend.ok()) << backend.status();
  const v1::Measurement measurement = MeasureTask(**backend, ReferenceTask(), {}, nullptr);
  EXPECT_TRUE(measurement.has_timing());
  EXPECT_FALSE(measurement.has_conditions());
  EXPECT_TRUE(FingerprintToProto((*backend)->fingerprint()).simulated());
}

TEST(TimingTest, ZerosTakeTheDefaults) {
  const TimingOptions defaults;
  const TimingOptions options = TimingFromProto({});
  EXPECT_EQ(options.min_runs, defaults.min_runs);
  EXPECT_EQ(options.max_runs, defaults.max_runs);
  EXPECT_EQ(options.budget_seconds, defaults.budget_seconds);
  v1::TimingOptions message;
  message.set_max_runs(3);
  message.set_budget_ms(500);
  EXPECT_EQ(TimingFromProto(message).min_runs, 3);
  EXPECT_DOUBLE_EQ(TimingFromProto(message).budget_seconds, 0.5);
}

// The program itself as its own child.
class ProgramTest : public testing::Test {
 protected:
  RunnerOptions Options(const std::vector<std::string>& arguments) {
    RunnerOptions options;
    options.command.program = LATIMER_AGENT;
    options.command.argv = {"latimer-agent", "run-task"};
    options.command.argv.insert(options.command.argv.end(), arguments.begin(), arguments.end());
    options.command.output_path = temp_ / "engine.log";
    return options;
  }
  const TempDir temp_;
};

TEST_F(ProgramTest, ServesTasksOfASimulatedBoard) {
  Runner runner(Options({"--backend", "simulated:zcu102"}));
  const absl::StatusOr<v1::Hello> hello = runner.Describe();
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_TRUE(hello->fingerprint().simulated());
  v1::BenchmarkTask task = ReferenceTask();
  for (int i = 0; i < 5; ++i) {
    const v1::Measurement measurement = runner.Run(task, {}, std::chrono::seconds(20));
    EXPECT_GT(measurement.timing().median_ms(), 0) << measurement.failure().message();
    EXPECT_EQ(measurement.layers_size() > 0, hello->has_layer_report());
    EXPECT_EQ(measurement.fingerprint_digest(), hello->fingerprint().digest());
  }
}

TEST_F(ProgramTest, PinningIsPartOfTheFingerprint) {
  Runner pinned(Options({"--backend", "simulated:imx93", "--cpu", "0"}));
  Runner free(Options({"--backend", "simulated:imx93"}));
  ASSERT_TRUE(pinned.Describe().ok()) << pinned.Describe().status();
  EXPECT_EQ(pinned.Describe()->fingerprint().facts().at("pinned"), "0");
  EXPECT_NE(pinned.Describe()->fingerprint().digest(), free.Describe()->fingerprint().digest());
}

TEST_F(ProgramTest, UnknownBackEndAndProcessorAreErrors) {
  Runner unknown(Options({"--backend", "abacus"}));
  EXPECT_EQ(unknown.Describe().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.Describe().status().message()), HasSubstr("simulated:imx93"));
  Runner no_cpu(Options({"--backend", "simulated:imx93", "--cpu", "1023"}));
  EXPECT_THAT(std::string(no_cpu.Describe().status().message()), HasSubstr("1023"));
}

// Sanitizers reserve terabytes of address space.
#if !defined(__SANITIZE_ADDRESS__) && !defined(_GLIBCXX_TSAN)
TEST_F(ProgramTest, NetworkLargerThanTheMemoryIsAFailureAndTheNextTaskRuns) {
  RunnerOptions options = Options({"--backend", "simulated:imx93"});
  options.command.address_space_bytes = int64_t{700} << 20;
  Runner runner(options);
  v1::BenchmarkTask task;
  task.set_measurement_id("large");
  v1::Network* network = task.mutable_network()->mutable_network();
  network->add_inputs()->set_name("x");
  for (int dim : {1, 20'000}) network->mutable_inputs(0)->mutable_shape()->add_dims(dim);
  v1::Layer* layer = network->add_layers();
  layer->set_type(v1::LAYER_TYPE_FULLY_CONNECTED);
  layer->add_inputs("x");
  layer->mutable_fully_connected()->set_output_features(20'000);
  const v1::Measurement measurement = runner.Run(task, {}, std::chrono::seconds(60));
  EXPECT_EQ(FailureCode(measurement), absl::StatusCode::kResourceExhausted) << measurement.failure().message();
  EXPECT_TRUE(runner.Run(ReferenceTask(), {}, std::chrono::seconds(20)).has_timing());
}
#endif

}  // namespace
}  // namespace latimer::agent
