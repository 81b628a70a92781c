// Templates of commands and conditions, as toolchain.proto defines them.
#ifndef LATIMER_BACKENDS_COMMAND_WORDS_H_
#define LATIMER_BACKENDS_COMMAND_WORDS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::command {

// Values of placeholders and of conditions.
using Values = std::map<std::string, std::string>;

// "a {x}" with x=1 -> "a 1". INVALID_ARGUMENT (reason BAD_TOOLCHAIN) for a name `values` lacks and an open brace.
absl::StatusOr<std::string> FillIn(absl::string_view text, const Values& values);

// Splits at blanks, keeps 'single quoted' parts together, fills in each word, leaves empty ones out. Errors: those of
// FillIn(), and a quote that is not closed.
absl::StatusOr<std::vector<std::string>> FillInWords(absl::string_view text, const Values& values);

// "precision=int8|fp16,dla_core!=" against `values`. INVALID_ARGUMENT for anything that is no condition, and for a name
// `values` lacks.
absl::StatusOr<bool> Holds(absl::string_view condition, const Values& values);

// Adds the names a template uses.
absl::Status CollectNames(absl::string_view text, std::set<std::string>* names);

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_WORDS_H_
