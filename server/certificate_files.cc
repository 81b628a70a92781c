#include "server/certificate_files.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

// How often gRPC looks at what was checked, in seconds.
constexpr unsigned kProviderSeconds = 1;

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) {
    return NotFound("TLS_FILE_UNREADABLE", absl::StrCat("cannot read the ", what, " file ", path)).With("file", path);
  }
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

absl::StatusOr<X509Ptr> ParseCertificate(const std::string& pem, const std::string& path) {
  BIO* bytes = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509Ptr x509(PEM_read_bio_X509(bytes, nullptr, nullptr, nullptr));
  BIO_free(bytes);
  if (x509 == nullptr) return InvalidArgument("TLS_BAD_CERTIFICATE", absl::StrCat(path, " holds no certificate"));
  return x509;
}

// gRPC finds out at the first handshake only, and then logs to nobody; a wrong pair should stop the start.
absl::Status CheckKey(X509* certificate, const std::string& key, const TlsOptions& tls) {
  BIO* bytes = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  const KeyPtr private_key(PEM_read_bio_PrivateKey(bytes, nullptr, nullptr, nullptr));
  BIO_free(bytes);
  if (private_key == nullptr) {
    return InvalidArgument("TLS_BAD_KEY", absl::StrCat(tls.key_file, " holds no private key without a password"));
  }
  if (X509_check_private_key(certificate, private_key.get()) != 1) {
    return InvalidArgument(
        "TLS_KEY_MISMATCH",
        absl::StrCat("the key in ", tls.key_file, " is not that of the certificate in ", tls.certificate_file));
  }
  return absl::OkStatus();
}

int64_t ExpiryOf(const X509* certificate) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
  return timegm(&time);
}

std::string PathOf(int descriptor) { return absl::StrCat("/proc/self/fd/", descriptor); }

// Makes `descriptor`, if there is one already, stand for a new file in memory: who opens it by its number gets the old
// contents or the new ones, and nothing between.
absl::Status Put(const std::string& contents, int* descriptor) {
  const int fresh = memfd_create("latimer-tls", MFD_CLOEXEC);
  size_t written = 0;
  while (fresh >= 0 && written < contents.size()) {
    const ssize_t step = write(fresh, contents.data() + written, contents.size() - written);
    if (step <= 0) break;
    written += static_cast<size_t>(step);
  }
  if (fresh < 0 || written < contents.size()) {
    if (fresh >= 0) close(fresh);
    return ResourceExhausted("TLS_NO_MEMORY", "there is no memory or no file left for the TLS certificate");
  }
  if (*descriptor < 0) {
    *descriptor = fresh;
    return absl::OkStatus();
  }
  const int put = dup3(fresh, *descriptor, O_CLOEXEC);
  close(fresh);
  return put >= 0 ? absl::OkStatus() : ResourceExhausted("TLS_NO_MEMORY", "the TLS certificate cannot be replaced");
}

}  // namespace

absl::StatusOr<CertificateFiles::Contents> CertificateFiles::Read(const TlsOptions& tls) {
  Contents contents;
  LATIMER_ASSIGN_OR_RETURN(contents.certificate, ReadPem("certificate", tls.certificate_file));
  LATIMER_ASSIGN_OR_RETURN(contents.key, ReadPem("key", tls.key_file));
  LATIMER_ASSIGN_OR_RETURN(const X509Ptr certificate, ParseCertificate(contents.certificate, tls.certificate_file));
  LATIMER_RETURN_IF_ERROR(CheckKey(certificate.get(), contents.key, tls));
  contents.expiry = ExpiryOf(certificate.get());
  if (!tls.client_ca_file.empty()) {
    LATIMER_ASSIGN_OR_RETURN(contents.client_authority, ReadPem("client authority", tls.client_ca_file));
    LATIMER_RETURN_IF_ERROR(ParseCertificate(contents.client_authority, tls.client_ca_file).status());
  }
  return contents;
}

absl::StatusOr<std::unique_ptr<CertificateFiles>> CertificateFiles::Watch(const TlsOptions& tls, Logger* logger) {
  LATIMER_ASSIGN_OR_RETURN(const Contents contents, Read(tls));
  std::unique_ptr<CertificateFiles> files(new CertificateFiles(tls, logger));
  LATIMER_RETURN_IF_ERROR(files->Use(contents));
  files->thread_ = std::thread([raw = files.get()] { raw->Look(); });
  return files;
}

CertificateFiles::~CertificateFiles() {
  {
    MutexLock lock(&mutex_);
    ending_ = true;
  }
  wake_.SignalAll();
  if (thread_.joinable()) thread_.join();
  for (const int descriptor : {certificate_, key_, authority_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

absl::Status CertificateFiles::Use(const Contents& contents) {
  LATIMER_RETURN_IF_ERROR(Put(contents.key, &key_));
  LATIMER_RETURN_IF_ERROR(Put(contents.certificate, &certificate_));
  if (!contents.client_authority.empty()) {
    LATIMER_RETURN_IF_ERROR(Put(contents.client_authority, &authority_));
  }
  used_ = contents;
  expiry_ = contents.expiry;
  return absl::OkStatus();
}

std::shared_ptr<grpc::experimental::CertificateProviderInterface> CertificateFiles::MakeProvider() const {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      PathOf(key_), PathOf(certificate_), authority_ < 0 ? "" : PathOf(authority_), kProviderSeconds);
}

void CertificateFiles::Look() {
  MutexLock lock(&mutex_);
  while (!ending_) {
    wake_.WaitFor(&mutex_, tls_.reload);
    if (!ending_) LookAgain();
  }
}

void CertificateFiles::LookAgain() {
  const absl::StatusOr<Contents> contents = Read(tls_);
  absl::Status status = contents.status();
  if (contents.ok()) {
    if (contents->certificate == used_.certificate && contents->key == used_.key &&
        contents->client_authority == used_.client_authority) {
      refused_.clear();
      return;
    }
    status = Use(*contents);
  }
  if (status.ok()) {
    refused_.clear();
    LogTo(logger_, LogLevel::kInfo, "TLS files read again", {{"expiry", used_.expiry}});
  } else if (const std::string why(status.message()); why != refused_) {
    refused_ = why;
    LogTo(logger_, LogLevel::kError, "new TLS files not taken, the old ones serve on", {{"error", why}});
  }
}

}  // namespace latimer::server
