#include "backends/pace.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace latimer {
namespace {

constexpr int kLeastPasses = 64;
constexpr int kMostPasses = 1 << 20;
constexpr int kCalibrations = 200;
constexpr double kFast = 1.05;         // times the fastest; a timer's interrupt takes some percent of a measurement
constexpr double kFastestShare = 0.1;  // of the measurements of a series: the least one may be an error of the clock
constexpr size_t kRemembered = 32;     // series

double FastestOf(std::vector<double> pass_seconds) {
  const auto at =
      pass_seconds.begin() + static_cast<std::ptrdiff_t>(kFastestShare * static_cast<double>(pass_seconds.size() - 1));
  std::nth_element(pass_seconds.begin(), at, pass_seconds.end());
  return *at;
}

// Vectors of fixed width: compilers that optimise all make the same loop of it.
typedef float Vector __attribute__((vector_size(16)));
constexpr size_t kVectors = 512;  // 8 KiB: in every first-level cache
constexpr size_t kUnrolled = 8;

}  // namespace

// Loads, multiplications, additions and stores, few per load. Fitted models remember what a pass took, and agents of
// any age are compared with them: a change of this loop is a change of the unit. Written out: a loop of one vector took
// 144, 153 or 281 ns on one processor, by where the linker had put it.
double SecondsOfPasses(int passes) {
  alignas(64) static thread_local std::array<Vector, kVectors> memory = {};
  const Vector factor = {0.999F, 0.999F, 0.999F, 0.999F};
  const Vector rest = {0.001F, 0.001F, 0.001F, 0.001F};  // numbers stay near 1
  const auto start = std::chrono::steady_clock::now();
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t i = 0; i < kVectors; i += kUnrolled) {
      const auto step = [&](size_t k) { memory[i + k] = memory[i + k] * factor + rest; };
      step(0), step(1), step(2), step(3), step(4), step(5), step(6), step(7);
    }
    // Otherwise several passes could become one.
    asm volatile("" : : "r"(memory.data()) : "memory");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Pace::Pace() : passes_(kLeastPasses) {
  for (; passes_ < kMostPasses; passes_ *= 2) {
    // One that was interrupted says nothing.
    if (std::min({SecondsOfPasses(passes_), SecondsOfPasses(passes_), SecondsOfPasses(passes_)}) >= kMeasureSeconds) {
      break;
    }
  }
  std::vector<double> passes;
  passes.reserve(kCalibrations);
  for (int i = 0; i < kCalibrations; ++i) passes.push_back(SecondsOfPasses(passes_) / passes_);
  Remember(std::move(passes));
}

double Pace::Measure() const { return SecondsOfPasses(passes_) / passes_; }

bool Pace::IsFast(double pass_seconds) const { return pass_seconds <= kFast * reference_; }

void Pace::Remember(std::vector<double> pass_seconds) {
  fastest_.push_back(FastestOf(std::move(pass_seconds)));
  if (fastest_.size() > kRemembered) fastest_.pop_front();
  reference_ = *std::min_element(fastest_.begin(), fastest_.end());
}

}  // namespace latimer
