#include "cli/report/html_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/kinds.h"
#include "cli/format/markup.h"
#include "cli/format/numbers.h"
#include "cli/format/times.h"
#include "cli/report/fit_report.h"
#include "cli/report/html_style.h"
#include "cli/report/svg_plot.h"

namespace latimer::cli {
namespace {

constexpr v1::ModelKind kKinds[] = {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_REFINED_ROOFLINE,
                                    v1::MODEL_KIND_STATISTICAL, v1::MODEL_KIND_MIXED};

std::string Row(const std::vector<std::string>& cells) { return Element("tr", {}, absl::StrJoin(cells, "")) + "\n"; }
std::string Text(absl::string_view text) { return TextElement("td", {}, text); }
std::string Number(absl::string_view text, absl::string_view css_class = "") {
  return TextElement("td", {{"class", css_class.empty() ? "n" : absl::StrCat("n ", css_class)}}, text);
}

// Titles that begin with "#" are those of numbers.
std::string Table(const std::vector<std::string>& titles, const std::string& rows) {
  std::string head;
  for (absl::string_view title : titles) {
    const bool number = absl::ConsumePrefix(&title, "#");
    head += number ? TextElement("th", {{"class", "n"}}, title) : TextElement("th", {}, title);
  }
  return Element("div", {{"class", "wide"}},
                 Element("table", {}, absl::StrCat(Element("thead", {}, Row({head})), Element("tbody", {}, rows)))) +
         "\n";
}

std::string Section(absl::string_view title, absl::string_view note, absl::string_view content) {
  if (content.empty() && note.empty()) return "";
  return absl::StrCat(TextElement("h2", {}, title), "\n",
                      note.empty() ? "" : TextElement("p", {{"class", "note"}}, note) + "\n", content);
}

std::string Facts(const v1::Platform& platform) {
  std::string rows;
  const auto add = [&](absl::string_view name, absl::string_view value) {
    if (!value.empty()) rows += Row({TextElement("th", {}, name), Text(value)});
  };
  add("Hardware", platform.hardware());
  add("Toolchain", platform.toolchain());
  add("Precision", absl::StrCat(platform.precision(), " (", platform.activation_bits(), "-bit activations, ",
                                platform.weight_bits(), "-bit weights)"));
  std::map<std::string, std::string> settings(platform.settings().begin(), platform.settings().end());
  for (const auto& [name, value] : settings) {
    if (value != platform.hardware() && value != platform.toolchain() && value != platform.precision())
      add(name, value);
  }
  if (const std::string fixed = OverheadText(platform.fixed_seconds_per_network()); !fixed.empty()) {
    add("Per network", fixed + " besides the units");
  }
  add("Intervals", platform.interval_source() == v1::INTERVAL_SOURCE_CALIBRATED
                       ? "calibrated on measurements of this platform"
                       : "assumed from published errors, not calibrated on measurements");
  add("About", platform.description());
  return Element("table", {{"class", "facts"}}, Element("tbody", {}, rows)) + "\n";
}

bool Inside(const v1::NetworkEvaluation& evaluation) {
  const double measured = evaluation.measured().median_ms();
  return measured >= evaluation.estimate().lower_ms() && measured <= evaluation.estimate().upper_ms();
}

std::string Scatter(const ReportData& data) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const v1::NetworkEvaluation& evaluation : data.evaluations) {
    for (const double ms : {evaluation.measured().median_ms(), evaluation.estimate().estimate_ms()}) {
      if (ms > 0) low = std::min(low, ms);
      high = std::max(high, ms);
    }
  }
  low /= 1.5;
  high *= 1.5;
  SvgPlot plot(560, 420, {"measured, ms", low, high, true}, {"estimated, ms", low, high, true});
  plot.AddLine({{low, low}, {high, high}}, false, "equal");
  for (const v1::NetworkEvaluation& evaluation : data.evaluations) {
    const v1::Latency& estimate = evaluation.estimate();
    if (!(evaluation.measured().median_ms() > 0) || !(estimate.estimate_ms() > 0)) continue;
    plot.AddMark(evaluation.measured().median_ms(), estimate.lower_ms(), estimate.estimate_ms(), estimate.upper_ms(),
                 Inside(evaluation) ? "in" : "out",
                 absl::StrCat(evaluation.network(), ": measured ", FormatMs(evaluation.measured().median_ms()),
                              ", estimated ", FormatMs(estimate.estimate_ms())));
  }
  std::string caption = Escape("Estimated against measured latency");
  caption += Element("small", {},
                     absl::StrCat(Element("span", {{"class", "key fit"}}), "measured value inside the ",
                                  Escape(FormatPercent(data.confidence, 0)), " interval",
                                  Element("span", {{"class", "key mark"}}), "outside; the line is equality"));
  return Element("figure", {{"class", "scatter"}},
                 absl::StrCat(Element("figcaption", {}, caption), plot.Render("Estimated against measured latency"))) +
         "\n";
}

std::string Networks(const ReportData& data) {
  std::string text;
  std::string rows;
  for (const v1::Accuracy& accuracy : data.platform.network_accuracy()) {
    rows += Row({Text(KindWords(accuracy.model_kind())), Number(FormatPercent(accuracy.mape())),
                 Number(accuracy.samples() > 0 ? absl::StrCat(accuracy.samples()) : ""), Text(accuracy.source())});
  }
  if (!rows.empty()) text += Table({"Models of this kind alone", "#Mean error", "#Networks", "Source"}, rows);
  if (data.evaluations.empty()) {
    return Section("Networks", "No network was measured on boards enrolled with this server.", text);
  }
  double error = 0;
  double width = 0;
  int inside = 0;
  rows.clear();
  for (const v1::NetworkEvaluation& evaluation : data.evaluations) {
    const v1::Latency& estimate = evaluation.estimate();
    const double measured = evaluation.measured().median_ms();
    const double ratio = measured > 0 ? estimate.estimate_ms() / measured - 1 : 0;
    error += std::abs(ratio);
    width += estimate.estimate_ms() > 0 ? (estimate.upper_ms() - estimate.lower_ms()) / estimate.estimate_ms() : 0;
    inside += Inside(evaluation) ? 1 : 0;
    rows += Row(
        {Text(evaluation.network()), Number(FormatMs(measured)), Number(FormatMs(estimate.estimate_ms())),
         Number(absl::StrCat(FormatMs(estimate.lower_ms()), " – ", FormatMs(estimate.upper_ms()))),
         Number(absl::StrCat(ratio < 0 ? "−" : "+", FormatPercent(std::abs(ratio)))),
         TextElement("td", {{"class", Inside(evaluation) ? "dim" : "out"}}, Inside(evaluation) ? "inside" : "outside"),
         TextElement("td", {{"class", "dim"}}, evaluation.validation() ? "validation" : "by request")});
  }
  const auto count = static_cast<double>(data.evaluations.size());
  const std::string note = absl::StrCat(
      data.evaluations.size(), data.evaluations.size() == 1 ? " network was" : " networks were",
      " measured, none of them fitted to. Mean error of the estimates ", FormatPercent(error / count), "; ", inside,
      " (", FormatPercent(inside / count, 0), ") lie inside their ", FormatPercent(data.confidence, 0),
      " interval, whose mean width is ", FormatPercent(width / count, 0), " of the estimate.");
  text = absl::StrCat(Scatter(data), text,
                      Table({"Network", "#Measured", "#Estimated", "#Interval", "#Error", "", "Measured for"}, rows));
  return Section("Networks", note, text);
}

std::string LayerModels(const v1::Platform& platform) {
  std::string rows;
  bool cross_validated = false;
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    int64_t samples = 0;
    std::vector<std::string> cells = {Text(model.unit_type()), "", Text(KindWords(model.auto_kind()))};
    for (const v1::ModelKind kind : kKinds) {
      const v1::Accuracy* accuracy = AccuracyOf(model, kind);
      if (accuracy != nullptr) samples = std::max(samples, accuracy->samples());
      cells.push_back(
          Number(accuracy == nullptr ? "" : FormatPercent(accuracy->mape()), kind == model.auto_kind() ? "best" : ""));
    }
    cells[1] = Number(samples > 0 ? absl::StrCat(samples) : "");
    cross_validated |= samples > 0;
    rows += Row(cells);
  }
  if (rows.empty()) return "";
  std::string text =
      Table({"Unit type", "#Samples", "Chosen kind", "#Roofline", "#Refined", "#Statistical", "#Mixed"}, rows);
  text = Section("Layer models",
                 cross_validated ? "Mean error of each kind of model in cross-validation on this platform's "
                                   "measurements. Estimates take the chosen kind."
                                 : "Mean error of each kind of model as published. Estimates take the chosen kind.",
                 text);
  rows.clear();
  for (const v1::LayerModelDescription& model : platform.layer_models()) {
    const v1::AnalyticalModel* analytical = MostRefined(model);
    if (analytical == nullptr) continue;
    rows += Row({Text(model.unit_type()), Number(FormatSi(analytical->peak_ops_per_second(), "op/s")),
                 Number(FormatSi(analytical->bandwidth_bytes_per_second(), "B/s")),
                 Number(OverheadText(analytical->overhead_seconds())), Text(UnrollingText(*analytical))});
  }
  return text + Section("Analytical parameters",
                        "Unrolled dimensions with the number of parallel elements s and the impact alpha: 0 is a full "
                        "step, 1 no effect.",
                        Table({"Unit type", "#Peak", "#Bandwidth", "#Overhead", "Unrolled: s (alpha)"}, rows));
}

std::string MeasuredSpace(const v1::Platform& platform) {
  std::string rows;
  for (const ExtentGroup& group : GroupExtents(platform)) {
    std::vector<std::string> cells = {Text(absl::StrJoin(group.unit_types, ", "))};
    for (const char* feature :
         {"operations", "bytes", "batch", "h", "w", "c_in", "c_out", "groups", "kernel_h", "kernel_w", "stride_h"}) {
      const v1::FeatureRange* range = ExtentOf(*group.model, feature);
      cells.push_back(Number(range == nullptr ? "" : RangeText(*range)));
    }
    rows += Row(cells);
  }
  if (rows.empty()) return "";
  return Section("Measured space",
                 "What the measurements cover, over the unit types that share their trees. Beyond it the analytical "
                 "models carry the estimates.",
                 Table({"Unit types", "#Operations", "#Bytes", "#Batch", "#h", "#w", "#c_in", "#c_out", "#Groups",
                        "#Kernel h", "#Kernel w", "#Stride"},
                       rows));
}

std::string SweepFigure(const v1::Sweep& sweep) {
  const v1::ModelKind staircase = StaircaseKind(sweep);
  const bool two = ShowsChosenKind(sweep);
  double high = 0;
  std::vector<PlotPoint> fit;
  std::vector<PlotPoint> chosen;
  for (const v1::SweepPoint& point : sweep.points()) {
    const auto x = static_cast<double>(point.size());
    if (const v1::ModelTime* time = TimeOf(point, staircase)) fit.push_back({x, time->ms()});
    if (const v1::ModelTime* time = TimeOf(point, sweep.auto_kind()); two && time != nullptr) {
      chosen.push_back({x, time->ms()});
    }
    high = std::max(high, point.measured().upper_ms());
  }
  for (const auto* line : {&fit, &chosen}) {
    for (const PlotPoint& point : *line) high = std::max(high, point.y);
  }
  const double first = sweep.points().empty() ? 0 : static_cast<double>(sweep.points().begin()->size());
  const double last = sweep.points().empty() ? 1 : static_cast<double>(sweep.points().rbegin()->size());
  SvgPlot plot(460, 270, {sweep.dimension(), std::min(first, 0.0), last * 1.02, false}, {"ms", 0, high * 1.05, false});
  plot.AddLine(fit, true, "fit");
  plot.AddLine(chosen, false, "chosen");
  for (const v1::SweepPoint& point : sweep.points()) {
    if (!point.has_measured()) continue;
    const double middle = (point.measured().lower_ms() + point.measured().upper_ms()) / 2;
    plot.AddMark(static_cast<double>(point.size()), point.measured().lower_ms(), middle, point.measured().upper_ms(),
                 "mark", absl::StrCat(sweep.dimension(), " ", point.size(), ": ", FormatMs(middle)));
  }
  const auto words = [&](v1::ModelKind kind) {
    const double error = SweepError(sweep, kind);
    return absl::StrCat(KindWords(kind), error < 0 ? "" : absl::StrCat(" (", FormatPercent(error), " off)"));
  };
  std::string key = absl::StrCat(Element("span", {{"class", "key fit"}}), Escape(words(staircase)));
  if (two)
    absl::StrAppend(&key, Element("span", {{"class", "key chosen"}}), Escape(words(sweep.auto_kind())), ", chosen");
  if (sweep.measured_points() > 0) {
    absl::StrAppend(&key, Element("span", {{"class", "key mark"}}), sweep.measured_points(), " measured");
  }
  return Element("figure", {},
                 absl::StrCat(Element("figcaption", {}, Escape(sweep.name()) + Element("small", {}, key)),
                              plot.Render(sweep.name()))) +
         "\n";
}

std::string Sweeps(const std::vector<v1::Sweep>& sweeps) {
  std::string figures;
  bool measured = false;
  for (const v1::Sweep& sweep : sweeps) {
    figures += SweepFigure(sweep);
    measured |= sweep.measured_points() > 0;
  }
  if (figures.empty()) return "";
  return Section("Sweeps",
                 measured
                     ? "One dimension of a layer at many sizes: measured times with the interval they lie in, and "
                       "the fitted models."
                     : "Nothing of them was measured on boards enrolled with this server: only what the model says of "
                       "the layers a campaign would sweep is drawn.",
                 Element("div", {{"class", "plots"}}, figures));
}

std::string Fusions(const v1::Platform& platform) {
  std::string rows;
  for (const v1::FusionRule& rule : platform.fusion_rules()) {
    rows += Row({Text(absl::StrJoin(rule.primary(), ", ")), Text(absl::StrJoin(rule.secondary(), ", ")),
                 Text(rule.unit_type()), Text(rule.condition())});
  }
  if (rows.empty()) return "";
  return Section("Fused layers", "What the toolchain runs in the unit of the layer before it.",
                 Table({"Layer", "Runs with it", "Becomes", "Only for"}, rows));
}

std::string Versions(const ReportData& data) {
  std::string rows;
  for (const v1::PlatformVersion& version : data.versions) {
    rows += Row({Text(version.version()),
                 Text(version.create_time_unix_ms() > 0 ? FormatTimestamp(version.create_time_unix_ms()) : ""),
                 Text(version.active()     ? "answers"
                      : version.promoted() ? "has answered"
                                           : "not promoted"),
                 Number(version.measurement_count() > 0 ? absl::StrCat(version.measurement_count()) : ""),
                 Text(version.rejection())});
  }
  return rows.empty() ? ""
                      : Section("Versions", "", Table({"Version", "Made", "State", "#Measurements", "Why not"}, rows));
}

}  // namespace

std::string HtmlReport(const ReportData& data) {
  const v1::Platform& platform = data.platform;
  const std::string id(absl::StripPrefix(platform.name(), "platforms/"));
  std::string head = Element("meta", {{"charset", "utf-8"}}) +
                     Element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}) +
                     TextElement("title", {}, absl::StrCat(id, ": platform report")) + Element("style", {}, kHtmlStyle);
  std::string title = Escape(platform.display_name().empty() ? id : platform.display_name());
  absl::StrAppend(
      &title, " ",
      TextElement("small", {},
                  absl::StrCat(id == platform.display_name() ? "" : id + ", ", "model ", platform.active_version())));
  if (platform.simulated()) absl::StrAppend(&title, " ", TextElement("span", {{"class", "badge"}}, "SIMULATED board"));
  const std::string body =
      absl::StrCat("\n", Element("h1", {}, title), "\n", Facts(platform), Networks(data), LayerModels(platform),
                   Sweeps(data.sweeps), MeasuredSpace(platform), Fusions(platform), Versions(data),
                   TextElement("footer", {}, absl::StrCat("Made by ", data.made_by, ".")), "\n");
  return absl::StrCat(
      "<!DOCTYPE html>\n",
      Element("html", {{"lang", "en"}}, absl::StrCat(Element("head", {}, head), "\n", Element("body", {}, body))),
      "\n");
}

}  // namespace latimer::cli
