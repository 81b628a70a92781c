// Networks whose latencies on the imitated boards are published.
#ifndef LATIMER_TESTS_UNIT_SIMULATED_KNOWN_NETWORKS_H_
#define LATIMER_TESTS_UNIT_SIMULATED_KNOWN_NETWORKS_H_

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/benchmark/layer_network.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/annette/annette_import.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer {

// Convolutions of MobileNetV1 (Howard et al. 2017), each with its activation, and the input of each.
inline std::vector<std::pair<Shape, std::vector<benchmark::ChainLink>>> MobileNetV1Units() {
  using benchmark::SameConv;
  std::vector<std::pair<Shape, std::vector<benchmark::ChainLink>>> units;
  const benchmark::ChainLink relu6{LayerType::kRelu6, {}};
  units.push_back({{1, 3, 224, 224}, {{LayerType::kConv, SameConv({3, 3}, {2, 2}, 32)}, relu6}});
  int64_t side = 112;
  int64_t channels = 32;
  const std::vector<std::pair<int64_t, int64_t>> blocks = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                                                           {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                                                           {512, 1}, {1024, 2}, {1024, 1}};
  for (const auto& [outputs, stride] : blocks) {
    units.push_back({{1, channels, side, side},
                     {{LayerType::kDepthwiseConv, SameConv({3, 3}, {stride, stride}, channels, channels)}, relu6}});
    side /= stride;
    units.push_back({{1, channels, side, side}, {{LayerType::kConv, SameConv({1, 1}, {1, 1}, outputs)}, relu6}});
    channels = outputs;
  }
  return units;
}

inline Network MobileNetV1() {
  std::vector<benchmark::ChainLink> links;
  for (const auto& [shape, unit] : MobileNetV1Units()) links.insert(links.end(), unit.begin(), unit.end());
  links.push_back({LayerType::kGlobalAveragePool, {}});
  links.push_back({LayerType::kReshape, OutputShapeAttributes{{1, 1024}}});
  links.push_back({LayerType::kFullyConnected, FullyConnectedAttributes{1024, 1000, true}});
  absl::StatusOr<Network> network = benchmark::ChainNetwork({Shape{1, 3, 224, 224}}, links);
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

inline std::string ReadTestFile(const std::string& name) {
  std::ifstream file(std::string(LATIMER_SOURCE_DIR) + "/tests/data/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline Network KnownNetwork(const std::string& name) {
  if (name == "MobileNetV1") return MobileNetV1();
  absl::StatusOr<Network> network = name == "ResNet-50"
                                        ? ImportAnnetteJson(ReadTestFile("annette/tf_resnet50.annette.json"))
                                    : name == "YOLOv8n"    ? ImportOnnx(ReadTestFile("networks/named/yolov8n.onnx"))
                                    : name == "SqueezeNet" ? benchmark::ValidationNetwork("squeezenet-224")
                                                           : benchmark::ValidationNetwork("mobilenetv2-224");
  EXPECT_TRUE(network.ok()) << network.status();
  return Simplify(*std::move(network));
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_SIMULATED_KNOWN_NETWORKS_H_
