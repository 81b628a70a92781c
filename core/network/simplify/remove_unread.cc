// Layers whose results nobody reads.
#include <algorithm>

#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {

void RemoveUnread(Rewriter& rewriter) {
  // Backwards, so that what fed a removed layer is looked at after it.
  for (LayerId id = rewriter.layer_count(); id-- > 0;) {
    if (rewriter.gone(id)) continue;
    const Layer& layer = rewriter.layer(id);
    const bool read = std::any_of(layer.outputs.begin(), layer.outputs.end(), [&](TensorId output) {
      return rewriter.IsOutput(output) || !rewriter.Readers(output).empty();
    });
    if (!read) rewriter.Remove(id);
  }
}

}  // namespace latimer::simplify_internal
