// An estimate as people read it.
#ifndef LATIMER_CLI_REPORT_ESTIMATE_REPORT_H_
#define LATIMER_CLI_REPORT_ESTIMATE_REPORT_H_

#include <string>
#include <vector>

#include "cli/terminal/terminal.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::cli {

// Title, table of units with their shares as bars, totals, and warnings. `top` > 0: only the slowest units, slowest
// first.
std::string EstimateReport(const v1::NetworkEstimate& estimate, int top, const Terminal& terminal);

// One line per estimate: network, platform, latency, interval. For many files or several platforms.
std::string EstimateSummary(const std::vector<v1::NetworkEstimate>& estimates, const Terminal& terminal);

// Header and rows of units, comma-separated; `file` is the first column.
std::string EstimateCsvHeader();
std::string EstimateCsvRows(const std::string& file, const v1::NetworkEstimate& estimate);

// Lines for warnings, shared with the report of networks.
std::string WarningLines(const google::protobuf::RepeatedPtrField<v1::Warning>& warnings, const Terminal& terminal);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_ESTIMATE_REPORT_H_
