#include "backends/conditions/board_files.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace latimer {

std::optional<std::string> FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // Files of the device tree end in NUL.
  while (!line.empty() && line.back() == '\0') line.pop_back();
  return std::string(absl::StripAsciiWhitespace(line));
}

std::optional<double> NumberIn(const std::string& path) {
  const std::optional<std::string> line = FirstLine(path);
  double number = 0;
  if (!line.has_value() || !absl::SimpleAtod(*line, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(1 << 20, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  return text;
}

std::vector<std::string> Entries(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (absl::StartsWith(entry.path().filename().string(), prefix)) paths.push_back(entry.path().string());
  }
  // "hwmon2" before "hwmon10".
  std::sort(paths.begin(), paths.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return paths;
}

}  // namespace latimer
