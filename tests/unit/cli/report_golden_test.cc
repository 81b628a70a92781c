// Reports as people read them, compared with the files in tests/data/cli/golden.
//
// LATIMER_UPDATE_GOLDENS=1 in the environment rewrites the files instead; the difference is then reviewed as text.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/report/estimate_report.h"
#include "cli/report/network_report.h"
#include "cli/report/platform_report.h"
#include "cli/terminal/text_width.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

const std::string kFolder = LATIMER_SOURCE_DIR "/tests/data/cli/";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

template <typename Message>
Message Load(const std::string& name) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(ReadFile(kFolder + name + ".textproto"), &message)) << name;
  return message;
}

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(kFolder, "golden/", name, ".txt");
  if (std::getenv("LATIMER_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(ReadFile(path), text) << "if this is better, rewrite " << path << " with LATIMER_UPDATE_GOLDENS=1";
}

constexpr size_t kLabel = 10;  // columns of "slowest   "

// What holds for every report, whatever it says.
void ExpectReadable(const std::string& text, const Terminal& terminal) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // Names in running text stay whole for copying; such a word stands alone and may stick out.
    const bool one_word = line.size() > kLabel && line.substr(kLabel).find(' ') == absl::string_view::npos;
    EXPECT_TRUE(one_word || DisplayWidth(line) <= terminal.width) << line;
    EXPECT_FALSE(!line.empty() && line.back() == ' ') << "trailing space: " << line;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "a name reached the terminal raw";
  EXPECT_TRUE(!terminal.ascii || IsAscii(text));
  EXPECT_EQ(text.back(), '\n');
}

struct Variant {
  const char* name;
  Terminal terminal;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class ReportGoldenTest : public testing::TestWithParam<Variant> {
 protected:
  void Check(const std::string& name, const std::string& text) {
    ExpectReadable(text, terminal());
    ExpectGolden(absl::StrCat(name, "_", GetParam().name), text);
  }
  const Terminal& terminal() const { return GetParam().terminal; }
};

TEST_P(ReportGoldenTest, Estimate) {
  Check("estimate", EstimateReport(Load<v1::NetworkEstimate>("estimate"), 0, terminal()));
}

TEST_P(ReportGoldenTest, SlowestLayersOfAnEstimate) {
  Check("estimate_top", EstimateReport(Load<v1::NetworkEstimate>("estimate"), 2, terminal()));
}

TEST_P(ReportGoldenTest, SummaryOfEstimates) {
  const auto estimate = Load<v1::NetworkEstimate>("estimate");
  v1::NetworkEstimate other = estimate;
  other.set_platform("platforms/real-board");
  other.set_simulated(false);
  other.clear_warnings();
  other.mutable_latency()->set_estimate_ms(1234.5);
  Check("summary", EstimateSummary({estimate, other}, terminal()));
}

TEST_P(ReportGoldenTest, Network) {
  Check("network", NetworkReport(Load<v1::DescribeNetworkResponse>("network"), terminal()));
}

TEST_P(ReportGoldenTest, SummaryOfNetworks) {
  const auto network = Load<v1::DescribeNetworkResponse>("network");
  Check("networks", NetworkSummary({{"a/tiny.onnx", network}, {"b/tiny.onnx", network}}, terminal()));
}

TEST_P(ReportGoldenTest, Platforms) {
  const auto platform = Load<v1::Platform>("platform");
  v1::Platform other = platform;
  other.set_name("platforms/real-board");
  other.set_simulated(false);
  other.clear_network_accuracy();
  Check("platforms", PlatformList({platform, other}, terminal()));
}

TEST_P(ReportGoldenTest, Platform) { Check("platform", PlatformReport(Load<v1::Platform>("platform"), terminal())); }

INSTANTIATE_TEST_SUITE_P(Widths, ReportGoldenTest,
                         testing::Values(Variant{"80", {.width = 80}}, Variant{"100", {.width = 100}},
                                         Variant{"140", {.width = 140}},
                                         Variant{"100_ascii", {.width = 100, .ascii = true}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ReportColourTest, TheSlowestUnitsStandOutAndNothingElseChanges) {
  const auto estimate = Load<v1::NetworkEstimate>("estimate");
  const std::string plain = EstimateReport(estimate, 0, {.width = 100});
  const std::string colored = EstimateReport(estimate, 0, {.width = 100, .color = true});
  EXPECT_GT(colored.size(), plain.size());
  std::string stripped;
  for (size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b') {
      i = colored.find('m', i);
      ASSERT_NE(i, std::string::npos);
    } else {
      stripped += colored[i];
    }
  }
  EXPECT_EQ(stripped, plain);
}

TEST(ReportCsvTest, RowsHaveAsManyFieldsAsTheHeader) {
  ExpectGolden("estimate_csv",
               EstimateCsvHeader() + EstimateCsvRows("a,b.onnx", Load<v1::NetworkEstimate>("estimate")));
  ExpectGolden("network_csv",
               NetworkCsvHeader() + NetworkCsvRows("a,b.onnx", Load<v1::DescribeNetworkResponse>("network")));
}

TEST(ReportTest, EmptyMessagesAreReportedWithoutCrashing) {
  const Terminal terminal{.width = 80};
  EXPECT_NE(EstimateReport({}, 0, terminal), "");
  EXPECT_NE(EstimateReport({}, 3, terminal), "");
  EXPECT_NE(NetworkReport({}, terminal), "");
  EXPECT_NE(PlatformReport({}, terminal), "");
  EXPECT_NE(PlatformList({}, terminal), "");
  v1::Platform platform;
  platform.add_layer_models();
  platform.add_fusion_rules();
  EXPECT_NE(PlatformReport(platform, terminal), "");
}

}  // namespace
}  // namespace latimer::cli
