#include "agent/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "backends/registry.h"

namespace latimer::agent {
namespace {

constexpr int kUsageError = 2;
constexpr int kMostCpus = 1024;
// For what is not the toolchain's: making the model, reading reports.
constexpr std::chrono::seconds kTaskMargin{30};

struct Flags {
  std::string format = "text";
  std::string cpus;
  std::vector<std::string> settings;
  double heartbeat_seconds = 0;
  int64_t memory_limit_mb = 0;
  bool insecure = false;
};

// Whether only this machine can read what goes there.
bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:") ||
         absl::StartsWith(address, "unix:") ||
         (absl::StartsWith(address, "127.") && address.find_first_not_of("0123456789.:") == absl::string_view::npos);
}

void AddEngineFlags(CLI::App& app, EngineOptions& engine, Flags& flags) {
  app.add_option("--backend", engine.backend,
                 absl::StrCat("Engine to measure with: ", absl::StrJoin(BackendNames(), ", "),
                              "; toolchains: ", absl::StrJoin(ToolchainBackendNames(""), ", ")))
      ->group("Engine");
  app.add_option("--set", flags.settings,
                 "Setting of a toolchain, for example precision=int8; may be given again. Its program: trtexec=PATH")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group("Engine");
  app.add_option("--toolchains-dir", engine.settings.toolchains_dir,
                 "Folder with more descriptions of toolchains (NAME.textproto), which win over those built in")
      ->group("Engine");
  app.add_option("--pause-scale", engine.settings.pause_scale, "Factor on pauses before a failed tool is run again")
      ->check(CLI::Range(0.0, 100.0))
      ->group("");
  app.add_option("--threads", engine.settings.threads, "Threads of the engine")
      ->check(CLI::Range(1, kMostCpus))
      ->group("Engine")
      ->capture_default_str();
  app.add_option("--optimization-level", engine.settings.optimization_level,
                 "Graph optimisation of onnxruntime: 0, 1, 2 or 99")
      ->check(CLI::IsMember({0, 1, 2, 99}))
      ->group("Engine")
      ->capture_default_str();
  app.add_option("--cpu", flags.cpus, "Processors the engine may use, for example 2 or 0,2-3; default: all")
      ->type_name("LIST")
      ->group("Engine");
  app.add_option("--memory-limit-mb", flags.memory_limit_mb, "Address space the engine's process may have; 0: any")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 30))
      ->group("Engine");
}

void AddAgentFlags(CLI::App& app, AgentOptions& agent, Flags& flags) {
  app.add_option("--server", agent.connection.server, "Server to serve")->type_name("HOST:PORT")->group("Server");
  app.add_option("--token", agent.token, "One-time token; only the first start needs it")
      ->envname("LATIMER_TOKEN")
      ->group("Server");
  app.add_option("--tls-ca", agent.connection.tls_ca, "Authorities to trust (PEM); turns TLS on")->group("Server");
  app.add_flag("--tls", agent.connection.tls, "Use TLS with the system's authorities")->group("Server");
  app.add_option("--tls-cert", agent.connection.tls_cert, "Own certificate for mutual TLS (PEM)")->group("Server");
  app.add_option("--tls-key", agent.connection.tls_key, "Its private key (PEM)")->group("Server");
  app.add_flag("--insecure", flags.insecure, "Allow plaintext to another machine; the credential can be read then")
      ->group("Server");
  app.add_option("--heartbeat", flags.heartbeat_seconds, "Seconds between heartbeats; 0: as the server says")
      ->check(CLI::Range(0.0, 3600.0))
      ->group("Server");
  app.add_option("--metrics-listen", agent.metrics_address,
                 "Address where Prometheus scrapes /metrics; port 0 picks a free one; default: none")
      ->type_name("HOST:PORT")
      ->group("Server");
  app.add_option("--platform", agent.platform, "Platform the board belongs to; default: that of the token")
      ->group("Board");
  app.add_option("--name", agent.display_name, "Name of the board for people; default: the host's")->group("Board");
  app.add_option("--state-dir", agent.state_dir, "Folder for the credential and unsent results; one per agent")
      ->group("Board");
}

// Where the engine may write, and how long a toolchain may take: vendors' compilers need minutes for one network.
void GiveFolders(CommandLine& line) {
  BackendOptions& settings = line.engine.settings;
  settings.work_dir = line.agent.state_dir + "/work";
  const std::vector<std::string> toolchains = ToolchainBackendNames(settings.toolchains_dir);
  if (std::find(toolchains.begin(), toolchains.end(), line.engine.backend) == toolchains.end()) return;
  settings.cache_dir = line.agent.state_dir + "/converted";
  const double seconds = ToolchainNetworkSeconds(line.engine.backend, settings.toolchains_dir);
  const std::chrono::milliseconds longest(static_cast<int64_t>(std::min(seconds, 1e6) * 1e3));
  WorkerOptions& worker = line.agent.worker;
  worker.least_task_timeout = longest + kTaskMargin;
  worker.runner.start_timeout = std::max(worker.runner.start_timeout, longest + kTaskMargin);
}

std::string Check(const CommandLine& line, const Flags& flags) {
  if (line.engine.backend.empty()) return "--backend is required";
  if (line.run_task) return "";
  const cli::ConnectionOptions& connection = line.agent.connection;
  if (!line.self_test && connection.server.empty()) return "--server is required";
  if (!line.self_test && line.agent.state_dir.empty()) return "--state-dir is required";
  if (connection.server.empty()) return "";
  if (!connection.uses_tls() && !flags.insecure && !IsLoopback(connection.server)) {
    return absl::StrCat("the way to ", connection.server,
                        " is not encrypted; give --tls or --tls-ca, or --insecure if the network is trusted");
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  std::vector<int> cpus;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    int first = 0;
    int last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends[0], &first) || !absl::SimpleAtoi(ends.back(), &last) || first < 0 ||
        last < first || last >= kMostCpus) {
      return absl::InvalidArgumentError(absl::StrCat("--cpu '", text, "' is no list of processors such as 0,2-3"));
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<std::string> ChildArguments(const EngineOptions& engine) {
  std::vector<std::string> words{"latimer-agent", "run-task", "--backend", engine.backend};
  for (std::string word : {std::string("--threads"), absl::StrCat(engine.settings.threads),
                           std::string("--optimization-level"), absl::StrCat(engine.settings.optimization_level)}) {
    words.push_back(std::move(word));
  }
  if (!engine.settings.work_dir.empty()) {
    words.insert(words.end(), {"--work-dir", engine.settings.work_dir});
  }
  if (!engine.settings.toolchains_dir.empty()) {
    words.insert(words.end(), {"--toolchains-dir", engine.settings.toolchains_dir});
  }
  if (!engine.settings.cache_dir.empty()) words.insert(words.end(), {"--cache-dir", engine.settings.cache_dir});
  if (engine.settings.pause_scale != 1) {
    words.insert(words.end(), {"--pause-scale", absl::StrCat(engine.settings.pause_scale)});
  }
  for (const auto& [name, value] : engine.settings.settings) {
    words.insert(words.end(), {"--set", absl::StrCat(name, "=", value)});
  }
  if (!engine.cpus.empty()) words.insert(words.end(), {"--cpu", absl::StrJoin(engine.cpus, ",")});
  return words;
}

std::optional<CommandLine> ParseCommandLine(int argc, const char* const* argv, int* exit_code) {
  CommandLine line;
  Flags flags;
  CLI::App app("Latimer's agent: measures neural networks on this board for a server, which it dials.",
               "latimer-agent");
  app.footer(
      "SIGTERM and SIGINT finish the current task, send its result and stop; a second one stops at once.\n"
      "Results wait in the state folder until the server has stored them.\n\n"
      "Examples:\n"
      "  latimer-agent --server lab.example.org:50051 --tls --token T --backend onnxruntime --state-dir "
      "/var/lib/latimer\n"
      "  latimer-agent --server 127.0.0.1:50051 --backend opencv --cpu 3 --state-dir agent-opencv   enrolled before\n"
      "  latimer-agent --server 127.0.0.1:50051 --token T --backend tensorrt --set precision=fp16 --state-dir "
      "agent-trt\n"
      "  latimer-agent --server 127.0.0.1:50051 --token T --backend simulated:imx93 --state-dir agent-sim\n"
      "  latimer-agent --self-test --backend onnxruntime   check the board; see docs/boards.md");
  app.set_version_flag("--version", "latimer-agent " LATIMER_VERSION);
  AddEngineFlags(app, line.engine, flags);
  AddAgentFlags(app, line.agent, flags);
  app.add_flag("--self-test", line.self_test,
               "Check what only a board can prove, print PASS, FAIL or NOT HERE, and end")
      ->group("Board");
  app.add_option("--format", flags.format, "Of the self-test: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->group("Board")
      ->capture_default_str();
  CLI::App* child = app.add_subcommand("run-task")->group("");
  AddEngineFlags(*child, line.engine, flags);
  child->add_option("--work-dir", line.engine.settings.work_dir);
  child->add_option("--cache-dir", line.engine.settings.cache_dir);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : kUsageError;
    return std::nullopt;
  }
  line.run_task = child->parsed();
  line.json = flags.format == "json";
  std::string problem = Check(line, flags);
  if (problem.empty() && !flags.cpus.empty()) {
    absl::StatusOr<std::vector<int>> cpus = ParseCpuList(flags.cpus);
    if (cpus.ok()) {
      line.engine.cpus = *std::move(cpus);
    } else {
      problem = std::string(cpus.status().message());
    }
  }
  for (const std::string& setting : flags.settings) {
    const size_t sign = setting.find('=');
    if (sign == std::string::npos || sign == 0) problem = absl::StrCat("--set '", setting, "' is not NAME=VALUE");
    if (problem.empty()) line.engine.settings.settings[setting.substr(0, sign)] = setting.substr(sign + 1);
  }
  if (!problem.empty()) {
    std::cerr << "latimer-agent: " << problem << "\nRun with --help for more information.\n";
    *exit_code = kUsageError;
    return std::nullopt;
  }
  line.agent.backend = line.engine.backend;
  line.agent.version = LATIMER_VERSION;
  line.agent.connection.user_agent = "latimer-agent";
  line.agent.heartbeat = std::chrono::milliseconds(static_cast<int64_t>(flags.heartbeat_seconds * 1e3));
  if (!line.run_task && !line.self_test) GiveFolders(line);
  ChildCommand& command = line.agent.worker.runner.command;
  command.program = "/proc/self/exe";
  command.argv = ChildArguments(line.engine);
  command.address_space_bytes = flags.memory_limit_mb << 20;
  return line;
}

}  // namespace latimer::agent
