// Tokens, credentials and ids nobody can guess.
#ifndef LATIMER_SERVER_FLEET_SECRETS_H_
#define LATIMER_SERVER_FLEET_SECRETS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latimer::server {

// How secrets begin, so that people and the server tell them apart.
inline constexpr absl::string_view kEnrolmentPrefix = "latimer-token-";
inline constexpr absl::string_view kAgentPrefix = "latimer-agent-";
inline constexpr absl::string_view kClientPrefix = "latimer-client-";

// `prefix` and 32 random bytes in hexadecimal, from the system's generator.
std::string NewSecret(absl::string_view prefix);

// 12 hexadecimal digits; for names, not for secrets.
std::string NewId();

// SHA-256 in hexadecimal. Secrets are random and long, so a plain hash keeps them.
std::string HashSecret(absl::string_view secret);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_SECRETS_H_
