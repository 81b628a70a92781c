#include "server/grpc_log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/clock.h"

namespace latimer::server {
namespace {

constexpr int64_t kPauseMs = 1000;

// gRPC takes a plain function, so what it needs is global.
std::atomic<Logger*> log_to{nullptr};
std::atomic<int64_t> tls_failures{0};
std::atomic<int64_t> tls_logged_ms{0};
std::atomic<int64_t> other_logged_ms{0};

bool TimeToLog(std::atomic<int64_t>& last) {
  const int64_t now = NowMs();
  int64_t before = last.load();
  return now - before >= kPauseMs && last.compare_exchange_strong(before, now);
}

// The words of OpenSSL for bytes that are no TLS at all: those of HTTP/2, HTTP/1, or anything else.
bool IsPlainText(absl::string_view message) {
  return absl::StrContains(message, "wrong version number") || absl::StrContains(message, "http request") ||
         absl::StrContains(message, "https proxy request") || absl::StrContains(message, "unknown protocol");
}

void TakeLine(gpr_log_func_args* line) {
  Logger* const logger = log_to.load();
  const absl::string_view message = line->message;
  if (absl::StrContains(message, "andshake failed") || absl::StrContains(message, "SSL_ERROR")) {
    ++tls_failures;
    if (TimeToLog(tls_logged_ms)) {
      LogTo(logger, LogLevel::kWarning, "TLS handshake failed",
            {{"why", IsPlainText(message) ? "the client speaks plain text; it needs TLS" : message}});
    }
    return;
  }
  if (line->severity >= GPR_LOG_SEVERITY_ERROR && TimeToLog(other_logged_ms)) {
    LogTo(logger, LogLevel::kWarning, "gRPC reports", {{"what", message}});
  }
}

}  // namespace

void TakeGrpcLog(Logger* logger) {
  log_to = logger;
  gpr_set_log_function(TakeLine);
  // What it says is about clients' bytes, and they are told.
  google::protobuf::SetLogHandler(nullptr);
}

int64_t TlsHandshakeFailures() { return tls_failures.load(); }

}  // namespace latimer::server
