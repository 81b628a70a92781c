// Campaigns on a simulated board without server and agents: every planned measurement is taken from the simulator.
#ifndef LATIMER_TESTS_ACCURACY_CHOOSING_SIMULATED_CAMPAIGN_H_
#define LATIMER_TESTS_ACCURACY_CHOOSING_SIMULATED_CAMPAIGN_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "backends/simulated/board.h"
#include "core/benchmark/plan.h"
#include "core/benchmark/random.h"
#include "core/fitting/fit_platform.h"
#include "latimer/v1/network.pb.h"

namespace latimer {

class SimulatedCampaign {
 public:
  SimulatedCampaign(simulated::Board board, uint64_t seed) : board_(std::move(board)), random_(seed) {}

  // As an agent does: times with the board's noise.
  absl::Status Measure(const std::vector<benchmark::PlannedMeasurement>& planned);
  absl::StatusOr<fitting::FitResult> Fit() const;

  size_t measurements() const { return results_.size(); }
  const absl::flat_hash_set<std::string>& keys() const { return keys_; }
  // Without noise.
  double TrueSeconds(const Network& network) const;

 private:
  // A run with noise, as the median of a few is.
  double Measured(const Network& network, double spread);
  // The same of a beginning of an excerpt, as what runs it simplifies it.
  absl::Status MeasureCut(const benchmark::PlannedMeasurement& cut);

  struct Result {
    benchmark::MeasurementKind kind;
    std::string name;
    v1::Network network;  // subject of a padded model, or what was run
    double seconds = 0;
    std::string onnx = {};  // of cuts; instead of `network`
    double spread = 0;      // of cuts
  };
  const simulated::Board board_;
  benchmark::Random random_;
  absl::flat_hash_set<std::string> keys_;
  std::vector<Result> results_;
};

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_CHOOSING_SIMULATED_CAMPAIGN_H_
