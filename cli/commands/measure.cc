#include "cli/commands/measure.h"

#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/proto_json.h"
#include "cli/input/network_file.h"
#include "cli/report/measurement_report.h"
#include "cli/terminal/progress.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

std::string ReasonOf(const absl::Status& status) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  return details.has_value() ? details->reason : "";
}

absl::StatusOr<MeasuredNetwork> Measure(FleetClient& client, const MeasureCommand& command, const std::string& file,
                                        const Interrupted& interrupted) {
  v1::MeasureNetworkRequest request;
  LATIMER_ASSIGN_OR_RETURN(*request.mutable_network(), LoadNetwork(file, command.network));
  request.set_platform(command.platform);
  request.set_repetitions(command.repetitions);
  request.set_layer_report(command.layers);
  request.set_reuse(command.reuse);
  MeasuredNetwork network{file, DisplayName(file), {}};
  LATIMER_ASSIGN_OR_RETURN(network.response, client.MeasureNetwork(request, interrupted));
  LATIMER_RETURN_IF_ERROR(SummarizeMeasurements(network.response).status());
  return network;
}

void Print(const MeasureCommand& command, const std::vector<MeasuredNetwork>& networks,
           const std::vector<FileError>& errors, CommandContext& context) {
  if (command.format == Format::kCsv) {
    context.out->Write(MeasurementCsv(networks, command.layers));
  } else if (command.format == Format::kTable) {
    if (!networks.empty()) context.out->Write(MeasurementReport(networks, command.layers, context.terminal));
  } else {
    nlohmann::ordered_json json;
    json["networks"] = nlohmann::ordered_json::array();
    for (const MeasuredNetwork& network : networks) json["networks"].push_back(MeasurementJson(network));
    json["errors"] = nlohmann::ordered_json::array();
    for (const FileError& error : errors) json["errors"].push_back(ErrorToJson(error));
    context.out->Write(JsonText(json) + "\n");
  }
}

}  // namespace

bool WasInterrupted(const absl::Status& status) {
  return absl::IsCancelled(status) && ReasonOf(status) == "INTERRUPTED";
}

bool ConcernsAllNetworks(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return true;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition: {
      // A board that refuses a network has the same code; that concerns the network alone.
      static const std::set<std::string> kOfAll = {"NO_AGENT", "NO_BOARD", "NO_DATA_DIR", "UNKNOWN_PLATFORM"};
      return kOfAll.count(ReasonOf(status)) > 0;
    }
    default:
      return WasInterrupted(status);
  }
}

int RunMeasure(const MeasureCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  std::optional<InterruptGuard> guard;
  if (!context.interrupted) guard.emplace();
  const Interrupted interrupted = [&] { return guard ? InterruptGuard::Caught() : IsInterrupted(context); };
  std::vector<MeasuredNetwork> networks;
  std::vector<FileError> errors;
  {
    Progress progress(context.err, context.show_progress, static_cast<int>(command.network.files.size()),
                      context.error_terminal);
    for (const std::string& file : command.network.files) {
      progress.Step(file);
      absl::StatusOr<MeasuredNetwork> network = Measure(*connection.client, command, file, interrupted);
      progress.Clear();
      if (network.ok()) {
        networks.push_back(*std::move(network));
        continue;
      }
      errors.push_back({file, network.status()});
      PrintError(context, file, network.status());
      if (ConcernsAllNetworks(network.status())) break;
    }
  }
  Print(command, networks, errors, context);
  return errors.empty() ? kSuccess : kRuntimeError;
}

}  // namespace latimer::cli
