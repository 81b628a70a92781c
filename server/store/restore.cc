#include "server/store/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/data_folder.h"
#include "server/store/database.h"
#include "server/store/schema.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

absl::StatusOr<int64_t> Count(Database& database, absl::string_view table) {
  Statement row = database.Prepare(absl::StrCat("SELECT count(*) FROM ", table));
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? row.Integer(0) : 0;
}

// Brings a copy of the backup to this program's format and counts what is in it.
absl::StatusOr<Restored> Prepare(const std::string& file) {
  {
    LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(file));
    LATIMER_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(*database));
    if (version == 0) {
      return Error(absl::StatusCode::kFailedPrecondition, "NOT_A_STORE", "the file is no backup of a Latimer server")
          .ToStatus();
    }
    LATIMER_RETURN_IF_ERROR(RefuseNewerSchema(*database));
    LATIMER_RETURN_IF_ERROR(database->CheckIntegrity());
    LATIMER_RETURN_IF_ERROR(MigrateSchema(*database));
  }
  Restored restored;
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(file));
  LATIMER_ASSIGN_OR_RETURN(restored.agents, Count(*database, "agents"));
  LATIMER_ASSIGN_OR_RETURN(restored.campaigns, Count(*database, "campaigns"));
  LATIMER_ASSIGN_OR_RETURN(restored.measurements, Count(*database, "measurements"));
  LATIMER_ASSIGN_OR_RETURN(restored.model_versions, Count(*database, "model_versions"));
  LATIMER_RETURN_IF_ERROR(database->Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return restored;
}

absl::Status FileError(const fs::path& file, const std::error_code& error) {
  if (error == std::errc::no_space_on_device || error == std::errc::file_too_large) {
    return ResourceExhausted("DISK_FULL", absl::StrCat(file.string(), ": ", error.message()));
  }
  return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
               absl::StrCat(file.string(), ": ", error.message()));
}

void Sync(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

void Remove(const std::string& file) {
  std::error_code ignored;
  for (const char* suffix : kSuffixes) fs::remove(file + suffix, ignored);
}

}  // namespace

absl::StatusOr<Restored> RestoreStore(const std::string& backup, const std::string& data_folder, int64_t now_ms) {
  std::error_code error;
  if (!fs::is_regular_file(backup, error)) {
    return NotFound("NO_BACKUP", absl::StrCat("there is no file ", backup)).ToStatus();
  }
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, FolderLock::Take(data_folder));
  const std::string file = StoreFile(data_folder);
  const std::string incoming = file + ".incoming";
  Remove(incoming);
  fs::copy_file(backup, incoming, error);
  if (error) return FileError(incoming, error);
  absl::StatusOr<Restored> restored = Prepare(incoming);
  if (!restored.ok()) {
    Remove(incoming);
    return Annotate(restored.status(), backup);
  }
  Sync(incoming);
  if (fs::exists(file, error)) {
    restored->kept = absl::StrCat(file, ".before-", now_ms);
    for (const char* suffix : kSuffixes) {
      if (!fs::exists(file + suffix, error)) continue;
      fs::rename(file + suffix, restored->kept + suffix, error);
      if (error) return FileError(file + suffix, error);
    }
  }
  fs::rename(incoming, file, error);
  if (error) return FileError(file, error);
  Sync(data_folder);
  return restored;
}

}  // namespace latimer::server
