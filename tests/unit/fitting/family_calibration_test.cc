// Calibration of layer models on made-up errors whose spread is known.
#include "core/fitting/family_calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/confidence/difficulty.h"
#include "core/confidence/score_sketch.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

constexpr auto kMixed = static_cast<size_t>(ModelKind::kMixed);
constexpr double kLevels[] = {0.6, 0.8, 0.9, 0.95, 0.98};

using SpreadOf = std::function<double(const UnitFeatures&)>;

UnitFeatures RandomConvolution(benchmark::Random& random) {
  UnitFeatures f;
  f.type = LayerType::kConv;
  f.in_h = f.in_w = f.out_h = f.out_w = random.LogUniform(4, 128);
  f.c_in = random.LogUniform(3, 512);
  f.c_out = random.LogUniform(8, 512);
  f.kernel_h = f.kernel_w = 3;
  f.operations = 18.0 * static_cast<double>(f.out_h * f.out_w * f.c_in * f.c_out);
  f.input_bytes = static_cast<double>(f.in_h * f.in_w * f.c_in);
  f.output_bytes = static_cast<double>(f.out_h * f.out_w * f.c_out);
  f.weight_bytes = 9.0 * static_cast<double>(f.c_in * f.c_out);
  return f;
}

struct Data {
  std::vector<HeldOutPrediction> predictions;
  std::vector<CalibrationRow> rows;
};

// Estimates that are off by normal errors of a known deviation.
Data MakeData(int count, const SpreadOf& spread, uint64_t seed, double padding = 0) {
  benchmark::Random random(seed);
  const AnalyticalModel board = TestBoard();
  Data data;
  for (int i = 0; i < count; ++i) {
    HeldOutPrediction& one = data.predictions.emplace_back();
    one.unit_type = "Conv";
    one.features = RandomConvolution(random);
    one.fold = i % 4;
    one.log_measured = std::log(board.Estimate(one.features).seconds);
    one.measured = {std::exp(one.log_measured - padding), std::exp(one.log_measured + padding)};
    const double estimate = std::exp(one.log_measured + spread(one.features) * Noise(random));
    one.seconds.fill(estimate);
    one.seconds[0] = one.seconds[1] = 0;
  }
  for (HeldOutPrediction& one : data.predictions) {
    data.rows.push_back({&one, MakeTreeFeatures(one.features, board, board), one.log_measured});
  }
  return data;
}

const model::v1::KindCalibration& Mixed(const FamilyCalibration& calibration, const std::string& type = "Conv") {
  for (const model::v1::KindCalibration& one : calibration.types.at(type)) {
    if (one.model_kind() == v1::MODEL_KIND_MIXED) return one;
  }
  ADD_FAILURE() << "there is no mixed model";
  return calibration.types.at(type)[0];
}

struct Judged {
  std::array<double, std::size(kLevels)> coverage{};
  double width = 0;  // mean of the 90 % intervals, in the logarithm
};

// Intervals of the calibration on data it has not seen.
Judged Judge(const FamilyCalibration& calibration, const Data& data) {
  const auto& kind = Mixed(calibration);
  const auto sketch = confidence::ScoreSketch::Read("scores", kind.scores());
  EXPECT_TRUE(sketch.ok()) << sketch.status();
  std::optional<confidence::Difficulty> difficulty;
  if (calibration.difficulty.has_value()) {
    difficulty = *confidence::Difficulty::Create("difficulty", *calibration.difficulty);
  }
  Judged judged;
  const double each = 1.0 / static_cast<double>(data.rows.size());
  for (const CalibrationRow& row : data.rows) {
    double scale = 1;
    if (difficulty.has_value()) {
      const auto measure = static_cast<confidence::Measure>(kind.measure());
      scale = static_cast<double>(difficulty->Of(measure, row.held_out->features, row.features).scale);
    }
    const double error = std::abs(row.held_out->log_measured - std::log(row.held_out->seconds[kMixed]));
    for (size_t i = 0; i < std::size(kLevels); ++i) {
      if (error <= scale * sketch->Quantile(kLevels[i])) judged.coverage[i] += each;
    }
    judged.width += each * 2 * scale * sketch->Quantile(0.9);
  }
  return judged;
}

// Small layers scatter six times as much.
double UnevenSpread(const UnitFeatures& f) { return f.out_h < 20 ? 0.3 : 0.05; }

TEST(FamilyCalibration, FreshLayersAreCoveredAsOftenAsPromised) {
  const SpreadOf even = [](const UnitFeatures&) { return 0.1; };
  for (const SpreadOf& spread : {even, SpreadOf(UnevenSpread)}) {
    for (const int count : {40, 160, 1200}) {
      Data data = MakeData(count, spread, 3);
      const auto calibration = CalibrateFamily(data.rows, true, {});
      ASSERT_TRUE(calibration.ok()) << calibration.status();
      const Judged judged = Judge(*calibration, MakeData(4000, spread, 4));
      for (size_t i = 0; i < std::size(kLevels); ++i) {
        // Binomial noise of the calibration's own measurements, at 3 deviations.
        const double noise = 3 * std::sqrt(kLevels[i] * (1 - kLevels[i]) / count);
        EXPECT_GT(judged.coverage[i], kLevels[i] - noise - 0.01) << count << " measurements, level " << kLevels[i];
        EXPECT_LT(judged.coverage[i], kLevels[i] + noise + 0.03) << count << " measurements, level " << kLevels[i];
      }
    }
  }
}

TEST(FamilyCalibration, ALocalScaleIsTakenWhereErrorsDiffer) {
  Data uneven = MakeData(1200, UnevenSpread, 5);
  const auto local = CalibrateFamily(uneven.rows, true, {});
  ASSERT_TRUE(local.ok()) << local.status();
  EXPECT_NE(Mixed(*local).measure(), model::v1::CONFIDENCE_MEASURE_CONSTANT);
  const auto constant = CalibrateFamily(uneven.rows, false, {});
  ASSERT_TRUE(constant.ok()) << constant.status();
  EXPECT_EQ(Mixed(*constant).measure(), model::v1::CONFIDENCE_MEASURE_CONSTANT);
  EXPECT_FALSE(constant->difficulty.has_value());
  const Data fresh = MakeData(3000, UnevenSpread, 6);
  EXPECT_LT(Judge(*local, fresh).width, 0.75 * Judge(*constant, fresh).width);

  for (const model::v1::KindCalibration& one : local->types.at("Conv")) {
    const bool trees = one.model_kind() == v1::MODEL_KIND_STATISTICAL || one.model_kind() == v1::MODEL_KIND_MIXED;
    EXPECT_TRUE(trees || one.measure() == model::v1::CONFIDENCE_MEASURE_CONSTANT) << "analytical models have one scale";
  }
}

TEST(FamilyCalibration, IntervalsOfPaddingWidenIntervals) {
  // The model sits at the middle of every interval; the truth may be anywhere within.
  const SpreadOf exact = [](const UnitFeatures&) { return 0.01; };
  Data narrow = MakeData(300, exact, 7);
  Data wide = MakeData(300, exact, 7, 0.2);
  const auto of_narrow = CalibrateFamily(narrow.rows, true, {});
  const auto of_wide = CalibrateFamily(wide.rows, true, {});
  ASSERT_TRUE(of_narrow.ok() && of_wide.ok());
  const Data fresh = MakeData(500, exact, 8);
  EXPECT_GT(Judge(*of_wide, fresh).width, 3 * Judge(*of_narrow, fresh).width);
}

TEST(FamilyCalibration, TypesWithFewMeasurementsLeanOnTheirFamily) {
  Data data = MakeData(
      400, [](const UnitFeatures&) { return 0.1; }, 9);
  data.predictions[7].unit_type = "Rare";
  data.predictions[8].unit_type = "Rare";
  const auto calibration = CalibrateFamily(data.rows, true, {});
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  const double common = confidence::ScoreSketch::Read("s", Mixed(*calibration).scores()).value().Quantile(0.9);
  const double rare = confidence::ScoreSketch::Read("s", Mixed(*calibration, "Rare").scores()).value().Quantile(0.9);
  EXPECT_NEAR(rare / common, 1, 0.3) << "two scores alone tell nothing of a tenth";
}

TEST(FamilyCalibration, TheSameDataGiveTheSameCalibration) {
  Data data = MakeData(200, UnevenSpread, 10);
  const auto once = CalibrateFamily(data.rows, true, {});
  const auto again = CalibrateFamily(data.rows, true, {});
  ASSERT_TRUE(once.ok() && again.ok());
  EXPECT_EQ(once->difficulty->SerializeAsString(), again->difficulty->SerializeAsString());
  EXPECT_EQ(Mixed(*once).SerializeAsString(), Mixed(*again).SerializeAsString());
}

}  // namespace
}  // namespace latimer::fitting
