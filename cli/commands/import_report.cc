#include "cli/commands/import_report.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/proto_json.h"
#include "cli/input/file_bytes.h"
#include "cli/report/import_summary.h"
#include "cli/terminal/interrupt.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

absl::StatusOr<v1::ImportReportsRequest> MakeRequest(const ImportReportCommand& command, std::string* file) {
  v1::ImportReportsRequest request;
  request.set_platform(command.platform);
  request.set_toolchain(command.toolchain);
  request.set_subject(command.subject);
  request.set_precision(command.precision);
  request.set_hardware(command.hardware);
  request.set_validation(command.validation);
  request.set_dry_run(command.dry_run);
  *file = command.network_file;
  LATIMER_ASSIGN_OR_RETURN(*request.mutable_network(), LoadNetwork(command.network_file, command.network));
  for (const std::string& path : command.reports) {
    *file = path;
    LATIMER_ASSIGN_OR_RETURN(const FileBytes bytes, FileBytes::Open(path));
    v1::ReportFile& report = *request.add_files();
    report.set_name(path == "-" ? "stdin" : std::filesystem::path(path).filename().string());
    report.set_content(bytes.view().data(), bytes.view().size());
  }
  file->clear();
  return request;
}

}  // namespace

int RunImportReport(const ImportReportCommand& command, CommandContext& context) {
  std::string file;
  const absl::StatusOr<v1::ImportReportsRequest> request = MakeRequest(command, &file);
  if (!request.ok()) {
    PrintError(context, file, request.status());
    return kRuntimeError;
  }
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  std::optional<InterruptGuard> guard;
  if (!context.interrupted) guard.emplace();
  const Interrupted interrupted = [&] { return guard ? InterruptGuard::Caught() : IsInterrupted(context); };
  const absl::StatusOr<v1::ImportReportsResponse> response = connection.client->ImportReports(*request, interrupted);
  if (!response.ok()) return Fail(context, response.status());
  if (command.format == Format::kJson) {
    context.out->Write(JsonText(ProtoToJson(*response)) + "\n");
  } else {
    context.out->Write(ImportSummary(*response, command.dry_run, context.terminal));
  }
  return kSuccess;
}

}  // namespace latimer::cli
