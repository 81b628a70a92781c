#include "backends/reports/read_reports.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "backends/reports/openvino.h"
#include "backends/reports/report_text.h"
#include "backends/reports/tensorrt.h"
#include "backends/reports/tflite.h"
#include "backends/reports/vela.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

// What a file turned out to be.
struct Part {
  std::vector<Report> reports;                       // with rows
  std::optional<Report> whole;                       // times of whole inferences alone
  std::optional<std::vector<TensorRtLayer>> layers;  // of the engine
  std::optional<double> compiler_estimate;           // of one inference
};

absl::Status NoTimes(absl::string_view why) {
  return InvalidArgument("NO_LAYER_TIMES", absl::StrCat("there are no times per layer: ", why));
}

// With rows, or the times of whole inferences.
Part Sorted(std::vector<Report> reports) {
  Part part;
  for (Report& report : reports) {
    if (!report.rows.empty()) {
      part.reports.push_back(std::move(report));
    } else {
      part.whole = std::move(report);
    }
  }
  return part;
}

absl::StatusOr<Part> ReadTensorRt(absl::string_view bytes) {
  Part part;
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(bytes).substr(0, 4096);
  if (absl::StartsWith(start, "{")) {
    LATIMER_ASSIGN_OR_RETURN(part.layers, ParseTensorRtLayers(bytes));
  } else if (!absl::StartsWith(start, "[") || absl::StrContains(start, "] [I]")) {
    LATIMER_ASSIGN_OR_RETURN(part.whole, ParseTrtexecLog(bytes));
  } else if (absl::StrContains(start, "\"computeMs\"") || absl::StrContains(start, "\"latencyMs\"")) {
    LATIMER_ASSIGN_OR_RETURN(part.whole, ParseTensorRtTimes(bytes));
  } else {
    LATIMER_ASSIGN_OR_RETURN(Report report, ParseTensorRtProfile(bytes));
    part.reports.push_back(std::move(report));
  }
  return part;
}

absl::StatusOr<Part> ReadOpenVino(absl::string_view bytes) {
  if (absl::StrContains(bytes, "layerName;")) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<Report> reports, ParseOpenVinoCounters(bytes));
    return Sorted(std::move(reports));
  }
  const bool printed = absl::StrContains(bytes, "[ INFO ]") || absl::StrContains(bytes, "EXECUTED");
  LATIMER_ASSIGN_OR_RETURN(Report report, printed ? ParseOpenVinoConsole(bytes) : ParseOpenVinoSummary(bytes));
  return Sorted({std::move(report)});
}

absl::StatusOr<Part> ReadTfLite(absl::string_view bytes) {
  if (absl::StrContains(bytes.substr(0, bytes.find('\n')), "inference_time")) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<Report> estimates, ParseVelaSummary(bytes));
    Part part;
    part.compiler_estimate = estimates.back().stated;
    return part;
  }
  if (absl::StrContains(bytes, "node type, ")) {
    LATIMER_ASSIGN_OR_RETURN(Report report, ParseBenchmarkModelCsv(bytes));
    return Sorted({std::move(report)});
  }
  LATIMER_ASSIGN_OR_RETURN(std::vector<Report> reports, ParseBenchmarkModelLog(bytes));
  return Sorted(std::move(reports));
}

// "resnet_0" and "resnet_2" are kernels of one network, with layers on the processor between them.
absl::string_view NetworkOfKernel(absl::string_view kernel) {
  absl::string_view name = kernel;
  while (!name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(name.back()))) name.remove_suffix(1);
  return name.size() < kernel.size() && absl::ConsumeSuffix(&name, "_") ? name : kernel;
}

absl::StatusOr<Part> ReadDnndk(absl::string_view bytes) {
  LATIMER_ASSIGN_OR_RETURN(std::vector<Report> reports, ParseDnndkProfile(bytes));
  std::vector<Report> networks;
  std::set<std::string> kernels;  // of the run that is being put together
  for (Report& report : reports) {
    std::string network(NetworkOfKernel(report.subject));
    const bool next_part =
        !networks.empty() && networks.back().subject == network && kernels.count(report.subject) == 0;
    if (!next_part) {
      kernels = {report.subject};
      networks.push_back(std::move(report));
      networks.back().subject = std::move(network);
      continue;
    }
    kernels.insert(report.subject);
    Report& whole = networks.back();
    for (ReportRow& row : report.rows) LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &whole));
    if (whole.stated.has_value()) whole.stated = *whole.stated + report.stated.value_or(report.ExecutedSeconds());
  }
  return Sorted(std::move(networks));
}

absl::StatusOr<Part> ReadVitisAi(absl::string_view bytes) {
  LATIMER_ASSIGN_OR_RETURN(Report report, ParseVaitraceSummary(bytes));
  return Sorted({std::move(report)});
}

using Reader = std::function<absl::StatusOr<Part>(absl::string_view)>;

const std::map<std::string, Reader, std::less<>>& Readers() {
  static const auto* const kReaders = new std::map<std::string, Reader, std::less<>>{
      {"dnndk", ReadDnndk},   {"openvino", ReadOpenVino}, {"tensorrt", ReadTensorRt},
      {"tflite", ReadTfLite}, {"vitis-ai", ReadVitisAi},
  };
  return *kReaders;
}

absl::Status InFile(const absl::Status& status, const std::string& name) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  Error error(status.code(), details.has_value() ? details->reason : "BAD_REPORT",
              absl::StrCat("file '", CleanText(name, 200), "': ", std::string(status.message())));
  if (details.has_value()) {
    for (const auto& [key, value] : details->metadata) error.With(key, value);
  }
  return error.With("file", CleanText(name, 200)).Field("files");
}

// The reports about `subject`; all are about one.
absl::Status Select(absl::string_view subject, std::vector<Report>& reports) {
  std::vector<Report> selected;
  std::set<std::string> names;
  for (Report& report : reports) {
    names.insert(report.subject);
    if (subject.empty() || report.subject == subject) selected.push_back(std::move(report));
  }
  if (selected.empty()) {
    return InvalidArgument("NO_SUCH_SUBJECT", absl::StrCat("there is no report about '", CleanText(subject, 100),
                                                           "'; there are ", absl::StrJoin(names, ", ")));
  }
  if (subject.empty() && names.size() > 1) {
    return InvalidArgument("SEVERAL_SUBJECTS", absl::StrCat("there are reports about ", absl::StrJoin(names, ", "),
                                                            "; say which of them the network is"));
  }
  reports = std::move(selected);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> ReportToolchains() {
  std::vector<std::string> names;
  for (const auto& [name, reader] : Readers()) names.push_back(name);
  return names;
}

absl::StatusOr<std::vector<ReportedRun>> ReadReportFiles(absl::string_view toolchain,
                                                         absl::Span<const ReportBytes> files,
                                                         absl::string_view subject) {
  const auto reader = Readers().find(toolchain);
  if (reader == Readers().end()) {
    return InvalidArgument("UNKNOWN_TOOLCHAIN",
                           absl::StrCat("no reports of '", CleanText(toolchain, 100), "' are read; there are ",
                                        absl::StrJoin(ReportToolchains(), ", ")))
        .Field("toolchain");
  }
  std::vector<ReportedRun> runs;
  std::vector<std::pair<size_t, Report>> wholes;
  std::vector<std::pair<size_t, std::vector<TensorRtLayer>>> engines;
  std::optional<double> compiler_estimate;
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<Part> part = reader->second(files[i].bytes);
    if (!part.ok()) return InFile(part.status(), files[i].name);
    if (!part->reports.empty()) {
      if (const absl::Status status = Select(subject, part->reports); !status.ok())
        return InFile(status, files[i].name);
    }
    int32_t index = 0;
    for (Report& report : part->reports) runs.push_back({i, index++, std::move(report)});
    if (part->whole.has_value()) wholes.emplace_back(i, *std::move(part->whole));
    if (part->layers.has_value()) engines.emplace_back(i, *std::move(part->layers));
    if (part->compiler_estimate.has_value()) compiler_estimate = part->compiler_estimate;
  }
  if (runs.empty()) {
    return NoTimes(files.empty() ? "no file was given"
                                 : "what was given has times of whole inferences, or names of layers, alone");
  }
  for (ReportedRun& run : runs) run.report.compiler_estimate = compiler_estimate;
  for (const auto& [file, layers] : engines) {
    absl::Status status = NoTimes("no profile has these layers");
    for (ReportedRun& run : runs) {
      const absl::Status added = AddTensorRtLayers(layers, &run.report);
      if (added.ok() || !status.ok()) status = added;
    }
    if (!status.ok()) return InFile(status, files[file].name);
  }
  for (auto& [file, whole] : wholes) {
    if (runs.size() > 1) {
      return InFile(InvalidArgument("AMBIGUOUS_FILES",
                                    absl::StrCat("its times may belong to any of ", runs.size(),
                                                 " reports; give each report with its times in a call of its own")),
                    files[file].name);
    }
    Report& report = runs[0].report;
    // Without the profiler, so better than what a profiled run says of itself.
    if (whole.latency.typical().has_value()) report.latency = std::move(whole.latency);
    report.facts.merge(whole.facts);
  }
  return runs;
}

}  // namespace latimer
