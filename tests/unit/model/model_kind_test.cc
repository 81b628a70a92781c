#include "core/model/model_kind.h"

#include <gtest/gtest.h>

#include "latimer/v1/estimate.pb.h"

namespace latimer {
namespace {

TEST(ModelKindTest, NamesAndKindsAreInverse) {
  for (int i = 1; i < kNumModelKinds; ++i) {
    const auto kind = static_cast<ModelKind>(i);
    EXPECT_EQ(ModelKindFromName(ModelKindName(kind)), kind) << i;
  }
}

TEST(ModelKindTest, NumbersAreThoseOfTheApi) {
  EXPECT_EQ(static_cast<int>(ModelKind::kAuto), v1::MODEL_KIND_AUTO);
  EXPECT_EQ(static_cast<int>(ModelKind::kRoofline), v1::MODEL_KIND_ROOFLINE);
  EXPECT_EQ(static_cast<int>(ModelKind::kRefinedRoofline), v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_EQ(static_cast<int>(ModelKind::kStatistical), v1::MODEL_KIND_STATISTICAL);
  EXPECT_EQ(static_cast<int>(ModelKind::kMixed), v1::MODEL_KIND_MIXED);
  EXPECT_EQ(kNumModelKinds, v1::ModelKind_ARRAYSIZE);
}

TEST(ModelKindTest, AcceptsTheShortNameAndRefusesOthers) {
  EXPECT_EQ(ModelKindFromName("refined"), ModelKind::kRefinedRoofline);
  EXPECT_EQ(ModelKindFromName("Roofline"), std::nullopt);
  EXPECT_EQ(ModelKindFromName("unspecified"), std::nullopt);
  EXPECT_EQ(ModelKindFromName(""), std::nullopt);
}

}  // namespace
}  // namespace latimer
