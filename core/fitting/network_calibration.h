// Calibrated intervals of whole networks. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_NETWORK_CALIBRATION_H_
#define LATIMER_CORE_FITTING_NETWORK_CALIBRATION_H_

#include <vector>

#include "absl/status/status.h"
#include "core/confidence/score_sketch.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/pace_fit.h"

namespace latimer::fitting {

// How much wider than it was seen to be on `count` networks the spread may really be: the 90 % upper limit of a Laplace
// scale, 2n / chi^2_{0.1}(2n), with Wilson and Hilferty's approximation of the quantile.
double FewNetworksFactor(double count);

// Scores of networks, from many of excerpts and few of networks. The shape is the excerpts'. The scale is theirs times
// a factor that is known as a distribution only: before any network a Cauchy distribution of the factor's logarithm,
// then what the networks say, whose scores have the Student distribution that fits the excerpts' best. Its tails decide
// how little a single network far off says, and the result is the mixture over all factors that remain possible, so
// that it is wider the fewer networks there are. Below three networks: the excerpts' scores.
confidence::ScoreSketch ScoresOfNetworks(std::vector<confidence::Score> excerpts, const std::vector<double>& networks);

// Fills network_calibration of `result`'s model for every kind and AUTO: from excerpts, as models fitted to others
// estimated them, and from the validation networks, which were never fitted.
absl::Status CalibrateNetworks(const std::vector<PacedNetwork>& networks, FitResult& result);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_NETWORK_CALIBRATION_H_
