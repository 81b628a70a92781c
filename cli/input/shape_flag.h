// The value of --input-shape.
#ifndef LATIMER_CLI_INPUT_SHAPE_FLAG_H_
#define LATIMER_CLI_INPUT_SHAPE_FLAG_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "latimer/v1/network.pb.h"

namespace latimer::cli {

// Reads "name=1x3x224x224", or "1x3x224x224" for the only input of a network. Dimensions may be separated by 'x', 'X'
// or ','; the name may hold '=' itself. Errors: INVALID_ARGUMENT.
absl::StatusOr<v1::InputShape> ParseInputShape(absl::string_view text);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_INPUT_SHAPE_FLAG_H_
