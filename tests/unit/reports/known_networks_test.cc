// Real reports of networks whose architecture is published: how much of the time is matched, and, where the report says
// how much work a row is, that it is the work of the layers matched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backends/reports/read_reports.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "tests/unit/reports/report_files.h"

namespace latimer {
namespace {

struct KnownReport {
  std::string toolchain;
  std::string file;
  bool in_tree;
  std::string network;  // of tests/data/vendor-reports/networks, as tests/accuracy/report_networks.py writes them
  std::string subject;
};

// For test names.
void PrintTo(const KnownReport& known, std::ostream* out) { *out << known.file << " " << known.subject; }

class KnownNetworks : public testing::TestWithParam<KnownReport> {
 protected:
  // Null: a reference report that is not here.
  std::optional<Report> Load() const {
    const KnownReport& known = GetParam();
    bytes_ = ReadFileIfThere(known.in_tree ? ReportPath(known.file) : ReferencePath(known.file));
    EXPECT_TRUE(bytes_.has_value() || !known.in_tree) << known.file;
    if (!bytes_.has_value()) return std::nullopt;
    absl::StatusOr<std::vector<ReportedRun>> runs =
        ReadReportFiles(known.toolchain, {{known.file, *bytes_}}, known.subject);
    EXPECT_TRUE(runs.ok()) << runs.status();
    return std::move(runs->at(0).report);
  }

  Network LoadNetwork() const {
    const std::optional<std::string> model = ReadFileIfThere(ReportPath("networks/" + GetParam().network + ".onnx"));
    EXPECT_TRUE(model.has_value());
    absl::StatusOr<Network> network = ImportOnnx(model.value_or(""), {});
    EXPECT_TRUE(network.ok()) << network.status();
    return *std::move(network);
  }

 private:
  mutable std::optional<std::string> bytes_;
};

TEST_P(KnownNetworks, NearlyAllOfTheTimeIsMatched) {
  const std::optional<Report> report = Load();
  if (!report.has_value()) return;
  for (const bool simplified : {false, true}) {
    Network network = LoadNetwork();
    if (simplified) network = Simplify(std::move(network));
    const ReportMatch match = MatchReport(network, report->rows);
    std::string unmatched;
    for (int32_t row : match.unmatched_rows) {
      absl::StrAppend(&unmatched, report->rows[row].name, " ", 1e3 * report->rows[row].seconds, " ms\n");
    }
    EXPECT_GE(match.MatchedShare(), 0.98) << unmatched;
    EXPECT_NEAR(match.executed_seconds, report->ExecutedSeconds(), 1e-12);
  }
}

// DNNDK counts two operations per multiply-accumulate.
TEST_P(KnownNetworks, TheWorkOfARowIsThatOfItsLayers) {
  const std::optional<Report> report = Load();
  if (!report.has_value() || GetParam().toolchain != "dnndk") return;
  const Network network = LoadNetwork();
  int compared = 0;
  for (const MatchedUnit& unit : MatchReport(network, report->rows).units) {
    double mop = 0;
    for (int32_t row : unit.rows) {
      for (const auto& [fact, value] : report->rows[row].facts) {
        if (fact == "mop") mop += value;
      }
    }
    double macs = 0;
    for (LayerId layer : unit.layers) macs += static_cast<double>(Macs(network, network.layers[layer]));
    if (mop == 0) continue;  // additions and resizing
    EXPECT_NEAR(2e-6 * macs, mop, 0.002 * mop + 0.001) << report->rows[unit.rows[0]].name;
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

INSTANTIATE_TEST_SUITE_P(
    Reports, KnownNetworks,
    testing::Values(KnownReport{"dnndk", "dnndk/alexnet_zcu102_dnndk_profile.log", true, "alexnet_dnndk", ""},
                    KnownReport{"dnndk", "dnndk/fcn8_zcu102_dnndk_profile.log", true, "fcn8_dnndk", "fcn8"},
                    KnownReport{"dnndk", "dnndk/fcn8_zcu102_dnndk_profile.log", true, "fcn8ups_dnndk", "fcn8ups"},
                    KnownReport{"tensorrt", "tensorrt/resnet18-A100-fp32.profile.json", true, "resnet18_torch", ""},
                    KnownReport{"tensorrt", "tensorrt/resnet18-A100-fp16.profile.json", true, "resnet18_torch", ""},
                    KnownReport{"tensorrt", "tensorrt/tf-resnet50-RTX3090-fp32.profile.json", true, "resnet50_keras",
                                ""},
                    KnownReport{"tensorrt", "tensorrt-jetson/googlenet_gpu_transition_at_none.profile.json", false,
                                "googlenet_caffe", ""},
                    KnownReport{"tensorrt", "tensorrt-jetson/googlenet_gpu_transition_at_53.profile.json", false,
                                "googlenet_caffe", ""},
                    KnownReport{"tensorrt", "tensorrt-jetson/googlenet_gpu_transition_at_124.profile.json", false,
                                "googlenet_caffe", ""},
                    KnownReport{"tensorrt", "tensorrt-jetson/googlenet_dla_transition_at_10.profile.json", false,
                                "googlenet_caffe", ""}));

}  // namespace
}  // namespace latimer
