#include "tests/standins/standin.h"

#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer::standin {
namespace {

bool Applies(absl::string_view when, int launch) {
  int number = 0;
  if (absl::StartsWith(when, "/"))
    return absl::SimpleAtoi(when.substr(1), &number) && number > 0 && launch % number == 0;
  const std::vector<absl::string_view> parts = absl::StrSplit(when, 'x');
  int count = 1;
  if (!absl::SimpleAtoi(parts[0], &number)) return false;
  if (parts.size() > 1 && !absl::SimpleAtoi(parts[1], &count)) return false;
  return launch >= number && launch < number + count;
}

std::mt19937_64& Random() {
  static std::mt19937_64 random{std::random_device{}()};
  return random;
}

}  // namespace

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Arguments::Arguments(int argc, char** argv, const std::vector<std::string>& flags) {
  for (int i = 1; i < argc; ++i) {
    const absl::string_view word = argv[i];
    absl::StrAppend(&line_, i > 1 ? " " : "", word);
    const size_t dashes = std::min(word.find_first_not_of('-'), word.size());
    if (dashes == 0 || dashes == word.size()) {
      positional_.emplace_back(word);
      continue;
    }
    const absl::string_view rest = word.substr(dashes);
    const size_t sign = rest.find('=');
    std::string name(rest.substr(0, sign));
    if (sign != absl::string_view::npos) {
      values_[name] = std::string(rest.substr(sign + 1));
    } else if (std::find(flags.begin(), flags.end(), name) == flags.end() && i + 1 < argc) {
      values_[name] = argv[++i];
      absl::StrAppend(&line_, " ", argv[i]);
    } else {
      values_[name] = "";
    }
  }
}

std::string Arguments::Get(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int Arguments::Number(const std::string& name, int otherwise) const {
  int number = 0;
  return absl::SimpleAtoi(Get(name), &number) ? number : otherwise;
}

std::vector<std::string> Arguments::Unknown(const std::vector<std::string>& known) const {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : values_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
  }
  return unknown;
}

std::string TakeFailure(absl::string_view tool, const std::vector<std::string>& known) {
  const std::string folder = Variable("LATIMER_STANDIN_STATE");
  const std::string failures = Variable("LATIMER_STANDIN_FAIL");
  if (folder.empty() || failures.empty()) return "";
  const std::string path = absl::StrCat(folder, "/", tool, ".launches");
  int launch = 0;
  std::ifstream(path) >> launch;
  std::ofstream(path) << ++launch;
  for (absl::string_view failure : absl::StrSplit(failures, ',')) {
    const size_t at = failure.find('@');
    if (at == absl::string_view::npos) continue;
    std::string name(failure.substr(0, at));
    const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
    if (is_known && Applies(failure.substr(at + 1), launch)) return name;
  }
  return "";
}

void Crash() {
  raise(SIGSEGV);
  std::abort();
}

void GetKilled() {
  raise(SIGKILL);
  std::abort();
}

void Hang() {
  // As a driver does that waits for its device.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  while (true) pause();
}

absl::StatusOr<std::string> ReadModel(const std::string& onnx_file) {
  const std::string kept = onnx_file + ".small";
  if (absl::StatusOr<std::string> small = ReadFile(kept); small.ok()) return small;
  LATIMER_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(onnx_file));
  LATIMER_ASSIGN_OR_RETURN(std::string small, StripWeights(bytes));
  if (!WriteFile(kept, small)) return absl::ResourceExhaustedError("cannot write " + kept);
  return small;
}

absl::StatusOr<Loaded> Load(const std::string& onnx_file, const std::string& default_board) {
  LATIMER_ASSIGN_OR_RETURN(const std::string bytes, ReadModel(onnx_file));
  LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(bytes));
  const std::string board = Variable("LATIMER_STANDIN_BOARD");
  Loaded loaded;
  loaded.network = Simplify(std::move(network));
  LATIMER_ASSIGN_OR_RETURN(loaded.board, simulated::FindBoard(board.empty() ? default_board : board));
  loaded.run = Simulate(loaded.network, loaded.board);
  return loaded;
}

std::vector<double> Samples(const Loaded& loaded, int runs) {
  std::normal_distribution<double> normal;
  std::vector<double> samples;
  for (int i = 0; i < std::max(1, runs); ++i) {
    samples.push_back(loaded.run.total_seconds * std::exp(loaded.board.noise_sigma * normal(Random())));
  }
  return samples;
}

double ProfileFactor() {
  std::normal_distribution<double> normal;
  return 1.03 * std::exp(0.005 * normal(Random()));  // profiling slows every tool down
}

std::string NodeOf(const Layer& layer) { return std::string(layer.nodes.empty() ? layer.name : layer.nodes.front()); }

std::vector<std::string> NodesOf(const Loaded& loaded, const simulated::SimulatedUnit& unit) {
  std::vector<std::string> nodes;
  for (const LayerId id : unit.layers) {
    const Layer& layer = loaded.network.layers[id];
    if (layer.nodes.empty()) nodes.emplace_back(layer.name);
    for (absl::string_view node : layer.nodes) nodes.emplace_back(node);
  }
  return nodes;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::move(bytes).str();
}

bool WriteFile(const std::string& path, absl::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return static_cast<bool>(file);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

}  // namespace latimer::standin
