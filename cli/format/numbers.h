// Numbers as people read them. Independent of the locale.
#ifndef LATIMER_CLI_FORMAT_NUMBERS_H_
#define LATIMER_CLI_FORMAT_NUMBERS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "latimer/v1/network.pb.h"

namespace latimer::cli {

// `value` with `decimals` places; a positive value that would read as zero becomes "<0.01" with that many places.
// "-" for values that are no number.
std::string FormatFixed(double value, int decimals);

// Decimal places that show `largest` with `significant` digits: 2 for (23.4, 4), 0 for (12345, 4); at most 6.
int DecimalsFor(double largest, int significant);

// `value` with `significant` digits and an SI prefix: "3.66 G" + unit. 0 is "0 " + unit.
std::string FormatSi(double value, absl::string_view unit, int significant = 3);

// Bytes with binary prefixes: "512 B", "83.1 MiB".
std::string FormatBytes(double bytes);

// A ratio in percent: "12.3%", "<0.1%".
std::string FormatPercent(double ratio, int decimals = 1);

// Milliseconds with `significant` digits and the unit: "23.4 ms", "0.0123 ms".
std::string FormatMs(double ms, int significant = 4);

// "1x64x112x112"; "scalar" for a shape without dimensions.
std::string FormatShape(const v1::Shape& shape);

// The shortest decimal number that reads back as `value`, for programs; "" for values that are no number.
std::string FormatExact(double value);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_NUMBERS_H_
