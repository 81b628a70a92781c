// MeasurementDesk: people who wait for a network to be measured.
//
// Everything here runs on the fleet's SerialExecutor.
#ifndef LATIMER_SERVER_CAMPAIGN_MEASUREMENT_DESK_H_
#define LATIMER_SERVER_CAMPAIGN_MEASUREMENT_DESK_H_

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/network/import_options.h"
#include "latimer/v1/measurement_service.pb.h"
#include "server/catalog_source.h"
#include "server/fleet/fleet.h"

namespace latimer::server {

class MeasurementDesk {
 public:
  MeasurementDesk(Store* store, Fleet* fleet, CatalogSource* source, const ImportLimits& limits)
      : store_(store), fleet_(fleet), source_(source), limits_(limits) {}

  // Puts what was measured before into the catalogue.
  absl::Status Resume();

  using Done = std::function<void(const absl::Status&, v1::MeasureNetworkResponse)>;
  // Orders the measurements; `done` is called once, when they are made or `gone` turns true (the caller went away or
  // its deadline passed). RESOURCE_EXHAUSTED where too many wait.
  void Measure(const v1::MeasureNetworkRequest& request, std::function<bool()> gone, Done done);

  void OnResult(const TaskRecord& task, const v1::Measurement& measurement);
  // Gives up what nobody waits for.
  void Tick();
  // The server stops: everybody gets UNAVAILABLE.
  void Drain();

 private:
  struct Order {
    v1::MeasureNetworkResponse response;
    std::vector<std::string> waiting;  // measurement ids
    size_t wanted = 0;
    std::function<bool()> gone;
    Done done;
  };
  // Checks the request; fills in what is known already and the tasks that are needed.
  absl::Status Begin(const v1::MeasureNetworkRequest& request, Order* order);

  Store* const store_;
  Fleet* const fleet_;
  CatalogSource* const source_;
  const ImportLimits limits_;
  std::list<Order> orders_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_MEASUREMENT_DESK_H_
