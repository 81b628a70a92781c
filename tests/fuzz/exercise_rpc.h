// Sends any bytes as the request of any call of the API to a server in this process, and checks what must hold.
#ifndef LATIMER_TESTS_FUZZ_EXERCISE_RPC_H_
#define LATIMER_TESTS_FUZZ_EXERCISE_RPC_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/fuzz/mutate.h"

namespace latimer::fuzz {

// Full names of all calls of latimer.v1, such as "latimer.v1.PlatformService.GetPlatform", sorted.
const std::vector<std::string>& RpcMethods();

// A server with a data folder, one enrolled board, and access for everybody. Safe for one thread.
class RpcTarget {
 public:
  RpcTarget();
  ~RpcTarget();

  // Makes the call with these bytes. OK where it is refused as it should be, too; an error says which promise was
  // broken: errors that are the server's fault, or without a reason; answers that do not parse; no answer within 20 s.
  absl::Status Call(const std::string& method, absl::string_view request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An input of the fuzzer: a byte that chooses the call, then its request.
struct RpcInput {
  std::string method;
  absl::string_view request;
};
RpcInput SplitRpcInput(absl::string_view input);

// A request of the call with a few fields changed, where `request` parses; else plain bytes changed.
std::string MutateRequest(const std::string& method, absl::string_view request, Random& random);

}  // namespace latimer::fuzz

#endif  // LATIMER_TESTS_FUZZ_EXERCISE_RPC_H_
