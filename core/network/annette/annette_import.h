// Reads networks in ANNETTE's JSON graph format (github.com/embedded-machine-learning/annette): NHWC shapes, layers
// with parents and children by name.
#ifndef LATIMER_CORE_NETWORK_ANNETTE_ANNETTE_IMPORT_H_
#define LATIMER_CORE_NETWORK_ANNETTE_ANNETTE_IMPORT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/import_options.h"
#include "core/network/network.h"

namespace latimer {

// `json` is one graph as UTF-8. Known quirks of the format are read as meant: a DataInput with parents is an unknown
// operator; missing groups of depth-wise layers are implied; where pads and declared output shape disagree the
// declared shape is taken, with a warning. Errors (INVALID_ARGUMENT) name the layer and key.
absl::StatusOr<Network> ImportAnnetteJson(absl::string_view json, const ImportOptions& options = {});

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_ANNETTE_ANNETTE_IMPORT_H_
