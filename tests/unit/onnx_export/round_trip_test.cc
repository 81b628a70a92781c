// Network -> ONNX -> Network keeps what a network computes: the structural hash is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/benchmark/layer_network.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/smart_padding.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "core/network/structural_hash.h"

namespace latimer {
namespace {

using benchmark::Random;
using benchmark::SubjectKind;

std::string Describe(const Network& network, const Layer& layer) {
  std::ostringstream text;
  text << LayerTypeName(layer.type);
  for (TensorId id : layer.inputs) {
    text << " " << ShapeToString(network.tensors[id].shape) << ":" << static_cast<int>(network.tensors[id].type);
  }
  for (ConstantId id : layer.constants) {
    text << " [" << ShapeToString(network.constants[id].shape) << ":" << static_cast<int>(network.constants[id].type)
         << "]";
  }
  for (TensorId id : layer.outputs) {
    text << " -> " << ShapeToString(network.tensors[id].shape) << ":" << static_cast<int>(network.tensors[id].type);
  }
  text << " attributes " << layer.attributes.index();
  if (const auto* slice = std::get_if<SliceAttributes>(&layer.attributes)) {
    text << " axes " << ShapeToString(slice->axes) << " starts " << ShapeToString(slice->starts) << " ends "
         << ShapeToString(slice->ends) << " steps " << ShapeToString(slice->steps);
  }
  if (const auto* split = std::get_if<SplitAttributes>(&layer.attributes)) {
    text << " axis " << split->axis << " sizes " << ShapeToString(split->sizes);
  }
  return text.str();
}

// "3:1" for the second output of layer 3, "input 0" for a network input.
std::string Origin(const Network& network, TensorId id) {
  const LayerId producer = network.tensors[id].producer;
  const auto index = [id](const auto& list) { return std::find(list.begin(), list.end(), id) - list.begin(); };
  if (producer == kNone) return "input " + std::to_string(index(network.inputs));
  return std::to_string(producer) + ":" + std::to_string(index(network.layers[producer].outputs));
}

// Where two networks that should be the same differ first.
std::string FirstDifference(const Network& a, const Network& b) {
  for (size_t i = 0; i < a.layers.size() && i < b.layers.size(); ++i) {
    const std::string left = Describe(a, a.layers[i]);
    const std::string right = Describe(b, b.layers[i]);
    if (left != right) return std::string(a.layers[i].name) + ": " + left + " became " + right;
  }
  if (a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size()) return "other inputs or outputs";
  for (size_t i = 0; i < a.layers.size(); ++i) {
    for (size_t k = 0; k < a.layers[i].inputs.size(); ++k) {
      if (Origin(a, a.layers[i].inputs[k]) != Origin(b, b.layers[i].inputs[k])) {
        return std::string(a.layers[i].name) + ": reads " + Origin(a, a.layers[i].inputs[k]) + ", then " +
               Origin(b, b.layers[i].inputs[k]);
      }
    }
  }
  return "layers " + std::to_string(a.layers.size()) + " and " + std::to_string(b.layers.size());
}

void ExpectSameAfterRoundTrip(const Network& network) {
  const absl::StatusOr<std::string> model = ExportOnnx(network);
  ASSERT_TRUE(model.ok()) << model.status();
  absl::StatusOr<Network> imported = ImportOnnx(*model);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_TRUE(imported->warnings.empty()) << imported->warnings[0].message;
  const Network back = Simplify(*std::move(imported));
  EXPECT_EQ(StructuralHashText(back), StructuralHashText(network)) << FirstDifference(network, back);
  EXPECT_EQ(Macs(back), Macs(network));
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

class SubjectRoundTrip : public testing::TestWithParam<int> {};

TEST_P(SubjectRoundTrip, AloneAndPadded) {
  const auto kind = static_cast<SubjectKind>(GetParam());
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    const absl::StatusOr<Network> subject = benchmark::SampleSubject(kind, random);
    ASSERT_TRUE(subject.ok()) << subject.status();
    ExpectSameAfterRoundTrip(*subject);
    const absl::StatusOr<Network> padded = benchmark::PaddedNetwork(*subject);
    ASSERT_TRUE(padded.ok()) << padded.status();
    ExpectSameAfterRoundTrip(*padded);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SubjectRoundTrip, testing::Range(0, benchmark::kNumSubjectKinds), [](const auto& kind) {
  return std::string(benchmark::SubjectKindName(static_cast<SubjectKind>(kind.param)));
});

TEST(ExportOnnx, ValidationNetworksComeBack) {
  for (const absl::string_view name : benchmark::ValidationNetworkNames()) {
    SCOPED_TRACE(std::string(name));
    const absl::StatusOr<Network> network = benchmark::ValidationNetwork(name);
    ASSERT_TRUE(network.ok()) << network.status();
    ExpectSameAfterRoundTrip(*network);
  }
}

TEST(ExportOnnx, FusionProbesComeBack) {
  const auto probes = benchmark::MakeFusionProbes();
  ASSERT_TRUE(probes.ok()) << probes.status();
  for (const benchmark::FusionProbe& probe : *probes) {
    ExpectSameAfterRoundTrip(probe.alone);
    ExpectSameAfterRoundTrip(probe.pair);
  }
}

TEST(ExportOnnx, PublicNetworksComeBack) {
  int checked = 0;
  std::set<std::string> refused;
  std::vector<std::filesystem::directory_entry> files;
  const char* const shared = std::getenv("LATIMER_SHARED_NETWORKS");
  for (const char* folder : {LATIMER_SOURCE_DIR "/tests/data/networks", shared}) {
    if (folder == nullptr) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) files.push_back(entry);
  }
  for (const auto& entry : files) {
    if (entry.path().extension() != ".onnx") continue;
    SCOPED_TRACE(entry.path().filename().string());
    absl::StatusOr<Network> imported = ImportOnnx(ReadFile(entry.path()));
    ASSERT_TRUE(imported.ok()) << imported.status();
    const Network network = Simplify(*std::move(imported));
    if (const absl::Status status = ExportOnnx(network).status(); absl::IsUnimplemented(status)) {
      refused.insert(entry.path().filename().string() + ": " + std::string(status.message()));
      continue;
    }
    ExpectSameAfterRoundTrip(network);
    ++checked;
  }
  EXPECT_GE(checked, 30);
  for (const std::string& line : refused) ADD_FAILURE() << line;
}

TEST(ExportOnnx, RefusesLayersThatDoNotSayWhatTheyCompute) {
  const absl::StatusOr<Network> network =
      benchmark::LayerNetwork(LayerType::kUnknown, OutputShapeAttributes{Shape{1, 8}}, {Shape{1, 8}});
  ASSERT_TRUE(network.ok()) << network.status();
  const absl::Status status = ExportOnnx(*network).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("subject0"), std::string::npos) << status;
}

}  // namespace
}  // namespace latimer
