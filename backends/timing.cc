#include "backends/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "backends/cache_flush.h"
#include "backends/run_series.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr double kDisturbedFactor = 1.2;
constexpr double kWarmupAgreement = 0.02;
// Standard error of a sample median in terms of the quartile distance: 1.2533 sigma / sqrt(n), sigma = IQR / 1.349.
constexpr double kMedianErrorPerIqr = 1.2533 / 1.349;

double Quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  return sorted[below] * (1 - weight) + sorted[above] * weight;
}

}  // namespace

TimingResult Summarize(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  TimingResult result;
  result.runs = static_cast<int>(seconds.size());
  result.min_seconds = seconds.front();
  result.median_seconds = Quantile(seconds, 0.5);
  result.lower_quartile_seconds = Quantile(seconds, 0.25);
  result.upper_quartile_seconds = Quantile(seconds, 0.75);
  const double iqr = result.upper_quartile_seconds - result.lower_quartile_seconds;
  if (result.median_seconds > 0) {
    result.median_spread =
        kMedianErrorPerIqr * iqr / (result.median_seconds * std::sqrt(static_cast<double>(seconds.size())));
  }
  const double limit = kDisturbedFactor * result.lower_quartile_seconds;
  const auto disturbed = seconds.end() - std::upper_bound(seconds.begin(), seconds.end(), limit);
  result.disturbed_share = static_cast<double>(disturbed) / static_cast<double>(seconds.size());
  return result;
}

absl::StatusOr<TimingResult> TimeNetwork(PreparedNetwork& network, const TimingOptions& options) {
  TimingResult own;
  if (absl::Status status = network.TimeItself(options, &own); !absl::IsUnimplemented(status)) {
    if (!status.ok()) return status;
    return own;
  }
  CacheFlush flush(options.flush_bytes);
  int warmup_runs = 0;
  double spent = 0;
  double previous = 0;
  while (warmup_runs < options.max_warmup_runs) {
    flush();
    LATIMER_ASSIGN_OR_RETURN(const double seconds, network.RunSeconds());
    ++warmup_runs;
    spent += seconds;
    const bool agrees = previous > 0 && std::abs(seconds - previous) <= kWarmupAgreement * previous;
    previous = seconds;
    if (warmup_runs >= options.min_warmup_runs && (agrees || spent >= options.warmup_budget_seconds)) break;
  }

  std::vector<double> times;
  spent = 0;
  RunSeries series(options.pace);
  const auto start = std::chrono::steady_clock::now();
  while (static_cast<int>(times.size()) < options.max_runs) {
    flush();
    series.BeforeRun();
    LATIMER_ASSIGN_OR_RETURN(const double seconds, network.RunSeconds());
    series.AfterRun(seconds);
    times.push_back(seconds);
    spent += seconds;
    if (series.counted_runs() < options.min_runs) continue;
    const size_t n = times.size();
    const double share = static_cast<double>(series.counted_runs()) / static_cast<double>(n);
    if (share * spent >= options.budget_seconds) break;
    const std::chrono::duration<double> clock = std::chrono::steady_clock::now() - start;
    if (share * clock.count() >= options.wall_budget_seconds) break;
    // Sorting is cheap next to a run, but not next to a microsecond's one: look at powers of two only.
    if ((n & (n - 1)) != 0) continue;
    if (Summarize(KeptOnly(times, series.Kept())).median_spread <= options.target_spread) break;
  }
  TimingResult result = Summarize(KeptOnly(times, series.Finish()));
  const double kept = static_cast<double>(result.runs) / static_cast<double>(times.size());
  result.disturbed_share = 1 - kept * (1 - result.disturbed_share);
  result.warmup_runs = warmup_runs;
  if (options.pace != nullptr) result.pass_seconds = options.pace->TakeSeriesPassSeconds();
  return result;
}

}  // namespace latimer
