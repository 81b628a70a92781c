// A rate limit with a second's worth of burst.
#ifndef LATIMER_SERVER_ACCESS_TOKEN_BUCKET_H_
#define LATIMER_SERVER_ACCESS_TOKEN_BUCKET_H_

#include <algorithm>
#include <chrono>

namespace latimer::server {

// Not safe for concurrent use.
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Begins full. `rate` per second; 0: no limit.
  TokenBucket(double rate, Time now) : rate_(rate), level_(Burst()), filled_(now) {}

  // How long to wait; zero: come in. Whatever comes in is paid afterwards: something larger than the burst is let in
  // once and makes the next wait longer, as otherwise it never could come in.
  std::chrono::milliseconds Wait(Time now) {
    if (rate_ <= 0) return {};
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    if (seconds > 0) {
      level_ = std::min(Burst(), level_ + rate_ * seconds);
      filled_ = now;
    }
    if (level_ > 0) return {};
    return std::chrono::milliseconds(static_cast<int64_t>(-level_ / rate_ * 1000) + 1);
  }

  void Pay(double amount) {
    if (rate_ > 0) level_ -= amount;
  }

 private:
  double Burst() const { return std::max(rate_, 1.0); }

  double rate_;
  double level_;
  Time filled_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_TOKEN_BUCKET_H_
