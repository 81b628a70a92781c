// What a toolchain made of a network, kept by what it was made of. Folders, bounded in size, oldest use first to go.
#ifndef LATIMER_BACKENDS_COMMAND_CONVERSION_CACHE_H_
#define LATIMER_BACKENDS_COMMAND_CONVERSION_CACHE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::command {

// Used by one process at a time; a folder that a killed process left half done is made anew.
class ConversionCache {
 public:
  struct Entry {
    std::string folder;
    bool complete = false;  // its files are there: nothing to convert
  };

  // Makes `folder` where it is missing.
  static absl::StatusOr<ConversionCache> Open(const std::string& folder, int64_t most_bytes);

  // The folder of `key` (16 hexadecimal digits or the like), empty where it is not complete. Removes others until what
  // is left is below the limit.
  absl::StatusOr<Entry> Get(absl::string_view key);

  // Marks what Get() gave as complete.
  absl::Status Complete(const Entry& entry);

  // Removes what was made, except the file `keep`, and the mark.
  static absl::Status Clear(const Entry& entry, absl::string_view keep);

 private:
  ConversionCache(std::string folder, int64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {}

  void Evict(const std::string& spared) const;

  std::string folder_;
  int64_t most_bytes_;
};

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_CONVERSION_CACHE_H_
