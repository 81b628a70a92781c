// Names failures of a toolchain by their signatures.
#ifndef LATIMER_BACKENDS_COMMAND_SIGNATURES_H_
#define LATIMER_BACKENDS_COMMAND_SIGNATURES_H_

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "backends/command/process.h"
#include "backends/command/toolchain_file.h"
#include "backends/command/words.h"

namespace latimer::command {

// What was recognised. `failure` lives as long as the Signatures.
struct Recognised {
  const proto::Failure* failure = nullptr;
  std::string line;  // of the output that showed it; empty: the way the process ended did
};

// Whether `pattern` is found in a line of `text`; the first group, or the whole match, goes to `found` (may be null).
// Lines are looked at up to 2000 bytes; of long texts the first and the last MiB.
bool FindInLines(absl::string_view text, const std::regex& pattern, std::string* line, std::string* found);

// Thread-safe.
class Signatures {
 public:
  // `toolchain` was checked by ParseToolchain() and outlives this.
  explicit Signatures(const proto::Toolchain& toolchain);

  // The first failure that fits how command `stage` ended. `well`: it did its work, as far as exit code, mark of
  // success and files tell.
  std::optional<Recognised> Find(absl::string_view stage, const ProcessResult& result, bool well,
                                 const Values& values) const;

 private:
  struct Signature {
    const proto::Failure* failure;
    std::optional<std::regex> output;
  };
  std::vector<Signature> signatures_;
};

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_SIGNATURES_H_
