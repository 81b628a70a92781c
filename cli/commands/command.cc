#include "cli/commands/command.h"

#include "absl/strings/str_cat.h"
#include "cli/input/network_file.h"
#include "cli/input/shape_flag.h"
#include "cli/terminal/style.h"
#include "cli/terminal/text_width.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {

void PrintError(const CommandContext& context, const std::string& file, const absl::Status& status) {
  const Terminal& terminal = context.error_terminal;
  std::string text = Paint("latimer: ", Style::kError, terminal.color);
  if (!file.empty()) absl::StrAppend(&text, Printable(file, terminal.ascii), ": ");
  absl::StrAppend(&text, Printable(status.message(), terminal.ascii));
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  if (details.has_value() && !details->field.empty()) {
    absl::StrAppend(
        &text, Paint(absl::StrCat(" [", Printable(details->field, terminal.ascii), "]"), Style::kDim, terminal.color));
  }
  context.err->Write(text + "\n");
}

bool IsInterrupted(const CommandContext& context) { return context.interrupted && context.interrupted(); }

nlohmann::ordered_json ErrorToJson(const FileError& error) {
  nlohmann::ordered_json json;
  json["file"] = error.file;
  json["code"] = absl::StatusCodeToString(error.status.code());
  const std::optional<ErrorDetails> details = GetErrorDetails(error.status);
  json["reason"] = details.has_value() ? details->reason : "";
  json["message"] = std::string(error.status.message());
  json["field"] = details.has_value() ? details->field : "";
  json["metadata"] = nlohmann::ordered_json::object();
  if (details.has_value()) {
    for (const auto& [key, value] : details->metadata) json["metadata"][key] = value;
  }
  return json;
}

absl::StatusOr<v1::NetworkSource> LoadNetwork(const std::string& file, const NetworkOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(v1::NetworkSource source, ReadNetworkFile(file));
  source.set_batch_size(options.batch);
  for (const std::string& text : options.input_shapes) {
    LATIMER_ASSIGN_OR_RETURN(*source.add_input_shapes(), ParseInputShape(text));
  }
  return source;
}

}  // namespace latimer::cli
