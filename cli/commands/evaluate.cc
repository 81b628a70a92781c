#include "cli/commands/evaluate.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/client/client.h"
#include "cli/commands/fleet_command.h"
#include "cli/commands/measure.h"
#include "cli/format/numbers.h"
#include "cli/format/proto_json.h"
#include "cli/format/times.h"
#include "cli/input/network_file.h"
#include "cli/input/network_folder.h"
#include "cli/report/evaluation_report.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text_width.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/evaluation/measured_pace.h"

namespace latimer::cli {
namespace {

// Evaluates one network after the other.
class Evaluator {
 public:
  Evaluator(const EvaluateCommand& command, const FleetConnection& connection, CommandContext& context,
            Interrupted interrupted)
      : command_(command),
        fleet_(*connection.client),
        client_(connection.channel, context.connection),
        interrupted_(std::move(interrupted)) {
    evaluation_.platform = ShortName(command.platform);
    evaluation_.model_kind = command.model_kind;
    evaluation_.confidence = command.confidence;
  }

  // The network, also where it failed. `refused()` tells whether that was the board's doing.
  const EvaluatedNetwork& Add(const std::string& file) {
    EvaluatedNetwork network;
    network.name = DisplayName(file);
    network.file = file;
    network.failure = Evaluate(file, &network);
    evaluation_.networks.push_back(std::move(network));
    evaluation_.model_version = absl::StrJoin(versions_, ",");
    return evaluation_.networks.back();
  }

  // Whether the last failure came from measuring, not from reading or estimating.
  bool refused() const { return refused_; }
  const Evaluation& evaluation() const { return evaluation_; }
  // An error that concerns all networks is no result of this one.
  void DropLast() { evaluation_.networks.pop_back(); }

 private:
  absl::Status Evaluate(const std::string& file, EvaluatedNetwork* network) {
    refused_ = false;
    LATIMER_ASSIGN_OR_RETURN(const v1::NetworkSource source, LoadNetwork(file, command_.network));
    v1::EstimateOptions options;
    options.set_model_kind(command_.model_kind);
    options.set_confidence(command_.confidence);
    options.set_view(v1::ESTIMATE_VIEW_SUMMARY);
    LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::NetworkEstimate> estimates,
                             client_.Estimate({command_.platform}, source, options));
    network->predicted = estimates.front().latency();
    versions_.insert(estimates.front().model_version());
    v1::MeasureNetworkRequest request;
    request.set_platform(command_.platform);
    *request.mutable_network() = source;
    request.set_repetitions(command_.repetitions);
    request.set_reuse(command_.reuse);
    refused_ = true;
    LATIMER_ASSIGN_OR_RETURN(v1::MeasureNetworkResponse response, fleet_.MeasureNetwork(request, interrupted_));
    for (v1::Measurement& measurement : *response.mutable_measurements()) {
      if (!measurement.has_timing()) continue;
      v1::Timing& timing = *measurement.mutable_timing();
      network->as_measured_ms.push_back(timing.median_ms());
      timing.set_median_ms(MedianMsAtPace(timing, estimates.front()));
    }
    LATIMER_ASSIGN_OR_RETURN(network->measured, SummarizeMeasurements(response));
    network->reused = response.reused();
    refused_ = false;
    return absl::OkStatus();
  }

  const EvaluateCommand& command_;
  FleetClient& fleet_;
  Client client_;
  const Interrupted interrupted_;
  Evaluation evaluation_;
  std::set<std::string> versions_;
  bool refused_ = false;
};

void Print(const Evaluation& evaluation, Format format, CommandContext& context) {
  switch (format) {
    case Format::kTable:
      context.out->Write(EvaluationTable(evaluation, context.terminal));
      break;
    case Format::kJson:
      context.out->Write(JsonText(EvaluationJson(evaluation)) + "\n");
      break;
    case Format::kCsv:
      context.out->Write(EvaluationCsv(evaluation));
      break;
    case Format::kMarkdown:
      context.out->Write(EvaluationMarkdown(evaluation));
      break;
  }
}

// "[3/109] resnet18: 12.4 ms measured, 12.1 ms predicted": for logs, where no line can be taken back.
void PrintLine(size_t done, size_t all, const EvaluatedNetwork& network, CommandContext& context) {
  context.err->Write(
      absl::StrCat("[", done, "/", all, "] ", Printable(network.name, context.error_terminal.ascii), ": ",
                   network.failure.ok() ? absl::StrCat(FormatMs(network.measured->median_ms), " measured, ",
                                                       FormatMs(network.predicted->estimate_ms()), " predicted")
                                        : Printable(network.failure.message(), context.error_terminal.ascii),
                   "\n"));
  (void)context.err->Flush();
}

}  // namespace

int RunEvaluate(const EvaluateCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<std::vector<std::string>> files = FindNetworks(command.network.files);
  if (!files.ok()) return Fail(context, files.status());
  std::optional<InterruptGuard> guard;
  if (!context.interrupted) guard.emplace();
  const Interrupted interrupted = [&] { return guard ? InterruptGuard::Caught() : IsInterrupted(context); };

  Evaluator evaluator(command, connection, context, interrupted);
  int code = kSuccess;
  {
    Progress progress(context.err, context.show_progress, static_cast<int>(files->size()), context.error_terminal);
    const absl::Time start = absl::Now();
    size_t done = 0;
    for (const std::string& file : *files) {
      const absl::Duration left =
          done == 0 ? absl::ZeroDuration()
                    : (absl::Now() - start) * static_cast<double>(files->size() - done) / static_cast<double>(done);
      progress.Step(done == 0 ? file : absl::StrCat(file, "  ", FormatRough(left), " left"));
      const EvaluatedNetwork& network = evaluator.Add(file);
      progress.Clear();
      const absl::Status failure = network.failure;
      if (ConcernsAllNetworks(failure)) {
        evaluator.DropLast();
        if (!WasInterrupted(failure)) PrintError(context, "", failure);
        context.err->Write(absl::StrCat("latimer: stopped after ", done, " of ", files->size(),
                                        " networks; what was measured is remembered, --reuse goes on from there\n"));
        code = kRuntimeError;
        break;
      }
      ++done;
      if (!context.show_progress) {
        PrintLine(done, files->size(), network, context);
      } else if (!failure.ok()) {
        PrintError(context, file, failure);
      }
      if (!failure.ok() && !evaluator.refused()) code = kRuntimeError;
    }
  }
  const Evaluation& evaluation = evaluator.evaluation();
  if (!evaluation.networks.empty() || command.format == Format::kJson) Print(evaluation, command.format, context);
  return Totals(evaluation).compared == 0 ? kRuntimeError : code;
}

}  // namespace latimer::cli
