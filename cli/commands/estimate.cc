#include "cli/commands/estimate.h"

#include <optional>
#include <utility>

#include "cli/client/client.h"
#include "cli/format/proto_json.h"
#include "cli/report/estimate_report.h"
#include "cli/report/mapping_report.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/result_file.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

absl::StatusOr<std::vector<v1::NetworkEstimate>> EstimateFile(Client& client, const EstimateCommand& command,
                                                              const std::string& file) {
  LATIMER_ASSIGN_OR_RETURN(const v1::NetworkSource source, LoadNetwork(file, command.network));
  v1::EstimateOptions options;
  options.set_model_kind(command.model_kind);
  options.set_confidence(command.confidence);
  return client.Estimate(command.platforms, source, options);
}

// Prints results as they come, except for summaries, which need all of them.
class Printer {
 public:
  Printer(const EstimateCommand& command, CommandContext& context) : command_(command), context_(context) {
    if (command.format == Format::kCsv) context.out->Write(EstimateCsvHeader());
    if (command.format == Format::kJson) context.out->Write("{\n  \"estimates\": [");
  }

  void Add(const std::string& file, std::vector<v1::NetworkEstimate> estimates) {
    for (v1::NetworkEstimate& estimate : estimates) {
      if (command_.mapping != MappingForm::kNone) {
        AddMapping(estimate);
        continue;
      }
      if (command_.format == Format::kCsv) context_.out->Write(EstimateCsvRows(file, estimate));
      if (command_.format == Format::kJson) WriteJson(file, estimate);
      if (command_.format != Format::kTable) continue;
      if (command_.network.files.size() == 1 || command_.layers) {
        context_.out->Write((printed_++ > 0 ? "\n\n" : "") + EstimateReport(estimate, command_.top, context_.terminal));
      }
      summary_.push_back(std::move(estimate));
    }
  }

  // Errors: those of the file the mapping goes to.
  absl::Status Finish(const std::vector<FileError>& errors) {
    if (command_.mapping != MappingForm::kNone) {
      if (mapping_.empty()) return absl::OkStatus();
      return WriteResult(command_.output, mapping_, context_.out);
    }
    if (command_.format == Format::kJson) {
      context_.out->Write(printed_ > 0 ? "\n  ],\n  \"errors\": [" : "],\n  \"errors\": [");
      for (size_t i = 0; i < errors.size(); ++i) {
        context_.out->Write((i == 0 ? "\n    " : ",\n    ") + JsonText(ErrorToJson(errors[i]), 2));
      }
      context_.out->Write(errors.empty() ? "]\n}\n" : "\n  ]\n}\n");
    }
    if (command_.format == Format::kTable && summary_.size() > 1) {
      context_.out->Write((printed_ > 0 ? "\n\n" : "") + EstimateSummary(summary_, context_.terminal));
    }
    return absl::OkStatus();
  }

 private:
  void AddMapping(const v1::NetworkEstimate& estimate) {
    if (command_.mapping == MappingForm::kDot) {
      mapping_ += MappingDot(estimate);
      return;
    }
    Terminal terminal = context_.terminal;
    if (!command_.output.empty() && command_.output != "-") terminal.color = false;
    if (!mapping_.empty()) mapping_ += "\n\n";
    mapping_ += MappingText(estimate, terminal);
  }

  void WriteJson(const std::string& file, const v1::NetworkEstimate& estimate) {
    nlohmann::ordered_json json;
    json["file"] = file;
    const nlohmann::ordered_json fields = ProtoToJson(estimate);
    for (const auto& item : fields.items()) json[item.key()] = item.value();
    context_.out->Write((printed_++ > 0 ? ",\n    " : "\n    ") + JsonText(json, 2));
  }

  const EstimateCommand& command_;
  CommandContext& context_;
  std::vector<v1::NetworkEstimate> summary_;
  std::string mapping_;
  int printed_ = 0;
};

}  // namespace

int RunEstimate(const EstimateCommand& command, CommandContext& context) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(context.connection, context.local);
  if (!channel.ok()) {
    PrintError(context, "", channel.status());
    return kRuntimeError;
  }
  Client client(*channel, context.connection);
  std::vector<FileError> errors;
  Printer printer(command, context);
  {
    Progress progress(context.err, context.show_progress, static_cast<int>(command.network.files.size()),
                      context.error_terminal);
    for (const std::string& file : command.network.files) {
      if (context.out->ReaderGone()) break;
      progress.Step(file);
      absl::StatusOr<std::vector<v1::NetworkEstimate>> estimates = EstimateFile(client, command, file);
      progress.Clear();
      if (estimates.ok()) {
        printer.Add(file, *std::move(estimates));
        continue;
      }
      errors.push_back({file, estimates.status()});
      PrintError(context, file, estimates.status());
      // Without a server no other file will do better, and an unknown platform stays unknown.
      const std::optional<ErrorDetails> details = GetErrorDetails(estimates.status());
      const bool unknown_platform = details.has_value() && details->reason == "UNKNOWN_PLATFORM";
      if (absl::IsUnavailable(estimates.status()) || unknown_platform) break;
    }
  }
  if (const absl::Status written = printer.Finish(errors); !written.ok()) {
    PrintError(context, "", written);
    return kRuntimeError;
  }
  return errors.empty() ? kSuccess : kRuntimeError;
}

}  // namespace latimer::cli
