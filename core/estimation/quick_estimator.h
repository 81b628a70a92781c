// Estimates of compact networks straight from the request's bytes: what a search asks, thousands of times a second.
//
// The answer is bit by bit that of ReadNetwork() and EstimateNetwork(), at a tenth of the cost: layers and execution
// units that were met before are numbers with their times beside them. Whatever is out of the ordinary (an error, a
// network that simplification changes, names beyond ASCII) is left to those two.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_ESTIMATOR_H_
#define LATIMER_CORE_ESTIMATION_QUICK_ESTIMATOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/estimation/estimator.h"
#include "core/model/platform_model.h"
#include "core/network/import_options.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// Safe for concurrent use. Each processor works with tables of its own, so that requests do not wait for each other;
// memory is bounded by `max_entries` over all of them, at about a kilobyte each: full tables are emptied.
class QuickEstimator {
 public:
  // `desks`: requests that are answered at one time, at least 1.
  QuickEstimator(const ImportLimits& limits, size_t max_entries, size_t desks = 4);
  ~QuickEstimator();

  // What a caller may want to know beside the estimate.
  struct Extras {
    UnitMemo* memo = nullptr;             // for models that no table here serves
    uint64_t* structural_hash = nullptr;  // of the network as EstimateNetwork() would see it
  };

  // `network`: a serialised latimer.v1.Network; batch size and display name as in NetworkSource. False: not a network
  // for this way, `result` is then in no particular state. `settings` must be valid.
  bool Estimate(absl::string_view network, int64_t batch_size, absl::string_view display_name,
                const PlatformModel& platform, const EstimateSettings& settings, const Extras& extras,
                v1::NetworkEstimate* result);

  struct Statistics {
    int64_t networks = 0;  // answered
    int64_t refused = 0;   // left to others
    int64_t hits = 0;      // units known
    int64_t misses = 0;
    int64_t entries = 0;  // layers and units remembered
  };
  Statistics statistics() const;

 private:
  class Desk;
  struct Request;

  // The network to estimate by the general way, where its platform asks for it.
  std::optional<Network> Serve(const Request& request, bool* done);

  const ImportLimits limits_;
  std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_ESTIMATOR_H_
