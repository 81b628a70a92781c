// NetworkSource (the form in which requests carry a network) -> simplified Network.
#ifndef LATIMER_CORE_NETWORK_READ_NETWORK_H_
#define LATIMER_CORE_NETWORK_READ_NETWORK_H_

#include "absl/status/statusor.h"
#include "core/network/import_options.h"
#include "core/network/network.h"
#include "latimer/v1/network.pb.h"

namespace latimer {

// Reads by the importer the source's form needs, applies the source's own shapes and batch size, and simplifies.
// Errors as those of the importers, with ErrorDetails::field set relative to NetworkSource ("onnx_model", "network" …).
absl::StatusOr<Network> ReadNetwork(const v1::NetworkSource& source, const ImportLimits& limits = {});

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_READ_NETWORK_H_
