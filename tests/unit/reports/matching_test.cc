// Reports of known networks: the counters of two networks on the NCS2 against their public graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "backends/reports/openvino.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/annette/annette_import.h"
#include "core/network/simplify.h"
#include "tests/unit/reports/report_files.h"

namespace latimer {
namespace {

struct KnownReport {
  std::string file;
  bool in_tree;
  std::string network;
  size_t units;
  std::vector<std::string> unmatched;  // rows
};

std::vector<KnownReport> KnownReports() {
  return {
      {"made-up/tf_resnet50_cnt_rep.csv", true, "tf_resnet50", 84, {"<Extra>"}},
      {"openvino-myriad/tf_resnet50_imagenet_224_224_6.97G_avg_cnt_rep.csv", false, "tf_resnet50", 89, {"<Extra>"}},
      {"openvino-myriad/tf_inceptionv1_imagenet_224_224_3G_avg_cnt_rep.csv", false, "tf_inceptionv1", 74, {"<Extra>"}},
  };
}

Network LoadGraph(const std::string& name, bool simplified) {
  const std::optional<std::string> json =
      ReadFileIfThere(absl::StrCat(LATIMER_SOURCE_DIR, "/tests/data/annette/", name, ".annette.json"));
  EXPECT_TRUE(json.has_value()) << name;
  absl::StatusOr<Network> network = ImportAnnetteJson(json.value_or(""));
  EXPECT_TRUE(network.ok()) << network.status();
  return simplified ? Simplify(*std::move(network)) : *std::move(network);
}

std::optional<Report> LoadCounters(const KnownReport& known) {
  const std::optional<std::string> csv =
      ReadFileIfThere(known.in_tree ? ReportPath(known.file) : ReferencePath(known.file));
  EXPECT_TRUE(csv.has_value() || !known.in_tree) << known.file;
  if (!csv.has_value()) return std::nullopt;
  absl::StatusOr<std::vector<Report>> reports = ParseOpenVinoCounters(*csv);
  EXPECT_TRUE(reports.ok()) << reports.status();
  return std::move(reports->at(0));
}

TEST(Matching, AllButTheConversionOfTheInputIsMatched) {
  for (const KnownReport& known : KnownReports()) {
    for (const bool simplified : {false, true}) {
      SCOPED_TRACE(absl::StrCat(known.file, simplified ? " simplified" : ""));
      const std::optional<Report> report = LoadCounters(known);
      if (!report.has_value()) continue;
      const Network network = LoadGraph(known.network, simplified);
      const ReportMatch match = MatchReport(network, report->rows);
      EXPECT_GE(match.MatchedShare(), 0.98);
      EXPECT_EQ(match.units.size(), known.units);
      EXPECT_NEAR(match.executed_seconds, report->stated.value(), 1e-9);
      std::vector<std::string> unmatched;
      for (int32_t row : match.unmatched_rows) unmatched.push_back(report->rows[row].name);
      EXPECT_EQ(unmatched, known.unmatched);
      std::vector<std::string> layers;
      for (LayerId layer : match.unmatched_layers) layers.emplace_back(network.layers[layer].name);
      EXPECT_THAT(layers, testing::IsEmpty());
    }
  }
}

// A rectifier that the report calls OPTIMIZED_OUT is fused with what computes its input; one with a row is not.
TEST(Matching, FlagsFollowTheStatusOfTheRows) {
  for (const KnownReport& known : KnownReports()) {
    SCOPED_TRACE(known.file);
    const std::optional<Report> report = LoadCounters(known);
    if (!report.has_value()) continue;
    std::set<std::string> gone;
    for (const ReportRow& row : report->rows) {
      if (row.status == RowStatus::kOptimizedOut) gone.insert(row.name);
    }
    const Network network = LoadGraph(known.network, /*simplified=*/true);
    int fused = 0;
    int alone = 0;
    for (const EdgeFusion& edge : MatchReport(network, report->rows).edges) {
      const Layer& consumer = network.layers[edge.consumer];
      if (consumer.type != LayerType::kRelu) continue;
      const bool expected = gone.contains(std::string(consumer.name));
      EXPECT_EQ(edge.flag, expected ? FusionFlag::kFused : FusionFlag::kNotFused) << consumer.name;
      (expected ? fused : alone) += 1;
    }
    EXPECT_EQ(fused, static_cast<int>(gone.size()));
    EXPECT_EQ(fused + alone, known.network == "tf_resnet50" ? 49 : 57);
  }
}

}  // namespace
}  // namespace latimer
