#include "server/credentials.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    return NotFound("TLS_FILE_UNREADABLE", absl::StrCat("cannot read the ", what, " file ", path)).With("file", path);
  if (!absl::StrContains(text.str(), "-----BEGIN ")) {
    return InvalidArgument("TLS_FILE_NOT_PEM", absl::StrCat("the ", what, " file ", path, " is not in PEM format"))
        .With("file", path);
  }
  return text.str();
}

template <typename T, void (*free_function)(T*)>
struct Free {
  void operator()(T* object) const { free_function(object); }
};
using X509Ptr = std::unique_ptr<X509, Free<X509, X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;

// gRPC finds out at the first handshake only, and then logs to nobody; a wrong pair should stop the start.
absl::Status CheckPair(const std::string& certificate, const std::string& key, const TlsOptions& tls) {
  BIO* certificate_bytes = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
  BIO* key_bytes = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  const X509Ptr x509(PEM_read_bio_X509(certificate_bytes, nullptr, nullptr, nullptr));
  const KeyPtr private_key(PEM_read_bio_PrivateKey(key_bytes, nullptr, nullptr, nullptr));
  BIO_free(certificate_bytes);
  BIO_free(key_bytes);
  if (x509 == nullptr) {
    return InvalidArgument("TLS_BAD_CERTIFICATE", absl::StrCat(tls.certificate_file, " holds no certificate"));
  }
  if (private_key == nullptr) {
    return InvalidArgument("TLS_BAD_KEY", absl::StrCat(tls.key_file, " holds no private key without a password"));
  }
  if (X509_check_private_key(x509.get(), private_key.get()) != 1) {
    return InvalidArgument(
        "TLS_KEY_MISMATCH",
        absl::StrCat("the key in ", tls.key_file, " is not that of the certificate in ", tls.certificate_file));
  }
  return absl::OkStatus();
}

// gRPC would refuse it without saying which file is at fault.
absl::Status CheckAuthority(const std::string& authority, const TlsOptions& tls) {
  BIO* bytes = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  const X509Ptr x509(PEM_read_bio_X509(bytes, nullptr, nullptr, nullptr));
  BIO_free(bytes);
  if (x509 == nullptr) {
    return InvalidArgument("TLS_BAD_CERTIFICATE", absl::StrCat(tls.client_ca_file, " holds no certificate"));
  }
  return absl::OkStatus();
}

}  // namespace

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

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const ServerOptions& options) {
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
  LATIMER_ASSIGN_OR_RETURN(const std::string certificate, ReadPem("certificate", tls.certificate_file));
  LATIMER_ASSIGN_OR_RETURN(const std::string key, ReadPem("key", tls.key_file));
  LATIMER_RETURN_IF_ERROR(CheckPair(certificate, key, tls));
  grpc::SslServerCredentialsOptions ssl(tls.client_ca_file.empty()
                                            ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                            : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  ssl.pem_key_cert_pairs.push_back({key, certificate});
  if (!tls.client_ca_file.empty()) {
    LATIMER_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem("client authority", tls.client_ca_file));
    LATIMER_RETURN_IF_ERROR(CheckAuthority(ssl.pem_root_certs, tls));
  }
  return grpc::SslServerCredentials(ssl);
}

}  // namespace latimer::server
