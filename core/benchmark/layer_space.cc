#include "core/benchmark/layer_space.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_network.h"

namespace latimer::benchmark {
namespace {

constexpr int64_t kMostMacs = 2'000'000'000;
constexpr int64_t kMostElements = 32'000'000;

constexpr int64_t kSpatial[] = {7, 8, 14, 16, 28, 32, 56, 64, 112};

// Channel counts that go with a map of that size; a small map has many channels.
int64_t PickChannels(int64_t spatial, Random& random) {
  const int64_t most = std::clamp<int64_t>(64 * 224 / spatial, 64, 1024);
  const int64_t least = spatial >= 56 ? 8 : 16;
  const double kind = random.Uniform();
  if (kind < 0.06) return 3;
  const int64_t drawn = random.LogUniform(least, most);
  if (kind < 0.14) return drawn;  // anything, also odd
  if (kind < 0.5) return std::max<int64_t>(8, (drawn + 4) / 8 * 8);
  // Powers of two and their halves between, which most networks use.
  int64_t power = 8;
  while (power * 2 <= drawn) power *= 2;
  return drawn >= power * 3 / 2 ? power * 3 / 2 : power;
}

SpatialDims Square(int64_t size) { return {size, size}; }

absl::StatusOr<Network> Conv2d(int64_t height, int64_t width, int64_t c_in, const ConvAttributes& conv) {
  const bool depthwise = conv.groups == c_in && c_in > 1 && conv.output_channels % c_in == 0;
  return LayerNetwork(depthwise ? LayerType::kDepthwiseConv : LayerType::kConv, conv, {Shape{1, c_in, height, width}});
}

int64_t PickStride(Random& random) {
  const double kind = random.Uniform();
  return kind < 0.75 ? 1 : kind < 0.95 ? 2 : 3;
}

absl::StatusOr<Network> SampleConv(Random& random) {
  const int64_t spatial = random.Pick<int64_t>(kSpatial);
  const double kind = random.Uniform();
  const int64_t kernel = kind < 0.4 ? 1 : kind < 0.82 ? 3 : kind < 0.93 ? 5 : 7;
  const int64_t stride = PickStride(random);
  const int64_t dilation = kernel > 1 && random.Uniform() < 0.05 ? 2 : 1;
  const int64_t c_in = PickChannels(spatial, random);
  const int64_t c_out = PickChannels(spatial / stride, random);
  return Conv2d(spatial, spatial, c_in, SameConv(Square(kernel), Square(stride), c_out, 1, Square(dilation)));
}

absl::StatusOr<Network> SampleConvAsymmetric(Random& random) {
  constexpr int64_t kLong[] = {3, 5, 7};
  const int64_t spatial = random.Pick<int64_t>(kSpatial);
  const int64_t length = random.Pick<int64_t>(kLong);
  const SpatialDims kernel = random.Uniform() < 0.5 ? SpatialDims{1, length} : SpatialDims{length, 1};
  return Conv2d(spatial, spatial, PickChannels(spatial, random),
                SameConv(kernel, Square(1), PickChannels(spatial, random)));
}

absl::StatusOr<Network> SampleConvGrouped(Random& random) {
  constexpr int64_t kGroups[] = {2, 4, 8, 32};
  const int64_t spatial = random.Pick<int64_t>(kSpatial);
  const int64_t groups = random.Pick<int64_t>(kGroups);
  auto multiple = [&](int64_t channels) { return std::max<int64_t>(2, (channels + groups / 2) / groups) * groups; };
  const int64_t c_in = multiple(PickChannels(spatial, random));
  const int64_t c_out = multiple(PickChannels(spatial, random));
  return Conv2d(spatial, spatial, c_in, SameConv(Square(3), Square(PickStride(random)), c_out, groups));
}

absl::StatusOr<Network> SampleConv1d(Random& random) {
  constexpr int64_t kLength[] = {64, 128, 256, 512, 1024};
  constexpr int64_t kKernel[] = {1, 3, 5, 9};
  const int64_t length = random.Pick<int64_t>(kLength);
  const int64_t channels = std::max<int64_t>(8, random.LogUniform(8, 512) / 8 * 8);
  const int64_t outputs = std::max<int64_t>(8, random.LogUniform(8, 512) / 8 * 8);
  const int64_t stride = random.Uniform() < 0.75 ? 1 : 2;
  return LayerNetwork(LayerType::kConv, SameConv({random.Pick<int64_t>(kKernel)}, {stride}, outputs),
                      {Shape{1, channels, length}});
}

absl::StatusOr<Network> SampleConv3d(Random& random) {
  constexpr int64_t kSide[] = {7, 14, 28};
  constexpr int64_t kDepth[] = {4, 8, 16};
  const int64_t side = random.Pick<int64_t>(kSide);
  const int64_t channels = std::max<int64_t>(8, random.LogUniform(8, 128) / 8 * 8);
  const int64_t outputs = std::max<int64_t>(8, random.LogUniform(8, 128) / 8 * 8);
  const int64_t kernel = random.Uniform() < 0.3 ? 1 : 3;
  return LayerNetwork(LayerType::kConv, SameConv({kernel, kernel, kernel}, {1, 1, 1}, outputs),
                      {Shape{1, channels, random.Pick<int64_t>(kDepth), side, side}});
}

absl::StatusOr<Network> SampleDepthwise(Random& random) {
  const int64_t spatial = random.Pick<int64_t>(kSpatial);
  const double kind = random.Uniform();
  const int64_t kernel = kind < 0.65 ? 3 : kind < 0.9 ? 5 : 7;
  const int64_t channels = std::max<int64_t>(8, PickChannels(spatial, random));
  return Conv2d(spatial, spatial, channels, SameConv(Square(kernel), Square(PickStride(random)), channels, channels));
}

absl::StatusOr<Network> SampleConvTranspose(Random& random) {
  constexpr int64_t kSide[] = {7, 8, 14, 16, 28, 32};
  const int64_t side = random.Pick<int64_t>(kSide);
  ConvAttributes conv = SameConv(Square(2), Square(2), PickChannels(side, random));
  if (random.Uniform() < 0.5) conv.kernel = Square(4);
  const int64_t pad = (conv.kernel[0] - 2) / 2;
  conv.pad_begin = Square(pad);
  conv.pad_end = Square(pad);
  return LayerNetwork(LayerType::kConvTranspose, conv, {Shape{1, PickChannels(side, random), side, side}});
}

absl::StatusOr<Network> SampleFullyConnected(Random& random) {
  const int64_t in = std::max<int64_t>(16, random.LogUniform(64, 8192) / 16 * 16);
  const int64_t out = random.Uniform() < 0.3 ? 1000 : std::max<int64_t>(10, random.LogUniform(10, 4096));
  return LayerNetwork(LayerType::kFullyConnected, FullyConnectedAttributes{in, out, true}, {Shape{1, in}});
}

absl::StatusOr<Network> SampleTokens(Random& random) {
  constexpr int64_t kTokens[] = {49, 64, 128, 197, 384};
  constexpr int64_t kFeatures[] = {64, 128, 192, 256, 384, 512, 768, 1024, 1536};
  const int64_t in = random.Pick<int64_t>(kFeatures);
  const int64_t out = random.Pick<int64_t>(kFeatures);
  return LayerNetwork(LayerType::kFullyConnected, FullyConnectedAttributes{in, out, true},
                      {Shape{1, random.Pick<int64_t>(kTokens), in}});
}

absl::StatusOr<Network> SampleMatMul(Random& random) {
  constexpr int64_t kTokens[] = {49, 64, 128, 197, 384};
  constexpr int64_t kHeads[] = {3, 4, 6, 8, 12};
  constexpr int64_t kFeatures[] = {32, 64};
  const int64_t tokens = random.Pick<int64_t>(kTokens);
  const int64_t heads = random.Pick<int64_t>(kHeads);
  const int64_t features = random.Pick<int64_t>(kFeatures);
  if (random.Uniform() < 0.5) {
    return LayerNetwork(LayerType::kMatMul, MatMulAttributes{},
                        {Shape{1, heads, tokens, features}, Shape{1, heads, features, tokens}});
  }
  return LayerNetwork(LayerType::kMatMul, MatMulAttributes{},
                      {Shape{1, heads, tokens, tokens}, Shape{1, heads, tokens, features}});
}

Shape SampleMap(Random& random) {
  const int64_t spatial = random.Pick<int64_t>(kSpatial);
  return Shape{1, std::max<int64_t>(8, PickChannels(spatial, random)), spatial, spatial};
}

absl::StatusOr<Network> SamplePool(Random& random) {
  const double kind = random.Uniform();
  const int64_t kernel = kind < 0.4 ? 2 : 3;
  const int64_t stride = kind < 0.75 ? 2 : 1;
  const LayerType type = random.Uniform() < 0.6 ? LayerType::kMaxPool : LayerType::kAveragePool;
  return LayerNetwork(type, SamePool(Square(kernel), Square(stride)), {SampleMap(random)});
}

absl::StatusOr<Network> SampleElementwise(Random& random) {
  const Shape shape = SampleMap(random);
  const double kind = random.Uniform();
  if (kind < 0.5) return LayerNetwork(LayerType::kAdd, {}, {shape, shape});
  if (kind < 0.7) return LayerNetwork(LayerType::kMul, {}, {shape, shape});
  if (kind < 0.95) return LayerNetwork(LayerType::kMul, {}, {shape, Shape{1, shape[1], 1, 1}});
  return LayerNetwork(LayerType::kSub, {}, {shape, shape});
}

absl::StatusOr<Network> SampleActivation(Random& random) {
  constexpr LayerType kTypes[] = {LayerType::kRelu,      LayerType::kRelu6,     LayerType::kSigmoid,
                                  LayerType::kSilu,      LayerType::kHardSwish, LayerType::kHardSigmoid,
                                  LayerType::kLeakyRelu, LayerType::kTanh,      LayerType::kElu,
                                  LayerType::kPRelu,     LayerType::kMish};
  return LayerNetwork(random.Pick<LayerType>(kTypes), {}, {SampleMap(random)});
}

absl::StatusOr<Network> SampleConcat(Random& random) {
  const Shape first = SampleMap(random);
  Shape second = first;
  second[1] = std::max<int64_t>(8, PickChannels(first[2], random));
  return LayerNetwork(LayerType::kConcat, AxisAttributes{1}, {first, second});
}

absl::StatusOr<Network> SampleResize(Random& random) {
  constexpr int64_t kSide[] = {7, 8, 14, 16, 28, 32};
  const int64_t side = random.Pick<int64_t>(kSide);
  const Shape shape{1, std::max<int64_t>(8, PickChannels(side, random)), side, side};
  return LayerNetwork(LayerType::kResize, OutputShapeAttributes{Shape{1, shape[1], 2 * side, 2 * side}}, {shape});
}

absl::StatusOr<Network> SampleSoftmax(Random& random) {
  constexpr int64_t kTokens[] = {49, 64, 128, 197, 384};
  constexpr int64_t kHeads[] = {3, 4, 6, 8, 12};
  if (random.Uniform() < 0.3) return LayerNetwork(LayerType::kSoftmax, AxisAttributes{1}, {Shape{1, 1000}});
  const int64_t tokens = random.Pick<int64_t>(kTokens);
  return LayerNetwork(LayerType::kSoftmax, AxisAttributes{3}, {Shape{1, random.Pick<int64_t>(kHeads), tokens, tokens}});
}

absl::StatusOr<Network> SampleNormalization(Random& random) {
  constexpr int64_t kTokens[] = {49, 64, 128, 197, 384};
  constexpr int64_t kFeatures[] = {64, 128, 192, 256, 384, 512, 768, 1024};
  const double kind = random.Uniform();
  if (kind < 0.5) {
    return LayerNetwork(LayerType::kLayerNorm, AxisAttributes{2},
                        {Shape{1, random.Pick<int64_t>(kTokens), random.Pick<int64_t>(kFeatures)}});
  }
  return LayerNetwork(kind < 0.85 ? LayerType::kBatchNorm : LayerType::kInstanceNorm, {}, {SampleMap(random)});
}

absl::StatusOr<Network> SampleTranspose(Random& random) {
  const Shape shape = SampleMap(random);
  return LayerNetwork(LayerType::kTranspose, TransposeAttributes{{0, 2, 3, 1}}, {shape});
}

absl::StatusOr<Network> SampleReduce(Random& random) {
  ReduceAttributes reduce;
  reduce.axes = {2, 3};
  return LayerNetwork(LayerType::kReduce, reduce, {SampleMap(random)});
}

absl::StatusOr<Network> SampleOnce(SubjectKind kind, Random& random) {
  switch (kind) {
    case SubjectKind::kConv:
      return SampleConv(random);
    case SubjectKind::kConvAsymmetric:
      return SampleConvAsymmetric(random);
    case SubjectKind::kConvGrouped:
      return SampleConvGrouped(random);
    case SubjectKind::kConv1d:
      return SampleConv1d(random);
    case SubjectKind::kConv3d:
      return SampleConv3d(random);
    case SubjectKind::kDepthwise:
      return SampleDepthwise(random);
    case SubjectKind::kConvTranspose:
      return SampleConvTranspose(random);
    case SubjectKind::kFullyConnected:
      return SampleFullyConnected(random);
    case SubjectKind::kTokens:
      return SampleTokens(random);
    case SubjectKind::kMatMul:
      return SampleMatMul(random);
    case SubjectKind::kPool:
      return SamplePool(random);
    case SubjectKind::kGlobalPool:
      return LayerNetwork(LayerType::kGlobalAveragePool, {}, {SampleMap(random)});
    case SubjectKind::kElementwise:
      return SampleElementwise(random);
    case SubjectKind::kActivation:
      return SampleActivation(random);
    case SubjectKind::kConcat:
      return SampleConcat(random);
    case SubjectKind::kResize:
      return SampleResize(random);
    case SubjectKind::kSoftmax:
      return SampleSoftmax(random);
    case SubjectKind::kNormalization:
      return SampleNormalization(random);
    case SubjectKind::kTranspose:
      return SampleTranspose(random);
    case SubjectKind::kReduce:
      return SampleReduce(random);
  }
  return absl::InternalError("unknown kind of subject");
}

bool IsAffordable(const Network& network) {
  int64_t elements = 0;
  for (const Tensor& tensor : network.tensors) elements += NumElements(tensor.shape);
  for (const Constant& constant : network.constants) elements += NumElements(constant.shape);
  return Macs(network) <= kMostMacs && elements <= kMostElements;
}

}  // namespace

absl::string_view SubjectKindName(SubjectKind kind) {
  static constexpr absl::string_view kNames[kNumSubjectKinds] = {
      "conv",           "conv_asymmetric", "conv_grouped",    "conv_1d",    "conv_3d",
      "depthwise_conv", "conv_transpose",  "fully_connected", "tokens",     "mat_mul",
      "pool",           "global_pool",     "elementwise",     "activation", "concat",
      "resize",         "softmax",         "normalization",   "transpose",  "reduce"};
  return kNames[static_cast<size_t>(kind)];
}

absl::StatusOr<Network> SampleSubject(SubjectKind kind, Random& random) {
  while (true) {  // ends: every kind has affordable subjects with a probability well above one half
    LATIMER_ASSIGN_OR_RETURN(Network network, SampleOnce(kind, random));
    if (IsAffordable(network)) return network;
  }
}

absl::StatusOr<std::vector<Sweep>> MakeSweeps(double density) {
  struct Base {
    int64_t spatial;
    int64_t c_in;
    int64_t c_out;
    int64_t kernel;
  };
  constexpr Base kBases[] = {{28, 64, 64, 3}, {14, 128, 128, 1}};
  // Around multiples of the usual unrollings, where steps show.
  constexpr int64_t kSizes[] = {4,  8,  12, 15, 16, 17, 20, 24, 28, 31,  32,  33,  40,  48, 49,
                                56, 63, 64, 65, 72, 80, 81, 96, 97, 112, 113, 127, 128, 129};
  constexpr int64_t kSides[] = {7, 8, 9, 12, 14, 15, 16, 17, 20, 24, 28, 30, 31, 32, 33};
  std::vector<Sweep> sweeps;
  absl::Status status;
  auto add = [&](std::string name, auto sizes, auto make) -> absl::Status {
    Sweep sweep;
    sweep.name = std::move(name);
    double take = 0;
    for (int64_t size : sizes) {
      take += density;
      if (take < 1) continue;
      take -= 1;
      LATIMER_ASSIGN_OR_RETURN(Network network, make(size));
      sweep.points.push_back(std::move(network));
    }
    if (!sweep.points.empty()) sweeps.push_back(std::move(sweep));
    return absl::OkStatus();
  };
  for (const Base& base : kBases) {
    const std::string at = absl::StrCat(" ", base.kernel, "x", base.kernel, " at ", base.spatial, "x", base.spatial,
                                        ", ", base.c_in, " to ", base.c_out);
    auto conv = [&](int64_t h, int64_t w, int64_t c_in, int64_t c_out) {
      return Conv2d(h, w, c_in, SameConv(Square(base.kernel), Square(1), c_out));
    };
    LATIMER_RETURN_IF_ERROR(add("conv c_out" + at, absl::MakeConstSpan(kSizes),
                                [&](int64_t s) { return conv(base.spatial, base.spatial, base.c_in, s); }));
    LATIMER_RETURN_IF_ERROR(add("conv c_in" + at, absl::MakeConstSpan(kSizes),
                                [&](int64_t s) { return conv(base.spatial, base.spatial, s, base.c_out); }));
    LATIMER_RETURN_IF_ERROR(add("conv h" + at, absl::MakeConstSpan(kSides),
                                [&](int64_t s) { return conv(s, base.spatial, base.c_in, base.c_out); }));
    LATIMER_RETURN_IF_ERROR(add("conv w" + at, absl::MakeConstSpan(kSides),
                                [&](int64_t s) { return conv(base.spatial, s, base.c_in, base.c_out); }));
  }
  LATIMER_RETURN_IF_ERROR(add("depthwise_conv c 3x3 at 28x28", absl::MakeConstSpan(kSizes),
                              [&](int64_t s) { return Conv2d(28, 28, s, SameConv(Square(3), Square(1), s, s)); }));
  LATIMER_RETURN_IF_ERROR(add("fully_connected outputs of 1024", absl::MakeConstSpan(kSizes), [&](int64_t s) {
    return LayerNetwork(LayerType::kFullyConnected, FullyConnectedAttributes{1024, s, true}, {Shape{1, 1024}});
  }));
  return sweeps;
}

absl::StatusOr<std::vector<Network>> MakeStaples(int sizes) {
  const Shape kMaps[] = {{1, 64, 56, 56}, {1, 256, 14, 14}, {1, 128, 28, 28}, {1, 32, 112, 112}};
  const Shape kTokens[] = {{1, 197, 384}, {1, 128, 768}, {1, 49, 768}, {1, 197, 1536}};
  constexpr LayerType kOnMaps[] = {LayerType::kRelu,      LayerType::kRelu6,
                                   LayerType::kSigmoid,   LayerType::kSilu,
                                   LayerType::kHardSwish, LayerType::kHardSigmoid,
                                   LayerType::kTanh,      LayerType::kLeakyRelu,
                                   LayerType::kBatchNorm, LayerType::kGlobalAveragePool};
  struct FirstLayer {
    int64_t kernel;
    int64_t stride;
    int64_t c_out;
  };
  constexpr FirstLayer kFirst[] = {{3, 2, 32}, {7, 2, 64}, {3, 1, 64}, {3, 2, 16}};
  const FullyConnectedAttributes kClassifiers[] = {
      {4096, 4096, true}, {1280, 1000, true}, {512, 1000, true}, {2048, 1000, true}};
  constexpr LayerType kOnTokens[] = {LayerType::kGelu, LayerType::kLayerNorm, LayerType::kAdd};
  std::vector<Network> staples;
  auto add = [&](LayerType type, const LayerAttributes& attributes, std::vector<Shape> inputs) -> absl::Status {
    LATIMER_ASSIGN_OR_RETURN(Network network, LayerNetwork(type, attributes, inputs));
    staples.push_back(std::move(network));
    return absl::OkStatus();
  };
  for (size_t i = 0; i < static_cast<size_t>(std::clamp(sizes, 1, 4)); ++i) {
    const Shape& map = kMaps[i];
    LATIMER_RETURN_IF_ERROR(add(LayerType::kAdd, {}, {map, map}));
    LATIMER_RETURN_IF_ERROR(add(LayerType::kMul, {}, {map, Shape{1, map[1], 1, 1}}));
    LATIMER_RETURN_IF_ERROR(add(LayerType::kConcat, AxisAttributes{1}, {map, map}));
    LATIMER_RETURN_IF_ERROR(add(LayerType::kMaxPool, SamePool(Square(3), Square(2)), {map}));
    LATIMER_RETURN_IF_ERROR(add(LayerType::kAveragePool, SamePool(Square(3), Square(1)), {map}));
    for (LayerType type : kOnMaps) LATIMER_RETURN_IF_ERROR(add(type, {}, {map}));
    // First layers of networks: three channels of a large image.
    const int64_t image = i % 2 == 0 ? 224 : 160;
    const FirstLayer& first = kFirst[i];
    LATIMER_RETURN_IF_ERROR(add(LayerType::kConv, SameConv(Square(first.kernel), Square(first.stride), first.c_out),
                                {Shape{1, 3, image, image}}));
    // Classifiers: nothing but weights, which may exceed every cache.
    const FullyConnectedAttributes& classifier = kClassifiers[i];
    LATIMER_RETURN_IF_ERROR(add(LayerType::kFullyConnected, classifier, {Shape{1, classifier.input_features}}));
    const Shape& tokens = kTokens[i];
    for (LayerType type : kOnTokens) {
      const LayerAttributes attributes =
          type == LayerType::kLayerNorm ? LayerAttributes(AxisAttributes{2}) : LayerAttributes();
      std::vector<Shape> inputs(type == LayerType::kAdd ? 2 : 1, tokens);
      LATIMER_RETURN_IF_ERROR(add(type, attributes, std::move(inputs)));
    }
  }
  return staples;
}

absl::StatusOr<std::vector<FusionProbe>> MakeFusionProbes() {
  // A cheap first layer: what the second adds must stand out of the noise.
  const ConvAttributes conv = SameConv(Square(1), Square(1), 64);
  const ConvAttributes depthwise = SameConv(Square(3), Square(1), 64, 64);
  const Shape map{1, 64, 56, 56};
  const PoolAttributes pool = SamePool(Square(2), Square(2));
  struct Pair {
    ChainLink first;
    ChainLink second;
  };
  const std::vector<Pair> pairs = {
      {{LayerType::kConv, conv}, {LayerType::kRelu, {}}},
      {{LayerType::kConv, conv}, {LayerType::kRelu6, {}}},
      {{LayerType::kConv, conv}, {LayerType::kLeakyRelu, {}}},
      {{LayerType::kConv, conv}, {LayerType::kSigmoid, {}}},
      {{LayerType::kConv, conv}, {LayerType::kSilu, {}}},
      {{LayerType::kConv, conv}, {LayerType::kHardSwish, {}}},
      {{LayerType::kConv, conv}, {LayerType::kAdd, {}}},
      {{LayerType::kConv, conv}, {LayerType::kMaxPool, pool}},
      {{LayerType::kDepthwiseConv, depthwise}, {LayerType::kRelu, {}}},
      {{LayerType::kDepthwiseConv, depthwise}, {LayerType::kRelu6, {}}},
      {{LayerType::kAdd, {}}, {LayerType::kRelu, {}}},
  };
  std::vector<FusionProbe> probes;
  for (const Pair& pair : pairs) {
    std::vector<Shape> inputs{map};
    if (IsElementwiseBroadcast(pair.first.type)) inputs.push_back(map);
    LATIMER_ASSIGN_OR_RETURN(Network alone, ChainNetwork(inputs, {pair.first}));
    LATIMER_ASSIGN_OR_RETURN(Network both, ChainNetwork(inputs, {pair.first, pair.second}));
    probes.push_back({pair.first.type, pair.second.type, std::move(alone), std::move(both)});
  }
  return probes;
}

}  // namespace latimer::benchmark
