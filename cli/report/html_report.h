// Everything known about a platform in one HTML file that needs no network and runs no scripts.
#ifndef LATIMER_CLI_REPORT_HTML_REPORT_H_
#define LATIMER_CLI_REPORT_HTML_REPORT_H_

#include <string>
#include <vector>

#include "latimer/v1/platform.pb.h"
#include "latimer/v1/platform_service.pb.h"

namespace latimer::cli {

struct ReportData {
  v1::Platform platform;
  std::vector<v1::PlatformVersion> versions;  // newest first
  std::vector<v1::Sweep> sweeps;
  std::vector<v1::NetworkEvaluation> evaluations;
  double confidence = 0.9;  // of the intervals
  std::string made_by;      // "latimer 0.1.0, 2024-05-01 12:00 UTC"
};

// A whole document, well-formed as XML too; every text of the data is escaped.
std::string HtmlReport(const ReportData& data);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_HTML_REPORT_H_
