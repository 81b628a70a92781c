#include "cli/input/network_file.h"

#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "cli/format/numbers.h"
#include "cli/input/file_bytes.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_import.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace latimer::cli {
namespace {

enum class Form { kOnnx, kAnnetteJson, kTextProto, kBinaryProto, kUnknown };

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// The ending in lower case with its dot; empty if there is none.
std::string Ending(absl::string_view path) {
  const absl::string_view name = BaseName(path);
  const size_t dot = name.rfind('.');
  if (dot == absl::string_view::npos || dot == 0) return "";
  return absl::AsciiStrToLower(name.substr(dot));
}

Form FormOf(absl::string_view ending, absl::string_view bytes) {
  if (ending == ".onnx") return Form::kOnnx;
  if (ending == ".json") return Form::kAnnetteJson;
  if (ending == ".textproto" || ending == ".txtpb") return Form::kTextProto;
  if (ending == ".pb" || ending == ".binpb") return Form::kBinaryProto;
  if (!ending.empty()) return Form::kUnknown;
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(bytes.substr(0, 4096)), "{") ? Form::kAnnetteJson
                                                                                         : Form::kOnnx;
}

// How to get from a foreign format to one we read; empty if we know no better than the list of endings.
absl::string_view ConversionAdvice(absl::string_view ending) {
  if (ending == ".pt" || ending == ".pth" || ending == ".ckpt") return "export it from PyTorch with torch.onnx.export";
  if (ending == ".tflite" || ending == ".h5" || ending == ".keras" || ending == ".pbtxt") {
    return "convert it with tf2onnx (python3 -m tf2onnx.convert)";
  }
  if (ending == ".caffemodel" || ending == ".prototxt") return "convert it to ONNX, for instance with caffe2onnx";
  if (ending == ".xml" || ending == ".engine" || ending == ".plan" || ending == ".xmodel") {
    return "it is already compiled for one platform; use the ONNX model it was made from";
  }
  return "";
}

// Mistakes that have nothing to do with networks.
absl::Status CheckPlausible(absl::string_view bytes) {
  if (bytes.empty()) return InvalidArgument("FILE_EMPTY", "is empty");
  if (absl::StartsWith(bytes, "version https://git-lfs.github.com/spec/")) {
    std::string size;
    for (const absl::string_view line : absl::StrSplit(bytes.substr(0, 1024), '\n')) {
      int64_t count = 0;
      absl::string_view rest = line;
      if (absl::ConsumePrefix(&rest, "size ") && absl::SimpleAtoi(rest, &count)) {
        size = absl::StrCat(" of ", FormatBytes(static_cast<double>(count)));
      }
    }
    return InvalidArgument("FILE_IS_LFS_POINTER", absl::StrCat("is a Git LFS pointer to a file", size,
                                                               ", not the file; fetch it with 'git lfs pull'"));
  }
  const std::string start = absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(bytes.substr(0, 256)));
  if (absl::StartsWith(start, "<!doctype html") || absl::StartsWith(start, "<html")) {
    return InvalidArgument("FILE_IS_WEB_PAGE", "is a web page, not a network; download the raw file");
  }
  if (absl::StartsWith(bytes, "PK\x03\x04")) {
    return InvalidArgument("FILE_IS_ARCHIVE",
                           "is a ZIP archive (PyTorch saves models this way); unpack it or export it to ONNX");
  }
  if (absl::StartsWith(bytes, "\x1f\x8b"))
    return InvalidArgument("FILE_IS_ARCHIVE", "is compressed with gzip; unpack it");
  return absl::OkStatus();
}

absl::StatusOr<std::string> LightOnnx(absl::string_view bytes) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return InvalidArgument("ONNX_TOO_LARGE",
                           absl::StrCat("has ", FormatBytes(static_cast<double>(bytes.size())),
                                        ", but ONNX files end at 2 GiB; save the model with external data "
                                        "(onnx.save_model(…, save_as_external_data=True)) and name its .onnx file"));
  }
  return StripWeights(bytes);
}

// Keeps the first error of a text format parser.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (message_.empty()) message_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

absl::StatusOr<v1::Network> ParseTextProto(absl::string_view bytes) {
  v1::Network network;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(std::string(bytes), &network)) {
    return InvalidArgument("NOT_A_NETWORK", absl::StrCat("is no latimer.v1.Network in text form: ", error.message()));
  }
  return network;
}

absl::StatusOr<v1::Network> ParseBinaryProto(absl::string_view bytes) {
  v1::Network network;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()) ||
      !network.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || network.layers().empty()) {
    return InvalidArgument("NOT_A_NETWORK",
                           "is no serialised latimer.v1.Network; convert TensorFlow graphs to ONNX with tf2onnx");
  }
  return network;
}

}  // namespace

std::string DisplayName(const std::string& path) {
  if (path == "-") return "stdin";
  absl::string_view name = BaseName(path);
  const std::string ending = Ending(path);
  name.remove_suffix(ending.size());
  absl::ConsumeSuffix(&name, ".annette");
  return std::string(name);
}

absl::StatusOr<v1::NetworkSource> ReadNetworkFile(const std::string& path) {
  LATIMER_ASSIGN_OR_RETURN(const FileBytes file, FileBytes::Open(path));
  const absl::string_view bytes = file.view();
  const std::string ending = path == "-" ? "" : Ending(path);
  if (ending != ".textproto" && ending != ".txtpb") LATIMER_RETURN_IF_ERROR(CheckPlausible(bytes));

  v1::NetworkSource source;
  source.set_display_name(DisplayName(path));
  switch (FormOf(ending, bytes)) {
    case Form::kOnnx: {
      LATIMER_ASSIGN_OR_RETURN(*source.mutable_onnx_model(), LightOnnx(bytes));
      break;
    }
    case Form::kAnnetteJson:
      source.set_annette_json(std::string(bytes));
      break;
    case Form::kTextProto: {
      LATIMER_ASSIGN_OR_RETURN(*source.mutable_network(), ParseTextProto(bytes));
      break;
    }
    case Form::kBinaryProto: {
      LATIMER_ASSIGN_OR_RETURN(*source.mutable_network(), ParseBinaryProto(bytes));
      break;
    }
    case Form::kUnknown: {
      const absl::string_view advice = ConversionAdvice(ending);
      return InvalidArgument("UNKNOWN_FILE_TYPE",
                             advice.empty() ? absl::StrCat("has the unknown ending ", ending,
                                                           "; Latimer reads .onnx, .json (ANNETTE), and latimer.v1."
                                                           "Network as .textproto, .txtpb, .pb or .binpb")
                                            : absl::StrCat("cannot be read (", ending, "): ", advice));
    }
  }
  return source;
}

}  // namespace latimer::cli
