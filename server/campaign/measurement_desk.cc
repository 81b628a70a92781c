#include "server/campaign/measurement_desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/plan.h"
#include "core/network/read_network.h"
#include "core/network/structural_hash.h"
#include "server/fleet/secrets.h"
#include "server/measured_latency.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

// Calls that wait for boards; each holds its request.
constexpr size_t kMostOrders = 500;

constexpr int kMostRepetitions = 10;

// The board's refusal as the caller's error.
absl::Status Refusal(const google::rpc::Status& failure) {
  return Error(absl::StatusCode::kFailedPrecondition, "NOT_MEASURED",
               absl::StrCat("the board could not run the network: ", failure.message()))
      .Field("network");
}

}  // namespace

absl::Status MeasurementDesk::Resume() {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<BoardRecord> boards, store_->ListBoards());
  for (const BoardRecord& board : boards) {
    LATIMER_ASSIGN_OR_RETURN(const auto networks, store_->MeasuredNetworks(board.platform));
    std::vector<std::pair<uint64_t, v1::MeasuredLatency>> measured;
    for (const auto& [hash_text, measurement] : networks) {
      uint64_t hash = 0;
      if (absl::SimpleHexAtoi(hash_text, &hash)) measured.emplace_back(hash, MeasuredLatencyOf(measurement));
    }
    source_->AddMeasured(board.platform, measured);
  }
  return absl::OkStatus();
}

absl::Status MeasurementDesk::Begin(const v1::MeasureNetworkRequest& request, Order* order) {
  const std::string platform(absl::StripPrefix(request.platform(), "platforms/"));
  LATIMER_ASSIGN_OR_RETURN(const std::optional<BoardRecord> board, store_->FindBoard(platform));
  if (!board.has_value()) {
    return NotFound("NO_BOARD", absl::StrCat("no board of platform '", platform.substr(0, 100),
                                             "' is enrolled; see: latimer agents"))
        .Field("platform");
  }
  if (request.repetitions() < 0 || request.repetitions() > kMostRepetitions) {
    return InvalidArgument("BAD_REPETITIONS", absl::StrCat("repetitions is ", request.repetitions(),
                                                           "; it lies between 1 and ", kMostRepetitions))
        .Field("repetitions");
  }
  absl::StatusOr<Network> network = ReadNetwork(request.network(), limits_);
  if (!network.ok()) return PrefixField(network.status(), "network");
  const std::string hash = StructuralHashText(*network);
  order->response.set_network_hash(hash);
  order->wanted = static_cast<size_t>(std::max(1, request.repetitions()));
  if (request.reuse()) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::Agent> agents, store_->ListAgents(platform, "", 1 << 20));
    std::set<std::string> fingerprints;
    for (const v1::Agent& agent : agents) fingerprints.insert(agent.fingerprint().digest());
    LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::Measurement> known, store_->MeasurementsOf(platform, hash, 100));
    for (const v1::Measurement& measurement : known) {
      if (static_cast<size_t>(order->response.measurements_size()) == order->wanted) break;
      if (fingerprints.count(measurement.fingerprint_digest()) == 0) continue;
      if (request.layer_report() && measurement.layers().empty()) continue;
      *order->response.add_measurements() = measurement;
    }
    order->response.set_reused(order->response.measurements_size());
  }
  std::vector<TaskRecord> tasks;
  for (size_t i = static_cast<size_t>(order->response.measurements_size()); i < order->wanted; ++i) {
    TaskRecord& task = tasks.emplace_back();
    task.measurement_id = absl::StrCat("m", NewId(), "-", i);
    task.platform = platform;
    task.kind = static_cast<int>(benchmark::MeasurementKind::kValidation);
    task.name = network->name;
    task.network = request.network().SerializeAsString();
    task.layer_report = request.layer_report();
    order->waiting.push_back(task.measurement_id);
  }
  if (tasks.empty()) return absl::OkStatus();
  if (!fleet_->HasLiveAgent(platform)) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_AGENT",
                 absl::StrCat("no agent of platform '", platform, "' is connected; see: latimer agents"))
        .Field("platform");
  }
  return store_->AddTasks(tasks);
}

void MeasurementDesk::Measure(const v1::MeasureNetworkRequest& request, std::function<bool()> gone, Done done) {
  Order order;
  const absl::Status status = RunGuarded([&]() -> absl::Status {
    if (orders_.size() >= kMostOrders) {
      return WithRetryDelay(ResourceExhausted("OVERLOADED", absl::StrCat("boards have ", kMostOrders,
                                                                         " measurements to make for people")),
                            std::chrono::seconds(5));
    }
    return Begin(request, &order);
  });
  if (!status.ok() || order.waiting.empty()) {
    done(status, std::move(order.response));
    return;
  }
  order.gone = std::move(gone);
  order.done = std::move(done);
  orders_.push_back(std::move(order));
  fleet_->Dispatch(absl::StripPrefix(request.platform(), "platforms/"));
}

void MeasurementDesk::OnResult(const TaskRecord& task, const v1::Measurement& measurement) {
  if (task.kind == static_cast<int>(benchmark::MeasurementKind::kValidation) && measurement.has_timing()) {
    v1::NetworkSource source;
    source.ParseFromString(task.network);
    const absl::StatusOr<Network> network = ReadNetwork(source, limits_);
    if (network.ok()) source_->AddMeasured(task.platform, {{StructuralHash(*network), MeasuredLatencyOf(measurement)}});
  }
  for (auto order = orders_.begin(); order != orders_.end(); ++order) {
    const auto waited = std::find(order->waiting.begin(), order->waiting.end(), measurement.measurement_id());
    if (waited == order->waiting.end()) continue;
    order->waiting.erase(waited);
    if (measurement.has_failure()) {
      for (const std::string& id : order->waiting) store_->DropTask(id).IgnoreError();
      order->done(Refusal(measurement.failure()), {});
      orders_.erase(order);
      return;
    }
    *order->response.add_measurements() = measurement;
    if (order->waiting.empty()) {
      // Newest first.
      auto* measurements = order->response.mutable_measurements();
      std::stable_sort(measurements->pointer_begin(), measurements->pointer_end(),
                       [](const v1::Measurement* a, const v1::Measurement* b) {
                         return a->measure_time_unix_ms() > b->measure_time_unix_ms();
                       });
      order->done(absl::OkStatus(), std::move(order->response));
      orders_.erase(order);
    }
    return;
  }
}

void MeasurementDesk::Tick() {
  for (auto order = orders_.begin(); order != orders_.end();) {
    // A task that was lost too often has failed without an agent's word.
    absl::Status lost;
    for (const std::string& id : order->waiting) {
      const absl::StatusOr<std::optional<v1::Measurement>> found = store_->FindMeasurement(id);
      if (found.ok() && found->has_value() && (*found)->has_failure()) lost = Refusal((*found)->failure());
    }
    if (lost.ok() && !order->gone()) {
      ++order;
      continue;
    }
    for (const std::string& id : order->waiting) store_->DropTask(id).IgnoreError();
    order->done(lost.ok() ? absl::DeadlineExceededError("the caller did not wait for the board") : lost, {});
    order = orders_.erase(order);
  }
}

void MeasurementDesk::Drain() {
  for (Order& order : orders_) order.done(absl::UnavailableError("the server is shutting down"), {});
  orders_.clear();
}

}  // namespace latimer::server
