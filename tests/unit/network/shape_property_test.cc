// Shape rules against slow but obvious counting, and against parameters nobody would write. The generator is seeded, so
// that a failure repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include "core/network/shape_inference.h"
#include "shape_inference_helpers.h"

namespace latimer {
namespace {

class Generator {
 public:
  int64_t Between(int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(engine_); }
  // Mostly small numbers, sometimes one from the far ends.
  int64_t Wild() {
    static constexpr int64_t kFar[] = {INT64_MIN,
                                       INT64_MIN + 1,
                                       -(int64_t{1} << 32),
                                       -1,
                                       0,
                                       int64_t{1} << 31,
                                       int64_t{1} << 32,
                                       int64_t{1} << 61,
                                       int64_t{1} << 62,
                                       INT64_MAX / 2 + 1,
                                       INT64_MAX - 1,
                                       INT64_MAX};
    return Between(0, 5) == 0 ? kFar[Between(0, std::size(kFar) - 1)] : Between(-2, 9);
  }
  template <typename List>
  List WildList(int64_t most_values) {
    List list(static_cast<size_t>(Between(0, most_values)));
    for (int64_t& value : list) value = Wild();
    return list;
  }
  // A shape a Network may hold.
  Shape Valid(int64_t least_rank, int64_t most_rank, int64_t most_size = 12) {
    Shape shape(static_cast<size_t>(Between(least_rank, most_rank)));
    for (int64_t& dim : shape) dim = Between(1, most_size);
    if (!shape.empty() && Between(0, 19) == 0) shape[0] = int64_t{1} << Between(30, 40);
    return shape;
  }

 private:
  std::mt19937_64 engine_{20240607};
};

TEST(ShapePropertyTest, WindowsAreThoseThatCanBePlaced) {
  Generator random;
  for (int round = 0; round < 20'000; ++round) {
    const int64_t input = random.Between(1, 20);
    const int64_t kernel = random.Between(1, 6);
    const int64_t stride = random.Between(1, 5);
    const int64_t dilation = random.Between(1, 3);
    const int64_t pad_begin = random.Between(0, 4);
    const int64_t pad_end = random.Between(0, 4);
    const int64_t reach = (kernel - 1) * dilation + 1;
    const int64_t padded = pad_begin + input + pad_end;
    // Windows that fit; with ceil_mode also one whose end hangs over, and then without a last one that starts in the
    // padding after the input.
    int64_t floor_count = 0;
    int64_t ceil_count = 0;
    int64_t last = 0;
    for (int64_t start = 0; start == 0 || start - stride + reach < padded; start += stride) {
      if (start + reach <= padded) ++floor_count;
      ++ceil_count;
      last = start;
    }
    if (ceil_count > 1 && last >= pad_begin + input) --ceil_count;
    absl::StatusOr<int64_t> floor_size = WindowOutputSize(input, kernel, stride, dilation, pad_begin, pad_end, false);
    absl::StatusOr<int64_t> ceil_size = WindowOutputSize(input, kernel, stride, dilation, pad_begin, pad_end, true);
    ASSERT_EQ(floor_size.ok(), reach <= padded);
    ASSERT_EQ(ceil_size.ok(), reach <= padded);
    if (reach > padded) continue;
    ASSERT_EQ(*floor_size, floor_count) << input << " " << kernel << " " << stride << " " << dilation << " "
                                        << pad_begin << " " << pad_end;
    ASSERT_EQ(*ceil_size, ceil_count) << input << " " << kernel << " " << stride << " " << dilation << " " << pad_begin
                                      << " " << pad_end;
  }
}

// A transposed convolution gives back the size a convolution came from if output_padding says which of the sizes that
// the stride merges it was.
TEST(ShapePropertyTest, ConvTransposeUndoesConv) {
  Generator random;
  int64_t checked = 0;
  for (int round = 0; round < 20'000; ++round) {
    ConvAttributes conv;
    conv.kernel = {random.Between(1, 7)};
    conv.stride = {random.Between(1, 4)};
    conv.dilation = {random.Between(1, 3)};
    conv.pad_begin = {random.Between(0, 3)};
    conv.pad_end = {random.Between(0, 3)};
    conv.output_padding = {0};
    conv.output_channels = 5;
    const Shape input = {2, 3, random.Between(1, 40)};
    absl::StatusOr<ShapeList> down = InferOutputShapes(LayerType::kConv, conv, {input});
    if (!down.ok()) continue;
    const int64_t reach = (conv.kernel[0] - 1) * conv.dilation[0] + 1;
    conv.output_padding = {(input[2] + conv.pad_begin[0] + conv.pad_end[0] - reach) % conv.stride[0]};
    conv.output_channels = 3;
    absl::StatusOr<ShapeList> up = InferOutputShapes(LayerType::kConvTranspose, conv, {(*down)[0]});
    ASSERT_TRUE(up.ok()) << up.status();
    ASSERT_EQ((*up)[0], input);
    ++checked;
  }
  EXPECT_GT(checked, 10'000);
}

TEST(ShapePropertyTest, SlicesTakeTheElementsTheyCount) {
  Generator random;
  int64_t not_empty = 0;
  for (int round = 0; round < 50'000; ++round) {
    const int64_t size = random.Between(1, 9);
    const int64_t start = random.Wild();
    const int64_t end = random.Wild();
    const int64_t step = random.Wild();
    // ONNX: negative indices count from the end, then both are clamped.
    auto from_end = [size](int64_t index) { return index < 0 ? index + size : index; };
    int64_t count = 0;
    if (step > 0) {
      const int64_t last = std::clamp<int64_t>(from_end(end), 0, size);
      for (int64_t at = std::clamp<int64_t>(from_end(start), 0, size); at < last; at += step) {
        ++count;
        if (step > size) break;
      }
    } else if (step < 0) {
      const int64_t last = std::clamp<int64_t>(from_end(end), -1, size - 1);
      for (int64_t at = std::clamp<int64_t>(from_end(start), 0, size - 1); at > last; at += step) {
        ++count;
        if (step < -size) break;
      }
    }
    const std::string text = Infer(LayerType::kSlice, SliceAttributes{{0}, {start}, {end}, {step}}, {{size}});
    if (step == 0 || count == 0) {
      ASSERT_EQ(text.substr(0, 6), "error:") << size << " " << start << " " << end << " " << step;
    } else {
      ASSERT_EQ(text, std::to_string(count)) << size << " " << start << " " << end << " " << step;
      ++not_empty;
    }
  }
  EXPECT_GT(not_empty, 5'000);
}

TEST(ShapePropertyTest, BroadcastingIsSymmetricAndHoldsBothInputs) {
  Generator random;
  int64_t fitting = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Shape a = random.Valid(0, 4, 3);
    const Shape b = random.Valid(0, 4, 3);
    absl::StatusOr<Shape> ab = BroadcastShapes(a, b);
    absl::StatusOr<Shape> ba = BroadcastShapes(b, a);
    ASSERT_EQ(ab.ok(), ba.ok());
    if (!ab.ok()) continue;
    ++fitting;
    ASSERT_EQ(*ab, *ba);
    ASSERT_EQ(*BroadcastShapes(a, *ab), *ab);
    ASSERT_EQ(*BroadcastShapes(*ab, *ab), *ab);
    ASSERT_EQ(ab->size(), std::max(a.size(), b.size()));
  }
  EXPECT_GT(fitting, 3'000);
}

TEST(ShapePropertyTest, SplitThenConcatIsTheInput) {
  Generator random;
  for (int round = 0; round < 5'000; ++round) {
    const Shape input = random.Valid(1, 5);
    const int64_t axis = random.Between(0, static_cast<int64_t>(input.size()) - 1);
    if (input[static_cast<size_t>(axis)] > 100) continue;
    SplitAttributes split;
    split.axis = axis;
    for (int64_t left = input[static_cast<size_t>(axis)]; left > 0;) {
      split.sizes.push_back(random.Between(1, left));
      left -= split.sizes.back();
    }
    absl::StatusOr<ShapeList> parts = InferOutputShapes(LayerType::kSplit, split, {input});
    ASSERT_TRUE(parts.ok()) << parts.status();
    absl::StatusOr<ShapeList> whole = InferOutputShapes(LayerType::kConcat, AxisAttributes{axis}, *parts);
    ASSERT_TRUE(whole.ok()) << whole.status();
    ASSERT_EQ((*whole)[0], input);
  }
}

TEST(ShapePropertyTest, TransposeTwiceIsTheInput) {
  Generator random;
  for (int round = 0; round < 5'000; ++round) {
    const Shape input = random.Valid(1, 6);
    TransposeAttributes there;
    for (size_t i = 0; i < input.size(); ++i) there.permutation.push_back(static_cast<int64_t>(i));
    for (size_t i = input.size(); i-- > 1;) {
      std::swap(there.permutation[i],
                there.permutation[static_cast<size_t>(random.Between(0, static_cast<int64_t>(i)))]);
    }
    TransposeAttributes back;
    back.permutation.resize(input.size());
    for (size_t i = 0; i < input.size(); ++i) {
      back.permutation[static_cast<size_t>(there.permutation[i])] = static_cast<int64_t>(i);
    }
    absl::StatusOr<ShapeList> turned = InferOutputShapes(LayerType::kTranspose, there, {input});
    ASSERT_TRUE(turned.ok()) << turned.status();
    absl::StatusOr<ShapeList> same = InferOutputShapes(LayerType::kTranspose, back, *turned);
    ASSERT_TRUE(same.ok()) << same.status();
    ASSERT_EQ((*same)[0], input);
  }
}

LayerAttributes WildAttributes(Generator& random) {
  auto spatial = [&random] { return random.WildList<SpatialDims>(4); };
  auto list = [&random] { return random.WildList<Shape>(9); };
  switch (random.Between(0, 11)) {
    case 0:
      return ConvAttributes{spatial(), spatial(),     spatial(),     spatial(), spatial(),
                            spatial(), random.Wild(), random.Wild(), true};
    case 1:
      return PoolAttributes{spatial(), spatial(), spatial(), spatial(), spatial(), random.Between(0, 1) == 0};
    case 2:
      return FullyConnectedAttributes{random.Wild(), random.Wild(), true};
    case 3:
      return MatMulAttributes{random.Between(0, 1) == 0, random.Between(0, 1) == 0};
    case 4:
      return ReduceAttributes{list(), random.Between(0, 1) == 0};
    case 5:
      return AxisAttributes{random.Wild()};
    case 6:
      return SplitAttributes{random.Wild(), list()};
    case 7:
      return SliceAttributes{list(), list(), list(), list()};
    case 8:
      return PadAttributes{list(), list()};
    case 9:
      return TransposeAttributes{list()};
    case 10:
      return OutputShapeAttributes{list()};
    default:
      return {};
  }
}

// Every type with every kind of parameters: an answer is valid, everything else a clean error.
TEST(ShapePropertyTest, AnswersAreValidWhateverTheParameters) {
  Generator random;
  std::vector<int64_t> answers(kNumLayerTypes, 0);
  for (int round = 0; round < 300'000; ++round) {
    const auto type = static_cast<LayerType>(random.Between(0, kNumLayerTypes - 1));
    const LayerAttributes attributes = WildAttributes(random);
    std::vector<Shape> inputs(static_cast<size_t>(random.Between(0, 3)));
    for (Shape& shape : inputs) shape = random.Valid(0, 5, 4);
    absl::StatusOr<ShapeList> outputs = InferOutputShapes(type, attributes, inputs);
    if (!outputs.ok()) {
      ASSERT_EQ(outputs.status().code(), absl::StatusCode::kInvalidArgument) << outputs.status();
      ASSERT_FALSE(outputs.status().message().empty());
      continue;
    }
    ++answers[static_cast<size_t>(type)];
    ASSERT_FALSE(outputs->empty());
    for (const Shape& shape : *outputs) {
      for (int64_t dim : shape) ASSERT_GE(dim, 1) << LayerTypeName(type);
      ASSERT_TRUE(CheckedNumElements(shape).ok()) << LayerTypeName(type);
    }
  }
  EXPECT_EQ(answers[0], 0);
  EXPECT_GT(answers[static_cast<size_t>(LayerType::kAdd)], 100);
  EXPECT_GT(answers[static_cast<size_t>(LayerType::kReshape)], 0);
  EXPECT_GT(answers[static_cast<size_t>(LayerType::kReduce)], 0);
}

}  // namespace
}  // namespace latimer
