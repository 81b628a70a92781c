// Servers under test in processes of their own: a load generator that shares gRPC's threads, pollers and allocator with
// its servers measures all of them at once, and no two servers side by side are then alike.
#ifndef LATIMER_TESTS_BENCH_CHILD_SERVER_H_
#define LATIMER_TESTS_BENCH_CHILD_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::bench {

enum class ServerKind { kLatimer, kEcho };

// Serves on a free loopback port until standard input ends, after writing "host:port\n" to standard output: what the
// child runs. `platforms_dir`: empty for the server's own default.
absl::Status ServeAsChild(ServerKind kind, const std::string& platforms_dir);

// A child that runs this very program with `--serve KIND`; it ends with its parent or with this object.
class ChildServer {
 public:
  // Returns when the child listens. Call before any other use of gRPC in this process: it forks.
  static absl::StatusOr<std::unique_ptr<ChildServer>> Start(ServerKind kind, const std::string& platforms_dir);
  ~ChildServer();
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;

  const std::string& address() const { return address_; }

  // Bytes of memory the child holds now; 0 where the system does not say.
  int64_t resident_bytes() const;

  // Seconds of processor time the child has used so far.
  double cpu_seconds() const;

 private:
  ChildServer() = default;

  pid_t pid_ = -1;
  int stdin_ = -1;
  std::string address_;
};

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_CHILD_SERVER_H_
