// Writes the seed corpus: hand-made inputs, and the smallest networks of the tests in every form that holds them.
//
// usage: latimer_make_fuzz_corpus FOLDER
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "tests/fuzz/seeds.h"

namespace latimer::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRealNetworks = 8;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(file)), {}};
}

std::vector<fs::path> SmallestNetworks() {
  std::vector<std::pair<uintmax_t, fs::path>> found;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(LATIMER_SOURCE_DIR) / "tests/data/networks")) {
    if (entry.path().extension() == ".onnx") found.emplace_back(entry.file_size(), entry.path());
  }
  std::sort(found.begin(), found.end());
  found.resize(std::min(found.size(), kRealNetworks));
  std::vector<fs::path> paths;
  for (auto& [size, path] : found) paths.push_back(std::move(path));
  return paths;
}

void Write(const fs::path& folder, const Seeds& seeds) {
  fs::create_directories(folder);
  for (const auto& [name, bytes] : seeds) std::ofstream(folder / name, std::ios::binary) << bytes;
}

// A small network with each layer's compact form, where the seed imports.
void AddCompactForms(const Seeds& onnx, Seeds* compact) {
  for (const auto& [name, bytes] : onnx) {
    absl::StatusOr<Network> network = ImportOnnx(bytes);
    if (!network.ok()) continue;
    compact->emplace("from_" + name, NetworkToProto(Simplify(*std::move(network))).SerializeAsString());
  }
}

}  // namespace
}  // namespace latimer::fuzz

int main(int argc, char** argv) {
  using namespace latimer::fuzz;  // NOLINT: a main of ten lines
  if (argc != 2) {
    std::fprintf(stderr, "usage: latimer_make_fuzz_corpus FOLDER\n");
    return 2;
  }
  const fs::path folder = argv[1];
  Seeds onnx = OnnxSeeds();
  for (const fs::path& path : SmallestNetworks()) onnx.emplace(path.stem().string(), ReadFile(path));
  Seeds network = NetworkSeeds();
  AddCompactForms(onnx, &network);
  Write(folder / "onnx", onnx);
  Write(folder / "network", network);
  Write(folder / "annette", AnnetteSeeds());
  Write(folder / "report", ReportSeeds());
  return 0;
}
