// The distribution of conformal scores in a few numbers.
//
// A score is how far a held-out measurement lay from its estimate, |log(measured / estimated)|, over the local scale of
// the error (paper II, section III-C). A sketch keeps the conformal quantiles of scores at fixed levels, so that an
// interval at any level can be asked for: the estimate times exp(-+ scale * Quantile(level)).
#ifndef LATIMER_CORE_CONFIDENCE_SCORE_SKETCH_H_
#define LATIMER_CORE_CONFIDENCE_SCORE_SKETCH_H_

#include <array>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::confidence {

// Part of the platform format.
inline constexpr std::array<double, 18> kSketchLevels = {0.1,  0.2, 0.3,   0.4,  0.5,  0.6,  0.7,  0.75,  0.8,
                                                         0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999};

struct Score {
  double value = 0;  // not negative
  double weight = 1;
};

class ScoreSketch {
 public:
  // All scores are 0.
  ScoreSketch() = default;

  // Conformal quantiles: at level p the least score that at least p (n + 1) of the n scores do not exceed, n being the
  // effective number of weighted scores. Where p asks for more scores than there are, the tail is taken as exponential.
  // Without scores: all are 0.
  static ScoreSketch Of(std::vector<Score> scores);

  // Scores with an exponential distribution of that mean: errors with a Laplace distribution.
  static ScoreSketch Exponential(double mean, double samples = 0);

  // Errors are INVALID_ARGUMENT and name the field below `path`.
  static absl::StatusOr<ScoreSketch> Read(absl::string_view path, const model::v1::ScoreSketch& from);
  void Write(model::v1::ScoreSketch* to) const;

  // For a level in (0, 1); grows with it without bound.
  double Quantile(double level) const;

  // The level whose quantile a score is; 0 for scores that are not positive.
  double LevelOf(double score) const;

  // Root mean square of the scores, without the largest hundredth: of the errors, in local scales.
  double deviation() const { return deviation_; }
  double samples() const { return samples_; }

  // The sketch of scores times a factor that is known as a distribution: values and their weights, at least one above
  // 0.
  ScoreSketch TimesOneOf(absl::Span<const Score> factors) const;

 private:
  std::array<double, kSketchLevels.size()> score_{};
  double deviation_ = 0;
  double samples_ = 0;
};

}  // namespace latimer::confidence

#endif  // LATIMER_CORE_CONFIDENCE_SCORE_SKETCH_H_
