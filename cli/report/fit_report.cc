#include "cli/report/fit_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/format/kinds.h"
#include "cli/format/numbers.h"
#include "cli/report/platform_report.h"
#include "cli/terminal/plot.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"
#include "core/base/error.h"

namespace latimer::cli {
namespace {

constexpr v1::ModelKind kKinds[] = {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_REFINED_ROOFLINE,
                                    v1::MODEL_KIND_STATISTICAL, v1::MODEL_KIND_MIXED};

std::string Heading(absl::string_view title, absl::string_view rest, const Terminal& terminal) {
  const std::string line = rest.empty() ? std::string(title) : absl::StrCat(title, ": ", rest);
  std::string text = "\n";
  for (const std::string& part : Wrap(line, terminal.width)) {
    absl::StrAppend(&text, Paint(part, Style::kTitle, terminal.color), "\n");
  }
  return text;
}

std::string QualityTable(const v1::Platform& platform, const Terminal& terminal) {
  bool measured = false;
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    for (const v1::Accuracy& accuracy : model.accuracy()) measured |= accuracy.samples() > 0;
  }
  Table table({{.title = "unit type", .shorten = Shorten::kEnd, .min_width = 12},
               {.title = measured ? "samples" : "", .align = Align::kRight, .gap = measured ? 2 : 0},
               {.title = "chosen kind"},
               {.title = "roofline", .align = Align::kRight},
               {.title = "refined", .align = Align::kRight},
               {.title = "statistical", .align = Align::kRight},
               {.title = "mixed", .align = Align::kRight}});
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    int64_t samples = 0;
    std::vector<Cell> errors;
    for (const v1::ModelKind kind : kKinds) {
      const v1::Accuracy* accuracy = AccuracyOf(model, kind);
      errors.push_back({accuracy == nullptr ? "" : FormatPercent(accuracy->mape()),
                        kind == model.auto_kind() ? Style::kGood : Style::kPlain});
      if (accuracy != nullptr) samples = std::max(samples, accuracy->samples());
    }
    std::vector<Cell> cells = {
        {model.unit_type()}, {samples > 0 ? absl::StrCat(samples) : ""}, {KindWords(model.auto_kind())}};
    cells.insert(cells.end(), errors.begin(), errors.end());
    table.AddRow(std::move(cells));
  }
  return Heading("Quality",
                 measured ? "mean error of each kind of model in cross-validation; estimates take the chosen one"
                          : "mean error of each kind of model as published; estimates take the chosen one",
                 terminal) +
         table.Render(terminal);
}

std::string ParameterTable(const v1::Platform& platform, const Terminal& terminal) {
  Table table({{.title = "unit type", .shorten = Shorten::kEnd, .min_width = 12},
               {.title = "peak", .align = Align::kRight},
               {.title = "bandwidth", .align = Align::kRight},
               {.title = "overhead", .align = Align::kRight},
               {.title = "unrolled: s (alpha)", .shorten = Shorten::kEnd, .min_width = 19}});
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    const v1::AnalyticalModel* analytical = MostRefined(model);
    if (analytical == nullptr) continue;
    table.AddRow({{model.unit_type()},
                  {FormatSi(analytical->peak_ops_per_second(), "op/s")},
                  {FormatSi(analytical->bandwidth_bytes_per_second(), "B/s")},
                  {OverheadText(analytical->overhead_seconds())},
                  {UnrollingText(*analytical)}});
  }
  const std::string fixed =
      !OverheadText(platform.fixed_seconds_per_network()).empty()
          ? absl::StrCat("; a network costs ", OverheadText(platform.fixed_seconds_per_network()), " besides")
          : "";
  return Heading("Analytical models", absl::StrCat("peaks, bandwidth and time per unit beside them", fixed), terminal) +
         table.Render(terminal);
}

std::string ExtentTable(const v1::Platform& platform, const Terminal& terminal) {
  const std::vector<ExtentGroup> groups = GroupExtents(platform);
  if (groups.empty()) return "";
  Table table({{.title = "unit types", .shorten = Shorten::kEnd, .min_width = 14},
               {.title = "operations", .align = Align::kRight},
               {.title = "h", .align = Align::kRight},
               {.title = "w", .align = Align::kRight, .drop = 2},
               {.title = "c_in", .align = Align::kRight},
               {.title = "c_out", .align = Align::kRight},
               {.title = "kernel", .align = Align::kRight, .drop = 3},
               {.title = "stride", .align = Align::kRight, .drop = 4},
               {.title = "batch", .align = Align::kRight, .drop = 5}});
  for (const ExtentGroup& group : groups) {
    const auto range = [&](absl::string_view feature) {
      const v1::FeatureRange* found = ExtentOf(*group.model, feature);
      return found == nullptr ? std::string() : RangeText(*found);
    };
    table.AddRow({{absl::StrJoin(group.unit_types, ", ")},
                  {range("operations")},
                  {range("h")},
                  {range("w")},
                  {range("c_in")},
                  {range("c_out")},
                  {range("kernel_h")},
                  {range("stride_h")},
                  {range("batch")}});
  }
  return Heading("Measured space", "beyond it the analytical models carry the estimates", terminal) +
         table.Render(terminal);
}

std::string SweepPlot(const v1::Sweep& sweep, int number, const Terminal& terminal) {
  const v1::ModelKind kind = StaircaseKind(sweep);
  const bool chosen = ShowsChosenKind(sweep);
  Plot plot{sweep.dimension(), "ms", {}, {}, {}};
  for (const v1::SweepPoint& point : sweep.points()) {
    if (const v1::ModelTime* time = TimeOf(point, kind)) {
      plot.line.push_back({static_cast<double>(point.size()), time->ms()});
    }
    if (const v1::ModelTime* time = TimeOf(point, sweep.auto_kind()); chosen && time != nullptr) {
      plot.dots.push_back({static_cast<double>(point.size()), time->ms()});
    }
    if (!point.has_measured()) continue;
    plot.marks.push_back({static_cast<double>(point.size()), point.measured().lower_ms(), point.measured().upper_ms()});
  }
  std::string text = Heading(absl::StrCat("Sweep ", number), Printable(sweep.name(), terminal.ascii), terminal);
  text += DrawPlot(plot, terminal);
  const auto legend = [&](absl::string_view glyph, absl::string_view words) {
    text += WrapHanging(words, absl::StrCat("  ", glyph, " "), terminal.width);
  };
  const auto error = [&](v1::ModelKind of) {
    const double value = SweepError(sweep, of);
    return value < 0 ? std::string() : absl::StrCat(", mean error here ", FormatPercent(value));
  };
  if (sweep.measured_points() > 0) {
    legend(terminal.ascii ? "o" : "●", absl::StrCat(sweep.measured_points(), " measured sizes"));
  }
  legend(terminal.ascii ? "-" : "⠒",
         absl::StrCat(KindWords(kind), error(kind),
                      sweep.measured_points() > 0
                          ? ""
                          : "; nothing of it was measured on boards enrolled here, only the model is drawn"));
  if (!plot.dots.empty()) {
    legend(terminal.ascii ? "." : "·",
           absl::StrCat(KindWords(sweep.auto_kind()), error(sweep.auto_kind()), " (chosen)"));
  }
  return text;
}

}  // namespace

double Stepness(const v1::Sweep& sweep) {
  constexpr size_t kFewIncrements = 8;  // one in eight: the steps of eight parallel elements or more
  const v1::ModelKind kind = StaircaseKind(sweep);
  std::vector<double> increments;
  double growth = 0;
  const v1::ModelTime* last = nullptr;
  for (const v1::SweepPoint& point : sweep.points()) {
    const v1::ModelTime* time = TimeOf(point, kind);
    if (time == nullptr) continue;
    if (last != nullptr) {
      increments.push_back(std::abs(time->ms() - last->ms()));
      growth += increments.back();
    }
    last = time;
  }
  if (!(growth > 0)) return 0;
  std::sort(increments.rbegin(), increments.rend());
  increments.resize((increments.size() + kFewIncrements - 1) / kFewIncrements);
  return std::accumulate(increments.begin(), increments.end(), 0.0) / growth;
}

v1::ModelKind StaircaseKind(const v1::Sweep& sweep) {
  for (const v1::ModelKind kind : {v1::MODEL_KIND_REFINED_ROOFLINE, v1::MODEL_KIND_ROOFLINE}) {
    for (const v1::SweepPoint& point : sweep.points()) {
      if (TimeOf(point, kind) != nullptr) return kind;
    }
  }
  return v1::MODEL_KIND_UNSPECIFIED;
}

const v1::ModelTime* TimeOf(const v1::SweepPoint& point, v1::ModelKind kind) {
  for (const v1::ModelTime& time : point.models()) {
    if (time.model_kind() == kind) return &time;
  }
  return nullptr;
}

bool ShowsChosenKind(const v1::Sweep& sweep) {
  constexpr double kNoticeable = 0.01;
  const v1::ModelKind staircase = StaircaseKind(sweep);
  if (sweep.auto_kind() == staircase || sweep.measured_points() == 0) return false;
  return std::any_of(sweep.points().begin(), sweep.points().end(), [&](const v1::SweepPoint& point) {
    const v1::ModelTime* fit = TimeOf(point, staircase);
    const v1::ModelTime* chosen = TimeOf(point, sweep.auto_kind());
    return fit != nullptr && chosen != nullptr && std::abs(chosen->ms() - fit->ms()) > kNoticeable * fit->ms();
  });
}

double SweepError(const v1::Sweep& sweep, v1::ModelKind kind) {
  double sum = 0;
  int count = 0;
  for (const v1::SweepPoint& point : sweep.points()) {
    const v1::ModelTime* time = TimeOf(point, kind);
    const double middle = (point.measured().lower_ms() + point.measured().upper_ms()) / 2;
    if (time == nullptr || !(middle > 0)) continue;
    sum += std::abs(time->ms() / middle - 1);
    ++count;
  }
  return count == 0 ? -1 : sum / count;
}

int MostTellingSweep(const std::vector<v1::Sweep>& sweeps) {
  constexpr int kEnoughPoints = 15;  // more show no more
  constexpr double kWorthOfSteps = 40;
  int best = -1;
  double best_score = -1;
  for (size_t i = 0; i < sweeps.size(); ++i) {
    const double score = std::min(kEnoughPoints, sweeps[i].measured_points()) + kWorthOfSteps * Stepness(sweeps[i]);
    if (score <= best_score) continue;
    best_score = score;
    best = static_cast<int>(i);
  }
  return best;
}

absl::StatusOr<std::vector<int>> ChooseSweeps(const std::vector<v1::Sweep>& sweeps, const std::string& wanted) {
  std::vector<int> chosen;
  if (wanted.empty()) {
    if (const int best = MostTellingSweep(sweeps); best >= 0) chosen.push_back(best);
    return chosen;
  }
  int number = 0;
  const bool is_number = absl::SimpleAtoi(wanted, &number);
  const std::string lower = absl::AsciiStrToLower(wanted);
  for (int i = 0; i < static_cast<int>(sweeps.size()); ++i) {
    const std::string name = absl::AsciiStrToLower(sweeps[static_cast<size_t>(i)].name());
    const bool named = !is_number && name.find(lower) != std::string::npos;
    if (lower == "all" || named || (is_number && number == i + 1)) chosen.push_back(i);
  }
  if (chosen.empty() && lower != "all") {
    std::vector<std::string> names;
    for (size_t i = 0; i < sweeps.size(); ++i) names.push_back(absl::StrCat(i + 1, " (", sweeps[i].name(), ")"));
    return InvalidArgument("UNKNOWN_SWEEP",
                           absl::StrCat("there is no sweep '", wanted.substr(0, 100), "'; there are all",
                                        names.empty() ? "" : ", ", absl::StrJoin(names, ", ")))
        .Field("--sweep");
  }
  return chosen;
}

std::string FitReport(const v1::Platform& platform, const std::vector<v1::Sweep>& sweeps, const std::vector<int>& drawn,
                      const Terminal& terminal) {
  std::string text = PlatformFacts(platform, terminal);
  text += QualityTable(platform, terminal);
  text += ParameterTable(platform, terminal);
  text += ExtentTable(platform, terminal);
  for (const int index : drawn) text += SweepPlot(sweeps[static_cast<size_t>(index)], index + 1, terminal);
  if (drawn.size() < sweeps.size()) {
    text += Heading("Sweeps", "--sweep N, a part of a name, or all draws them", terminal);
    for (size_t i = 0; i < sweeps.size(); ++i) {
      text += WrapHanging(
          absl::StrCat(
              Printable(sweeps[i].name(), terminal.ascii),
              sweeps[i].measured_points() > 0 ? absl::StrCat(" (", sweeps[i].measured_points(), " measured)") : ""),
          absl::StrCat(PadLeft(absl::StrCat(i + 1), 3), "  "), terminal.width);
    }
  }
  return text;
}

std::string UnrollingText(const v1::AnalyticalModel& model) {
  return absl::StrJoin(model.unrolling(), ", ", [](std::string* out, const v1::Unrolling& unrolling) {
    absl::StrAppend(out, unrolling.dimension(), " ", unrolling.size(), " (", FormatFixed(unrolling.alpha(), 2), ")");
  });
}

std::string OverheadText(double seconds) {
  constexpr double kNoticeable = 1e-8;
  return seconds >= kNoticeable ? FormatMs(1000 * seconds, 3) : "";
}

std::string RangeText(const v1::FeatureRange& range) {
  const auto text = [](double value) {
    return value >= 100'000 ? FormatSi(value, "", 2) : FormatExact(std::round(value));
  };
  const std::string least = text(range.least());
  const std::string most = text(range.most());
  return least == most ? least : absl::StrCat(least, " to ", most);
}

std::vector<ExtentGroup> GroupExtents(const v1::Platform& platform) {
  std::vector<ExtentGroup> groups;
  std::map<std::string, size_t> known;
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    if (model.data_extent().empty()) continue;
    std::string key;
    for (const v1::FeatureRange& range : model.data_extent()) {
      absl::StrAppend(&key, range.feature(), " ", FormatExact(range.least()), " ", FormatExact(range.most()), "\n");
    }
    const auto [found, added] = known.emplace(key, groups.size());
    if (added) groups.push_back({{}, &model});
    groups[found->second].unit_types.push_back(model.unit_type());
  }
  return groups;
}

const v1::FeatureRange* ExtentOf(const v1::LayerModelDescription& model, absl::string_view feature) {
  for (const v1::FeatureRange& range : model.data_extent()) {
    if (range.feature() == feature) return &range;
  }
  return nullptr;
}

}  // namespace latimer::cli
