#include "cli/commands/platform_versions.h"

#include "absl/strings/str_cat.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/proto_json.h"
#include "cli/report/fleet_report.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {

int RunPlatformVersions(const PlatformVersionsCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<std::vector<v1::PlatformVersion>> versions =
      connection.client->ListPlatformVersions(command.platform);
  if (!versions.ok()) return Fail(context, versions.status());
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["versions"] = nlohmann::ordered_json::array();
    for (const v1::PlatformVersion& version : *versions) json["versions"].push_back(ProtoToJson(version));
    context.out->Write(JsonText(json) + "\n");
  } else {
    context.out->Write(VersionList(*versions, context.terminal));
  }
  return kSuccess;
}

int RunPlatformRollback(const PlatformVersionsCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<v1::Platform> platform = connection.client->RollbackPlatform(command.platform, command.version);
  if (!platform.ok()) return Fail(context, platform.status());
  context.out->Write(command.format == Format::kJson
                         ? JsonText(ProtoToJson(*platform)) + "\n"
                         : absl::StrCat(Printable(ShortName(platform->name()), context.terminal.ascii),
                                        " is answered by version ",
                                        Printable(platform->active_version(), context.terminal.ascii), " now\n"));
  return kSuccess;
}

}  // namespace latimer::cli
