// What holds for every network on every platform that ships: no layer is lost or done twice, no work either.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/mapping/features.h"
#include "core/network/onnx/onnx_import.h"
#include "tests/unit/mapping/mapping_helpers.h"
#include "tests/unit/model/test_platform.h"

namespace latimer {
namespace {

void Check(const Network& network, const PlatformModel& platform) {
  const MappedNetwork mapped = MapNetwork(network, platform);
  std::vector<int> seen(network.layers.size(), 0);
  for (LayerId id : mapped.free_layers) ++seen[id];
  LayerId before = kNone;
  double operations = 0;
  double expected = 0;
  for (const ExecutionUnit& unit : mapped.units) {
    const bool again = unit.primary == before;  // the next unit of a layer that is split
    EXPECT_TRUE(unit.primary > before || again) << network.layers[unit.primary].name;
    before = unit.primary;
    ASSERT_FALSE(unit.layers.empty());
    EXPECT_EQ(unit.layers[0], unit.primary);
    EXPECT_GE(unit.features.num_inputs, 1);
    EXPECT_GT(unit.features.output_bytes, 0) << network.layers[unit.primary].name;
    if (again) continue;
    operations += unit.features.operations;
    for (LayerId id : unit.layers) {
      ++seen[id];
      expected += Operations(network, network.layers[id]);
    }
    // Every layer but the first reads the one before it.
    for (size_t i = 1; i < unit.layers.size(); ++i) {
      const TensorId made = network.layers[unit.layers[i - 1]].outputs[0];
      const auto& inputs = network.layers[unit.layers[i]].inputs;
      EXPECT_NE(std::find(inputs.begin(), inputs.end(), made), inputs.end());
    }
  }
  EXPECT_EQ(operations, expected);
  for (size_t id = 0; id < seen.size(); ++id) EXPECT_EQ(seen[id], 1) << network.layers[id].name;
}

TEST(MappedNetworks, EveryLayerRunsOnce) {
  std::vector<std::shared_ptr<const PlatformModel>> platforms{MakeTestPlatform()};
  for (const auto& entry : std::filesystem::directory_iterator(LATIMER_SOURCE_DIR "/data/platforms")) {
    if (entry.path().extension() == ".textproto")
      platforms.push_back(LoadShippedPlatform(entry.path().stem().string()));
  }
  EXPECT_GE(platforms.size(), 3u);
  int networks = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(LATIMER_SOURCE_DIR "/tests/data/networks")) {
    if (entry.path().extension() != ".onnx") continue;
    ++networks;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    absl::StatusOr<Network> network = ImportOnnx(bytes.str());
    ASSERT_TRUE(network.ok()) << network.status();
    const Network simple = Simplify(*std::move(network));
    for (const auto& platform : platforms) {
      SCOPED_TRACE(absl::StrCat(entry.path().filename().string(), " on ", platform->id()));
      Check(simple, *platform);
    }
  }
  EXPECT_GE(networks, 30);
}

}  // namespace
}  // namespace latimer
