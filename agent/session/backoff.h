// Pauses between attempts to reach the server.
#ifndef LATIMER_AGENT_SESSION_BACKOFF_H_
#define LATIMER_AGENT_SESSION_BACKOFF_H_

#include <algorithm>
#include <chrono>
#include <random>

namespace latimer::agent {

struct BackoffOptions {
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds longest{30'000};
};

// Doubles from attempt to attempt; every pause is drawn from the upper half of its range, so that a fleet that lost
// its server does not come back in step.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options, unsigned seed = std::random_device()())
      : options_(options), random_(seed), range_(options.first) {}

  std::chrono::milliseconds Next() {
    std::uniform_int_distribution<int64_t> draw(range_.count() / 2, range_.count());
    const std::chrono::milliseconds pause(draw(random_));
    range_ = std::min(range_ * 2, options_.longest);
    return pause;
  }
  void Reset() { range_ = options_.first; }

 private:
  const BackoffOptions options_;
  std::minstd_rand random_;
  std::chrono::milliseconds range_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_BACKOFF_H_
