// Keeps a replica's catalogue up to date with what another server, the one that leads the boards, writes into its data
// folder: fitted models and measurements of networks. Reads only.
#ifndef LATIMER_SERVER_MODEL_FOLLOWER_H_
#define LATIMER_SERVER_MODEL_FOLLOWER_H_

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "server/catalog_source.h"
#include "server/log.h"
#include "server/store/database.h"

namespace latimer::server {

class ModelFollower {
 public:
  // Reads what is there and looks for changes several times a second from then on, in a thread of its own. The folder's
  // file may be made later. `source` and `logger` (may be null) outlive this. Errors: those of the first reading.
  static absl::StatusOr<std::unique_ptr<ModelFollower>> Start(const std::string& data_dir, CatalogSource* source,
                                                              Logger* logger);
  ~ModelFollower();
  ModelFollower(const ModelFollower&) = delete;
  ModelFollower& operator=(const ModelFollower&) = delete;

 private:
  ModelFollower(std::string file, CatalogSource* source, Logger* logger)
      : file_(std::move(file)), source_(source), logger_(logger) {}

  void Run();
  absl::Status Look();
  absl::Status ReadModels();
  absl::Status ReadMeasured();

  const std::string file_;
  CatalogSource* const source_;
  Logger* const logger_;
  // The thread's.
  std::unique_ptr<Database> database_;           // null: not there yet
  int64_t data_version_ = -1;                    // SQLite's: changes with every commit of others
  std::map<std::string, std::string> versions_;  // of the models that answer, by platform
  bool measured_due_ = false;
  std::chrono::steady_clock::time_point measured_not_before_;
  int64_t newest_ms_ = 0;               // of the measurements read
  std::set<std::string> of_newest_ms_;  // ids of those
  std::string last_error_;

  Mutex mutex_;
  CondVar stopping_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_MODEL_FOLLOWER_H_
