// Store: everything the server has to remember, in one SQLite file.
//
// Safe for concurrent use; calls take a lock and return when the change is on disk. Times are milliseconds since
// 1970-01-01 UTC and come from the caller. Errors of all calls: those of Database (UNAVAILABLE, DATA_LOSS,
// RESOURCE_EXHAUSTED where the disk is full), and what is said at each.
#ifndef LATIMER_SERVER_STORE_STORE_H_
#define LATIMER_SERVER_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/mutex.h"
#include "latimer/model/v1/platform_model.pb.h"
#include "latimer/v1/admin_service.pb.h"
#include "latimer/v1/agent_service.pb.h"
#include "latimer/v1/campaign_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "server/store/database.h"

namespace latimer::server {

// A board's group: all agents of a platform have boards like the first one's.
struct BoardRecord {
  std::string platform;
  std::string backend;
  v1::Fingerprint fingerprint;
};

// Backend of a board that is known by its reports alone; agent and fingerprint of what was imported.
inline constexpr char kImported[] = "imported";

// Held: not handed out before a fit has chosen better ones, or could not.
enum class TaskState : uint8_t { kWaiting = 0, kLeased = 1, kMeasured = 2, kFailed = 3, kDropped = 4, kHeld = 5 };

struct TaskRecord {
  std::string measurement_id;
  std::string platform;  // id
  int64_t campaign = 0;  // 0: a person waits for it
  int32_t stage = 0;
  int32_t position = 0;
  int kind = 0;  // benchmark::MeasurementKind
  std::string name;
  std::string subject;  // serialised latimer.v1.Network; empty: the network itself
  std::string network;  // serialised latimer.v1.NetworkSource
  bool layer_report = false;
  int64_t flush_bytes = 0;  // written between runs
  bool held = false;        // when it is added
};

// A task with its result.
struct MeasuredTask {
  TaskRecord task;
  v1::Measurement measurement;
  std::string agent;  // that measured it, or kImported
};

struct StageCount {
  int64_t planned = 0;
  int64_t done = 0;  // measured or failed
  int64_t failed = 0;
};

struct CampaignProgress {
  std::vector<StageCount> stages;
  double board_seconds = 0;
  int32_t active_agents = 0;
};

struct AgentCounters {
  int64_t measurements = 0;
  int64_t failures = 0;
  double first_reference_ms = 0;
  double last_reference_ms = 0;
};

struct ModelVersionRecord {
  std::string version;
  int64_t number = 0;
  int64_t create_ms = 0;
  int64_t campaign = 0;
  int64_t measurements = 0;
  double validation_mape = -1;  // negative: not judged
  bool active = false;
  bool promoted = false;  // has answered, now or once
  std::string rejection;  // why it was not promoted
};

struct QueueCount {
  int64_t waiting = 0;
  int64_t leased = 0;
};

struct CampaignCount {
  std::string platform;
  v1::CampaignState state = v1::CAMPAIGN_STATE_UNSPECIFIED;
  int64_t count = 0;
};

// What became of a result.
enum class Stored : uint8_t { kNew, kDuplicate, kUnknownTask };

class Store {
 public:
  // `path`: the file; ":memory:" for tests. Checks its structure, then brings an older format to this program's; before
  // that a copy is made beside it, "<path>.v<old format>". Errors: those of Database; FAILED_PRECONDITION for a file of
  // a newer program; DATA_LOSS.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path);

  // Copies everything as it is now to a new file, which is then checked; calls go on meanwhile. `stopped` is asked now
  // and then. Safe from any thread. Errors: those of Database; CANCELLED; FAILED_PRECONDITION for a store in memory.
  absl::Status BackUp(const std::string& path, const std::function<bool()>& stopped) const;

  // --- Clients ---
  struct ClientRecord {
    std::string id;
    std::string token_hash;
    v1::Role role = v1::ROLE_UNSPECIFIED;
    int64_t create_ms = 0;
    int64_t expire_ms = 0;  // 0: never
    bool revoked = false;
  };
  // Takes the place of a revoked one of the same id. ALREADY_EXISTS if there is one that is not revoked.
  absl::Status AddClient(const ClientRecord& client);
  // By id.
  absl::StatusOr<std::vector<ClientRecord>> ListClients();
  absl::Status RevokeClient(absl::string_view id);

  // --- Tokens and agents ---
  absl::Status AddToken(absl::string_view hash, absl::string_view platform, int64_t expire_ms);

  struct Token {
    std::string platform;
    int64_t expire_ms = 0;
    bool used = false;
  };
  // Null: there is none.
  absl::StatusOr<std::optional<Token>> FindToken(absl::string_view hash);

  // Uses the token up, adds the board if its platform has none yet, and the agent; all or nothing.
  // FAILED_PRECONDITION if the token was used meanwhile.
  absl::Status Enroll(absl::string_view token_hash, const BoardRecord& board, const v1::Agent& agent,
                      absl::string_view credential_hash);

  absl::StatusOr<std::optional<BoardRecord>> FindBoard(absl::string_view platform);
  absl::StatusOr<std::vector<BoardRecord>> ListBoards();

  // Agents by id ("a1b2…", without "agents/"). Records lack state and counters.
  absl::StatusOr<std::optional<v1::Agent>> FindAgent(absl::string_view id);
  // Null: unknown credential. Revoked agents have AGENT_STATE_REVOKED.
  absl::StatusOr<std::optional<v1::Agent>> FindAgentByCredential(absl::string_view credential_hash);
  // In order of ids, after `after`.
  absl::StatusOr<std::vector<v1::Agent>> ListAgents(absl::string_view platform, absl::string_view after, int limit);
  absl::Status UpdateAgent(const v1::Agent& agent);
  absl::Status RevokeAgent(absl::string_view id);
  absl::StatusOr<AgentCounters> CountersOf(absl::string_view agent);

  // --- Campaigns and tasks ---
  // FAILED_PRECONDITION if a campaign of the platform is running: to know before a plan is made.
  absl::Status CheckNoCampaignRuns(absl::string_view platform);
  // Adds the campaign with all its tasks; returns its id. FAILED_PRECONDITION if one of the platform is running.
  absl::StatusOr<int64_t> AddCampaign(v1::Campaign campaign, const std::vector<TaskRecord>& tasks);
  absl::StatusOr<std::optional<v1::Campaign>> FindCampaign(int64_t id);
  // Newest first, with ids below `before` (0: from the newest).
  absl::StatusOr<std::vector<v1::Campaign>> ListCampaigns(absl::string_view platform, int64_t before, int limit);
  // Campaigns that have not ended.
  absl::StatusOr<std::vector<v1::Campaign>> OpenCampaigns();
  absl::Status UpdateCampaign(const v1::Campaign& campaign);
  absl::StatusOr<CampaignProgress> ProgressOf(int64_t campaign);
  // Waiting and leased tasks will not be measured any more, but for those of stage `keep` (-1: none). Returns the jobs
  // that held some.
  absl::StatusOr<std::vector<std::string>> DropTasks(int64_t campaign, int keep);
  // Keys of what the campaign has measured or handed out.
  absl::StatusOr<std::vector<std::string>> MeasuredNames(int64_t campaign);
  // Waiting or held.
  absl::StatusOr<int64_t> CountWaiting(int64_t campaign, int stage);
  // Puts tasks in the place of as many that wait or are held in that stage, of which there may be fewer by now; returns
  // how many.
  absl::StatusOr<int64_t> ReplaceWaiting(int64_t campaign, int stage, const std::vector<TaskRecord>& tasks);
  // Held tasks wait from now on.
  absl::Status Release(int64_t campaign);
  // The most frequent failures with their counts, "3 x …", at most `limit`.
  absl::StatusOr<std::vector<std::string>> FrequentFailures(int64_t campaign, int limit);

  // Tasks of a person who waits.
  absl::Status AddTasks(const std::vector<TaskRecord>& tasks);
  // Drops one task if it still waits or is leased.
  absl::Status DropTask(absl::string_view measurement_id);

  // Leases the next tasks of the platform to the agent: those of people first, then campaigns in order of stage. All
  // of one campaign and stage. Empty: there is no work.
  absl::StatusOr<std::vector<TaskRecord>> Lease(absl::string_view platform, absl::string_view agent,
                                                absl::string_view job, int limit, int64_t lease_until_ms);
  absl::Status RenewLeases(absl::string_view agent, const std::vector<std::string>& jobs, int64_t lease_until_ms);
  // Leases that would run out earlier hold until then: while the server was down nobody could renew them.
  absl::Status ExtendLeases(int64_t lease_until_ms);
  // All leases hold that much longer.
  absl::Status PostponeLeases(int64_t by_ms);
  // Tasks whose lease ran out wait again; one that was leased `most_leases` times fails with a made-up measurement.
  // Returns how many were given back.
  absl::StatusOr<int64_t> ExpireLeases(int64_t now_ms, int most_leases);
  // Tasks of the agent's other jobs wait again.
  absl::Status ReleaseJobsExcept(absl::string_view agent, const std::vector<std::string>& jobs);
  absl::StatusOr<bool> HasWork(absl::string_view platform);

  // --- Measurements ---
  // Stores a result once. `network_hash`: of the network that was run.
  absl::StatusOr<Stored> AddMeasurement(absl::string_view agent, const v1::Measurement& measurement,
                                        absl::string_view network_hash, int64_t now_ms);
  // Stores what no agent measured, with the tasks it stands for, and the board if its platform has none; all or
  // nothing. Says of each whether it is new.
  struct Import {
    TaskRecord task;
    v1::Measurement measurement;
    std::string network_hash;
  };
  absl::StatusOr<std::vector<Stored>> AddImports(const BoardRecord& board, const std::vector<Import>& imports,
                                                 int64_t now_ms);
  // The network a task runs; null: unknown task.
  absl::StatusOr<std::optional<TaskRecord>> FindTask(absl::string_view measurement_id);
  absl::StatusOr<std::optional<v1::Measurement>> FindMeasurement(absl::string_view measurement_id);
  // Good measurements of the network, newest first.
  absl::StatusOr<std::vector<v1::Measurement>> MeasurementsOf(absl::string_view platform,
                                                              absl::string_view network_hash, int limit);
  // The newest good measurement of each network that a person had measured or that validates, by hash.
  absl::StatusOr<std::vector<std::pair<std::string, v1::Measurement>>> MeasuredNetworks(absl::string_view platform);
  // The same in order of hashes after `after`, at most `limit`.
  absl::StatusOr<std::vector<std::pair<std::string, v1::Measurement>>> MeasuredNetworks(absl::string_view platform,
                                                                                        absl::string_view after,
                                                                                        int limit);
  // Good results of all campaigns of the platform with their tasks, and what was imported.
  absl::StatusOr<std::vector<MeasuredTask>> ResultsOf(absl::string_view platform);
  absl::StatusOr<int64_t> CountResults(absl::string_view platform);

  // --- Counts for metrics ---
  absl::StatusOr<QueueCount> CountQueue(absl::string_view platform);
  absl::StatusOr<std::vector<CampaignCount>> CountCampaigns();
  // When the platform's newest result came; 0: it has none.
  absl::StatusOr<int64_t> NewestMeasurementMs(absl::string_view platform);

  // --- Model versions ---
  // Numbers the version and makes it the active one if `record.active`.
  absl::StatusOr<ModelVersionRecord> AddModelVersion(absl::string_view platform, ModelVersionRecord record,
                                                     model::v1::PlatformModel model);
  absl::StatusOr<std::vector<ModelVersionRecord>> ListModelVersions(absl::string_view platform);  // newest first
  absl::StatusOr<std::optional<model::v1::PlatformModel>> FindModel(absl::string_view platform,
                                                                    absl::string_view version);
  // NOT_FOUND: there is no such version.
  absl::Status ActivateModel(absl::string_view platform, absl::string_view version);
  // Active model of every platform.
  absl::StatusOr<std::vector<model::v1::PlatformModel>> ActiveModels();
  absl::Status AddEvaluation(absl::string_view platform, absl::string_view version, absl::string_view network,
                             double predicted_ms, double measured_ms);

 private:
  Store(std::string path, std::unique_ptr<Database> database)
      : path_(std::move(path)), database_(std::move(database)) {}

  absl::Status CheckNoCampaignRunsLocked(absl::string_view platform) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  Mutex mutex_;
  const std::unique_ptr<Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STORE_STORE_H_
