#include "backends/pace.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "backends/backend.h"

namespace latimer {
namespace {

constexpr double kShare = 0.25;           // of the time of runs; with less, a disturbed machine's pace is not known
constexpr double kMeasureSeconds = 1e-4;  // of one measurement: many fit between two moods of a neighbour
constexpr int kLeastPasses = 64;
constexpr int kMostPasses = 1 << 20;
constexpr int kCalibrations = 3;
constexpr double kMostOwed = 0.2;  // seconds that one run calls for; a process that was stopped owes nothing for that

// Vectors of fixed width: compilers that optimise all make the same loop of it.
typedef float Vector __attribute__((vector_size(16)));
constexpr size_t kVectors = 512;  // 8 KiB: in every first-level cache

}  // namespace

// Loads, multiplications, additions and stores, few per load. Fitted models remember what a pass took, and agents of
// any age are compared with them: a change of this loop is a change of the unit.
double SecondsOfPasses(int passes) {
  static thread_local std::array<Vector, kVectors> memory = {};
  const Vector factor = {0.999F, 0.999F, 0.999F, 0.999F};
  const Vector rest = {0.001F, 0.001F, 0.001F, 0.001F};  // numbers stay near 1
  const auto start = std::chrono::steady_clock::now();
  for (int pass = 0; pass < passes; ++pass) {
    for (Vector& vector : memory) vector = vector * factor + rest;
    // Otherwise several passes could become one.
    asm volatile("" : : "r"(memory.data()) : "memory");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Pace::Pace() {
  for (passes_ = kLeastPasses; passes_ < kMostPasses; passes_ *= 2) {
    double seconds = SecondsOfPasses(passes_);
    // One that was interrupted says nothing.
    for (int i = 1; i < kCalibrations; ++i) seconds = std::min(seconds, SecondsOfPasses(passes_));
    if (seconds >= kMeasureSeconds) return;
  }
}

void Pace::AfterRun(double seconds) { run_seconds_ += std::clamp(seconds, 0.0, kMostOwed / kShare); }

void Pace::Measure() {
  const double seconds = SecondsOfPasses(passes_);
  pace_seconds_ += seconds;
  gaps_.push_back(seconds / passes_);
}

void Pace::BeforeRun() {
  if (gaps_.empty()) Measure();
  while (pace_seconds_ < kShare * run_seconds_) Measure();
}

double Pace::Take() {
  if (!gaps_.empty()) BeforeRun();  // what the last run owes
  // As runs are summarised: what holds up a few of either leaves both alone.
  const double result = gaps_.empty() ? 0 : MiddleMean(gaps_);
  run_seconds_ = 0;
  pace_seconds_ = 0;
  gaps_.clear();
  return result;
}

}  // namespace latimer
