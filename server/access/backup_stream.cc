#include "server/access/backup_stream.h"

#include <openssl/evp.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "server/clock.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr size_t kPartBytes = 256 << 10;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

class BackupReactor final : public grpc::ServerWriteReactor<v1::BackupResponse> {
 public:
  BackupReactor(BackupOrder order, const absl::Status& refused) : order_(std::move(order)) {
    if (!refused.ok()) {
      Finish(ToGrpcStatus(refused));
      return;
    }
    if (order_.busy->exchange(true)) {
      Finish(ToGrpcStatus(
          WithRetryDelay(ResourceExhausted("BACKUP_RUNNING", "another backup is being made; one at a time"),
                         std::chrono::seconds(5))));
      return;
    }
    thread_ = std::thread([this] { Run(); });
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    gone_ = gone_ || !ok;
    changed_.Signal();
  }

  void OnCancel() override {
    MutexLock lock(&mutex_);
    gone_ = true;
    changed_.Signal();
  }

  void OnDone() override {
    // The thread called Finish() as its last act.
    if (thread_.joinable()) thread_.join();
    delete this;
  }

 private:
  void Run() {
    const int64_t start_ms = NowMs();
    const absl::Status status = RunGuarded([this] { return CopyAndSend(); });
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(order_.file + suffix, ignored);
    if (status.ok()) {
      LogTo(order_.logger, LogLevel::kInfo, "backup sent", {{"bytes", total_}, {"duration_ms", NowMs() - start_ms}});
    } else {
      LogTo(order_.logger, LogLevel::kWarning, "backup failed", {{"error", status.message()}});
    }
    // Who hears the end may ask for the next one at once.
    order_.busy->store(false);
    order_.pass = StreamPass();
    Finish(ToGrpcStatus(status));
  }

  bool Stopped() {
    MutexLock lock(&mutex_);
    return gone_ || order_.draining->load();
  }

  absl::Status CopyAndSend() {
    LATIMER_RETURN_IF_ERROR(order_.store->BackUp(order_.file, [this] { return Stopped(); }));
    std::error_code error;
    total_ = static_cast<int64_t>(std::filesystem::file_size(order_.file, error));
    std::ifstream in(order_.file, std::ios::binary);
    if (error || !in) return absl::UnavailableError("the copy cannot be read");
    v1::BackupResponse part;
    part.set_total_bytes(total_);
    LATIMER_RETURN_IF_ERROR(Send(part));
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    std::vector<char> bytes(kPartBytes);
    for (int64_t sent = 0; sent < total_;) {
      in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      const std::streamsize count = in.gcount();
      if (count <= 0) return absl::UnavailableError("the copy cannot be read");
      EVP_DigestUpdate(digest.get(), bytes.data(), static_cast<size_t>(count));
      part.set_data(bytes.data(), static_cast<size_t>(count));
      LATIMER_RETURN_IF_ERROR(Send(part));
      sent += count;
    }
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(digest.get(), hash, &size);
    part.set_sha256(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size)));
    return Send(part);
  }

  // Returns when gRPC has taken the part.
  absl::Status Send(const v1::BackupResponse& part) {
    LATIMER_RETURN_IF_ERROR(order_.pass.Check());
    MutexLock lock(&mutex_);
    if (gone_) return absl::CancelledError("the caller went away");
    writing_ = true;
    StartWrite(&part);
    // Also where the call was cancelled: the write then ends soon, and uses the part until it does.
    while (writing_) changed_.Wait(&mutex_);
    if (gone_) return absl::CancelledError("the caller went away");
    if (order_.draining->load()) return absl::UnavailableError("the server is shutting down");
    return absl::OkStatus();
  }

  BackupOrder order_;
  int64_t total_ = 0;
  std::thread thread_;
  Mutex mutex_;
  CondVar changed_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerWriteReactor<v1::BackupResponse>* StartBackup(BackupOrder order, const absl::Status& refused) {
  return new BackupReactor(std::move(order), refused);
}

}  // namespace latimer::server
