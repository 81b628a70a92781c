// A toolchain on this machine: its programs found, its settings settled, its commands run and their failures named.
#ifndef LATIMER_BACKENDS_COMMAND_TOOLBOX_H_
#define LATIMER_BACKENDS_COMMAND_TOOLBOX_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/backend.h"
#include "backends/command/process.h"
#include "backends/command/signatures.h"
#include "backends/command/toolchain_file.h"
#include "backends/command/words.h"

namespace latimer::command {

using Deadline = std::chrono::steady_clock::time_point;

struct ToolboxOptions {
  std::map<std::string, std::string> settings;  // of --set
  int threads = 1;
  std::string work_dir;    // empty: the system's temporary folder
  double pause_scale = 1;  // of pauses before trying again; tests have less patience
};

// A folder that is removed with everything in it.
class ScratchFolder {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchFolder>> Make(const std::string& parent);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// A report as a tool left it: its bytes, at most one more than parsers accept. NOT_FOUND.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// Used from one thread at a time.
class Toolbox {
 public:
  // Errors: INVALID_ARGUMENT for settings the toolchain does not have, NOT_FOUND for programs that are not installed,
  // with what to install.
  static absl::StatusOr<std::unique_ptr<Toolbox>> Create(proto::Toolchain toolchain, ToolboxOptions options);

  const proto::Toolchain& toolchain() const { return toolchain_; }
  // Settings, programs and threads.
  const Values& values() const { return values_; }

  // Runs the commands that tell it. The environment counts as simulated where the toolchain's version says SIMULATED.
  absl::StatusOr<Fingerprint> ReadFingerprint();

  // Runs a command once; OK only where it did its work. An error has the failure's name as reason, or TOOL_FAILED.
  absl::StatusOr<ProcessResult> Run(const proto::Command& command, const Values& values, const std::string& folder,
                                    Deadline deadline);

  // Runs a measurement's command in a folder of its own and reads its report. `{run}` is added to `values`.
  absl::StatusOr<Report> Measure(const proto::Measurement& measurement, ReportParser parser, const Values& values,
                                 Deadline deadline);

  // Calls `attempt` until it succeeds or the failure Run() recognised in it says that there is no point. `convert` is
  // called before the next attempt where the failure asks for it.
  absl::Status WithRetries(Deadline deadline, const std::function<absl::Status()>& attempt,
                           const std::function<absl::Status()>& convert);

  // Notes what happened as an incident and waits that long before it is tried again.
  void Pause(absl::string_view incident, double seconds);

  // What was got over since the last call: "NAME: what the tool said".
  std::vector<std::string> TakeIncidents();

 private:
  Toolbox(proto::Toolchain toolchain, ToolboxOptions options)
      : toolchain_(std::move(toolchain)), options_(std::move(options)), signatures_(toolchain_) {}

  absl::Status Settle();
  absl::StatusOr<std::string> ReadFact(const proto::Fact& fact, bool* simulated);
  absl::StatusOr<ProcessRequest> Request(const proto::Command& command, const Values& values) const;
  absl::Status Failed(const proto::Command& command, const ProcessResult& result,
                      const std::optional<Recognised>& seen);
  // Whether there was a way to reset the device.
  bool Recover();

  const proto::Toolchain toolchain_;
  const ToolboxOptions options_;
  const Signatures signatures_;
  Values values_;
  std::string recover_;
  const proto::Failure* trouble_ = nullptr;  // what the last failing Run() recognised
  std::string trouble_line_;
  std::vector<std::string> incidents_;
};

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_TOOLBOX_H_
