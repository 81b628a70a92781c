#include "agent/engine/conditions.h"

#include "agent/runner/failure.h"
#include "backends/host.h"

namespace latimer::agent {

v1::BoardConditions ReadConditions() {
  const BoardState host = ReadHostConditions();
  v1::BoardConditions conditions;
  if (host.governor.has_value()) conditions.set_governor(CleanUtf8(*host.governor));
  if (host.clock_mhz.has_value()) conditions.set_clock_mhz(*host.clock_mhz);
  if (host.temperature_celsius.has_value()) conditions.set_temperature_celsius(*host.temperature_celsius);
  if (host.load_average.has_value()) conditions.set_load_average(*host.load_average);
  if (host.power_mode.has_value()) conditions.set_power_mode(CleanUtf8(*host.power_mode));
  for (const std::string& reason : host.throttling) conditions.add_throttling(CleanUtf8(reason));
  for (const auto& [device, mhz] : host.device_clocks_mhz) {
    (*conditions.mutable_device_clocks_mhz())[CleanUtf8(device)] = mhz;
  }
  return conditions;
}

}  // namespace latimer::agent
