#include "backends/command/command_network.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/mapping/graph_matcher.h"

namespace latimer::command {
namespace {

constexpr double kNetworkSeconds = 3600;  // where the description has no limit
constexpr char kThrottled[] = "THROTTLED";

Deadline DeadlineOf(const proto::Toolchain& toolchain) {
  const double seconds =
      toolchain.limits().network_seconds() > 0 ? toolchain.limits().network_seconds() : kNetworkSeconds;
  return std::chrono::steady_clock::now() +
         std::chrono::milliseconds(static_cast<int64_t>(std::min(seconds, 1e6) * 1e3));
}

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

// By how much the last quarter of the samples is slower than the first, as a share.
double Drift(const std::vector<double>& samples) {
  const auto quarter = static_cast<std::ptrdiff_t>(samples.size() / 4);
  if (quarter < 3) return 0;
  const double first = MedianOf({samples.begin(), samples.begin() + quarter});
  const double last = MedianOf({samples.end() - quarter, samples.end()});
  return first > 0 ? last / first - 1 : 0;
}

void KeepLast(size_t count, std::vector<double>* samples) {
  if (samples->size() > count) samples->erase(samples->begin(), samples->end() - static_cast<std::ptrdiff_t>(count));
}

// A source node of the layer; layers an importer made have none.
std::string NodeOf(const Layer& layer) { return std::string(layer.nodes.empty() ? layer.name : layer.nodes.front()); }

}  // namespace

std::vector<LayerTiming> ToLayerTimings(const Network& network, const std::vector<Report>& launches) {
  // Rows of the same name keep their order, so that a row is the same one in all launches.
  std::map<std::pair<std::string, int>, std::vector<double>> times;
  for (const Report& report : launches) {
    std::map<std::string, int> seen;
    for (const ReportRow& row : report.rows) times[{row.name, seen[row.name]++}].push_back(row.seconds);
  }
  const Report& first = launches.front();
  const ReportMatch match = MatchReport(network, first.rows);
  std::vector<std::string> nodes(first.rows.size());
  for (const MatchedUnit& unit : match.units) {
    for (const int32_t row : unit.rows) {
      // Overhead has no node: it goes to the neighbours when it is fitted.
      if (first.rows[row].meaning != NameMeaning::kOverhead) nodes[row] = NodeOf(network.layers[unit.layers[0]]);
    }
  }
  std::vector<LayerTiming> timings;
  std::map<std::string, int> seen;
  for (size_t i = 0; i < first.rows.size(); ++i) {
    const ReportRow& row = first.rows[i];
    std::vector<double>& seconds = times[{row.name, seen[row.name]++}];
    if (row.status != RowStatus::kExecuted) continue;
    LayerTiming& timing = timings.emplace_back();
    timing.name = row.name;
    timing.operation = row.kind;
    timing.node = nodes[i];
    SummarizeRuns(std::move(seconds), timing);
  }
  return timings;
}

absl::StatusOr<TimingResult> ToTiming(const std::vector<Report>& launches) {
  std::vector<double> samples;
  std::vector<double> medians;
  double least = 0;
  double spread = 0;
  int64_t runs = 0;
  for (const Report& report : launches) {
    const Latency& latency = report.latency;
    samples.insert(samples.end(), latency.samples.begin(), latency.samples.end());
    if (!latency.typical().has_value()) {
      return Error(absl::StatusCode::kAborted, "BAD_REPORT", "the report has no latency of the network");
    }
    medians.push_back(*latency.typical());
    const double low = latency.min.value_or(medians.back());
    least = medians.size() == 1 ? low : std::min(least, low);
    runs += std::max<int64_t>(1, latency.count);
    if (latency.standard_deviation.has_value() && latency.count > 0 && medians.back() > 0) {
      spread = std::max(spread, 1.2533 * *latency.standard_deviation /
                                    (medians.back() * std::sqrt(static_cast<double>(latency.count))));
    }
  }
  if (!samples.empty()) return Summarize(std::move(samples));
  TimingResult result = Summarize(std::move(medians));
  result.min_seconds = least;
  result.median_spread = std::max(result.median_spread, spread);
  result.runs = static_cast<int>(std::min<int64_t>(runs, 1'000'000'000));
  return result;
}

CommandNetwork::CommandNetwork(Toolbox* toolbox, const ParserTable* parsers, ConversionCache* cache,
                               ConversionCache::Entry entry, Network network)
    : toolbox_(toolbox),
      parsers_(parsers),
      cache_(cache),
      entry_(std::move(entry)),
      network_(std::move(network)),
      deadline_(DeadlineOf(toolbox->toolchain())),
      values_(toolbox->values()) {
  values_["work"] = entry_.folder;
  values_["onnx"] = absl::StrCat(entry_.folder, "/", kOnnxFile);
  std::set<std::string> settled;
  for (const proto::Derived& derived : toolbox->toolchain().derived()) {
    // Both were tried when the description was read.
    if (!Holds(derived.when(), values_).value_or(false) || !settled.insert(derived.name()).second) continue;
    values_[derived.name()] = FillIn(derived.value(), values_).value_or("");
  }
}

absl::Status CommandNetwork::ConvertOnce() {
  LATIMER_RETURN_IF_ERROR(ConversionCache::Clear(entry_, kOnnxFile));
  for (const proto::Command& command : toolbox_->toolchain().conversion()) {
    LATIMER_ASSIGN_OR_RETURN(const bool wanted, Holds(command.when(), values_));
    if (wanted) LATIMER_RETURN_IF_ERROR(toolbox_->Run(command, values_, entry_.folder, deadline_).status());
  }
  return cache_->Complete(entry_);
}

absl::Status CommandNetwork::Convert() {
  if (entry_.complete) return absl::OkStatus();
  return toolbox_->WithRetries(
      deadline_, [this] { return ConvertOnce(); }, [] { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<Report>> CommandNetwork::Launch(const proto::Measurement& measurement, int launches) {
  const ReportParser parser = parsers_->at(measurement.parser());
  LATIMER_ASSIGN_OR_RETURN(const std::string last, FillIn(measurement.last_samples(), values_));
  size_t last_samples = std::numeric_limits<size_t>::max();
  if (!last.empty() && !absl::SimpleAtoi(last, &last_samples)) {
    return InvalidArgument("BAD_SETTING", absl::StrCat("'", last, "' is no number of runs")).Field("settings");
  }
  std::vector<Report> reports;
  for (int i = 0; i < launches; ++i) {
    Report report;
    int slow_launches = 0;
    bool repeat = true;
    while (repeat) {
      LATIMER_RETURN_IF_ERROR(toolbox_->WithRetries(
          deadline_,
          [&] {
            LATIMER_ASSIGN_OR_RETURN(report, toolbox_->Measure(measurement, parser, values_, deadline_));
            KeepLast(last_samples, &report.latency.samples);
            return absl::OkStatus();
          },
          [this] { return ConvertOnce(); }));
      const double drift = Drift(report.latency.samples);
      repeat = measurement.most_drift() > 0 && drift > measurement.most_drift();
      if (!repeat) break;
      const std::string what = absl::StrCat("times grew by ", static_cast<int>(drift * 100 + 0.5),
                                            " % from the first to the last quarter of the runs");
      if (++slow_launches >= 3) {
        return Error(absl::StatusCode::kAborted, kThrottled,
                     absl::StrCat(kThrottled, ": ", what, "; let the board cool down, or give it a lower power mode"));
      }
      toolbox_->Pause(absl::StrCat(kThrottled, ": ", what), 10.0 * slow_launches);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

absl::StatusOr<double> CommandNetwork::RunSeconds() {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Report> reports, Launch(toolbox_->toolchain().latency(), 1));
  LATIMER_ASSIGN_OR_RETURN(const TimingResult result, ToTiming(reports));
  return result.median_seconds;
}

absl::Status CommandNetwork::TimeItself(const TimingOptions&, TimingResult* result) {
  const proto::Measurement& latency = toolbox_->toolchain().latency();
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Report> reports, Launch(latency, std::max(1, latency.launches())));
  LATIMER_ASSIGN_OR_RETURN(*result, ToTiming(reports));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LayerTiming>> CommandNetwork::ProfileLayers(const ProfileOptions& options) {
  const proto::Toolchain& toolchain = toolbox_->toolchain();
  if (!toolchain.has_profile()) return PreparedNetwork::ProfileLayers(options);
  LATIMER_ASSIGN_OR_RETURN(const bool wanted, Holds(toolchain.profile().command().when(), values_));
  if (!wanted) return PreparedNetwork::ProfileLayers(options);
  const int launches = std::clamp(options.runs, 1, std::max(1, toolchain.profile().launches()));
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Report> reports, Launch(toolchain.profile(), launches));
  if (reports.front().rows.empty()) return PreparedNetwork::ProfileLayers(options);
  return ToLayerTimings(network_, reports);
}

absl::StatusOr<double> CommandNetwork::CompilerEstimateSeconds() {
  const proto::CompilerEstimate& estimate = toolbox_->toolchain().compiler_estimate();
  LATIMER_ASSIGN_OR_RETURN(const bool wanted, Holds(estimate.when(), values_));
  if (estimate.file().empty() || !wanted) return PreparedNetwork::CompilerEstimateSeconds();
  LATIMER_ASSIGN_OR_RETURN(const std::string path, FillIn(estimate.file(), values_));
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path);
  if (!bytes.ok()) return PreparedNetwork::CompilerEstimateSeconds();
  LATIMER_ASSIGN_OR_RETURN(const Report report, parsers_->at(estimate.parser())({*bytes}));
  return report.stated.value_or(report.ExecutedSeconds());
}

}  // namespace latimer::command
