// Small files that the kernel makes. Internal to backends/conditions.
#ifndef LATIMER_BACKENDS_CONDITIONS_BOARD_FILES_H_
#define LATIMER_BACKENDS_CONDITIONS_BOARD_FILES_H_

#include <optional>
#include <string>
#include <vector>

namespace latimer {

// First line, without blanks around it; nullopt: the file is not there, or not readable.
std::optional<std::string> FirstLine(const std::string& path);

// The first line as a finite number.
std::optional<double> NumberIn(const std::string& path);

// At most 1 MiB of the file; empty: it is not there.
std::string Contents(const std::string& path);

// Paths of a folder's entries whose names begin with `prefix`, in order of their numbers and names.
std::vector<std::string> Entries(const std::string& folder, const std::string& prefix);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_CONDITIONS_BOARD_FILES_H_
