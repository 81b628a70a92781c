#include "cli/flags.h"

#include "absl/strings/numbers.h"
#include "cli/input/duration_flag.h"

namespace latimer::cli {

void AddConnectionFlags(CLI::App& command, ConnectionOptions& connection, double& timeout_seconds,
                        const char* server_help) {
  command.add_option("--server", connection.server, server_help)->type_name("HOST:PORT")->group("Connection");
  command.add_option("--timeout", timeout_seconds, "Seconds each call may take")
      ->check(CLI::PositiveNumber)
      ->group("Connection")
      ->capture_default_str();
  command.add_flag("--tls", connection.tls, "Use TLS")->group("Connection");
  command.add_option("--tls-ca", connection.tls_ca, "Authorities to trust (PEM); default: the system's")
      ->group("Connection");
  command.add_option("--tls-cert", connection.tls_cert, "Own certificate for mutual TLS (PEM)")->group("Connection");
  command.add_option("--tls-key", connection.tls_key, "Its private key (PEM)")->group("Connection");
  command.add_option("--token-file", connection.token_file, "File with a client's token; default: LATIMER_TOKEN")
      ->type_name("FILE")
      ->group("Connection");
  command.add_flag("--insecure", connection.insecure, "Send the token in the clear; the network is trusted")
      ->group("Connection");
}

void AddDisplayFlags(CLI::App& command, DisplayFlags& flags) {
  command.add_option("--color", flags.color, "Colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group("Display")
      ->capture_default_str();
  command.add_flag("--ascii", flags.ascii, "Print ASCII characters only")->group("Display");
}

void AddFormatFlag(CLI::App& command, Format& format, Formats formats) {
  if (formats == Formats::kHtmlJson) {
    AddChoice(command, "--format", format, {{"html", Format::kTable}, {"json", Format::kJson}}, "html or json")
        ->type_name("FORMAT")
        ->default_str("html");
    return;
  }
  std::map<std::string, Format> choices{{"table", Format::kTable}, {"json", Format::kJson}};
  const char* help = "table or json";
  if (formats != Formats::kTableJson) {
    choices.emplace("csv", Format::kCsv);
    help = "table, json or csv";
  }
  if (formats == Formats::kAll) {
    choices.emplace("markdown", Format::kMarkdown);
    help = "table, json, csv or markdown";
  }
  AddChoice(command, "--format", format, choices, help)->type_name("FORMAT")->default_str("table");
}

CLI::Option* AddDuration(CLI::App& command, const std::string& flag, absl::Duration& value,
                         const std::string& description) {
  return command
      .add_option_function<std::string>(
          flag,
          [&value, flag](const std::string& text) {
            const absl::StatusOr<absl::Duration> duration = ParseDurationFlag(text);
            if (!duration.ok()) throw CLI::ValidationError(flag, std::string(duration.status().message()));
            value = *duration;
          },
          description)
      ->type_name("DURATION");
}

void AddNetworkFlags(CLI::App& command, NetworkOptions& network, const std::string& positional,
                     const char* files_help) {
  command.add_option(positional, network.files, files_help)->required()->expected(-1);
  command.add_option("--input-shape", network.input_shapes, "Shape of an input; may be repeated")
      ->type_name("NAME=1x3x224x224")
      ->expected(1)
      ->take_all();
  command.add_option("--batch", network.batch, "Batch size: replaces the first dimension of every input")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
}

void AddModelFlags(CLI::App& command, v1::ModelKind& model_kind, double& confidence) {
  static const std::map<std::string, v1::ModelKind> kModelKinds{{"auto", v1::MODEL_KIND_AUTO},
                                                                {"roofline", v1::MODEL_KIND_ROOFLINE},
                                                                {"refined", v1::MODEL_KIND_REFINED_ROOFLINE},
                                                                {"statistical", v1::MODEL_KIND_STATISTICAL},
                                                                {"mixed", v1::MODEL_KIND_MIXED}};
  AddChoice(command, "--model-kind", model_kind, kModelKinds, "auto, roofline, refined, statistical or mixed")
      ->type_name("KIND")
      ->default_str("auto");
  AddConfidenceFlag(command, confidence);
}

void AddConfidenceFlag(CLI::App& command, double& confidence) {
  command.add_option("--confidence", confidence, "Level of the intervals, between 0 and 1")
      ->check(CLI::Validator(
          [](const std::string& text) {
            double level = 0;
            return absl::SimpleAtod(text, &level) && level > 0 && level < 1
                       ? std::string()
                       : absl::StrCat("'", text, "' does not lie between 0 and 1");
          },
          ""))
      ->capture_default_str();
}

}  // namespace latimer::cli
