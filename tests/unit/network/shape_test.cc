#include "core/network/shape.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/base/error.h"
#include "core/network/layer_type.h"

namespace latimer {
namespace {

constexpr int64_t kTwo62 = int64_t{1} << 62;

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(*CheckedNumElements(Shape{}), 1);
  EXPECT_EQ(*CheckedNumElements(Shape{1, 3, 224, 224}), 150528);
  EXPECT_EQ(NumElements(Shape{1, 3, 224, 224}), 150528);
  EXPECT_EQ(NumElements(Shape{}), 1);
  EXPECT_EQ(*CheckedNumElements(Shape{7, 0, 3}), 0);
}

TEST(ShapeTest, RefusesNegativeAndTooManyElements) {
  EXPECT_EQ(*CheckedNumElements(Shape{kTwo62}), kTwo62);
  EXPECT_EQ(CheckedNumElements(Shape{kTwo62, 2}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CheckedNumElements(Shape{kTwo62 + 1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CheckedNumElements(Shape{3, -1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CheckedNumElements(Shape{INT64_MIN}).status().code(), absl::StatusCode::kOutOfRange);
  // A zero hides nothing: the other dimensions still have to be representable.
  EXPECT_FALSE(CheckedNumElements(Shape{0, kTwo62, 4}).ok());
  EXPECT_FALSE(CheckedNumElements(Shape{0, -1}).ok());
}

TEST(ShapeTest, WritesAndReadsText) {
  EXPECT_EQ(ShapeToString(Shape{1, 3, 224, 224}), "1x3x224x224");
  EXPECT_EQ(ShapeToString(Shape{}), "scalar");
  EXPECT_EQ(*ParseShape("1x3x224x224"), (Shape{1, 3, 224, 224}));
  EXPECT_EQ(*ParseShape("1,3,224,224"), (Shape{1, 3, 224, 224}));
  EXPECT_EQ(*ParseShape("7"), Shape{7});
}

TEST(ShapeTest, RefusesTextThatIsNoShape) {
  for (const char* text : {"", "x", "1x", "x1", "1x0", "1x-3", "1xthree", "1 x 3 y", "1x3.5", "99999999999999999999",
                           "4611686018427387904x4", "1x3x224x224x"}) {
    const absl::StatusOr<Shape> shape = ParseShape(text);
    EXPECT_EQ(shape.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(GetErrorDetails(shape.status())->reason, "BAD_SHAPE") << text;
  }
  EXPECT_EQ(ParseShape("1xthree").status().message(),
            "'1xthree' is not a shape: write positive sizes joined by x, for example 1x3x224x224");
}

TEST(DataTypeTest, KnowsWidthAndKind) {
  EXPECT_EQ(BitWidth(DataType::kUnspecified), 32);
  EXPECT_EQ(BitWidth(DataType::kFloat32), 32);
  EXPECT_EQ(BitWidth(DataType::kBFloat16), 16);
  EXPECT_EQ(BitWidth(DataType::kInt8), 8);
  EXPECT_EQ(BitWidth(DataType::kInt64), 64);
  EXPECT_EQ(BitWidth(DataType::kBool), 8);
  EXPECT_TRUE(IsFloatingPoint(DataType::kFloat16));
  EXPECT_TRUE(IsFloatingPoint(DataType::kUnspecified));
  EXPECT_FALSE(IsFloatingPoint(DataType::kInt32));
  EXPECT_EQ(DataTypeName(DataType::kFloat32), "float32");
  EXPECT_EQ(DataTypeName(DataType::kBool), "bool");
  EXPECT_EQ(DataTypeName(DataType::kUnspecified), "unspecified");
}

TEST(LayerTypeTest, EveryTypeHasItsOwnName) {
  std::set<std::string> names;
  for (int i = 1; i < kNumLayerTypes; ++i) {
    const auto type = static_cast<LayerType>(i);
    const absl::string_view name = LayerTypeName(type);
    EXPECT_NE(name, "Unspecified");
    EXPECT_TRUE(names.insert(std::string(name)).second) << name;
    EXPECT_EQ(LayerTypeFromName(name), type);
  }
  EXPECT_EQ(LayerTypeName(LayerType::kUnspecified), "Unspecified");
  EXPECT_EQ(LayerTypeFromName("Unspecified"), std::nullopt);
  EXPECT_EQ(LayerTypeFromName("conv"), std::nullopt);
}

TEST(LayerTypeTest, FamiliesDoNotOverlap) {
  int families[4] = {};
  for (int i = 0; i < kNumLayerTypes; ++i) {
    const auto type = static_cast<LayerType>(i);
    const bool member[] = {IsConvolution(type), IsPooling(type), IsElementwiseBroadcast(type),
                           IsElementwiseUnary(type)};
    int count = 0;
    for (int f = 0; f < 4; ++f) {
      families[f] += member[f] ? 1 : 0;
      count += member[f] ? 1 : 0;
    }
    EXPECT_LE(count, 1) << LayerTypeName(type);
  }
  EXPECT_EQ(families[0], 3);
  EXPECT_EQ(families[1], 5);
  EXPECT_EQ(families[2], 9);   // Add … Where
  EXPECT_EQ(families[3], 22);  // Relu … Cast, Quantize, Dequantize
  EXPECT_TRUE(IsElementwiseUnary(LayerType::kCast));
  EXPECT_TRUE(IsElementwiseUnary(LayerType::kQuantize));
  EXPECT_FALSE(IsElementwiseUnary(LayerType::kSoftmax));
}

}  // namespace
}  // namespace latimer
