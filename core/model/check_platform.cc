// Checks of the plain fields of a platform file.
#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/read_platform.h"

namespace latimer {
namespace {

constexpr int kFormatVersion = 1;
constexpr int kMostUnitTypes = 200;
constexpr int kMostRules = 200;
constexpr double kLargestError = 100;  // 10 000 %

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsVersion(absl::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

// YYYY, YYYY-MM or YYYY-MM-DD.
bool IsDate(absl::string_view text) {
  constexpr absl::string_view kPattern = "dddd-dd-dd";
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kPattern[i] == 'd' ? !absl::ascii_isdigit(static_cast<unsigned char>(text[i])) : text[i] != '-') return false;
  }
  return true;
}

bool IsErrorFigure(double value) { return value >= 0 && value <= kLargestError; }

}  // namespace

absl::Status CheckPlatformHeader(const model::v1::PlatformModel& definition) {
  if (definition.format_version() > kFormatVersion) {
    return BadPlatformField("format_version",
                            absl::StrCat("it is ", definition.format_version(), "; this program reads up to ",
                                         kFormatVersion, ": use a newer one"));
  }
  if (definition.format_version() < 1) {
    return BadPlatformField("format_version", absl::StrCat("it is missing or below 1; write ", kFormatVersion));
  }
  if (!IsId(definition.id())) {
    return BadPlatformField("id", absl::StrCat("'", definition.id(), "' is not made of 1 to 63 of a-z, 0-9 and -"));
  }
  if (!IsVersion(definition.version())) {
    return BadPlatformField(
        "version", absl::StrCat("'", definition.version(), "' is not made of 1 to 63 letters, digits, '-', '.', '_'"));
  }
  for (const auto& [path, text] :
       {std::pair<const char*, const std::string&>{"display_name", definition.display_name()},
        {"hardware", definition.hardware()},
        {"toolchain", definition.toolchain()},
        {"precision", definition.precision()},
        {"description", definition.description()}}) {
    if (text.empty()) return BadPlatformField(path, "it is missing");
  }
  if (!IsDate(definition.create_date())) {
    return BadPlatformField("create_date",
                            absl::StrCat("'", definition.create_date(), "' is no date YYYY, YYYY-MM or YYYY-MM-DD"));
  }
  for (const auto& [path, bits] : {std::pair<const char*, int>{"activation_bits", definition.activation_bits()},
                                   {"weight_bits", definition.weight_bits()}}) {
    if (bits < 1 || bits > 64) return BadPlatformField(path, absl::StrCat("it is ", bits, "; it lies in 1 to 64"));
  }
  if (!(definition.fixed_seconds_per_network() >= 0) || !std::isfinite(definition.fixed_seconds_per_network())) {
    return BadPlatformField("fixed_seconds_per_network", "it is negative or no number");
  }
  if (!(definition.transfer_seconds_per_byte() >= 0) || !std::isfinite(definition.transfer_seconds_per_byte())) {
    return BadPlatformField("transfer_seconds_per_byte", "it is negative or no number");
  }
  if (!(definition.pass_ns() >= 0) || !std::isfinite(definition.pass_ns())) {
    return BadPlatformField("pass_ns", "it is negative or no number");
  }
  if (definition.layer_models_size() > kMostUnitTypes) {
    return BadPlatformField("layer_models", absl::StrCat("there are more than ", kMostUnitTypes));
  }
  if (definition.mapping().fusions_size() > kMostRules) {
    return BadPlatformField("mapping.fusions", absl::StrCat("there are more than ", kMostRules));
  }
  for (int i = 0; i < definition.network_accuracy_size(); ++i) {
    LATIMER_RETURN_IF_ERROR(CheckAccuracy(absl::StrCat("network_accuracy[", i, "]"), definition.network_accuracy(i)));
  }
  return absl::OkStatus();
}

absl::Status CheckAccuracy(absl::string_view path, const v1::Accuracy& accuracy) {
  if (accuracy.model_kind() < v1::MODEL_KIND_ROOFLINE || accuracy.model_kind() > v1::MODEL_KIND_MIXED) {
    return BadPlatformField(absl::StrCat(path, ".model_kind"), "it is missing or names no kind of its own");
  }
  if (accuracy.subject().empty()) return BadPlatformField(absl::StrCat(path, ".subject"), "it is missing");
  if (accuracy.source().empty()) return BadPlatformField(absl::StrCat(path, ".source"), "it is missing");
  if (!IsErrorFigure(accuracy.mape()) || accuracy.mape() == 0) {
    return BadPlatformField(absl::StrCat(path, ".mape"), "it is missing, negative or above 100; 0.03 means 3 %");
  }
  if (!IsErrorFigure(accuracy.rmspe()) || (accuracy.rmspe() > 0 && accuracy.rmspe() < accuracy.mape())) {
    return BadPlatformField(absl::StrCat(path, ".rmspe"), "a root mean square is never below the mean; 0.03 means 3 %");
  }
  if (!(accuracy.mae_ms() >= 0) || !std::isfinite(accuracy.mae_ms())) {
    return BadPlatformField(absl::StrCat(path, ".mae_ms"), "it is negative or no number");
  }
  if (accuracy.samples() < 0) return BadPlatformField(absl::StrCat(path, ".samples"), "it is negative");
  return absl::OkStatus();
}

absl::StatusOr<ErrorSpread> ReadErrorSpread(absl::string_view path, const model::v1::ErrorSpread& spread) {
  const double error = spread.mean_absolute_relative_error();
  if (!(error > 0 && error <= kLargestError)) {
    return BadPlatformField(absl::StrCat(path, ".mean_absolute_relative_error"),
                            absl::StrCat("it is ", error, "; it is above 0 and at most 100; 0.03 means 3 %"));
  }
  if (spread.source().empty()) return BadPlatformField(absl::StrCat(path, ".source"), "it is missing");
  return ErrorSpread(error);
}

}  // namespace latimer
