#include "core/model/error_spread.h"

#include <cmath>

namespace latimer {

ErrorSpread::ErrorSpread(double mean_absolute_relative_error) : log_scale_(std::log1p(mean_absolute_relative_error)) {}

double ErrorSpread::Factor(double level) const { return std::exp(-log_scale_ * std::log1p(-level)); }

}  // namespace latimer
