#include "core/refinement/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/benchmark/random.h"

namespace latimer::refinement {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

confidence::CoveragePoint At(float c_in, float c_out = 5, float type = 1) {
  confidence::CoveragePoint point{};
  point[2] = c_in;
  point[3] = c_out;
  point.back() = type;
  return point;
}

TEST(Choose, DoubtDecides) {
  const std::vector<Demand> demands = {{At(3), 1}, {At(8), 5}, {At(12), 2}};
  const std::vector<Candidate> candidates = {{{At(3)}}, {{At(8)}}, {{At(12)}}};
  EXPECT_THAT(ChooseCandidates(candidates, demands, 2), ElementsAre(1, 1 + 1));
}

TEST(Choose, WhatWasJustMeasuredIsLessInDoubt) {
  const std::vector<Demand> demands = {{At(3), 1}, {At(8), 1.2}};
  const std::vector<Candidate> candidates = {{{At(8)}}, {{At(8)}}, {{At(3)}}};
  EXPECT_THAT(ChooseCandidates(candidates, demands, 3), ElementsAre(0, 2, 1));
}

TEST(Choose, OneMeasurementOfManyLayersIsWorthTheirSum) {
  const std::vector<Demand> demands = {{At(3), 1}, {At(6), 1}, {At(9), 1.2}};
  const std::vector<Candidate> candidates = {{{At(9)}}, {{At(3), At(6)}}};
  EXPECT_THAT(ChooseCandidates(candidates, demands, 1), ElementsAre(1));
}

TEST(Choose, DearMeasurementsHaveToBeWorthIt) {
  const std::vector<Demand> demands = {{At(3), 1}, {At(8), 1.2}};
  std::vector<Candidate> candidates = {{{At(8)}, 2}, {{At(3)}, 1}};
  EXPECT_THAT(ChooseCandidates(candidates, demands, 1), ElementsAre(1));
}

TEST(Choose, NothingIsChosenThatTellsNothing) {
  EXPECT_THAT(ChooseCandidates({{{At(3)}}}, {{At(3, 5, 2), 1}}, 4), IsEmpty()) << "another type";
  EXPECT_THAT(ChooseCandidates({{{At(3)}}}, {{At(30), 1}}, 4), IsEmpty()) << "far away";
  EXPECT_THAT(ChooseCandidates({{{At(3)}}}, {{At(3), 0}}, 4), IsEmpty()) << "no doubt";
  EXPECT_THAT(ChooseCandidates({}, {{At(3), 1}}, 4), IsEmpty());
  EXPECT_THAT(ChooseCandidates({{{At(3)}}}, {{At(3), 1}}, 0), IsEmpty());
}

TEST(Choose, TheQuickChoiceIsThatOfTryingAll) {
  benchmark::Random random(4);
  std::vector<Demand> demands;
  for (int i = 0; i < 60; ++i) {
    demands.push_back(
        {At(static_cast<float>(6 * random.Uniform()), static_cast<float>(6 * random.Uniform())), random.Uniform()});
  }
  std::vector<Candidate> candidates;
  for (int i = 0; i < 40; ++i) {
    Candidate candidate;
    for (int64_t j = random.Below(4); j >= 0; --j) {
      candidate.points.push_back(
          At(static_cast<float>(6 * random.Uniform()), static_cast<float>(6 * random.Uniform())));
    }
    candidates.push_back(std::move(candidate));
  }
  // The first of k choices does not depend on k: what is chosen later only adds.
  const std::vector<size_t> twelve = ChooseCandidates(candidates, demands, 12);
  ASSERT_EQ(twelve.size(), 12u);
  for (size_t count : {1u, 5u, 11u}) {
    const std::vector<size_t> few = ChooseCandidates(candidates, demands, count);
    EXPECT_EQ(few, std::vector<size_t>(twelve.begin(), twelve.begin() + static_cast<ptrdiff_t>(count)));
  }
  // The next one chosen is the best of what is left, alone.
  std::vector<Candidate> left;
  std::vector<size_t> index;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i == twelve[0]) continue;
    left.push_back(candidates[i]);
    index.push_back(i);
  }
  const std::vector<size_t> all_but_best = ChooseCandidates(left, demands, 1);
  ASSERT_EQ(all_but_best.size(), 1u);
  EXPECT_NE(index[all_but_best[0]], twelve[0]);
}

}  // namespace
}  // namespace latimer::refinement
