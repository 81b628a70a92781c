// The file as a whole: opened, brought up to date, copied.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/schema.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

constexpr absl::string_view kInMemory = ":memory:";

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& path) {
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path));
  LATIMER_RETURN_IF_ERROR(RefuseNewerSchema(*database));
  LATIMER_RETURN_IF_ERROR(database->CheckIntegrity());
  LATIMER_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(*database));
  if (version > 0 && version < kSchemaVersion) {
    // The way back, should the new program not do.
    const std::string copy = absl::StrCat(path, ".v", version);
    std::remove(copy.c_str());
    LATIMER_RETURN_IF_ERROR(database->CopyTo(copy, [] { return false; }));
  }
  LATIMER_RETURN_IF_ERROR(MigrateSchema(*database));
  return std::unique_ptr<Store>(new Store(path, std::move(database)));
}

absl::Status Store::BackUp(const std::string& path, const std::function<bool()>& stopped) const {
  if (path_ == kInMemory) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_IN_MEMORY", "a store in memory has no backup");
  }
  // A connection of its own: readers do not hold up the one that writes.
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Database> reader, Database::Open(path_));
  LATIMER_RETURN_IF_ERROR(reader->CopyTo(path, stopped));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Database> copy, Database::Open(path));
  LATIMER_RETURN_IF_ERROR(copy->CheckIntegrity());
  return copy->Execute("PRAGMA journal_mode=DELETE");
}

}  // namespace latimer::server
