// Sweeps found among measured layers, and the calls that list sweeps and measured networks.
#include "server/platform_sweeps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/benchmark/layer_network.h"
#include "core/network/network_proto.h"
#include "latimer/v1/platform_service.grpc.pb.h"
#include "server/platform_evaluations.h"
#include "tests/unit/model/test_platform.h"
#include "tests/unit/server/test_server.h"

namespace latimer::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Network ConvLayer(int64_t side, int64_t c_in, int64_t c_out) {
  return *benchmark::LayerNetwork(LayerType::kConv, benchmark::SameConv({3, 3}, {1, 1}, c_out),
                                  {Shape{1, c_in, side, side}});
}

TEST(FindSweepsTest, LayersThatDifferInOneDimensionAreASweep) {
  std::vector<Network> networks;
  for (const int64_t c_out : {8, 16, 24, 33, 40, 48}) networks.push_back(ConvLayer(14, 32, c_out));
  for (const int64_t c_in : {7, 9}) networks.push_back(ConvLayer(14, c_in, 5));  // too few
  networks.push_back(*benchmark::LayerNetwork(LayerType::kRelu, {}, {Shape{1, 8, 14, 14}}));
  std::vector<SweepSubject> subjects;
  for (const Network& network : networks) subjects.push_back({&network, benchmark::TimeInterval{0.001, 0.003}});
  subjects[0].seconds = std::nullopt;
  subjects.push_back({&networks[1], benchmark::TimeInterval{-0.5, 0.005}});  // once more, of another campaign

  const auto platform = MakeTestPlatform();
  const std::vector<v1::Sweep> sweeps = FindSweeps(subjects, *platform);
  ASSERT_EQ(sweeps.size(), 1u);
  const v1::Sweep& sweep = sweeps[0];
  EXPECT_EQ(sweep.name(), "Conv c_out: 3x3 at 14x14, 32 input channels");
  EXPECT_EQ(sweep.unit_type(), "Conv");
  EXPECT_EQ(sweep.dimension(), "c_out");
  EXPECT_EQ(sweep.measured_points(), 5);
  ASSERT_EQ(sweep.points_size(), 41);  // 8 to 48, what lies between too
  EXPECT_EQ(sweep.points(0).size(), 8);
  EXPECT_FALSE(sweep.points(0).has_measured());
  EXPECT_FALSE(sweep.points(1).has_measured());
  EXPECT_DOUBLE_EQ(sweep.points(8).measured().lower_ms(), 0.5);  // of 1 ms and nothing
  EXPECT_DOUBLE_EQ(sweep.points(8).measured().upper_ms(), 4);
  for (const v1::SweepPoint& point : sweep.points()) {
    ASSERT_EQ(point.models_size(), 2);
    EXPECT_EQ(point.models(1).model_kind(), v1::MODEL_KIND_REFINED_ROOFLINE);
    EXPECT_GT(point.models(0).ms(), 0);
  }
  // Twice the channels, twice the operations.
  EXPECT_DOUBLE_EQ(sweep.points(8).models(0).ms(), 2 * sweep.points(0).models(0).ms());
}

TEST(FindSweepsTest, LongSweepsAreThinnedOutButForWhatWasMeasured) {
  std::vector<Network> networks;
  for (const int64_t side : {1, 2, 501, 1003, 3001}) {
    networks.push_back(
        *benchmark::LayerNetwork(LayerType::kFullyConnected, FullyConnectedAttributes{16, side, true}, {Shape{1, 16}}));
  }
  std::vector<SweepSubject> subjects;
  for (const Network& network : networks) subjects.push_back({&network, benchmark::TimeInterval{1, 1}});
  const std::vector<v1::Sweep> sweeps = FindSweeps(subjects, *MakeTestPlatform());
  ASSERT_EQ(sweeps.size(), 1u);
  EXPECT_EQ(sweeps[0].name(), "FullyConnected c_out: 16 inputs");
  EXPECT_EQ(sweeps[0].measured_points(), 5);
  EXPECT_LE(sweeps[0].points_size(), 600);
  EXPECT_GT(sweeps[0].points_size(), 400);
}

TEST(FindSweepsTest, ChannelsOfDepthwiseLayersAndSidesAreDimensionsToo) {
  std::vector<Network> networks;
  for (const int64_t size : {4, 8, 12, 16, 20}) {
    networks.push_back(*benchmark::LayerNetwork(
        LayerType::kDepthwiseConv, benchmark::SameConv({3, 3}, {1, 1}, size, size), {Shape{1, size, 28, 28}}));
    networks.push_back(
        *benchmark::LayerNetwork(LayerType::kConv, benchmark::SameConv({3, 3}, {1, 1}, 8), {Shape{1, 8, size, 10}}));
  }
  std::vector<SweepSubject> subjects;
  for (const Network& network : networks) subjects.push_back({&network, std::nullopt});
  std::set<std::string> names;
  for (const v1::Sweep& sweep : FindSweeps(subjects, *MakeTestPlatform())) names.insert(sweep.name());
  EXPECT_THAT(names, ElementsAre("Conv h: 3x3, width 10, 8 to 8 channels", "DepthwiseConv c: 3x3 at 28x28"));
}

// A catalogue of the made-up platform, and a store with one board of it.
class EvidenceTest : public ::testing::Test {
 protected:
  EvidenceTest() : store_(*Store::Open(":memory:")) {
    catalog_.platforms["made-up"] = MakeTestPlatform();
    EXPECT_TRUE(store_->AddToken("token", "", 1000).ok());
    v1::Agent agent;
    agent.set_name("agents/a");
    agent.set_platform("platforms/made-up");
    agent.mutable_fingerprint()->set_digest("now");
    EXPECT_TRUE(store_->Enroll("token", {"made-up", "simulated", {}}, agent, "hash").ok());
  }

  // Stores a result of a task with that network; kind as in benchmark::MeasurementKind.
  void Measure(const std::string& name, const Network& network, int kind, double ms, const std::string& hash,
               const std::string& fingerprint = "now") {
    TaskRecord task;
    task.measurement_id = absl::StrCat("m", ++measured_);
    task.platform = "made-up";
    task.kind = kind;
    task.name = name;
    v1::NetworkSource source;
    *source.mutable_network() = NetworkToProto(network);
    task.network = source.SerializeAsString();
    v1::Campaign campaign;
    campaign.set_platform("platforms/made-up");
    campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
    campaign.add_stages();
    const absl::StatusOr<int64_t> id = store_->AddCampaign(campaign, {task});
    ASSERT_TRUE(id.ok()) << id.status();
    v1::Measurement measurement;
    measurement.set_measurement_id(task.measurement_id);
    measurement.set_fingerprint_digest(fingerprint);
    measurement.mutable_timing()->set_median_ms(ms);
    measurement.mutable_timing()->set_runs(30);
    ASSERT_TRUE(store_->AddMeasurement("a", measurement, hash, measured_).ok());
    campaign.set_name(absl::StrCat("campaigns/", *id));
    campaign.set_state(v1::CAMPAIGN_STATE_SUCCEEDED);
    ASSERT_TRUE(store_->UpdateCampaign(campaign).ok());
  }

  Catalog catalog_;
  std::unique_ptr<Store> store_;
  int64_t measured_ = 0;
};

TEST_F(EvidenceTest, SweepsComeFromMeasurementsAsSoonAsThereAreEnough) {
  SweepLister lister;
  v1::ListSweepsRequest request;
  request.set_name("made-up");
  request.set_page_size(100);
  absl::StatusOr<v1::ListSweepsResponse> planned = lister.List(catalog_, store_.get(), request);
  ASSERT_TRUE(planned.ok()) << planned.status();
  EXPECT_GT(planned->sweeps_size(), 5);
  for (const v1::Sweep& sweep : planned->sweeps()) EXPECT_EQ(sweep.measured_points(), 0);
  for (const int64_t c_out : {8, 16, 24, 32, 40}) {
    Measure(absl::StrCat("conv", c_out), ConvLayer(14, 32, c_out), 1, static_cast<double>(c_out), absl::StrCat(c_out));
  }
  const absl::StatusOr<v1::ListSweepsResponse> measured = lister.List(catalog_, store_.get(), request);
  ASSERT_TRUE(measured.ok()) << measured.status();
  ASSERT_EQ(measured->sweeps_size(), 1);
  EXPECT_EQ(measured->sweeps(0).measured_points(), 5);
  EXPECT_EQ(measured->model_version(), "test-1");
}

TEST_F(EvidenceTest, SweepsComeInPages) {
  SweepLister lister;
  v1::ListSweepsRequest request;
  request.set_name("platforms/made-up");
  request.set_page_size(3);
  std::set<std::string> names;
  int pages = 0;
  do {
    const absl::StatusOr<v1::ListSweepsResponse> page = lister.List(catalog_, nullptr, request);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->sweeps_size(), 3);
    for (const v1::Sweep& sweep : page->sweeps()) EXPECT_TRUE(names.insert(sweep.name()).second) << sweep.name();
    request.set_page_token(page->next_page_token());
    ASSERT_LT(++pages, 50);
  } while (!request.page_token().empty());
  EXPECT_EQ(static_cast<int>(names.size() + 2) / 3, pages);
}

TEST_F(EvidenceTest, EvaluationsAreTheNewestOfEachNetworkOnTheBoardsAsTheyAre) {
  const Network network = ConvLayer(28, 16, 16);
  Measure("net", network, 3, 5, "h1");
  Measure("net", network, 3, 7, "h1");
  Measure("other", ConvLayer(28, 16, 32), 3, 9, "h2");
  Measure("subject", ConvLayer(28, 16, 48), 1, 9, "h3");                // no network anybody asked about
  Measure("past", ConvLayer(28, 16, 64), 3, 9, "h4", "another board");  // before a change that was accepted
  v1::ListEvaluationsRequest request;
  request.set_name("made-up");
  const auto all = ListEvaluations(catalog_, store_.get(), request, {});
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->evaluations_size(), 2);
  EXPECT_EQ(all->evaluations(0).network(), "net");
  EXPECT_EQ(all->evaluations(0).network_hash(), "h1");
  EXPECT_EQ(all->evaluations(0).measured().median_ms(), 7);
  EXPECT_TRUE(all->evaluations(0).validation());
  EXPECT_GT(all->evaluations(0).estimate().estimate_ms(), 0);
  EXPECT_EQ(all->confidence(), 0.9);
  request.set_confidence(0.99);
  request.set_page_size(1);
  const auto first = ListEvaluations(catalog_, store_.get(), request, {});
  ASSERT_EQ(first->evaluations_size(), 1);
  EXPECT_GT(first->evaluations(0).estimate().upper_ms(), all->evaluations(0).estimate().upper_ms());
  request.set_page_token(first->next_page_token());
  EXPECT_EQ(ListEvaluations(catalog_, store_.get(), request, {})->evaluations(0).network(), "other");
  EXPECT_EQ(ListEvaluations(catalog_, nullptr, request, {})->evaluations_size(), 0);
}

TEST(PlatformEvidenceServiceTest, AnswersAndRefuses) {
  const auto server = StartServer();
  const auto stub = v1::PlatformService::NewStub(server->InProcessChannel());
  v1::ListSweepsRequest sweeps;
  v1::ListSweepsResponse listed;
  const auto list_sweeps = [&] {
    grpc::ClientContext context;
    return stub->ListSweeps(&context, sweeps, &listed);
  };
  sweeps.set_name("zcu102-dnndk");
  ASSERT_TRUE(list_sweeps().ok());
  EXPECT_GT(listed.sweeps_size(), 0);
  sweeps.set_page_size(-1);
  EXPECT_EQ(Look(list_sweeps()).field, "page_size");
  sweeps.set_page_size(0);
  sweeps.set_page_token("mine");
  EXPECT_EQ(Look(list_sweeps()).field, "page_token");
  sweeps.set_page_token("");
  sweeps.set_name("abacus");
  EXPECT_EQ(Look(list_sweeps()).reason, "UNKNOWN_PLATFORM");

  v1::ListEvaluationsRequest evaluations;
  v1::ListEvaluationsResponse evaluated;
  const auto list_evaluations = [&] {
    grpc::ClientContext context;
    return stub->ListEvaluations(&context, evaluations, &evaluated);
  };
  evaluations.set_name("zcu102-dnndk");
  ASSERT_TRUE(list_evaluations().ok());
  EXPECT_EQ(evaluated.evaluations_size(), 0);
  for (const double confidence : {-0.1, 1.0, 7.0}) {
    evaluations.set_confidence(confidence);
    EXPECT_EQ(Look(list_evaluations()).field, "confidence") << confidence;
  }
  evaluations.set_confidence(0.5);
  evaluations.set_page_size(-1);
  EXPECT_EQ(Look(list_evaluations()).field, "page_size");
  evaluations.set_page_size(0);
  evaluations.set_page_token("mine");
  EXPECT_EQ(Look(list_evaluations()).field, "page_token");
  evaluations.set_page_token("");
  evaluations.set_name("");
  EXPECT_EQ(list_evaluations().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace latimer::server
