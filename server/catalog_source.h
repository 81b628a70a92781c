// Where catalogues come from: platform files, models fitted by this server, and what boards measured.
#ifndef LATIMER_SERVER_CATALOG_SOURCE_H_
#define LATIMER_SERVER_CATALOG_SOURCE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "server/catalog.h"

namespace latimer::server {

// Every change publishes a new catalogue to the holder. Safe for concurrent use; readers of the holder never wait for
// a change in preparation.
class CatalogSource {
 public:
  explicit CatalogSource(CatalogHolder* holder) : holder_(holder) {}

  // Reads the folders and swaps their platforms in; errors are those of LoadCatalog() and change nothing.
  absl::Status LoadFiles(const std::vector<std::string>& folders);

  // Whether the id is that of a platform file.
  bool IsShipped(absl::string_view id) const;

  // Lets `model` answer for its platform; a platform file of the same id keeps precedence.
  void SetFitted(std::shared_ptr<const PlatformModel> model);

  // Remembers measurements of networks of a platform; newer ones replace older ones of the same hash.
  void AddMeasured(const std::string& platform, const std::vector<std::pair<uint64_t, v1::MeasuredLatency>>& networks);

 private:
  void PublishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CatalogHolder* const holder_;
  mutable Mutex mutex_;
  std::shared_ptr<const Catalog> files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<const PlatformModel>, std::less<>> fitted_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<const MeasuredNetworks>, std::less<>> measured_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CATALOG_SOURCE_H_
