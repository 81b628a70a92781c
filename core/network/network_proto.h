// latimer.v1.Network <-> Network, and NetworkSource -> Network by whichever importer its form needs.
#ifndef LATIMER_CORE_NETWORK_NETWORK_PROTO_H_
#define LATIMER_CORE_NETWORK_NETWORK_PROTO_H_

#include "absl/status/statusor.h"
#include "core/network/import_options.h"
#include "core/network/network.h"
#include "latimer/v1/network.pb.h"

namespace latimer {

// Reads the compact form. Errors name the layer and field.
absl::StatusOr<Network> NetworkFromProto(const v1::Network& message, const ImportOptions& options = {});

// Writes a network in the compact form; reading it back gives the same layers, shapes and counts.
v1::Network NetworkToProto(const Network& network);

// Copies a shape into a message.
void ShapeToProto(const Shape& shape, v1::Shape* message);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_NETWORK_PROTO_H_
