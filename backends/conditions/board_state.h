// State of the board under Linux: what the kernel and the vendor's tools leave in files, without starting a process.
//
// Every path is read below a root, so that tests have boards of files. Absent files are no errors: boards differ.
#ifndef LATIMER_BACKENDS_CONDITIONS_BOARD_STATE_H_
#define LATIMER_BACKENDS_CONDITIONS_BOARD_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer {

struct BoardState {
  std::optional<std::string> governor;        // of the first processor that has one
  std::optional<double> clock_mhz;            // mean over the processors asked for
  std::optional<double> temperature_celsius;  // hottest thermal zone that is switched on
  std::optional<double> load_average;         // over one minute
  std::optional<std::string> power_mode;      // by the board's own name
  // Why clocks are held back: "under-voltage now", "temperature limit earlier", "cooling by thermal-cpufreq-0".
  std::vector<std::string> throttling;
  bool tells_throttling = false;  // whether the board has any place that would say
  std::map<std::string, double> device_clocks_mhz;
};

// `cpus`: processors whose clocks count; empty: all.
BoardState ReadBoardState(const std::string& root, const std::vector<int>& cpus);

// Lasting settings that change every time measured: "governor", "power_mode". For fingerprints.
std::map<std::string, std::string> LastingSettings(const BoardState& state);

// The flags of a Raspberry Pi's firmware ("vcgencmd get_throttled", or the kernel's file of it) in words.
std::vector<std::string> RaspberryPiThrottling(uint64_t flags);

// NAME of POWER_MODEL `id` in Jetson's nvpmodel.conf; nullopt: there is none.
std::optional<std::string> JetsonPowerMode(absl::string_view configuration, int id);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_CONDITIONS_BOARD_STATE_H_
