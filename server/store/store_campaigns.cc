// Campaigns, their tasks and leases.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

constexpr size_t kMostJobBytes = 2 << 20;
constexpr int kRunning = v1::CAMPAIGN_STATE_RUNNING;
constexpr int kFitting = v1::CAMPAIGN_STATE_FITTING;

std::string PlatformId(absl::string_view name) { return std::string(absl::StripPrefix(name, "platforms/")); }

int64_t CampaignId(const v1::Campaign& campaign) {
  int64_t id = 0;
  return absl::SimpleAtoi(absl::StripPrefix(campaign.name(), "campaigns/"), &id) ? id : 0;
}

constexpr const char* kTaskColumns =
    "measurement_id, campaign, stage, position, kind, name, subject, network, layer_report, platform, flush_bytes";

TaskRecord ReadTask(const Statement& row) {
  TaskRecord task;
  task.measurement_id = row.Text(0);
  task.campaign = row.Integer(1);
  task.stage = static_cast<int32_t>(row.Integer(2));
  task.position = static_cast<int32_t>(row.Integer(3));
  task.kind = static_cast<int>(row.Integer(4));
  task.name = row.Text(5);
  task.subject = row.Text(6);
  task.network = row.Text(7);
  task.layer_report = row.Integer(8) != 0;
  task.platform = row.Text(9);
  task.flush_bytes = row.Integer(10);
  return task;
}

absl::Status InsertTask(Database& database, absl::string_view platform, const TaskRecord& task, int64_t campaign) {
  return database
      .Prepare(
          "INSERT INTO tasks(measurement_id, campaign, stage, position, platform, kind, name, subject, network, "
          "layer_report, flush_bytes, state) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")
      .Bind(task.measurement_id)
      .Bind(campaign)
      .Bind(static_cast<int64_t>(task.stage))
      .Bind(static_cast<int64_t>(task.position))
      .Bind(platform)
      .Bind(task.kind)
      .Bind(task.name)
      .BindBlob(task.subject)
      .BindBlob(task.network)
      .Bind(task.layer_report)
      .Bind(task.flush_bytes)
      .Bind(static_cast<int>(task.held ? TaskState::kHeld : TaskState::kWaiting))
      .Run();
}

absl::StatusOr<std::vector<v1::Campaign>> ReadCampaigns(Statement row) {
  std::vector<v1::Campaign> campaigns;
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return campaigns;
    campaigns.emplace_back().ParseFromString(row.Text(0));
  }
}

}  // namespace

absl::Status Store::CheckNoCampaignRunsLocked(absl::string_view platform) {
  Statement row = database_->Prepare("SELECT id FROM campaigns WHERE platform=? AND state IN (?,?)");
  LATIMER_ASSIGN_OR_RETURN(const bool running, row.Bind(platform).Bind(kRunning).Bind(kFitting).Step());
  if (!running) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_RUNNING",
               absl::StrCat("campaigns/", row.Integer(0), " of platform '", platform,
                            "' is running; wait for it or cancel it"))
      .Field("platform")
      .With("campaign", absl::StrCat("campaigns/", row.Integer(0)));
}

absl::Status Store::CheckNoCampaignRuns(absl::string_view platform) {
  MutexLock lock(&mutex_);
  return CheckNoCampaignRunsLocked(platform);
}

absl::StatusOr<int64_t> Store::AddCampaign(v1::Campaign campaign, const std::vector<TaskRecord>& tasks) {
  MutexLock lock(&mutex_);
  const std::string platform = PlatformId(campaign.platform());
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  LATIMER_RETURN_IF_ERROR(CheckNoCampaignRunsLocked(platform));
  LATIMER_RETURN_IF_ERROR(database_->Prepare("INSERT INTO campaigns(platform, state, record) VALUES(?,?,'')")
                              .Bind(platform)
                              .Bind(static_cast<int>(campaign.state()))
                              .Run());
  int64_t id = 0;
  {
    Statement row = database_->Prepare("SELECT last_insert_rowid()");
    LATIMER_RETURN_IF_ERROR(row.Step().status());
    id = row.Integer(0);
  }
  campaign.set_name(absl::StrCat("campaigns/", id));
  LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE campaigns SET record=? WHERE id=?")
                              .BindBlob(campaign.SerializeAsString())
                              .Bind(id)
                              .Run());
  for (const TaskRecord& task : tasks) LATIMER_RETURN_IF_ERROR(InsertTask(*database_, platform, task, id));
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return id;
}

absl::StatusOr<std::optional<v1::Campaign>> Store::FindCampaign(int64_t id) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT record FROM campaigns WHERE id=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(id).Step());
  if (!found) return std::optional<v1::Campaign>();
  v1::Campaign campaign;
  campaign.ParseFromString(row.Text(0));
  return std::optional<v1::Campaign>(std::move(campaign));
}

absl::StatusOr<std::vector<v1::Campaign>> Store::ListCampaigns(absl::string_view platform, int64_t before, int limit) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare(
      "SELECT record FROM campaigns WHERE (? = 0 OR id < ?) AND (? = '' OR platform = ?) ORDER BY id DESC LIMIT ?");
  row.Bind(before).Bind(before).Bind(platform).Bind(platform).Bind(limit);
  return ReadCampaigns(std::move(row));
}

absl::StatusOr<std::vector<v1::Campaign>> Store::OpenCampaigns() {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT record FROM campaigns WHERE state IN (?,?) ORDER BY id");
  row.Bind(kRunning).Bind(kFitting);
  return ReadCampaigns(std::move(row));
}

absl::Status Store::UpdateCampaign(const v1::Campaign& campaign) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE campaigns SET state=?, record=? WHERE id=?")
      .Bind(static_cast<int>(campaign.state()))
      .BindBlob(campaign.SerializeAsString())
      .Bind(CampaignId(campaign))
      .Run();
}

absl::StatusOr<CampaignProgress> Store::ProgressOf(int64_t campaign) {
  MutexLock lock(&mutex_);
  CampaignProgress progress;
  Statement row = database_->Prepare(
      "SELECT stage, sum(state <> 4), sum(state IN (2,3)), sum(state = 3) FROM tasks WHERE campaign=? GROUP BY stage "
      "ORDER BY stage");
  row.Bind(campaign);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) break;
    const auto stage = static_cast<size_t>(std::max<int64_t>(0, row.Integer(0)));
    if (progress.stages.size() <= stage) progress.stages.resize(stage + 1);
    progress.stages[stage] = {row.Integer(1), row.Integer(2), row.Integer(3)};
  }
  Statement sums = database_->Prepare("SELECT total(board_seconds) FROM measurements WHERE campaign=?");
  LATIMER_ASSIGN_OR_RETURN(const bool summed, sums.Bind(campaign).Step());
  if (summed) progress.board_seconds = sums.Real(0);
  Statement agents =
      database_->Prepare("SELECT count(DISTINCT agent) FROM tasks WHERE campaign=? AND state=1 AND agent <> ''");
  LATIMER_ASSIGN_OR_RETURN(const bool counted, agents.Bind(campaign).Step());
  if (counted) progress.active_agents = static_cast<int32_t>(agents.Integer(0));
  return progress;
}

absl::StatusOr<std::vector<std::string>> Store::DropTasks(int64_t campaign, int keep) {
  MutexLock lock(&mutex_);
  std::vector<std::string> jobs;
  Statement row =
      database_->Prepare("SELECT DISTINCT job FROM tasks WHERE campaign=? AND stage<>? AND state=1 AND job <> ''");
  row.Bind(campaign).Bind(keep);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) break;
    jobs.push_back(row.Text(0));
  }
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("UPDATE tasks SET state=4 WHERE campaign=? AND stage<>? AND state IN (0,1,5)")
          .Bind(campaign)
          .Bind(keep)
          .Run());
  return jobs;
}

absl::StatusOr<std::vector<std::string>> Store::MeasuredNames(int64_t campaign) {
  MutexLock lock(&mutex_);
  std::vector<std::string> names;
  Statement row = database_->Prepare("SELECT name FROM tasks WHERE campaign=? AND state IN (1,2)");
  row.Bind(campaign);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return names;
    names.push_back(row.Text(0));
  }
}

absl::StatusOr<int64_t> Store::CountWaiting(int64_t campaign, int stage) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT count(*) FROM tasks WHERE campaign=? AND stage=? AND state IN (0,5)");
  LATIMER_RETURN_IF_ERROR(row.Bind(campaign).Bind(stage).Step().status());
  return row.Integer(0);
}

absl::StatusOr<int64_t> Store::ReplaceWaiting(int64_t campaign, int stage, const std::vector<TaskRecord>& tasks) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  // The last ones: a padding-only model comes before the subject that needs it.
  LATIMER_RETURN_IF_ERROR(
      database_
          ->Prepare(
              "UPDATE tasks SET state=4 WHERE measurement_id IN (SELECT measurement_id FROM tasks WHERE campaign=? "
              "AND stage=? AND state IN (0,5) ORDER BY position DESC LIMIT ?)")
          .Bind(campaign)
          .Bind(stage)
          .Bind(static_cast<int64_t>(tasks.size()))
          .Run());
  const int64_t replaced = database_->changes();
  for (int64_t i = 0; i < replaced; ++i) {
    const TaskRecord& task = tasks[static_cast<size_t>(i)];
    LATIMER_RETURN_IF_ERROR(InsertTask(*database_, task.platform, task, campaign));
  }
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return replaced;
}

absl::Status Store::Release(int64_t campaign) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE tasks SET state=0 WHERE campaign=? AND state=5").Bind(campaign).Run();
}

absl::StatusOr<std::vector<std::string>> Store::FrequentFailures(int64_t campaign, int limit) {
  MutexLock lock(&mutex_);
  std::map<std::string, int64_t> counts;
  Statement row = database_->Prepare("SELECT record FROM measurements WHERE campaign=? AND ok=0");
  row.Bind(campaign);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) break;
    v1::Measurement measurement;
    if (measurement.ParseFromString(row.Text(0))) ++counts[measurement.failure().message().substr(0, 160)];
  }
  std::vector<std::pair<int64_t, std::string>> sorted;
  for (auto& [message, count] : counts) sorted.emplace_back(-count, message);
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> result;
  for (const auto& [count, message] : sorted) {
    if (static_cast<int>(result.size()) == limit) break;
    result.push_back(absl::StrCat(-count, " x ", message));
  }
  return result;
}

absl::Status Store::AddTasks(const std::vector<TaskRecord>& tasks) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  for (const TaskRecord& task : tasks) {
    LATIMER_RETURN_IF_ERROR(InsertTask(*database_, task.platform, task, task.campaign));
  }
  return transaction.Commit();
}

absl::Status Store::DropTask(absl::string_view measurement_id) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE tasks SET state=4 WHERE measurement_id=? AND state IN (0,1)")
      .Bind(measurement_id)
      .Run();
}

absl::StatusOr<std::vector<TaskRecord>> Store::Lease(absl::string_view platform, absl::string_view agent,
                                                     absl::string_view job, int limit, int64_t lease_until_ms) {
  MutexLock lock(&mutex_);
  std::vector<TaskRecord> tasks;
  size_t bytes = 0;
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  {
    // Campaign 0, people who wait, sorts first.
    Statement row = database_->Prepare(absl::StrCat("SELECT ", kTaskColumns,
                                                    " FROM tasks WHERE platform=? AND state=0 "
                                                    "ORDER BY campaign, stage, position LIMIT ?"));
    row.Bind(platform).Bind(limit);
    while (true) {
      LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      TaskRecord task = ReadTask(row);
      if (!tasks.empty() && (task.campaign != tasks.front().campaign || task.stage != tasks.front().stage)) break;
      // A job travels in one message.
      bytes += task.network.size();
      if (!tasks.empty() && bytes > kMostJobBytes) break;
      tasks.push_back(std::move(task));
    }
  }
  for (const TaskRecord& task : tasks) {
    LATIMER_RETURN_IF_ERROR(database_
                                ->Prepare("UPDATE tasks SET state=1, job=?, agent=?, lease_ms=?, leases=leases+1 "
                                          "WHERE measurement_id=?")
                                .Bind(job)
                                .Bind(agent)
                                .Bind(lease_until_ms)
                                .Bind(task.measurement_id)
                                .Run());
  }
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return tasks;
}

absl::Status Store::RenewLeases(absl::string_view agent, const std::vector<std::string>& jobs, int64_t lease_until_ms) {
  MutexLock lock(&mutex_);
  for (const std::string& job : jobs) {
    LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE tasks SET lease_ms=? WHERE job=? AND agent=? AND state=1")
                                .Bind(lease_until_ms)
                                .Bind(job)
                                .Bind(agent)
                                .Run());
  }
  return absl::OkStatus();
}

absl::Status Store::ExtendLeases(int64_t lease_until_ms) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE tasks SET lease_ms=? WHERE state=1 AND lease_ms < ?")
      .Bind(lease_until_ms)
      .Bind(lease_until_ms)
      .Run();
}

absl::Status Store::PostponeLeases(int64_t by_ms) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE tasks SET lease_ms=lease_ms+? WHERE state=1").Bind(by_ms).Run();
}

absl::StatusOr<int64_t> Store::ExpireLeases(int64_t now_ms, int most_leases) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  // A task that every agent it was given to lost is itself the likely cause: it fails, and the campaign goes on.
  struct Lost {
    std::string id, platform, agent;
    int64_t campaign;
  };
  std::vector<Lost> lost;
  {
    Statement row = database_->Prepare(
        "SELECT measurement_id, platform, agent, campaign FROM tasks WHERE state=1 AND lease_ms < ? AND leases >= ?");
    row.Bind(now_ms).Bind(most_leases);
    while (true) {
      LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      lost.push_back({row.Text(0), row.Text(1), row.Text(2), row.Integer(3)});
    }
  }
  for (const Lost& task : lost) {
    v1::Measurement measurement;
    measurement.set_measurement_id(task.id);
    measurement.mutable_failure()->set_code(static_cast<int>(absl::StatusCode::kAborted));
    measurement.mutable_failure()->set_message(
        absl::StrCat("given to agents ", most_leases, " times, and none answered"));
    LATIMER_RETURN_IF_ERROR(database_
                                ->Prepare("INSERT OR IGNORE INTO measurements(measurement_id, platform, campaign, "
                                          "agent, network_hash, fingerprint, ok, receive_ms, board_seconds, record) "
                                          "VALUES(?,?,?,?,'','',0,?,0,?)")
                                .Bind(task.id)
                                .Bind(task.platform)
                                .Bind(task.campaign)
                                .Bind(task.agent)
                                .Bind(now_ms)
                                .BindBlob(measurement.SerializeAsString())
                                .Run());
    LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE tasks SET state=3 WHERE measurement_id=?").Bind(task.id).Run());
  }
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("UPDATE tasks SET state=0, job='', agent='' WHERE state=1 AND lease_ms < ?")
          .Bind(now_ms)
          .Run());
  const int64_t released = database_->changes();
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return released;
}

absl::Status Store::ReleaseJobsExcept(absl::string_view agent, const std::vector<std::string>& jobs) {
  MutexLock lock(&mutex_);
  std::vector<std::string> held;
  Statement row = database_->Prepare("SELECT DISTINCT job FROM tasks WHERE agent=? AND state=1");
  row.Bind(agent);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) break;
    held.push_back(row.Text(0));
  }
  for (const std::string& job : held) {
    if (std::find(jobs.begin(), jobs.end(), job) != jobs.end()) continue;
    LATIMER_RETURN_IF_ERROR(
        database_->Prepare("UPDATE tasks SET state=0, job='', agent='' WHERE job=? AND agent=? AND state=1")
            .Bind(job)
            .Bind(agent)
            .Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Store::HasWork(absl::string_view platform) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT 1 FROM tasks WHERE platform=? AND state=0 LIMIT 1");
  return row.Bind(platform).Step();
}

absl::StatusOr<std::optional<TaskRecord>> Store::FindTask(absl::string_view measurement_id) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare(absl::StrCat("SELECT ", kTaskColumns, " FROM tasks WHERE measurement_id=?"));
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(measurement_id).Step());
  if (!found) return std::optional<TaskRecord>();
  return std::optional<TaskRecord>(ReadTask(row));
}

absl::StatusOr<std::vector<Stored>> Store::AddImports(const BoardRecord& board, const std::vector<Import>& imports,
                                                      int64_t now_ms) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("INSERT OR IGNORE INTO boards(platform, fingerprint, backend) VALUES(?,?,?)")
          .Bind(board.platform)
          .BindBlob(board.fingerprint.SerializeAsString())
          .Bind(board.backend)
          .Run());
  std::vector<Stored> stored;
  for (const Import& import : imports) {
    {
      Statement row = database_->Prepare("SELECT 1 FROM measurements WHERE measurement_id=?");
      LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(import.task.measurement_id).Step());
      if (found) {
        stored.push_back(Stored::kDuplicate);
        continue;
      }
    }
    LATIMER_RETURN_IF_ERROR(InsertTask(*database_, board.platform, import.task, import.task.campaign));
    LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE tasks SET state=? WHERE measurement_id=?")
                                .Bind(static_cast<int>(TaskState::kMeasured))
                                .Bind(import.task.measurement_id)
                                .Run());
    LATIMER_RETURN_IF_ERROR(
        database_
            ->Prepare("INSERT INTO measurements(measurement_id, platform, campaign, agent, network_hash, fingerprint, "
                      "ok, receive_ms, board_seconds, record) VALUES(?,?,?,?,?,?,1,?,0,?)")
            .Bind(import.task.measurement_id)
            .Bind(board.platform)
            .Bind(import.task.campaign)
            .Bind(kImported)
            .Bind(import.network_hash)
            .Bind(import.measurement.fingerprint_digest())
            .Bind(now_ms)
            .BindBlob(import.measurement.SerializeAsString())
            .Run());
    stored.push_back(Stored::kNew);
  }
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return stored;
}

absl::StatusOr<std::vector<MeasuredTask>> Store::ResultsOf(absl::string_view platform) {
  MutexLock lock(&mutex_);
  std::vector<MeasuredTask> results;
  Statement row = database_->Prepare(
      "SELECT t.measurement_id, t.campaign, t.stage, t.position, t.kind, t.name, t.subject, t.network, t.layer_report, "
      "t.platform, t.flush_bytes, m.record, m.agent FROM tasks t JOIN measurements m ON m.measurement_id = "
      "t.measurement_id "
      "WHERE t.platform=? AND (t.campaign > 0 OR m.agent=?) AND m.ok=1 "
      "ORDER BY t.campaign, t.stage, t.position, t.measurement_id");
  row.Bind(platform).Bind(kImported);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return results;
    MeasuredTask& result = results.emplace_back();
    result.task = ReadTask(row);
    result.measurement.ParseFromString(row.Text(11));
    result.agent = row.Text(12);
  }
}

}  // namespace latimer::server
