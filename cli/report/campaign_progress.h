// A running campaign: where it is, how fast it goes, when it will be done.
#ifndef LATIMER_CLI_REPORT_CAMPAIGN_PROGRESS_H_
#define LATIMER_CLI_REPORT_CAMPAIGN_PROGRESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/terminal/rate_meter.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/campaign_service.pb.h"

namespace latimer::cli {

// What is known beside the campaign itself.
struct CampaignPace {
  absl::Duration elapsed = absl::ZeroDuration();
  std::optional<double> per_second;    // measurements
  std::optional<absl::Duration> left;  // until the measurements or the board time are used up
  bool lost = false;                   // the connection to the server is
};

// Follows the pace of one campaign. Not thread-safe.
class CampaignPacer {
 public:
  CampaignPace Update(const v1::Campaign& campaign, absl::Time now);

 private:
  RateMeter measurements_;
  RateMeter board_seconds_;
};

// Measurements the campaign will make: those planned, or its limit where no stage is planned yet.
int64_t PlannedMeasurements(const v1::Campaign& campaign);

// "running", "succeeded", …; "-" for a state of a newer server.
std::string CampaignStateWord(v1::CampaignState state);
// "smart padding", "single layer", "layer report".
std::string MethodWords(v1::BenchmarkMethod method);
// The error figures of the version fitted last, networks first: "network 6.1%, Conv 4.0%"; empty before the first fit.
std::string FitQuality(const v1::Campaign& campaign);

// The display that is drawn again in place; each line shorter than the terminal is wide.
std::vector<std::string> CampaignProgressLines(const v1::Campaign& campaign, const CampaignPace& pace,
                                               const Terminal& terminal);

// The same in one line, for logs.
std::string CampaignProgressLine(const v1::Campaign& campaign, const CampaignPace& pace, bool ascii);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_CAMPAIGN_PROGRESS_H_
