#include "core/benchmark/network_excerpts.h"

#include <algorithm>
#include <utility>

#include "core/benchmark/excerpt_blocks.h"
#include "core/benchmark/network_stack.h"

namespace latimer::benchmark {
namespace {

constexpr int64_t kMostMacs = 700'000'000;
constexpr int64_t kMostElements = 40'000'000;
constexpr double kDeepShare = 0.12;
constexpr double kDeepSearchedShare = 0.4;  // of repeated blocks: searched networks are small, and many
constexpr size_t kDeepLayers = 24;

absl::StatusOr<Network> Tokens(Random& random) {
  constexpr int64_t kTokens[] = {16, 49, 50, 64, 128, 128, 196, 197, 197, 256, 384};
  constexpr int64_t kDepth[] = {32, 64, 64, 64};
  const int64_t tokens = random.Pick<int64_t>(kTokens);
  const int64_t heads = 1 + random.Below(12);
  const int64_t features = heads * random.Pick<int64_t>(kDepth);
  NetworkStack stack({1, tokens, features});
  Drawer(stack, {}, random).Attention(tokens, features, heads);
  return std::move(stack).Finish("excerpt");
}

// Signals and volumes.
absl::StatusOr<Network> OtherDimensions(Random& random) {
  const bool volume = random.Uniform() < 0.5;
  const int64_t channels = RoundChannels(random.LogUniform(8, volume ? 64 : 256), random);
  constexpr int64_t kSides[] = {7, 14, 28};
  const int64_t side = random.Pick<int64_t>(kSides);
  NetworkStack stack(volume ? Shape{1, channels, 4 << random.Below(3), side, side}
                            : Shape{1, channels, 64 << random.Below(5)});
  const SpatialDims kernel(volume ? 3 : 1, 1 + 2 * random.Below(volume ? 2 : 4));
  for (int i = 0; i < 2; ++i) {
    ConvAttributes conv;
    conv.kernel = kernel;
    conv.stride = SpatialDims(kernel.size(), i == 0 && random.Uniform() < 0.3 ? 2 : 1);
    conv.dilation = SpatialDims(kernel.size(), 1);
    conv.output_padding = SpatialDims(kernel.size(), 0);
    conv.pad_begin = conv.pad_end = SpatialDims(kernel.size(), kernel[0] / 2);
    conv.bias = true;
    conv.output_channels = RoundChannels(random.LogUniform(8, volume ? 64 : 256), random);
    stack.Append(LayerType::kConv, conv, {stack.tip});
    stack.Activate(LayerType::kRelu);
  }
  return std::move(stack).Finish("excerpt");
}

// What classic networks end with. Their weights come from memory, where all else fits into caches.
absl::StatusOr<Network> Head(Random& random) {
  constexpr int64_t kFeatures[] = {1024, 2048, 4096, 4096, 9216, 9216, 18432, 25088};
  constexpr int64_t kWidths[] = {512, 1024, 2048, 4096, 4096};
  NetworkStack stack({1, random.Pick<int64_t>(kFeatures)});
  const int64_t hidden = random.Below(3);
  for (int64_t i = 0; i < hidden; ++i) stack.FullyConnected(random.Pick<int64_t>(kWidths), LayerType::kRelu);
  stack.FullyConnected(random.Uniform() < 0.5 ? 1000 : random.Pick<int64_t>(kWidths));
  return std::move(stack).Finish("excerpt");
}

absl::StatusOr<Network> Maps(Random& random, bool repeats) {
  const Place place = PickPlace(random);
  const double start = random.Uniform();
  const bool stem = start < 0.16;
  NetworkStack stack(stem ? Shape{1, 3, place.image, place.image} : Shape{1, place.channels, place.side, place.side});
  Drawer drawer(stack, place, random, repeats);
  if (stem) drawer.Stem();
  // Most are short: a layer costs what it costs behind its neighbours. Some are as deep as whole stages of networks,
  // whose weights no cache keeps from one inference to the next.
  const bool deep = random.Uniform() < (repeats && place.image == kSearchImage ? kDeepSearchedShare : kDeepShare);
  const int64_t blocks = deep ? 4 + random.Below(9) : 1 + random.Below(stem ? 2 : 3);
  for (int64_t i = 0; i < blocks && stack.ok(); ++i) drawer.Block();
  if (stack.ok()) {
    const double end = random.Uniform();
    if (place.side <= 16 ? end < 0.2 : end < 0.02) {
      drawer.Classifier();
    } else if (end < 0.27) {
      drawer.DetectionHead();
    } else if (end < 0.31) {
      drawer.SegmentationHead();
    }
  }
  return std::move(stack).Finish("excerpt");
}

// Excerpts of many layers, of transformers, whose blocks are wide, and heads may be twice as large.
bool IsAffordable(const Network& network, bool large) {
  int64_t elements = 0;
  for (const Tensor& tensor : network.tensors) elements += NumElements(tensor.shape);
  for (const Constant& constant : network.constants) elements += NumElements(constant.shape);
  const int64_t factor = large || network.layers.size() > kDeepLayers ? 2 : 1;
  return Macs(network) <= factor * kMostMacs && elements <= factor * kMostElements;
}

}  // namespace

absl::StatusOr<Network> SampleExcerpt(Random& random, ExcerptBlocks blocks) {
  // Ends: most draws are affordable. A draw whose blocks do not fit each other is drawn again too; that nothing else is
  // wrong shows in the limit.
  absl::Status last;
  for (int tries = 0; tries < 200; ++tries) {
    const double kind = random.Uniform();
    absl::StatusOr<Network> network = kind < 0.08   ? Tokens(random)
                                      : kind < 0.12 ? Head(random)
                                      : kind < 0.15 ? OtherDimensions(random)
                                                    : Maps(random, blocks == ExcerptBlocks::kRepeated);
    if (network.ok() && IsAffordable(*network, kind < 0.12)) return network;
    last = network.status();
  }
  return last.ok() ? absl::InternalError("no excerpt was affordable") : last;
}

}  // namespace latimer::benchmark
