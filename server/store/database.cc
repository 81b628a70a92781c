#include "server/store/database.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {

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
                        "PRAGMA temp_store=MEMORY;"));
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

absl::Status Database::ErrorNow(int code) const {
  const std::string text = absl::StrCat(path_, ": ", sqlite3_errmsg(handle_));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ResourceExhausted("DISK_FULL", text);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED", text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, "STORE_BUSY", absl::StrCat(text, "; another process uses it"));
    default:
      return Error(absl::StatusCode::kUnavailable, "STORE_FAILED", text);
  }
}

}  // namespace latimer::server
