// Runs the corpus, and mutants of it, without libFuzzer. The mutants are the same in every run: 5000 of each form,
// fewer where that takes more than 5 seconds; with LATIMER_FUZZ_SECONDS set, as many as fit in that time. The input
// that runs is in the file replay_<form>_<process>.input of the test's temporary folder, so a crash leaves it behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fuzz/exercise.h"
#include "tests/fuzz/mutate.h"

namespace latimer::fuzz {

void PrintTo(Form form, std::ostream* out) { *out << FormName(form); }

namespace {

using Clock = std::chrono::steady_clock;

// Sanitizers and busy machines included; without them the slowest takes some milliseconds.
constexpr std::chrono::seconds kLongest(10);
constexpr size_t kLargestInput = 8 << 20;

struct Seed {
  std::string file;
  std::string bytes;
};

std::vector<Seed> Corpus(Form form) {
  std::vector<Seed> seeds;
  const std::string folder = absl::StrCat(LATIMER_SOURCE_DIR, "/tests/fuzz/corpus/", std::string(FormName(form)));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.push_back({entry.path().filename().string(), std::string((std::istreambuf_iterator<char>(file)), {})});
  }
  std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.file < b.file; });
  return seeds;
}

// The input that runs, in a mapped file: it survives whatever the input does to this process.
class BlackBox {
 public:
  explicit BlackBox(Form form)
      : path_(absl::StrCat(testing::TempDir(), "/replay_", std::string(FormName(form)), "_", getpid(), ".input")),
        file_(open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (file_ < 0 || ftruncate(file_, kLargestInput) != 0) return;
    void* mapped = mmap(nullptr, kLargestInput, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (mapped != MAP_FAILED) data_ = static_cast<char*>(mapped);
  }
  BlackBox(const BlackBox&) = delete;
  BlackBox& operator=(const BlackBox&) = delete;
  ~BlackBox() {
    if (data_ != nullptr) munmap(data_, kLargestInput);
    if (file_ >= 0) close(file_);
    unlink(path_.c_str());
  }

  // The file begins with the input's size in decimal and a line break.
  void Record(absl::string_view input) {
    const std::string head = absl::StrCat(input.size(), "\n");
    if (data_ == nullptr || head.size() + input.size() > kLargestInput) return;
    std::memcpy(data_, head.data(), head.size());
    std::memcpy(data_ + head.size(), input.data(), input.size());
  }

 private:
  const std::string path_;
  const int file_;
  char* data_ = nullptr;
};

// How long to go on.
struct Budget {
  double seconds = 5;  // all forms together
  // Without a cap, a faster machine would meet mutants nobody has met before, in a test that should pass everywhere.
  uint64_t mutants = 5000;  // of each form
};

Budget TestBudget() {
  Budget budget;
  if (const char* text = std::getenv("LATIMER_FUZZ_SECONDS"); text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtod(text, &budget.seconds)) << text;
    budget.mutants = std::numeric_limits<uint64_t>::max();
  }
  budget.seconds /= static_cast<double>(kForms.size());
  return budget;
}

class Replay : public testing::TestWithParam<Form> {
 protected:
  // False: a promise was broken, and the input lies in a file that the failure names.
  bool Holds(absl::string_view input, absl::string_view origin) {
    black_box_.Record(input);
    const Clock::time_point start = Clock::now();
    const absl::Status status = Exercise(GetParam(), input);
    const std::chrono::duration<double> took = Clock::now() - start;
    if (status.ok() && took < kLongest) return true;
    const std::string path = absl::StrCat(testing::TempDir(), "/failed_", std::string(FormName(GetParam())), ".input");
    std::ofstream(path, std::ios::binary) << std::string(input);
    ADD_FAILURE() << origin << ": " << status << " after " << took.count() << " s; the input is in " << path;
    return false;
  }

 private:
  BlackBox black_box_{GetParam()};
};

TEST_P(Replay, CorpusKeepsItsPromises) {
  const std::vector<Seed> seeds = Corpus(GetParam());
  EXPECT_GE(seeds.size(), 10u);
  for (const Seed& seed : seeds) Holds(seed.bytes, seed.file);
}

TEST_P(Replay, MutantsOfTheCorpusKeepTheirPromises) {
  const std::vector<Seed> seeds = Corpus(GetParam());
  ASSERT_FALSE(seeds.empty());
  const Budget budget = TestBudget();
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(budget.seconds));
  uint64_t mutants = 0;
  std::string mutant;
  for (; mutants == 0 || (mutants < budget.mutants && Clock::now() < end); ++mutants) {
    Random random(mutants);
    // Mutants of mutants go further than a few changes of a seed.
    if (mutants % 4 == 0 || mutant.size() > 100'000) mutant = seeds[random() % seeds.size()].bytes;
    mutant = Mutate(GetParam(), mutant, random);
    if (!Holds(mutant, absl::StrCat("mutant ", mutants))) break;
  }
  RecordProperty("mutants", static_cast<int>(mutants));
}

INSTANTIATE_TEST_SUITE_P(Forms, Replay, testing::ValuesIn(kForms),
                         [](const auto& info) { return std::string(FormName(info.param)); });

}  // namespace
}  // namespace latimer::fuzz
