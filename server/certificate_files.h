// The server's certificate, its key and its clients' authority, as files that change while it runs.
//
// Certificates live for weeks, servers for months. The files are read again and again; new contents are checked and
// then used for new connections. Contents that are no good (a key that does not fit yet, half a file) are not taken,
// and what was good before is used on.
#ifndef LATIMER_SERVER_CERTIFICATE_FILES_H_
#define LATIMER_SERVER_CERTIFICATE_FILES_H_

#include <grpcpp/security/tls_certificate_provider.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "server/log.h"
#include "server/server_options.h"

namespace latimer::server {

class CertificateFiles {
 public:
  // Contents of the files, checked.
  struct Contents {
    std::string certificate;
    std::string key;
    std::string client_authority;  // empty: clients need no certificate
    int64_t expiry = 0;            // of the first certificate: seconds since 1970-01-01 UTC
  };
  // Errors: INVALID_ARGUMENT (no PEM, no certificate, a key of another one), NOT_FOUND (a file that cannot be read).
  static absl::StatusOr<Contents> Read(const TlsOptions& tls);

  // Reads the files and goes on watching them. The logger may be null. Errors: as Read(); RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<CertificateFiles>> Watch(const TlsOptions& tls, Logger* logger);
  ~CertificateFiles();
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;

  // What gRPC asks. It may outlive this, and then has nothing new to say.
  std::shared_ptr<grpc::experimental::CertificateProviderInterface> MakeProvider() const;

  // When the certificate in use ends to be valid, in seconds since 1970-01-01 UTC. Safe from any thread.
  int64_t expiry() const { return expiry_.load(); }

 private:
  CertificateFiles(TlsOptions tls, Logger* logger) : tls_(std::move(tls)), logger_(logger) {}
  absl::Status Use(const Contents& contents);
  void Look();
  void LookAgain();

  const TlsOptions tls_;
  Logger* const logger_;
  // Files in memory; gRPC's provider can only read files, and must not read those that nobody has checked.
  int certificate_ = -1;
  int key_ = -1;
  int authority_ = -1;
  Contents used_;        // of the watching thread, once it runs
  std::string refused_;  // why the newest contents were not taken; logged once
  std::atomic<int64_t> expiry_{0};
  Mutex mutex_;
  CondVar wake_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CERTIFICATE_FILES_H_
