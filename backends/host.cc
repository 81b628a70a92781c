#include "backends/host.h"

#include <sched.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "backends/conditions/board_files.h"

namespace latimer {
namespace {

// The value of the first "key : value" line of /proc/cpuinfo with one of these keys.
std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (parts.size() != 2) continue;
    const absl::string_view key = absl::StripAsciiWhitespace(parts[0]);
    if (key == "model name" || key == "Model" || key == "Hardware") {
      return std::string(absl::StripAsciiWhitespace(parts[1]));
    }
  }
  return "unknown";
}

std::vector<int> AllowedCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

std::string BoardRoot() {
  const char* root = std::getenv("LATIMER_BOARD_ROOT");
  return root == nullptr ? "" : root;
}

std::map<std::string, std::string> HostFacts() {
  std::map<std::string, std::string> facts;
  utsname name;
  if (uname(&name) == 0) {
    facts["architecture"] = name.machine;
    facts["kernel"] = name.release;
  }
  facts["cpu"] = FirstLine(BoardRoot() + "/proc/device-tree/model").value_or(CpuName());
  facts["cpus"] = absl::StrCat(std::thread::hardware_concurrency());
  facts.merge(LastingSettings(ReadHostConditions()));
  return facts;
}

BoardState ReadHostConditions() { return ReadBoardState(BoardRoot(), AllowedCpus()); }

absl::Status PinToCpus(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu : cpus) {
    if (cpu < 0 || cpu >= CPU_SETSIZE) return absl::InvalidArgumentError(absl::StrCat("no processor ", cpu));
    CPU_SET(cpu, &set);
  }
  if (sched_setaffinity(0, sizeof(set), &set) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot pin to processors ", absl::StrJoin(cpus, ","), ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace latimer
