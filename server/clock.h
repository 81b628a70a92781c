// The time of day, as the store and the API count it.
#ifndef LATIMER_SERVER_CLOCK_H_
#define LATIMER_SERVER_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace latimer::server {

// Milliseconds since 1970-01-01 UTC, now.
inline int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CLOCK_H_
