#include "server/model_follower.h"

#include <unistd.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "core/base/status_macros.h"
#include "latimer/v1/measurement.pb.h"
#include "server/measured_latency.h"
#include "server/store/data_folder.h"

namespace latimer::server {
namespace {

// Well below the second within which replicas follow.
constexpr std::chrono::milliseconds kPause(200);
// Measurements are many, and nobody waits for them: a look at all of them is not for every commit.
constexpr std::chrono::seconds kMeasuredPause(5);

}  // namespace

absl::StatusOr<std::unique_ptr<ModelFollower>> ModelFollower::Start(const std::string& data_dir, CatalogSource* source,
                                                                    Logger* logger) {
  std::unique_ptr<ModelFollower> follower(new ModelFollower(StoreFile(data_dir), source, logger));
  LATIMER_RETURN_IF_ERROR(follower->Look());
  follower->thread_ = std::thread([raw = follower.get()] { raw->Run(); });
  return follower;
}

ModelFollower::~ModelFollower() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stopping_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void ModelFollower::Run() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (!stop_) stopping_.WaitFor(&mutex_, kPause);
      if (stop_) return;
    }
    const absl::Status status = Look();
    // One line per trouble, not five a second.
    if (!status.ok() && status.message() != last_error_) {
      LogTo(logger_, LogLevel::kError, "cannot follow the models of the data folder",
            {{"file", file_}, {"error", status.message()}});
    }
    last_error_ = std::string(status.message());
  }
}

absl::Status ModelFollower::Look() {
  if (database_ == nullptr) {
    if (access(file_.c_str(), F_OK) != 0) return absl::OkStatus();
    LATIMER_ASSIGN_OR_RETURN(database_, Database::Open(file_));
  }
  int64_t version = 0;
  {
    Statement row = database_->Prepare("PRAGMA data_version");
    LATIMER_RETURN_IF_ERROR(row.Step().status());
    version = row.Integer(0);
  }
  if (version != data_version_) {
    LATIMER_RETURN_IF_ERROR(ReadModels());
    data_version_ = version;
    measured_due_ = true;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!measured_due_ || now < measured_not_before_) return absl::OkStatus();
  LATIMER_RETURN_IF_ERROR(ReadMeasured());
  measured_due_ = false;
  measured_not_before_ = now + kMeasuredPause;
  return absl::OkStatus();
}

absl::Status ModelFollower::ReadModels() {
  std::vector<std::pair<std::string, std::string>> changed;
  {
    Statement row = database_->Prepare("SELECT platform, version FROM model_versions WHERE active=1");
    while (true) {
      LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      if (versions_[row.Text(0)] != row.Text(1)) changed.emplace_back(row.Text(0), row.Text(1));
    }
  }
  for (const auto& [platform, version] : changed) {
    Statement row = database_->Prepare("SELECT model FROM model_versions WHERE platform=? AND version=?");
    row.Bind(platform).Bind(version);
    LATIMER_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) continue;
    model::v1::PlatformModel definition;
    definition.ParseFromString(row.Text(0));
    const absl::StatusOr<std::shared_ptr<const PlatformModel>> model = PlatformModel::Create(std::move(definition));
    versions_[platform] = version;
    if (!model.ok()) {
      // A model of another release; the one before it goes on answering.
      LogTo(logger_, LogLevel::kError, "a fitted model cannot be read",
            {{"platform", platform}, {"version", version}, {"error", model.status().message()}});
      continue;
    }
    source_->SetFitted(*model);
    LogTo(logger_, LogLevel::kInfo, "following a fitted model", {{"platform", platform}, {"version", version}});
  }
  return absl::OkStatus();
}

absl::Status ModelFollower::ReadMeasured() {
  std::map<std::string, std::vector<std::pair<uint64_t, v1::MeasuredLatency>>> measured;
  int64_t newest = newest_ms_;
  std::set<std::string> of_newest = of_newest_ms_;
  {
    // Networks, not subjects of campaigns: as Store::MeasuredNetworks().
    Statement row = database_->Prepare(
        "SELECT m.platform, m.network_hash, m.record, m.receive_ms, m.measurement_id FROM measurements m JOIN tasks t "
        "ON t.measurement_id = m.measurement_id WHERE m.receive_ms>=? AND m.ok=1 AND (t.campaign = 0 OR t.kind = 3) "
        "ORDER BY m.receive_ms");
    row.Bind(newest_ms_);
    while (true) {
      LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      if (row.Integer(3) > newest) {
        newest = row.Integer(3);
        of_newest.clear();
      }
      // Several may come in one millisecond, some of them after the last look.
      if (!of_newest.insert(row.Text(4)).second) continue;
      uint64_t hash = 0;
      v1::Measurement measurement;
      if (!absl::SimpleHexAtoi(row.Text(1), &hash) || !measurement.ParseFromString(row.Text(2))) continue;
      measured[row.Text(0)].emplace_back(hash, MeasuredLatencyOf(measurement));
    }
  }
  for (const auto& [platform, networks] : measured) source_->AddMeasured(platform, networks);
  newest_ms_ = newest;
  of_newest_ms_ = std::move(of_newest);
  return absl::OkStatus();
}

}  // namespace latimer::server
