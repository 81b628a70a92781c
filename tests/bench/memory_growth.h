// Whether a server's memory stays flat under networks it has never seen.
#ifndef LATIMER_TESTS_BENCH_MEMORY_GROWTH_H_
#define LATIMER_TESTS_BENCH_MEMORY_GROWTH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace latimer::bench {

// Sends that many `networks` of a workload whose requests are unique over streams to a server in a child process. JSON
// with the server's resident bytes after each twentieth of them.
absl::StatusOr<std::string> WatchMemory(const std::string& workload, const std::string& platform,
                                        const std::string& platforms_dir, int64_t networks);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_MEMORY_GROWTH_H_
