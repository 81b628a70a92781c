// Comma-separated values as RFC 4180 quotes them, with plain line feeds.
#ifndef LATIMER_CLI_FORMAT_CSV_H_
#define LATIMER_CLI_FORMAT_CSV_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer::cli {

// `field`, in quotes if it holds a comma, a quote or a line break.
std::string CsvField(absl::string_view field);

// One line of a CSV file.
std::string CsvRow(const std::vector<std::string>& fields);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_CSV_H_
