#include "server/catalog.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostFileBytes = 64 << 20;

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error)
    return NotFound("PLATFORM_FILE_UNREADABLE", absl::StrCat("cannot read ", path.string(), ": ", error.message()));
  if (static_cast<int64_t>(size) > kMostFileBytes) {
    return InvalidArgument("BAD_PLATFORM_FILE", absl::StrCat(path.string(), " is larger than 64 MiB"));
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return NotFound("PLATFORM_FILE_UNREADABLE", absl::StrCat("cannot read ", path.string()));
  return text.str();
}

absl::StatusOr<std::vector<fs::path>> PlatformFiles(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".textproto") files.push_back(at->path());
  }
  if (error) {
    return NotFound("NO_PLATFORMS_FOLDER",
                    absl::StrCat("cannot read the platforms folder ", folder, ": ", error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PlatformModel>> Catalog::Find(absl::string_view name,
                                                                   absl::string_view field) const {
  absl::string_view id = name;
  absl::ConsumePrefix(&id, "platforms/");
  if (const auto found = platforms.find(id); found != platforms.end()) return found->second;
  std::string known =
      absl::StrJoin(platforms, ", ", [](std::string* out, const auto& entry) { out->append(entry.first); });
  if (id.empty()) {
    return InvalidArgument("NO_PLATFORM", absl::StrCat("the request names no platform; there are: ", known))
        .Field(field);
  }
  return NotFound("UNKNOWN_PLATFORM",
                  absl::StrCat("there is no platform '", id.substr(0, 100), "'; there are: ", known))
      .Field(field)
      .With("platform", id.substr(0, 100));
}

const MeasuredNetworks* Catalog::MeasuredOn(const std::string& platform) const {
  const auto found = measured.find(platform);
  return found == measured.end() ? nullptr : found->second.get();
}

uint64_t NextGeneration() {
  static std::atomic<uint64_t> next_generation{1};
  return next_generation.fetch_add(1, std::memory_order_relaxed);
}

absl::StatusOr<std::shared_ptr<const Catalog>> LoadCatalog(const std::vector<std::string>& folders) {
  auto catalog = std::make_shared<Catalog>();
  std::map<std::string, std::string> origin;
  for (const std::string& folder : folders) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<fs::path> files, PlatformFiles(folder));
    for (const fs::path& file : files) {
      LATIMER_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
      LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const PlatformModel> platform, ParsePlatformModel(text, file.string()));
      const auto [at, fresh] = origin.emplace(platform->id(), file.string());
      if (!fresh) {
        return InvalidArgument("DUPLICATE_PLATFORM", absl::StrCat("two files define the platform '", platform->id(),
                                                                  "': ", at->second, " and ", file.string()));
      }
      catalog->platforms.emplace(platform->id(), std::move(platform));
    }
  }
  if (catalog->platforms.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_PLATFORMS",
                 absl::StrCat("there is no platform file (*.textproto) in ", absl::StrJoin(folders, ", ")));
  }
  catalog->generation = NextGeneration();
  return std::shared_ptr<const Catalog>(std::move(catalog));
}

std::shared_ptr<const Catalog> CatalogHolder::Get() const {
  MutexLock lock(&mutex_);
  return catalog_;
}

void CatalogHolder::Set(std::shared_ptr<const Catalog> catalog) {
  MutexLock lock(&mutex_);
  catalog_.swap(catalog);
}

absl::StatusOr<std::string> FindPlatformsDir() {
  std::vector<std::string> places;
  if (const char* named = std::getenv("LATIMER_PLATFORMS_DIR"); named != nullptr && *named != '\0') {
    return std::string(named);  // an error about it is better than another folder
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) places.push_back((program.parent_path().parent_path() / "share/latimer/platforms").string());
#ifdef LATIMER_SOURCE_PLATFORMS_DIR
  places.emplace_back(LATIMER_SOURCE_PLATFORMS_DIR);
#endif
  for (const std::string& place : places) {
    if (fs::is_directory(place, error)) return place;
  }
  return NotFound("NO_PLATFORMS_FOLDER",
                  absl::StrCat("there is no folder with platform files; looked at ", absl::StrJoin(places, ", "),
                               "; name one with --platforms-dir or LATIMER_PLATFORMS_DIR"));
}

}  // namespace latimer::server
