// A network converted by a toolchain, and measured by it.
#ifndef LATIMER_BACKENDS_COMMAND_COMMAND_NETWORK_H_
#define LATIMER_BACKENDS_COMMAND_COMMAND_NETWORK_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "backends/backend.h"
#include "backends/command/conversion_cache.h"
#include "backends/command/report_parser.h"
#include "backends/command/toolbox.h"
#include "backends/timing.h"
#include "core/network/network.h"

namespace latimer::command {

// Name of the network's file in its folder of the cache.
inline constexpr char kOnnxFile[] = "network.onnx";

// Rows of the engine's report, each with the node of `network` it stands for.
std::vector<LayerTiming> ToLayerTimings(const Network& network, const std::vector<Report>& launches);

// The times of several launches as one result: of all samples where the reports have them, else of their summaries.
absl::StatusOr<TimingResult> ToTiming(const std::vector<Report>& launches);

class CommandNetwork final : public PreparedNetwork {
 public:
  // Toolbox, cache and parsers outlive this. `entry` holds the network's file.
  CommandNetwork(Toolbox* toolbox, const ParserTable* parsers, ConversionCache* cache, ConversionCache::Entry entry,
                 Network network);

  // Conversion, unless the cache has it.
  absl::Status Convert();

  absl::StatusOr<double> RunSeconds() override;
  absl::Status TimeItself(const TimingOptions& options, TimingResult* result) override;
  absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options) override;
  absl::StatusOr<double> CompilerEstimateSeconds() override;

 private:
  absl::Status ConvertOnce();
  absl::StatusOr<std::vector<Report>> Launch(const proto::Measurement& measurement, int launches);

  Toolbox* const toolbox_;
  const ParserTable* const parsers_;
  ConversionCache* const cache_;
  const ConversionCache::Entry entry_;
  const Network network_;
  const Deadline deadline_;
  Values values_;
};

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_COMMAND_NETWORK_H_
