// The benchmarks' networks are the published ones: their multiply-accumulates are known.
#include "tests/bench/workloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/network/network.h"
#include "core/network/read_network.h"
#include "tests/bench/nb201.h"
#include "tests/bench/onnx_networks.h"

namespace latimer::bench {
namespace {

int64_t MacsOf(const v1::NetworkSource& source) {
  absl::StatusOr<Network> network = ReadNetwork(source);
  EXPECT_TRUE(network.ok()) << network.status();
  return network.ok() ? Macs(*network) : -1;
}

int64_t MacsOfOnnx(const std::string& model) {
  v1::NetworkSource source;
  source.set_onnx_model(model);
  return MacsOf(source);
}

int64_t MacsOfCell(absl::string_view name) {
  const std::optional<Nb201Cell> cell = ParseNb201Cell(name);
  EXPECT_TRUE(cell.has_value()) << name;
  v1::NetworkSource source;
  *source.mutable_network() = MakeNb201Network(cell.value_or(Nb201Cell{}));
  return MacsOf(source);
}

TEST(OnnxNetworksTest, HaveTheWorkOfTheOriginals) {
  EXPECT_EQ(MacsOfOnnx(MakeResNet18()), 1'814'073'344);
  EXPECT_EQ(MacsOfOnnx(MakeResNet50()), 4'089'184'256);
  EXPECT_EQ(MacsOfOnnx(MakeMobileNetV2()), 300'774'272);
}

// The benchmark's cells have between 7.78 and 220.12 million; the one in the middle adds a 3x3 convolution to each of
// the 15 cells of the smallest.
TEST(Nb201Test, CellsHaveTheWorkOfTheBenchmark) {
  EXPECT_EQ(
      MacsOfCell("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"),
      220'119'680);
  EXPECT_EQ(MacsOfCell("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|skip_connect~1|none~2|") / 10'000,
            4'317);
  EXPECT_EQ(MacsOfCell("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|") / 10'000, 778);
}

TEST(Nb201Test, NamesRoundTrip) {
  std::set<std::string> names;
  for (int i = 0; i < kNb201Cells; ++i) {
    const Nb201Cell cell = MakeNb201Cell(i);
    const std::string name = Nb201CellName(cell);
    EXPECT_EQ(ParseNb201Cell(name), cell) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kNb201Cells));
  EXPECT_FALSE(ParseNb201Cell("|nor_conv_5x5~0|+|none~0|none~1|+|none~0|none~1|none~2|").has_value());
  EXPECT_FALSE(ParseNb201Cell("|none~0|+|none~0|none~1|").has_value());
  EXPECT_FALSE(ParseNb201Cell("|none~1|+|none~0|none~1|+|none~0|none~1|none~2|").has_value());
}

TEST(WorkloadsTest, FreshOnesNeverRepeatAndAllAreReadable) {
  for (const std::string& name : WorkloadNames()) {
    absl::StatusOr<std::unique_ptr<Workload>> workload = MakeWorkload(name, "zcu102-dnndk");
    ASSERT_TRUE(workload.ok()) << workload.status();
    EXPECT_EQ((*workload)->name(), name);
    std::set<std::string> seen;
    constexpr int kRequests = 500;
    for (int i = 0; i < kRequests; ++i) {
      const v1::EstimateRequest request = (*workload)->Next();
      if (i % 100 == 0) {
        EXPECT_GT(MacsOf(request.network()), 0) << name;
      }
      seen.insert(request.SerializeAsString());
    }
    EXPECT_EQ(seen.size() == kRequests, (*workload)->fresh()) << name;
  }
}

TEST(WorkloadsTest, FreshCellsOutlastTheSearchSpace) {
  absl::StatusOr<std::unique_ptr<Workload>> workload = MakeWorkload("nas-fresh", "zcu102-dnndk");
  ASSERT_TRUE(workload.ok());
  std::set<std::string> seen;
  constexpr int kRequests = kNb201Cells + 100;
  for (int i = 0; i < kRequests; ++i) seen.insert((*workload)->Next().network().network().SerializeAsString());
  EXPECT_EQ(seen.size(), static_cast<size_t>(kRequests));
}

TEST(WorkloadsTest, UnknownNamesListTheKnownOnes) {
  const absl::Status status = MakeWorkload("vgg", "zcu102-dnndk").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("nas-fresh-layers"));
}

}  // namespace
}  // namespace latimer::bench
