// A thin layer over SQLite: one connection, statements that bind and read typed values, transactions.
//
// Not safe for concurrent use; Store holds a lock around it.
#ifndef LATIMER_SERVER_STORE_DATABASE_H_
#define LATIMER_SERVER_STORE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace latimer::server {

class Database;

// One run of a prepared statement. Parameters are bound in order, columns are read by index. The first error sticks and
// is what Step() or Run() returns.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  ~Statement();

  Statement& Bind(absl::string_view text);
  Statement& Bind(const char* text) { return Bind(absl::string_view(text)); }
  Statement& Bind(int64_t value);
  Statement& Bind(int value) { return Bind(static_cast<int64_t>(value)); }
  Statement& Bind(bool value) { return Bind(static_cast<int64_t>(value)); }
  Statement& Bind(double value);
  Statement& BindBlob(absl::string_view bytes);

  // True while there is a row.
  absl::StatusOr<bool> Step();
  // For statements without rows.
  absl::Status Run();

  std::string Text(int column) const;  // also for blobs
  int64_t Integer(int column) const;
  double Real(int column) const;

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* statement, absl::Status status)
      : database_(database), statement_(statement), status_(std::move(status)) {}
  void Check(int code);

  Database* database_;
  sqlite3_stmt* statement_;  // the database's; null after a failed Prepare or a move
  absl::Status status_;
  int next_ = 1;
};

class Database {
 public:
  // Opens or creates the file, in write-ahead mode, every commit on disk before it returns. Errors: UNAVAILABLE (folder
  // missing, no permission, another process has it), DATA_LOSS (no database).
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements are kept prepared; one text is in use at most once at a time.
  Statement Prepare(absl::string_view sql);
  // One or more statements without parameters.
  absl::Status Execute(const std::string& sql);
  // Rows the last statement changed.
  int64_t changes() const;

  // Reads the whole file and checks its structure. DATA_LOSS with what is wrong.
  absl::Status CheckIntegrity();
  // Copies the database as it is now to a new file, while others read and write. `stopped` is asked now and then.
  // Errors: those of SQLite; CANCELLED.
  absl::Status CopyTo(const std::string& path, const std::function<bool()>& stopped);

  // What SQLite says of the last error, with the file's name. RESOURCE_EXHAUSTED where the disk is full.
  absl::Status ErrorNow(int code) const;

 private:
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

  const std::string path_;
  sqlite3* const handle_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// Rolls back unless Commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database), begun_(database.Execute("BEGIN IMMEDIATE")) {}
  ~Transaction() {
    if (begun_.ok()) database_.Execute("ROLLBACK").IgnoreError();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const absl::Status& begun() const { return begun_; }
  absl::Status Commit() {
    absl::Status status = database_.Execute("COMMIT");
    if (status.ok()) begun_ = absl::CancelledError("committed");
    return status;
  }

 private:
  Database& database_;
  absl::Status begun_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STORE_DATABASE_H_
