// Options that several commands share.
#ifndef LATIMER_CLI_FLAGS_H_
#define LATIMER_CLI_FLAGS_H_

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/commands/command.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::cli {

struct DisplayFlags {
  std::string color = "auto";
  bool ascii = false;
};

// `server_help`: what --server is for; with kServerOptional the command also works without.
inline constexpr char kServerOptional[] = "Ask this server; without it the estimator runs in this process";
inline constexpr char kServerNeeded[] = "Server the boards are enrolled with; needed";
void AddConnectionFlags(CLI::App& command, ConnectionOptions& connection, double& timeout_seconds,
                        const char* server_help = kServerOptional);

void AddDisplayFlags(CLI::App& command, DisplayFlags& flags);

// An option that takes one of a few words; the error lists them.
template <typename T>
CLI::Option* AddChoice(CLI::App& command, const std::string& flag, T& value, const std::map<std::string, T>& choices,
                       const std::string& description) {
  // `choices` is copied: it may be gone when the arguments are parsed.
  return command.add_option_function<std::string>(
      flag,
      [&value, choices, flag](const std::string& word) {
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

// table, json and csv; or table and json; or all there are; or html (which is kTable) and json.
enum class Formats { kTableJsonCsv, kTableJson, kAll, kHtmlJson };
void AddFormatFlag(CLI::App& command, Format& format, Formats formats = Formats::kTableJsonCsv);

// A duration such as 90s, 5m, 1h.
CLI::Option* AddDuration(CLI::App& command, const std::string& flag, absl::Duration& value,
                         const std::string& description);

// FILE… as `files_help` says, --input-shape and --batch.
inline constexpr char kFilesHelp[] =
    "Networks: .onnx, ANNETTE .json, latimer.v1.Network as .textproto or .pb; - is standard input";
void AddNetworkFlags(CLI::App& command, NetworkOptions& network, const std::string& positional = "FILE",
                     const char* files_help = kFilesHelp);

// --confidence.
void AddConfidenceFlag(CLI::App& command, double& confidence);

// --model-kind and --confidence.
void AddModelFlags(CLI::App& command, v1::ModelKind& model_kind, double& confidence);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FLAGS_H_
