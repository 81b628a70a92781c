#include "backends/command/toolbox.h"

#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::command {
namespace {

// A setting every toolchain has: a command that resets the device.
constexpr char kRecover[] = "recover";
constexpr double kRecoverSeconds = 300;
constexpr char kSimulatedMark[] = "SIMULATED";
constexpr size_t kLastWords = 400;
constexpr int kAttempts = 3;

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(std::clamp(seconds, 0.0, 1e6) * 1e3));
}

std::string LastWords(const ProcessResult& result) {
  absl::string_view words = absl::StripAsciiWhitespace(result.err);
  if (words.empty()) words = absl::StripAsciiWhitespace(result.out);
  if (words.size() > kLastWords) words.remove_prefix(words.size() - kLastWords);
  return std::string(words);
}

absl::Status CheckSetting(const proto::Setting& setting, const std::string& value) {
  if (setting.choices().empty()) return absl::OkStatus();
  if (std::find(setting.choices().begin(), setting.choices().end(), value) != setting.choices().end()) {
    return absl::OkStatus();
  }
  return InvalidArgument("BAD_SETTING", absl::StrCat("setting '", setting.name(), "' is '", value,
                                                     "'; it may be: ", absl::StrJoin(setting.choices(), ", ")))
      .Field("settings");
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file)
    return absl::NotFoundError(absl::StrCat("there is no file ", std::filesystem::path(path).filename().string()));
  std::string text;
  text.resize(kMaxReportBytes + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));  // one byte too many is refused by the parser
  return text;
}

absl::StatusOr<std::unique_ptr<ScratchFolder>> ScratchFolder::Make(const std::string& parent) {
  std::error_code error;
  const std::filesystem::path base =
      parent.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::absolute(parent, error);
  if (!error) std::filesystem::create_directories(base, error);
  std::string path = (base / "tool-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot make a folder in ", base.string(), "; is the disk full?"));
  }
  return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(path)));
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

absl::StatusOr<std::unique_ptr<Toolbox>> Toolbox::Create(proto::Toolchain toolchain, ToolboxOptions options) {
  std::unique_ptr<Toolbox> toolbox(new Toolbox(std::move(toolchain), std::move(options)));
  LATIMER_RETURN_IF_ERROR(toolbox->Settle());
  return toolbox;
}

absl::Status Toolbox::Settle() {
  if (options_.threads < 1) return InvalidArgument("BAD_OPTION", "threads must be at least 1").Field("threads");
  if (options_.threads != 1 && !toolchain_.has_threads()) {
    return InvalidArgument("BAD_OPTION", absl::StrCat("back end '", toolchain_.name(), "' has no threads to set"))
        .Field("threads");
  }
  values_["threads"] = absl::StrCat(options_.threads);
  std::map<std::string, std::string> given = options_.settings;
  const auto take = [&given](const std::string& name, std::string* value) {
    const auto found = given.find(name);
    if (found == given.end()) return;
    *value = found->second;
    given.erase(found);
  };
  take(kRecover, &recover_);
  std::vector<std::string> known{kRecover};
  for (const proto::Setting& setting : toolchain_.settings()) {
    std::string value = setting.default_value();
    take(setting.name(), &value);
    LATIMER_RETURN_IF_ERROR(CheckSetting(setting, value));
    values_[setting.name()] = value;
    known.push_back(setting.name());
  }
  for (const proto::Program& program : toolchain_.programs()) {
    std::vector<std::string> candidates(program.candidates().begin(), program.candidates().end());
    std::string named;
    take(program.name(), &named);
    if (!named.empty()) candidates = {named};
    std::string path;
    for (const std::string& candidate : candidates) {
      if (path.empty()) path = FindProgram(candidate);
    }
    LATIMER_ASSIGN_OR_RETURN(const bool needed, Holds(program.when(), values_));
    if (path.empty() && needed) {
      return NotFound("PROGRAM_NOT_FOUND", absl::StrCat("back end '", toolchain_.name(), "' needs the program '",
                                                        candidates[0], "', which is not there. ", program.install(),
                                                        " Or name it: --set ", program.name(), "=PATH"))
          .With("program", program.name());
    }
    values_[program.name()] = path;
    known.push_back(program.name());
  }
  if (given.empty()) return absl::OkStatus();
  return InvalidArgument("BAD_SETTING", absl::StrCat("back end '", toolchain_.name(), "' has no setting '",
                                                     given.begin()->first, "'; it has: ", absl::StrJoin(known, ", ")))
      .Field("settings");
}

absl::StatusOr<std::string> Toolbox::ReadFact(const proto::Fact& fact, bool* simulated) {
  LATIMER_ASSIGN_OR_RETURN(const std::string prefix, FillIn(fact.prefix(), values_));
  if (!fact.has_command()) {
    LATIMER_ASSIGN_OR_RETURN(const std::string value, FillIn(fact.value(), values_));
    return absl::StrCat(prefix, value);
  }
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<ScratchFolder> folder, ScratchFolder::Make(options_.work_dir));
  LATIMER_ASSIGN_OR_RETURN(ProcessRequest request, Request(fact.command(), values_));
  request.folder = folder->path();
  // Tools tell their version with any exit code.
  LATIMER_ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(request));
  const std::regex pattern(fact.pattern().empty() ? "\\S.*" : fact.pattern());
  std::string found;
  if (!FindInLines(result.out, pattern, nullptr, &found) && !FindInLines(result.err, pattern, nullptr, &found)) {
    return NotFound("FACT_NOT_FOUND",
                    absl::StrCat("back end '", toolchain_.name(), "': '", fact.command().name(), "' ", result.Ending(),
                                 " and does not tell the ", fact.name(), "; its last words: ", LastWords(result)));
  }
  if (absl::StrContains(result.out, kSimulatedMark) || absl::StrContains(result.err, kSimulatedMark)) *simulated = true;
  // /proc/device-tree ends its texts with NUL.
  found.erase(std::remove(found.begin(), found.end(), '\0'), found.end());
  return absl::StrCat(prefix, absl::StripAsciiWhitespace(found));
}

absl::StatusOr<Fingerprint> Toolbox::ReadFingerprint() {
  Fingerprint fingerprint;
  for (const proto::Fact& fact : toolchain_.facts()) {
    LATIMER_ASSIGN_OR_RETURN(const bool wanted, Holds(fact.when(), values_));
    if (!wanted || fingerprint.facts.contains(fact.name())) continue;
    const absl::StatusOr<std::string> value = ReadFact(fact, &fingerprint.simulated);
    if (value.ok() && !value->empty()) {
      fingerprint.facts[fact.name()] = *value;
    } else if (!value.ok() && !fact.optional()) {
      return value.status();
    }
  }
  for (const proto::Setting& setting : toolchain_.settings()) {
    const std::string& value = values_[setting.name()];
    if (!setting.cosmetic() && !value.empty()) fingerprint.facts[setting.name()] = value;
  }
  if (toolchain_.has_threads()) fingerprint.facts["threads"] = values_["threads"];
  return fingerprint;
}

absl::StatusOr<ProcessRequest> Toolbox::Request(const proto::Command& command, const Values& values) const {
  ProcessRequest request;
  LATIMER_ASSIGN_OR_RETURN(request.argv, FillInWords(command.words(), values));
  for (const proto::Addition& addition : command.additions()) {
    LATIMER_ASSIGN_OR_RETURN(const bool wanted, Holds(addition.when(), values));
    if (!wanted) continue;
    LATIMER_ASSIGN_OR_RETURN(std::vector<std::string> words, FillInWords(addition.words(), values));
    request.argv.insert(request.argv.end(), words.begin(), words.end());
  }
  for (const auto* variables : {&toolchain_.environment(), &command.environment()}) {
    for (const proto::Variable& variable : *variables) {
      LATIMER_ASSIGN_OR_RETURN(std::string value, FillIn(variable.value(), values));
      request.environment.emplace_back(variable.name(), std::move(value));
    }
  }
  request.limit = Milliseconds(command.limit_seconds());
  request.most_output = kMaxReportBytes + 1;
  const proto::Limits& limits = toolchain_.limits();
  request.address_space_bytes = limits.address_space_mb() << 20;
  request.cpu_seconds = limits.cpu_seconds();
  request.file_bytes = limits.file_mb() << 20;
  request.open_files = limits.open_files();
  return request;
}

absl::Status Toolbox::Failed(const proto::Command& command, const ProcessResult& result,
                             const std::optional<Recognised>& seen) {
  const std::string how = absl::StrCat("'", command.name(), "' of ", toolchain_.name(), " ", result.Ending());
  if (!seen.has_value()) {
    const std::string words = LastWords(result);
    return Error(result.timed_out ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kAborted,
                 result.timed_out ? "TOOL_TIMEOUT" : "TOOL_FAILED",
                 absl::StrCat(how, result.ended_well() ? ", but did not do its work" : "",
                              words.empty() ? "" : "; its last words: ", words))
        .With("toolchain", toolchain_.name())
        .With("stage", command.name());
  }
  const proto::Failure& failure = *seen->failure;
  trouble_ = &failure;
  trouble_line_ = seen->line.empty() ? how : seen->line;
  absl::StatusCode code = absl::StatusCode::kAborted;
  if (failure.action() == proto::REFUSE) code = absl::StatusCode::kInvalidArgument;
  if (failure.out_of_memory()) code = absl::StatusCode::kResourceExhausted;
  return Error(code, failure.name(),
               absl::StrCat(failure.name(), ": ", failure.message(), " (", how,
                            seen->line.empty() ? "" : absl::StrCat(": ", seen->line), ")"))
      .With("toolchain", toolchain_.name())
      .With("stage", command.name())
      .With("action", proto::Action_Name(failure.action()));
}

absl::StatusOr<ProcessResult> Toolbox::Run(const proto::Command& command, const Values& values,
                                           const std::string& folder, Deadline deadline) {
  LATIMER_ASSIGN_OR_RETURN(ProcessRequest request, Request(command, values));
  request.folder = folder;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) {
    return Error(absl::StatusCode::kDeadlineExceeded, "NETWORK_TIMEOUT",
                 absl::StrCat("there is no time left for '", command.name(), "' of ", toolchain_.name()));
  }
  request.limit = std::min(request.limit, left);
  LATIMER_ASSIGN_OR_RETURN(ProcessResult result, RunProcess(request));
  bool well = result.ended_well();
  if (well && !command.success().empty()) {
    const std::regex success(command.success());
    well = FindInLines(result.out, success, nullptr, nullptr) || FindInLines(result.err, success, nullptr, nullptr);
  }
  for (const std::string& file : command.produces()) {
    LATIMER_ASSIGN_OR_RETURN(const std::string path, FillIn(file, values));
    std::error_code error;
    well = well && std::filesystem::exists(path, error);
  }
  const std::optional<Recognised> seen = signatures_.Find(command.name(), result, well, values);
  if (well && !seen.has_value()) return result;
  return Failed(command, result, seen);
}

absl::StatusOr<Report> Toolbox::Measure(const proto::Measurement& measurement, ReportParser parser,
                                        const Values& values, Deadline deadline) {
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<ScratchFolder> folder, ScratchFolder::Make(options_.work_dir));
  Values all = values;
  all["run"] = folder->path();
  LATIMER_ASSIGN_OR_RETURN(const ProcessResult result, Run(measurement.command(), all, folder->path(), deadline));
  std::vector<std::string> files;
  for (absl::string_view input : measurement.inputs()) {
    if (input == "stdout" || input == "stderr" || input == "output") {
      files.push_back(input == "stdout" ? result.out
                                        : (input == "stderr" ? result.err : absl::StrCat(result.out, result.err)));
      continue;
    }
    const bool may_lack = absl::ConsumePrefix(&input, "file-if-there:");
    absl::ConsumePrefix(&input, "file:");
    LATIMER_ASSIGN_OR_RETURN(const std::string path, FillIn(input, all));
    absl::StatusOr<std::string> bytes = ReadWholeFile(path);
    if (!bytes.ok() && may_lack) continue;
    if (!bytes.ok()) {
      return Error(absl::StatusCode::kAborted, "REPORT_MISSING",
                   absl::StrCat("'", measurement.command().name(), "' of ", toolchain_.name(),
                                " wrote no report: ", bytes.status().message()));
    }
    files.push_back(*std::move(bytes));
  }
  absl::StatusOr<Report> report = parser(files);
  if (report.ok()) return report;
  // Not the network's fault, as INVALID_ARGUMENT would say.
  return Error(absl::StatusCode::kAborted, "BAD_REPORT",
               absl::StrCat("the report of '", measurement.command().name(), "' of ", toolchain_.name(),
                            " cannot be read: ", report.status().message()))
      .With("toolchain", toolchain_.name());
}

bool Toolbox::Recover() {
  const absl::StatusOr<std::vector<std::string>> words = FillInWords(recover_, values_);
  if (!words.ok() || words->empty()) return false;
  ProcessRequest request;
  request.argv = *words;
  request.limit = Milliseconds(kRecoverSeconds);
  const absl::StatusOr<ProcessResult> result = RunProcess(request);
  const bool well = result.ok() && result->ended_well();
  std::cerr << "recover: " << (result.ok() ? result->Ending() : std::string(result.status().message())) << "\n";
  return well;
}

absl::Status Toolbox::WithRetries(Deadline deadline, const std::function<absl::Status()>& attempt,
                                  const std::function<absl::Status()>& convert) {
  bool recovered = false;
  for (int tries = 1;; ++tries) {
    trouble_ = nullptr;
    absl::Status status = attempt();
    if (status.ok() || trouble_ == nullptr) return status;
    const proto::Failure& failure = *trouble_;
    const std::string incident = absl::StrCat(failure.name(), ": ", trouble_line_);
    std::cerr << "attempt " << tries << ": " << incident << "\n";
    const auto pause = Milliseconds(failure.pause_seconds() * tries * options_.pause_scale);
    if (failure.action() == proto::REFUSE || std::chrono::steady_clock::now() + pause >= deadline) return status;
    if (failure.action() == proto::RETRY && tries >= (failure.attempts() > 0 ? failure.attempts() : kAttempts)) {
      return tries > 1 ? Annotate(status, absl::StrCat("tried ", tries, " times")) : status;
    }
    if (failure.action() == proto::RESTART_BOARD) {
      if (recovered || !Recover()) return status;
      recovered = true;
    }
    std::this_thread::sleep_for(pause);
    if (failure.convert_again()) LATIMER_RETURN_IF_ERROR(convert());
    incidents_.push_back(incident);
  }
}

void Toolbox::Pause(absl::string_view incident, double seconds) {
  std::cerr << incident << "\n";
  incidents_.emplace_back(incident);
  std::this_thread::sleep_for(Milliseconds(seconds * options_.pause_scale));
}

std::vector<std::string> Toolbox::TakeIncidents() { return std::exchange(incidents_, {}); }

}  // namespace latimer::command
