// What is exported and given weights runs on real engines: every kind of subject, alone and padded. Where an engine
// refuses a kind, the test names it and the engine's reason, so that an engine that learns it is noticed.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "backends/materialize.h"
#include "backends/registry.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/smart_padding.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

using benchmark::Random;
using benchmark::SubjectKind;

absl::Status RunOnce(Backend& backend, const Network& network) {
  const absl::StatusOr<std::string> model = ExportOnnx(network);
  if (!model.ok()) return model.status();
  const absl::StatusOr<std::string> complete = MaterializeWeights(*model, 1);
  if (!complete.ok()) return complete.status();
  const absl::StatusOr<std::unique_ptr<PreparedNetwork>> prepared = backend.Prepare(*complete);
  if (!prepared.ok()) return prepared.status();
  const absl::StatusOr<double> seconds = (*prepared)->RunSeconds();
  if (seconds.ok() && *seconds <= 0) return absl::InternalError("a run took no time");
  return seconds.status();
}

// First error by kind of subject, of a few subjects each.
std::map<std::string, std::string> Refusals(Backend& backend) {
  std::map<std::string, std::string> refusals;
  for (int i = 0; i < benchmark::kNumSubjectKinds; ++i) {
    const auto kind = static_cast<SubjectKind>(i);
    Random random(3);
    for (int sample = 0; sample < 8; ++sample) {
      const absl::StatusOr<Network> subject = benchmark::SampleSubject(kind, random);
      EXPECT_TRUE(subject.ok()) << subject.status();
      if (!subject.ok() || Macs(*subject) > 200'000'000) continue;
      const absl::StatusOr<Network> padded = benchmark::PaddedNetwork(*subject);
      EXPECT_TRUE(padded.ok()) << padded.status();
      if (!padded.ok()) continue;
      for (const Network* network : {&*subject, &*padded}) {
        const absl::Status status = RunOnce(backend, *network);
        if (status.ok()) continue;
        const std::string where = network == &*subject ? " alone" : " padded";
        const std::string type(LayerTypeName(subject->layers[0].type));
        refusals.try_emplace(std::string(benchmark::SubjectKindName(kind)) + " " + type + where,
                             ShapeToString(subject->tensors[0].shape) + " " + std::string(status.message()));
      }
    }
  }
  return refusals;
}

std::unique_ptr<Backend> Create(absl::string_view name) {
  absl::StatusOr<std::unique_ptr<Backend>> backend = CreateBackend(name, {});
  EXPECT_TRUE(backend.ok()) << backend.status();
  return backend.ok() ? *std::move(backend) : nullptr;
}

std::string ReadFile(const std::string& name) {
  std::ifstream file(std::string(LATIMER_SOURCE_DIR) + "/tests/data/networks/named/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Rows of the report of a padded subject by the node they stand for; "" for the engine's own work.
std::map<std::string, double> Report(Backend& backend, const Network& subject) {
  std::map<std::string, double> seconds;
  const absl::StatusOr<Network> padded = benchmark::PaddedNetwork(subject);
  EXPECT_TRUE(padded.ok()) << padded.status();
  const absl::StatusOr<std::string> model = ExportOnnx(*padded);
  EXPECT_TRUE(model.ok()) << model.status();
  const absl::StatusOr<std::string> complete = MaterializeWeights(*model, 1);
  EXPECT_TRUE(complete.ok()) << complete.status();
  const absl::StatusOr<std::unique_ptr<PreparedNetwork>> prepared = backend.Prepare(*complete);
  EXPECT_TRUE(prepared.ok()) << prepared.status();
  if (!prepared.ok()) return seconds;
  const absl::StatusOr<std::vector<LayerTiming>> rows = (*prepared)->ProfileLayers({.runs = 3});
  EXPECT_TRUE(rows.ok()) << rows.status();
  if (!rows.ok()) return seconds;
  for (const LayerTiming& row : *rows) {
    EXPECT_GE(row.median_seconds, row.min_seconds);
    seconds[row.node] += row.median_seconds;
  }
  return seconds;
}

// Convolution, fully connected layer over rows, addition, pooling: each row names a node of the network, and the
// subject's rows are told from the padding's.
void ExpectReportsFindTheSubject(Backend& backend) {
  for (const SubjectKind kind : {SubjectKind::kConv, SubjectKind::kTokens, SubjectKind::kElementwise,
                                 SubjectKind::kPool, SubjectKind::kFullyConnected, SubjectKind::kConcat}) {
    SCOPED_TRACE(std::string(benchmark::SubjectKindName(kind)));
    Random random(5);
    const absl::StatusOr<Network> subject = benchmark::SampleSubject(kind, random);
    ASSERT_TRUE(subject.ok()) << subject.status();
    int of_subject = 0;  // rows; OpenCV writes concatenations in place, in no time at all
    double of_padding = 0;
    for (const auto& [node, seconds] : Report(backend, *subject)) {
      if (node.empty()) continue;
      const bool subject_node = node.rfind("subject0", 0) == 0;
      EXPECT_TRUE(subject_node || node.rfind("padding_", 0) == 0) << node;
      of_subject += subject_node ? 1 : 0;
      of_padding += subject_node ? 0 : seconds;
    }
    EXPECT_GT(of_subject, 0);
    EXPECT_GT(of_padding, 0);
  }
}

#ifdef LATIMER_WITH_ONNXRUNTIME
TEST(Reports, FindTheSubjectOnOnnxRuntime) {
  const std::unique_ptr<Backend> backend = Create("onnxruntime");
  ASSERT_NE(backend, nullptr);
  ExpectReportsFindTheSubject(*backend);
}

// Token ids are 64-bit integers, and some of these networks have several inputs.
TEST(Inputs, OfEveryTypeAndNumberRunOnOnnxRuntime) {
  const std::unique_ptr<Backend> backend = Create("onnxruntime");
  ASSERT_NE(backend, nullptr);
  for (const char* file : {"bert_mini_ids.onnx", "vit_tiny_16.onnx"}) {
    const absl::StatusOr<std::string> complete = MaterializeWeights(ReadFile(file), 1);
    ASSERT_TRUE(complete.ok()) << complete.status();
    const absl::StatusOr<std::unique_ptr<PreparedNetwork>> prepared = backend->Prepare(*complete);
    ASSERT_TRUE(prepared.ok()) << file << ": " << prepared.status();
    EXPECT_TRUE((*prepared)->RunSeconds().ok()) << file;
    // The same network after a way through Network and back: gathers from tables included.
    absl::StatusOr<Network> network = ImportOnnx(ReadFile(file));
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_EQ(RunOnce(*backend, Simplify(*std::move(network))), absl::OkStatus()) << file;
  }
}

TEST(ExportedSubjects, RunOnOnnxRuntime) {
  const std::unique_ptr<Backend> backend = Create("onnxruntime");
  ASSERT_NE(backend, nullptr);
  for (const auto& [kind, reason] : Refusals(*backend)) ADD_FAILURE() << kind << ": " << reason;
}

TEST(ExportedValidationNetworks, RunOnOnnxRuntime) {
  const std::unique_ptr<Backend> backend = Create("onnxruntime");
  ASSERT_NE(backend, nullptr);
  for (const char* name : {"nasbench201-414231", "squeezenet-128", "mobilenetv2-128", "resnet10-128"}) {
    const absl::StatusOr<Network> network = benchmark::ValidationNetwork(name);
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_EQ(RunOnce(*backend, *network), absl::OkStatus()) << name;
  }
}
#endif

#ifdef LATIMER_WITH_OPENCV
TEST(Reports, FindTheSubjectOnOpenCv) {
  const std::unique_ptr<Backend> backend = Create("opencv");
  ASSERT_NE(backend, nullptr);
  ExpectReportsFindTheSubject(*backend);
}

// OpenCV reads only constants as tables of a gather: refused with its words, and the process lives on.
TEST(Inputs, ThatOpenCvDoesNotKnowAreRefused) {
  const std::unique_ptr<Backend> backend = Create("opencv");
  ASSERT_NE(backend, nullptr);
  const absl::StatusOr<std::string> complete = MaterializeWeights(ReadFile("bert_mini_ids.onnx"), 1);
  ASSERT_TRUE(complete.ok()) << complete.status();
  const absl::StatusOr<std::unique_ptr<PreparedNetwork>> prepared = backend->Prepare(*complete);
  const absl::Status status = prepared.ok() ? (*prepared)->RunSeconds().status() : prepared.status();
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().rfind("OpenCV refused the network: ", 0), 0u) << status;
  }
  Random random(1);
  const absl::StatusOr<Network> subject = benchmark::SampleSubject(SubjectKind::kElementwise, random);
  ASSERT_TRUE(subject.ok());
  EXPECT_EQ(RunOnce(*backend, *subject), absl::OkStatus());
}

TEST(ExportedSubjects, RunOnOpenCv) {
  const std::unique_ptr<Backend> backend = Create("opencv");
  ASSERT_NE(backend, nullptr);
  for (const auto& [kind, reason] : Refusals(*backend)) {
    // Layer normalisation is refused by OpenCV 4.6, which takes its nodes for its own mean-variance layer and then
    // fails on three dimensions ("start <= (int)shape.size() …"). Everything else has to run.
    if (kind.find(" LayerNorm ") != std::string::npos && reason.find("shape.size()") != std::string::npos) continue;
    ADD_FAILURE() << kind << ": " << reason;
  }
}

TEST(ExportedValidationNetworks, RunOnOpenCv) {
  const std::unique_ptr<Backend> backend = Create("opencv");
  ASSERT_NE(backend, nullptr);
  for (const char* name : {"nasbench201-414231", "squeezenet-128", "mobilenetv2-128", "resnet10-128"}) {
    const absl::StatusOr<Network> network = benchmark::ValidationNetwork(name);
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_EQ(RunOnce(*backend, *network), absl::OkStatus()) << name;
  }
}
#endif

}  // namespace
}  // namespace latimer
