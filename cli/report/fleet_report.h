// Boards, campaigns and model versions, as people and spreadsheets read them.
#ifndef LATIMER_CLI_REPORT_FLEET_REPORT_H_
#define LATIMER_CLI_REPORT_FLEET_REPORT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/campaign_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "latimer/v1/platform_service.pb.h"

namespace latimer::cli {

// A line per agent, and a line below for each one whose board has changed.
std::string AgentList(const std::vector<v1::Agent>& agents, absl::Time now, const Terminal& terminal);
// Header and a row per agent.
std::string AgentCsv(const std::vector<v1::Agent>& agents);

// The facts that differ between two fingerprints: "toolchain: onnxruntime 1.20.1 -> onnxruntime 1.21.0".
std::vector<std::string> FingerprintChanges(const v1::Fingerprint& accepted, const v1::Fingerprint& now, bool ascii);

// A line per campaign.
std::string CampaignList(const std::vector<v1::Campaign>& campaigns, const Terminal& terminal);
// Everything about one.
std::string CampaignReport(const v1::Campaign& campaign, const Terminal& terminal);

// A line per version; the one that answers is marked, those not promoted say why.
std::string VersionList(const std::vector<v1::PlatformVersion>& versions, const Terminal& terminal);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_FLEET_REPORT_H_
