#include "cli/terminal/result_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::cli {

absl::Status WriteResult(const std::string& path, absl::string_view text, Output* out) {
  if (path.empty() || path == "-") {
    out->Write(text);
    return absl::OkStatus();
  }
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return InvalidArgument("BAD_OUTPUT_FILE", absl::StrCat(path, " cannot be written: ", std::strerror(errno)))
        .Field("--output");
  }
  bool good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  int error = errno;
  if (std::fclose(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (!good) return absl::InternalError(absl::StrCat(path, " cannot be written: ", std::strerror(error)));
  return absl::OkStatus();
}

}  // namespace latimer::cli
