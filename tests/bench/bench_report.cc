#include "tests/bench/bench_report.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace latimer::bench {
namespace {

using Json = nlohmann::ordered_json;

const char* ModeName(Mode mode) { return mode == Mode::kUnary ? "unary" : "stream"; }

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "model name")) return std::string(rest.substr(rest.find(':') + 2));
  }
  return "unknown processor";
}

int64_t Cores() { return sysconf(_SC_NPROCESSORS_ONLN); }

// Processes that wanted a core in the last minute, this benchmark's own among them.
double LoadAverage() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

bool IsTargetRow(const Row& row) { return row.workload == "nas-repeated" && row.mode == Mode::kUnary; }

Json SideJson(const SideResult& side) {
  return {{"calls", side.calls},
          {"callsPerSecond", side.calls_per_second},
          {"quietCallsPerSecond", side.quiet_calls_per_second},
          {"p50Us", side.p50_us},
          {"p99Us", side.p99_us},
          {"cpuUsPerCall", side.cpu_us_per_call}};
}

}  // namespace

std::string RenderTable(const BenchReport& report) {
  std::string text = absl::StrFormat(
      "%s, %d cores, load %.2f; server: %s; platform %s\n%.3g s per row and side in slices of %.3g s; streams keep %d "
      "requests in flight\n\n",
      ProcessorName(), Cores(), LoadAverage(), report.server, report.platform, report.options.seconds,
      report.options.slice_seconds, report.options.stream_window);
  constexpr char kHead[] = "%-22s %-6s %2s %6s %6s  %8s %8s %8s %6s  %8s %8s %8s %6s  %5s %-11s %5s\n";
  absl::StrAppendFormat(&text, kHead, "", "", "", "bytes", "bytes", "Estimate", "p50", "p99", "cpu", "echo", "p50",
                        "p99", "cpu", "", "middle 80 %", "quiet");
  absl::StrAppendFormat(&text, kHead, "requests", "call", "n", "in", "out", "calls/s", "us", "us", "us", "calls/s",
                        "us", "us", "us", "ratio", "of slices", "ratio");
  for (const Row& row : report.rows) {
    absl::StrAppendFormat(
        &text, "%-22s %-6s %2d %6.0f %6.0f  %8.0f %8.0f %8.0f %6.1f  %8.0f %8.0f %8.0f %6.1f  %5.2f %-11s %5.2f\n",
        row.workload, ModeName(row.mode), row.clients, row.request_bytes, row.response_bytes,
        row.server.quiet_calls_per_second, row.server.p50_us, row.server.p99_us, row.server.cpu_us_per_call,
        row.echo.quiet_calls_per_second, row.echo.p50_us, row.echo.p99_us, row.echo.cpu_us_per_call,
        row.throughput.median, absl::StrFormat("%.2f-%.2f", row.throughput.low, row.throughput.high),
        row.throughput.quiet);
  }
  text +=
      "\nn: clients. calls/s: of quiet slices, which beat 90 % of all. cpu: the server's processor time per call.\n";
  for (const Row& row : report.rows) {
    if (!IsTargetRow(row)) continue;
    absl::StrAppendFormat(&text,
                          "Repeated NAS cells, %d %s: %.2f of the echo's throughput; the target of %.1f is %s.\n",
                          row.clients, row.clients == 1 ? "client" : "clients", row.throughput.quiet, kTargetRatio,
                          row.throughput.quiet >= kTargetRatio ? "met" : "missed");
  }
  return text;
}

std::string RenderJson(const BenchReport& report) {
  Json json;
  json["machine"] = {{"processor", ProcessorName()}, {"cores", Cores()}, {"loadAverage", LoadAverage()}};
  json["server"] = report.server;
  json["platform"] = report.platform;
  json["secondsPerSide"] = report.options.seconds;
  json["sliceSeconds"] = report.options.slice_seconds;
  json["streamWindow"] = report.options.stream_window;
  json["targetRatio"] = kTargetRatio;
  json["rows"] = Json::array();
  for (const Row& row : report.rows) {
    json["rows"].push_back({{"workload", row.workload},
                            {"mode", ModeName(row.mode)},
                            {"clients", row.clients},
                            {"requestBytes", row.request_bytes},
                            {"responseBytes", row.response_bytes},
                            {"slices", row.slices},
                            {"server", SideJson(row.server)},
                            {"echo", SideJson(row.echo)},
                            {"ratio",
                             {{"median", row.throughput.median},
                              {"low", row.throughput.low},
                              {"high", row.throughput.high},
                              {"quiet", row.throughput.quiet}}}});
  }
  return json.dump(2) + "\n";
}

}  // namespace latimer::bench
