#include "cli/report/platform_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/kinds.h"
#include "cli/format/numbers.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"

namespace latimer::cli {
namespace {

constexpr int kLabelWidth = 13;

std::string Id(const v1::Platform& platform) { return std::string(absl::StripPrefix(platform.name(), "platforms/")); }

std::string Labelled(absl::string_view label, absl::string_view text, const Terminal& terminal) {
  if (text.empty()) return "";
  return WrapHanging(Printable(text, terminal.ascii), PadRight(label, kLabelWidth), terminal.width);
}

// Unrolled dimensions of the refined roofline: "h 8 (0.51), c_out 16 (0.12)".
std::string UnrollingText(const v1::LayerModelDescription& model) {
  for (const v1::AnalyticalModel& analytical : model.analytical()) {
    if (analytical.unrolling_size() == 0) continue;
    return absl::StrJoin(analytical.unrolling(), ", ", [](std::string* out, const v1::Unrolling& unrolling) {
      absl::StrAppend(out, unrolling.dimension(), " ", unrolling.size(), " (", FormatFixed(unrolling.alpha(), 2), ")");
    });
  }
  return "";
}

std::string AccuracyText(const v1::Accuracy& accuracy) {
  std::string text = absl::StrCat(KindWords(accuracy.model_kind()), ": mean error ", FormatPercent(accuracy.mape()));
  if (accuracy.rmspe() > 0) absl::StrAppend(&text, ", RMSPE ", FormatPercent(accuracy.rmspe()));
  if (accuracy.mae_ms() > 0) absl::StrAppend(&text, ", ", FormatMs(accuracy.mae_ms(), 3));
  if (!accuracy.source().empty()) absl::StrAppend(&text, " (", accuracy.source(), ")");
  return text;
}

}  // namespace

std::string PlatformList(const std::vector<v1::Platform>& platforms, const Terminal& terminal) {
  Table table({{.title = "platform"},
               {.title = "hardware", .shorten = Shorten::kEnd, .min_width = 20},
               {.title = "toolchain", .shorten = Shorten::kEnd, .min_width = 10, .drop = 3},
               {.title = "precision", .drop = 2},
               {.title = "model"},
               {.title = "network error", .align = Align::kRight, .drop = 1}});
  for (const v1::Platform& platform : platforms) {
    std::string error;
    if (platform.network_accuracy_size() > 0) {
      error = FormatPercent(platform.network_accuracy(platform.network_accuracy_size() - 1).mape());
    }
    Cell id{Id(platform), Style::kTitle};
    if (platform.simulated()) id.suffix = " simulated";
    table.AddRow({id,
                  {platform.hardware()},
                  {platform.toolchain()},
                  {platform.precision()},
                  {platform.active_version()},
                  {error}});
  }
  return table.Render(terminal);
}

std::string PlatformFacts(const v1::Platform& platform, const Terminal& terminal) {
  std::string text =
      absl::StrCat(Paint(absl::StrCat(Id(platform), "  ", Printable(platform.display_name(), terminal.ascii)),
                         Style::kTitle, terminal.color),
                   platform.simulated() ? Paint("   SIMULATED board", Style::kWarning, terminal.color) : "", "\n\n");
  text += Labelled("hardware", platform.hardware(), terminal);
  text += Labelled("toolchain", platform.toolchain(), terminal);
  text += Labelled("precision",
                   absl::StrCat(platform.precision(), " (", platform.activation_bits(), "-bit activations, ",
                                platform.weight_bits(), "-bit weights)"),
                   terminal);
  std::vector<std::string> settings;
  for (const auto& [key, value] : platform.settings()) settings.push_back(absl::StrCat(key, " = ", value));
  std::sort(settings.begin(), settings.end());
  text += Labelled("settings", absl::StrJoin(settings, ", "), terminal);
  text += Labelled("model", platform.active_version(), terminal);
  text += Labelled("about", platform.description(), terminal);
  for (const v1::Accuracy& accuracy : platform.network_accuracy()) {
    text += Labelled("networks", AccuracyText(accuracy), terminal);
  }
  return text;
}

std::string PlatformReport(const v1::Platform& platform, const Terminal& terminal) {
  std::string text = PlatformFacts(platform, terminal);
  text += "\n";
  Table table({{.title = "unit type"},
               {.title = "auto kind"},
               {.title = "peak", .align = Align::kRight},
               {.title = "bandwidth", .align = Align::kRight},
               {.title = "unrolled: size (alpha)", .shorten = Shorten::kEnd, .min_width = 12},
               {.title = "layer error", .align = Align::kRight}});
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    std::string error;
    for (const v1::Accuracy& accuracy : model.accuracy()) {
      if (accuracy.model_kind() == model.auto_kind()) error = FormatPercent(accuracy.mape());
    }
    std::string peak;
    std::string bandwidth;
    if (!model.analytical().empty()) {
      const v1::AnalyticalModel& analytical = *model.analytical().rbegin();
      peak = FormatSi(analytical.peak_ops_per_second(), "op/s");
      bandwidth = FormatSi(analytical.bandwidth_bytes_per_second(), "B/s");
    }
    table.AddRow(
        {{model.unit_type()}, {KindWords(model.auto_kind())}, {peak}, {bandwidth}, {UnrollingText(model)}, {error}});
  }
  text += table.Render(terminal);
  if (platform.fusion_rules_size() > 0) text += "\nfused into one unit\n";
  for (const v1::FusionRule& rule : platform.fusion_rules()) {
    std::string line = absl::StrCat(absl::StrJoin(rule.primary(), "/"), " + ", absl::StrJoin(rule.secondary(), "/"));
    if (!rule.unit_type().empty()) absl::StrAppend(&line, terminal.ascii ? " -> " : " → ", rule.unit_type());
    if (!rule.condition().empty()) absl::StrAppend(&line, " (", rule.condition(), ")");
    text += WrapHanging(Printable(line, terminal.ascii), "  ", terminal.width);
  }
  return text;
}

}  // namespace latimer::cli
