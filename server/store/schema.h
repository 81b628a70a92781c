// Tables of the store and how old files become new ones.
#ifndef LATIMER_SERVER_STORE_SCHEMA_H_
#define LATIMER_SERVER_STORE_SCHEMA_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace latimer::server {

inline constexpr int kSchemaVersion = 3;

// 0 for a new file.
absl::StatusOr<int> SchemaVersionOf(Database& database);

// FAILED_PRECONDITION for a file of a newer program.
absl::Status RefuseNewerSchema(Database& database);

// Brings the file to kSchemaVersion, each step in its own transaction. Errors: as RefuseNewerSchema.
absl::Status MigrateSchema(Database& database);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STORE_SCHEMA_H_
