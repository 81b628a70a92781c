#include "backends/host.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace latimer {
namespace {

std::optional<std::string> FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return std::string(absl::StripAsciiWhitespace(line));
}

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

std::map<std::string, std::string> HostFacts() {
  std::map<std::string, std::string> facts;
  utsname name;
  if (uname(&name) == 0) {
    facts["architecture"] = name.machine;
    facts["kernel"] = name.release;
  }
  facts["cpu"] = FirstLine("/proc/device-tree/model").value_or(CpuName());
  facts["cpus"] = absl::StrCat(std::thread::hardware_concurrency());
  return facts;
}

HostConditions ReadHostConditions() {
  HostConditions conditions;
  double clock_sum = 0;
  int clocks = 0;
  for (int cpu : AllowedCpus()) {
    const std::string folder = absl::StrCat("/sys/devices/system/cpu/cpu", cpu, "/cpufreq/");
    if (!conditions.governor.has_value()) conditions.governor = FirstLine(folder + "scaling_governor");
    double khz = 0;
    if (std::optional<std::string> text = FirstLine(folder + "scaling_cur_freq");
        text.has_value() && absl::SimpleAtod(*text, &khz)) {
      clock_sum += khz / 1000;
      ++clocks;
    }
  }
  if (clocks > 0) conditions.clock_mhz = clock_sum / clocks;

  std::error_code error;
  for (const auto& zone : std::filesystem::directory_iterator("/sys/class/thermal", error)) {
    double millidegrees = 0;
    std::optional<std::string> text = FirstLine(zone.path() / "temp");
    if (!text.has_value() || !absl::SimpleAtod(*text, &millidegrees)) continue;
    conditions.temperature_celsius = std::max(conditions.temperature_celsius.value_or(-273), millidegrees / 1000);
  }

  if (std::optional<std::string> line = FirstLine("/proc/loadavg"); line.has_value()) {
    double load = 0;
    const std::vector<std::string> parts = absl::StrSplit(*line, ' ');
    if (absl::SimpleAtod(parts[0], &load)) conditions.load_average = load;
  }
  return conditions;
}

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
