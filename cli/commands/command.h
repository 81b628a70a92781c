// What every command of the tool gets and gives.
#ifndef LATIMER_CLI_COMMANDS_COMMAND_H_
#define LATIMER_CLI_COMMANDS_COMMAND_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/output.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/network.pb.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kRuntimeError = 1;
inline constexpr int kUsageError = 2;

enum class Format { kTable, kJson, kCsv, kMarkdown };

// The world around a command; tests make their own.
struct CommandContext {
  Output* out = nullptr;  // results
  Output* err = nullptr;  // progress and errors
  Terminal terminal;      // of `out`
  Terminal error_terminal;
  bool show_progress = false;
  std::function<Terminal()> live_terminal;  // of `err` now, at its true width; null: no display can be drawn there
  Interrupted interrupted;                  // null: nobody asks
  ConnectionOptions connection;
  LocalEstimator local;  // starts an estimator in process
};

// One file that could not be handled.
struct FileError {
  std::string file;
  absl::Status status;
};

// Prints "latimer: FILE: message" with the field and a hint, where the error has them.
void PrintError(const CommandContext& context, const std::string& file, const absl::Status& status);

// Whether the person wants the command to end.
bool IsInterrupted(const CommandContext& context);

// {"file", "code", "reason", "message", "field", "metadata"}.
nlohmann::ordered_json ErrorToJson(const FileError& error);

// Options of commands that read networks.
struct NetworkOptions {
  std::vector<std::string> files;
  std::vector<std::string> input_shapes;  // "name=1x3x224x224"
  int64_t batch = 0;
};

// Reads a file and puts shapes and batch size over it.
absl::StatusOr<v1::NetworkSource> LoadNetwork(const std::string& file, const NetworkOptions& options);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_COMMAND_H_
