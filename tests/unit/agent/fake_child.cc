// A child process that misbehaves on demand: what it does with a task is the first word of the task's id. Its argument
// says how it starts.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/child_process.h"
#include "agent/runner/wire.h"
#include "google/rpc/status.pb.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {
namespace {

const WireDeadline kNever = WireDeadline::max();

[[noreturn]] void Hang() {
  while (true) pause();
}

void Garbage() {
  const std::string bytes(1000, '\x7F');
  if (write(kChildSocket, bytes.data(), bytes.size()) < 0) std::abort();
  Hang();
}

v1::Measurement Misbehave(const v1::BenchmarkTask& task) {
  v1::Measurement measurement;
  measurement.set_measurement_id(task.measurement_id());
  measurement.mutable_timing()->set_median_ms(1);
  measurement.set_fingerprint_digest(absl::StrCat(getpid()));  // so that a test can tell children apart
  const std::string& id = task.measurement_id();
  if (absl::StartsWith(id, "crash")) {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer would turn it into an exit code
    raise(SIGSEGV);
  }
  if (absl::StartsWith(id, "kill")) raise(SIGKILL);
  if (absl::StartsWith(id, "exit")) _exit(3);
  if (absl::StartsWith(id, "hang")) Hang();
  if (absl::StartsWith(id, "garbage")) Garbage();
  if (absl::StartsWith(id, "slow")) std::this_thread::sleep_for(std::chrono::milliseconds(300));
  if (absl::StartsWith(id, "empty")) measurement.clear_timing();
  if (absl::StartsWith(id, "other")) measurement.set_measurement_id("another");
  if (absl::StartsWith(id, "words")) {
    std::fprintf(stderr, "assertion failed: tensor is sad\n");
    std::printf("noise on stdout must not matter\n");
    std::fflush(stdout);
    std::abort();
  }
  if (absl::StartsWith(id, "memory")) {
    // Uncaught: std::bad_alloc ends the process.
    for (;;) std::memset(new char[1 << 26], 1, 1 << 26);
  }
  if (absl::StartsWith(id, "grandchild") && fork() == 0) Hang();
  return measurement;
}

int Serve(const std::string& start) {
  if (start == "exit") return 4;
  if (start == "hang") Hang();
  if (start == "garbage") Garbage();
  if (start == "error") {
    google::rpc::Status status;
    status.set_code(5);
    status.set_message("no such engine");
    return SendFrame(kChildSocket, WireKind::kError, status.SerializeAsString(), kNever).ok() ? 1 : 2;
  }
  v1::Hello hello;
  hello.mutable_fingerprint()->set_digest("0123456789abcdef");
  (*hello.mutable_fingerprint()->mutable_facts())["toolchain"] = "fake 1";
  if (!SendFrame(kChildSocket, WireKind::kHello, hello.SerializeAsString(), kNever).ok()) return 2;
  while (true) {
    const absl::StatusOr<WireFrame> frame = ReceiveFrame(kChildSocket, kNever);
    v1::Job job;
    if (!frame.ok() || !job.ParseFromString(frame->payload)) return 0;
    const v1::Measurement measurement = Misbehave(job.tasks(0));
    if (!SendFrame(kChildSocket, WireKind::kResult, measurement.SerializeAsString(), kNever).ok()) return 2;
  }
}

}  // namespace
}  // namespace latimer::agent

int main(int argc, char** argv) { return latimer::agent::Serve(argc > 1 ? argv[1] : ""); }
