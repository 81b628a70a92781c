#include "agent/engine/conditions.h"

#include "backends/host.h"

namespace latimer::agent {

v1::BoardConditions ReadConditions() {
  const HostConditions host = ReadHostConditions();
  v1::BoardConditions conditions;
  if (host.governor.has_value()) conditions.set_governor(*host.governor);
  if (host.clock_mhz.has_value()) conditions.set_clock_mhz(*host.clock_mhz);
  if (host.temperature_celsius.has_value()) conditions.set_temperature_celsius(*host.temperature_celsius);
  if (host.load_average.has_value()) conditions.set_load_average(*host.load_average);
  return conditions;
}

}  // namespace latimer::agent
