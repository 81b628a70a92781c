#include "cli/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/commands/estimate.h"
#include "cli/commands/network.h"
#include "cli/commands/platform_show.h"
#include "cli/commands/platforms.h"
#include "cli/flags.h"
#include "cli/fleet_app.h"
#include "server/version.h"

namespace latimer::cli {
namespace {

constexpr int kNarrowestDisplay = 20;

// The words between commas, without spaces around them and without empty ones.
std::vector<std::string> SplitList(absl::string_view text) {
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    words.emplace_back(absl::StripAsciiWhitespace(word));
  }
  return words;
}

constexpr char kShowMapping[] = "--show-mapping";

// Lets --show-mapping stand without its word, also before a file.
void CompleteShowMapping(std::vector<std::string>* arguments) {
  for (size_t i = 0; i < arguments->size(); ++i) {
    if ((*arguments)[i] == "--") return;
    if ((*arguments)[i] != kShowMapping) continue;
    const std::string next = i + 1 < arguments->size() ? (*arguments)[i + 1] : "";
    if (next != "text" && next != "dot") (*arguments)[i] += "=text";
  }
}

// Edit distance, to guess what a mistyped word should have been.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Names of all commands and options below `app`.
void CollectWords(const CLI::App& app, std::vector<std::string>* words) {
  for (const CLI::App* command : app.get_subcommands({})) {
    words->push_back(command->get_name());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) words->push_back("--" + name);
    }
    CollectWords(*command, words);
  }
}

// "; did you mean 'estimate'?" for the words of a usage error that are near one of ours.
std::string Suggestion(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  CollectWords(app, &words);
  for (const std::string& argument : arguments) {
    const std::string word = argument.substr(0, argument.find('='));
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    for (const std::string& known : words) {
      if (word.size() > 3 && Distance(word, known) <= 2) return absl::StrCat("; did you mean '", known, "'?");
    }
  }
  return "";
}

// The words of the command that was meant: "latimer campaign start".
std::string CommandWords(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::string words = app.get_name();
  const CLI::App* command = &app;
  for (const std::string& argument : arguments) {
    const std::vector<const CLI::App*> below = command->get_subcommands({});
    const auto found =
        std::find_if(below.begin(), below.end(), [&](const CLI::App* c) { return c->get_name() == argument; });
    if (found == below.end()) break;
    command = *found;
    absl::StrAppend(&words, " ", argument);
  }
  return words;
}

}  // namespace

int RunApp(std::vector<std::string> arguments, const Environment& environment, CommandContext context) {
  CLI::App app("Latimer estimates how long neural networks run on embedded boards, layer by layer.", "latimer");
  app.set_version_flag("--version", latimer::server::VersionText());
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  latimer estimate model.onnx --platform ncs2-openvino\n"
      "  latimer platforms\n"
      "  latimer network model.onnx\n"
      "  latimer token create --server lab:50051\n"
      "  latimer campaign start --platform jetson-int8 --max-board-time 5m --wait --server lab:50051\n"
      "  latimer evaluate --platform jetson-int8 networks/ --server lab:50051\n"
      "  latimer report --platform jetson-int8 --server lab:50051\n"
      "Exit codes: 0 success, 1 an error, 2 wrong usage. `latimer COMMAND --help` says more.");
  DisplayFlags flags;
  double timeout_seconds = 30;

  EstimateCommand estimate;
  CLI::App& estimate_app = *app.add_subcommand("estimate", "Estimate the latency of networks on platforms");
  AddNetworkFlags(estimate_app, estimate.network);
  std::string platforms;
  estimate_app.add_option("--platform", platforms, "Platforms, separated by commas; see `latimer platforms`")
      ->type_name("P[,P...]")
      ->required()
      ->check(CLI::Validator(
          [](const std::string& text) {
            return SplitList(text).empty() ? std::string("names no platform; see `latimer platforms`") : std::string();
          },
          ""));
  AddModelFlags(estimate_app, estimate.model_kind, estimate.confidence);
  AddFormatFlag(estimate_app, estimate.format);
  estimate_app.add_option("--top", estimate.top, "Print only the N slowest layers")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  estimate_app.add_flag("--layers", estimate.layers, "Print the layers also for several files");
  CLI::Option* mapping =
      AddChoice(estimate_app, kShowMapping, estimate.mapping,
                {{"text", MappingForm::kText}, {"dot", MappingForm::kDot}},
                "Show the predicted execution graph instead: units, what is fused into them, edges. FORM is text or "
                "dot, the language of Graphviz")
          ->type_name("[FORM]");
  estimate_app.add_option("-o,--output", estimate.output, "File for the graph; - or none: standard output")
      ->type_name("FILE")
      ->needs(mapping);
  AddConnectionFlags(estimate_app, context.connection, timeout_seconds);
  AddDisplayFlags(estimate_app, flags);
  estimate_app.footer(
      "Weights are removed before a network leaves this process; only shapes travel.\n\n"
      "Examples:\n"
      "  latimer estimate resnet.onnx --platform ncs2-openvino,zcu102-dnndk\n"
      "  latimer estimate *.onnx --platform zcu102-dnndk --format json > estimates.json\n"
      "  latimer estimate dynamic.onnx --platform zcu102-dnndk --input-shape image=1x3x320x320\n"
      "  latimer estimate resnet.onnx --platform zcu102-dnndk --server estimator.lab:50051 --tls\n"
      "  latimer estimate resnet.onnx --platform zcu102-dnndk --show-mapping\n"
      "  latimer estimate resnet.onnx --platform zcu102-dnndk --show-mapping dot -o resnet.dot");

  PlatformsCommand platforms_command;
  CLI::App& platforms_app = *app.add_subcommand("platforms", "List platforms, or describe one");
  platforms_app.add_option("NAME", platforms_command.name, "A platform to describe in full");
  AddFormatFlag(platforms_app, platforms_command.format);
  AddConnectionFlags(platforms_app, context.connection, timeout_seconds);
  AddDisplayFlags(platforms_app, flags);
  platforms_app.footer(
      "Examples:\n"
      "  latimer platforms\n"
      "  latimer platforms zcu102-dnndk\n"
      "  latimer platforms show zcu102-dnndk\n"
      "  latimer platforms --format json");
  PlatformShowCommand show;
  CLI::App& show_app = *platforms_app.add_subcommand(
      "show", "Show what a platform's models learnt: parameters, errors, measured space, a sweep with its staircase");
  show_app.add_option("NAME", show.platform, "The platform")->required();
  show_app
      .add_option("--sweep", show.sweep,
                  "Sweeps to draw: a number, a part of a name, or all; default: one that shows steps")
      ->type_name("SWEEP");
  AddFormatFlag(show_app, show.format, Formats::kTableJson);
  AddConnectionFlags(show_app, context.connection, timeout_seconds);
  AddDisplayFlags(show_app, flags);
  show_app.footer(
      "Platforms that came with the server have no measurements here; their sweeps are drawn from the model alone.\n\n"
      "Examples:\n"
      "  latimer platforms show zcu102-dnndk\n"
      "  latimer platforms show jetson-int8 --sweep c_out --server lab:50051\n"
      "  latimer platforms show jetson-int8 --format json --server lab:50051");

  ReportCommand report;
  CLI::App& report_app = *app.add_subcommand("report", "Write all about a platform into one HTML file");
  report_app.add_option("--platform", report.platform, "The platform; see `latimer platforms`")
      ->type_name("P")
      ->required();
  report_app.add_option("-o,--output", report.output, "File to write; -: standard output; default: report-P.html")
      ->type_name("FILE");
  AddConfidenceFlag(report_app, report.confidence);
  AddFormatFlag(report_app, report.format, Formats::kHtmlJson);
  AddConnectionFlags(report_app, context.connection, timeout_seconds);
  AddDisplayFlags(report_app, flags);
  report_app.footer(
      "The file needs neither network nor scripts: facts, errors per layer type, sweeps with their staircases, and\n"
      "measured networks against their estimates. JSON holds the same and goes to standard output.\n\n"
      "Examples:\n"
      "  latimer report --platform zcu102-dnndk\n"
      "  latimer report --platform jetson-int8 -o jetson.html --server lab:50051\n"
      "  latimer report --platform jetson-int8 --format json --server lab:50051 > jetson.json");
  const FleetApp fleet_app(app, platforms_app, context.connection, flags);

  NetworkCommand network;
  CLI::App& network_app =
      *app.add_subcommand("network", "Show a network's layers, shapes, operations, parameters and memory");
  AddNetworkFlags(network_app, network.network);
  AddFormatFlag(network_app, network.format);
  AddConnectionFlags(network_app, context.connection, timeout_seconds);
  AddDisplayFlags(network_app, flags);
  network_app.footer(
      "Examples:\n"
      "  latimer network model.onnx\n"
      "  latimer network models/*.onnx --format csv");

  CLI::App& version_app = *app.add_subcommand("version", "Print the version");

  const std::vector<std::string> given = arguments;
  CompleteShowMapping(&arguments);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    std::stringstream out;
    std::stringstream err;
    const bool wrong = app.exit(error, out, err) != 0;
    context.out->Write(out.str());
    if (wrong) {
      const std::string message = error.what();
      context.err->Write(absl::StrCat("latimer: ", message, Suggestion(app, given), "\nRun `", CommandWords(app, given),
                                      " --help` for usage.\n"));
    }
    return wrong ? kUsageError : kSuccess;
  }
  const ColorMode color = flags.color == "always"  ? ColorMode::kAlways
                          : flags.color == "never" ? ColorMode::kNever
                                                   : ColorMode::kAuto;
  context.terminal =
      DescribeTerminal(environment, isatty(STDOUT_FILENO) != 0, TerminalColumns(STDOUT_FILENO), flags.ascii, color);
  context.error_terminal =
      DescribeTerminal(environment, isatty(STDERR_FILENO) != 0, TerminalColumns(STDERR_FILENO), flags.ascii, color);
  context.show_progress = isatty(STDERR_FILENO) != 0;
  if (context.show_progress && environment("TERM").value_or("dumb") != "dumb") {
    context.live_terminal = [&context, &environment] {
      Terminal terminal = context.error_terminal;
      int columns = TerminalColumns(STDERR_FILENO);
      if (columns <= 0 && !absl::SimpleAtoi(environment("COLUMNS").value_or(""), &columns)) columns = kMinimumWidth;
      terminal.width = std::max(columns, kNarrowestDisplay);
      return terminal;
    };
  }
  context.connection.timeout = absl::Seconds(timeout_seconds);
  context.connection.token = environment("LATIMER_TOKEN").value_or("");

  if (version_app.parsed()) {
    context.out->Write(latimer::server::VersionText() + "\n");
    return kSuccess;
  }
  if (const std::optional<int> code = fleet_app.Run(context)) return *code;
  if (show_app.parsed()) return RunPlatformShow(show, context);
  if (report_app.parsed()) return RunReport(report, context);
  if (platforms_app.parsed()) return RunPlatforms(platforms_command, context);
  if (network_app.parsed()) return RunNetwork(network, context);
  estimate.platforms = SplitList(platforms);
  if (estimate.mapping != MappingForm::kNone && estimate.format != Format::kTable) {
    context.err->Write(
        "latimer: --show-mapping and --format exclude each other; JSON holds the graph already, as inputUnits\n");
    return kUsageError;
  }
  return RunEstimate(estimate, context);
}

}  // namespace latimer::cli
