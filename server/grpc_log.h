// What gRPC itself reports, as lines of our log.
#ifndef LATIMER_SERVER_GRPC_LOG_H_
#define LATIMER_SERVER_GRPC_LOG_H_

#include <cstdint>

#include "server/log.h"

namespace latimer::server {

// For programs: from here on errors of gRPC go to `logger`, which outlives the process's use of gRPC, instead of raw
// text to stderr, and protobuf's complaints about what clients send go nowhere. Connections that do not get through TLS
// are told apart and counted; each kind of line is logged at most once a second.
void TakeGrpcLog(Logger* logger);

// Connections that failed the TLS handshake since then: plain text, unknown certificates, none at all.
int64_t TlsHandshakeFailures();

}  // namespace latimer::server

#endif  // LATIMER_SERVER_GRPC_LOG_H_
