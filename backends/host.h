// Facts about the machine this process runs on, as far as it exposes them.
#ifndef LATIMER_BACKENDS_HOST_H_
#define LATIMER_BACKENDS_HOST_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "backends/conditions/board_state.h"

namespace latimer {

// Lasting facts for a fingerprint: "architecture", "cpu", "cpus", "kernel", and where the board has them "governor" and
// "power_mode".
std::map<std::string, std::string> HostFacts();

// Where this board's files are: "" unless LATIMER_BOARD_ROOT names a folder that stands for another board's, for tests.
std::string BoardRoot();

// The board now, with the clocks of the processors this process may use.
BoardState ReadHostConditions();

// Restricts this process to the given processors. FAILED_PRECONDITION where the system refuses.
absl::Status PinToCpus(const std::vector<int>& cpus);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_HOST_H_
