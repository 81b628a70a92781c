// What an untrusted network goes through in the server: import, simplification, estimate, answer; what an untrusted
// report goes through: parser and graph matcher; and what must hold after each step.
#ifndef LATIMER_TESTS_FUZZ_EXERCISE_H_
#define LATIMER_TESTS_FUZZ_EXERCISE_H_

#include <array>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latimer::fuzz {

// How a request carries a network; or the report of a toolchain, in any format.
enum class Form { kOnnx, kAnnette, kNetwork, kReport };

constexpr std::array<Form, 4> kForms = {Form::kOnnx, Form::kAnnette, Form::kNetwork, Form::kReport};

// Name of the form, also that of its folder in the corpus.
absl::string_view FormName(Form form);

// Runs `bytes` with the server's limits on both shipped platforms. OK where it is refused as it should be, too; an
// error says which promise was broken. Thread-safe.
absl::Status Exercise(Form form, absl::string_view bytes);

// The parts of it for reports: every parser, and the graph matcher on what they read.
absl::Status ExerciseReport(absl::string_view bytes);

// What holds for every refusal: it is the caller's fault, says so in text that fits a message, and has a reason.
absl::Status CheckRefusal(const absl::Status& refusal);

}  // namespace latimer::fuzz

#endif  // LATIMER_TESTS_FUZZ_EXERCISE_H_
