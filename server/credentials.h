// How the server proves itself, and whom it lets in.
#ifndef LATIMER_SERVER_CREDENTIALS_H_
#define LATIMER_SERVER_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/certificate_files.h"
#include "server/server_options.h"

namespace latimer::server {

// Credentials as the options want them. With TLS `certificates` gets the files they come from; keep it as long as new
// connections are welcome. Errors: INVALID_ARGUMENT (a key without a certificate, a file that is no PEM, a
// key of another certificate), NOT_FOUND (a file that cannot be read), FAILED_PRECONDITION (a reachable address without
// TLS and without `insecure`).
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerOptions& options, std::unique_ptr<CertificateFiles>* certificates);

// Whether only this machine can reach the address ("127.0.0.1:…", "localhost:…", "[::1]:…", "unix:…").
bool IsLoopback(absl::string_view address);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CREDENTIALS_H_
