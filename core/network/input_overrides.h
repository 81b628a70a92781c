// The shapes a network's inputs get: declared ones, with what the caller set put over them.
#ifndef LATIMER_CORE_NETWORK_INPUT_OVERRIDES_H_
#define LATIMER_CORE_NETWORK_INPUT_OVERRIDES_H_

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/network/import_options.h"
#include "core/network/shape.h"

namespace latimer {

// One dimension as a source declares it.
struct DeclaredDimension {
  int64_t size = -1;           // -1: open
  absl::string_view symbol{};  // its name where it is open and has one, for example "batch"
};

// One input as a source declares it.
struct DeclaredInput {
  absl::string_view name;
  bool rank_known = true;
  absl::InlinedVector<DeclaredDimension, 5> dims;
};

// One shape per input, in order. Errors: INVALID_ARGUMENT for a dimension nobody set (names input, dimension and the
// options that set it), one below 1, an override of an input that does not exist or of another rank, or two overrides
// of one input.
absl::StatusOr<std::vector<Shape>> ResolveInputShapes(absl::Span<const DeclaredInput> inputs,
                                                      const ImportOptions& options);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_INPUT_OVERRIDES_H_
