#include "backends/command/conversion_cache.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace latimer::command {
namespace {

namespace fs = std::filesystem;

constexpr char kMark[] = "complete";

absl::Status FileError(const std::error_code& error, absl::string_view what) {
  const std::string message = absl::StrCat("cannot ", what, " in the conversion cache: ", error.message());
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(message);
  return absl::InternalError(message);
}

int64_t SizeOf(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (error) break;
    std::error_code no_file;
    const uintmax_t size = entry->file_size(no_file);
    if (!no_file) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace

absl::StatusOr<ConversionCache> ConversionCache::Open(const std::string& folder, int64_t most_bytes) {
  std::error_code error;
  fs::create_directories(folder, error);
  // Tools run in other folders.
  const fs::path absolute = error ? fs::path(folder) : fs::absolute(folder, error);
  if (error) return FileError(error, absl::StrCat("make the folder ", folder));
  return ConversionCache(absolute.string(), most_bytes);
}

absl::StatusOr<ConversionCache::Entry> ConversionCache::Get(absl::string_view key) {
  Entry entry;
  entry.folder = absl::StrCat(folder_, "/", key);
  Evict(entry.folder);
  std::error_code error;
  const fs::path mark = fs::path(entry.folder) / kMark;
  entry.complete = fs::exists(mark, error);
  if (entry.complete) {
    fs::last_write_time(mark, fs::file_time_type::clock::now(), error);  // used now
    return entry;
  }
  fs::remove_all(entry.folder, error);
  fs::create_directories(entry.folder, error);
  if (error) return FileError(error, "make a folder");
  return entry;
}

absl::Status ConversionCache::Complete(const Entry& entry) {
  std::ofstream mark(fs::path(entry.folder) / kMark);
  mark.close();
  if (!mark) return absl::ResourceExhaustedError("cannot write to the conversion cache; is the disk full?");
  return absl::OkStatus();
}

absl::Status ConversionCache::Clear(const Entry& entry, absl::string_view keep) {
  std::error_code error;
  std::vector<fs::path> made;
  for (const auto& file : fs::directory_iterator(entry.folder, error)) {
    if (file.path().filename() != std::string(keep)) made.push_back(file.path());
  }
  for (const fs::path& path : made) {
    if (!error) fs::remove_all(path, error);
  }
  return error ? FileError(error, "remove files") : absl::OkStatus();
}

void ConversionCache::Evict(const std::string& spared) const {
  struct Kept {
    fs::file_time_type used;
    fs::path folder;
    int64_t bytes;
  };
  std::vector<Kept> kept;
  int64_t total = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    std::error_code no_mark;
    fs::file_time_type used = fs::last_write_time(entry.path() / kMark, no_mark);
    if (no_mark) used = fs::file_time_type::min();  // half done
    kept.push_back({used, entry.path(), SizeOf(entry.path())});
    total += kept.back().bytes;
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& entry : kept) {
    if (total <= most_bytes_) break;
    if (entry.folder == spared) continue;
    fs::remove_all(entry.folder, error);
    total -= entry.bytes;
  }
}

}  // namespace latimer::command
