// Campaigns of cut excerpts: what the plan asks for, what becomes of partial and mixed results, and a campaign on a
// simulated board that ends with a model.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backends/simulated/board.h"
#include "backends/simulated/simulated_backend.h"
#include "backends/simulated/simulator.h"
#include "backends/timing.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/validation_networks.h"
#include "core/evaluation/measured_pace.h"
#include "core/fitting/cut_excerpts.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/simplify.h"
#include "fleet_support.h"
#include "server/campaign/fit_input.h"
#include "server/campaign/plan_campaign.h"

namespace latimer::server {
namespace {

using benchmark::ExcerptOfCut;
using benchmark::MeasurementKind;

constexpr char kBoard[] = "imx8mp";  // reports no layers

std::vector<TaskRecord> PlanTasks(int64_t measurements, int64_t campaign, uint64_t seed) {
  CampaignOrder order;
  order.platform = "board";
  order.plan.max_measurements = measurements;
  order.plan.method = benchmark::Method::kCutExcerpts;
  order.plan.seed = seed;
  std::vector<TaskRecord> tasks = PlanCampaign(order)->tasks;
  for (TaskRecord& task : tasks) task.campaign = campaign;
  return tasks;
}

bool IsCut(const TaskRecord& task) { return task.kind == static_cast<int>(MeasurementKind::kExcerptCut); }

// A time all cuts have, since nothing here is fitted.
MeasuredTask Measured(TaskRecord task, const std::string& agent, const std::string& fingerprint = "now") {
  MeasuredTask result;
  result.task = std::move(task);
  result.agent = agent;
  result.measurement.set_fingerprint_digest(fingerprint);
  result.measurement.mutable_timing()->set_median_ms(3);
  result.measurement.mutable_timing()->set_median_spread(0.002);
  return result;
}

// Excerpts of the tasks with their numbers of cuts, in order.
std::vector<size_t> CutsPerExcerpt(const std::vector<TaskRecord>& tasks) {
  std::vector<size_t> counts;
  std::string before;
  for (const TaskRecord& task : tasks) {
    if (!IsCut(task)) continue;
    if (before != ExcerptOfCut(task.name)) counts.push_back(0);
    before = std::string(ExcerptOfCut(task.name));
    ++counts.back();
  }
  return counts;
}

std::vector<size_t> CutsPerExcerpt(const CollectedResults& collected) {
  std::vector<size_t> counts;
  for (const fitting::CutExcerpt& excerpt : collected.cut_excerpts) counts.push_back(excerpt.beginnings.size());
  return counts;
}

TEST(CollectCuts, GroupsThemByExcerpt) {
  const std::vector<TaskRecord> tasks = PlanTasks(120, 1, 1);
  std::vector<MeasuredTask> results;
  for (const TaskRecord& task : tasks) results.push_back(Measured(task, "a"));
  const CollectedResults collected = CollectResults(results, {"now"});
  EXPECT_EQ(CutsPerExcerpt(collected), CutsPerExcerpt(tasks));
  EXPECT_EQ(collected.left_out, 0);
  EXPECT_EQ(collected.results, static_cast<int64_t>(tasks.size()));
  EXPECT_FALSE(collected.validation.empty());
  std::vector<const TaskRecord*> cuts;
  for (const TaskRecord& task : tasks) {
    if (IsCut(task)) cuts.push_back(&task);
  }
  size_t at = 0;
  for (const fitting::CutExcerpt& excerpt : collected.cut_excerpts) {
    EXPECT_EQ(excerpt.flushed_bytes, static_cast<double>(cuts[at]->flush_bytes));
    at += excerpt.beginnings.size();
  }
}

TEST(CollectCuts, BringsTimesToThePaceMostHad) {
  const std::vector<TaskRecord> tasks = PlanTasks(60, 1, 1);
  std::vector<MeasuredTask> results;
  for (const TaskRecord& task : tasks) {
    results.push_back(Measured(task, "a"));
    results.back().measurement.mutable_timing()->set_pass_ns(300);
  }
  const auto cut = std::find_if(results.begin(), results.end(), [](const auto& one) { return IsCut(one.task); });
  ASSERT_NE(cut, results.end());
  cut->measurement.mutable_timing()->set_pass_ns(600);
  const CollectedResults collected = CollectResults(results, {"now"});
  EXPECT_EQ(collected.pass_ns, 300);
  int slow = 0;
  for (const fitting::CutExcerpt& excerpt : collected.cut_excerpts) {
    for (const auto& beginning : excerpt.beginnings) {
      if (beginning.seconds == 0.003) continue;
      ++slow;
      EXPECT_DOUBLE_EQ(beginning.seconds, 0.003 * PaceFactor(600, 300, kUsualPaceExponent));
    }
  }
  EXPECT_EQ(slow, 1);
  // What is not a cut keeps its time: its fit knows types.
  for (const fitting::ValidationSample& sample : collected.validation) {
    EXPECT_EQ(sample.seconds, 0.003);
    EXPECT_EQ(sample.pass_ns, 300);
  }
}

TEST(CollectCuts, KeepsCampaignsBoardsAndTheirPastsApart) {
  const std::vector<TaskRecord> first = PlanTasks(60, 1, 1);
  const std::vector<TaskRecord> second = PlanTasks(60, 2, 2);  // the same names, other excerpts
  std::vector<MeasuredTask> results;
  for (const TaskRecord& task : first) results.push_back(Measured(task, "a"));
  for (const TaskRecord& task : second) results.push_back(Measured(task, "a"));
  std::vector<size_t> expected = CutsPerExcerpt(first);
  for (size_t count : CutsPerExcerpt(second)) expected.push_back(count);
  EXPECT_EQ(CutsPerExcerpt(CollectResults(results, {"now"})), expected);

  // Every excerpt is begun by one board and ended by another.
  results.clear();
  std::vector<size_t> cuts_of = CutsPerExcerpt(first);
  std::vector<size_t> halves;
  size_t excerpt = 0, cut = 0;
  for (const TaskRecord& task : first) {
    if (!IsCut(task)) continue;
    results.push_back(Measured(task, 2 * cut < cuts_of[excerpt] ? "a" : "b"));
    if (++cut < cuts_of[excerpt]) continue;
    halves.push_back((cut + 1) / 2);
    if (cut > 1) halves.push_back(cut / 2);
    ++excerpt;
    cut = 0;
  }
  EXPECT_EQ(CutsPerExcerpt(CollectResults(results, {"now"})), halves);

  // What the board was before does not count.
  results.back().measurement.set_fingerprint_digest("before");
  const CollectedResults changed = CollectResults(results, {"now"});
  EXPECT_EQ(changed.left_out, 1);
  if (--halves.back() == 0) halves.pop_back();
  EXPECT_EQ(CutsPerExcerpt(changed), halves);
}

// A board that is timed as an agent times it.
class SimulatedBoard {
 public:
  SimulatedBoard() : backend_(*simulated::CreateSimulatedBackend({.board = kBoard})) {}

  v1::Fingerprint fingerprint() const {
    v1::Fingerprint message;
    for (const auto& [key, value] : backend_->fingerprint().facts) (*message.mutable_facts())[key] = value;
    message.set_simulated(true);
    message.set_digest(backend_->fingerprint().Digest());
    return message;
  }

  v1::Measurement Measure(const v1::BenchmarkTask& task) {
    v1::Measurement measurement;
    measurement.set_measurement_id(task.measurement_id());
    measurement.set_board_seconds(0.01);
    measurement.set_fingerprint_digest(backend_->fingerprint().Digest());
    const auto network = backend_->Prepare(task.network().onnx_model());
    EXPECT_TRUE(network.ok()) << network.status();
    if (!network.ok()) return measurement;
    TimingOptions options;
    options.target_spread = benchmark::kSpreadOfCuts;
    const absl::StatusOr<TimingResult> result = TimeNetwork(**network, options);
    v1::Timing* timing = measurement.mutable_timing();
    timing->set_median_ms(result->median_seconds * 1e3);
    timing->set_min_ms(result->min_seconds * 1e3);
    timing->set_lower_quartile_ms(result->lower_quartile_seconds * 1e3);
    timing->set_upper_quartile_ms(result->upper_quartile_seconds * 1e3);
    timing->set_median_spread(result->median_spread);
    timing->set_runs(result->runs);
    return measurement;
  }

 private:
  const std::unique_ptr<Backend> backend_;
};

TEST(CollectCuts, AnExcerptThatIsNotMeasuredToItsEndIsAShorterOne) {
  SimulatedBoard board;
  const std::vector<TaskRecord> tasks = PlanTasks(300, 1, 1);
  std::vector<MeasuredTask> results;
  for (const TaskRecord& task : tasks) {
    if (!IsCut(task)) continue;
    v1::BenchmarkTask asked;
    ASSERT_TRUE(asked.mutable_network()->ParseFromString(task.network));
    MeasuredTask& result = results.emplace_back();
    result.task = task;
    result.agent = "a";
    result.measurement = board.Measure(asked);
  }
  // One excerpt lacks its last two cuts.
  const std::vector<size_t> counts = CutsPerExcerpt(tasks);
  const auto long_one = std::find_if(counts.begin(), counts.end(), [](size_t count) { return count >= 4; });
  ASSERT_NE(long_one, counts.end());
  const auto end = results.begin() + std::accumulate(counts.begin(), long_one + 1, 0);
  results.erase(end - 2, end);
  const double longest_ms = (end - 3)->measurement.timing().median_ms();
  model::v1::PlatformModel base;
  base.set_activation_bits(8);
  base.set_weight_bits(8);
  CollectedResults collected = CollectResults(results, {board.fingerprint().digest()});
  const std::vector<fitting::ExcerptSample> samples =
      fitting::SplitCutExcerpts(std::move(collected.cut_excerpts), base);
  ASSERT_EQ(samples.size(), counts.size());
  const fitting::ExcerptSample& last = samples[static_cast<size_t>(long_one - counts.begin())];
  EXPECT_EQ(last.seconds, longest_ms / 1e3);
  // Its rows are those of a network that ends there.
  const simulated::SimulatedRun run = simulated::Simulate(last.network, *simulated::FindBoard(kBoard));
  double rows = 0;
  for (const ReportRow& row : last.rows) rows += row.seconds;
  double units = 0;
  for (const simulated::SimulatedUnit& unit : run.units) units += unit.seconds;
  EXPECT_NEAR(rows, units, 0.15 * units);
}

// A fit of excerpts takes minutes under sanitizers, more than a test waits. Its parts run under them in fitting_test,
// and campaigns with quicker fits in campaign_test.cc.
#ifdef LATIMER_LONG_FITS
TEST_F(FleetTest, ACampaignOfCutExcerptsEndsWithAModelThatAnswers) {
  SimulatedBoard board;
  const std::unique_ptr<PlayedAgent> agent = NewAgent("board", board.fingerprint());
  agent->Hello();
  v1::CreateCampaignRequest request;
  request.set_platform("board");
  request.set_method(v1::BENCHMARK_METHOD_CUT_EXCERPTS);
  request.set_max_measurements(600);
  grpc::ClientContext context;
  v1::Campaign started;
  ASSERT_TRUE(Stub<v1::CampaignService>()->CreateCampaign(&context, request, &started).ok());
  EXPECT_EQ(started.method(), v1::BENCHMARK_METHOD_CUT_EXCERPTS);
  agent->Work([&](const v1::BenchmarkTask& task) { return board.Measure(task); });
  const v1::Campaign ended = WaitForEnd(started.name());
  ASSERT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_EQ(ended.failed(), 0);
  EXPECT_EQ(ended.done(), agent->measured);
  EXPECT_LE(ended.done(), 600);

  // Networks that were never fitted, against what the board takes without noise.
  double error = 0;
  int networks = 0;
  for (const absl::string_view name : benchmark::ValidationNetworkNames()) {
    Network network = *benchmark::ValidationNetwork(name);
    v1::EstimateRequest estimate;
    estimate.set_platform("board");
    estimate.mutable_network()->set_onnx_model(*ExportOnnx(network));
    grpc::ClientContext estimate_context;
    v1::EstimateResponse response;
    const grpc::Status status = Stub<v1::EstimationService>()->Estimate(&estimate_context, estimate, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const double truth =
        1e3 * simulated::Simulate(Simplify(std::move(network)), *simulated::FindBoard(kBoard)).total_seconds;
    error += std::abs(response.estimate().latency().estimate_ms() / truth - 1);
    ++networks;
  }
  EXPECT_LT(error / networks, 0.12);
}
#endif

TEST_F(FleetTest, ExcerptsAreCutWhereNothingIsReportedAndMeasurementsAreEnough) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();  // its engine has no report
  for (const auto& [measurements, method] :
       {std::pair(999, v1::BENCHMARK_METHOD_SMART_PADDING), std::pair(1000, v1::BENCHMARK_METHOD_CUT_EXCERPTS)}) {
    v1::Campaign campaign = StartCampaign(measurements);
    EXPECT_EQ(campaign.method(), method) << measurements;
    v1::CancelCampaignRequest cancel;
    cancel.set_name(campaign.name());
    grpc::ClientContext context;
    ASSERT_TRUE(Stub<v1::CampaignService>()->CancelCampaign(&context, cancel, &campaign).ok());
  }
}

TEST_F(FleetTest, CutsAreToBeTimedMoreCloselyThanPaddedLayers) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  for (const v1::BenchmarkMethod method : {v1::BENCHMARK_METHOD_SMART_PADDING, v1::BENCHMARK_METHOD_CUT_EXCERPTS}) {
    v1::CreateCampaignRequest request;
    request.set_platform("board");
    request.set_method(method);
    request.set_max_measurements(60);
    grpc::ClientContext context, cancel_context;
    v1::Campaign campaign;
    ASSERT_TRUE(Stub<v1::CampaignService>()->CreateCampaign(&context, request, &campaign).ok());
    v1::Job job;
    ASSERT_TRUE(agent->NextJob(&job));
    if (method == v1::BENCHMARK_METHOD_CUT_EXCERPTS) {
      EXPECT_EQ(job.timing().target_spread(), benchmark::kSpreadOfCuts);
      EXPECT_GT(job.timing().budget_ms(), 0) << "and not for long";
      EXPECT_LE(job.timing().budget_ms(), 500);
    } else {
      EXPECT_FALSE(job.has_timing());
    }
    v1::CancelCampaignRequest cancel;
    cancel.set_name(campaign.name());
    ASSERT_TRUE(Stub<v1::CampaignService>()->CancelCampaign(&cancel_context, cancel, &campaign).ok());
    agent->Done(job.job_id());
    agent->Beat();
  }
}

}  // namespace
}  // namespace latimer::server
