#include "cli/report/measurement_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/format/proto_json.h"
#include "cli/format/times.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "core/base/error.h"
#include "core/evaluation/statistics.h"
#include "google/rpc/error_details.pb.h"

namespace latimer::cli {
namespace {

constexpr double kNotableSpread = 0.05;

std::string Conditions(const v1::BoardConditions& conditions, bool ascii) {
  std::vector<std::string> parts;
  if (conditions.has_clock_mhz()) parts.push_back(absl::StrCat(FormatFixed(conditions.clock_mhz(), 0), " MHz"));
  if (conditions.has_temperature_celsius()) {
    parts.push_back(absl::StrCat(FormatFixed(conditions.temperature_celsius(), 0), ascii ? " C" : " °C"));
  }
  if (conditions.has_governor()) parts.push_back(conditions.governor());
  if (conditions.has_power_mode()) parts.push_back(conditions.power_mode());
  for (const std::string& reason : conditions.throttling()) parts.push_back(reason);
  return absl::StrJoin(parts, ", ");
}

// The newest measurement with layers; nullptr if there is none.
const v1::Measurement* Profiled(const MeasuredNetwork& network) {
  for (const v1::Measurement& measurement : network.response.measurements()) {
    if (measurement.layers_size() > 0) return &measurement;
  }
  return nullptr;
}

bool HasCompilerEstimate(const std::vector<MeasuredNetwork>& networks) {
  for (const MeasuredNetwork& network : networks) {
    for (const v1::Measurement& measurement : network.response.measurements()) {
      if (measurement.compiler_estimate_ms() > 0) return true;
    }
  }
  return false;
}

std::string LayerTable(const v1::Measurement& measurement, const Terminal& terminal) {
  double largest = 0;
  double sum = 0;
  for (const v1::LayerTiming& layer : measurement.layers()) {
    largest = std::max(largest, layer.median_ms());
    sum += layer.median_ms();
  }
  const int decimals = DecimalsFor(largest, 4);
  Table table({{.title = "layer", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "operation", .shorten = Shorten::kEnd, .min_width = 8, .drop = 1},
               {.title = "ms", .align = Align::kRight},
               {.title = "min ms", .align = Align::kRight, .drop = 2},
               {.title = "share", .align = Align::kRight}});
  for (const v1::LayerTiming& layer : measurement.layers()) {
    table.AddRow(
        {{layer.name()},
         {layer.operation()},
         {FormatFixed(layer.median_ms(), decimals), layer.median_ms() == largest ? Style::kHot : Style::kPlain},
         {FormatFixed(layer.min_ms(), decimals)},
         {sum > 0 ? FormatPercent(layer.median_ms() / sum) : ""}});
  }
  return table.Render(terminal);
}

}  // namespace

absl::Status MeasurementFailure(const v1::Measurement& measurement) {
  const google::rpc::Status& failure = measurement.failure();
  const auto code = static_cast<absl::StatusCode>(failure.code());
  std::string reason = absl::StatusCodeToString(code);
  for (const google::protobuf::Any& detail : failure.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info) && !info.reason().empty()) reason = info.reason();
  }
  return Error(code == absl::StatusCode::kOk ? absl::StatusCode::kInternal : code, reason,
               failure.message().empty() ? "the board gave neither times nor a reason" : failure.message());
}

absl::StatusOr<MeasuredLatency> SummarizeMeasurements(const v1::MeasureNetworkResponse& response) {
  MeasuredLatency latency;
  for (const v1::Measurement& measurement : response.measurements()) {
    latency.board_seconds += measurement.board_seconds();
    if (measurement.has_timing()) latency.medians.push_back(measurement.timing().median_ms());
  }
  if (latency.medians.empty()) {
    if (response.measurements().empty()) {
      return Error(absl::StatusCode::kInternal, "WRONG_ANSWER", "the server answered without any measurement");
    }
    return MeasurementFailure(response.measurements(0));
  }
  latency.median_ms = Median(latency.medians).value_or(0);
  const auto [low, high] = std::minmax_element(latency.medians.begin(), latency.medians.end());
  if (latency.medians.size() > 1) {
    latency.spread = latency.median_ms > 0 ? (*high - *low) / latency.median_ms : 0;
  } else {
    for (const v1::Measurement& measurement : response.measurements()) {
      if (measurement.has_timing()) latency.spread = measurement.timing().median_spread();
    }
  }
  return latency;
}

std::string MeasurementReport(const std::vector<MeasuredNetwork>& networks, bool layers, const Terminal& terminal) {
  std::vector<Column> columns{{.title = "network", .shorten = Shorten::kMiddle, .min_width = 16},
                              {.title = "median", .align = Align::kRight},
                              {.title = "min", .align = Align::kRight, .drop = 2},
                              {.title = "quartiles ms", .align = Align::kRight, .drop = 3},
                              {.title = "spread", .align = Align::kRight},
                              {.title = "runs", .align = Align::kRight, .drop = 1},
                              {.title = "disturbed", .align = Align::kRight, .drop = kNiceToHave},
                              {.title = "board", .shorten = Shorten::kEnd, .min_width = 8, .drop = 4},
                              {.title = "measured (UTC)", .drop = 5}};
  const bool estimated = HasCompilerEstimate(networks);
  if (estimated) columns.push_back({.title = "compiler's estimate", .align = Align::kRight, .drop = 1});
  Table table(std::move(columns));
  for (const MeasuredNetwork& network : networks) {
    int place = 0;
    for (const v1::Measurement& measurement : network.response.measurements()) {
      // What was there already comes last: the newest are first.
      const bool reused = place++ >= network.response.measurements_size() - network.response.reused();
      Cell name{network.name, Style::kTitle};
      if (reused) name.suffix = " reused";
      const v1::Timing& timing = measurement.timing();
      if (!measurement.has_timing()) {
        table.AddRow({name, {"failed", Style::kError}, {}, {}, {}, {}, {}, {measurement.failure().message()}});
        continue;
      }
      const int decimals = DecimalsFor(timing.median_ms(), 4);
      table.AddRow({name,
                    {FormatMs(timing.median_ms())},
                    {FormatMs(timing.min_ms())},
                    {absl::StrCat(FormatFixed(timing.lower_quartile_ms(), decimals), terminal.ascii ? "-" : "–",
                                  FormatFixed(timing.upper_quartile_ms(), decimals))},
                    {FormatPercent(timing.median_spread(), 2),
                     timing.median_spread() > kNotableSpread ? Style::kWarning : Style::kPlain},
                    {absl::StrCat(timing.runs())},
                    {FormatPercent(timing.disturbed_share(), 0)},
                    {Conditions(measurement.conditions(), terminal.ascii)},
                    {FormatTimestamp(measurement.measure_time_unix_ms())},
                    {measurement.compiler_estimate_ms() > 0 ? FormatMs(measurement.compiler_estimate_ms()) : ""}});
    }
  }
  std::string text = table.Render(terminal);
  if (!layers) return text;
  for (const MeasuredNetwork& network : networks) {
    const v1::Measurement* const measurement = Profiled(network);
    absl::StrAppend(&text, "\n", Paint(Printable(network.name, terminal.ascii), Style::kTitle, terminal.color), "\n");
    text += measurement == nullptr ? "  the engine reports no layers\n" : LayerTable(*measurement, terminal);
  }
  return text;
}

std::string MeasurementCsv(const std::vector<MeasuredNetwork>& networks, bool layers) {
  std::string text;
  if (layers) {
    text = CsvRow({"file", "network", "layer", "operation", "median_ms", "min_ms"});
    for (const MeasuredNetwork& network : networks) {
      const v1::Measurement* const measurement = Profiled(network);
      if (measurement == nullptr) continue;
      for (const v1::LayerTiming& layer : measurement->layers()) {
        text += CsvRow({network.file, network.name, layer.name(), layer.operation(), FormatExact(layer.median_ms()),
                        FormatExact(layer.min_ms())});
      }
    }
    return text;
  }
  text = CsvRow({"file", "network", "network_hash", "measurement_id", "median_ms", "min_ms", "lower_quartile_ms",
                 "upper_quartile_ms", "median_spread", "runs", "disturbed_share", "measure_time_unix_ms",
                 "board_seconds", "reference_ms", "failure", "compiler_estimate_ms"});
  for (const MeasuredNetwork& network : networks) {
    for (const v1::Measurement& measurement : network.response.measurements()) {
      const v1::Timing& timing = measurement.timing();
      const auto number = [&](double value) { return measurement.has_timing() ? FormatExact(value) : std::string(); };
      text += CsvRow({network.file, network.name, network.response.network_hash(), measurement.measurement_id(),
                      number(timing.median_ms()), number(timing.min_ms()), number(timing.lower_quartile_ms()),
                      number(timing.upper_quartile_ms()), number(timing.median_spread()), absl::StrCat(timing.runs()),
                      number(timing.disturbed_share()), absl::StrCat(measurement.measure_time_unix_ms()),
                      FormatExact(measurement.board_seconds()), FormatExact(measurement.reference_ms()),
                      measurement.failure().message(),
                      measurement.compiler_estimate_ms() > 0 ? FormatExact(measurement.compiler_estimate_ms()) : ""});
    }
  }
  return text;
}

nlohmann::ordered_json MeasurementJson(const MeasuredNetwork& network) {
  nlohmann::ordered_json json;
  json["file"] = network.file;
  json["name"] = network.name;
  const nlohmann::ordered_json fields = ProtoToJson(network.response);
  for (const auto& item : fields.items()) json[item.key()] = item.value();
  return json;
}

}  // namespace latimer::cli
