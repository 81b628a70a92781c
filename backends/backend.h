// Backend: one engine or vendor toolchain on the board this process runs on.
//
// A back end says what it is (fingerprint), prepares a network once, and then runs it again and again; measuring is the
// same code for all of them (backends/timing.h). Implementations: onnxruntime, opencv, simulated, and
// command for the toolchains of vendors.
// Objects are used from one thread at a time.
#ifndef LATIMER_BACKENDS_BACKEND_H_
#define LATIMER_BACKENDS_BACKEND_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer {

// What a measurement is valid for: hardware, toolchain with version, precision, settings. Facts by name, for example
// "cpu" -> "AMD EPYC 7B13", "toolchain" -> "onnxruntime 1.21.0", "threads" -> "1".
struct Fingerprint {
  std::map<std::string, std::string> facts;
  bool simulated = false;

  // 16 hexadecimal digits that change when any fact changes.
  std::string Digest() const;
};

// One row of an engine's own per-layer report.
struct LayerTiming {
  std::string name;       // as the engine reports it
  std::string operation;  // the engine's operator name
  std::string node;       // a node of the source network it stands for; empty: the engine's own work, such as layout
  double median_seconds = 0;
  double min_seconds = 0;
  // Mean of the middle half of the runs: as robust as the median, and finer where the engine counts whole microseconds.
  double middle_seconds = 0;
};

// Mean of the middle half, as robust as the median and finer. Sorts `seconds`, which is not empty.
double MiddleMean(std::vector<double>& seconds);

// Fills in the statistics of a row from the times of its runs; `seconds` is not empty.
void SummarizeRuns(std::vector<double> seconds, LayerTiming& row);

class Pace;  // backends/pace.h

struct ProfileOptions {
  int runs = 20;  // that nothing disturbed, if there are as many among four times as many
  // Memory written before each run, as in TimingOptions.
  int64_t flush_bytes = 0;
  Pace* pace = nullptr;  // not owned; nullptr: the pace of the processor is not measured, and every run counts
};

struct TimingOptions;  // backends/timing.h
struct TimingResult;

// A network that is ready to run, with weights and inputs in place.
class PreparedNetwork {
 public:
  virtual ~PreparedNetwork() = default;

  // Runs one inference and returns its time. Real engines time the call; simulated boards compute it.
  virtual absl::StatusOr<double> RunSeconds() = 0;

  // The engine's own time per executed layer over a number of inferences, in execution order. Separate runs: profiling
  // slows the engine down. UNIMPLEMENTED where the engine has no report.
  virtual absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options);

  // Times whole inferences in a way of its own: an engine that is a program of a vendor's counts its runs itself, and
  // starting it takes longer than a run. UNIMPLEMENTED: RunSeconds() is called again and again instead.
  virtual absl::Status TimeItself(const TimingOptions& options, TimingResult* result);

  // What the engine's own compiler thinks one inference takes: an estimate, to compare with. UNIMPLEMENTED where it
  // does not say.
  virtual absl::StatusOr<double> CompilerEstimateSeconds();

  // The graph after the engine's optimisations, as a serialised ONNX model. UNIMPLEMENTED where there is none.
  virtual absl::StatusOr<std::string> OptimizedGraph();
};

class Backend {
 public:
  virtual ~Backend() = default;

  // "onnxruntime", "opencv", "simulated".
  virtual absl::string_view name() const = 0;
  virtual const Fingerprint& fingerprint() const = 0;

  // Prepares a complete ONNX model (weights present: see backends/materialize.h). INVALID_ARGUMENT with the engine's
  // own words when it refuses the network.
  virtual absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) = 0;

  // Whether networks run on the processor this process runs on, so that its pace (backends/pace.h) tells of their
  // times.
  virtual bool computes_on_host() const = 0;

  // What went wrong since the last call and was got over by trying again, for people.
  virtual std::vector<std::string> TakeIncidents() { return {}; }
};

}  // namespace latimer

#endif  // LATIMER_BACKENDS_BACKEND_H_
