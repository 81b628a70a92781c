#include "core/network/input_overrides.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer {
namespace {

using Shapes = std::vector<Shape>;

DeclaredInput Declared(absl::string_view name, const std::vector<int64_t>& dims) {
  DeclaredInput input;
  input.name = name;
  for (int64_t dim : dims) input.dims.push_back({dim, {}});
  return input;
}

ImportOptions Set(const std::vector<InputShapeOverride>& shapes, int64_t batch = 0) {
  ImportOptions options;
  options.input_shapes = shapes;
  options.batch_size = batch;
  return options;
}

std::string Reason(const absl::StatusOr<Shapes>& shapes) {
  EXPECT_EQ(shapes.status().code(), absl::StatusCode::kInvalidArgument) << shapes.status();
  const std::optional<ErrorDetails> details = GetErrorDetails(shapes.status());
  return details.has_value() ? details->reason : "";
}

TEST(InputOverridesTest, DeclaredShapesStay) {
  const absl::StatusOr<Shapes> shapes =
      ResolveInputShapes({Declared("a", {1, 3, 8, 8}), Declared("b", {}), Declared("c", {7})}, {});
  ASSERT_TRUE(shapes.ok()) << shapes.status();
  EXPECT_EQ(*shapes, (Shapes{{1, 3, 8, 8}, {}, {7}}));
  EXPECT_TRUE(ResolveInputShapes({}, {})->empty());
}

TEST(InputOverridesTest, OverridesReplaceByName) {
  const absl::StatusOr<Shapes> shapes =
      ResolveInputShapes({Declared("a", {1, 3}), Declared("b", {-1, -1})}, Set({{"b", {2, 9}}}));
  ASSERT_TRUE(shapes.ok()) << shapes.status();
  EXPECT_EQ(*shapes, (Shapes{{1, 3}, {2, 9}}));
}

TEST(InputOverridesTest, NamelessOverrideFitsTheOnlyInput) {
  EXPECT_EQ(*ResolveInputShapes({Declared("a", {1, 3})}, Set({{"", {4, 5}}})), (Shapes{{4, 5}}));
  const absl::StatusOr<Shapes> two =
      ResolveInputShapes({Declared("a", {1, 3}), Declared("b", {1})}, Set({{"", {4, 5}}}));
  EXPECT_EQ(Reason(two), "INPUT_NAME_MISSING");
  EXPECT_TRUE(absl::StrContains(two.status().message(), "'a', 'b'")) << two.status();
}

TEST(InputOverridesTest, BatchReplacesTheFirstDimension) {
  const absl::StatusOr<Shapes> shapes =
      ResolveInputShapes({Declared("a", {1, 3}), Declared("b", {-1, 5}), Declared("c", {})}, Set({{"a", {2, 4}}}, 16));
  ASSERT_TRUE(shapes.ok()) << shapes.status();
  EXPECT_EQ(*shapes, (Shapes{{16, 4}, {16, 5}, {}}));
}

TEST(InputOverridesTest, NegativeBatchIsRefused) {
  const absl::StatusOr<Shapes> shapes = ResolveInputShapes({Declared("a", {1})}, Set({}, -1));
  EXPECT_EQ(Reason(shapes), "BAD_BATCH_SIZE");
  EXPECT_EQ(GetErrorDetails(shapes.status())->field, "batch_size");
}

TEST(InputOverridesTest, OpenBatchNamesInputDimensionAndOption) {
  DeclaredInput input = Declared("images", {-1, 3, 224, 224});
  input.dims[0].symbol = "N";
  const absl::StatusOr<Shapes> shapes = ResolveInputShapes({input}, {});
  EXPECT_EQ(Reason(shapes), "OPEN_DIMENSION");
  EXPECT_EQ(shapes.status().message(),
            "input 'images' is declared as Nx3x224x224: dimension 0 ('N') is open; set it: --batch 1 or --input-shape "
            "images=… with 4 dimensions");
  const std::optional<ErrorDetails> details = GetErrorDetails(shapes.status());
  EXPECT_EQ(details->field, "batch_size");
  EXPECT_EQ(details->metadata.at("input"), "images");
  EXPECT_EQ(details->metadata.at("dimension"), "0");
}

TEST(InputOverridesTest, OtherOpenDimensionsAreNotForBatch) {
  const absl::StatusOr<Shapes> shapes = ResolveInputShapes({Declared("x", {1, 3, -1, 224})}, Set({}, 2));
  EXPECT_EQ(Reason(shapes), "OPEN_DIMENSION");
  EXPECT_EQ(shapes.status().message(),
            "input 'x' is declared as 1x3x?x224: dimension 2 is open; set it: --input-shape x=… with 4 dimensions");
  EXPECT_EQ(GetErrorDetails(shapes.status())->field, "input_shapes");
}

TEST(InputOverridesTest, UnknownRankNeedsAShape) {
  DeclaredInput input = Declared("x", {});
  input.rank_known = false;
  EXPECT_EQ(Reason(ResolveInputShapes({input}, {})), "OPEN_SHAPE");
  EXPECT_EQ(Reason(ResolveInputShapes({input}, Set({}, 4))), "OPEN_SHAPE");
  EXPECT_EQ(*ResolveInputShapes({input}, Set({{"x", {1, 2, 3}}})), (Shapes{{1, 2, 3}}));
}

TEST(InputOverridesTest, DimensionsBelowOneAreRefused) {
  for (int64_t bad : {int64_t{0}, int64_t{-2}, INT64_MIN}) {
    const absl::StatusOr<Shapes> declared = ResolveInputShapes({Declared("x", {1, bad})}, {});
    EXPECT_EQ(Reason(declared), "BAD_DIMENSION") << bad;
    EXPECT_TRUE(absl::StrContains(declared.status().message(), absl::StrCat("input 'x': dimension 1 is ", bad)));
    EXPECT_EQ(Reason(ResolveInputShapes({Declared("x", {1, 3})}, Set({{"x", {1, bad}}}))), "BAD_DIMENSION") << bad;
  }
  // An override cannot leave a dimension open again.
  EXPECT_EQ(Reason(ResolveInputShapes({Declared("x", {-1, 3})}, Set({{"x", {-1, 3}}}))), "BAD_DIMENSION");
}

TEST(InputOverridesTest, OverrideOfNothingListsTheInputs) {
  const absl::StatusOr<Shapes> shapes =
      ResolveInputShapes({Declared("a", {1}), Declared("b", {1})}, Set({{"data", {1}}}));
  EXPECT_EQ(Reason(shapes), "UNKNOWN_INPUT");
  EXPECT_EQ(shapes.status().message(), "there is no input 'data' to set a shape for; inputs are: 'a', 'b'");
  EXPECT_EQ(ResolveInputShapes({}, Set({{"data", {1}}})).status().message(),
            "there is no input 'data' to set a shape for; inputs are: none");
}

TEST(InputOverridesTest, LongListsOfInputsAreCut) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back(absl::StrCat("in", i));
  std::vector<DeclaredInput> inputs;
  for (const std::string& name : names) inputs.push_back(Declared(name, {1}));
  const absl::StatusOr<Shapes> shapes = ResolveInputShapes(inputs, Set({{"data", {1}}}));
  EXPECT_TRUE(absl::EndsWith(shapes.status().message(), "'in18', 'in19' …")) << shapes.status();
}

TEST(InputOverridesTest, RankMustMatch) {
  const absl::StatusOr<Shapes> shapes = ResolveInputShapes({Declared("x", {1, 3, -1})}, Set({{"x", {1, 3}}}));
  EXPECT_EQ(Reason(shapes), "INPUT_RANK_MISMATCH");
  EXPECT_EQ(shapes.status().message(), "input 'x' is declared as 1x3x?; the shape 1x3 set for it has 2 dimensions");
}

TEST(InputOverridesTest, TwoShapesForOneInputAreRefused) {
  EXPECT_EQ(Reason(ResolveInputShapes({Declared("x", {1})}, Set({{"x", {1}}, {"x", {2}}}))), "DUPLICATE_INPUT_SHAPE");
  EXPECT_EQ(Reason(ResolveInputShapes({Declared("x", {1})}, Set({{"", {1}}, {"x", {1}}}))), "DUPLICATE_INPUT_SHAPE");
}

}  // namespace
}  // namespace latimer
