#include "cli/input/shape_flag.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"

namespace latimer::cli {

absl::StatusOr<v1::InputShape> ParseInputShape(absl::string_view text) {
  v1::InputShape result;
  absl::string_view dims = text;
  if (const size_t equals = text.rfind('='); equals != absl::string_view::npos) {
    result.set_name(std::string(text.substr(0, equals)));
    dims = text.substr(equals + 1);
  }
  for (const absl::string_view part : absl::StrSplit(dims, absl::ByAnyChar("xX,"))) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim) || dim < 1) {
      return InvalidArgument("BAD_INPUT_SHAPE",
                             absl::StrCat("--input-shape '", text, "': '", part,
                                          "' is no dimension; write name=1x3x224x224 with numbers of at least 1"));
    }
    result.mutable_shape()->add_dims(dim);
  }
  return result;
}

}  // namespace latimer::cli
