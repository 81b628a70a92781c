// Round numbers along an axis.
#ifndef LATIMER_CLI_FORMAT_TICKS_H_
#define LATIMER_CLI_FORMAT_TICKS_H_

#include <string>
#include <vector>

namespace latimer::cli {

// At most `most` (2 or more) multiples of 1, 2 or 5 times a power of ten within [low, high], ascending. Empty unless
// both are finite and low < high.
std::vector<double> LinearTicks(double low, double high, int most);

// Powers of ten within [low, high], and 2 and 5 times them where there would be few. Empty unless 0 < low < high.
std::vector<double> LogTicks(double low, double high);

// The shortest text for a tick: "0.5", "20", "2e-07".
std::string TickText(double value);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_TICKS_H_
