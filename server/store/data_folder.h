// The folder a server keeps what it remembers in.
#ifndef LATIMER_SERVER_STORE_DATA_FOLDER_H_
#define LATIMER_SERVER_STORE_DATA_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace latimer::server {

// The database in the folder.
std::string StoreFile(const std::string& folder);

// Held for the life of the process: two servers on one store would lease the same work twice.
class FolderLock {
 public:
  // Makes the folder if it is missing. UNAVAILABLE: it cannot be made or written, or another server uses it.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STORE_DATA_FOLDER_H_
