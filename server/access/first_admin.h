// How the first administrator gets in.
#ifndef LATIMER_SERVER_ACCESS_FIRST_ADMIN_H_
#define LATIMER_SERVER_ACCESS_FIRST_ADMIN_H_

#include <string>

#include "absl/status/status.h"
#include "server/access/access_control.h"
#include "server/log.h"

namespace latimer::server {

// Where nobody could do what administrators do, adds a client "admin" and writes its token to "admin.token" in the
// folder, readable by the server's user alone. Errors: those of the store; UNAVAILABLE (the file cannot be written).
absl::Status GiveFirstAdmin(AccessControl& access, const std::string& folder, Logger* logger);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_FIRST_ADMIN_H_
