// Edits a Network in place while rules of Simplify() match on it. Internal to core/network/simplify.
#ifndef LATIMER_CORE_NETWORK_SIMPLIFY_REWRITER_H_
#define LATIMER_CORE_NETWORK_SIMPLIFY_REWRITER_H_

#include <initializer_list>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/network/network.h"

namespace latimer::simplify_internal {

// Keeps, next to the network, who reads each tensor. Layers are marked as gone and taken out at the end, so that ids
// stay valid while rules run.
class Rewriter {
 public:
  explicit Rewriter(Network network);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const Layer& layer(LayerId id) const { return network_.layers[id]; }
  LayerId layer_count() const { return static_cast<LayerId>(network_.layers.size()); }
  bool gone(LayerId id) const { return gone_[id]; }

  // The layer that makes the tensor; nullopt for network inputs.
  std::optional<LayerId> Producer(TensorId tensor) const;
  const absl::InlinedVector<LayerId, 2>& Readers(TensorId tensor) const { return readers_[tensor]; }
  bool IsOutput(TensorId tensor) const { return is_output_[tensor]; }
  // The only reader of a tensor that is no network output.
  std::optional<LayerId> SoleReader(TensorId tensor) const;

  // Layer `id` of that type, if it is there.
  bool Is(LayerId id, LayerType type) const { return !gone_[id] && network_.layers[id].type == type; }
  // The producer of the tensor if it has that type.
  std::optional<LayerId> ProducerOf(TensorId tensor, LayerType type) const;
  // Value of the one-element constant beside the one activation of an element-wise layer.
  std::optional<double> ScalarOperand(LayerId id) const;

  // `next` reads what `into` makes and nothing else does: `into` takes over its output and its nodes.
  void AbsorbNext(LayerId into, LayerId next);
  // The layer before `id` in the data flow, read by nobody else, disappears; its nodes go to `id`, which reads its
  // input instead.
  void AbsorbPrevious(LayerId id, LayerId previous);
  // Readers of the layer's output read its first input instead. False if its output is a network output.
  bool Bypass(LayerId id);
  // One layer of `type` over `input` takes the place of `group`, which includes `last` and uses nothing but `input` and
  // constants. False, and nothing happens, if something outside reads a value from inside or a constant of more
  // dimensions gave the result another shape than `input`.
  bool Collapse(absl::Span<const LayerId> group, LayerId last, TensorId input, LayerType type,
                LayerAttributes attributes, bool keep_constants = false);
  // `duplicate`, of one output that is no network output, computes what `kept` does: its readers read that one's.
  void Merge(LayerId kept, LayerId duplicate);
  // Takes the layer away; its nodes become free.
  void Remove(LayerId id);

  // The network without the layers that are gone.
  Network Finish() &&;

 private:
  void ReplaceReads(TensorId from, TensorId to);
  void DropReads(LayerId id);

  Network network_;
  std::vector<absl::InlinedVector<LayerId, 2>> readers_;
  std::vector<bool> is_output_;
  std::vector<bool> gone_;
};

// The rules, in the order they run.
void RemoveIdentities(Rewriter& rewriter);
void JoinActivations(Rewriter& rewriter);
void JoinLayerNorm(Rewriter& rewriter);
void FoldAffine(Rewriter& rewriter);
void FoldPadding(Rewriter& rewriter);
void RemoveUnread(Rewriter& rewriter);

}  // namespace latimer::simplify_internal

#endif  // LATIMER_CORE_NETWORK_SIMPLIFY_REWRITER_H_
