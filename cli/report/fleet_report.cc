#include "cli/report/fleet_report.h"

#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/format/times.h"
#include "cli/report/campaign_progress.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"

namespace latimer::cli {
namespace {

constexpr int kLabelWidth = 13;
constexpr double kNotableDrift = 0.05;

std::string Short(const std::string& name) { return name.substr(name.find('/') + 1); }

std::string StateWord(v1::AgentState state) {
  if (state == v1::AGENT_STATE_UNSPECIFIED || !v1::AgentState_IsValid(state)) return "-";
  absl::string_view name = v1::AgentState_Name(state);
  absl::ConsumePrefix(&name, "AGENT_STATE_");
  return absl::AsciiStrToLower(name);
}

Style StateStyle(v1::AgentState state) {
  if (state == v1::AGENT_STATE_HELD) return Style::kWarning;
  if (state == v1::AGENT_STATE_BUSY) return Style::kGood;
  if (state == v1::AGENT_STATE_OFFLINE || state == v1::AGENT_STATE_REVOKED) return Style::kDim;
  return Style::kPlain;
}

std::string Temperature(const v1::Agent& agent, bool ascii) {
  if (!agent.conditions().has_temperature_celsius()) return "";
  return absl::StrCat(FormatFixed(agent.conditions().temperature_celsius(), 0), ascii ? " C" : " °C");
}

// How much slower the board has become, of its reference network; nullopt where it says nothing.
std::optional<double> Drift(const v1::Agent& agent) {
  if (!(agent.first_reference_ms() > 0) || !(agent.last_reference_ms() > 0)) return std::nullopt;
  return agent.last_reference_ms() / agent.first_reference_ms() - 1;
}

std::string DriftText(double drift) {
  return absl::StrCat(drift < 0 ? "-" : "+", FormatPercent(drift < 0 ? -drift : drift));
}

std::string Labelled(absl::string_view label, absl::string_view text, const Terminal& terminal) {
  if (text.empty()) return "";
  return WrapHanging(Printable(text, terminal.ascii), PadRight(label, kLabelWidth), terminal.width);
}

std::string Budget(const v1::Campaign& campaign) {
  std::string text = absl::StrCat(campaign.max_measurements(), " measurements");
  if (campaign.max_board_seconds() > 0) {
    absl::StrAppend(&text, ", ", FormatClock(absl::Seconds(campaign.max_board_seconds())), " of board time");
  }
  return text;
}

// The error on networks, else the mean over layer types; "" before the first fit.
std::string MainError(const google::protobuf::RepeatedPtrField<v1::Accuracy>& accuracy) {
  double sum = 0;
  for (const v1::Accuracy& figure : accuracy) {
    if (figure.subject() == "network") return FormatPercent(figure.mape());
    sum += figure.mape();
  }
  return accuracy.empty() ? "" : absl::StrCat(FormatPercent(sum / accuracy.size()), " (layers)");
}

}  // namespace

std::vector<std::string> FingerprintChanges(const v1::Fingerprint& accepted, const v1::Fingerprint& now, bool ascii) {
  std::set<std::string> keys;
  for (const auto& [key, value] : accepted.facts()) keys.insert(key);
  for (const auto& [key, value] : now.facts()) keys.insert(key);
  const auto value_of = [](const v1::Fingerprint& fingerprint, const std::string& key) {
    const auto found = fingerprint.facts().find(key);
    return found == fingerprint.facts().end() ? std::string("(nothing)") : found->second;
  };
  std::vector<std::string> changes;
  for (const std::string& key : keys) {
    const std::string before = value_of(accepted, key);
    const std::string after = value_of(now, key);
    if (before == after) continue;
    changes.push_back(Printable(absl::StrCat(key, ": ", before, ascii ? " -> " : " → ", after), ascii));
  }
  if (accepted.simulated() != now.simulated()) {
    changes.emplace_back(now.simulated() ? "it says that it is simulated" : "it says that it is no longer simulated");
  }
  return changes;
}

std::string AgentList(const std::vector<v1::Agent>& agents, absl::Time now, const Terminal& terminal) {
  Table table({{.title = "agent", .shorten = Shorten::kMiddle, .min_width = 8},
               {.title = "board", .shorten = Shorten::kMiddle, .min_width = 8, .drop = 4},
               {.title = "platform", .shorten = Shorten::kMiddle, .min_width = 12},
               {.title = "back end", .drop = 5},
               {.title = "state"},
               {.title = "seen", .align = Align::kRight, .drop = 3},
               {.title = "temp", .align = Align::kRight, .drop = 2},
               {.title = "measured", .align = Align::kRight, .drop = 1},
               {.title = "failed", .align = Align::kRight, .drop = 6},
               {.title = "on disk", .align = Align::kRight, .drop = kNiceToHave + 1},
               {.title = "drift", .align = Align::kRight, .drop = kNiceToHave}});
  std::string notes;
  for (const v1::Agent& agent : agents) {
    const std::optional<double> drift = Drift(agent);
    Cell platform{Short(agent.platform())};
    if (agent.fingerprint().simulated()) platform.suffix = " simulated";
    table.AddRow({{Short(agent.name()), Style::kTitle},
                  {agent.display_name()},
                  platform,
                  {agent.backend()},
                  {StateWord(agent.state()), StateStyle(agent.state())},
                  {FormatAge(agent.last_seen_unix_ms(), now)},
                  {Temperature(agent, terminal.ascii)},
                  {absl::StrCat(agent.measurement_count())},
                  {absl::StrCat(agent.failure_count())},
                  {absl::StrCat(agent.spooled_measurements())},
                  {drift ? DriftText(*drift) : "", drift && *drift > kNotableDrift ? Style::kWarning : Style::kPlain}});
    if (!agent.trouble().empty()) {
      absl::StrAppend(
          &notes, "\n",
          Paint(WrapHanging(Printable(absl::StrCat(Short(agent.name()), " says: ", agent.trouble()), terminal.ascii),
                            "", terminal.width),
                Style::kWarning, terminal.color));
    }
    if (!agent.has_changed_fingerprint()) continue;
    absl::StrAppend(&notes, "\n",
                    Paint(WrapHanging(absl::StrCat("The board of ", Printable(Short(agent.name()), terminal.ascii),
                                                   " has changed and gets no work until a person accepts that:"),
                                      "", terminal.width),
                          Style::kWarning, terminal.color));
    for (const std::string& change :
         FingerprintChanges(agent.fingerprint(), agent.changed_fingerprint(), terminal.ascii)) {
      notes += WrapHanging(change, "  ", terminal.width);
    }
    absl::StrAppend(&notes, "  latimer agents accept ", Printable(Short(agent.name()), terminal.ascii), "\n");
  }
  return table.Render(terminal) + notes;
}

std::string AgentCsv(const std::vector<v1::Agent>& agents) {
  std::string text =
      CsvRow({"name", "display_name", "platform", "backend", "state", "simulated", "fingerprint", "changed",
              "agent_version", "last_seen_unix_ms", "temperature_celsius", "measurement_count", "failure_count",
              "spooled_measurements", "first_reference_ms", "last_reference_ms", "trouble"});
  for (const v1::Agent& agent : agents) {
    text += CsvRow(
        {agent.name(), agent.display_name(), agent.platform(), agent.backend(), StateWord(agent.state()),
         agent.fingerprint().simulated() ? "true" : "false", agent.fingerprint().digest(),
         agent.has_changed_fingerprint() ? "true" : "false", agent.agent_version(),
         absl::StrCat(agent.last_seen_unix_ms()),
         agent.conditions().has_temperature_celsius() ? FormatExact(agent.conditions().temperature_celsius()) : "",
         absl::StrCat(agent.measurement_count()), absl::StrCat(agent.failure_count()),
         absl::StrCat(agent.spooled_measurements()), FormatExact(agent.first_reference_ms()),
         FormatExact(agent.last_reference_ms()), agent.trouble()});
  }
  return text;
}

std::string CampaignList(const std::vector<v1::Campaign>& campaigns, const Terminal& terminal) {
  Table table({{.title = "campaign"},
               {.title = "platform", .shorten = Shorten::kMiddle, .min_width = 12},
               {.title = "state"},
               {.title = "method", .drop = kNiceToHave},
               {.title = "done", .align = Align::kRight},
               {.title = "of", .align = Align::kRight},
               {.title = "failed", .align = Align::kRight, .drop = 2},
               {.title = "board time", .align = Align::kRight, .drop = 4},
               {.title = "model", .drop = 5},
               {.title = "mean error", .align = Align::kRight, .drop = 1},
               {.title = "started (UTC)", .drop = 6}});
  for (const v1::Campaign& campaign : campaigns) {
    Style style = Style::kPlain;
    if (campaign.state() == v1::CAMPAIGN_STATE_FAILED) style = Style::kError;
    if (campaign.state() == v1::CAMPAIGN_STATE_SUCCEEDED) style = Style::kGood;
    table.AddRow({{Short(campaign.name()), Style::kTitle},
                  {Short(campaign.platform())},
                  {CampaignStateWord(campaign.state()), style},
                  {MethodWords(campaign.method())},
                  {absl::StrCat(campaign.done())},
                  {absl::StrCat(PlannedMeasurements(campaign))},
                  {absl::StrCat(campaign.failed())},
                  {FormatClock(absl::Seconds(campaign.board_seconds()))},
                  {campaign.model_version()},
                  {MainError(campaign.accuracy())},
                  {FormatTimestamp(campaign.create_time_unix_ms())}});
  }
  return table.Render(terminal);
}

std::string CampaignReport(const v1::Campaign& campaign, const Terminal& terminal) {
  std::string text = absl::StrCat(
      Paint(absl::StrCat(Printable(campaign.name(), terminal.ascii), "  ", CampaignStateWord(campaign.state())),
            Style::kTitle, terminal.color),
      "\n\n");
  text += Labelled("platform", Short(campaign.platform()), terminal);
  text += Labelled("method", absl::StrCat(MethodWords(campaign.method()), ", seed ", campaign.seed()), terminal);
  text += Labelled("budget", Budget(campaign), terminal);
  std::string when = absl::StrCat("from ", FormatTimestamp(campaign.create_time_unix_ms()), " UTC");
  if (campaign.end_time_unix_ms() > 0) {
    absl::StrAppend(&when, ", took ",
                    FormatClock(absl::Milliseconds(campaign.end_time_unix_ms() - campaign.create_time_unix_ms())));
  }
  text += Labelled("time", when, terminal);
  text += Labelled("measured",
                   absl::StrCat(campaign.done(), " of ", PlannedMeasurements(campaign), ", ", campaign.failed(),
                                " failed, ", FormatClock(absl::Seconds(campaign.board_seconds())), " of board time"),
                   terminal);
  text += Labelled("model", campaign.model_version(), terminal);
  text += Labelled("message", campaign.message(), terminal);
  if (campaign.stages_size() > 0) {
    Table stages({{.title = "stage", .shorten = Shorten::kEnd, .min_width = 10},
                  {.title = "done", .align = Align::kRight},
                  {.title = "planned", .align = Align::kRight},
                  {.title = "failed", .align = Align::kRight}});
    for (const v1::CampaignStage& stage : campaign.stages()) {
      stages.AddRow({{stage.name()},
                     {absl::StrCat(stage.done())},
                     {absl::StrCat(stage.planned())},
                     {absl::StrCat(stage.failed())}});
    }
    text += "\n" + stages.Render(terminal);
  }
  if (campaign.accuracy_size() > 0) {
    Table accuracy({{.title = "judged on", .shorten = Shorten::kEnd, .min_width = 10},
                    {.title = "mean error", .align = Align::kRight},
                    {.title = "RMSPE", .align = Align::kRight},
                    {.title = "samples", .align = Align::kRight},
                    {.title = "source", .shorten = Shorten::kEnd, .min_width = 10, .drop = 1}});
    for (const v1::Accuracy& figure : campaign.accuracy()) {
      accuracy.AddRow({{figure.subject()},
                       {FormatPercent(figure.mape())},
                       {figure.rmspe() > 0 ? FormatPercent(figure.rmspe()) : ""},
                       {figure.samples() > 0 ? absl::StrCat(figure.samples()) : ""},
                       {figure.source()}});
    }
    text += "\n" + accuracy.Render(terminal);
  }
  return text;
}

std::string VersionList(const std::vector<v1::PlatformVersion>& versions, const Terminal& terminal) {
  Table table({{.title = "version"},
               {.title = "state"},
               {.title = "made (UTC)", .drop = kNiceToHave + 1},
               {.title = "measurements", .align = Align::kRight, .drop = 1},
               {.title = "mean error", .align = Align::kRight},
               {.title = "campaign", .drop = kNiceToHave},
               {.title = "about", .shorten = Shorten::kEnd, .min_width = 24}});
  for (const v1::PlatformVersion& version : versions) {
    const std::string state = version.active() ? "answers" : version.promoted() ? "earlier" : "not promoted";
    table.AddRow({{version.version(), Style::kTitle},
                  {state, version.active()     ? Style::kGood
                          : version.promoted() ? Style::kPlain
                                               : Style::kWarning},
                  {FormatTimestamp(version.create_time_unix_ms())},
                  {version.measurement_count() > 0 ? absl::StrCat(version.measurement_count()) : ""},
                  {MainError(version.accuracy())},
                  {Short(version.campaign())},
                  {version.rejection().empty() ? version.description() : version.rejection()}});
  }
  return table.Render(terminal);
}

}  // namespace latimer::cli
