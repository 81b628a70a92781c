#include "backends/run_series.h"

#include <algorithm>
#include <utility>

#include "backends/backend.h"

namespace latimer {
namespace {

constexpr double kShare = 0.25;  // of the time of runs; with less, a disturbed machine's pace is not known
constexpr std::chrono::duration<double> kDue(Pace::kMeasureSeconds / kShare);  // since the last measurement
constexpr double kMostOwed = 0.2;  // seconds that one run calls for; a process that was stopped owes nothing for that
constexpr int kPatience = 4;
constexpr double kPatientSeconds = 10;  // of all runs; networks of seconds a run have time limits to keep
constexpr int kLeastKept = 3;
constexpr int kLeastKeptOf = 20;

}  // namespace

std::vector<double> KeptOnly(const std::vector<double>& values, const std::vector<bool>& kept) {
  std::vector<double> result;
  result.reserve(values.size());
  for (size_t i = 0; i < std::min(values.size(), kept.size()); ++i) {
    if (kept[i]) result.push_back(values[i]);
  }
  return result;
}

bool RunSeries::IsDue() const { return passes_.empty() || Clock::now() - last_ > kDue; }

bool RunSeries::IsUndisturbed(const Stretch& stretch) const {
  return pace_->IsFast(stretch.before) && pace_->IsFast(stretch.after);
}

void RunSeries::Measure() {
  const double before = passes_.empty() ? 0 : passes_.back();
  const Clock::time_point start = Clock::now();
  passes_.push_back(pace_->Measure());
  last_ = Clock::now();
  measured_seconds_ += std::chrono::duration<double>(last_ - start).count();
  if (open_ == 0) return;
  const Stretch& stretch = stretches_.emplace_back(Stretch{open_, before, passes_.back()});
  if (IsUndisturbed(stretch)) undisturbed_ += open_;
  open_ = 0;
}

void RunSeries::BeforeRun() {
  if (pace_ == nullptr) return;
  if (IsDue()) Measure();
  while (measured_seconds_ < kShare * run_seconds_) Measure();
}

void RunSeries::AfterRun(double seconds) {
  ++runs_;
  if (pace_ == nullptr) return;
  all_seconds_ += seconds;
  run_seconds_ += std::clamp(seconds, 0.0, kMostOwed / kShare);
  ++open_;
  if (IsDue()) Measure();
}

int RunSeries::counted_runs() const {
  if (pace_ == nullptr || all_seconds_ > kPatientSeconds) return runs_;
  return std::max(undisturbed_, runs_ / kPatience);
}

std::vector<bool> RunSeries::Kept() const {
  std::vector<bool> kept(static_cast<size_t>(runs_), true);
  if (pace_ == nullptr) return kept;
  size_t run = 0;
  int undisturbed = 0;
  for (const Stretch& stretch : stretches_) {
    const bool keep = IsUndisturbed(stretch);
    if (keep) undisturbed += stretch.runs;
    for (int i = 0; i < stretch.runs; ++i) kept[run++] = keep;
  }
  std::fill(kept.begin() + static_cast<std::ptrdiff_t>(run), kept.end(), false);  // how they end is not known yet
  if (undisturbed < kLeastKept || undisturbed * kLeastKeptOf < runs_) kept.assign(kept.size(), true);
  return kept;
}

std::vector<bool> RunSeries::Finish() {
  if (pace_ == nullptr || passes_.empty()) return Kept();
  BeforeRun();  // what the last run owes
  if (open_ > 0) Measure();
  pace_->Remember(passes_);
  std::vector<bool> kept = Kept();
  std::vector<double> around;
  if (std::find(kept.begin(), kept.end(), false) != kept.end()) {
    for (double pass : passes_) {
      if (pace_->IsFast(pass)) around.push_back(pass);
    }
  }
  if (around.empty()) around = std::move(passes_);
  // As runs are summarised: what holds up a few of either leaves both alone.
  pace_->set_series_pass_seconds(MiddleMean(around));
  return kept;
}

}  // namespace latimer
