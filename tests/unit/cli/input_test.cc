// What the tool reads: shapes given as text, and network files with the mistakes people make.
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "cli/input/file_bytes.h"
#include "cli/input/network_file.h"
#include "cli/input/shape_flag.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kAlexnet = LATIMER_SOURCE_DIR "/tests/data/networks/named/tv_alexnet.onnx";

// A file of its own for each test, removed at the end.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& ending, const std::string& contents)
      : path_(testing::TempDir() + "latimer_cli_test_" + std::to_string(getpid()) + ending) {
    std::ofstream(path_, std::ios::binary) << contents;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::string ReasonOf(const absl::Status& status) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  return details.has_value() ? details->reason : "";
}

TEST(InputShapeTest, ReadsNameAndDimensions) {
  const absl::StatusOr<v1::InputShape> shape = ParseInputShape("image=1x3x224x224");
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(shape->name(), "image");
  EXPECT_THAT(shape->shape().dims(), ElementsAre(1, 3, 224, 224));
}

TEST(InputShapeTest, NameMayBeMissingOrHoldAnEqualsSign) {
  EXPECT_EQ(ParseInputShape("1,3,8")->name(), "");
  EXPECT_THAT(ParseInputShape("1,3X8")->shape().dims(), ElementsAre(1, 3, 8));
  EXPECT_EQ(ParseInputShape("a=b:0=7")->name(), "a=b:0");
}

TEST(InputShapeTest, RefusesWhatIsNoDimension) {
  for (const char* text : {"", "x", "image=", "image=1x", "1x-1", "1x0", "1xax2", "99999999999999999999", "1.5"}) {
    const absl::StatusOr<v1::InputShape> shape = ParseInputShape(text);
    ASSERT_FALSE(shape.ok()) << text;
    EXPECT_EQ(shape.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(shape.status().message()), HasSubstr("1x3x224x224")) << "shows how to write it";
  }
}

TEST(DisplayNameTest, IsTheFilesNameWithoutFolderAndEnding) {
  EXPECT_EQ(DisplayName("networks/tv_resnet34.onnx"), "tv_resnet34");
  EXPECT_EQ(DisplayName("cf_squeezenet.annette.json"), "cf_squeezenet");
  EXPECT_EQ(DisplayName("model"), "model");
  EXPECT_EQ(DisplayName("a.b/model"), "model");
  EXPECT_EQ(DisplayName("-"), "stdin");
}

TEST(NetworkFileTest, ReadsOnnx) {
  const absl::StatusOr<v1::NetworkSource> source = ReadNetworkFile(kAlexnet);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->source_case(), v1::NetworkSource::kOnnxModel);
  EXPECT_EQ(source->display_name(), "tv_alexnet");
}

TEST(NetworkFileTest, TakesWeightsOutOfOnnx) {
  // ModelProto{graph{initializer{dims: 1000, data_type: FLOAT, name: "w", raw_data: 4000 bytes}}}
  const std::string data(4000, 'z');
  std::string tensor = std::string("\x08\xE8\x07\x10\x01\x42\x01w\x4A\xA0\x1F", 11) + data;
  std::string graph = std::string("\x2A\xAB\x1F", 3) + tensor;
  const TemporaryFile file(".onnx", std::string("\x3A\xAE\x1F", 3) + graph);
  const absl::StatusOr<v1::NetworkSource> source = ReadNetworkFile(file.path());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_LT(source->onnx_model().size(), 50u);
  EXPECT_THAT(source->onnx_model(), HasSubstr("w"));
  EXPECT_EQ(source->onnx_model().find("zzzz"), std::string::npos);
}

TEST(NetworkFileTest, ReadsCompactNetworksAsTextAndBytes) {
  const TemporaryFile text(".textproto", "name: 'n' layers { name: 'a' type: LAYER_TYPE_RELU inputs: 'x' }");
  absl::StatusOr<v1::NetworkSource> source = ReadNetworkFile(text.path());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->network().layers(0).name(), "a");
  const TemporaryFile bytes(".binpb", source->network().SerializeAsString());
  source = ReadNetworkFile(bytes.path());
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->network().layers(0).name(), "a");
}

TEST(NetworkFileTest, ReadsAnnetteGraphs) {
  const TemporaryFile file(".json", "{\"layers\": {}}");
  EXPECT_EQ(ReadNetworkFile(file.path())->source_case(), v1::NetworkSource::kAnnetteJson);
  const TemporaryFile nameless("", "{\"layers\": {}}");
  EXPECT_EQ(ReadNetworkFile(nameless.path())->source_case(), v1::NetworkSource::kAnnetteJson) << "told by its brace";
}

TEST(NetworkFileTest, SaysWhatIsWrongWithTheCommonMistakes) {
  struct Mistake {
    const char* ending;
    std::string contents;
    const char* reason;
    const char* says;
  };
  const Mistake mistakes[] = {
      {".onnx", "", "FILE_EMPTY", "is empty"},
      {".onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1048576\n", "FILE_IS_LFS_POINTER",
       "1.00 MiB"},
      {".onnx", "\n <!DOCTYPE html><html>", "FILE_IS_WEB_PAGE", "download the raw file"},
      {".onnx", "PK\x03\x04...", "FILE_IS_ARCHIVE", "export it to ONNX"},
      {".onnx", "\x1f\x8b...", "FILE_IS_ARCHIVE", "gzip"},
      {".textproto", "name: 'n'\nlayers { nmae: 'a' }", "NOT_A_NETWORK", "line 2"},
      {".pb", "not a message", "NOT_A_NETWORK", "tf2onnx"},
      {".pt", "x", "UNKNOWN_FILE_TYPE", "torch.onnx.export"},
      {".doc", "x", "UNKNOWN_FILE_TYPE", ".doc"},
  };
  for (const Mistake& mistake : mistakes) {
    const TemporaryFile file(mistake.ending, mistake.contents);
    const absl::StatusOr<v1::NetworkSource> source = ReadNetworkFile(file.path());
    ASSERT_FALSE(source.ok()) << mistake.reason;
    EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(source.status()), mistake.reason);
    EXPECT_THAT(std::string(source.status().message()), HasSubstr(mistake.says));
  }
}

TEST(NetworkFileTest, MissingFilesAndFoldersAreNamedAsSuch) {
  EXPECT_EQ(ReadNetworkFile("no/such/file.onnx").status().code(), absl::StatusCode::kNotFound);
  const absl::Status folder = ReadNetworkFile(LATIMER_SOURCE_DIR "/tests").status();
  EXPECT_EQ(folder.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(folder.message()), HasSubstr("director"));
}

TEST(FileBytesTest, LargeFilesReadTheSameAsSmallOnes) {
  for (const size_t size : {size_t{1}, size_t{4096}, size_t{9} << 20}) {
    std::string contents(size, 'a');
    contents.back() = 'z';
    const TemporaryFile file(".bin", contents);
    absl::StatusOr<FileBytes> bytes = FileBytes::Open(file.path());
    ASSERT_TRUE(bytes.ok());
    FileBytes moved = *std::move(bytes);
    EXPECT_TRUE(moved.view() == contents);
  }
}

}  // namespace
}  // namespace latimer::cli
