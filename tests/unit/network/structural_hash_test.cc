#include "core/network/structural_hash.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/network/network_builder.h"

namespace latimer {
namespace {

// A small network of many parts; `edit` changes one of them.
struct Parts {
  std::string prefix = "a";
  Shape input{1, 8, 16, 16};
  DataType type = DataType::kFloat32;
  ConvAttributes conv{{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, 1, 8, true};
  PoolAttributes pool{{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, false};
  LayerType activation = LayerType::kRelu;
  Shape permutation{0, 2, 3, 1};
  int64_t concat_axis = 1;
  int64_t softmax_axis = 1;
  ReduceAttributes reduce{{2, 3}, true};
  SplitAttributes split{1, {4, 12}};
  SliceAttributes slice{{1}, {0}, {6}, {1}};
  PadAttributes pad{{0, 0, 1, 1}, {0, 0, 1, 1}};
  bool swap_concat = false;  // connections
  bool add_reads_conv_twice = false;
  bool drop_output = false;
};

uint64_t Hash(const Parts& parts) {
  NetworkBuilder builder;
  int next = 0;
  auto name = [&](absl::string_view what) { return parts.prefix + std::string(what) + std::to_string(next++); };
  auto add = [&](LayerType type, const LayerAttributes& attributes, std::vector<TensorId> inputs) -> LayerId {
    LayerSpec spec;
    const std::string layer_name = name("layer");
    spec.name = layer_name;
    spec.type = type;
    spec.attributes = attributes;
    for (TensorId id : inputs) spec.operands.push_back(Operand::Activation(id));
    absl::StatusOr<LayerId> id = builder.AddLayer(spec);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? *id : kNone;
  };
  auto out = [&](LayerId id, size_t i = 0) { return builder.network().layers[id].outputs[i]; };
  const TensorId x = *builder.AddInput(name("x"), parts.input, parts.type);
  const LayerId conv = add(LayerType::kConv, parts.conv, {x});
  const LayerId activation = add(parts.activation, {}, {out(conv)});
  const LayerId pool = add(LayerType::kMaxPool, parts.pool, {x});
  std::vector<TensorId> joined{out(activation), out(pool)};
  if (parts.swap_concat) std::swap(joined[0], joined[1]);
  const LayerId concat = add(LayerType::kConcat, AxisAttributes{parts.concat_axis}, joined);
  if (parts.concat_axis == 1) {
    const LayerId split = add(LayerType::kSplit, parts.split, {out(concat)});
    add(LayerType::kSlice, parts.slice, {out(split, 1)});
    add(LayerType::kPad, parts.pad, {out(split, 0)});
  }
  add(LayerType::kTranspose, TransposeAttributes{parts.permutation}, {out(concat)});
  add(LayerType::kSoftmax, AxisAttributes{parts.softmax_axis}, {out(concat)});
  add(LayerType::kReduce, parts.reduce, {out(concat)});
  add(LayerType::kAdd, {}, {out(activation), parts.add_reads_conv_twice ? out(activation) : out(conv)});
  absl::StatusOr<Network> network = std::move(builder).Finish({});
  EXPECT_TRUE(network.ok()) << network.status();
  if (parts.drop_output) network->outputs.pop_back();
  return network.ok() ? StructuralHash(*network) : 0;
}

TEST(StructuralHash, NamesDoNotMatter) {
  Parts other;
  other.prefix = "quite different";
  EXPECT_EQ(Hash(Parts()), Hash(other));
}

TEST(StructuralHash, EverythingElseDoes) {
  const std::vector<std::pair<const char*, std::function<void(Parts&)>>> edits = {
      {"height", [](Parts& p) { p.input[2] = 17; }},
      {"batch", [](Parts& p) { p.input[0] = 2; }},
      {"element type", [](Parts& p) { p.type = DataType::kFloat16; }},
      {"kernel",
       [](Parts& p) {
         p.conv.kernel = {1, 1};
         p.conv.pad_begin = p.conv.pad_end = {0, 0};
       }},
      {"kernel turned",
       [](Parts& p) {
         p.conv.kernel = {1, 3};
         p.conv.pad_begin = p.conv.pad_end = {0, 1};
       }},
      {"dilation",
       [](Parts& p) {
         p.conv.dilation = {2, 2};
         p.conv.pad_begin = p.conv.pad_end = {2, 2};
       }},
      {"padding moved",
       [](Parts& p) {
         p.conv.pad_begin = {2, 1};
         p.conv.pad_end = {0, 1};
       }},
      {"groups", [](Parts& p) { p.conv.groups = 2; }},
      {"bias", [](Parts& p) { p.conv.bias = false; }},
      {"pool kernel",
       [](Parts& p) {
         p.pool.kernel = {5, 5};
         p.pool.pad_begin = p.pool.pad_end = {2, 2};
       }},
      {"pool dilation",
       [](Parts& p) {
         p.pool.dilation = {2, 2};
         p.pool.pad_begin = p.pool.pad_end = {2, 2};
       }},
      {"pool ceil mode", [](Parts& p) { p.pool.ceil_mode = true; }},
      {"pool padding",
       [](Parts& p) {
         p.pool.pad_begin = {2, 1};
         p.pool.pad_end = {0, 1};
       }},
      {"layer type", [](Parts& p) { p.activation = LayerType::kSigmoid; }},
      {"permutation",
       [](Parts& p) {
         p.permutation = {0, 3, 2, 1};
       }},
      {"concat axis", [](Parts& p) { p.concat_axis = 2; }},
      {"softmax axis", [](Parts& p) { p.softmax_axis = 2; }},
      {"reduce axes",
       [](Parts& p) {
         p.reduce.axes = {1, 3};
       }},
      {"kept dimensions", [](Parts& p) { p.reduce.keep_dims = false; }},
      {"split sizes",
       [](Parts& p) {
         p.split.sizes = {5, 11};
       }},
      {"slice start",
       [](Parts& p) {
         p.slice.starts = {1};
         p.slice.ends = {7};
       }},
      {"slice step",
       [](Parts& p) {
         p.slice.steps = {2};
         p.slice.ends = {12};
       }},
      {"pad side",
       [](Parts& p) {
         p.pad.begin = {0, 0, 2, 1};
         p.pad.end = {0, 0, 0, 1};
       }},
      {"concat order", [](Parts& p) { p.swap_concat = true; }},
      {"connection", [](Parts& p) { p.add_reads_conv_twice = true; }},
      {"network output", [](Parts& p) { p.drop_output = true; }},
  };
  std::set<uint64_t> seen{Hash(Parts())};
  for (const auto& [what, edit] : edits) {
    Parts parts;
    edit(parts);
    EXPECT_TRUE(seen.insert(Hash(parts)).second) << what;
  }
}

Network FullyConnected(bool transposed) {
  NetworkBuilder builder;
  LayerSpec spec;
  spec.name = "fc";
  spec.type = LayerType::kFullyConnected;
  spec.attributes = FullyConnectedAttributes{64, 10, false};
  spec.operands.push_back(Operand::Activation(*builder.AddInput("x", {1, 64}, DataType::kFloat32)));
  const Shape shape = transposed ? Shape{10, 64} : Shape{64, 10};
  spec.weights.push_back(*builder.AddConstant("w", shape, DataType::kFloat32));
  EXPECT_TRUE(builder.AddLayer(spec).ok());
  absl::StatusOr<Network> network = std::move(builder).Finish({});
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

TEST(StructuralHash, WeightsOfFullyConnectedLayersCountEitherWayRound) {
  EXPECT_EQ(StructuralHash(FullyConnected(true)), StructuralHash(FullyConnected(false)));
}

Network Reshaped(const Shape& target) {
  NetworkBuilder builder;
  LayerSpec spec;
  spec.name = "reshape";
  spec.type = LayerType::kReshape;
  spec.attributes = OutputShapeAttributes{target};
  spec.operands.push_back(Operand::Activation(*builder.AddInput("x", {1, 64, 2}, DataType::kFloat32)));
  EXPECT_TRUE(builder.AddLayer(spec).ok());
  absl::StatusOr<Network> network = std::move(builder).Finish({});
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

TEST(StructuralHash, OpenDimensionsOfReshapesAreWhatTheyBecome) {
  EXPECT_EQ(StructuralHash(Reshaped({1, -1})), StructuralHash(Reshaped({1, 128})));
  EXPECT_NE(StructuralHash(Reshaped({1, 128})), StructuralHash(Reshaped({2, 64})));
}

// Stored measurements are found by these values: they change only together with kStructuralHashVersion.
TEST(StructuralHash, IsFrozen) {
  EXPECT_EQ(kStructuralHashVersion, 1);
  EXPECT_EQ(Hash(Parts()), 12384391364668648953U);
  EXPECT_EQ(StructuralHashText(FullyConnected(false)), "9339be17d9cafba9");
  EXPECT_EQ(StructuralHashText(Reshaped({1, 128})), "06d57beb083e378d");
}

}  // namespace
}  // namespace latimer
