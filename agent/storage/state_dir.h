// The agent's folder: its credential, its spool, and a lock so that two agents never share one.
#ifndef LATIMER_AGENT_STORAGE_STATE_DIR_H_
#define LATIMER_AGENT_STORAGE_STATE_DIR_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/base/descriptor.h"

namespace latimer::agent {

// What enrolment gave this agent.
struct Identity {
  std::string agent;       // "agents/<id>"
  std::string platform;    // "platforms/<id>"
  std::string credential;  // secret
};

class StateDir {
 public:
  // Creates the folder where needed (mode 0700) and locks it for the life of the object. The lock dies with the
  // process, however that ends. Errors: FAILED_PRECONDITION (another agent has it; says its process id), those of the
  // file system.
  static absl::StatusOr<StateDir> Open(const std::string& path);

  // nullopt before enrolment. DATA_LOSS where the file is damaged.
  absl::StatusOr<std::optional<Identity>> ReadIdentity() const;

  // Atomic, mode 0600, on disk when it returns.
  absl::Status WriteIdentity(const Identity& identity) const;

  std::string spool_path() const { return path_ + "/spool"; }
  std::string engine_log_path() const { return path_ + "/engine.log"; }
  // For files an engine writes; emptied by Open().
  std::string work_dir() const { return path_ + "/work"; }

 private:
  StateDir(std::string path, Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  Descriptor lock_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_STORAGE_STATE_DIR_H_
