#include "cli/report/campaign_progress.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/format/numbers.h"
#include "cli/format/times.h"
#include "cli/terminal/bar.h"
#include "cli/terminal/style.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

constexpr int kStageBar = 20;
constexpr int kLabel = 13;

double Ratio(int64_t part, int64_t whole) {
  return whole > 0 ? std::clamp(static_cast<double>(part) / static_cast<double>(whole), 0.0, 1.0) : 0.0;
}

// The smaller of two times, of which either may be unknown.
std::optional<absl::Duration> Sooner(std::optional<absl::Duration> a, std::optional<absl::Duration> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

std::string Words(absl::string_view name, absl::string_view prefix) {
  absl::ConsumePrefix(&name, prefix);
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

std::string RateText(double per_second) {
  if (per_second >= 1) return absl::StrCat(FormatFixed(per_second, 1), "/s");
  return absl::StrCat(FormatFixed(per_second * 60, 1), "/min");
}

std::string TemperatureText(const v1::Campaign& campaign, bool ascii) {
  if (!campaign.has_temperature_celsius()) return "";
  return absl::StrCat("board ", FormatFixed(campaign.temperature_celsius(), 0), ascii ? " C" : " °C");
}

// Nothing where nothing failed: silence is the good news.
std::string FailedText(const v1::Campaign& campaign) {
  return campaign.failed() > 0 ? absl::StrCat(campaign.failed(), " failed") : "";
}

std::string AgentsText(const v1::Campaign& campaign) {
  if (campaign.active_agents() == 0) {
    return campaign.state() == v1::CAMPAIGN_STATE_RUNNING ? "no board at work" : "";
  }
  return absl::StrCat(campaign.active_agents(), campaign.active_agents() == 1 ? " board" : " boards");
}

std::string BudgetText(const v1::Campaign& campaign) {
  if (campaign.board_seconds() <= 0 && campaign.max_board_seconds() <= 0) return "";
  const std::string used = FormatClock(absl::Seconds(campaign.board_seconds()));
  if (campaign.max_board_seconds() <= 0) return absl::StrCat(used, " of board time");
  return absl::StrCat(used, " of ", FormatClock(absl::Seconds(campaign.max_board_seconds())), " board time");
}

std::string PaceText(const v1::Campaign& campaign, const CampaignPace& pace) {
  if (campaign.state() != v1::CAMPAIGN_STATE_RUNNING) return "";
  std::vector<std::string> parts;
  if (pace.per_second) parts.push_back(RateText(*pace.per_second));
  if (pace.left) parts.push_back(absl::StrCat(FormatClock(*pace.left), " left"));
  return absl::StrJoin(parts, ", ");
}

std::string Join(std::vector<std::string> parts, absl::string_view separator) {
  parts.erase(std::remove(parts.begin(), parts.end(), ""), parts.end());
  return absl::StrJoin(parts, separator);
}

Style StateStyle(v1::CampaignState state) {
  switch (state) {
    case v1::CAMPAIGN_STATE_SUCCEEDED:
      return Style::kGood;
    case v1::CAMPAIGN_STATE_FAILED:
      return Style::kError;
    case v1::CAMPAIGN_STATE_CANCELLED:
      return Style::kWarning;
    default:
      return Style::kPlain;
  }
}

// "> conv         120/400  ███▌" for each stage; the running one is marked.
void AppendStages(const v1::Campaign& campaign, const Terminal& terminal, int width, std::vector<std::string>* lines) {
  int name_width = 0;
  int count_width = 0;
  std::vector<std::string> counts;
  for (const v1::CampaignStage& stage : campaign.stages()) {
    name_width = std::max(name_width, DisplayWidth(Printable(stage.name(), terminal.ascii)));
    counts.push_back(absl::StrCat(stage.done(), "/", stage.planned()));
    count_width = std::max(count_width, DisplayWidth(counts.back()));
  }
  const int bar_width = width >= 80 ? kStageBar : kStageBar / 2;
  name_width = std::clamp(width - count_width - bar_width - 18, 4, std::max(4, name_width));
  for (int i = 0; i < campaign.stages_size(); ++i) {
    const v1::CampaignStage& stage = campaign.stages(i);
    const bool runs = i == campaign.current_stage() && campaign.state() == v1::CAMPAIGN_STATE_RUNNING;
    const std::string name =
        PadRight(ShortenEnd(Printable(stage.name(), terminal.ascii), name_width, terminal.ascii), name_width);
    std::string line = absl::StrCat(runs ? (terminal.ascii ? "> " : "▸ ") : "  ", name, "  ",
                                    PadLeft(counts[static_cast<size_t>(i)], count_width));
    const std::string bar = Bar(Ratio(stage.done(), stage.planned()), bar_width, terminal.ascii);
    if (!bar.empty() || stage.failed() > 0) absl::StrAppend(&line, "  ", bar);
    if (stage.failed() > 0) {
      line = absl::StrCat(line, std::string(static_cast<size_t>(bar_width - DisplayWidth(bar)), ' '), "  ",
                          stage.failed(), " failed");
    }
    lines->push_back(
        Paint(ShortenEnd(line, width, terminal.ascii), runs ? Style::kPlain : Style::kDim, terminal.color));
  }
}

}  // namespace

CampaignPace CampaignPacer::Update(const v1::Campaign& campaign, absl::Time now) {
  measurements_.Add(now, static_cast<double>(campaign.done()));
  board_seconds_.Add(now, campaign.board_seconds());
  CampaignPace pace;
  if (campaign.create_time_unix_ms() > 0) {
    const absl::Time end = campaign.end_time_unix_ms() > 0 ? absl::FromUnixMillis(campaign.end_time_unix_ms()) : now;
    pace.elapsed = std::max(absl::ZeroDuration(), end - absl::FromUnixMillis(campaign.create_time_unix_ms()));
  }
  pace.per_second = measurements_.PerSecond();
  const int64_t todo = std::max<int64_t>(0, PlannedMeasurements(campaign) - campaign.done());
  if (pace.per_second) pace.left = absl::Seconds(static_cast<double>(todo) / *pace.per_second);
  const std::optional<double> board_rate = board_seconds_.PerSecond();
  if (board_rate && campaign.max_board_seconds() > 0) {
    const double seconds = std::max(0.0, campaign.max_board_seconds() - campaign.board_seconds());
    pace.left = Sooner(pace.left, absl::Seconds(seconds / *board_rate));
  }
  return pace;
}

int64_t PlannedMeasurements(const v1::Campaign& campaign) {
  int64_t planned = 0;
  for (const v1::CampaignStage& stage : campaign.stages()) planned += stage.planned();
  return planned > 0 ? planned : campaign.max_measurements();
}

std::string CampaignStateWord(v1::CampaignState state) {
  if (state == v1::CAMPAIGN_STATE_UNSPECIFIED || !v1::CampaignState_IsValid(state)) return "-";
  return Words(v1::CampaignState_Name(state), "CAMPAIGN_STATE_");
}

std::string MethodWords(v1::BenchmarkMethod method) {
  if (!v1::BenchmarkMethod_IsValid(method)) return "-";
  if (method == v1::BENCHMARK_METHOD_UNSPECIFIED) return "auto";
  return Words(v1::BenchmarkMethod_Name(method), "BENCHMARK_METHOD_");
}

// Networks first, then the layer types with most measurements: a line has room for a few.
std::string FitQuality(const v1::Campaign& campaign) {
  constexpr size_t kMost = 4;
  std::vector<const v1::Accuracy*> sorted;
  for (const v1::Accuracy& accuracy : campaign.accuracy()) sorted.push_back(&accuracy);
  std::stable_sort(sorted.begin(), sorted.end(), [](const v1::Accuracy* a, const v1::Accuracy* b) {
    const bool a_network = a->subject() == "network", b_network = b->subject() == "network";
    return a_network != b_network ? a_network : a->samples() > b->samples();
  });
  if (sorted.size() > kMost) sorted.resize(kMost);
  return absl::StrJoin(sorted, ", ", [](std::string* out, const v1::Accuracy* accuracy) {
    absl::StrAppend(out, accuracy->subject(), " ", FormatPercent(accuracy->mape()));
  });
}

std::vector<std::string> CampaignProgressLines(const v1::Campaign& campaign, const CampaignPace& pace,
                                               const Terminal& terminal) {
  const int width = terminal.width - 1;  // the last column makes some terminals wrap
  const bool ascii = terminal.ascii;
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text, Style style) {
    if (text.empty()) return;
    lines.push_back(Paint(ShortenEnd(text, width, ascii), style, terminal.color));
  };

  const std::string state =
      absl::StrCat(pace.lost ? "connection lost, trying again" : CampaignStateWord(campaign.state()), "  ",
                   FormatClock(pace.elapsed));
  const std::string title =
      Printable(absl::StrCat(campaign.name(), "  ", absl::StripPrefix(campaign.platform(), "platforms/"), "  ",
                             MethodWords(campaign.method())),
                ascii);
  const Style state_style = pace.lost ? Style::kWarning : StateStyle(campaign.state());
  const int gap = width - DisplayWidth(title) - DisplayWidth(state);
  if (gap >= 2) {
    lines.push_back(absl::StrCat(Paint(title, Style::kTitle, terminal.color),
                                 std::string(static_cast<size_t>(gap), ' '),
                                 Paint(state, state_style, terminal.color)));
  } else {
    add(title, Style::kTitle);
    add(state, state_style);
  }

  AppendStages(campaign, terminal, width, &lines);

  const int64_t planned = PlannedMeasurements(campaign);
  const double ratio = Ratio(campaign.done(), planned);
  const std::string counts =
      Join({absl::StrCat(campaign.done(), "/", planned), FormatPercent(ratio, 0), PaceText(campaign, pace)}, "  ");
  const int bar_width = std::max(0, std::min(40, width - DisplayWidth(counts) - 4));
  const std::string bar = Bar(ratio, bar_width, ascii);
  add(absl::StrCat("[", bar, std::string(static_cast<size_t>(bar_width - DisplayWidth(bar)), ' '), "] ", counts),
      Style::kPlain);
  add(Join({TemperatureText(campaign, ascii), AgentsText(campaign), BudgetText(campaign), FailedText(campaign)}, "   "),
      Style::kPlain);
  const std::string quality = FitQuality(campaign);
  if (!quality.empty()) {
    add(Printable(absl::StrCat(PadRight("mean error", kLabel), quality, "  (", campaign.model_version(), ")"), ascii),
        Style::kGood);
  }
  add(Printable(campaign.message(), ascii), Style::kWarning);
  return lines;
}

std::string CampaignProgressLine(const v1::Campaign& campaign, const CampaignPace& pace, bool ascii) {
  std::string stage;
  if (campaign.current_stage() >= 0 && campaign.current_stage() < campaign.stages_size() &&
      campaign.state() == v1::CAMPAIGN_STATE_RUNNING) {
    const v1::CampaignStage& current = campaign.stages(campaign.current_stage());
    stage = absl::StrCat(current.name(), " ", current.done(), "/", current.planned());
  }
  const std::string quality = FitQuality(campaign);
  return Printable(
      absl::StrCat(campaign.name(), ": ",
                   Join({pace.lost ? "connection lost, trying again" : CampaignStateWord(campaign.state()), stage,
                         absl::StrCat(campaign.done(), "/", PlannedMeasurements(campaign), " in all"),
                         PaceText(campaign, pace), TemperatureText(campaign, ascii), FailedText(campaign),
                         quality.empty() ? "" : absl::StrCat("mean error ", quality)},
                        ", ")),
      ascii);
}

}  // namespace latimer::cli
