// What a run of the benchmark prints.
#ifndef LATIMER_TESTS_BENCH_BENCH_REPORT_H_
#define LATIMER_TESTS_BENCH_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "tests/bench/measure.h"

namespace latimer::bench {

struct BenchReport {
  std::string server;  // "child process" or an address
  std::string platform;
  MeasureOptions options;
  std::vector<Row> rows;
};

// The share of the echo's throughput repeated NAS cells should reach.
inline constexpr double kTargetRatio = 0.3;

std::string RenderTable(const BenchReport& report);
std::string RenderJson(const BenchReport& report);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_BENCH_REPORT_H_
