// Padding of the spatial dimensions before a convolution becomes the convolution's own.
#include <algorithm>

#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {

void FoldPadding(Rewriter& rewriter) {
  Network& network = rewriter.network();
  // Backwards, so that of several in a row each finds the convolution next to it.
  for (LayerId id = rewriter.layer_count(); id-- > 0;) {
    if (!rewriter.Is(id, LayerType::kPad) || network.layers[id].inputs.size() != 1) continue;
    const auto& pad = std::get<PadAttributes>(network.layers[id].attributes);
    const std::optional<LayerId> next = rewriter.SoleReader(network.layers[id].outputs[0]);
    if (!next.has_value()) continue;
    Layer& layer = network.layers[*next];
    if ((layer.type != LayerType::kConv && layer.type != LayerType::kDepthwiseConv) || layer.inputs.size() != 1)
      continue;
    auto& conv = std::get<ConvAttributes>(layer.attributes);
    const size_t rank = conv.kernel.size();
    bool spatial = pad.begin.size() == rank + 2;
    for (size_t i = 0; spatial && i < pad.begin.size(); ++i) {
      spatial = i < 2 ? pad.begin[i] == 0 && pad.end[i] == 0 : pad.begin[i] >= 0 && pad.end[i] >= 0;
    }
    if (!spatial) continue;
    for (size_t i = 0; i < rank; ++i) {
      conv.pad_begin[i] += pad.begin[i + 2];
      conv.pad_end[i] += pad.end[i + 2];
    }
    rewriter.AbsorbPrevious(*next, id);
  }
}

}  // namespace latimer::simplify_internal
