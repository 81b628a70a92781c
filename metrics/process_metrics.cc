#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace latimer::metrics {
namespace {

std::string Read(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Fields of /proc/self/stat after the program's name, which may hold blanks; 0 is the state, the third of proc(5).
std::vector<std::string> StatFields() {
  const std::string text = Read("/proc/self/stat");
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 > text.size()) return {};
  return absl::StrSplit(text.substr(name_end + 2), ' ');
}

double Number(const std::vector<std::string>& fields, size_t index) {
  double value = 0;
  return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0;
}

double BootTime() {
  for (const absl::string_view line : absl::StrSplit(Read("/proc/stat"), '\n')) {
    double seconds = 0;
    if (line.substr(0, 6) == "btime " && absl::SimpleAtod(line.substr(6), &seconds)) return seconds;
  }
  return 0;
}

int OpenFiles() {
  std::error_code error;
  int count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

Families ProcessMetrics::Collect() const {
  Families families;
  Gauge(&families, "latimer_build_info", "Which build runs; always 1")
      .Add({{"component", component_}, {"version", version_}, {"compiler", __VERSION__}}, 1);
  const std::vector<std::string> stat = StatFields();
  if (stat.empty()) return families;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  Counter(&families, "process_cpu_seconds_total", "Processor time the process used")
      .Add({}, (Number(stat, 11) + Number(stat, 12)) / ticks);
  Gauge(&families, "process_threads", "Threads of the process").Add({}, Number(stat, 17));
  Gauge(&families, "process_start_time_seconds", "When the process started, in seconds since 1970")
      .Add({}, BootTime() + Number(stat, 19) / ticks);
  Gauge(&families, "process_virtual_memory_bytes", "Address space of the process").Add({}, Number(stat, 20));
  Gauge(&families, "process_resident_memory_bytes", "Memory of the process")
      .Add({}, Number(stat, 21) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  Gauge(&families, "process_open_fds", "Open files and sockets").Add({}, OpenFiles());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Gauge(&families, "process_max_fds", "Files and sockets the process may open")
        .Add({}, static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace latimer::metrics
