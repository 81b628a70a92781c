#include "core/network/read_network.h"

#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/annette/annette_import.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

// The same error with its field, or `field` where it has none.
absl::Status InField(const absl::Status& status, absl::string_view field) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  if (!details.has_value() || !details->field.empty()) return status;
  Error error(status.code(), details->reason, status.message());
  error.Field(field);
  for (const auto& [key, value] : details->metadata) error.With(key, value);
  return error;
}

absl::StatusOr<ImportOptions> Options(const v1::NetworkSource& source, const ImportLimits& limits) {
  ImportOptions options;
  options.limits = limits;
  options.batch_size = source.batch_size();
  options.display_name = source.display_name();
  for (const v1::InputShape& input : source.input_shapes()) {
    InputShapeOverride& entry = options.input_shapes.emplace_back();
    entry.name = input.name();
    for (int64_t dim : input.shape().dims()) entry.shape.push_back(dim);
  }
  return options;
}

}  // namespace

absl::StatusOr<Network> ReadNetwork(const v1::NetworkSource& source, const ImportLimits& limits) {
  LATIMER_ASSIGN_OR_RETURN(const ImportOptions options, Options(source, limits));
  absl::StatusOr<Network> network = absl::InternalError("no source");
  absl::string_view field;
  switch (source.source_case()) {
    case v1::NetworkSource::kOnnxModel:
      field = "onnx_model";
      network = ImportOnnx(source.onnx_model(), options);
      break;
    case v1::NetworkSource::kNetwork:
      field = "network";
      network = NetworkFromProto(source.network(), options);
      break;
    case v1::NetworkSource::kAnnetteJson:
      field = "annette_json";
      network = ImportAnnetteJson(source.annette_json(), options);
      break;
    case v1::NetworkSource::SOURCE_NOT_SET:
      return InvalidArgument("NO_NETWORK", "the request holds no network").Field("source");
  }
  if (!network.ok()) return InField(network.status(), field);
  return Simplify(*std::move(network));
}

}  // namespace latimer
