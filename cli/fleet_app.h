// The commands about boards, campaigns and measurements, as they are typed.
#ifndef LATIMER_CLI_FLEET_APP_H_
#define LATIMER_CLI_FLEET_APP_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/admin.h"
#include "cli/commands/boards.h"
#include "cli/commands/campaign.h"
#include "cli/commands/evaluate.h"
#include "cli/commands/import_report.h"
#include "cli/commands/measure.h"
#include "cli/commands/platform_versions.h"
#include "cli/flags.h"

namespace latimer::cli {

// Adds the commands to the tool and runs the one that was parsed. Everything passed in must outlive it.
class FleetApp {
 public:
  FleetApp(CLI::App& app, CLI::App& platforms_app, ConnectionOptions& connection, DisplayFlags& display);
  FleetApp(const FleetApp&) = delete;
  FleetApp& operator=(const FleetApp&) = delete;

  // The exit code; nullopt if another command was parsed. Sets the call's timeout in `context`.
  std::optional<int> Run(CommandContext& context) const;

 private:
  using Runner = std::function<int(CommandContext&)>;

  // A command at the end of its words, with connection and display options. `timeout_seconds`: of its calls.
  CLI::App& AddCommand(CLI::App& parent, const std::string& name, const std::string& help, double& timeout_seconds,
                       Runner run);
  // A word that only groups commands.
  static CLI::App& AddGroup(CLI::App& app, const std::string& name, const std::string& help);

  void AddBoards(CLI::App& app);
  void AddAdministration(CLI::App& app);
  void AddCampaigns(CLI::App& app);
  void AddMeasurements(CLI::App& app);
  void AddImports(CLI::App& app);
  void AddVersions(CLI::App& platforms_app);

  struct Entry {
    CLI::App* app;
    const double* timeout_seconds;
    Runner run;
  };

  ConnectionOptions& connection_;
  DisplayFlags& display_;
  std::vector<Entry> entries_;
  double timeout_seconds_ = 30;
  double measure_timeout_seconds_ = 600;  // a slow network, many times, behind a campaign's job

  TokenCommand token_;
  ClientCreateCommand client_create_;
  const CLI::Option* lifetime_given_ = nullptr;
  ClientsCommand clients_;
  ClientCommand client_;
  BackupCommand backup_;
  AgentsCommand agents_;
  AgentCommand agent_;
  CampaignStartCommand start_;
  CampaignCommand campaign_;
  CampaignListCommand campaigns_;
  MeasureCommand measure_;
  EvaluateCommand evaluate_;
  ImportReportCommand import_;
  PlatformVersionsCommand versions_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FLEET_APP_H_
