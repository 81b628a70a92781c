// Mutations that know the structure of what they change, so that most mutants get past the parsers.
#ifndef LATIMER_TESTS_FUZZ_MUTATE_H_
#define LATIMER_TESTS_FUZZ_MUTATE_H_

#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/fuzz/exercise.h"

namespace google::protobuf {
class Message;
}

namespace latimer::fuzz {

using Random = std::mt19937_64;

// `bytes` with a few values, names or parts replaced, added, repeated or removed; plain bytes are changed where it does
// not parse. Equal arguments give equal results.
std::string Mutate(Form form, absl::string_view bytes, Random& random);

// The parts of Mutate(). Empty: `bytes` does not parse.
std::string MutateMessage(Form form, absl::string_view bytes, Random& random);
std::string MutateJson(absl::string_view bytes, Random& random);

// Changes a few fields of any message.
void MutateFields(google::protobuf::Message* message, Random& random);

// Lines changed, repeated, moved or removed; for reports that are no JSON.
std::string MutateText(absl::string_view text, Random& random);

// Of the kind the form has: JSON, lines or messages. Empty: `bytes` does not parse.
std::string MutateParts(Form form, absl::string_view bytes, Random& random);

// A number that breaks careless arithmetic, or a small one.
int64_t WildNumber(Random& random);

}  // namespace latimer::fuzz

#endif  // LATIMER_TESTS_FUZZ_MUTATE_H_
