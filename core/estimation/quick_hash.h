// A hash of short byte strings that is inlined into its callers: names and layers are hashed a few hundred times per
// request, and a call into another library costs more than the hash.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_HASH_H_
#define LATIMER_CORE_ESTIMATION_QUICK_HASH_H_

#include <cstdint>
#include <cstring>
#include <random>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace latimer {

// By multiplication to 128 bits, as wyhash and absl::Hash do it. Every object has a secret of its own, so that nobody
// can prepare names that collide.
class QuickHash {
 public:
  QuickHash() {
    std::random_device random;
    secret_ = uint64_t{random()} << 32 | random() | 1;
  }

  uint64_t operator()(absl::string_view bytes, uint64_t salt = 0) const {
    const char* next = bytes.data();
    size_t left = bytes.size();
    uint64_t hash = Fold(secret_ ^ salt, kOdd ^ left);
    for (; left > 16; left -= 16, next += 16)
      hash = Fold(Load<uint64_t>(next) ^ secret_, Load<uint64_t>(next + 8) ^ hash);
    uint64_t low = 0;
    uint64_t high = 0;
    if (left >= 8) {
      low = Load<uint64_t>(next);
      high = Load<uint64_t>(next + left - 8);
    } else if (left >= 4) {
      low = Load<uint32_t>(next);
      high = Load<uint32_t>(next + left - 4);
    } else if (left > 0) {
      low = Load<uint8_t>(next) | uint64_t{Load<uint8_t>(next + left / 2)} << 8;
      high = Load<uint8_t>(next + left - 1);
    }
    return Fold(low ^ secret_, high ^ hash);
  }

  uint64_t Add(uint64_t hash, uint64_t value) const { return Fold(hash ^ value, kOdd ^ secret_); }

 private:
  static constexpr uint64_t kOdd = 0x9E3779B97F4A7C15ULL;

  template <typename T>
  static T Load(const char* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static uint64_t Fold(uint64_t a, uint64_t b) {
    const absl::uint128 product = absl::uint128(a) * b;
    return absl::Uint128Low64(product) ^ absl::Uint128High64(product);
  }

  uint64_t secret_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_HASH_H_
