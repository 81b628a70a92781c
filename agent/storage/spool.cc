#include "agent/storage/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/storage/spool_frame.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

// Below this a rewrite is not worth its syncs.
constexpr int64_t kRewriteBytes = 1 << 20;
constexpr absl::string_view kWriteFailed = "cannot store a result";

absl::StatusOr<Descriptor> OpenForAppending(const std::string& path) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  return file;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const std::string& path, Log* log) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  if (!bytes.ok()) {
    // Makes the file's entry in its folder lasting, once.
    LATIMER_RETURN_IF_ERROR(WriteFileAtomically(path, "", 0600));
    bytes = "";
  }
  LATIMER_ASSIGN_OR_RETURN(Descriptor file, OpenForAppending(path));
  std::unique_ptr<Spool> spool(new Spool(path, std::move(file), log));
  MutexLock lock(&spool->mutex_);
  spool->Load(*bytes);
  return spool;
}

void Spool::Load(absl::string_view bytes) {
  FrameReader reader(bytes);
  int64_t dropped = 0;
  for (Frame frame; reader.Next(&frame);) {
    if (frame.kind == FrameKind::kAcknowledged) {
      for (absl::string_view id : absl::StrSplit(frame.payload, '\n')) Remove(std::string(id));
      continue;
    }
    v1::Measurement measurement;
    if (!measurement.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size()))) {
      dropped += static_cast<int64_t>(frame.payload.size());
      continue;
    }
    Insert(measurement.measurement_id(), std::string(frame.payload));
  }
  dropped += reader.dropped_bytes();
  file_size_ = static_cast<int64_t>(bytes.size());
  if (dropped > 0) {
    log_->Warning(absl::StrCat("spool: dropped ", dropped, " bytes of a record that was cut short or damaged (",
                               waiting_.size(), " measurements are intact); the server will ask for it again"));
  }
  if (dropped > 0 || (waiting_.empty() && file_size_ > 0)) {
    // Appending after a torn record would be read well too; a full disk is no reason not to start.
    if (const absl::Status status = Rewrite(); !status.ok()) log_->Warning(absl::StrCat("spool: ", status.message()));
  }
}

void Spool::Insert(std::string id, std::string bytes) {
  if (number_by_id_.contains(id)) return;
  live_bytes_ += static_cast<int64_t>(bytes.size());
  number_by_id_.emplace(std::move(id), ++last_number_);
  waiting_.emplace(last_number_, std::move(bytes));
}

bool Spool::Remove(const std::string& id) {
  const auto found = number_by_id_.find(id);
  if (found == number_by_id_.end()) return false;
  const auto entry = waiting_.find(found->second);
  live_bytes_ -= static_cast<int64_t>(entry->second.size());
  const bool saved = unsaved_.erase(found->second) == 0;
  waiting_.erase(entry);
  number_by_id_.erase(found);
  return saved;
}

absl::Status Spool::Append(absl::string_view frame, bool sync) {
  absl::Status status = WriteAll(file_.get(), frame, kWriteFailed);
  if (status.ok() && sync && fdatasync(file_.get()) != 0) status = ErrnoStatus(errno, kWriteFailed);
  if (status.ok()) {
    file_size_ += static_cast<int64_t>(frame.size());
    return status;
  }
  // A part of the frame left behind would be skipped when reading, but fills the disk.
  if (ftruncate(file_.get(), file_size_) != 0) log_->Warning("spool: cannot remove a record that was cut short");
  return status;
}

absl::Status Spool::Rewrite() {
  std::string bytes;
  for (const auto& [number, measurement] : waiting_) bytes += EncodeFrame(FrameKind::kMeasurement, measurement);
  if (bytes.empty()) {
    // Needs no space, so that a full disk cannot refuse it.
    if (ftruncate(file_.get(), 0) != 0) return ErrnoStatus(errno, absl::StrCat("cannot empty ", path_));
    file_size_ = 0;
    return absl::OkStatus();
  }
  LATIMER_RETURN_IF_ERROR(WriteFileAtomically(path_, bytes, 0600));
  LATIMER_ASSIGN_OR_RETURN(file_, OpenForAppending(path_));
  file_size_ = static_cast<int64_t>(bytes.size());
  unsaved_.clear();
  return absl::OkStatus();
}

absl::Status Spool::Add(const v1::Measurement& measurement) {
  std::string bytes = measurement.SerializeAsString();
  MutexLock lock(&mutex_);
  if (number_by_id_.contains(measurement.measurement_id())) return absl::OkStatus();
  LATIMER_RETURN_IF_ERROR(Append(EncodeFrame(FrameKind::kMeasurement, bytes), /*sync=*/true));
  Insert(measurement.measurement_id(), std::move(bytes));
  return absl::OkStatus();
}

void Spool::AddUnsaved(const v1::Measurement& measurement) {
  MutexLock lock(&mutex_);
  if (number_by_id_.contains(measurement.measurement_id())) return;
  Insert(measurement.measurement_id(), measurement.SerializeAsString());
  unsaved_.insert(last_number_);
}

absl::Status Spool::Save() {
  MutexLock lock(&mutex_);
  while (!unsaved_.empty()) {
    const uint64_t number = *unsaved_.begin();
    LATIMER_RETURN_IF_ERROR(Append(EncodeFrame(FrameKind::kMeasurement, waiting_.at(number)), /*sync=*/true));
    unsaved_.erase(number);
  }
  return absl::OkStatus();
}

bool Spool::Contains(const std::string& id) const {
  MutexLock lock(&mutex_);
  return number_by_id_.contains(id);
}

void Spool::Acknowledge(absl::Span<const std::string> ids) {
  MutexLock lock(&mutex_);
  std::vector<std::string> removed;
  for (const std::string& id : ids) {
    if (Remove(id)) removed.push_back(id);
  }
  const bool can_empty = waiting_.empty() && file_size_ > 0;
  if (removed.empty() && !can_empty) return;
  absl::Status status;
  if (can_empty || (file_size_ > kRewriteBytes && file_size_ > 4 * live_bytes_)) {
    status = Rewrite();
  } else {
    status = Append(EncodeFrame(FrameKind::kAcknowledged, absl::StrJoin(removed, "\n")), /*sync=*/false);
  }
  if (!status.ok()) {
    log_->Warning(absl::StrCat("spool: ", status.message(), "; ", removed.size(),
                               " acknowledged measurements may be sent again after a restart"));
  }
}

std::optional<Spool::Entry> Spool::Next(uint64_t after) const {
  MutexLock lock(&mutex_);
  const auto found = waiting_.upper_bound(after);
  if (found == waiting_.end()) return std::nullopt;
  Entry entry;
  entry.number = found->first;
  entry.measurement.ParseFromString(found->second);
  return entry;
}

int64_t Spool::size() const {
  MutexLock lock(&mutex_);
  return static_cast<int64_t>(waiting_.size());
}

int64_t Spool::file_bytes() const {
  MutexLock lock(&mutex_);
  return file_size_;
}

int64_t Spool::unsaved() const {
  MutexLock lock(&mutex_);
  return static_cast<int64_t>(unsaved_.size());
}

}  // namespace latimer::agent
