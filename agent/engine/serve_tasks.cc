#include "agent/engine/serve_tasks.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/engine/engine_model.h"
#include "agent/engine/measure_task.h"
#include "agent/runner/failure.h"
#include "agent/runner/reference_network.h"
#include "agent/runner/wire.h"
#include "backends/host.h"
#include "core/base/status_macros.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {
namespace {

const WireDeadline kNever = WireDeadline::max();

// The settings of the agent on top of the back end's own facts: pinning changes times as much as a clock does.
class PinnedBackend final : public Backend {
 public:
  PinnedBackend(std::unique_ptr<Backend> backend, const std::vector<int>& cpus)
      : backend_(std::move(backend)), fingerprint_(backend_->fingerprint()) {
    if (!cpus.empty()) fingerprint_.facts["pinned"] = absl::StrJoin(cpus, ",");
  }
  absl::string_view name() const override { return backend_->name(); }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return backend_->computes_on_host(); }
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) override {
    return backend_->Prepare(onnx_model);
  }
  std::vector<std::string> TakeIncidents() override { return backend_->TakeIncidents(); }

 private:
  const std::unique_ptr<Backend> backend_;
  Fingerprint fingerprint_;
};

absl::StatusOr<std::unique_ptr<Backend>> StartEngine(const EngineOptions& options) {
  // Before the engine makes its threads, which inherit it.
  if (!options.cpus.empty()) LATIMER_RETURN_IF_ERROR(PinToCpus(options.cpus));
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Backend> backend, CreateBackend(options.backend, options.settings));
  return std::make_unique<PinnedBackend>(std::move(backend), options.cpus);
}

// Runs the reference network once: proves that the engine works and shows whether it has a report.
absl::StatusOr<v1::Hello> Introduce(Backend& backend) {
  v1::Hello hello;
  *hello.mutable_fingerprint() = FingerprintToProto(backend.fingerprint());
  LATIMER_ASSIGN_OR_RETURN(const std::string model, EngineModel(ReferenceNetwork()));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedNetwork> network, backend.Prepare(model));
  LATIMER_RETURN_IF_ERROR(network->RunSeconds().status());
  hello.set_has_layer_report(network->ProfileLayers({.runs = 1}).ok());
  return hello;
}

// The engine's memory is the first to go when the board runs short, not the agent's. Raising needs no rights.
void OfferToOomKiller() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = write(file, "1000", 4);
  close(file);
}

}  // namespace

int ServeTasks(const EngineOptions& options, int socket) {
  OfferToOomKiller();
  absl::StatusOr<std::unique_ptr<Backend>> backend = StartEngine(options);
  absl::StatusOr<v1::Hello> hello = backend.ok() ? Introduce(**backend) : backend.status();
  if (!hello.ok()) {
    google::rpc::Status status;
    status.set_code(static_cast<int>(hello.status().code()));
    status.set_message(CleanUtf8(hello.status().message()));
    SendFrame(socket, WireKind::kError, status.SerializeAsString(), kNever).IgnoreError();
    return 1;
  }
  std::optional<Pace> pace;
  if ((*backend)->computes_on_host()) pace.emplace();
  absl::Status status = SendFrame(socket, WireKind::kHello, hello->SerializeAsString(), kNever);
  while (status.ok()) {
    const absl::StatusOr<WireFrame> frame = ReceiveFrame(socket, kNever);
    v1::Job job;
    // The end of the socket is how the agent says goodbye.
    if (!frame.ok()) return absl::IsUnavailable(frame.status()) ? 0 : 1;
    if (frame->kind != WireKind::kTask || !job.ParseFromString(frame->payload) || job.tasks_size() != 1) return 1;
    const v1::Measurement measurement = MeasureTask(**backend, job.tasks(0), job.timing(), pace ? &*pace : nullptr);
    status = SendFrame(socket, WireKind::kResult, measurement.SerializeAsString(), kNever);
  }
  return 1;
}

}  // namespace latimer::agent
