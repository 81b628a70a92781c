// Measuring a network on demand.
#include <gmock/gmock.h>

#include "fleet_support.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;

v1::MeasureNetworkRequest SmallRequest() {
  v1::MeasureNetworkRequest request;
  request.set_platform("board");
  *request.mutable_network()->mutable_network() = OneConvolution({1, 8, 16, 16}, 1, 8);
  return request;
}

class MeasureTest : public FleetTest {
 protected:
  grpc::Status Measure(const v1::MeasureNetworkRequest& request, v1::MeasureNetworkResponse* response,
                       double seconds = 30) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)));
    return Stub<v1::MeasurementService>()->MeasureNetwork(&context, request, response);
  }
};

TEST_F(MeasureTest, MeasuresRemembersAndReuses) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  v1::MeasureNetworkRequest request = SmallRequest();
  v1::MeasureNetworkResponse response;
  EXPECT_EQ(Measure(request, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION) << "not connected";
  agent->Hello();
  agent->Work(PlausibleTime);
  WaitUntil("it is idle", [&] { return OnlyAgent().conditions().has_temperature_celsius(); });
  request.set_repetitions(3);
  const grpc::Status status = Measure(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.measurements_size(), 3);
  EXPECT_EQ(response.network_hash().size(), 16u);
  EXPECT_EQ(agent->measured, 3);
  request.set_reuse(true);
  ASSERT_TRUE(Measure(request, &response).ok());
  EXPECT_EQ(response.reused(), 3);
  EXPECT_EQ(agent->measured, 3) << "nothing new was measured";
}

TEST_F(MeasureTest, EstimatesShowWhatWasMeasured) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work(PlausibleTime);
  WaitForEnd(StartCampaign(60).name());
  v1::MeasureNetworkResponse measured;
  ASSERT_TRUE(Measure(SmallRequest(), &measured).ok());
  v1::EstimateRequest request;
  request.set_platform("board");
  *request.mutable_network() = SmallRequest().network();
  auto estimate = [&] {
    grpc::ClientContext context;
    v1::EstimateResponse response;
    EXPECT_TRUE(Stub<v1::EstimationService>()->Estimate(&context, request, &response).ok());
    return response.estimate();
  };
  EXPECT_EQ(estimate().measured().median_ms(), measured.measurements(0).timing().median_ms());
  Restart();
  EXPECT_EQ(estimate().measured().median_ms(), measured.measurements(0).timing().median_ms()) << "it is remembered";
}

TEST_F(MeasureTest, ARefusedNetworkIsToldInTheEnginesWords) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work([](const v1::BenchmarkTask& task) {
    v1::Measurement measurement;
    measurement.set_measurement_id(task.measurement_id());
    measurement.mutable_failure()->set_code(3);
    measurement.mutable_failure()->set_message("no kernel for Conv");
    return measurement;
  });
  WaitUntil("it is idle", [&] { return OnlyAgent().conditions().has_temperature_celsius(); });
  v1::MeasureNetworkResponse response;
  const grpc::Status status = Measure(SmallRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("no kernel for Conv"));
}

TEST_F(MeasureTest, WhoDoesNotWaitLeavesNothingBehind) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  v1::MeasureNetworkResponse response;
  EXPECT_EQ(Measure(SmallRequest(), &response, 0.3).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  v1::Job job;
  ASSERT_TRUE(agent->NextJob(&job));
  EXPECT_TRUE(agent->Send(PlausibleTime(job.tasks(0)))) << "a late result is taken all the same";
  WaitUntil("it is stored", [&] { return OnlyAgent().measurement_count() == 1; });
}

TEST_F(MeasureTest, BadRequestsNameTheirField) {
  v1::MeasureNetworkResponse response;
  v1::MeasureNetworkRequest request = SmallRequest();
  EXPECT_EQ(Measure(request, &response).error_code(), grpc::StatusCode::NOT_FOUND) << "no board";
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  request.set_repetitions(11);
  EXPECT_EQ(Measure(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_repetitions(1);
  request.mutable_network()->set_onnx_model("no model");
  EXPECT_EQ(Measure(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace latimer::server
