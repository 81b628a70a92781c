// What the stand-ins for vendors' tools share: SIMULATED boards behind the command lines and formats of the real tools,
// with failures on demand.
//
// Environment:
//   LATIMER_STANDIN_BOARD   a simulated board; each stand-in has its own default
//   LATIMER_STANDIN_RELEASE the release whose options trtexec has; default 8.6
//   LATIMER_STANDIN_STATE   folder for the count of launches; needed for failures
//   LATIMER_STANDIN_FAIL    "name@N", "name@NxK" or "name@/M", separated by commas: the failure `name` at launch N, at
//                           the K launches from N on, or at every M-th launch of a stand-in that knows it
#ifndef LATIMER_TESTS_STANDINS_STANDIN_H_
#define LATIMER_TESTS_STANDINS_STANDIN_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/simulated/simulator.h"
#include "core/network/network.h"

namespace latimer::standin {

// Stands in every version a stand-in prints.
inline constexpr char kVersionMark[] = "SIMULATED stand-in";

// Command line: "--name=value", "--name value" (with `spaced`), "-name value", or a flag; others are positional.
class Arguments {
 public:
  // `flags`: names that take no value; everything else with a leading '-' takes one.
  Arguments(int argc, char** argv, const std::vector<std::string>& flags);
  bool Has(const std::string& name) const { return values_.contains(name); }
  std::string Get(const std::string& name, const std::string& otherwise = "") const;
  int Number(const std::string& name, int otherwise) const;
  const std::vector<std::string>& positional() const { return positional_; }
  // Names that are in none of both lists: the real tool would refuse them.
  std::vector<std::string> Unknown(const std::vector<std::string>& known) const;
  // The whole line, for reports that repeat it.
  const std::string& line() const { return line_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> positional_;
  std::string line_;
};

// Counts one launch of `tool` and returns the failure to show at it; empty: none. Call once per process.
std::string TakeFailure(absl::string_view tool, const std::vector<std::string>& known);

// Ends the process like a crash, a killing by the system, or never.
[[noreturn]] void Crash();
[[noreturn]] void GetKilled();
[[noreturn]] void Hang();

// A model without its weights, which no simulated board looks at; kept beside the file, so that only the first launch
// reads hundreds of megabytes.
absl::StatusOr<std::string> ReadModel(const std::string& onnx_file);

// A network on the board.
struct Loaded {
  Network network;
  simulated::Board board;
  simulated::SimulatedRun run;
};
absl::StatusOr<Loaded> Load(const std::string& onnx_file, const std::string& default_board);

// Seconds of one inference with the board's noise; `stream` separates launches.
std::vector<double> Samples(const Loaded& loaded, int runs);
// A factor near 1 for the profiled rows of this launch.
double ProfileFactor();

// Source node of a layer, and all source nodes of a unit in execution order.
std::string NodeOf(const Layer& layer);
std::vector<std::string> NodesOf(const Loaded& loaded, const simulated::SimulatedUnit& unit);

// A variable of the environment; empty where it is not set.
std::string Variable(const char* name);

absl::StatusOr<std::string> ReadFile(const std::string& path);
bool WriteFile(const std::string& path, absl::string_view bytes);

double Median(std::vector<double> values);

}  // namespace latimer::standin

#endif  // LATIMER_TESTS_STANDINS_STANDIN_H_
