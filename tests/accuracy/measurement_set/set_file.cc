#include "tests/accuracy/measurement_set/set_file.h"

#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer {

absl::StatusOr<model::v1::MeasurementSet> ReadMeasurementSet(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("NO_SUCH_FILE", absl::StrCat("cannot read '", path, "'"));
  google::protobuf::io::IstreamInputStream raw(&file);
  google::protobuf::io::GzipInputStream unpacked(&raw);
  model::v1::MeasurementSet set;
  if (!set.ParseFromZeroCopyStream(&unpacked)) {
    return InvalidArgument("BAD_SET", absl::StrCat("'", path, "' is no set of measurements"));
  }
  return set;
}

absl::Status WriteMeasurementSet(const model::v1::MeasurementSet& set, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  bool written = false;
  {
    google::protobuf::io::OstreamOutputStream raw(&file);
    google::protobuf::io::GzipOutputStream packed(&raw);
    written = set.SerializeToZeroCopyStream(&packed) && packed.Close();
  }
  file.close();
  if (!written || !file) return absl::UnavailableError(absl::StrCat("cannot write '", path, "'"));
  return absl::OkStatus();
}

}  // namespace latimer
