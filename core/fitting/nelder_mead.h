// Minimises a function of a few variables without derivatives (Nelder and Mead 1965). Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_NELDER_MEAD_H_
#define LATIMER_CORE_FITTING_NELDER_MEAD_H_

#include <functional>
#include <vector>

namespace latimer::fitting {

// Starts at `start` with a simplex of the given step; at most `evaluations` calls. `function` returns finite values.
std::vector<double> Minimize(const std::function<double(const std::vector<double>&)>& function,
                             std::vector<double> start, double step, int evaluations);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_NELDER_MEAD_H_
