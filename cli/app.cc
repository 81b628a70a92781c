#include "cli/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/commands/estimate.h"
#include "cli/commands/network.h"
#include "cli/commands/platforms.h"
#include "server/version.h"

namespace latimer::cli {
namespace {

const std::map<std::string, Format> kFormats{{"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
const std::map<std::string, v1::ModelKind> kModelKinds{{"auto", v1::MODEL_KIND_AUTO},
                                                       {"roofline", v1::MODEL_KIND_ROOFLINE},
                                                       {"refined", v1::MODEL_KIND_REFINED_ROOFLINE},
                                                       {"statistical", v1::MODEL_KIND_STATISTICAL},
                                                       {"mixed", v1::MODEL_KIND_MIXED}};

struct GlobalFlags {
  std::string color = "auto";
  bool ascii = false;
  double timeout_seconds = 30;
};

void AddConnectionFlags(CLI::App& command, ConnectionOptions& connection, GlobalFlags& flags) {
  command.add_option("--server", connection.server, "Ask this server; without it the estimator runs in this process")
      ->type_name("HOST:PORT")
      ->group("Connection");
  command.add_option("--timeout", flags.timeout_seconds, "Seconds each call may take")
      ->check(CLI::PositiveNumber)
      ->group("Connection")
      ->capture_default_str();
  command.add_flag("--tls", connection.tls, "Use TLS")->group("Connection");
  command.add_option("--tls-ca", connection.tls_ca, "Authorities to trust (PEM); default: the system's")
      ->group("Connection");
  command.add_option("--tls-cert", connection.tls_cert, "Own certificate for mutual TLS (PEM)")->group("Connection");
  command.add_option("--tls-key", connection.tls_key, "Its private key (PEM)")->group("Connection");
}

void AddDisplayFlags(CLI::App& command, GlobalFlags& flags) {
  command.add_option("--color", flags.color, "Colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group("Display")
      ->capture_default_str();
  command.add_flag("--ascii", flags.ascii, "Print ASCII characters only")->group("Display");
}

// An option that takes one of a few words; the error lists them.
template <typename T>
CLI::Option* AddChoice(CLI::App& command, const std::string& flag, T& value, const std::map<std::string, T>& choices,
                       const std::string& description) {
  return command.add_option_function<std::string>(
      flag,
      [&value, &choices, flag](const std::string& word) {
        const auto found = choices.find(word);
        if (found == choices.end()) {
          throw CLI::ValidationError(
              flag, absl::StrCat("there is no '", word, "'; there are ",
                                 absl::StrJoin(choices, ", ", [](std::string* out, const auto& choice) {
                                   out->append(choice.first);
                                 })));
        }
        value = found->second;
      },
      description);
}

void AddFormatFlag(CLI::App& command, Format& format) {
  AddChoice(command, "--format", format, kFormats, "table, json or csv")->type_name("FORMAT")->default_str("table");
}

void AddNetworkFlags(CLI::App& command, NetworkOptions& network) {
  command
      .add_option("FILE", network.files,
                  "Networks: .onnx, ANNETTE .json, latimer.v1.Network as .textproto or .pb; - is standard input")
      ->required()
      ->expected(-1);
  command.add_option("--input-shape", network.input_shapes, "Shape of an input; may be repeated")
      ->type_name("NAME=1x3x224x224")
      ->expected(1)
      ->take_all();
  command.add_option("--batch", network.batch, "Batch size: replaces the first dimension of every input")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
}

// The words between commas, without spaces around them and without empty ones.
std::vector<std::string> SplitList(absl::string_view text) {
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    words.emplace_back(absl::StripAsciiWhitespace(word));
  }
  return words;
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

// "; did you mean 'estimate'?" for the words of a usage error that are near one of ours.
std::string Suggestion(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (const CLI::App* command : app.get_subcommands({})) {
    words.push_back(command->get_name());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  for (const std::string& argument : arguments) {
    const std::string word = argument.substr(0, argument.find('='));
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    for (const std::string& known : words) {
      if (word.size() > 3 && Distance(word, known) <= 2) return absl::StrCat("; did you mean '", known, "'?");
    }
  }
  return "";
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
      "Exit codes: 0 success, 1 an error, 2 wrong usage. `latimer COMMAND --help` says more.");
  GlobalFlags flags;

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
  AddChoice(estimate_app, "--model-kind", estimate.model_kind, kModelKinds,
            "auto, roofline, refined, statistical or mixed")
      ->type_name("KIND")
      ->default_str("auto");
  estimate_app.add_option("--confidence", estimate.confidence, "Level of the intervals, between 0 and 1")
      ->check(CLI::Validator(
          [](const std::string& text) {
            double level = 0;
            return absl::SimpleAtod(text, &level) && level > 0 && level < 1
                       ? std::string()
                       : absl::StrCat("'", text, "' does not lie between 0 and 1");
          },
          ""))
      ->capture_default_str();
  AddFormatFlag(estimate_app, estimate.format);
  estimate_app.add_option("--top", estimate.top, "Print only the N slowest layers")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  estimate_app.add_flag("--layers", estimate.layers, "Print the layers also for several files");
  AddConnectionFlags(estimate_app, context.connection, flags);
  AddDisplayFlags(estimate_app, flags);
  estimate_app.footer(
      "Weights are removed before a network leaves this process; only shapes travel.\n\n"
      "Examples:\n"
      "  latimer estimate resnet.onnx --platform ncs2-openvino,zcu102-dnndk\n"
      "  latimer estimate *.onnx --platform zcu102-dnndk --format json > estimates.json\n"
      "  latimer estimate dynamic.onnx --platform zcu102-dnndk --input-shape image=1x3x320x320\n"
      "  latimer estimate resnet.onnx --platform zcu102-dnndk --server estimator.lab:50051 --tls");

  PlatformsCommand platforms_command;
  CLI::App& platforms_app = *app.add_subcommand("platforms", "List platforms, or describe one");
  platforms_app.add_option("NAME", platforms_command.name, "A platform to describe in full");
  AddFormatFlag(platforms_app, platforms_command.format);
  AddConnectionFlags(platforms_app, context.connection, flags);
  AddDisplayFlags(platforms_app, flags);
  platforms_app.footer(
      "Examples:\n"
      "  latimer platforms\n"
      "  latimer platforms zcu102-dnndk\n"
      "  latimer platforms --format json");

  NetworkCommand network;
  CLI::App& network_app =
      *app.add_subcommand("network", "Show a network's layers, shapes, operations, parameters and memory");
  AddNetworkFlags(network_app, network.network);
  AddFormatFlag(network_app, network.format);
  AddConnectionFlags(network_app, context.connection, flags);
  AddDisplayFlags(network_app, flags);
  network_app.footer(
      "Examples:\n"
      "  latimer network model.onnx\n"
      "  latimer network models/*.onnx --format csv");

  CLI::App& version_app = *app.add_subcommand("version", "Print the version");

  const std::vector<std::string> given = arguments;
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
      const std::vector<CLI::App*> commands = app.get_subcommands({});
      const bool known_command =
          !given.empty() &&
          std::any_of(commands.begin(), commands.end(), [&](const CLI::App* c) { return c->get_name() == given[0]; });
      context.err->Write(absl::StrCat("latimer: ", message, Suggestion(app, given), "\nRun `latimer",
                                      known_command ? " " + given[0] : "", " --help` for usage.\n"));
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
  context.connection.timeout = absl::Seconds(flags.timeout_seconds);

  if (version_app.parsed()) {
    context.out->Write(latimer::server::VersionText() + "\n");
    return kSuccess;
  }
  if (platforms_app.parsed()) return RunPlatforms(platforms_command, context);
  if (network_app.parsed()) return RunNetwork(network, context);
  estimate.platforms = SplitList(platforms);
  return RunEstimate(estimate, context);
}

}  // namespace latimer::cli
