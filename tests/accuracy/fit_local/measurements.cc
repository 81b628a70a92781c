#include "tests/accuracy/fit_local/measurements.h"

#include <time.h>

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "backends/materialize.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_export.h"

namespace latimer::fit_local {

namespace {

class Wrapped : public PreparedNetwork {
 public:
  Wrapped(PreparedNetwork& inner, bool cpu_time) : inner_(inner), cpu_time_(cpu_time) {}
  absl::StatusOr<double> RunSeconds() override {
    if (!cpu_time_) return inner_.RunSeconds();
    const double start = Now();
    LATIMER_RETURN_IF_ERROR(inner_.RunSeconds().status());
    return Now() - start;
  }

 private:
  static double Now() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  PreparedNetwork& inner_;
  const bool cpu_time_;
};

}  // namespace

Measurements::Measurements(std::string file, Backend* backend, TimingOptions timing, bool cpu_time)
    : file_(std::move(file)), backend_(backend), timing_(timing), cpu_time_(cpu_time) {
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    Measured measured;
    if (fields.size() != 6 || !absl::SimpleAtod(fields[1], &measured.median_seconds) ||
        !absl::SimpleAtod(fields[2], &measured.min_seconds) || !absl::SimpleAtod(fields[3], &measured.spread) ||
        !absl::SimpleAtod(fields[4], &measured.reported_seconds)) {
      continue;
    }
    measured.error = fields[5];
    known_[fields[0]] = std::move(measured);
  }
}

absl::StatusOr<Measured> Measurements::Of(const std::string& key, const Network& network, bool with_report) {
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  const absl::StatusOr<std::string> model = ExportOnnx(network);
  if (!model.ok()) {
    Measured refused;
    refused.error = std::string(model.status().message());
    Keep(key, refused);
    return refused;
  }
  return OfModel(key, *model, with_report);
}

absl::StatusOr<Measured> Measurements::OfModel(const std::string& key, absl::string_view onnx_model, bool with_report) {
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (backend_ == nullptr) return NotFound("NOT_MEASURED", "it is not in the file of measurements, and none is made");
  Measured measured;
  const absl::Status status = Run(onnx_model, with_report, measured);
  if (!status.ok()) measured.error = std::string(status.message());
  ++measured_;
  Keep(key, measured);
  return measured;
}

absl::StatusOr<std::vector<LayerTiming>> Measurements::Profile(const Network& network) {
  if (backend_ == nullptr) return NotFound("NOT_MEASURED", "there is no back end to profile on");
  LATIMER_ASSIGN_OR_RETURN(const std::string model, ExportOnnx(network));
  LATIMER_ASSIGN_OR_RETURN(const std::string complete, MaterializeWeights(model, 1));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedNetwork> prepared, backend_->Prepare(complete));
  return prepared->ProfileLayers(50);
}

absl::Status Measurements::Run(absl::string_view onnx_model, bool with_report, Measured& to) {
  LATIMER_ASSIGN_OR_RETURN(const std::string complete, MaterializeWeights(onnx_model, 1));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedNetwork> prepared, backend_->Prepare(complete));
  Wrapped wrapped(*prepared, cpu_time_);
  LATIMER_ASSIGN_OR_RETURN(const TimingResult times, TimeNetwork(wrapped, timing_));
  to.median_seconds = times.median_seconds;
  to.min_seconds = times.min_seconds;
  to.spread = times.median_spread;
  if (!with_report) return absl::OkStatus();
  LATIMER_ASSIGN_OR_RETURN(const std::vector<LayerTiming> rows, prepared->ProfileLayers(20));
  for (const LayerTiming& row : rows) {
    if (!absl::StrContains(row.name, "padding")) to.reported_seconds += row.min_seconds;
  }
  return absl::OkStatus();
}

void Measurements::Keep(const std::string& key, const Measured& measured) {
  known_[key] = measured;
  if (file_.empty()) return;
  std::ofstream(file_, std::ios::app) << absl::StrFormat(
      "%s\t%.9g\t%.9g\t%.4g\t%.9g\t%s\n", key, measured.median_seconds, measured.min_seconds, measured.spread,
      measured.reported_seconds, absl::StrReplaceAll(measured.error, {{"\t", " "}, {"\n", " "}}));
}

}  // namespace latimer::fit_local
