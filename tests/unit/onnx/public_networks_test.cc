// Every network of the index imports with the counts the index gives. The set in tests/data/networks always runs; the
// whole public set runs where LATIMER_SHARED_NETWORKS names its folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/network/onnx/onnx_import.h"

namespace latimer {
namespace {

std::vector<std::filesystem::path> Folders() {
  std::vector<std::filesystem::path> folders{std::filesystem::path(LATIMER_SOURCE_DIR) / "tests/data/networks"};
  const char* shared = std::getenv("LATIMER_SHARED_NETWORKS");
  const std::filesystem::path beside = std::filesystem::path(LATIMER_SOURCE_DIR).parent_path() / "shared/networks";
  if (shared != nullptr) {
    folders.emplace_back(shared);
  } else if (std::filesystem::exists(beside / "index.csv")) {
    folders.push_back(beside);
  }
  return folders;
}

struct Row {
  std::string file;
  std::filesystem::path path;
  int64_t nodes = 0;
  int64_t macs = 0;
  int64_t params = 0;
};

std::vector<Row> Index(const std::filesystem::path& folder) {
  std::ifstream in(folder / "index.csv");
  std::string line;
  std::getline(in, line);
  std::vector<std::string> header = absl::StrSplit(line, ',');
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    // The columns read here come before the first that may hold commas.
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    std::map<std::string, std::string> by_name;
    for (size_t i = 0; i < header.size() && i < cells.size(); ++i) by_name[header[i]] = cells[i];
    Row row;
    row.file = by_name["file"];
    row.path = folder / row.file;
    EXPECT_TRUE(absl::SimpleAtoi(by_name["nodes"], &row.nodes)) << line;
    EXPECT_TRUE(absl::SimpleAtoi(by_name["MACs"], &row.macs)) << line;
    EXPECT_TRUE(absl::SimpleAtoi(by_name["params"], &row.params)) << line;
    rows.push_back(row);
  }
  return rows;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

TEST(PublicNetworks, CountsEqualTheIndex) {
  int checked = 0;
  for (const std::filesystem::path& folder : Folders()) {
    for (const Row& row : Index(folder)) {
      SCOPED_TRACE(row.path.string());
      absl::StatusOr<Network> network = ImportOnnx(ReadFile(row.path));
      ASSERT_TRUE(network.ok()) << network.status();
      EXPECT_EQ(Macs(*network), row.macs);
      EXPECT_EQ(network->source_node_count, row.nodes);
      EXPECT_EQ(network->source_params, row.params);
      EXPECT_TRUE(network->warnings.empty()) << network->warnings[0].message;
      ++checked;
    }
  }
  EXPECT_GE(checked, 10);
}

TEST(PublicNetworks, StrippedNetworksReadTheSame) {
  for (const Row& row : Index(Folders()[0])) {
    SCOPED_TRACE(row.file);
    const std::string bytes = ReadFile(row.path);
    absl::StatusOr<std::string> stripped = StripWeights(bytes);
    ASSERT_TRUE(stripped.ok()) << stripped.status();
    absl::StatusOr<Network> network = ImportOnnx(*stripped);
    ASSERT_TRUE(network.ok()) << network.status();
    EXPECT_EQ(Macs(*network), row.macs);
    EXPECT_EQ(network->source_params, row.params);
  }
}

}  // namespace
}  // namespace latimer
