// Measurements on disk until the server has acknowledged them.
//
// One append-only file of records, each a frame of magic, length and CRC-32C around a serialised Measurement or the
// ids of acknowledged ones. A process killed at any byte leaves at most a torn last record, which is dropped when the
// file is opened again; damage in the middle costs the damaged records only. The file is emptied when nothing waits
// and rewritten when most of it is acknowledged.
//
// Safe for concurrent use.
#ifndef LATIMER_AGENT_STORAGE_SPOOL_H_
#define LATIMER_AGENT_STORAGE_SPOOL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "agent/base/descriptor.h"
#include "agent/base/log.h"
#include "core/base/mutex.h"
#include "latimer/v1/measurement.pb.h"

namespace latimer::agent {

class Spool {
 public:
  // Reads what an earlier process left. `log` outlives the spool; dropped bytes are a warning there.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const std::string& path, Log* log);

  // On disk, synced, when it returns OK. A measurement whose id waits already is not stored again. After an error
  // (RESOURCE_EXHAUSTED: no space left) nothing of it is in the file, and the call may be made again.
  absl::Status Add(const v1::Measurement& measurement);

  // Keeps a measurement in memory that Add() could not store: it waits like the others, and is lost with the process.
  void AddUnsaved(const v1::Measurement& measurement);

  // Stores what AddUnsaved() took and nobody has acknowledged yet. Errors: as Add().
  absl::Status Save();

  // Whether a measurement with this id waits.
  bool Contains(const std::string& id) const;

  // Forgets measurements; unknown ids are ignored. Never fails: where the disk refuses the note, they may be sent
  // again after a restart, which the server takes as the same.
  void Acknowledge(absl::Span<const std::string> ids);

  // The first waiting measurement with a number above `after` (0: the first of all), in the order they were added.
  struct Entry {
    uint64_t number = 0;
    v1::Measurement measurement;
  };
  std::optional<Entry> Next(uint64_t after) const;

  int64_t size() const;
  int64_t unsaved() const;  // of them, those in memory only
  int64_t file_bytes() const;

 private:
  Spool(std::string path, Descriptor file, Log* log) : path_(std::move(path)), log_(log), file_(std::move(file)) {}

  void Load(absl::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Insert(std::string id, std::string bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // True: it was there, on disk.
  bool Remove(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Append(absl::string_view frame, bool sync) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Rewrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  Log* const log_;
  mutable Mutex mutex_;
  Descriptor file_ ABSL_GUARDED_BY(mutex_);
  int64_t file_size_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t live_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::string> waiting_ ABSL_GUARDED_BY(mutex_);  // serialised
  std::unordered_map<std::string, uint64_t> number_by_id_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> unsaved_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_STORAGE_SPOOL_H_
