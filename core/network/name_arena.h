// Storage for the many short names of a network: one allocation per few kilobytes instead of one per name.
// Not thread-safe. Views stay valid until the arena is destroyed; moving the arena keeps them valid.
#ifndef LATIMER_CORE_NETWORK_NAME_ARENA_H_
#define LATIMER_CORE_NETWORK_NAME_ARENA_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer {

class NameArena {
 public:
  // Copies `text` and returns a view of the copy.
  absl::string_view Add(absl::string_view text) {
    if (text.empty()) return {};
    if (text.size() > remaining_) Grow(text.size());
    char* target = next_;
    std::memcpy(target, text.data(), text.size());
    next_ += text.size();
    remaining_ -= text.size();
    return {target, text.size()};
  }

 private:
  static constexpr size_t kBlockBytes = 4096;

  void Grow(size_t at_least) {
    const size_t bytes = at_least > kBlockBytes ? at_least : kBlockBytes;
    blocks_.push_back(std::make_unique<char[]>(bytes));
    next_ = blocks_.back().get();
    remaining_ = bytes;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t remaining_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_NAME_ARENA_H_
