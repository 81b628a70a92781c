#include "server/store/database.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("the database ", path, " is damaged (", what,
                            "); restore a backup with: latimer-server --data-dir DIR --restore FILE"))
      .With("file", path);
}

absl::Status StatusOf(int code, const std::string& text, const std::string& path) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ResourceExhausted("DISK_FULL", text);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Damaged(path, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, "STORE_BUSY", absl::StrCat(text, "; another process uses it"));
    case SQLITE_IOERR:
      // A quota or a limit on the size of files is as good as a full disk; SQLite tells only ENOSPC apart.
      if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_TRUNCATE) {
        return ResourceExhausted("DISK_FULL",
                                 absl::StrCat(text, "; is the disk full, or a quota used up, or is the disk failing?"));
      }
      return Error(absl::StatusCode::kUnavailable, "STORE_FAILED", text);
    default:
      return Error(absl::StatusCode::kUnavailable, "STORE_FAILED", text);
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      status_(std::move(other.status_)),
      next_(other.next_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::Check(int code) {
  if (code != SQLITE_OK && status_.ok()) status_ = database_->ErrorNow(code);
}

Statement& Statement::Bind(absl::string_view text) {
  if (status_.ok()) {
    Check(sqlite3_bind_text64(statement_, next_++, text.data() == nullptr ? "" : text.data(), text.size(),
                              SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  return *this;
}

Statement& Statement::Bind(int64_t value) {
  if (status_.ok()) Check(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Statement& Statement::Bind(double value) {
  if (status_.ok()) Check(sqlite3_bind_double(statement_, next_++, value));
  return *this;
}

Statement& Statement::BindBlob(absl::string_view bytes) {
  if (status_.ok()) {
    Check(sqlite3_bind_blob64(statement_, next_++, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                              SQLITE_TRANSIENT));
  }
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  LATIMER_RETURN_IF_ERROR(status_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  status_ = database_->ErrorNow(code);
  return status_;
}

absl::Status Statement::Run() { return Step().status(); }

std::string Statement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::unique_ptr<Database>(new Database(path, handle));
  if (code != SQLITE_OK) {
    return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                 absl::StrCat(path, ": ", handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle),
                              "; does the folder exist, and may this user write there?"));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  // Agents delete a result once it is acknowledged, so an acknowledged one has to survive a power cut: FULL.
  LATIMER_RETURN_IF_ERROR(
      database->Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                        "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; "
                        // The log of a large campaign's beginning does not keep its size for ever.
                        "PRAGMA journal_size_limit=16777216;"));
  return database;
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Statement Database::Prepare(absl::string_view sql) {
  auto found = statements_.find(std::string(sql));
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return Statement(this, nullptr, ErrorNow(code));
    found = statements_.emplace(std::string(sql), statement).first;
  }
  return Statement(this, found->second, absl::OkStatus());
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorNow(code);
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

absl::Status Database::CheckIntegrity() {
  Statement check = Prepare("PRAGMA quick_check(1)");
  const absl::StatusOr<bool> row = check.Step();
  const std::string said = row.ok() ? (*row ? check.Text(0) : "no answer") : std::string(row.status().message());
  if (said == "ok") return absl::OkStatus();
  if (row.ok() || row.status().code() == absl::StatusCode::kDataLoss) return Damaged(path_, said);
  return row.status();
}

absl::Status Database::CopyTo(const std::string& path, const std::function<bool()>& stopped) {
  // One read transaction around all steps: writers go on beside it, and the copy need not begin again.
  LATIMER_RETURN_IF_ERROR(Execute("BEGIN; SELECT count(*) FROM sqlite_master;"));
  sqlite3* copy = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite3_backup* backup = code == SQLITE_OK ? sqlite3_backup_init(copy, "main", handle_, "main") : nullptr;
  if (backup == nullptr) {
    if (code == SQLITE_OK) code = sqlite3_extended_errcode(copy);
  } else {
    constexpr int kPages = 256;  // 1 MiB
    do {
      code = stopped() ? SQLITE_ABORT : sqlite3_backup_step(backup, kPages);
    } while (code == SQLITE_OK);
    const int finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE) code = finished;
  }
  // A file of its own, without a write-ahead log beside it.
  if (code == SQLITE_OK) code = sqlite3_exec(copy, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  absl::Status status;
  if (code == SQLITE_ABORT) {
    status = absl::CancelledError("the copy was stopped");
  } else if (code != SQLITE_OK) {
    status =
        StatusOf(code, absl::StrCat(path, ": ", copy == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(copy)), path);
  }
  sqlite3_close(copy);
  Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status Database::ErrorNow(int code) const {
  return StatusOf(code, absl::StrCat(path_, ": ", sqlite3_errmsg(handle_)), path_);
}

}  // namespace latimer::server
