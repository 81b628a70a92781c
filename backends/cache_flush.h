// Puts what a network left in the processor's caches out of them.
#ifndef LATIMER_BACKENDS_CACHE_FLUSH_H_
#define LATIMER_BACKENDS_CACHE_FLUSH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace latimer {

class CacheFlush {
 public:
  // `bytes` of memory are held, and written at every call; 0 or less: nothing happens.
  explicit CacheFlush(int64_t bytes) : memory_(static_cast<size_t>(std::max<int64_t>(0, bytes))) {}

  void operator()() {
    for (size_t i = 0; i < memory_.size(); i += 64) {  // one byte of every cache line
      volatile unsigned char& byte = memory_[i];
      byte = static_cast<unsigned char>(byte + 1);
    }
  }

 private:
  std::vector<unsigned char> memory_;
};

}  // namespace latimer

#endif  // LATIMER_BACKENDS_CACHE_FLUSH_H_
