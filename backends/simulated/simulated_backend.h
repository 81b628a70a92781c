// Back end "simulated:<board>": see board.h. SIMULATED, and says so in its fingerprint.
#ifndef LATIMER_BACKENDS_SIMULATED_SIMULATED_BACKEND_H_
#define LATIMER_BACKENDS_SIMULATED_SIMULATED_BACKEND_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "backends/backend.h"
#include "backends/simulated/board.h"

namespace latimer::simulated {

struct SimulatedOptions {
  std::string board;
  uint64_t seed = 1;  // of the noise; the same seed gives the same times
  bool noise = true;
};

// Errors: NOT_FOUND for an unknown board, listing those there are.
absl::StatusOr<std::unique_ptr<Backend>> CreateSimulatedBackend(const SimulatedOptions& options);

}  // namespace latimer::simulated

#endif  // LATIMER_BACKENDS_SIMULATED_SIMULATED_BACKEND_H_
