#include "core/evaluation/confusion.h"

#include <gtest/gtest.h>

namespace latimer {
namespace {

Confusion Of(double tp, double fp, double fn, double tn) {
  Confusion confusion;
  confusion.tp = tp;
  confusion.fp = fp;
  confusion.fn = fn;
  confusion.tn = tn;
  return confusion;
}

TEST(Confusion, CountsWhatWasPredictedAndObserved) {
  Confusion confusion;
  confusion.Add(true, true);
  confusion.Add(true, false);
  confusion.Add(true, false);
  confusion.Add(false, true);
  confusion.Add(Of(2, 0, 0, 5));
  EXPECT_EQ(confusion.tp, 3);
  EXPECT_EQ(confusion.fp, 2);
  EXPECT_EQ(confusion.fn, 1);
  EXPECT_EQ(confusion.tn, 5);
  EXPECT_EQ(confusion.All(), 11);
  EXPECT_EQ(confusion.Wrong(), 3);
}

// Chicco and Jurman 2020, use case A1: F1 0.95, and yet Matthews' correlation 0.14.
TEST(Confusion, F1AndMatthewsCorrelationAreThePublishedOnes) {
  const Confusion majority = Of(90, 4, 5, 1);
  EXPECT_NEAR(majority.F1(), 0.95, 0.005);
  EXPECT_NEAR(majority.Mcc(), 0.14, 0.005);
  EXPECT_EQ(Of(3, 0, 0, 4).Mcc(), 1);
  EXPECT_EQ(Of(0, 3, 4, 0).Mcc(), -1);
}

TEST(Confusion, OneClassAloneIsRightOrUnknown) {
  EXPECT_EQ(Of(0, 0, 0, 7).F1(), 1);
  EXPECT_EQ(Of(0, 0, 0, 7).Mcc(), 1);
  EXPECT_EQ(Of(9, 0, 0, 0).Mcc(), 1);
  EXPECT_EQ(Of(9, 1, 0, 0).Mcc(), 0);
  EXPECT_EQ(Confusion().Mcc(), 1);
}

}  // namespace
}  // namespace latimer
