// Measurements and model versions.
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

ModelVersionRecord ReadVersion(const Statement& row) {
  ModelVersionRecord record;
  record.version = row.Text(0);
  record.number = row.Integer(1);
  record.create_ms = row.Integer(2);
  record.campaign = row.Integer(3);
  record.measurements = row.Integer(4);
  record.validation_mape = row.Real(5);
  record.active = row.Integer(6) != 0;
  record.promoted = row.Integer(7) != 0;
  record.rejection = row.Text(8);
  return record;
}

}  // namespace

absl::StatusOr<Stored> Store::AddMeasurement(absl::string_view agent, const v1::Measurement& measurement,
                                             absl::string_view network_hash, int64_t now_ms) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  std::string platform;
  int64_t campaign = 0;
  {
    Statement row = database_->Prepare("SELECT platform, campaign FROM tasks WHERE measurement_id=?");
    LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(measurement.measurement_id()).Step());
    if (!found) return Stored::kUnknownTask;
    platform = row.Text(0);
    campaign = row.Integer(1);
  }
  const bool ok = measurement.has_timing();
  LATIMER_RETURN_IF_ERROR(database_
                              // A real result takes the place of a failure ExpireLeases() made up.
                              ->Prepare("INSERT INTO measurements(measurement_id, platform, campaign, agent, "
                                        "network_hash, fingerprint, ok, receive_ms, board_seconds, record) "
                                        "VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT(measurement_id) DO UPDATE SET "
                                        "agent=excluded.agent, network_hash=excluded.network_hash, "
                                        "fingerprint=excluded.fingerprint, ok=excluded.ok, "
                                        "receive_ms=excluded.receive_ms, board_seconds=excluded.board_seconds, "
                                        "record=excluded.record "
                                        "WHERE measurements.ok=0 AND measurements.fingerprint='' "
                                        "AND measurements.network_hash='' AND excluded.ok=1")
                              .Bind(measurement.measurement_id())
                              .Bind(platform)
                              .Bind(campaign)
                              .Bind(agent)
                              .Bind(network_hash)
                              .Bind(measurement.fingerprint_digest())
                              .Bind(ok)
                              .Bind(now_ms)
                              .Bind(measurement.board_seconds())
                              .BindBlob(measurement.SerializeAsString())
                              .Run());
  const bool inserted = database_->changes() == 1;
  if (inserted) {
    // A dropped task stays dropped: its result is kept, the campaign has ended.
    LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE tasks SET state=? WHERE measurement_id=? AND state IN (0,1,3)")
                                .Bind(ok ? 2 : 3)
                                .Bind(measurement.measurement_id())
                                .Run());
  }
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return inserted ? Stored::kNew : Stored::kDuplicate;
}

absl::StatusOr<std::optional<v1::Measurement>> Store::FindMeasurement(absl::string_view measurement_id) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT record FROM measurements WHERE measurement_id=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(measurement_id).Step());
  if (!found) return std::optional<v1::Measurement>();
  v1::Measurement measurement;
  measurement.ParseFromString(row.Text(0));
  return std::optional<v1::Measurement>(std::move(measurement));
}

absl::StatusOr<std::vector<v1::Measurement>> Store::MeasurementsOf(absl::string_view platform,
                                                                   absl::string_view network_hash, int limit) {
  MutexLock lock(&mutex_);
  std::vector<v1::Measurement> measurements;
  Statement row = database_->Prepare(
      "SELECT record FROM measurements WHERE platform=? AND network_hash=? AND ok=1 ORDER BY receive_ms DESC LIMIT ?");
  row.Bind(platform).Bind(network_hash).Bind(limit);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return measurements;
    measurements.emplace_back().ParseFromString(row.Text(0));
  }
}

absl::StatusOr<std::vector<std::pair<std::string, v1::Measurement>>> Store::MeasuredNetworks(
    absl::string_view platform) {
  return MeasuredNetworks(platform, "", -1);  // no limit
}

absl::StatusOr<std::vector<std::pair<std::string, v1::Measurement>>> Store::MeasuredNetworks(absl::string_view platform,
                                                                                             absl::string_view after,
                                                                                             int limit) {
  MutexLock lock(&mutex_);
  std::vector<std::pair<std::string, v1::Measurement>> networks;
  // Subjects of campaigns are no networks anybody asks about; kind 3 is benchmark::MeasurementKind::kValidation.
  Statement row = database_->Prepare(
      "SELECT m.network_hash, m.record, max(m.receive_ms) FROM measurements m JOIN tasks t "
      "ON t.measurement_id = m.measurement_id WHERE m.platform=? AND m.network_hash>? AND m.ok=1 AND "
      "(t.campaign = 0 OR t.kind = 3) GROUP BY m.network_hash ORDER BY m.network_hash LIMIT ?");
  row.Bind(platform).Bind(after).Bind(limit);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return networks;
    networks.emplace_back(row.Text(0), v1::Measurement()).second.ParseFromString(row.Text(1));
  }
}

absl::StatusOr<int64_t> Store::CountResults(absl::string_view platform) {
  MutexLock lock(&mutex_);
  Statement row =
      database_->Prepare("SELECT count(*) FROM measurements WHERE platform=? AND (campaign > 0 OR agent=?) AND ok=1");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(platform).Bind(kImported).Step());
  return found ? row.Integer(0) : 0;
}

absl::StatusOr<ModelVersionRecord> Store::AddModelVersion(absl::string_view platform, ModelVersionRecord record,
                                                          model::v1::PlatformModel model) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  {
    Statement row = database_->Prepare("SELECT coalesce(max(number), 0) + 1 FROM model_versions WHERE platform=?");
    LATIMER_RETURN_IF_ERROR(row.Bind(platform).Step().status());
    record.number = row.Integer(0);
  }
  record.version = absl::StrCat("fit-", record.number);
  model.set_version(record.version);
  if (record.active) {
    LATIMER_RETURN_IF_ERROR(
        database_->Prepare("UPDATE model_versions SET active=0 WHERE platform=?").Bind(platform).Run());
  }
  LATIMER_RETURN_IF_ERROR(database_
                              ->Prepare("INSERT INTO model_versions(platform, version, number, create_ms, campaign, "
                                        "measurements, validation_mape, active, promoted, rejection, model) "
                                        "VALUES(?,?,?,?,?,?,?,?,?,?,?)")
                              .Bind(platform)
                              .Bind(record.version)
                              .Bind(record.number)
                              .Bind(record.create_ms)
                              .Bind(record.campaign)
                              .Bind(record.measurements)
                              .Bind(record.validation_mape)
                              .Bind(record.active)
                              .Bind(record.active || record.promoted)
                              .Bind(record.rejection)
                              .BindBlob(model.SerializeAsString())
                              .Run());
  LATIMER_RETURN_IF_ERROR(transaction.Commit());
  return record;
}

absl::StatusOr<std::vector<ModelVersionRecord>> Store::ListModelVersions(absl::string_view platform) {
  MutexLock lock(&mutex_);
  std::vector<ModelVersionRecord> versions;
  Statement row = database_->Prepare(
      "SELECT version, number, create_ms, campaign, measurements, validation_mape, active, promoted, rejection FROM "
      "model_versions "
      "WHERE platform=? ORDER BY number DESC");
  row.Bind(platform);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return versions;
    versions.push_back(ReadVersion(row));
  }
}

absl::StatusOr<std::optional<model::v1::PlatformModel>> Store::FindModel(absl::string_view platform,
                                                                         absl::string_view version) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT model FROM model_versions WHERE platform=? AND version=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(platform).Bind(version).Step());
  if (!found) return std::optional<model::v1::PlatformModel>();
  model::v1::PlatformModel model;
  model.ParseFromString(row.Text(0));
  return std::optional<model::v1::PlatformModel>(std::move(model));
}

absl::Status Store::ActivateModel(absl::string_view platform, absl::string_view version) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("UPDATE model_versions SET active=0 WHERE platform=?").Bind(platform).Run());
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("UPDATE model_versions SET active=1, promoted=1 WHERE platform=? AND version=?")
          .Bind(platform)
          .Bind(version)
          .Run());
  if (database_->changes() != 1) {
    return NotFound("UNKNOWN_VERSION", absl::StrCat("platform '", platform, "' has no version '", version, "'"))
        .Field("version");
  }
  return transaction.Commit();
}

absl::StatusOr<std::vector<model::v1::PlatformModel>> Store::ActiveModels() {
  MutexLock lock(&mutex_);
  std::vector<model::v1::PlatformModel> models;
  Statement row = database_->Prepare("SELECT model FROM model_versions WHERE active=1 ORDER BY platform");
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return models;
    models.emplace_back().ParseFromString(row.Text(0));
  }
}

absl::Status Store::AddEvaluation(absl::string_view platform, absl::string_view version, absl::string_view network,
                                  double predicted_ms, double measured_ms) {
  MutexLock lock(&mutex_);
  return database_
      ->Prepare(
          "INSERT OR REPLACE INTO evaluations(platform, version, network, predicted_ms, measured_ms) "
          "VALUES(?,?,?,?,?)")
      .Bind(platform)
      .Bind(version)
      .Bind(network)
      .Bind(predicted_ms)
      .Bind(measured_ms)
      .Run();
}

}  // namespace latimer::server
