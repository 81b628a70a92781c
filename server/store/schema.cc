#include "server/store/schema.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

// Times are milliseconds since 1970-01-01 UTC. Messages are stored serialised; what is searched for has a column.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,            -- SHA-256; the token itself is not stored
  platform TEXT NOT NULL,           -- empty: any
  expire_ms INTEGER NOT NULL,
  used_by TEXT NOT NULL DEFAULT ''  -- agent
) WITHOUT ROWID;

CREATE TABLE boards (
  platform TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,        -- of the board that enrolled first
  backend TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  platform TEXT NOT NULL REFERENCES boards(platform),
  credential_hash TEXT NOT NULL UNIQUE,
  revoked INTEGER NOT NULL DEFAULT 0,
  record BLOB NOT NULL              -- latimer.v1.Agent; state and counters are computed
) WITHOUT ROWID;

CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  platform TEXT NOT NULL,
  state INTEGER NOT NULL,
  record BLOB NOT NULL              -- latimer.v1.Campaign; progress is computed
);

-- One thing to measure, for a campaign or for a person who waits (campaign 0).
CREATE TABLE tasks (
  measurement_id TEXT PRIMARY KEY,
  campaign INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  position INTEGER NOT NULL,
  platform TEXT NOT NULL,
  kind INTEGER NOT NULL,            -- benchmark::MeasurementKind
  name TEXT NOT NULL,
  subject BLOB NOT NULL,            -- latimer.v1.Network whose time is wanted
  network BLOB NOT NULL,            -- latimer.v1.NetworkSource that is run
  layer_report INTEGER NOT NULL,
  state INTEGER NOT NULL,           -- 0 waiting, 1 leased, 2 measured, 3 failed, 4 dropped
  job TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '',
  lease_ms INTEGER NOT NULL DEFAULT 0,
  leases INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX tasks_waiting ON tasks(platform, state, campaign, stage, position);
CREATE INDEX tasks_of_campaign ON tasks(campaign, stage, state);
CREATE INDEX tasks_of_job ON tasks(job);

CREATE TABLE measurements (
  measurement_id TEXT PRIMARY KEY,
  platform TEXT NOT NULL,
  campaign INTEGER NOT NULL,
  agent TEXT NOT NULL,
  network_hash TEXT NOT NULL,       -- of the network that was run
  fingerprint TEXT NOT NULL,
  ok INTEGER NOT NULL,
  receive_ms INTEGER NOT NULL,
  board_seconds REAL NOT NULL,
  record BLOB NOT NULL              -- latimer.v1.Measurement
) WITHOUT ROWID;
CREATE INDEX measurements_of_network ON measurements(platform, network_hash, ok, receive_ms);
CREATE INDEX measurements_of_campaign ON measurements(campaign);
CREATE INDEX measurements_of_agent ON measurements(agent, receive_ms);

CREATE TABLE model_versions (
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  number INTEGER NOT NULL,
  create_ms INTEGER NOT NULL,
  campaign INTEGER NOT NULL,
  measurements INTEGER NOT NULL,
  validation_mape REAL NOT NULL,    -- negative: not judged
  active INTEGER NOT NULL,
  promoted INTEGER NOT NULL,        -- has answered, now or once
  rejection TEXT NOT NULL,          -- why it was not promoted
  model BLOB NOT NULL,              -- latimer.model.v1.PlatformModel
  PRIMARY KEY (platform, version)
) WITHOUT ROWID;

-- What a model version predicted for networks that were measured.
CREATE TABLE evaluations (
  platform TEXT NOT NULL,
  version TEXT NOT NULL,
  network TEXT NOT NULL,
  predicted_ms REAL NOT NULL,
  measured_ms REAL NOT NULL,
  PRIMARY KEY (platform, version, network)
) WITHOUT ROWID;
)sql";

constexpr const char* kVersion2 = R"sql(
-- Memory written between the runs of a task.
ALTER TABLE tasks ADD COLUMN flush_bytes INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kVersion3 = R"sql(
-- Who may call, beside agents.
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,  -- SHA-256; the token itself is not stored
  role INTEGER NOT NULL,            -- latimer.v1.Role
  create_ms INTEGER NOT NULL,
  expire_ms INTEGER NOT NULL,       -- 0: never
  revoked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
)sql";

constexpr std::array<const char*, kSchemaVersion> kSteps = {kVersion1, kVersion2, kVersion3};

}  // namespace

absl::StatusOr<int> SchemaVersionOf(Database& database) {
  Statement statement = database.Prepare("PRAGMA user_version");
  LATIMER_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? static_cast<int>(statement.Integer(0)) : 0;
}

absl::Status RefuseNewerSchema(Database& database) {
  LATIMER_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(database));
  if (version <= kSchemaVersion) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "STORE_TOO_NEW",
               absl::StrCat("the store has format ", version, ", this program knows up to ", kSchemaVersion,
                            "; use a newer latimer-server"));
}

absl::Status MigrateSchema(Database& database) {
  LATIMER_RETURN_IF_ERROR(RefuseNewerSchema(database));
  LATIMER_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(database));
  for (int step = version; step < kSchemaVersion; ++step) {
    Transaction transaction(database);
    LATIMER_RETURN_IF_ERROR(transaction.begun());
    LATIMER_RETURN_IF_ERROR(database.Execute(kSteps[static_cast<size_t>(step)]));
    LATIMER_RETURN_IF_ERROR(database.Execute(absl::StrCat("PRAGMA user_version=", step + 1)));
    LATIMER_RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace latimer::server
