// latimer campaign start | watch | list | show | cancel
#ifndef LATIMER_CLI_COMMANDS_CAMPAIGN_H_
#define LATIMER_CLI_COMMANDS_CAMPAIGN_H_

#include <string>

#include "absl/time/time.h"
#include "cli/commands/command.h"
#include "latimer/v1/campaign_service.pb.h"

namespace latimer::cli {

struct CampaignStartCommand {
  std::string platform;
  int64_t max_measurements = 0;                          // 0: the server's default
  absl::Duration max_board_time = absl::ZeroDuration();  // zero: no limit
  v1::BenchmarkMethod method = v1::BENCHMARK_METHOD_UNSPECIFIED;
  uint64_t seed = 0;  // 0: the server's default
  bool wait = false;
  Format format = Format::kTable;
};

int RunCampaignStart(const CampaignStartCommand& command, CommandContext& context);

struct CampaignCommand {
  std::string name;
  Format format = Format::kTable;
};

// Watches until the campaign has ended. kSuccess only if it succeeded.
int RunCampaignWatch(const CampaignCommand& command, CommandContext& context);
int RunCampaignShow(const CampaignCommand& command, CommandContext& context);
int RunCampaignCancel(const CampaignCommand& command, CommandContext& context);

struct CampaignListCommand {
  std::string platform;  // empty: all
  Format format = Format::kTable;
};

int RunCampaignList(const CampaignListCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_CAMPAIGN_H_
