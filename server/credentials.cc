#include "server/credentials.h"

#include <arpa/inet.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {

bool IsLoopback(absl::string_view address) {
  if (absl::StartsWith(address, "localhost:") || absl::StartsWith(address, "[::1]:") ||
      absl::StartsWith(address, "unix:")) {
    return true;
  }
  // 127.0.0.0/8 as numbers: "127.0.0.1.example" is a name, and may lead anywhere.
  const std::string host(address.substr(0, address.rfind(':')));
  in_addr numeric;
  return inet_pton(AF_INET, host.c_str(), &numeric) == 1 && absl::StartsWith(host, "127.");
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ServerOptions& options, std::unique_ptr<CertificateFiles>* certificates) {
  const TlsOptions& tls = options.tls;
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return InvalidArgument("TLS_INCOMPLETE", "TLS needs both a certificate (--tls-cert) and its key (--tls-key)");
  }
  if (tls.certificate_file.empty()) {
    if (!tls.client_ca_file.empty()) {
      return InvalidArgument("TLS_INCOMPLETE", "--tls-client-ca needs TLS: give --tls-cert and --tls-key");
    }
    if (!IsLoopback(options.listen_address) && !options.insecure) {
      return Error(absl::StatusCode::kFailedPrecondition, "PLAINTEXT_REFUSED",
                   absl::StrCat("other machines can reach ", options.listen_address,
                                ", and there is no TLS; give --tls-cert "
                                "and --tls-key, or --insecure if the network is trusted"))
          .ToStatus();
    }
    return grpc::InsecureServerCredentials();
  }
  LATIMER_ASSIGN_OR_RETURN(*certificates, CertificateFiles::Watch(tls, options.logger));
  grpc::experimental::TlsServerCredentialsOptions wanted((*certificates)->MakeProvider());
  wanted.watch_identity_key_cert_pairs();
  if (!tls.client_ca_file.empty()) {
    wanted.watch_root_certs();
    wanted.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(wanted);
}

}  // namespace latimer::server
