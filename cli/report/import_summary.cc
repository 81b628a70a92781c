#include "cli/report/import_summary.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/numbers.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

constexpr int kMostRows = 10;
constexpr double kGoodShare = 0.98;

std::string Unmatched(const v1::ReportImport& report, const Terminal& terminal) {
  std::string text;
  const int shown = std::min(kMostRows, report.unmatched_rows_size());
  for (int i = 0; i < shown; ++i) {
    const v1::UnmatchedRow& row = report.unmatched_rows(i);
    absl::StrAppend(&text, "  no layer for row  ", Printable(row.name(), terminal.ascii), "  ", FormatMs(row.time_ms()),
                    "\n");
  }
  if (report.unmatched_rows_size() > shown) {
    absl::StrAppend(&text, "  and ", report.unmatched_rows_size() - shown, " more rows\n");
  }
  if (report.unmatched_layers_size() > 0) {
    std::vector<std::string> layers;
    for (const std::string& layer : report.unmatched_layers()) {
      if (layers.size() == kMostRows) break;
      layers.push_back(Printable(layer, terminal.ascii));
    }
    absl::StrAppend(&text, "  no row for ", report.unmatched_layers_size(), " layers: ", absl::StrJoin(layers, ", "),
                    report.unmatched_layers_size() > kMostRows ? ", and more" : "", "\n");
  }
  if (!report.fitted()) {
    absl::StrAppend(&text, "  ",
                    Paint("too little is matched for a model to be fitted to it", Style::kWarning, terminal.color),
                    "\n");
  }
  return text.empty()
             ? text
             : absl::StrCat("\n", Paint(Printable(report.file_name(), terminal.ascii), Style::kTitle, terminal.color),
                            "\n", text);
}

std::string Model(const v1::ImportReportsResponse& response, const Terminal& terminal) {
  const std::string platform(absl::StripPrefix(response.platform(), "platforms/"));
  if (response.model_version().empty()) return absl::StrCat("\n", Printable(response.message(), terminal.ascii), "\n");
  std::string text = absl::StrCat("\nplatform ", Paint(platform, Style::kTitle, terminal.color), ", model ",
                                  response.model_version(), response.promoted() ? "" : " (not promoted)", "\n");
  if (!response.message().empty()) absl::StrAppend(&text, Printable(response.message(), terminal.ascii), "\n");
  Table table({{.title = "mean error of"},
               {.title = "", .align = Align::kRight},
               {.title = "samples", .align = Align::kRight},
               {.title = "how it was judged", .shorten = Shorten::kEnd, .min_width = 12, .drop = 1}});
  for (const v1::Accuracy& accuracy : response.accuracy()) {
    table.AddRow({{accuracy.subject()},
                  {FormatPercent(accuracy.mape())},
                  {absl::StrCat(accuracy.samples())},
                  {accuracy.source()}});
  }
  if (response.accuracy_size() > 0) text += table.Render(terminal, 2);
  return text;
}

}  // namespace

std::string ImportSummary(const v1::ImportReportsResponse& response, bool dry_run, const Terminal& terminal) {
  Table table({{.title = "report", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "rows", .align = Align::kRight},
               {.title = "matched", .align = Align::kRight},
               {.title = "units", .align = Align::kRight, .drop = 1},
               {.title = "rows' time", .align = Align::kRight},
               {.title = "matched", .align = Align::kRight},
               {.title = "latency", .align = Align::kRight, .drop = 2},
               {.title = "", .drop = kNiceToHave}});
  for (const v1::ReportImport& report : response.reports()) {
    Cell name{report.file_name(), Style::kTitle};
    if (!report.subject().empty()) name.suffix = absl::StrCat(" ", Printable(report.subject(), terminal.ascii));
    table.AddRow(
        {name,
         {absl::StrCat(report.executed_rows())},
         {absl::StrCat(report.matched_rows())},
         {absl::StrCat(report.units())},
         {FormatMs(report.executed_ms())},
         {FormatPercent(report.matched_share()), report.matched_share() < kGoodShare ? Style::kWarning : Style::kGood},
         {report.has_latency() ? FormatMs(report.latency_ms()) : ""},
         {dry_run              ? "not stored"
          : report.duplicate() ? "imported before"
                               : "stored"}});
  }
  std::string text = table.Render(terminal);
  for (const v1::ReportImport& report : response.reports()) text += Unmatched(report, terminal);
  if (!dry_run) text += Model(response, terminal);
  return text;
}

}  // namespace latimer::cli
