// Puts a backup in the place of a server's database.
#ifndef LATIMER_SERVER_STORE_RESTORE_H_
#define LATIMER_SERVER_STORE_RESTORE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace latimer::server {

struct Restored {
  int64_t agents = 0;
  int64_t campaigns = 0;
  int64_t measurements = 0;
  int64_t model_versions = 0;
  std::string kept;  // where the database is that was there before; empty: there was none
};

// `backup` is checked before anything is changed; a database that is there is kept under another name. Errors:
// NOT_FOUND (no such file), DATA_LOSS (damaged), FAILED_PRECONDITION (of a newer program, or no store at all),
// UNAVAILABLE (a server uses the folder, or it cannot be written), RESOURCE_EXHAUSTED (the disk is full).
absl::StatusOr<Restored> RestoreStore(const std::string& backup, const std::string& data_folder, int64_t now_ms);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STORE_RESTORE_H_
