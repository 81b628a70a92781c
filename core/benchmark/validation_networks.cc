#include "core/benchmark/validation_networks.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_network.h"
#include "core/benchmark/network_stack.h"

namespace latimer::benchmark {
namespace {

constexpr auto kNoActivation = LayerType::kUnspecified;

// Dong and Yang, "NAS-Bench-201" (2020): four nodes, six edges; digits name the operation of each edge: 0 none, 1 skip,
// 2 1x1 convolution, 3 3x3 convolution, 4 3x3 average pooling. Edges: 0>1, 0>2, 1>2, 0>3, 1>3, 2>3.
absl::StatusOr<Network> NasCell(absl::string_view name, absl::string_view code) {
  NetworkStack stack({1, 3, 32, 32});
  stack.Conv({.kernel = 3, .channels = 16, .activation = kNoActivation});
  auto edge = [&](char operation, TensorId from, int64_t channels) -> TensorId {
    stack.tip = from;
    switch (operation) {
      case '1':
        return from;
      case '2':
      case '3':
        stack.Activate(LayerType::kRelu);
        return stack.Conv({.kernel = operation == '2' ? 1 : 3, .channels = channels, .activation = kNoActivation});
      case '4':
        return stack.AveragePool(3, 1);
      default:
        return kNone;
    }
  };
  for (int64_t stage = 0; stage < 3; ++stage) {
    const int64_t channels = 16 << stage;
    if (stage > 0) {
      const TensorId input = stack.tip;
      stack.Conv({.kernel = 3, .stride = 2, .channels = channels});
      const TensorId main = stack.Conv({.kernel = 3, .channels = channels, .activation = kNoActivation});
      stack.tip = input;
      stack.Append(LayerType::kAveragePool, SamePool({2, 2}, {2, 2}), {input});
      const TensorId shortcut = stack.Conv({.kernel = 1, .channels = channels, .activation = kNoActivation});
      stack.Add(main, shortcut);
    }
    for (int cell = 0; cell < 5; ++cell) {
      TensorId nodes[4] = {stack.tip, kNone, kNone, kNone};
      size_t next = 0;
      for (int node = 1; node < 4; ++node) {
        TensorId sum = kNone;
        for (int from = 0; from < node; ++from) {
          const char operation = code[next++];
          if (nodes[from] == kNone) continue;
          const TensorId value = edge(operation, nodes[from], channels);
          if (value == kNone) continue;
          sum = sum == kNone ? value : stack.Add(sum, value);
        }
        nodes[node] = sum;
      }
      stack.tip = nodes[3] == kNone ? nodes[0] : nodes[3];
    }
  }
  stack.Activate(LayerType::kRelu);
  stack.Classify(10);
  return std::move(stack).Finish(name);
}

// He et al., "Deep Residual Learning" (2016), basic blocks.
absl::StatusOr<Network> ResNet(absl::string_view name, int64_t image, int64_t width, int blocks) {
  NetworkStack stack({1, 3, image, image});
  stack.Conv({.kernel = 7, .stride = 2, .channels = width});
  stack.MaxPool(3, 2);
  for (int64_t stage = 0; stage < 4; ++stage) {
    const int64_t channels = width << stage;
    for (int block = 0; block < blocks; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      TensorId shortcut = stack.tip;
      stack.Conv({.kernel = 3, .stride = stride, .channels = channels});
      const TensorId main = stack.Conv({.kernel = 3, .channels = channels, .activation = kNoActivation});
      if (stride != 1) {
        stack.tip = shortcut;
        shortcut = stack.Conv({.kernel = 1, .stride = stride, .channels = channels, .activation = kNoActivation});
      }
      stack.Add(main, shortcut);
      stack.Activate(LayerType::kRelu);
    }
  }
  stack.Classify(1000);
  return std::move(stack).Finish(name);
}

// Sandler et al., "MobileNetV2" (2018).
absl::StatusOr<Network> MobileNetV2(absl::string_view name, int64_t image) {
  NetworkStack stack({1, 3, image, image});
  stack.Conv({.kernel = 3, .stride = 2, .channels = 32, .activation = LayerType::kRelu6});
  struct Group {
    int64_t expansion, channels, repeats, stride;
  };
  constexpr Group kGroups[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  for (const Group& group : kGroups) {
    for (int64_t i = 0; i < group.repeats; ++i) {
      const TensorId input = stack.tip;
      const int64_t c_in = stack.channels();
      const int64_t stride = i == 0 ? group.stride : 1;
      if (group.expansion != 1) {
        stack.Conv({.kernel = 1, .channels = c_in * group.expansion, .activation = LayerType::kRelu6});
      }
      stack.Depthwise(3, stride, LayerType::kRelu6);
      const TensorId output = stack.Conv({.kernel = 1, .channels = group.channels, .activation = kNoActivation});
      if (stride == 1 && c_in == group.channels) stack.Add(input, output);
    }
  }
  stack.Conv({.kernel = 1, .channels = 1280, .activation = LayerType::kRelu6});
  stack.Classify(1000);
  return std::move(stack).Finish(name);
}

// Simonyan and Zisserman, "Very Deep Convolutional Networks" (2015), configuration A without its large classifier.
absl::StatusOr<Network> Vgg(absl::string_view name, int64_t image) {
  NetworkStack stack({1, 3, image, image});
  for (const auto& [channels, repeats] : {std::pair<int64_t, int>{64, 1}, {128, 1}, {256, 2}, {512, 2}, {512, 2}}) {
    for (int i = 0; i < repeats; ++i) stack.Conv({.kernel = 3, .channels = channels});
    stack.MaxPool(2, 2);
  }
  stack.Classify(1000);
  return std::move(stack).Finish(name);
}

// Iandola et al., "SqueezeNet" (2016), version 1.1.
absl::StatusOr<Network> SqueezeNet(absl::string_view name, int64_t image) {
  NetworkStack stack({1, 3, image, image});
  stack.Conv({.kernel = 3, .stride = 2, .channels = 64});
  stack.MaxPool(3, 2);
  auto fire = [&](int64_t squeeze, int64_t expand) {
    const TensorId squeezed = stack.Conv({.kernel = 1, .channels = squeeze});
    const TensorId left = stack.Conv({.kernel = 1, .channels = expand});
    stack.tip = squeezed;
    const TensorId right = stack.Conv({.kernel = 3, .channels = expand});
    stack.Concat({left, right});
  };
  fire(16, 64);
  fire(16, 64);
  stack.MaxPool(3, 2);
  fire(32, 128);
  fire(32, 128);
  stack.MaxPool(3, 2);
  fire(48, 192);
  fire(48, 192);
  fire(64, 256);
  fire(64, 256);
  stack.Conv({.kernel = 1, .channels = 1000});
  stack.GlobalAveragePool();
  return std::move(stack).Finish(name);
}

}  // namespace

std::vector<absl::string_view> ValidationNetworkNames() {
  return {"nasbench201-333333", "nasbench201-132143", "nasbench201-222222", "nasbench201-414231",
          "nasbench201-430214", "nasbench201-103423", "squeezenet-128",     "mobilenetv2-128",
          "resnet10-128",       "squeezenet-224",     "mobilenetv2-192",    "mobilenetv2-224",
          "resnet18-160",       "vgg11-96",           "resnet18-224",       "vgg11-128"};
}

absl::StatusOr<Network> ValidationNetwork(absl::string_view name) {
  if (absl::string_view code = name; absl::ConsumePrefix(&code, "nasbench201-") && code.size() == 6) {
    return NasCell(name, code);
  }
  if (name == "squeezenet-128") return SqueezeNet(name, 128);
  if (name == "squeezenet-224") return SqueezeNet(name, 224);
  if (name == "mobilenetv2-128") return MobileNetV2(name, 128);
  if (name == "mobilenetv2-192") return MobileNetV2(name, 192);
  if (name == "mobilenetv2-224") return MobileNetV2(name, 224);
  if (name == "resnet10-128") return ResNet(name, 128, 64, 1);
  if (name == "resnet18-160") return ResNet(name, 160, 64, 2);
  if (name == "resnet18-224") return ResNet(name, 224, 64, 2);
  if (name == "vgg11-96") return Vgg(name, 96);
  if (name == "vgg11-128") return Vgg(name, 128);
  return NotFound("UNKNOWN_VALIDATION_NETWORK", absl::StrCat("there is no validation network '", name, "'"));
}

}  // namespace latimer::benchmark
