// Platforms, as people read them.
#ifndef LATIMER_CLI_REPORT_PLATFORM_REPORT_H_
#define LATIMER_CLI_REPORT_PLATFORM_REPORT_H_

#include <string>
#include <vector>

#include "cli/terminal/terminal.h"
#include "latimer/v1/platform.pb.h"

namespace latimer::cli {

// A line per platform.
std::string PlatformList(const std::vector<v1::Platform>& platforms, const Terminal& terminal);

// Everything about one.
std::string PlatformReport(const v1::Platform& platform, const Terminal& terminal);

// Title and facts that are no matter of models: hardware, toolchain, precision, settings, errors of networks.
std::string PlatformFacts(const v1::Platform& platform, const Terminal& terminal);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_PLATFORM_REPORT_H_
