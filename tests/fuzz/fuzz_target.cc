// libFuzzer's entry points. LATIMER_FUZZ_FORM, set by the build, is the form of input this program feeds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/fuzz/exercise.h"
#include "tests/fuzz/mutate.h"

namespace {

constexpr latimer::fuzz::Form kForm = latimer::fuzz::Form::LATIMER_FUZZ_FORM;

}  // namespace

extern "C" {

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  latimer::fuzz::Random random(seed);
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (random() % 2 == 0) {
    const std::string mutant = latimer::fuzz::MutateParts(kForm, bytes, random);
    if (!mutant.empty() && mutant.size() <= max_size) {
      std::memcpy(data, mutant.data(), mutant.size());
      return mutant.size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::Status status =
      latimer::fuzz::Exercise(kForm, absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!status.ok()) {
    std::fprintf(stderr, "broken promise: %s\n", status.ToString().c_str());
    std::abort();
  }
  return 0;
}

}  // extern "C"
