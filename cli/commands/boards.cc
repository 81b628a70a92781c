#include "cli/commands/boards.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/proto_json.h"
#include "cli/format/times.h"
#include "cli/report/fleet_report.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

// Whether the address is this machine's own.
bool IsLoopback(absl::string_view address) {
  for (const absl::string_view own : {"127.", "localhost", "[::1]", "unix:"}) {
    if (absl::StartsWith(address, own)) return true;
  }
  return false;
}

std::string TokenText(const TokenCommand& command, const v1::CreateTokenResponse& response,
                      const CommandContext& context) {
  const std::string platform = ShortName(command.platform);
  // The agent refuses to send its credential in the clear unless told that the network is trusted.
  const bool plaintext = !context.connection.uses_tls() && !IsLoopback(context.connection.server);
  std::string text = absl::StrCat(
      "token    ", response.token(), "\nexpires  ", FormatTimestamp(response.expire_time_unix_ms()), " UTC, in ",
      FormatRough(absl::FromUnixMillis(response.expire_time_unix_ms()) - absl::Now()), "\ngood for one board of ",
      platform.empty() ? "any platform" : absl::StrCat("platform ", platform), "; it is shown only now\n\n");
  absl::StrAppend(&text,
                  "Run on the board (back ends: onnxruntime, opencv, simulated; the server as the board reaches it",
                  plaintext ? "; --insecure sends the credential in the clear" : "", "):\n  latimer-agent",
                  ServerFlags(context), " --token ", response.token(),
                  " --backend onnxruntime --state-dir latimer-agent", plaintext ? " --insecure" : "", "\n");
  return text;
}

// One agent after a change.
void PrintAgent(const v1::Agent& agent, Format format, absl::string_view what, CommandContext& context) {
  if (format == Format::kJson) {
    context.out->Write(JsonText(ProtoToJson(agent)) + "\n");
  } else if (format == Format::kCsv) {
    context.out->Write(AgentCsv({agent}));
  } else {
    context.out->Write(absl::StrCat(Printable(agent.name(), context.terminal.ascii), " (",
                                    Printable(agent.display_name(), context.terminal.ascii), ") ", what, "\n"));
  }
}

}  // namespace

int RunTokenCreate(const TokenCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  v1::CreateTokenRequest request;
  request.set_platform(command.platform);
  request.set_lifetime_seconds(absl::ToDoubleSeconds(command.lifetime));
  const absl::StatusOr<v1::CreateTokenResponse> response = connection.client->CreateToken(request);
  if (!response.ok()) return Fail(context, response.status());
  context.out->Write(command.format == Format::kJson ? JsonText(ProtoToJson(*response)) + "\n"
                                                     : TokenText(command, *response, context));
  return kSuccess;
}

int RunAgents(const AgentsCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<std::vector<v1::Agent>> agents = connection.client->ListAgents(command.platform);
  if (!agents.ok()) return Fail(context, agents.status());
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["agents"] = nlohmann::ordered_json::array();
    for (const v1::Agent& agent : *agents) json["agents"].push_back(ProtoToJson(agent));
    context.out->Write(JsonText(json) + "\n");
  } else if (command.format == Format::kCsv) {
    context.out->Write(AgentCsv(*agents));
  } else if (agents->empty()) {
    context.out->Write(absl::StrCat("No board is enrolled", command.platform.empty() ? "" : " for this platform",
                                    ". 'latimer token create", ServerFlags(context), "' makes a token for one.\n"));
  } else {
    context.out->Write(AgentList(*agents, absl::Now(), context.terminal));
  }
  return kSuccess;
}

int RunAgentRevoke(const AgentCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<v1::Agent> agent = connection.client->RevokeAgent(command.name);
  if (!agent.ok()) return Fail(context, agent.status());
  PrintAgent(*agent, command.format, "has no credential any more; its measurements stay", context);
  return kSuccess;
}

int RunAgentAccept(const AgentCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  // There is no call for one agent, and lists are short.
  const absl::StatusOr<std::vector<v1::Agent>> agents = connection.client->ListAgents("");
  if (!agents.ok()) return Fail(context, agents.status());
  std::vector<std::string> changes;
  for (const v1::Agent& agent : *agents) {
    if (ShortName(agent.name()) != ShortName(command.name) || !agent.has_changed_fingerprint()) continue;
    changes = FingerprintChanges(agent.fingerprint(), agent.changed_fingerprint(), context.terminal.ascii);
  }
  const absl::StatusOr<v1::Agent> agent = connection.client->AcceptFingerprint(command.name);
  if (!agent.ok()) return Fail(context, agent.status());
  PrintAgent(*agent, command.format,
             changes.empty() ? "is accepted as it is now" : "is accepted with these changes:", context);
  if (command.format == Format::kTable) {
    for (const std::string& change : changes) context.out->Write(absl::StrCat("  ", change, "\n"));
  }
  return kSuccess;
}

}  // namespace latimer::cli
