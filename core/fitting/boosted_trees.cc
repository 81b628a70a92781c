#include "core/fitting/boosted_trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/fitting/xgboost_library.h"

namespace latimer::fitting {
namespace {

constexpr float kPullInside = 0.15F;         // as DataPoint::Residual()
constexpr size_t kRowsForHistograms = 1500;  // exact splits take too long beyond
constexpr int kRoundsPerLabel = 10;          // labels follow the predictions into the intervals every so often

absl::StatusOr<std::vector<float>> Predict(const Booster& booster, const Matrix& matrix, size_t rows) {
  constexpr char kConfig[] =
      R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  LATIMER_RETURN_IF_ERROR(
      XgboostStatus(XGBoosterPredictFromDMatrix(booster.get(), matrix.get(), kConfig, &shape, &dimensions, &result)));
  if (dimensions < 1 || shape[0] != rows) return absl::InternalError("XGBoost: predictions have another shape");
  return std::vector<float>(result, result + rows);
}

absl::Status CheckRows(absl::Span<const TreeRow> rows) {
  if (rows.empty()) return InvalidArgument("NO_ROWS", "trees cannot grow without data");
  for (const TreeRow& row : rows) {
    const bool finite = std::all_of(row.features.begin(), row.features.end(), [](float x) { return std::isfinite(x); });
    if (!finite || !std::isfinite(row.target) || !(row.lower <= row.upper) || !(row.weight >= 0)) {
      return InvalidArgument("BAD_ROW", "a row of the training data is no number or has no interval");
    }
  }
  return absl::OkStatus();
}

void Describe(absl::Span<const TreeRow> rows, float intercept, model::v1::TreeEnsemble* to) {
  to->set_feature_version(kTreeFeatureVersion);
  to->set_intercept(intercept);
  float least = rows[0].target;
  float most = rows[0].target;
  TreeFeatureRow low = rows[0].features;
  TreeFeatureRow high = rows[0].features;
  for (const TreeRow& row : rows) {
    least = std::min(least, row.target);
    most = std::max(most, row.target);
    for (size_t i = 0; i < kNumTreeFeatures; ++i) {
      low[i] = std::min(low[i], row.features[i]);
      high[i] = std::max(high[i], row.features[i]);
    }
  }
  to->mutable_feature_min()->Add(low.begin(), low.end());
  to->mutable_feature_max()->Add(high.begin(), high.end());
  to->set_log_ratio_min(least);
  to->set_log_ratio_max(most);
}

double MeanOf(absl::Span<const TreeRow> rows, size_t feature) {
  double sum = 0;
  double weights = 1e-9;
  for (const TreeRow& row : rows) {
    sum += static_cast<double>(row.weight) * static_cast<double>(row.features[feature]);
    weights += static_cast<double>(row.weight);
  }
  return sum / weights;
}

// Solves the symmetric positive definite system a x = b in place (Cholesky); `n` x `n`, row by row.
void Solve(std::vector<double>& a, std::vector<double>& b, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    for (size_t k = 0; k < j; ++k) a[j * n + j] -= a[j * n + k] * a[j * n + k];
    a[j * n + j] = std::sqrt(std::max(a[j * n + j], 1e-12));
    for (size_t i = j + 1; i < n; ++i) {
      for (size_t k = 0; k < j; ++k) a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] /= a[j * n + j];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

std::string Constraints() {
  std::array<int, kNumTreeFeatures> signs{};
  for (size_t feature : kNeverFasterFeatures) signs[feature] = 1;
  return absl::StrCat("(", absl::StrJoin(signs, ","), ")");
}

// Ridge regression on standardised features towards the intervals; large residuals count linearly. Trees need many
// splits for a slope; few measurements do not allow them.
std::vector<double> FitLinear(absl::Span<const TreeRow> rows, double ridge, const model::v1::TreeEnsemble& described) {
  constexpr size_t n = kNumTreeFeatures;
  constexpr double kHuber = 0.15;
  std::array<double, n> mean{};
  std::array<double, n> scale{};
  for (size_t i = 0; i < n; ++i) {
    mean[i] = MeanOf(rows, i);
    const int at = static_cast<int>(i);
    double squares = 0;
    for (const TreeRow& row : rows) squares += std::pow(static_cast<double>(row.features[i]) - mean[i], 2);
    const bool varies = described.feature_max(at) > described.feature_min(at);
    scale[i] = varies ? std::sqrt(squares / static_cast<double>(rows.size())) + 1e-6 : 0;
  }
  const double center = described.intercept();
  std::vector<double> solution(n, 0);
  for (int iteration = 0; iteration < 6; ++iteration) {
    std::vector<double> a(n * n, 0);
    std::vector<double> b(n, 0);
    std::array<double, n> x{};
    for (const TreeRow& row : rows) {
      double now = center;
      for (size_t i = 0; i < n; ++i) {
        x[i] = scale[i] > 0 ? (static_cast<double>(row.features[i]) - mean[i]) / scale[i] : 0;
        now += solution[i] * x[i];
      }
      const auto target = static_cast<double>(row.target);
      const double nearest =
          iteration == 0 ? target : std::clamp(now, static_cast<double>(row.lower), static_cast<double>(row.upper));
      const double label = (1 - kPullInside) * nearest + kPullInside * target;
      const double residual = iteration == 0 ? 0 : std::abs(now - label);
      const double weight = static_cast<double>(row.weight) * std::min(1.0, kHuber / std::max(residual, 1e-9));
      for (size_t i = 0; i < n; ++i) {
        b[i] += weight * x[i] * (label - center);
        for (size_t k = 0; k <= i; ++k) a[i * n + k] += weight * x[i] * x[k];
      }
    }
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = i + 1; k < n; ++k) a[i * n + k] = a[k * n + i];
      a[i * n + i] += ridge;
    }
    Solve(a, b, n);
    solution = std::move(b);
  }
  for (size_t i = 0; i < n; ++i) solution[i] = scale[i] > 0 ? solution[i] / scale[i] : 0;
  return solution;
}

}  // namespace

absl::StatusOr<model::v1::TreeEnsemble> GrowTrees(absl::Span<const TreeRow> rows, const TreeOptions& options) {
  LATIMER_RETURN_IF_ERROR(CheckRows(rows));
  double sum = 0;
  double weights = 1e-9;
  std::vector<float> flat;
  flat.reserve(rows.size() * kNumTreeFeatures);
  std::vector<float> weight;
  for (const TreeRow& row : rows) {
    sum += static_cast<double>(row.weight) * row.target;
    weights += row.weight;
    flat.insert(flat.end(), row.features.begin(), row.features.end());
    weight.push_back(row.weight);
  }
  const auto intercept = static_cast<float>(sum / weights);
  model::v1::TreeEnsemble ensemble;
  Describe(rows, intercept, &ensemble);

  DMatrixHandle matrix_handle = nullptr;
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGDMatrixCreateFromMat(
      flat.data(), rows.size(), kNumTreeFeatures, std::numeric_limits<float>::quiet_NaN(), &matrix_handle)));
  const Matrix matrix(matrix_handle);
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGDMatrixSetFloatInfo(matrix.get(), "weight", weight.data(), weight.size())));
  BoosterHandle booster_handle = nullptr;
  LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterCreate(&matrix_handle, 1, &booster_handle)));
  const Booster booster(booster_handle);
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"booster", "gbtree"},
      {"tree_method", rows.size() > kRowsForHistograms ? "hist" : "exact"},
      {"objective", "reg:squarederror"},
      {"base_score", "0"},
      {"nthread", "1"},
      {"verbosity", "0"},
      {"eta", absl::StrCat(options.learning_rate)},
      {"max_depth", absl::StrCat(options.max_depth)},
      {"min_child_weight", absl::StrCat(options.min_child_weight)},
      {"subsample", absl::StrCat(options.subsample)},
      {"colsample_bynode", absl::StrCat(options.columns)},
      {"lambda", absl::StrCat(options.l2)},
      {"num_parallel_tree", absl::StrCat(options.parallel_trees)},
      {"seed", absl::StrCat(options.seed)}};
  if (options.physical) parameters.emplace_back("monotone_constraints", Constraints());
  for (const auto& [name, value] : parameters) {
    LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterSetParam(booster.get(), name.c_str(), value.c_str())));
  }
  // What the trees start from.
  std::vector<float> offset(rows.size(), intercept);
  if (options.ridge > 0) {
    std::vector<double> linear = FitLinear(rows, options.ridge, ensemble);
    if (options.physical) {
      for (size_t feature : kNeverFasterFeatures) linear[feature] = std::max(0.0, linear[feature]);
    }
    double constant = intercept;
    for (size_t i = 0; i < linear.size(); ++i) {
      ensemble.add_linear(linear[i]);
      constant -= linear[i] * MeanOf(rows, i);
    }
    ensemble.set_intercept(constant);
    for (size_t row = 0; row < rows.size(); ++row) {
      double sum = constant;
      for (size_t i = 0; i < linear.size(); ++i) sum += linear[i] * static_cast<double>(rows[row].features[i]);
      offset[row] = static_cast<float>(sum);
    }
  }
  std::vector<float> predictions(rows.size(), 0);
  std::vector<float> labels(rows.size());
  for (int round = 0; round < options.rounds; ++round) {
    if (round % kRoundsPerLabel == 0) {
      // A squared error towards these labels has the gradient of the distance to the interval.
      if (round > 0) {
        LATIMER_ASSIGN_OR_RETURN(predictions, Predict(booster, matrix, rows.size()));
      }
      for (size_t i = 0; i < rows.size(); ++i) {
        const float now = predictions[i] + offset[i];
        const float nearest = std::clamp(now, rows[i].lower, rows[i].upper);
        labels[i] = (1 - kPullInside) * nearest + kPullInside * rows[i].target - offset[i];
      }
      LATIMER_RETURN_IF_ERROR(
          XgboostStatus(XGDMatrixSetFloatInfo(matrix.get(), "label", labels.data(), labels.size())));
    }
    LATIMER_RETURN_IF_ERROR(XgboostStatus(XGBoosterUpdateOneIter(booster.get(), round, matrix.get())));
  }
  if (options.check != nullptr) {
    LATIMER_ASSIGN_OR_RETURN(*options.check, Predict(booster, matrix, rows.size()));
  }
  LATIMER_ASSIGN_OR_RETURN(const std::vector<FlatTree> trees, ReadTrees(booster));
  for (const FlatTree& tree : trees) {
    ensemble.add_tree_size(static_cast<int>(tree.feature.size()));
    ensemble.mutable_feature()->Add(tree.feature.begin(), tree.feature.end());
    ensemble.mutable_value()->Add(tree.value.begin(), tree.value.end());
    ensemble.mutable_left()->Add(tree.left.begin(), tree.left.end());
  }
  return ensemble;
}

}  // namespace latimer::fitting
