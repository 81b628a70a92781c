// What an untrusted network goes through in the server: import, simplification, estimate, answer; and what must hold
// after each step.
#ifndef LATIMER_TESTS_FUZZ_EXERCISE_H_
#define LATIMER_TESTS_FUZZ_EXERCISE_H_

#include <array>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latimer::fuzz {

// How a request carries a network.
enum class Form { kOnnx, kAnnette, kNetwork };

constexpr std::array<Form, 3> kForms = {Form::kOnnx, Form::kAnnette, Form::kNetwork};

// Name of the form, also that of its folder in the corpus.
absl::string_view FormName(Form form);

// Runs `bytes` with the server's limits on both shipped platforms. OK where it is refused as it should be, too; an
// error says which promise was broken. Thread-safe.
absl::Status Exercise(Form form, absl::string_view bytes);

}  // namespace latimer::fuzz

#endif  // LATIMER_TESTS_FUZZ_EXERCISE_H_
