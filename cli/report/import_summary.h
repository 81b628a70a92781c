// What became of imported reports, as people read it.
#ifndef LATIMER_CLI_REPORT_IMPORT_SUMMARY_H_
#define LATIMER_CLI_REPORT_IMPORT_SUMMARY_H_

#include <string>

#include "cli/terminal/terminal.h"
#include "latimer/v1/measurement_service.pb.h"

namespace latimer::cli {

// A line per report, what did not match, and the model that came of it.
std::string ImportSummary(const v1::ImportReportsResponse& response, bool dry_run, const Terminal& terminal);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_IMPORT_SUMMARY_H_
