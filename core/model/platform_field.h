// How problems of a platform file are told.
#ifndef LATIMER_CORE_MODEL_PLATFORM_FIELD_H_
#define LATIMER_CORE_MODEL_PLATFORM_FIELD_H_

#include "absl/strings/string_view.h"
#include "core/base/error.h"

namespace latimer {

// INVALID_ARGUMENT about one field, named by its path in the file: "layer_models[3].roofline.peak_ops_per_second".
Error BadPlatformField(absl::string_view path, absl::string_view problem);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_PLATFORM_FIELD_H_
