#include "core/refinement/queried_subject.h"

#include <gtest/gtest.h>

#include "core/benchmark/layer_space.h"
#include "core/confidence/coverage.h"
#include "core/mapping/features.h"

namespace latimer::refinement {
namespace {

TEST(QueriedSubject, HasTheSizesThatWereAskedFor) {
  using benchmark::SubjectKind;
  benchmark::Random random(8);
  for (const SubjectKind kind :
       {SubjectKind::kConv, SubjectKind::kConvAsymmetric, SubjectKind::kConvGrouped, SubjectKind::kConv3d,
        SubjectKind::kDepthwise, SubjectKind::kFullyConnected, SubjectKind::kTokens, SubjectKind::kMatMul,
        SubjectKind::kPool, SubjectKind::kElementwise, SubjectKind::kActivation}) {
    SCOPED_TRACE(std::string(benchmark::SubjectKindName(kind)));
    for (int i = 0; i < 20; ++i) {
      const absl::StatusOr<Network> asked = benchmark::SampleSubject(kind, random);
      ASSERT_TRUE(asked.ok()) << asked.status();
      const UnitFeatures features = ComputeFeatures(*asked, {0}, 8, 8);
      const std::optional<Network> subject = QueriedSubject(features);
      ASSERT_TRUE(subject.has_value());
      ASSERT_EQ(subject->layers.size(), 1u);
      const UnitFeatures again = ComputeFeatures(*subject, {0}, 8, 8);
      EXPECT_EQ(confidence::MakeCoveragePoint(again), confidence::MakeCoveragePoint(features));
      EXPECT_EQ(again.in_h, features.in_h);
      EXPECT_EQ(again.in_w, features.in_w);
    }
  }
}

TEST(QueriedSubject, LayersThatAreTooLargeOrNotKnownAreLeftOut) {
  UnitFeatures features;
  features.type = LayerType::kConv;
  features.in_h = features.in_w = features.out_h = features.out_w = 100'000;
  features.c_in = features.c_out = 8;
  features.operations = 1e9;
  EXPECT_FALSE(QueriedSubject(features).has_value()) << "too many elements";
  features.in_h = features.in_w = features.out_h = features.out_w = 8;
  EXPECT_TRUE(QueriedSubject(features).has_value());
  features.operations = 1e12;
  EXPECT_FALSE(QueriedSubject(features).has_value()) << "too much work";
  features.operations = 0;
  features.type = LayerType::kUnknown;
  EXPECT_FALSE(QueriedSubject(features).has_value());
  features.type = LayerType::kConv;
  features.c_in = 0;
  EXPECT_FALSE(QueriedSubject(features).has_value()) << "no sizes at all";
}

}  // namespace
}  // namespace latimer::refinement
