#include "cli/report/evaluation_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/format/times.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"
#include "core/base/error.h"
#include "core/evaluation/statistics.h"

namespace latimer::cli {
namespace {

constexpr int kLabelWidth = 12;

// (predicted - measured) / measured.
std::optional<double> RelativeError(const EvaluatedNetwork& network) {
  if (!network.predicted || !network.measured || !(network.measured->median_ms > 0)) return std::nullopt;
  return network.predicted->estimate_ms() / network.measured->median_ms - 1;
}

std::string SignedPercent(double ratio) {
  return absl::StrCat(ratio < 0 ? "-" : "+", FormatPercent(ratio < 0 ? -ratio : ratio));
}

bool Inside(const EvaluatedNetwork& network) {
  const double measured = network.measured->median_ms;
  return network.predicted->lower_ms() <= measured && measured <= network.predicted->upper_ms();
}

std::string Interval(const v1::Latency& latency, absl::string_view dash) {
  const int decimals = DecimalsFor(latency.upper_ms(), 4);
  return absl::StrCat(FormatFixed(latency.lower_ms(), decimals), dash, FormatFixed(latency.upper_ms(), decimals));
}

std::string Milliseconds(double ms) { return FormatFixed(ms, DecimalsFor(ms, 4)); }

std::string Percent(std::optional<double> ratio) { return ratio ? FormatPercent(*ratio) : "-"; }
std::string Fixed(std::optional<double> value, int decimals) { return value ? FormatFixed(*value, decimals) : "-"; }

std::string Reason(const absl::Status& status) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  return details.has_value() ? details->reason : absl::StatusCodeToString(status.code());
}

// The figures in words, shared by table and Markdown: pairs of label and text.
std::vector<std::pair<std::string, std::string>> Figures(const Evaluation& evaluation) {
  const EvaluationTotals totals = Totals(evaluation);
  std::vector<std::pair<std::string, std::string>> figures;
  figures.emplace_back("mean error", absl::StrCat(Percent(totals.mape), " (RMSPE ", Percent(totals.rmspe), ", mean ",
                                                  totals.mae_ms ? FormatMs(*totals.mae_ms, 3) : "-", "); noise floor ",
                                                  Percent(totals.noise_floor_mape)));
  figures.emplace_back("ranking",
                       absl::StrCat("Spearman ", Fixed(totals.spearman, 4), ", Kendall ", Fixed(totals.kendall, 4)));
  figures.emplace_back(
      "intervals",
      absl::StrCat(Percent(totals.coverage), " of the measured latencies are inside (asked for: ",
                   FormatPercent(evaluation.confidence), "); mean width ", Percent(totals.mean_relative_width)));
  std::string measured = absl::StrCat(totals.measurements, " measurements");
  if (totals.reused > 0) absl::StrAppend(&measured, " (", totals.reused, " reused)");
  absl::StrAppend(&measured, ", ", FormatClock(absl::Seconds(totals.board_seconds)), " of board time");
  if (totals.mean_pace_correction) {
    absl::StrAppend(&measured, "; brought to the model's pace, which changes them by ",
                    FormatPercent(*totals.mean_pace_correction), " on average");
  }
  figures.emplace_back("measured", measured);
  std::string networks = absl::StrCat(totals.compared, " compared");
  if (totals.failed > 0) absl::StrAppend(&networks, ", ", totals.failed, " not");
  figures.emplace_back("networks", networks);
  std::string kind(v1::ModelKind_Name(evaluation.model_kind));
  kind = absl::AsciiStrToLower(absl::StripPrefix(kind, "MODEL_KIND_"));
  figures.emplace_back("model", absl::StrCat(evaluation.model_version, " (", absl::StrReplaceAll(kind, {{"_", " "}}),
                                             ") of ", evaluation.platform));
  return figures;
}

nlohmann::ordered_json Number(std::optional<double> value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

EvaluationTotals Totals(const Evaluation& evaluation) {
  EvaluationTotals totals;
  std::vector<Prediction> predictions;
  std::vector<double> predicted;
  std::vector<double> measured;
  std::vector<std::vector<double>> repeated;
  double corrections = 0;
  for (const EvaluatedNetwork& network : evaluation.networks) {
    totals.reused += network.reused;
    if (!network.failure.ok()) ++totals.failed;
    if (network.measured) {
      totals.measurements += static_cast<int>(network.measured->medians.size());
      totals.board_seconds += network.measured->board_seconds;
      repeated.push_back(network.measured->medians);
      for (size_t i = 0; i < std::min(network.as_measured_ms.size(), network.measured->medians.size()); ++i) {
        if (network.as_measured_ms[i] > 0) {
          corrections += std::abs(network.measured->medians[i] / network.as_measured_ms[i] - 1);
        }
      }
    }
    if (!network.predicted || !network.measured) continue;
    ++totals.compared;
    predictions.push_back({network.predicted->estimate_ms(), network.predicted->lower_ms(),
                           network.predicted->upper_ms(), network.measured->median_ms});
    predicted.push_back(network.predicted->estimate_ms());
    measured.push_back(network.measured->median_ms);
  }
  totals.mape = MeanAbsolutePercentageError(predictions);
  totals.mae_ms = MeanAbsoluteError(predictions);
  totals.rmspe = RootMeanSquarePercentageError(predictions);
  totals.spearman = SpearmanCorrelation(predicted, measured);
  totals.kendall = KendallCorrelation(predicted, measured);
  totals.coverage = Coverage(predictions);
  totals.mean_relative_width = MeanRelativeWidth(predictions);
  totals.noise_floor_mape = NoiseFloor(repeated);
  if (corrections > 0) totals.mean_pace_correction = corrections / totals.measurements;
  return totals;
}

std::string EvaluationTable(const Evaluation& evaluation, const Terminal& terminal) {
  Table table({{.title = "network", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "predicted ms", .align = Align::kRight},
               {.title = "interval ms", .align = Align::kRight, .drop = 2},
               {.title = "measured ms", .align = Align::kRight},
               {.title = "spread", .align = Align::kRight, .drop = 1},
               {.title = "error", .align = Align::kRight},
               {.title = "", .shorten = Shorten::kEnd, .min_width = 10}});
  for (const EvaluatedNetwork& network : evaluation.networks) {
    const std::optional<double> error = RelativeError(network);
    const bool outside = error && !Inside(network);
    table.AddRow({{network.name, Style::kTitle},
                  {network.predicted ? Milliseconds(network.predicted->estimate_ms()) : "-"},
                  {network.predicted ? Interval(*network.predicted, terminal.ascii ? "-" : "–") : ""},
                  {network.measured ? Milliseconds(network.measured->median_ms) : "-"},
                  {network.measured ? FormatPercent(network.measured->spread) : ""},
                  {error ? SignedPercent(*error) : "", outside ? Style::kWarning : Style::kPlain},
                  {network.failure.ok() ? (outside ? "outside" : "") : std::string(network.failure.message()),
                   network.failure.ok() ? Style::kDim : Style::kWarning}});
  }
  std::string text = table.Render(terminal) + "\n";
  for (const auto& [label, figure] : Figures(evaluation)) {
    text += WrapHanging(Printable(figure, terminal.ascii), PadRight(label, kLabelWidth), terminal.width);
  }
  return text;
}

std::string EvaluationMarkdown(const Evaluation& evaluation) {
  std::string text =
      "| network | predicted ms | interval ms | measured ms | spread | error |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: |\n";
  const auto cell = [](absl::string_view words) { return absl::StrReplaceAll(Printable(words), {{"|", "\\|"}}); };
  for (const EvaluatedNetwork& network : evaluation.networks) {
    const std::optional<double> error = RelativeError(network);
    absl::StrAppend(&text, "| ", cell(network.name), " | ",
                    network.predicted ? Milliseconds(network.predicted->estimate_ms()) : "-", " | ");
    absl::StrAppend(&text, network.predicted ? Interval(*network.predicted, "–") : "-", " | ");
    if (network.measured) {
      absl::StrAppend(&text, Milliseconds(network.measured->median_ms), " | ", FormatPercent(network.measured->spread));
    } else {
      absl::StrAppend(&text, cell(network.failure.message()), " | -");
    }
    absl::StrAppend(&text, " | ", error ? SignedPercent(*error) : "-", " |\n");
  }
  text += "\n";
  for (const auto& [label, figure] : Figures(evaluation)) absl::StrAppend(&text, "- ", label, ": ", figure, "\n");
  return text;
}

std::string EvaluationCsv(const Evaluation& evaluation) {
  std::string text = CsvRow({"file", "name", "predicted_ms", "low_ms", "high_ms", "measured_ms", "measured_spread",
                             "error", "reason", "message"});
  for (const EvaluatedNetwork& network : evaluation.networks) {
    const std::optional<double> error = RelativeError(network);
    const auto predicted = [&](double value) { return network.predicted ? FormatExact(value) : std::string(); };
    const v1::Latency latency = network.predicted.value_or(v1::Latency());
    text += CsvRow({network.file, network.name, predicted(latency.estimate_ms()), predicted(latency.lower_ms()),
                    predicted(latency.upper_ms()), network.measured ? FormatExact(network.measured->median_ms) : "",
                    network.measured ? FormatExact(network.measured->spread) : "", error ? FormatExact(*error) : "",
                    network.failure.ok() ? "" : Reason(network.failure), std::string(network.failure.message())});
  }
  return text;
}

nlohmann::ordered_json EvaluationJson(const Evaluation& evaluation) {
  nlohmann::ordered_json json;
  json["platform"] = evaluation.platform;
  json["model_version"] = evaluation.model_version;
  json["model_kind"] = v1::ModelKind_Name(evaluation.model_kind);
  json["confidence"] = evaluation.confidence;
  json["networks"] = nlohmann::ordered_json::array();
  for (const EvaluatedNetwork& network : evaluation.networks) {
    nlohmann::ordered_json entry;
    entry["name"] = network.name;
    entry["file"] = network.file;
    const bool predicted = network.predicted.has_value();
    const v1::Latency latency = network.predicted.value_or(v1::Latency());
    entry["predicted_ms"] = Number(predicted ? std::optional<double>(latency.estimate_ms()) : std::nullopt);
    entry["low_ms"] = Number(predicted ? std::optional<double>(latency.lower_ms()) : std::nullopt);
    entry["high_ms"] = Number(predicted ? std::optional<double>(latency.upper_ms()) : std::nullopt);
    entry["measured_ms"] = nullptr;
    entry["measured_spread"] = nullptr;
    entry["measurements_ms"] = nlohmann::ordered_json::array();
    entry["as_measured_ms"] = network.as_measured_ms;
    if (network.measured) {
      entry["measured_ms"] = network.measured->median_ms;
      entry["measured_spread"] = network.measured->spread;
      entry["measurements_ms"] = network.measured->medians;
    }
    entry["error"] = Number(RelativeError(network));
    if (!network.failure.ok()) {
      entry["code"] = absl::StatusCodeToString(network.failure.code());
      entry["reason"] = Reason(network.failure);
      entry["message"] = std::string(network.failure.message());
    }
    json["networks"].push_back(std::move(entry));
  }
  const EvaluationTotals totals = Totals(evaluation);
  json["compared"] = totals.compared;
  json["failed"] = totals.failed;
  json["mape"] = Number(totals.mape);
  json["mae_ms"] = Number(totals.mae_ms);
  json["rmspe"] = Number(totals.rmspe);
  json["spearman"] = Number(totals.spearman);
  json["kendall"] = Number(totals.kendall);
  json["coverage"] = Number(totals.coverage);
  json["mean_relative_width"] = Number(totals.mean_relative_width);
  json["noise_floor_mape"] = Number(totals.noise_floor_mape);
  json["mean_pace_correction"] = Number(totals.mean_pace_correction);
  json["measurements"] = totals.measurements;
  json["reused"] = totals.reused;
  json["board_seconds"] = totals.board_seconds;
  return json;
}

}  // namespace latimer::cli
