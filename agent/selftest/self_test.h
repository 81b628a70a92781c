// What only a board can prove, as a check-list that a person in a lab runs with one command (docs/boards.md).
#ifndef LATIMER_AGENT_SELFTEST_SELF_TEST_H_
#define LATIMER_AGENT_SELFTEST_SELF_TEST_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/runner/runner.h"

namespace latimer::agent {

enum class CheckOutcome { kPass, kFail, kNotHere };

struct Check {
  std::string name;  // one word or two, the same on every board
  CheckOutcome outcome = CheckOutcome::kNotHere;
  std::string detail;  // what was found; for kFail also what to do
};

struct SelfTestOptions {
  std::string backend;
  std::string server;        // empty: not given
  std::string state_dir;     // empty: not given
  v1::TimingOptions timing;  // of the small network
  std::chrono::milliseconds timeout{
      600'000};  // of one measurement: the first run of some toolchains compiles for minutes
};

// Runs the list, each line as soon as it is known to `tell`. `reach` dials the server; it is only called where one is
// given.
std::vector<Check> RunSelfTest(const SelfTestOptions& options, Runner& runner,
                               const std::function<absl::Status()>& reach,
                               const std::function<void(const Check&)>& tell);

// "PASS      spread          0.8 % over 51 runs".
std::string CheckLine(const Check& check);

// {"backend": …, "passed": 9, "failed": 0, "notHere": 3, "checks": [{"name": …, "outcome": "PASS", "detail": …}]}
std::string ChecksJson(const std::string& backend, const std::vector<Check>& checks);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SELFTEST_SELF_TEST_H_
