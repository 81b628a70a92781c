#include "cli/report/estimate_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"
#include "core/evaluation/measured_pace.h"

namespace latimer::cli {
namespace {

constexpr int kHotUnits = 1;   // painted as slowest …
constexpr int kWarmUnits = 5;  // … and as among the slowest
constexpr int kLabelWidth = 10;
constexpr double kNotablePace = 0.005;  // what the board's pace changes a measured time by

// "refined roofline" of MODEL_KIND_REFINED_ROOFLINE.
std::string KindWords(v1::ModelKind kind) {
  absl::string_view name = v1::ModelKind_Name(kind);
  absl::ConsumePrefix(&name, "MODEL_KIND_");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

// As in the report of networks, so that rows of the two can be joined.
std::string TypeWord(v1::LayerType type) {
  absl::string_view name = v1::LayerType_Name(type);
  absl::ConsumePrefix(&name, "LAYER_TYPE_");
  return absl::AsciiStrToLower(name);
}

std::string BoundWord(v1::Bound bound) {
  return bound == v1::BOUND_COMPUTE ? "compute" : bound == v1::BOUND_MEMORY ? "memory" : "";
}

const char* Dash(const Terminal& terminal) { return terminal.ascii ? "-" : "–"; }

std::string Interval(const v1::Latency& latency, int decimals, const Terminal& terminal) {
  return absl::StrCat(FormatFixed(latency.lower_ms(), decimals), Dash(terminal),
                      FormatFixed(latency.upper_ms(), decimals));
}

// Positions of the units, slowest first.
std::vector<int> BySlowness(const v1::NetworkEstimate& estimate) {
  std::vector<int> order(static_cast<size_t>(estimate.units_size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return estimate.units(a).latency().estimate_ms() > estimate.units(b).latency().estimate_ms();
  });
  return order;
}

// Why an interval is wide, in a word.
const char* ReasonWord(v1::IntervalReason reason) {
  switch (reason) {
    case v1::INTERVAL_REASON_VARIANCE:
      return " scatter";
    case v1::INTERVAL_REASON_COVERAGE:
      return " far off";
    case v1::INTERVAL_REASON_NO_MEASUREMENTS:
      return " unknown";
    default:
      return "";
  }
}

// "coverage" of INTERVAL_REASON_COVERAGE; empty: not known.
std::string ReasonName(v1::IntervalReason reason) {
  if (reason == v1::INTERVAL_REASON_UNSPECIFIED) return "";
  absl::string_view name = v1::IntervalReason_Name(reason);
  absl::ConsumePrefix(&name, "INTERVAL_REASON_");
  return absl::AsciiStrToLower(name);
}

// Share of the network's variance, with the reason where it is an unusual one.
Cell DoubtCell(const v1::UnitEstimate& unit) {
  const char* reason = ReasonWord(unit.interval_reason());
  if (unit.variance_share() < 0.005 && *reason == 0) return {""};
  return {absl::StrCat(FormatPercent(unit.variance_share(), 0), reason), *reason == 0 ? Style::kDim : Style::kPlain};
}

std::string UnitTable(const v1::NetworkEstimate& estimate, int top, const Terminal& terminal) {
  const bool calibrated = estimate.interval_source() == v1::INTERVAL_SOURCE_CALIBRATED;
  std::vector<Column> columns = {
      {.title = "#", .align = Align::kRight},
      {.title = "layer", .shorten = Shorten::kMiddle, .min_width = 22},
      {.title = "type", .shorten = Shorten::kEnd, .min_width = 8, .max_width = 14},
      {.title = "output", .drop = 3},
      {.title = "ops", .align = Align::kRight, .drop = 8},
      {.title = "bytes", .align = Align::kRight, .drop = 9},
      {.title = "ms", .align = Align::kRight},
      {.title = absl::StrCat(FormatPercent(estimate.confidence(), 0), " interval"), .align = Align::kRight, .drop = 4},
      {.title = "share", .align = Align::kRight},
      {.title = "", .shorten = Shorten::kBar, .min_width = 5, .max_width = 12, .drop = 2, .gap = 1},
      {.title = "util", .align = Align::kRight, .drop = kNiceToHave},
      {.title = "bound", .drop = 7}};
  if (calibrated) columns.push_back({.title = "doubt", .drop = 5});
  Table table(std::move(columns));
  const std::vector<int> slowest = BySlowness(estimate);
  std::vector<Style> style(slowest.size(), Style::kPlain);
  for (size_t i = 0; i < slowest.size() && i < kWarmUnits; ++i) {
    style[static_cast<size_t>(slowest[i])] = i < kHotUnits ? Style::kHot : Style::kWarm;
  }
  std::vector<int> rows = slowest;
  if (top > 0) {
    rows.resize(std::min<size_t>(rows.size(), static_cast<size_t>(top)));
  } else {
    std::sort(rows.begin(), rows.end());
  }
  const double longest = slowest.empty() ? 0 : estimate.units(slowest[0]).latency().estimate_ms();
  const double largest_share = slowest.empty() ? 1 : std::max(1e-12, estimate.units(slowest[0]).share());
  const int decimals = DecimalsFor(longest, 4);
  for (int row : rows) {
    const v1::UnitEstimate& unit = estimate.units(row);
    const int fused = unit.nodes_size() - 1;
    Cell name{unit.name(), Style::kPlain};
    if (fused > 0) name.suffix = absl::StrCat(" +", fused);
    Cell bar;
    bar.bar = unit.share() / largest_share;
    const double bytes = unit.input_bytes() + unit.output_bytes() + unit.weight_bytes();
    std::vector<Cell> cells = {{absl::StrCat(row + 1)},
                               name,
                               {unit.unit_type()},
                               {unit.output_shapes_size() > 0 ? FormatShape(unit.output_shapes(0)) : ""},
                               {unit.operations() > 0 ? FormatSi(unit.operations(), "") : ""},
                               {FormatBytes(bytes)},
                               {FormatFixed(unit.latency().estimate_ms(), decimals)},
                               {Interval(unit.latency(), decimals, terminal), Style::kDim},
                               {FormatPercent(unit.share())},
                               bar,
                               {unit.bound() == v1::BOUND_COMPUTE ? FormatPercent(unit.utilization(), 0) : ""},
                               {BoundWord(unit.bound())}};
    if (calibrated) cells.push_back(DoubtCell(unit));
    table.AddRow(std::move(cells), style[static_cast<size_t>(row)]);
  }
  return table.Render(terminal);
}

std::string Labelled(absl::string_view label, absl::string_view text, const Terminal& terminal) {
  return WrapHanging(Printable(text, terminal.ascii), PadRight(label, kLabelWidth), terminal.width);
}

std::string IntervalNote(v1::IntervalSource source) {
  switch (source) {
    case v1::INTERVAL_SOURCE_PUBLISHED_ERROR:
      return "assumed from the published error, not calibrated on measurements";
    case v1::INTERVAL_SOURCE_CALIBRATED:
      return "calibrated on measurements";
    default:
      return "of unknown origin";
  }
}

// "15.9 ms in 40 runs; the estimate is 3.1% above it", 15.2 ms at the model's pace" after the runs where the board's
// was another.
std::string MeasuredNote(const v1::NetworkEstimate& estimate) {
  const v1::MeasuredLatency& measured = estimate.measured();
  const double at_pace = MedianMsAtPace(measured, estimate);
  const double error = estimate.latency().estimate_ms() / at_pace - 1;
  const int decimals = DecimalsFor(measured.median_ms(), 4);
  const std::string pace = std::abs(at_pace / measured.median_ms() - 1) < kNotablePace
                               ? ""
                               : absl::StrCat(", ", FormatFixed(at_pace, decimals), " ms at the model's pace");
  return absl::StrCat(FormatFixed(measured.median_ms(), decimals), " ms in ", measured.runs(),
                      measured.runs() == 1 ? " run" : " runs", pace, "; the estimate is ",
                      FormatPercent(std::abs(error)), error < 0 ? " below it" : " above it");
}

std::string Totals(const v1::NetworkEstimate& estimate, const Terminal& terminal) {
  const v1::Latency& latency = estimate.latency();
  const int decimals = DecimalsFor(latency.estimate_ms(), 4);
  std::string text;
  text += Paint(PadRight("latency", kLabelWidth), Style::kTitle, terminal.color);
  text += Paint(absl::StrCat(FormatFixed(latency.estimate_ms(), decimals), " ms"), Style::kTitle, terminal.color);
  absl::StrAppend(&text, "   ", FormatPercent(estimate.confidence(), 0), " interval ",
                  Interval(latency, decimals, terminal), " ms\n");
  text += Labelled("", absl::StrCat("interval ", IntervalNote(estimate.interval_source())), terminal);
  if (estimate.has_measured()) text += Labelled("measured", MeasuredNote(estimate), terminal);
  text += Labelled(
      "work",
      absl::StrCat(FormatSi(static_cast<double>(estimate.macs()), "MAC"), ", ", FormatSi(estimate.operations(), "op"),
                   " in ", estimate.unit_count(), " units; ", estimate.free_nodes_size(),
                   estimate.free_nodes_size() == 1 ? " node costs nothing" : " nodes cost nothing"),
      terminal);
  text += Labelled("memory",
                   absl::StrCat(FormatBytes(static_cast<double>(estimate.memory().weight_bytes())), " of weights, ",
                                FormatBytes(static_cast<double>(estimate.memory().peak_activation_bytes())),
                                " of activations at most"),
                   terminal);
  text += Labelled("model", absl::StrCat(estimate.model_version(), ", ", KindWords(estimate.model_kind())), terminal);
  std::vector<std::string> slowest;
  for (int i : BySlowness(estimate)) {
    if (slowest.size() == kWarmUnits) break;
    slowest.push_back(absl::StrCat(estimate.units(i).name(), " (", FormatPercent(estimate.units(i).share()), ")"));
  }
  if (!slowest.empty()) text += Labelled("slowest", absl::StrJoin(slowest, ", "), terminal);
  for (int i = 0; i < estimate.measure_next_size(); ++i) {
    const v1::MeasurementAdvice& advice = estimate.measure_next(i);
    text += Labelled(
        i == 0 ? "doubt" : "",
        absl::StrCat(FormatPercent(advice.variance_share(), 0), " of the interval's variance: ", advice.message()),
        terminal);
  }
  return text;
}

}  // namespace

std::string WarningLines(const google::protobuf::RepeatedPtrField<v1::Warning>& warnings, const Terminal& terminal) {
  constexpr int kMostNames = 4;
  std::string text;
  for (const v1::Warning& warning : warnings) {
    std::string line = warning.message();
    if (warning.nodes_size() > 0) {
      std::vector<std::string> names(warning.nodes().begin(),
                                     warning.nodes().begin() + std::min(kMostNames, warning.nodes_size()));
      const bool more = warning.count() > static_cast<int64_t>(names.size());
      absl::StrAppend(&line, ": ", absl::StrJoin(names, ", "));
      if (more) absl::StrAppend(&line, " and ", warning.count() - static_cast<int64_t>(names.size()), " more");
    }
    const std::string wrapped = WrapHanging(Printable(line, terminal.ascii), "warning   ", terminal.width);
    text += Paint(absl::StripSuffix(wrapped, "\n"), Style::kWarning, terminal.color) + "\n";
  }
  return text;
}

std::string EstimateReport(const v1::NetworkEstimate& estimate, int top, const Terminal& terminal) {
  std::string text =
      absl::StrCat(Paint(absl::StrCat(Printable(estimate.network(), terminal.ascii), " on ",
                                      Printable(absl::StripPrefix(estimate.platform(), "platforms/"), terminal.ascii)),
                         Style::kTitle, terminal.color),
                   estimate.simulated() ? Paint("   SIMULATED board", Style::kWarning, terminal.color) : "", "\n\n");
  text += UnitTable(estimate, top, terminal);
  if (top > 0 && estimate.units_size() > top) {
    absl::StrAppend(&text, "the ", top, " slowest of ", estimate.units_size(), " units\n");
  }
  absl::StrAppend(&text, "\n", Totals(estimate, terminal), WarningLines(estimate.warnings(), terminal));
  return text;
}

std::string EstimateSummary(const std::vector<v1::NetworkEstimate>& estimates, const Terminal& terminal) {
  const bool simulated = std::any_of(estimates.begin(), estimates.end(), [](const auto& e) { return e.simulated(); });
  Table table({{.title = "network", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "platform", .shorten = Shorten::kMiddle, .min_width = 12},
               {.title = "ms", .align = Align::kRight},
               {.title = "interval", .align = Align::kRight, .drop = 3},
               {.title = "MAC", .align = Align::kRight, .drop = 4},
               {.title = "units", .align = Align::kRight, .drop = 5},
               {.title = "slowest layer", .shorten = Shorten::kMiddle, .min_width = 12, .drop = 6},
               {.title = "warnings", .align = Align::kRight, .drop = 2}});
  for (const v1::NetworkEstimate& e : estimates) {
    const int decimals = DecimalsFor(e.latency().estimate_ms(), 4);
    const std::vector<int> slowest = BySlowness(e);
    std::string slow;
    if (!slowest.empty()) {
      slow = absl::StrCat(e.units(slowest[0]).name(), " (", FormatPercent(e.units(slowest[0]).share(), 0), ")");
    }
    Cell platform{std::string(absl::StripPrefix(e.platform(), "platforms/"))};
    if (e.simulated()) platform.suffix = " simulated";
    table.AddRow({{e.network()},
                  platform,
                  {FormatFixed(e.latency().estimate_ms(), decimals)},
                  {Interval(e.latency(), decimals, terminal), Style::kDim},
                  {FormatSi(static_cast<double>(e.macs()), "")},
                  {absl::StrCat(e.unit_count())},
                  {slow, Style::kDim},
                  {e.warnings_size() == 0 ? "" : absl::StrCat(e.warnings_size()), Style::kWarning}});
  }
  std::string text = table.Render(terminal);
  if (!estimates.empty()) {
    text += WrapHanging(absl::StrCat("intervals of ", FormatPercent(estimates[0].confidence(), 0), ", ",
                                     IntervalNote(estimates[0].interval_source()),
                                     simulated ? "; simulated boards are not real ones" : ""),
                        "", terminal.width);
  }
  return text;
}

std::string EstimateCsvHeader() {
  return CsvRow({"file",       "network",     "platform",     "model_version",  "unit",
                 "name",       "unit_type",   "layer_type",   "nodes",          "output_shape",
                 "operations", "input_bytes", "output_bytes", "weight_bytes",   "estimate_ms",
                 "lower_ms",   "upper_ms",    "confidence",   "share",          "utilization",
                 "bound",      "model_kind",  "model_type",   "variance_share", "interval_reason"});
}

std::string EstimateCsvRows(const std::string& file, const v1::NetworkEstimate& estimate) {
  std::string text;
  for (int i = 0; i < estimate.units_size(); ++i) {
    const v1::UnitEstimate& unit = estimate.units(i);
    text += CsvRow({file,
                    estimate.network(),
                    std::string(absl::StripPrefix(estimate.platform(), "platforms/")),
                    estimate.model_version(),
                    absl::StrCat(i + 1),
                    unit.name(),
                    unit.unit_type(),
                    TypeWord(unit.layer_type()),
                    absl::StrJoin(unit.nodes(), " "),
                    unit.output_shapes_size() > 0 ? FormatShape(unit.output_shapes(0)) : "",
                    FormatExact(unit.operations()),
                    FormatExact(unit.input_bytes()),
                    FormatExact(unit.output_bytes()),
                    FormatExact(unit.weight_bytes()),
                    FormatExact(unit.latency().estimate_ms()),
                    FormatExact(unit.latency().lower_ms()),
                    FormatExact(unit.latency().upper_ms()),
                    FormatExact(estimate.confidence()),
                    FormatExact(unit.share()),
                    FormatExact(unit.utilization()),
                    BoundWord(unit.bound()),
                    KindWords(unit.model_kind()),
                    unit.model_type(),
                    FormatExact(unit.variance_share()),
                    ReasonName(unit.interval_reason())});
  }
  return text;
}

}  // namespace latimer::cli
