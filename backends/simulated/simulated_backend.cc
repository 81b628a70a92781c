#include "backends/simulated/simulated_backend.h"

#include <cmath>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backends/simulated/simulator.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer::simulated {
namespace {

class SimulatedNetwork final : public PreparedNetwork {
 public:
  SimulatedNetwork(Network network, Board board, bool noise, uint64_t seed)
      : network_(std::move(network)),
        board_(std::move(board)),
        run_(Simulate(network_, board_)),
        noise_(noise),
        random_(seed) {}

  absl::StatusOr<double> RunSeconds() override {
    if (!noise_) return run_.total_seconds;
    double seconds = run_.total_seconds * std::exp(board_.noise_sigma * normal_(random_));
    if (uniform_(random_) < board_.disturbance_probability) seconds += board_.disturbance_seconds * uniform_(random_);
    return seconds;
  }

  absl::StatusOr<std::vector<LayerTiming>> ProfileLayers(const ProfileOptions& options) override {
    if (!board_.layer_report) return PreparedNetwork::ProfileLayers(options);
    std::vector<LayerTiming> rows;
    for (const SimulatedUnit& unit : run_.units) {
      const Layer& primary = network_.layers[unit.layers[0]];
      LayerTiming row;
      row.name = std::string(primary.name);
      row.node = std::string(primary.nodes.empty() ? primary.name : primary.nodes[0]);
      row.operation = std::string(LayerTypeName(primary.type));
      SummarizeRuns({unit.seconds}, row);
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  const Network network_;
  const Board board_;
  const SimulatedRun run_;
  const bool noise_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
};

class SimulatedBackend final : public Backend {
 public:
  SimulatedBackend(Board board, const SimulatedOptions& options)
      : board_(std::move(board)), noise_(options.noise), seed_(options.seed), name_("simulated:" + board_.name) {
    fingerprint_.simulated = true;
    fingerprint_.facts["board"] = board_.name;
    fingerprint_.facts["hardware"] = absl::StrCat("simulated ", board_.hardware);
    fingerprint_.facts["toolchain"] = "latimer simulator 1";
    fingerprint_.facts["precision"] = absl::StrCat(board_.activation_bits, " bits");
  }

  absl::string_view name() const override { return name_; }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return false; }

  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) override {
    LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(onnx_model));
    // A stream of noise of its own for every network that is prepared.
    return std::make_unique<SimulatedNetwork>(Simplify(std::move(network)), board_, noise_, ++seed_);
  }

 private:
  const Board board_;
  const bool noise_;
  uint64_t seed_;
  const std::string name_;
  Fingerprint fingerprint_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> CreateSimulatedBackend(const SimulatedOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(Board board, FindBoard(options.board));
  return std::make_unique<SimulatedBackend>(std::move(board), options);
}

}  // namespace latimer::simulated
