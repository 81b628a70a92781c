#include "cli/commands/network.h"

#include <utility>

#include "cli/client/client.h"
#include "cli/format/proto_json.h"
#include "cli/report/network_report.h"
#include "cli/terminal/progress.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

absl::StatusOr<v1::DescribeNetworkResponse> Describe(Client& client, const NetworkCommand& command,
                                                     const std::string& file) {
  LATIMER_ASSIGN_OR_RETURN(const v1::NetworkSource source, LoadNetwork(file, command.network));
  return client.DescribeNetwork(source);
}

void Print(const NetworkCommand& command, CommandContext& context,
           const std::vector<std::pair<std::string, v1::DescribeNetworkResponse>>& networks,
           const std::vector<FileError>& errors) {
  if (command.format == Format::kTable) {
    if (networks.empty()) return;
    context.out->Write(command.network.files.size() == 1 ? NetworkReport(networks[0].second, context.terminal)
                                                         : NetworkSummary(networks, context.terminal));
    return;
  }
  if (command.format == Format::kCsv) {
    context.out->Write(NetworkCsvHeader());
    for (const auto& [file, network] : networks) context.out->Write(NetworkCsvRows(file, network));
    return;
  }
  nlohmann::ordered_json json;
  json["networks"] = nlohmann::ordered_json::array();
  for (const auto& [file, network] : networks) {
    nlohmann::ordered_json entry;
    entry["file"] = file;
    const nlohmann::ordered_json fields = ProtoToJson(network);
    for (const auto& item : fields.items()) entry[item.key()] = item.value();
    json["networks"].push_back(std::move(entry));
  }
  json["errors"] = nlohmann::ordered_json::array();
  for (const FileError& error : errors) json["errors"].push_back(ErrorToJson(error));
  context.out->Write(JsonText(json) + "\n");
}

}  // namespace

int RunNetwork(const NetworkCommand& command, CommandContext& context) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(context.connection, context.local);
  if (!channel.ok()) {
    PrintError(context, "", channel.status());
    return kRuntimeError;
  }
  Client client(*channel, context.connection);
  std::vector<std::pair<std::string, v1::DescribeNetworkResponse>> networks;
  std::vector<FileError> errors;
  {
    Progress progress(context.err, context.show_progress, static_cast<int>(command.network.files.size()),
                      context.error_terminal);
    for (const std::string& file : command.network.files) {
      progress.Step(file);
      absl::StatusOr<v1::DescribeNetworkResponse> network = Describe(client, command, file);
      progress.Clear();
      if (network.ok()) {
        networks.emplace_back(file, *std::move(network));
      } else {
        errors.push_back({file, network.status()});
        PrintError(context, file, network.status());
        if (absl::IsUnavailable(network.status())) break;
      }
    }
  }
  Print(command, context, networks, errors);
  return errors.empty() ? kSuccess : kRuntimeError;
}

}  // namespace latimer::cli
