// What is exported and given weights runs on real engines: every kind of subject, alone and padded. Where an engine
// refuses a kind, the test names it and the engine's reason, so that an engine that learns it is noticed.
#include <gtest/gtest.h>

#include <map>

#include "backends/materialize.h"
#include "backends/registry.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/smart_padding.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/onnx/onnx_export.h"

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

#ifdef LATIMER_WITH_ONNXRUNTIME
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
