// Reports of toolchains as measurements: stored once, fitted, and answered with.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "fleet_support.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  std::ifstream file(std::string(LATIMER_SOURCE_DIR "/tests/data/") + path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// Counters of ResNet-50 with invented times.
v1::ImportReportsRequest Counters() {
  v1::ImportReportsRequest request;
  request.set_platform("lab-ncs2");
  request.set_toolchain("openvino");
  request.set_precision("fp16");
  request.set_hardware("Neural Compute Stick 2");
  request.mutable_network()->set_annette_json(ReadFile("annette/tf_resnet50.annette.json"));
  v1::ReportFile& file = *request.add_files();
  file.set_name("counters.csv");
  file.set_content(ReadFile("vendor-reports/made-up/tf_resnet50_cnt_rep.csv"));
  return request;
}

class ImportTest : public FleetTest {
 protected:
  grpc::Status Import(const v1::ImportReportsRequest& request, v1::ImportReportsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    response->Clear();
    return Stub<v1::MeasurementService>()->ImportReports(&context, request, response);
  }

  v1::EstimateResponse Estimate(const v1::NetworkSource& network, const std::string& platform) {
    v1::EstimateRequest request;
    *request.mutable_network() = network;
    request.set_platform(platform);
    v1::EstimateResponse response;
    grpc::ClientContext context;
    const grpc::Status status = Stub<v1::EstimationService>()->Estimate(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(ImportTest, ReportsBecomeAModelThatAnswers) {
  const v1::ImportReportsRequest request = Counters();
  v1::ImportReportsResponse response;
  const grpc::Status status = Import(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.reports_size(), 1);
  const v1::ReportImport& report = response.reports(0);
  EXPECT_EQ(report.file_name(), "counters.csv");
  EXPECT_EQ(report.executed_rows(), 86);  // as awk counts them: totals.tsv
  EXPECT_EQ(report.matched_rows(), 85);
  EXPECT_EQ(report.units(), 84);
  EXPECT_NEAR(report.executed_ms(), 54.565, 1e-9);
  EXPECT_GT(report.matched_share(), 0.98);
  EXPECT_TRUE(report.fitted());
  EXPECT_FALSE(report.duplicate());
  EXPECT_FALSE(report.has_latency());
  ASSERT_EQ(report.unmatched_rows_size(), 1);
  EXPECT_EQ(report.unmatched_rows(0).name(), "<Extra>");
  EXPECT_THAT(report.unmatched_layers(), IsEmpty());
  EXPECT_EQ(response.model_version(), "fit-1");
  EXPECT_TRUE(response.promoted()) << response.message();
  // One network alone is judged as well: layers of one shape are held out together.
  const auto conv = std::find_if(response.accuracy().begin(), response.accuracy().end(),
                                 [](const v1::Accuracy& accuracy) { return accuracy.subject() == "Conv"; });
  ASSERT_NE(conv, response.accuracy().end());
  EXPECT_GT(conv->mape(), 0);
  EXPECT_LT(conv->mape(), 1);

  const v1::EstimateResponse estimate = Estimate(request.network(), "lab-ncs2");
  EXPECT_NEAR(estimate.estimate().latency().estimate_ms(), 54.565, 0.2 * 54.565) << "a network it was fitted to";
}

TEST_F(ImportTest, TheSameReportIsStoredOnce) {
  v1::ImportReportsResponse first;
  ASSERT_TRUE(Import(Counters(), &first).ok());
  v1::ImportReportsResponse second;
  v1::ImportReportsRequest renamed = Counters();
  renamed.mutable_files(0)->set_name("copy of counters.csv");
  ASSERT_TRUE(Import(renamed, &second).ok());
  EXPECT_TRUE(second.reports(0).duplicate());
  EXPECT_EQ(second.reports(0).measurement_id(), first.reports(0).measurement_id());
  EXPECT_THAT(second.model_version(), IsEmpty());
  EXPECT_THAT(second.message(), HasSubstr("imported before"));
  Restart();
  ASSERT_TRUE(Import(Counters(), &second).ok());
  EXPECT_TRUE(second.reports(0).duplicate()) << "also after a restart";
}

TEST_F(ImportTest, ADryRunStoresNothing) {
  v1::ImportReportsRequest request = Counters();
  request.set_dry_run(true);
  v1::ImportReportsResponse response;
  ASSERT_TRUE(Import(request, &response).ok());
  EXPECT_GT(response.reports(0).matched_share(), 0.98);
  EXPECT_THAT(response.reports(0).measurement_id(), IsEmpty());
  EXPECT_THAT(response.model_version(), IsEmpty());
  request.set_dry_run(false);
  ASSERT_TRUE(Import(request, &response).ok());
  EXPECT_FALSE(response.reports(0).duplicate());
}

TEST_F(ImportTest, BadInputNamesFileAndLineAndStoresNothing) {
  v1::ImportReportsRequest request = Counters();
  v1::ReportFile& bad = *request.add_files();
  bad.set_name("broken.csv");
  bad.set_content(
      "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n"
      "a;EXECUTED;ReLU;x;0.1;0.1\n"
      "b;EXECUTED;ReLU;x;fast;0.1\n");
  v1::ImportReportsResponse response;
  const grpc::Status status = Import(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), testing::AllOf(HasSubstr("broken.csv"), HasSubstr("line 3")));
  ASSERT_TRUE(Import(Counters(), &response).ok());
  EXPECT_FALSE(response.reports(0).duplicate()) << "the good file was not stored before";
}

TEST_F(ImportTest, RefusesWhatCannotBeRight) {
  v1::ImportReportsResponse response;
  v1::ImportReportsRequest request = Counters();
  request.set_toolchain("tensorflow");
  EXPECT_THAT(Import(request, &response).error_message(), HasSubstr("dnndk, openvino, tensorrt, tflite, vitis-ai"));
  request = Counters();
  request.set_platform("No Such Name");
  EXPECT_THAT(Import(request, &response).error_message(), HasSubstr("no platform id"));
  request = Counters();
  request.clear_files();
  EXPECT_EQ(Import(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = Counters();
  request.clear_network();
  EXPECT_EQ(Import(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = Counters();
  request.set_platform("ncs2-openvino");
  EXPECT_THAT(Import(request, &response).error_message(), HasSubstr("published models"));
  // A report about another network: names tell.
  request = Counters();
  request.mutable_network()->set_annette_json(ReadFile("annette/tf_inceptionv1.annette.json"));
  const grpc::Status other = Import(request, &response);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(other.error_message(), HasSubstr("another network"));
}

TEST_F(ImportTest, ReportsOfAnotherPrecisionOrToolAreNotMixed) {
  v1::ImportReportsResponse response;
  ASSERT_TRUE(Import(Counters(), &response).ok());
  v1::ImportReportsRequest request = Counters();
  request.set_precision("INT8");
  grpc::Status status = Import(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), testing::AllOf(HasSubstr("FP16"), HasSubstr("INT8")));
  // A board that joins brings its own facts, but not another precision.
  v1::Fingerprint board = BoardFacts();
  (*board.mutable_facts())["precision"] = "FP32";
  v1::EnrollResponse enrolled;
  EXPECT_THAT(Enroll(Token("lab-ncs2"), "lab-ncs2", &enrolled, board).error_message(), HasSubstr("FP16"));
  (*board.mutable_facts())["precision"] = "FP16";
  status = Enroll(Token("lab-ncs2"), "lab-ncs2", &enrolled, board);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(ImportTest, ANetworkForValidationJudgesAndIsNotFitted) {
  v1::ImportReportsRequest request = Counters();
  request.set_validation(true);
  v1::ImportReportsResponse response;
  ASSERT_TRUE(Import(request, &response).ok());
  EXPECT_THAT(response.model_version(), IsEmpty());
  EXPECT_THAT(response.message(), HasSubstr("no model yet"));
}

TEST_F(ImportTest, SurvivesRestartsAndIsFittedAgainWithMore) {
  v1::ImportReportsResponse response;
  ASSERT_TRUE(Import(Counters(), &response).ok());
  Restart();
  EXPECT_GT(Estimate(Counters().network(), "lab-ncs2").estimate().latency().estimate_ms(), 0);
  v1::ImportReportsRequest more = Counters();
  // The same times in another file: a second run.
  more.mutable_files(0)->mutable_content()->append("\n");
  ASSERT_TRUE(Import(more, &response).ok());
  EXPECT_EQ(response.model_version(), "fit-2");
}

}  // namespace
}  // namespace latimer::server
