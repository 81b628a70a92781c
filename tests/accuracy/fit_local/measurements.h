// Measurements of a back end, kept in a file so that fits can be repeated without measuring again.
#ifndef LATIMER_TESTS_ACCURACY_FIT_LOCAL_MEASUREMENTS_H_
#define LATIMER_TESTS_ACCURACY_FIT_LOCAL_MEASUREMENTS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/backend.h"
#include "backends/timing.h"
#include "core/network/network.h"

namespace latimer::fit_local {

struct Measured {
  double median_seconds = 0;
  double min_seconds = 0;
  double spread = 0;
  double reported_seconds = 0;  // by the engine's own report, without padding layers; 0: none
  std::string error;            // the engine refused; empty: it did not
};

class Measurements {
 public:
  // `file` may not exist yet; empty: nothing is kept. `backend` may be null: what is not in the file is an error.
  // With `cpu_time`, the calling thread's processor time is taken instead of what the back end says: on a machine that
  // others load, for engines that run on that thread alone.
  Measurements(std::string file, Backend* backend, TimingOptions timing, bool cpu_time);

  // Time of a network, from the file where it is there.
  absl::StatusOr<Measured> Of(const std::string& key, const Network& network, bool with_report);
  // The same for an ONNX model.
  absl::StatusOr<Measured> OfModel(const std::string& key, absl::string_view onnx_model, bool with_report);

  // The engine's report of a network, never from the file.
  absl::StatusOr<std::vector<LayerTiming>> Profile(const Network& network);

  int64_t measured() const { return measured_; }

 private:
  absl::Status Run(absl::string_view onnx_model, bool with_report, Measured& to);
  void Keep(const std::string& key, const Measured& measured);

  const std::string file_;
  Backend* const backend_;
  const TimingOptions timing_;
  const bool cpu_time_;
  std::map<std::string, Measured> known_;
  int64_t measured_ = 0;
};

}  // namespace latimer::fit_local

#endif  // LATIMER_TESTS_ACCURACY_FIT_LOCAL_MEASUREMENTS_H_
