// ImportDesk: people who bring reports of toolchains and wait for the model that comes of them.
#ifndef LATIMER_SERVER_CAMPAIGN_IMPORT_DESK_H_
#define LATIMER_SERVER_CAMPAIGN_IMPORT_DESK_H_

#include <functional>
#include <map>

#include "core/base/mutex.h"
#include "server/campaign/refitter.h"
#include "server/campaign/report_import.h"
#include "server/catalog_source.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

// Reads on a thread of its own, so that large files delay neither boards nor estimates. Safe for concurrent use.
class ImportDesk {
 public:
  ImportDesk(Store* store, Refitter* refitter, CatalogSource* source, const ImportLimits& limits)
      : store_(store), refitter_(refitter), source_(source), limits_(limits), executor_(std::chrono::hours(1), [] {}) {}

  // `request` lives until `done` is called: once, from any thread, after the fit.
  using Done = std::function<void(const absl::Status&, v1::ImportReportsResponse)>;
  void Import(const v1::ImportReportsRequest* request, const Done& done);

  // The server stops: everybody gets UNAVAILABLE.
  void Drain();

  // No order of a fit comes after this.
  void Stop() { executor_.Stop(); }

 private:
  struct Call {
    v1::ImportReportsResponse response;
    Done done;
  };
  // Stores what the request brings; true: a fit is wanted.
  absl::StatusOr<bool> Begin(const v1::ImportReportsRequest& request, v1::ImportReportsResponse* response);
  void Finish(int64_t call, const absl::StatusOr<RefitResult>& fit);

  Store* const store_;
  Refitter* const refitter_;
  CatalogSource* const source_;
  const ImportLimits limits_;
  Mutex mutex_;
  std::map<int64_t, Call> waiting_ ABSL_GUARDED_BY(mutex_);  // for a fit
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  SerialExecutor executor_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_IMPORT_DESK_H_
