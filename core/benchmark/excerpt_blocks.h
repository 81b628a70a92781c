// Blocks of published architectures, drawn at random. Internal to network_excerpts.cc, whose excerpts are made of them.
#ifndef LATIMER_CORE_BENCHMARK_EXCERPT_BLOCKS_H_
#define LATIMER_CORE_BENCHMARK_EXCERPT_BLOCKS_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <utility>

#include "core/benchmark/network_stack.h"
#include "core/benchmark/random.h"

namespace latimer::benchmark {

// Side of the images of the data sets on which architectures are searched.
inline constexpr int64_t kSearchImage = 32;

// Where an excerpt starts: a map of that size with that many channels.
struct Place {
  int64_t image = 224;  // side of the network's input
  int64_t side = 56;
  int64_t channels = 64;
};

// Most networks count channels in powers of two and in multiples of 8; heads and searched networks do not.
inline int64_t RoundChannels(int64_t drawn, Random& random) {
  const double kind = random.Uniform();
  if (kind < 0.04) return drawn;
  if (kind < 0.12) return std::max<int64_t>(4, drawn / 4 * 4);
  if (kind < 0.40) return std::max<int64_t>(8, (drawn + 4) / 8 * 8);
  if (kind < 0.55) return std::max<int64_t>(16, (drawn + 8) / 16 * 16);
  int64_t power = 8;
  while (power * 2 <= drawn) power *= 2;
  return kind < 0.7 && drawn >= power * 3 / 2 ? power * 3 / 2 : power;
}

inline Place PickPlace(Random& random) {
  Place place;
  constexpr int64_t kImages[] = {224, 224, 224, 224, 224, 224, 256, 256, 320, 128, 160, 192, 299, 416, 512, 640};
  if (random.Uniform() < 0.14) {
    place.image = kSearchImage;
    const int64_t level = random.Below(3);
    place.side = kSearchImage >> level;
    place.channels = RoundChannels(random.LogUniform(16 << level, 128 << level), random);
    return place;
  }
  place.image = random.Pick<int64_t>(kImages);
  const int64_t level = std::min<int64_t>(5, 1 + random.Below(5) + (random.Uniform() < 0.2 ? 1 : 0));
  place.side = place.image;
  for (int64_t i = 0; i < level; ++i) place.side = (place.side + 1) / 2;
  place.channels = RoundChannels(random.LogUniform(8 << (level - 1), std::min<int64_t>(2048, 64 << level)), random);
  return place;
}

inline LayerType PickActivation(Random& random) {
  const double kind = random.Uniform();
  if (kind < 0.6) return LayerType::kRelu;
  if (kind < 0.72) return LayerType::kRelu6;
  if (kind < 0.84) return LayerType::kSilu;
  if (kind < 0.93) return LayerType::kHardSwish;
  return LayerType::kLeakyRelu;
}

// Draws the blocks. Every method continues from the stack's tip.
class Drawer {
 public:
  // `repeats`: most blocks are of the kind of the one before.
  Drawer(NetworkStack& stack, Place place, Random& random, bool repeats = false)
      : stack_(stack),
        place_(place),
        random_(random),
        repeats_(repeats),
        activation_(PickActivation(random)),
        activates_before_(repeats && Chance(kActivatesBefore)) {}

  void Plain() {
    const int64_t kernel = Chance(0.8) ? 3 : Pick({1, 5, 7});
    const int64_t channels = Near(stack_.channels());
    const int64_t count = 1 + random_.Below(3);
    for (int64_t i = 0; i < count; ++i) {
      stack_.Conv(
          {.kernel = kernel, .stride = i == 0 ? Stride(0.15) : 1, .channels = channels, .activation = activation_});
    }
    if (Chance(0.4) && Side() > 4) Chance(0.5) ? stack_.MaxPool(2, 2) : stack_.MaxPool(3, 2);
    if (Chance(0.15)) stack_.Append(LayerType::kLrn, {}, {stack_.tip});
  }

  void Residual() {
    const int64_t stride = Stride(0.25);
    const int64_t channels = stride == 2   ? 2 * stack_.channels()
                             : Chance(0.7) ? stack_.channels()
                                           : Near(stack_.channels());
    const bool before = repeats_ ? activates_before_ : Chance(kActivatesBefore);
    TensorId shortcut = stack_.tip;
    if (before) PreActivate();
    stack_.Conv({.kernel = 3, .stride = stride, .channels = channels, .activation = activation_});
    TensorId main = stack_.Conv({.kernel = 3, .channels = channels, .activation = LayerType::kUnspecified});
    if (Chance(0.1)) main = SqueezeExcite(channels / 16 + 4);
    Join(shortcut, main, stride, channels, before);
  }

  void Bottleneck() {
    const int64_t stride = Stride(0.25);
    const int64_t outputs = std::min<int64_t>(2048, stride == 2 ? 2 * stack_.channels() : stack_.channels());
    int64_t width = std::max<int64_t>(8, outputs / 4);
    int64_t groups = 1;
    if (Chance(0.25)) {
      width = std::max<int64_t>(32, outputs / 2);
      groups = Pick({8, 16, 32});
      width = std::max(groups, width / groups * groups);
    }
    const TensorId shortcut = stack_.tip;
    stack_.Conv({.kernel = 1, .channels = width, .activation = activation_});
    stack_.Conv({.kernel = 3,
                 .stride = stride,
                 .channels = width,
                 .groups = groups,
                 .dilation = stride == 1 && Chance(0.1) ? Pick({2, 4}) : 1,
                 .activation = activation_});
    TensorId main = stack_.Conv({.kernel = 1, .channels = outputs, .activation = LayerType::kUnspecified});
    if (Chance(0.1)) main = SqueezeExcite(outputs / 16 + 4);
    Join(shortcut, main, stride, outputs, false);
  }

  void InvertedResidual() {
    const LayerType activation = Chance(0.5) ? LayerType::kRelu6 : activation_;
    const TensorId input = stack_.tip;
    const int64_t c_in = stack_.channels();
    const int64_t stride = Stride(0.3);
    const int64_t outputs = stride == 1 && Chance(0.6) ? c_in : RoundChannels(Near(c_in), random_);
    const int64_t kernel = Chance(0.65) ? 3 : Pick({5, 5, 7});
    const int64_t hidden = std::min<int64_t>(2048, c_in * Pick({1, 2, 3, 4, 6, 6, 6}));
    if (hidden != c_in) stack_.Conv({.kernel = 1, .channels = hidden, .activation = activation});
    stack_.Depthwise(kernel, stride, activation, stride == 1 && Chance(0.06) ? 2 : 1);
    if (Chance(0.3)) SqueezeExcite(std::max<int64_t>(4, RoundChannels(hidden / Pick({4, 4, 16, 24}) + 1, random_)));
    const TensorId output = stack_.Conv({.kernel = 1, .channels = outputs, .activation = LayerType::kUnspecified});
    if (stride == 1 && outputs == c_in) stack_.Add(input, output);
  }

  void SeparableConv() {
    const int64_t outputs = Near(stack_.channels());
    stack_.Depthwise(Chance(0.8) ? 3 : 5, Stride(0.25), Chance(0.6) ? activation_ : LayerType::kUnspecified);
    stack_.Conv({.kernel = 1, .channels = outputs, .activation = activation_});
  }

  // ConvNeXt's block, in the layout it is exported in, and what stands between two of its stages.
  void LargeKernelBlock() {
    const int64_t channels = stack_.channels();
    const int64_t count = 1 + random_.Below(2);
    for (int64_t i = 0; i < count; ++i) {
      const TensorId input = stack_.tip;
      stack_.Depthwise(7, 1, LayerType::kUnspecified);
      stack_.Transpose({0, 2, 3, 1});
      stack_.LayerNorm();
      stack_.FullyConnected(4 * channels, LayerType::kGelu);
      stack_.FullyConnected(channels);
      TensorId output = stack_.Transpose({0, 3, 1, 2});
      if (Chance(0.7)) output = stack_.WithConstant(LayerType::kMul, {channels, 1, 1});
      Sum(output, input);
    }
    if (Side() < 4 || !Chance(0.5)) return;
    stack_.Transpose({0, 2, 3, 1});
    stack_.LayerNorm();
    stack_.Transpose({0, 3, 1, 2});
    stack_.Patches(2, Chance(0.7) ? std::min<int64_t>(2048, 2 * channels) : channels);
  }

  void Inception() {
    const TensorId input = stack_.tip;
    absl::InlinedVector<TensorId, 4> branches;
    auto width = [&] { return RoundChannels(std::max<int64_t>(8, random_.LogUniform(16, 384)), random_); };
    branches.push_back(stack_.Conv({.kernel = 1, .channels = width(), .activation = activation_}));
    stack_.tip = input;
    stack_.Conv({.kernel = 1, .channels = width(), .activation = activation_});
    if (Chance(0.4)) {
      const int64_t length = Pick({3, 7, 7});
      const int64_t channels = width();
      stack_.Conv({.kernel = 1, .channels = channels, .kernel_w = length, .activation = activation_});
      branches.push_back(
          stack_.Conv({.kernel = length, .channels = width(), .kernel_w = 1, .activation = activation_}));
    } else {
      branches.push_back(stack_.Conv({.kernel = 3, .channels = width(), .activation = activation_}));
    }
    stack_.tip = input;
    stack_.Conv({.kernel = 1, .channels = std::max<int64_t>(8, width() / 2), .activation = activation_});
    if (Chance(0.5)) {
      branches.push_back(stack_.Conv({.kernel = 5, .channels = width(), .activation = activation_}));
    } else {
      const int64_t channels = width();
      stack_.Conv({.kernel = 3, .channels = channels, .activation = activation_});
      branches.push_back(stack_.Conv({.kernel = 3, .channels = channels, .activation = activation_}));
    }
    stack_.tip = input;
    Chance(0.5) ? stack_.MaxPool(3, 1) : stack_.AveragePool(3, 1);
    branches.push_back(stack_.Conv({.kernel = 1, .channels = width(), .activation = activation_}));
    stack_.Concat(branches);
  }

  void Fire() {
    const int64_t expand = RoundChannels(std::max<int64_t>(16, stack_.channels() / 2), random_);
    stack_.Conv({.kernel = 1, .channels = std::max<int64_t>(8, expand / Pick({2, 4, 4})), .activation = activation_});
    const TensorId squeezed = stack_.tip;
    const TensorId left = stack_.Conv({.kernel = 1, .channels = expand, .activation = activation_});
    stack_.tip = squeezed;
    const TensorId right = stack_.Conv({.kernel = 3, .channels = expand, .activation = activation_});
    stack_.Concat({left, right});
  }

  void Dense() {
    const int64_t growth = Pick({12, 16, 24, 32, 32, 32, 48});
    for (int i = 0; i < 2; ++i) {
      const TensorId input = stack_.tip;
      PreActivate();
      stack_.Conv({.kernel = 1, .channels = 4 * growth, .activation = activation_});
      const TensorId output = stack_.Conv({.kernel = 3, .channels = growth, .activation = LayerType::kUnspecified});
      stack_.Concat({input, output});
    }
    if (Chance(0.3)) {
      PreActivate();
      stack_.Conv({.kernel = 1,
                   .channels = std::max<int64_t>(8, stack_.channels() / 2),
                   .activation = LayerType::kUnspecified});
      stack_.AveragePool(2, 2);
    }
  }

  void Shuffle() {
    const int64_t groups = Chance(0.6) ? 2 : Pick({3, 4, 8});
    EvenChannels(2 * groups);
    const int64_t channels = stack_.channels();
    if (groups == 2) {
      const auto [kept, worked] = stack_.SplitChannels(channels / 2);
      stack_.tip = worked;
      stack_.Conv({.kernel = 1, .channels = channels / 2, .activation = activation_});
      stack_.Depthwise(3, 1, LayerType::kUnspecified);
      const TensorId output = stack_.Conv({.kernel = 1, .channels = channels / 2, .activation = activation_});
      stack_.Concat({kept, output});
      ShuffleChannels(2);
      return;
    }
    const TensorId input = stack_.tip;
    stack_.Conv({.kernel = 1, .channels = channels / 2 / groups * groups, .groups = groups, .activation = activation_});
    ShuffleChannels(groups);
    stack_.Depthwise(3, 1, LayerType::kUnspecified);
    const TensorId output =
        stack_.Conv({.kernel = 1, .channels = channels, .groups = groups, .activation = LayerType::kUnspecified});
    stack_.Add(input, output);
    stack_.Activate(activation_);
  }

  // Cross-stage partial blocks of detectors.
  void CrossStage() {
    const LayerType activation = Chance(0.7) ? LayerType::kSilu : LayerType::kLeakyRelu;
    stack_.Conv({.kernel = Chance(0.5) ? 1 : 3,
                 .channels = RoundChannels(Near(stack_.channels()), random_),
                 .activation = activation});
    EvenChannels(2);
    const int64_t half = stack_.channels() / 2;
    const auto [kept, worked] = stack_.SplitChannels(half);
    absl::InlinedVector<TensorId, 4> parts{kept, worked};
    stack_.tip = worked;
    const int64_t count = 1 + random_.Below(2);
    for (int64_t i = 0; i < count; ++i) {
      const TensorId input = stack_.tip;
      stack_.Conv({.kernel = Chance(0.7) ? 3 : 1, .channels = half, .activation = activation});
      const TensorId output = stack_.Conv({.kernel = 3, .channels = half, .activation = activation});
      parts.push_back(Chance(0.6) ? stack_.Add(input, output) : output);
    }
    stack_.Concat(parts);
    stack_.Conv({.kernel = 1, .channels = 2 * half, .activation = activation});
  }

  void PyramidPooling() {
    const LayerType activation = Chance(0.6) ? LayerType::kSilu : activation_;
    stack_.Conv({.kernel = 1, .channels = std::max<int64_t>(8, stack_.channels() / 2), .activation = activation});
    absl::InlinedVector<TensorId, 4> parts{stack_.tip};
    for (int i = 0; i < 3; ++i) parts.push_back(stack_.MaxPool(Chance(0.8) ? 5 : Pick({3, 9}), 1));
    stack_.Concat(parts);
    stack_.Conv(
        {.kernel = 1, .channels = RoundChannels(Near(stack_.channels() / 3 + 4), random_), .activation = activation});
  }

  // A finer map joined with a coarser one.
  void UpsampleJoin() {
    const int64_t channels = stack_.channels();
    stack_.Conv({.kernel = 1, .channels = std::max<int64_t>(8, channels / 2), .activation = activation_});
    const int64_t height = stack_.shape()[2] * 2;
    const int64_t width = stack_.shape()[3] * 2;
    const TensorId upper = Chance(0.3)
                               ? stack_.ConvTranspose(Chance(0.5) ? 2 : 4, 2, std::max<int64_t>(8, channels / 2))
                               : stack_.Resize(height, width);
    const TensorId lower = stack_.Input({1, std::max<int64_t>(8, channels / 2), height, width});
    if (Chance(0.3) && stack_.ShapeOf(upper) == stack_.ShapeOf(lower)) {
      stack_.Add(upper, lower);
    } else {
      stack_.Concat({upper, lower});
    }
    stack_.Conv({.kernel = 3, .channels = RoundChannels(Near(channels / 2 + 4), random_), .activation = activation_});
  }

  void DilatedPyramid() {
    const TensorId input = stack_.tip;
    const int64_t channels = Pick({128, 256, 256});
    absl::InlinedVector<TensorId, 4> parts;
    parts.push_back(stack_.Conv({.kernel = 1, .channels = channels, .activation = activation_}));
    const int64_t count = 1 + random_.Below(2);
    for (int64_t i = 0; i < count; ++i) {
      stack_.tip = input;
      parts.push_back(stack_.Conv(
          {.kernel = 3, .channels = channels, .dilation = Pick({2, 4, 6, 12, 18, 24}), .activation = activation_}));
    }
    const int64_t height = stack_.shape()[2];
    const int64_t width = stack_.shape()[3];
    stack_.tip = input;
    stack_.GlobalAveragePool();
    stack_.Conv({.kernel = 1, .channels = channels, .activation = activation_});
    parts.push_back(stack_.Resize(height, width));
    stack_.Concat(parts);
    stack_.Conv({.kernel = 1, .channels = channels, .activation = activation_});
  }

  void SegmentationHead() {
    stack_.Conv({.kernel = 3, .channels = std::max<int64_t>(16, stack_.channels() / 4), .activation = activation_});
    stack_.Conv({.kernel = 1, .channels = Pick({2, 19, 21, 21, 150}), .activation = LayerType::kUnspecified});
    const int64_t scale = Pick({2, 4, 8, 8});
    stack_.Resize(stack_.shape()[2] * scale, stack_.shape()[3] * scale);
  }

  void DetectionHead() {
    const int64_t outputs = Pick({24, 36, 64, 80, 84, 255, 324, 546});
    if (Chance(0.5)) stack_.Conv({.kernel = 3, .channels = stack_.channels(), .activation = activation_});
    stack_.Conv({.kernel = Pick({1, 1, 3}), .channels = outputs, .activation = LayerType::kUnspecified});
    const int64_t cells = stack_.shape()[2] * stack_.shape()[3];
    if (Chance(0.5)) {
      stack_.Transpose({0, 2, 3, 1});
      stack_.Reshape({1, cells, outputs});
    } else {
      stack_.Reshape({1, outputs, cells});
    }
    if (Chance(0.5)) stack_.Activate(LayerType::kSigmoid);
    if (Chance(0.2)) stack_.Softmax();
  }

  void Classifier() {
    if (Chance(0.3)) {
      stack_.Conv({.kernel = 1, .channels = Pick({960, 1024, 1280, 1280, 1536}), .activation = activation_});
    }
    stack_.GlobalAveragePool();
    stack_.Reshape({1, stack_.channels()});
    if (Chance(0.3)) stack_.FullyConnected(Pick({512, 1024, 1280}), Chance(0.8) ? activation_ : LayerType::kTanh);
    stack_.FullyConnected(Pick({10, 100, 1000, 1000, 1000}));
    if (Chance(0.2)) stack_.Softmax();
  }

  void NasCell() {
    TensorId nodes[4] = {stack_.tip, kNone, kNone, kNone};
    const int64_t channels = stack_.channels();
    for (int node = 1; node < 4; ++node) {
      TensorId sum = kNone;
      for (int from = 0; from < node; ++from) {
        if (nodes[from] == kNone) continue;
        stack_.tip = nodes[from];
        TensorId value = nodes[from];
        switch (random_.Below(5)) {
          case 0:
            continue;
          case 1:
            break;
          case 2:
          case 3: {
            stack_.Activate(LayerType::kRelu);
            const int64_t kernel = Chance(0.5) ? 1 : 3;
            value = stack_.Conv({.kernel = kernel, .channels = channels, .activation = LayerType::kUnspecified});
            break;
          }
          default:
            value = stack_.AveragePool(3, 1);
        }
        sum = sum == kNone ? value : Sum(sum, value);
      }
      nodes[node] = sum;
    }
    stack_.tip = nodes[3] == kNone ? nodes[0] : nodes[3];
    if (repeats_ && Chance(0.25)) PreActivate();  // as behind the last one
  }

  // NAS-Bench-101's cells: projections, convolutions with their activation, sums, one concatenation.
  void NasCellWithConcat() {
    const TensorId input = stack_.tip;
    const int64_t channels = std::max<int64_t>(16, stack_.channels());
    const int64_t parts = Pick({2, 3, 4});
    const int64_t width = channels / parts;
    absl::InlinedVector<TensorId, 4> results;
    for (int64_t i = 0; i < parts; ++i) {
      stack_.tip = input;
      const int64_t own = i == 0 ? channels - width * (parts - 1) : width;
      stack_.Conv({.kernel = 1, .channels = own});
      const int64_t depth = random_.Below(3);
      for (int64_t j = 0; j < depth; ++j) {
        const double kind = random_.Uniform();
        if (kind < 0.25) {
          stack_.MaxPool(3, 1);
        } else {
          stack_.Conv({.kernel = kind < 0.65 ? 3 : 1, .channels = own});
        }
        if (!results.empty() && stack_.ShapeOf(results.back()) == stack_.shape() && Chance(0.3)) {
          Sum(results.back(), stack_.tip);
        }
      }
      results.push_back(stack_.tip);
    }
    stack_.Concat(results);
    if (Chance(0.5)) {
      const TensorId output = stack_.tip;
      stack_.tip = input;
      const TensorId shortcut = stack_.Conv({.kernel = 1, .channels = channels});
      Sum(output, shortcut);
    }
    if (Chance(0.2)) stack_.MaxPool(2, 2);
  }

  void Attention(int64_t tokens, int64_t features, int64_t heads) {
    const int64_t depth = features / heads;
    const bool after = Chance(0.4);  // normalised behind the sums, as in BERT; before the blocks elsewhere
    auto encode = [&] {
      const TensorId input = stack_.tip;
      if (!after && Chance(0.7)) stack_.LayerNorm();
      const TensorId normed = stack_.tip;
      auto head = [&](const Shape& permutation) {
        stack_.tip = normed;
        stack_.FullyConnected(features);
        stack_.Reshape({1, tokens, heads, depth});
        return stack_.Transpose(permutation);
      };
      const TensorId query = head({0, 2, 1, 3});
      const TensorId key = head({0, 2, 3, 1});
      const TensorId value = head({0, 2, 1, 3});
      stack_.MatMul(query, key);
      if (Chance(0.6)) stack_.WithConstant(Chance(0.6) ? LayerType::kDiv : LayerType::kMul, {1});
      stack_.Softmax();
      stack_.MatMul(stack_.tip, value);
      stack_.Transpose({0, 2, 1, 3});
      stack_.Reshape({1, tokens, features});
      const TensorId attended = stack_.FullyConnected(features);
      TensorId middle = stack_.Add(attended, input);
      stack_.LayerNorm();
      if (after) middle = stack_.tip;
      stack_.FullyConnected(4 * features, Chance(0.8) ? LayerType::kGelu : LayerType::kRelu);
      const TensorId output = stack_.FullyConnected(features);
      stack_.Add(output, middle);
      if (after) stack_.LayerNorm();
    };
    encode();
  }

  // What stands between the blocks here and there: views, sums, single functions.
  void Sundries() {
    constexpr LayerType kFunctions[] = {
        LayerType::kSigmoid, LayerType::kTanh, LayerType::kGelu,     LayerType::kErf,  LayerType::kExp,
        LayerType::kSqrt,    LayerType::kElu,  LayerType::kSoftplus, LayerType::kMish, LayerType::kHardSigmoid};
    for (int i = 0; i < 3 && stack_.ok(); ++i) {
      const Shape shape = stack_.shape();
      switch (random_.Below(7)) {
        case 0:
          stack_.Append(LayerType::kSlice, SliceAttributes{{1}, {0}, {std::max<int64_t>(1, shape[1] / 2)}, {1}},
                        {stack_.tip});
          break;
        case 1:
          stack_.Append(LayerType::kPad, PadAttributes{{0, 0, 1, 1}, {0, 0, 1, 1}}, {stack_.tip});
          break;
        case 2: {
          const TensorId input = stack_.tip;
          const TensorId mean = stack_.Append(LayerType::kReduce, ReduceAttributes{{2, 3}, true}, {input});
          stack_.Append(Chance(0.5) ? LayerType::kSub : LayerType::kDiv, {}, {input, mean});
          break;
        }
        case 3:
          stack_.Append(LayerType::kInstanceNorm, {}, {stack_.tip});
          break;
        case 4: {
          const TensorId input = stack_.tip;
          const TensorId function = stack_.Activate(random_.Pick<LayerType>(kFunctions));
          stack_.Append(Chance(0.3) ? LayerType::kDiv : LayerType::kMul, {}, {input, function});
          break;
        }
        case 5:
          stack_.Resize(shape[2] * 2, shape[3] * 2);
          break;
        default:
          stack_.Activate(random_.Pick<LayerType>(kFunctions));
      }
      if (Chance(0.5)) stack_.Conv({.kernel = 1, .channels = stack_.channels(), .activation = LayerType::kUnspecified});
    }
  }

  void Block() {
    if (!repeats_ || kind_ < 0 || !Chance(kSameBlock)) kind_ = random_.Uniform() * 104;
    const double kind = kind_;
    if (kind > 100) return Sundries();
    if (kind < 12) return Plain();
    if (kind < 23) return Residual();
    if (kind < 34) return Bottleneck();
    if (kind < 49) return InvertedResidual();
    if (kind < 52) return SeparableConv();
    if (kind < 54.5) return LargeKernelBlock();
    if (kind < 61) return Inception();
    if (kind < 65) return Fire();
    if (kind < 70) return Dense();
    if (kind < 74) return Shuffle();
    if (kind < 79) return CrossStage();
    if (kind < 81) return PyramidPooling();
    if (kind < 85) return UpsampleJoin();
    if (kind < 87) return DilatedPyramid();
    if (kind < 92) return NasCell();
    NasCellWithConcat();
  }

  void Stem() {
    const double kind = random_.Uniform();
    const int64_t channels = RoundChannels(random_.LogUniform(16, 96), random_);
    if (place_.image == kSearchImage) {
      stack_.Conv(
          {.kernel = 3, .channels = channels, .activation = Chance(0.5) ? activation_ : LayerType::kUnspecified});
    } else if (kind < 0.3) {
      stack_.Conv({.kernel = 7, .stride = 2, .channels = channels, .activation = activation_});
      stack_.MaxPool(3, 2);
    } else if (kind < 0.75) {
      stack_.Conv({.kernel = 3, .stride = 2, .channels = channels, .activation = activation_});
    } else if (kind < 0.83) {
      stack_.Conv({.kernel = 3, .channels = std::min<int64_t>(channels, 64), .activation = activation_});
      if (Chance(0.6)) stack_.MaxPool(2, 2);
    } else if (kind < 0.93) {
      stack_.Conv(
          {.kernel = Chance(0.6) ? 11 : 7, .stride = Pick({2, 4, 4}), .channels = channels, .activation = activation_});
      if (Chance(0.6)) stack_.Append(LayerType::kLrn, {}, {stack_.tip});
      stack_.MaxPool(3, 2);
    } else {
      const int64_t patch = Pick({4, 6, 8, 16, 16});
      stack_.Patches(patch, patch >= 16 ? Pick({192, 384, 768}) : channels);
    }
  }

  bool Chance(double probability) { return random_.Uniform() < probability; }

 private:
  int64_t Pick(std::initializer_list<int64_t> choices) {
    return *(choices.begin() + random_.Below(static_cast<int64_t>(choices.size())));
  }

  int64_t Side() const { return stack_.ok() ? std::min(stack_.shape()[2], stack_.shape()[3]) : 0; }
  int64_t Stride(double probability_of_two) { return Chance(probability_of_two) && Side() > 4 ? 2 : 1; }

  // As many channels as the layer before, or about as many.
  int64_t Near(int64_t channels) {
    if (Chance(0.5)) return channels;
    return RoundChannels(
        std::clamp<int64_t>(random_.LogUniform(std::max<int64_t>(4, channels / 2), channels * 2), 4, 2048), random_);
  }

  // A convolution first if the number of channels is no multiple of `divisor`.
  void EvenChannels(int64_t divisor) {
    const int64_t channels = stack_.channels();
    if (channels % divisor == 0) return;
    stack_.Conv({.kernel = 1, .channels = (channels / divisor + 1) * divisor, .activation = activation_});
  }

  void PreActivate() {
    stack_.BatchNorm();
    if (Chance(0.25)) {  // as networks converted from Caffe have it
      stack_.WithConstant(LayerType::kMul, {stack_.channels(), 1, 1});
      stack_.WithConstant(LayerType::kAdd, {stack_.channels(), 1, 1});
    }
    stack_.Activate(LayerType::kRelu);
  }

  void Join(TensorId shortcut, TensorId main, int64_t stride, int64_t channels, bool before) {
    if (!stack_.ok()) return;
    if (stack_.ShapeOf(shortcut) != stack_.ShapeOf(main)) {
      stack_.tip = shortcut;
      if (stride == 2 && Chance(0.15)) stack_.AveragePool(2, 2);
      stack_.Conv({.kernel = 1,
                   .stride = stack_.shape()[2] == stack_.ShapeOf(main)[2] ? 1 : stride,
                   .channels = channels,
                   .activation = LayerType::kUnspecified});
      shortcut = stack_.tip;
    }
    if (stack_.ok() && stack_.ShapeOf(shortcut) != stack_.ShapeOf(main)) return;  // odd sides: rounded differently
    Sum(main, shortcut);
    if (!before) stack_.Activate(activation_);
  }

  // Exporters write operands in any order, and toolchains choose by it.
  TensorId Sum(TensorId a, TensorId b) { return Chance(0.5) ? stack_.Add(a, b) : stack_.Add(b, a); }

  TensorId SqueezeExcite(int64_t width) {
    const TensorId input = stack_.tip;
    const int64_t channels = stack_.channels();
    stack_.GlobalAveragePool();
    stack_.Conv({.kernel = 1, .channels = width, .activation = Chance(0.5) ? LayerType::kRelu : LayerType::kSilu});
    stack_.Conv({.kernel = 1, .channels = channels, .activation = LayerType::kUnspecified});
    const TensorId scale = stack_.Activate(Chance(0.6) ? LayerType::kSigmoid : LayerType::kHardSigmoid);
    return stack_.Mul(input, scale);
  }

  void ShuffleChannels(int64_t groups) {
    if (!stack_.ok()) return;
    const Shape shape = stack_.shape();
    stack_.Reshape({1, groups, shape[1] / groups, shape[2], shape[3]});
    stack_.Transpose({0, 2, 1, 3, 4});
    stack_.Reshape(shape);
  }

  static constexpr double kSameBlock = 0.6;
  static constexpr double kActivatesBefore = 0.15;  // before the convolutions, as in "Identity Mappings"

  NetworkStack& stack_;
  const Place place_;
  Random& random_;
  const bool repeats_;
  const LayerType activation_;
  const bool activates_before_;
  double kind_ = -1;  // of the last block
};

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_EXCERPT_BLOCKS_H_
