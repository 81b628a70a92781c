// Who may call a server and how much.
#ifndef LATIMER_SERVER_ACCESS_ACCESS_OPTIONS_H_
#define LATIMER_SERVER_ACCESS_ACCESS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace latimer::server {

// Each includes those before it; see latimer.v1.Role.
enum class Role : uint8_t { kNone, kEstimate, kOperate, kAdmin };

struct AccessOptions {
  // What callers without a token and without a named certificate may do. Empty: everything where only this machine can
  // reach the server; elsewhere nothing, or to estimate if there is no data folder, which is all such a server does.
  std::optional<Role> anonymous;
  // What clients may do by the common name of their certificate (mutual TLS); "*": any other certificate.
  std::vector<std::pair<std::string, Role>> certificate_roles;

  // Of one client. 0: any number.
  double requests_per_second = 0;  // also messages on streams
  double bytes_per_second = 0;     // of requests
  int streams = 256;               // at one time

  // Of one request or message of a stream, whoever sends it; negative: any size.
  int64_t most_request_bytes = -1;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_ACCESS_OPTIONS_H_
