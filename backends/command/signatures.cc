#include "backends/command/signatures.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace latimer::command {
namespace {

constexpr size_t kLongestLine = 2000;
constexpr size_t kEndsOfText = size_t{1} << 20;

bool FindInPart(absl::string_view text, const std::regex& pattern, std::string* line, std::string* found) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::string_view cut = text.substr(0, std::min(end, kLongestLine));
    std::cmatch match;
    if (std::regex_search(cut.data(), cut.data() + cut.size(), match, pattern)) {
      if (line != nullptr) *line = std::string(absl::StripAsciiWhitespace(cut));
      if (found != nullptr) *found = match.size() > 1 ? match[1].str() : match[0].str();
      return true;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace

bool FindInLines(absl::string_view text, const std::regex& pattern, std::string* line, std::string* found) {
  if (text.size() <= 2 * kEndsOfText) return FindInPart(text, pattern, line, found);
  return FindInPart(text.substr(0, kEndsOfText), pattern, line, found) ||
         FindInPart(text.substr(text.size() - kEndsOfText), pattern, line, found);
}

Signatures::Signatures(const proto::Toolchain& toolchain) {
  for (const proto::Failure& failure : toolchain.failures()) {
    Signature& signature = signatures_.emplace_back();
    signature.failure = &failure;
    if (!failure.output().empty()) signature.output.emplace(failure.output());
  }
}

std::optional<Recognised> Signatures::Find(absl::string_view stage, const ProcessResult& result, bool well,
                                           const Values& values) const {
  for (const Signature& signature : signatures_) {
    const proto::Failure& failure = *signature.failure;
    if (well && !failure.even_if_ended_well()) continue;
    if (!failure.stages().empty() &&
        std::find(failure.stages().begin(), failure.stages().end(), stage) == failure.stages().end()) {
      continue;
    }
    if (failure.exit_code() != 0 && failure.exit_code() != result.exit_code) continue;
    // A signal of our own is no sign of anything.
    const bool stopped = result.timed_out || result.cancelled;
    if (failure.signal() != 0 && (stopped || failure.signal() != result.signal)) continue;
    if (failure.timed_out() && !result.timed_out) continue;
    if (!Holds(failure.when(), values).value_or(false)) continue;
    Recognised recognised{&failure, ""};
    if (signature.output.has_value() && !FindInLines(result.err, *signature.output, &recognised.line, nullptr) &&
        !FindInLines(result.out, *signature.output, &recognised.line, nullptr)) {
      continue;
    }
    return recognised;
  }
  return std::nullopt;
}

}  // namespace latimer::command
