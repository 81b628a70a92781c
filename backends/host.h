// Facts about the machine this process runs on, as far as it exposes them.
#ifndef LATIMER_BACKENDS_HOST_H_
#define LATIMER_BACKENDS_HOST_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace latimer {

// Lasting facts for a fingerprint: "architecture", "cpu", "cpus", "kernel".
std::map<std::string, std::string> HostFacts();

// What changes from run to run; absent where the machine does not say.
struct HostConditions {
  std::optional<std::string> governor;
  std::optional<double> clock_mhz;            // mean over the processors this process may use
  std::optional<double> temperature_celsius;  // hottest thermal zone
  std::optional<double> load_average;         // over one minute
};
HostConditions ReadHostConditions();

// Restricts this process to the given processors. FAILED_PRECONDITION where the system refuses.
absl::Status PinToCpus(const std::vector<int>& cpus);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_HOST_H_
