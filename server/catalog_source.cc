#include "server/catalog_source.h"

#include <utility>

#include "core/base/status_macros.h"

namespace latimer::server {

absl::Status CatalogSource::LoadFiles(const std::vector<std::string>& folders) {
  LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const Catalog> files, LoadCatalog(folders));
  MutexLock lock(&mutex_);
  files_ = std::move(files);
  PublishLocked();
  return absl::OkStatus();
}

bool CatalogSource::IsShipped(absl::string_view id) const {
  MutexLock lock(&mutex_);
  return files_ != nullptr && files_->platforms.count(std::string(id)) != 0;
}

void CatalogSource::SetFitted(std::shared_ptr<const PlatformModel> model) {
  MutexLock lock(&mutex_);
  fitted_[model->id()] = std::move(model);
  PublishLocked();
}

void CatalogSource::AddMeasured(const std::string& platform,
                                const std::vector<std::pair<uint64_t, v1::MeasuredLatency>>& networks) {
  if (networks.empty()) return;
  MutexLock lock(&mutex_);
  const auto old = measured_.find(platform);
  auto all =
      old == measured_.end() ? std::make_shared<MeasuredNetworks>() : std::make_shared<MeasuredNetworks>(*old->second);
  for (const auto& [hash, latency] : networks) (*all)[hash] = latency;
  measured_[platform] = std::move(all);
  PublishLocked();
}

void CatalogSource::PublishLocked() {
  auto catalog = std::make_shared<Catalog>();
  if (files_ != nullptr) catalog->platforms = files_->platforms;
  for (const auto& [id, model] : fitted_) catalog->platforms.emplace(id, model);
  catalog->measured = measured_;
  catalog->generation = NextGeneration();
  holder_->Set(std::move(catalog));
}

}  // namespace latimer::server
