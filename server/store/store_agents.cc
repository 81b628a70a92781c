// Tokens, boards and agents.
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

std::string AgentId(const v1::Agent& agent) { return std::string(absl::StripPrefix(agent.name(), "agents/")); }

v1::Agent ReadAgent(const Statement& row) {
  v1::Agent agent;
  agent.ParseFromString(row.Text(0));
  agent.set_state(row.Integer(1) != 0 ? v1::AGENT_STATE_REVOKED : v1::AGENT_STATE_OFFLINE);
  return agent;
}

BoardRecord ReadBoard(const Statement& row) {
  BoardRecord board{row.Text(0), row.Text(1), {}};
  board.fingerprint.ParseFromString(row.Text(2));
  return board;
}

}  // namespace

absl::Status Store::AddToken(absl::string_view hash, absl::string_view platform, int64_t expire_ms) {
  MutexLock lock(&mutex_);
  return database_->Prepare("INSERT INTO tokens(hash, platform, expire_ms) VALUES(?,?,?)")
      .Bind(hash)
      .Bind(platform)
      .Bind(expire_ms)
      .Run();
}

absl::StatusOr<std::optional<Store::Token>> Store::FindToken(absl::string_view hash) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT platform, expire_ms, used_by <> '' FROM tokens WHERE hash=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(hash).Step());
  if (!found) return std::optional<Token>();
  return std::optional<Token>({row.Text(0), row.Integer(1), row.Integer(2) != 0});
}

absl::Status Store::Enroll(absl::string_view token_hash, const BoardRecord& board, const v1::Agent& agent,
                           absl::string_view credential_hash) {
  MutexLock lock(&mutex_);
  Transaction transaction(*database_);
  LATIMER_RETURN_IF_ERROR(transaction.begun());
  LATIMER_RETURN_IF_ERROR(database_->Prepare("UPDATE tokens SET used_by=? WHERE hash=? AND used_by=''")
                              .Bind(agent.name())
                              .Bind(token_hash)
                              .Run());
  if (database_->changes() != 1) {
    return Error(absl::StatusCode::kFailedPrecondition, "TOKEN_USED", "the token was used by another agent meanwhile");
  }
  LATIMER_RETURN_IF_ERROR(database_
                              // A board takes the place of one that was known by its reports alone.
                              ->Prepare("INSERT INTO boards(platform, backend, fingerprint) VALUES(?,?,?) ON "
                                        "CONFLICT(platform) DO UPDATE SET backend=excluded.backend, "
                                        "fingerprint=excluded.fingerprint WHERE backend=?")
                              .Bind(board.platform)
                              .Bind(board.backend)
                              .BindBlob(board.fingerprint.SerializeAsString())
                              .Bind(kImported)
                              .Run());
  LATIMER_RETURN_IF_ERROR(
      database_->Prepare("INSERT INTO agents(id, platform, credential_hash, record) VALUES(?,?,?,?)")
          .Bind(AgentId(agent))
          .Bind(board.platform)
          .Bind(credential_hash)
          .BindBlob(agent.SerializeAsString())
          .Run());
  return transaction.Commit();
}

absl::StatusOr<std::optional<BoardRecord>> Store::FindBoard(absl::string_view platform) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT platform, backend, fingerprint FROM boards WHERE platform=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(platform).Step());
  if (!found) return std::optional<BoardRecord>();
  return std::optional<BoardRecord>(ReadBoard(row));
}

absl::StatusOr<std::vector<BoardRecord>> Store::ListBoards() {
  MutexLock lock(&mutex_);
  std::vector<BoardRecord> boards;
  Statement row = database_->Prepare("SELECT platform, backend, fingerprint FROM boards ORDER BY platform");
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return boards;
    boards.push_back(ReadBoard(row));
  }
}

absl::StatusOr<std::optional<v1::Agent>> Store::FindAgent(absl::string_view id) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT record, revoked FROM agents WHERE id=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(id).Step());
  if (!found) return std::optional<v1::Agent>();
  return std::optional<v1::Agent>(ReadAgent(row));
}

absl::StatusOr<std::optional<v1::Agent>> Store::FindAgentByCredential(absl::string_view credential_hash) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT record, revoked FROM agents WHERE credential_hash=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(credential_hash).Step());
  if (!found) return std::optional<v1::Agent>();
  return std::optional<v1::Agent>(ReadAgent(row));
}

absl::StatusOr<std::vector<v1::Agent>> Store::ListAgents(absl::string_view platform, absl::string_view after,
                                                         int limit) {
  MutexLock lock(&mutex_);
  std::vector<v1::Agent> agents;
  Statement row = database_->Prepare(
      "SELECT record, revoked FROM agents WHERE id > ? AND (? = '' OR platform = ?) ORDER BY id LIMIT ?");
  row.Bind(after).Bind(platform).Bind(platform).Bind(limit);
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return agents;
    agents.push_back(ReadAgent(row));
  }
}

absl::Status Store::UpdateAgent(const v1::Agent& agent) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE agents SET record=? WHERE id=?")
      .BindBlob(agent.SerializeAsString())
      .Bind(AgentId(agent))
      .Run();
}

absl::Status Store::RevokeAgent(absl::string_view id) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE agents SET revoked=1 WHERE id=?").Bind(id).Run();
}

absl::StatusOr<AgentCounters> Store::CountersOf(absl::string_view agent) {
  MutexLock lock(&mutex_);
  AgentCounters counters;
  Statement count = database_->Prepare("SELECT count(*), sum(NOT ok) FROM measurements WHERE agent=?");
  LATIMER_ASSIGN_OR_RETURN(const bool counted, count.Bind(agent).Step());
  if (counted) {
    counters.measurements = count.Integer(0);
    counters.failures = count.Integer(1);
  }
  for (const bool first : {true, false}) {
    Statement row = database_->Prepare(
        first ? "SELECT record FROM measurements WHERE agent=? AND ok=1 ORDER BY receive_ms LIMIT 40"
              : "SELECT record FROM measurements WHERE agent=? AND ok=1 ORDER BY receive_ms DESC LIMIT 40");
    row.Bind(agent);
    double& reference = first ? counters.first_reference_ms : counters.last_reference_ms;
    while (reference == 0) {
      LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
      if (!more) break;
      v1::Measurement measurement;
      if (measurement.ParseFromString(row.Text(0))) reference = measurement.reference_ms();
    }
  }
  return counters;
}

}  // namespace latimer::server
