// A compact network read off the wire, without a message or a Network in between: layers are numbers of a LayerTable,
// names stay where the request has them.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_NETWORK_H_
#define LATIMER_CORE_ESTIMATION_QUICK_NETWORK_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/estimation/quick_hash.h"
#include "core/estimation/quick_layers.h"
#include "core/network/import_options.h"
#include "core/network/network.h"

namespace latimer {

struct QuickTensor {
  absl::string_view name;
  KindId kind = 0;
  LayerId producer = kNone;  // kNone: a network input
  int32_t readers = 0;       // layers; and one more for a network output
  LayerId last_reader = kNone;
  LayerId first_reader = kNone;
  bool is_output = false;
};

// Has one output, and its name.
struct QuickLayer {
  RecordId record = 0;
  LayerType type = LayerType::kUnspecified;
  uint32_t first_input = 0;  // in `operands`
  uint32_t inputs = 0;
};

// Views point into the request.
struct QuickNetwork {
  absl::string_view name;
  size_t inputs = 0;
  std::vector<QuickTensor> tensors;  // the network's inputs, then the output of each layer
  std::vector<QuickLayer> layers;
  std::vector<TensorId> operands;
  std::vector<TensorId> outputs;
  int64_t macs = 0;
  // Products by a constant went into the convolutions before them: right but for the layers' own names and parts.
  bool folded = false;

  absl::Span<const TensorId> Inputs(const QuickLayer& layer) const {
    return {operands.data() + layer.first_input, layer.inputs};
  }
  TensorId Output(LayerId layer) const { return static_cast<TensorId>(inputs) + layer; }
};

// Tensors by name. Emptying it costs nothing.
class NameIndex {
 public:
  NameIndex();

  void Clear();
  // Adds `tensors[id]`; false where its name is taken.
  bool Add(const std::vector<QuickTensor>& tensors, TensorId id);
  TensorId Find(const std::vector<QuickTensor>& tensors, absl::string_view name) const;  // kNone: unknown

 private:
  // Taken in this round and no earlier one.
  struct Slot {
    uint32_t round = 0;
    uint32_t hash = 0;
    TensorId tensor = kNone;
  };
  void Grow();

  const QuickHash hash_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  uint32_t round_ = 1;
  size_t count_ = 0;
};

// Reads a serialised latimer.v1.Network. False where the network has something that only ReadNetwork() handles: any
// fault, names beyond ASCII, layers that simplification changes otherwise than by folding a product by one number,
// fields in an unusual order. `network` keeps its memory from call to call; what it held is gone either way.
bool ReadQuickNetwork(absl::string_view bytes, const ImportLimits& limits, int64_t batch_size, LayerTable& layers,
                      NameIndex& names, QuickNetwork* network);

// `from` must not be folded. The same as ReadNetwork() would have made it, except that its names are those of the
// request and live as long.
Network ToNetwork(const QuickNetwork& from, const LayerTable& layers, absl::string_view name);

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_NETWORK_H_
