// latimer-bench: what Latimer's service costs next to an empty call of the same sizes.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "tests/bench/bench_report.h"
#include "tests/bench/child_server.h"
#include "tests/bench/in_process.h"
#include "tests/bench/measure.h"
#include "tests/bench/memory_growth.h"

namespace {

using namespace latimer::bench;  // NOLINT(google-build-using-namespace): the program of this library

constexpr int kRuntimeError = 1;
constexpr int kUsageError = 2;

struct Flags {
  std::string server;
  std::string platforms_dir;
  std::string platform = "zcu102-dnndk";
  std::vector<std::string> workloads = WorkloadNames();
  std::vector<std::string> modes = {"unary", "stream"};
  std::vector<int> clients = {1, 8};
  MeasureOptions measure;
  std::string format = "table";
  std::vector<std::string> cells;
  InProcessOptions in_process;
  int64_t memory = 0;
  std::string memory_of = "nas-fresh";
  std::string serve;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--server", flags.server, "Measure this running server; default: one in a child process")
      ->type_name("HOST:PORT");
  app.add_option("--platforms-dir", flags.platforms_dir, "Platform files of the child process")->type_name("DIR");
  app.add_option("--platform", flags.platform, "Platform to estimate for")->capture_default_str();
  app.add_option("--workloads", flags.workloads, "Requests to measure, comma separated")
      ->delimiter(',')
      ->check(CLI::IsMember(WorkloadNames()));
  app.add_option("--modes", flags.modes, "Kinds of call")->delimiter(',')->check(CLI::IsMember({"unary", "stream"}));
  app.add_option("--clients", flags.clients, "Numbers of clients, each with a connection of its own")
      ->delimiter(',')
      ->check(CLI::Range(1, 64));
  app.add_option("--window", flags.measure.stream_window, "Requests a stream keeps in flight")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--seconds", flags.measure.seconds, "Seconds per row and side")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--slice", flags.measure.slice_seconds, "Seconds until the other side's turn")
      ->check(CLI::Range(0.005, 60.0))
      ->capture_default_str();
  app.add_option("--format", flags.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--cells", flags.cells, "Exactly these rows instead: requests:call:clients, comma separated")
      ->delimiter(',');
  app.add_option("--in-process", flags.in_process.count,
                 "Instead: estimate that many NAS cells in this process, timed");
  app.add_flag("--cold", flags.in_process.cold,
               "With --in-process: nothing is remembered from one network to the next");
  app.add_option("--model", flags.in_process.model_file,
                 "With --in-process: a platform model as 'latimer-measurement-set fit --model-out' writes it")
      ->type_name("FILE");
  app.add_option("--threads", flags.in_process.threads,
                 "With --in-process: that many threads at one time answer as many cells each")
      ->check(CLI::Range(1, 64));
  app.add_option("--memory", flags.memory, "Instead: the server's memory while it answers that many unique networks");
  app.add_option("--memory-of", flags.memory_of, "With --memory: unique requests of which kind")
      ->check(CLI::IsMember({"nas-fresh", "nas-fresh-layers"}))
      ->capture_default_str();
  app.add_option("--serve", flags.serve)->check(CLI::IsMember({"latimer", "echo"}))->group("");
  app.footer(
      "Server and echoes run in child processes: in this one they would share gRPC's threads with the clients.\n"
      "Server and echo take turns, so that noise of the machine hits both; compare ratios, not absolute numbers.\n\n"
      "Examples:\n"
      "  latimer-bench\n"
      "  latimer-bench --seconds 10 --workloads nas-repeated,nas-fresh --modes unary\n"
      "  latimer-bench --server 127.0.0.1:50051 --platform ncs2-openvino --format json");
}

struct Servers {
  std::unique_ptr<ChildServer> latimer;  // null with --server
  std::unique_ptr<ChildServer> echo;
  std::unique_ptr<ChildServer> second_echo;
};

absl::StatusOr<Servers> StartServers(const Flags& flags) {
  Servers servers;
  if (flags.server.empty()) {
    LATIMER_ASSIGN_OR_RETURN(servers.latimer, ChildServer::Start(ServerKind::kLatimer, flags.platforms_dir));
  }
  LATIMER_ASSIGN_OR_RETURN(servers.echo, ChildServer::Start(ServerKind::kEcho, ""));
  LATIMER_ASSIGN_OR_RETURN(servers.second_echo, ChildServer::Start(ServerKind::kEcho, ""));
  return servers;
}

Side MakeSide(const Target& target, const ChildServer* child) {
  Side side{.target = &target};
  if (child != nullptr) side.cpu_seconds = [child] { return child->cpu_seconds(); };
  return side;
}

// "nas-fresh:unary:8".
struct Cell {
  std::string workload;
  Mode mode = Mode::kUnary;
  int clients = 1;
};

absl::StatusOr<std::vector<Cell>> ReadCells(const std::vector<std::string>& words) {
  std::vector<Cell> cells;
  for (const std::string& word : words) {
    const std::vector<std::string> parts = absl::StrSplit(word, ':');
    Cell cell;
    if (parts.size() != 3 || (parts[1] != "unary" && parts[1] != "stream") ||
        !absl::SimpleAtoi(parts[2], &cell.clients) || cell.clients < 1 || cell.clients > 64) {
      return absl::InvalidArgumentError("--cells: '" + word + "' is not like nas-fresh:unary:8");
    }
    cell.workload = parts[0];
    cell.mode = parts[1] == "unary" ? Mode::kUnary : Mode::kStream;
    cells.push_back(std::move(cell));
  }
  return cells;
}

absl::Status Run(const Flags& flags, const Servers& servers, BenchReport* report) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Cell> wanted_cells, ReadCells(flags.cells));
  int most_clients = *std::max_element(flags.clients.begin(), flags.clients.end());
  for (const Cell& cell : wanted_cells) most_clients = std::max(most_clients, cell.clients);
  LATIMER_ASSIGN_OR_RETURN(const Target server_target,
                           Target::Connect(servers.latimer ? servers.latimer->address() : flags.server, most_clients));
  LATIMER_ASSIGN_OR_RETURN(const Target echo_target, Target::Connect(servers.echo->address(), most_clients));
  LATIMER_ASSIGN_OR_RETURN(const Target second_target, Target::Connect(servers.second_echo->address(), most_clients));
  const Side server = MakeSide(server_target, servers.latimer.get());
  const Side echo = MakeSide(echo_target, servers.echo.get());
  const Side second_echo = MakeSide(second_target, servers.second_echo.get());

  if (!wanted_cells.empty()) {
    for (const Cell& cell : wanted_cells) {
      LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload, MakeWorkload(cell.workload, flags.platform));
      LATIMER_ASSIGN_OR_RETURN(Row row, Measure(*workload, cell.mode, cell.clients, server, echo, flags.measure));
      report->rows.push_back(std::move(row));
    }
    return absl::OkStatus();
  }

  auto for_each_shape = [&](auto&& measure) -> absl::Status {
    for (const std::string& mode : flags.modes) {
      for (int clients : flags.clients) {
        LATIMER_ASSIGN_OR_RETURN(Row row, measure(mode == "unary" ? Mode::kUnary : Mode::kStream, clients));
        report->rows.push_back(std::move(row));
      }
    }
    return absl::OkStatus();
  };
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> cells, MakeWorkload("nas-repeated", flags.platform));
  constexpr int64_t kAnswerBytes = 200;
  LATIMER_RETURN_IF_ERROR(for_each_shape([&](Mode mode, int clients) {
    return MeasureEchoes(*cells, kAnswerBytes, mode, clients, second_echo, echo, flags.measure);
  }));
  for (const std::string& name : flags.workloads) {
    LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload, MakeWorkload(name, flags.platform));
    LATIMER_RETURN_IF_ERROR(for_each_shape(
        [&](Mode mode, int clients) { return Measure(*workload, mode, clients, server, echo, flags.measure); }));
  }
  return absl::OkStatus();
}

int Fail(const absl::Status& status) {
  std::cerr << "latimer-bench: " << status.message() << "\n";
  return kRuntimeError;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  CLI::App app("Measures Latimer's Estimate against an empty call with messages of the same sizes.");
  Flags flags;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (!flags.serve.empty()) {
    const absl::Status status =
        ServeAsChild(flags.serve == "echo" ? ServerKind::kEcho : ServerKind::kLatimer, flags.platforms_dir);
    return status.ok() ? 0 : Fail(status);
  }
  if (flags.in_process.count > 0) {
    flags.in_process.platform = flags.platform;
    flags.in_process.platforms_dir = flags.platforms_dir;
    const absl::StatusOr<std::string> text = EstimateInProcess(flags.in_process);
    if (!text.ok()) return Fail(text.status());
    std::cout << *text;
    return 0;
  }
  if (flags.memory > 0) {
    const absl::StatusOr<std::string> text =
        WatchMemory(flags.memory_of, flags.platform, flags.platforms_dir, flags.memory);
    if (!text.ok()) return Fail(text.status());
    std::cout << *text;
    return 0;
  }
  const absl::StatusOr<Servers> servers = StartServers(flags);
  if (!servers.ok()) return Fail(servers.status());
  BenchReport report{.server = flags.server.empty() ? "child process" : flags.server,
                     .platform = flags.platform,
                     .options = flags.measure,
                     .rows = {}};
  const absl::Status status = Run(flags, *servers, &report);
  if (!status.ok()) return Fail(status);
  std::cout << (flags.format == "json" ? RenderJson(report) : RenderTable(report));
  return 0;
}
