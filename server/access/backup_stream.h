// Sends a copy of the store.
#ifndef LATIMER_SERVER_ACCESS_BACKUP_STREAM_H_
#define LATIMER_SERVER_ACCESS_BACKUP_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "latimer/v1/admin_service.pb.h"
#include "server/access/access_control.h"
#include "server/log.h"
#include "server/store/store.h"

namespace latimer::server {

struct BackupOrder {
  const Store* store = nullptr;
  std::string file;                       // where the copy is made; removed at the end
  std::atomic<bool>* busy = nullptr;      // true while a backup runs
  std::atomic<bool>* draining = nullptr;  // true: stop
  Logger* logger = nullptr;
  StreamPass pass;
};

// The copy is made and read on a thread of the stream's own, one part in memory at a time: a slow reader makes it wait.
// Not OK: the call ends with this. The reactor deletes itself; everything in the order outlives it.
grpc::ServerWriteReactor<v1::BackupResponse>* StartBackup(BackupOrder order, const absl::Status& refused);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_BACKUP_STREAM_H_
