// The reports of tests/data/vendor-reports, and where they are there the real ones that may not be passed on.
#ifndef LATIMER_TESTS_UNIT_REPORTS_REPORT_FILES_H_
#define LATIMER_TESTS_UNIT_REPORTS_REPORT_FILES_H_

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace latimer {

inline std::optional<std::string> ReadFileIfThere(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

inline std::string ReportPath(const std::string& name) {
  return absl::StrCat(LATIMER_SOURCE_DIR, "/tests/data/vendor-reports/", name);
}

inline std::string ReadReport(const std::string& name) { return ReadFileIfThere(ReportPath(name)).value_or(""); }

// Folder of reports whose licence does not let them into this repository: LATIMER_VENDOR_REPORTS, or beside it.
inline std::string ReferencePath(const std::string& name) {
  const char* folder = std::getenv("LATIMER_VENDOR_REPORTS");
  return absl::StrCat(folder != nullptr ? folder : LATIMER_SOURCE_DIR "/../shared/vendor-reports", "/", name);
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_REPORTS_REPORT_FILES_H_
