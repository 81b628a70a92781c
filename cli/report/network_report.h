// What Latimer understood of a network, as people read it.
#ifndef LATIMER_CLI_REPORT_NETWORK_REPORT_H_
#define LATIMER_CLI_REPORT_NETWORK_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "cli/terminal/terminal.h"
#include "latimer/v1/network_service.pb.h"

namespace latimer::cli {

std::string NetworkReport(const v1::DescribeNetworkResponse& network, const Terminal& terminal);

// One line per network; pairs of file and description.
std::string NetworkSummary(const std::vector<std::pair<std::string, v1::DescribeNetworkResponse>>& networks,
                           const Terminal& terminal);

std::string NetworkCsvHeader();
std::string NetworkCsvRows(const std::string& file, const v1::DescribeNetworkResponse& network);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_NETWORK_REPORT_H_
