#include "core/network/simplify.h"

#include <utility>

#include "core/network/simplify/rewriter.h"

namespace latimer {

Network Simplify(Network network) {
  simplify_internal::Rewriter rewriter(std::move(network));
  simplify_internal::RemoveUnread(rewriter);
  simplify_internal::RemoveIdentities(rewriter);
  // Before folding: the sum in min(max(x + 3, 0), 6) / 6 would go into a convolution that makes x.
  simplify_internal::JoinActivations(rewriter);
  simplify_internal::JoinLayerNorm(rewriter);
  simplify_internal::FoldAffine(rewriter);
  simplify_internal::FoldPadding(rewriter);
  return std::move(rewriter).Finish();
}

}  // namespace latimer
