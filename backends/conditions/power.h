// Sensors of power on the board: INA226 and its kin (ZCU102), INA3221 (Jetson), as the kernel shows them.
#ifndef LATIMER_BACKENDS_CONDITIONS_POWER_H_
#define LATIMER_BACKENDS_CONDITIONS_POWER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace latimer {

// One rail. Power is read directly, or as voltage times current.
struct PowerRail {
  std::string name;  // "VDD_IN", "ina226_u79"
  std::string power_path;
  double watts_per_unit = 0;
  std::string volt_path;     // with `current_path`, where there is no `power_path`
  std::string current_path;  // millivolts and milliamperes
};

struct PowerSample {
  double watts = 0;  // of all rails that count
  std::map<std::string, double> rails;
};

// Reading takes 1 to 20 ms and runs on the processor, so never while a network is timed.
class PowerMeter {
 public:
  // Without rails where the board has no sensors. `root` is put before every path.
  static PowerMeter Find(const std::string& root);

  const std::vector<PowerRail>& rails() const { return rails_; }
  // nullopt: no rail can be read now.
  std::optional<PowerSample> Read() const;

 private:
  std::vector<PowerRail> rails_;
  std::string whole_;  // a rail that feeds the others: it alone is the board's power; empty: the sum is
};

struct PowerResult {
  double mean_watts = 0;
  double max_watts = 0;
  double idle_watts = 0;
  int samples = 0;
  std::map<std::string, double> rail_watts;
};

// Samples for `seconds` while `run` is called again and again, after a moment of rest for the idle power. Errors: those
// of `run`; UNAVAILABLE where no sample could be read.
absl::StatusOr<PowerResult> MeasurePower(const PowerMeter& meter, double seconds,
                                         const std::function<absl::Status()>& run);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_CONDITIONS_POWER_H_
