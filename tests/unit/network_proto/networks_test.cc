// Real networks written in the compact form and read back, as imported and simplified. The set in tests/data/networks
// always runs; a larger one runs where LATIMER_SHARED_NETWORKS names its folder.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "proto_helpers.h"

namespace latimer {
namespace {

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> folders{std::filesystem::path(LATIMER_SOURCE_DIR) / "tests/data/networks"};
  if (const char* shared = std::getenv("LATIMER_SHARED_NETWORKS"); shared != nullptr) folders.emplace_back(shared);
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(NetworkProtoNetworks, AreTheSameAfterAMessage) {
  const std::vector<std::filesystem::path> files = Files();
  EXPECT_GE(files.size(), 30u);
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    std::ifstream in(file, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    absl::StatusOr<Network> network = ImportOnnx(bytes.str());
    ASSERT_TRUE(network.ok()) << network.status();
    ExpectRoundTrip(*network);
    ExpectRoundTrip(Simplify(*std::move(network)));
  }
}

}  // namespace
}  // namespace latimer
