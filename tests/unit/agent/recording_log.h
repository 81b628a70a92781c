// Keeps log lines for a test to look at.
#ifndef LATIMER_TESTS_UNIT_AGENT_RECORDING_LOG_H_
#define LATIMER_TESTS_UNIT_AGENT_RECORDING_LOG_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/base/log.h"
#include "core/base/mutex.h"

namespace latimer::agent {

class RecordingLog final : public Log {
 public:
  void Write(LogLevel, absl::string_view text) override {
    MutexLock lock(&mutex_);
    absl::StrAppend(&text_, text, "\n");
  }
  std::string text() {
    MutexLock lock(&mutex_);
    return text_;
  }

 private:
  Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::agent

#endif  // LATIMER_TESTS_UNIT_AGENT_RECORDING_LOG_H_
