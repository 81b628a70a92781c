// How many connections a port of this process has.
#ifndef LATIMER_SERVER_METRICS_CONNECTIONS_H_
#define LATIMER_SERVER_METRICS_CONNECTIONS_H_

#include <cstdint>
#include <istream>

namespace latimer::server {

// Connections to the local TCP port that are open, idle ones and those in the middle of a handshake included; IPv4 and
// IPv6. Asks the kernel: gRPC tells nobody of connections without calls.
int64_t OpenConnections(int port);

// The part of it that reads: lines as in /proc/net/tcp.
int64_t CountEstablished(std::istream& table, int port);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_CONNECTIONS_H_
