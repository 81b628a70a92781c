// Reads protobuf's wire format where building messages would cost more than the work.
#ifndef LATIMER_CORE_ESTIMATION_WIRE_READER_H_
#define LATIMER_CORE_ESTIMATION_WIRE_READER_H_

#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace latimer {

// The tag of a field: number and wire type.
constexpr uint32_t VarintTag(int field) { return static_cast<uint32_t>(field) << 3; }
constexpr uint32_t BytesTag(int field) { return static_cast<uint32_t>(field) << 3 | 2; }

// Functions return false at the end or at bytes that are not what they look for; the position is then undefined.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes)
      : next_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(next_ + bytes.size()) {}

  bool done() const { return next_ == end_; }
  absl::string_view rest() const { return {reinterpret_cast<const char*>(next_), static_cast<size_t>(end_ - next_)}; }

  // Tags of one byte only: fields up to 15. 0 at the end and for longer ones.
  uint32_t PeekTag() const { return next_ != end_ && *next_ < 0x80 ? *next_ : 0; }
  void SkipTag() { ++next_; }

  bool Varint(uint64_t* value) {
    if (next_ != end_ && *next_ < 0x80) {
      *value = *next_++;
      return true;
    }
    uint64_t result = 0;
    for (int shift = 0; shift < 64 && next_ != end_; shift += 7) {
      const uint8_t byte = *next_++;
      result |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;
  }

  bool Bytes(absl::string_view* bytes) {
    uint64_t size = 0;
    if (!Varint(&size) || size > static_cast<uint64_t>(end_ - next_)) return false;
    *bytes = {reinterpret_cast<const char*>(next_), static_cast<size_t>(size)};
    next_ += size;
    return true;
  }

 private:
  const uint8_t* next_;
  const uint8_t* const end_;
};

inline bool IsAscii(absl::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  const char* next = text.data();
  size_t left = text.size();
  uint64_t seen = 0;
  for (; left >= 8; left -= 8, next += 8) {
    uint64_t word;
    std::memcpy(&word, next, 8);
    seen |= word;
  }
  for (; left > 0; --left, ++next) seen |= static_cast<uint8_t>(*next);
  return (seen & kHighBits) == 0;
}

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_WIRE_READER_H_
