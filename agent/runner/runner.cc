#include "agent/runner/runner.h"

#include <unistd.h>

#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/failure.h"
#include "agent/runner/wire.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

// A child whose socket has closed is about to end; its signal is worth a moment.
constexpr std::chrono::milliseconds kEndPatience{2'000};
constexpr size_t kLastWords = 400;
constexpr size_t kMaxResultBytes = size_t{64} << 20;

int64_t UnixMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Seconds(std::chrono::milliseconds time) {
  return absl::StrCat(static_cast<double>(time.count()) / 1000, " s");
}

}  // namespace

std::string Runner::Bury(std::chrono::milliseconds patience) {
  std::string ending = child_->End(patience);
  child_.reset();
  if (options_.command.output_path.empty()) return ending;
  absl::StatusOr<std::string> output = ReadFile(options_.command.output_path);
  if (!output.ok()) return ending;
  absl::string_view words = absl::StripAsciiWhitespace(*output);
  if (words.size() > kLastWords) words.remove_prefix(words.size() - kLastWords);
  if (!words.empty()) absl::StrAppend(&ending, "; its last words: ", words);
  return ending;
}

absl::Status Runner::EnsureChild() {
  if (child_ != nullptr) return absl::OkStatus();
  LATIMER_ASSIGN_OR_RETURN(child_, ChildProcess::Start(options_.command));
  const WireDeadline deadline = std::chrono::steady_clock::now() + options_.start_timeout;
  const absl::StatusOr<WireFrame> frame = ReceiveFrame(child_->socket(), deadline, kMaxResultBytes, child_->death());
  if (absl::IsDeadlineExceeded(frame.status())) {
    Bury(std::chrono::milliseconds(0));
    return Error(absl::StatusCode::kDeadlineExceeded, "ENGINE_START_TIMEOUT",
                 absl::StrCat("the engine's process was not ready within ", Seconds(options_.start_timeout)));
  }
  if (frame.ok() && frame->kind == WireKind::kError) {
    google::rpc::Status status;
    if (status.ParseFromString(frame->payload)) {
      Bury(kEndPatience);
      return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
    }
  }
  if (!frame.ok() || frame->kind != WireKind::kHello || !hello_.ParseFromString(frame->payload)) {
    const bool gone = absl::IsUnavailable(frame.status());
    const std::string ending = Bury(gone ? kEndPatience : std::chrono::milliseconds(0));
    return Error(absl::StatusCode::kAborted, "ENGINE_START_FAILED",
                 gone ? absl::StrCat("the engine's process ", ending)
                      : "the engine's process talks nonsense; was another program started?");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Hello> Runner::Describe() {
  LATIMER_RETURN_IF_ERROR(EnsureChild());
  return hello_;
}

absl::StatusOr<v1::Measurement> Runner::Ask(const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                                            std::chrono::milliseconds timeout) {
  absl::Status started;
  for (int attempt = 0; attempt < options_.start_attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(options_.start_pause);
    started = EnsureChild();
    if (started.ok()) break;
  }
  LATIMER_RETURN_IF_ERROR(started);

  if (!options_.command.output_path.empty()) {
    // Last words are those of this task; where that fails, of several.
    [[maybe_unused]] const int emptied = truncate(options_.command.output_path.c_str(), 0);
  }
  v1::Job job;
  *job.add_tasks() = task;
  *job.mutable_timing() = timing;
  const WireDeadline deadline = std::chrono::steady_clock::now() + timeout;
  absl::Status status = SendFrame(child_->socket(), WireKind::kTask, job.SerializeAsString(), deadline);
  if (status.ok()) {
    absl::StatusOr<WireFrame> frame = ReceiveFrame(child_->socket(), deadline, kMaxResultBytes, child_->death());
    v1::Measurement measurement;
    if (frame.ok() && frame->kind == WireKind::kResult && measurement.ParseFromString(frame->payload) &&
        measurement.measurement_id() == task.measurement_id() &&
        measurement.outcome_case() != v1::Measurement::OUTCOME_NOT_SET) {
      return measurement;
    }
    status = frame.ok() ? absl::InvalidArgumentError("no result") : frame.status();
  }
  if (absl::IsDeadlineExceeded(status)) {
    Bury(std::chrono::milliseconds(0));
    return Error(absl::StatusCode::kDeadlineExceeded, "TASK_TIMEOUT",
                 absl::StrCat("the engine did not return within ", Seconds(timeout), "; its process was killed"));
  }
  if (absl::IsUnavailable(status)) {
    return Error(absl::StatusCode::kAborted, "ENGINE_DIED", absl::StrCat("the engine's process ", Bury(kEndPatience)));
  }
  Bury(std::chrono::milliseconds(0));
  return Error(absl::StatusCode::kAborted, "ENGINE_GARBAGE", "the engine's process talked nonsense and was killed");
}

v1::Measurement Runner::Run(const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                            std::chrono::milliseconds timeout) {
  const auto begin = std::chrono::steady_clock::now();
  absl::StatusOr<v1::Measurement> result = Ask(task, timing, timeout);
  v1::Measurement measurement;
  if (result.ok()) {
    measurement = *std::move(result);
  } else {
    measurement.set_measurement_id(task.measurement_id());
    *measurement.mutable_failure() = ToFailure(result.status());
    measurement.set_fingerprint_digest(hello_.fingerprint().digest());
  }
  if (measurement.measure_time_unix_ms() == 0) measurement.set_measure_time_unix_ms(UnixMillis());
  measurement.set_board_seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return measurement;
}

}  // namespace latimer::agent
