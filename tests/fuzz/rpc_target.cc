// libFuzzer's entry points for requests: the first byte chooses the call, or LATIMER_FUZZ_CALL does for all inputs.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fuzz/exercise_rpc.h"

namespace {

// Empty: the inputs choose. Calls by their short name, such as "Estimate".
const std::string& TheCall() {
  static const std::string* const kCall = [] {
    const char* const wanted = std::getenv("LATIMER_FUZZ_CALL");
    if (wanted == nullptr) return new std::string();
    for (const std::string& method : latimer::fuzz::RpcMethods()) {
      if (absl::EndsWith(method, absl::StrCat(".", wanted))) return new std::string(method);
    }
    std::fprintf(stderr, "LATIMER_FUZZ_CALL: there is no call %s; there are:\n", wanted);
    for (const std::string& method : latimer::fuzz::RpcMethods()) std::fprintf(stderr, "  %s\n", method.c_str());
    std::exit(2);
  }();
  return *kCall;
}

latimer::fuzz::RpcInput Split(const uint8_t* data, size_t size) {
  latimer::fuzz::RpcInput input =
      latimer::fuzz::SplitRpcInput(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!TheCall().empty()) input.method = TheCall();
  return input;
}

}  // namespace

extern "C" {

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  latimer::fuzz::Random random(seed);
  if (size > 0 && random() % 3 != 0) {
    const latimer::fuzz::RpcInput split = Split(data, size);
    const std::string mutant =
        static_cast<char>(data[0]) + latimer::fuzz::MutateRequest(split.method, split.request, random);
    if (mutant.size() <= max_size) {
      std::memcpy(data, mutant.data(), mutant.size());
      return mutant.size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static latimer::fuzz::RpcTarget* const target = new latimer::fuzz::RpcTarget();  // lives as long as the process
  const latimer::fuzz::RpcInput input = Split(data, size);
  const absl::Status status = target->Call(input.method, input.request);
  if (!status.ok()) {
    std::fprintf(stderr, "broken promise: %s\n", status.ToString().c_str());
    std::abort();
  }
  return 0;
}

}  // extern "C"
