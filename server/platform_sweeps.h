// Sweeps: one layer at many sizes of one dimension, as measured and as the models of a platform see it.
#ifndef LATIMER_SERVER_PLATFORM_SWEEPS_H_
#define LATIMER_SERVER_PLATFORM_SWEEPS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/mutex.h"
#include "core/benchmark/smart_padding.h"
#include "latimer/v1/platform_service.pb.h"
#include "server/catalog.h"
#include "server/store/store.h"

namespace latimer::server {

// A layer, and its time where it was measured.
struct SweepSubject {
  const Network* network = nullptr;  // of one layer; others are left out
  std::optional<benchmark::TimeInterval> seconds;
};

// Finds the subjects that differ in one dimension only and that are at least five; no other knowledge of the plan is
// needed, so that measurements of any campaign count. Those with the most measured points come first.
std::vector<v1::Sweep> FindSweeps(absl::Span<const SweepSubject> subjects, const PlatformModel& platform);

// Answers ListSweeps; remembers the sweeps of each platform until its model or its measurements change. Safe for
// concurrent use.
class SweepLister {
 public:
  // `store` may be null: nothing was measured here. Errors as in PlatformService.
  absl::StatusOr<v1::ListSweepsResponse> List(const Catalog& catalog, Store* store,
                                              const v1::ListSweepsRequest& request);

 private:
  struct Remembered {
    uint64_t model = 0;
    int64_t results = 0;
    std::shared_ptr<const std::vector<v1::Sweep>> sweeps;
  };

  Mutex mutex_;
  std::map<std::string, Remembered> remembered_ ABSL_GUARDED_BY(mutex_);  // by platform
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_PLATFORM_SWEEPS_H_
