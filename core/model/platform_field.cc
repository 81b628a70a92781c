#include "core/model/platform_field.h"

#include "absl/strings/str_cat.h"

namespace latimer {

Error BadPlatformField(absl::string_view path, absl::string_view problem) {
  return InvalidArgument("BAD_PLATFORM_MODEL", absl::StrCat(path, ": ", problem)).Field(path);
}

}  // namespace latimer
