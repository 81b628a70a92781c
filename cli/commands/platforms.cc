#include "cli/commands/platforms.h"

#include "absl/strings/str_cat.h"
#include "cli/client/client.h"
#include "cli/format/csv.h"
#include "cli/format/proto_json.h"
#include "cli/report/platform_report.h"

namespace latimer::cli {
namespace {

std::string Csv(const std::vector<v1::Platform>& platforms) {
  std::string text = CsvRow({"name", "display_name", "hardware", "toolchain", "precision", "activation_bits",
                             "weight_bits", "simulated", "active_version"});
  for (const v1::Platform& p : platforms) {
    text += CsvRow({p.name(), p.display_name(), p.hardware(), p.toolchain(), p.precision(),
                    absl::StrCat(p.activation_bits()), absl::StrCat(p.weight_bits()), p.simulated() ? "true" : "false",
                    p.active_version()});
  }
  return text;
}

}  // namespace

int RunPlatforms(const PlatformsCommand& command, CommandContext& context) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(context.connection, context.local);
  if (!channel.ok()) {
    PrintError(context, "", channel.status());
    return kRuntimeError;
  }
  Client client(*channel, context.connection);
  if (!command.name.empty()) {
    absl::StatusOr<v1::Platform> platform = client.GetPlatform(command.name);
    if (!platform.ok()) {
      PrintError(context, "", platform.status());
      return kRuntimeError;
    }
    if (command.format == Format::kJson) context.out->Write(JsonText(ProtoToJson(*platform)) + "\n");
    if (command.format == Format::kCsv) context.out->Write(Csv({*platform}));
    if (command.format == Format::kTable) context.out->Write(PlatformReport(*platform, context.terminal));
    return kSuccess;
  }
  absl::StatusOr<std::vector<v1::Platform>> platforms = client.ListPlatforms();
  if (!platforms.ok()) {
    PrintError(context, "", platforms.status());
    return kRuntimeError;
  }
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["platforms"] = nlohmann::ordered_json::array();
    for (const v1::Platform& platform : *platforms) json["platforms"].push_back(ProtoToJson(platform));
    context.out->Write(JsonText(json) + "\n");
  }
  if (command.format == Format::kCsv) context.out->Write(Csv(*platforms));
  if (command.format == Format::kTable) context.out->Write(PlatformList(*platforms, context.terminal));
  return kSuccess;
}

}  // namespace latimer::cli
