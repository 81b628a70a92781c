#include "backends/pace.h"

#include <array>
#include <chrono>
#include <cstddef>

namespace latimer {
namespace {

constexpr double kShare = 0.25;           // of the time of runs; with less, a disturbed machine's pace is not known
constexpr double kMeasureSeconds = 1e-4;  // of one measurement: many fit between two moods of a neighbour
constexpr int kMostPasses = 1 << 20;

// Vectors of fixed width, so that builds of every kind compute the same instructions.
typedef float Vector __attribute__((vector_size(16)));
constexpr size_t kVectors = 512;  // 8 KiB: in every first-level cache

}  // namespace

// Loads, multiplications, additions and stores, few per load. Of the loops tried, this tells most: its time and that of
// a network correlate with 0.91 (docs/results.md, "A machine that changes its pace").
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
  while (passes_ < kMostPasses && SecondsOfPasses(passes_) < kMeasureSeconds) passes_ *= 2;
}

void Pace::Measure() {
  pace_seconds_ += SecondsOfPasses(passes_);
  pass_count_ += passes_;
}

void Pace::BeforeRun() {
  if (pass_count_ == 0) Measure();
  while (pace_seconds_ < kShare * run_seconds_) Measure();
}

double Pace::Take() {
  if (pass_count_ > 0) BeforeRun();  // what the last run owes
  const double result = pass_count_ > 0 ? pace_seconds_ / pass_count_ : 0;
  run_seconds_ = 0;
  pace_seconds_ = 0;
  pass_count_ = 0;
  return result;
}

}  // namespace latimer
