#include "cli/commands/platform_show.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/client/client.h"
#include "cli/client/fleet_client.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/numbers.h"
#include "cli/format/proto_json.h"
#include "cli/report/fit_report.h"
#include "cli/report/html_report.h"
#include "cli/terminal/result_file.h"
#include "cli/terminal/text_width.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

template <typename Message>
nlohmann::ordered_json ArrayOf(const std::vector<Message>& messages) {
  auto json = nlohmann::ordered_json::array();
  for (const Message& message : messages) json.push_back(ProtoToJson(message));
  return json;
}

absl::StatusOr<ReportData> Collect(const ReportCommand& command, CommandContext& context) {
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(context.connection, context.local));
  Client client(channel, context.connection);
  FleetClient fleet(channel, context.connection);
  ReportData data;
  LATIMER_ASSIGN_OR_RETURN(data.platform, client.GetPlatform(command.platform));
  LATIMER_ASSIGN_OR_RETURN(data.versions, fleet.ListPlatformVersions(command.platform));
  LATIMER_ASSIGN_OR_RETURN(data.sweeps, client.ListSweeps(command.platform));
  LATIMER_ASSIGN_OR_RETURN(data.evaluations, client.ListEvaluations(command.platform, command.confidence));
  data.confidence = command.confidence;
  data.made_by = absl::StrCat("latimer " LATIMER_VERSION ", ",
                              absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::Now(), absl::UTCTimeZone()));
  return data;
}

std::string JsonReport(const ReportData& data) {
  nlohmann::ordered_json json;
  json["platform"] = ProtoToJson(data.platform);
  json["versions"] = ArrayOf(data.versions);
  json["sweeps"] = ArrayOf(data.sweeps);
  json["confidence"] = data.confidence;
  json["evaluations"] = ArrayOf(data.evaluations);
  return JsonText(json) + "\n";
}

}  // namespace

int RunPlatformShow(const PlatformShowCommand& command, CommandContext& context) {
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(context.connection, context.local);
  if (!channel.ok()) return Fail(context, channel.status());
  Client client(*channel, context.connection);
  const absl::StatusOr<v1::Platform> platform = client.GetPlatform(command.platform);
  if (!platform.ok()) return Fail(context, platform.status());
  const absl::StatusOr<std::vector<v1::Sweep>> sweeps = client.ListSweeps(command.platform);
  if (!sweeps.ok()) return Fail(context, sweeps.status());
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["platform"] = ProtoToJson(*platform);
    json["sweeps"] = ArrayOf(*sweeps);
    context.out->Write(JsonText(json) + "\n");
    return kSuccess;
  }
  const absl::StatusOr<std::vector<int>> drawn = ChooseSweeps(*sweeps, command.sweep);
  if (!drawn.ok()) return Fail(context, drawn.status());
  context.out->Write(FitReport(*platform, *sweeps, *drawn, context.terminal));
  return kSuccess;
}

int RunReport(const ReportCommand& command, CommandContext& context) {
  const absl::StatusOr<ReportData> data = Collect(command, context);
  if (!data.ok()) return Fail(context, data.status());
  std::string output = command.output;
  std::string text;
  if (command.format == Format::kJson) {
    text = JsonReport(*data);
  } else {
    text = HtmlReport(*data);
    if (output.empty()) output = absl::StrCat("report-", ShortName(data->platform.name()), ".html");
  }
  if (const absl::Status written = WriteResult(output, text, context.out); !written.ok()) {
    return Fail(context, written);
  }
  if (!output.empty() && output != "-") {
    context.err->Write(absl::StrCat("wrote ", Printable(output, context.error_terminal.ascii), " (",
                                    FormatBytes(static_cast<double>(text.size())), ")\n"));
  }
  return kSuccess;
}

}  // namespace latimer::cli
