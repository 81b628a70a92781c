// Layers the quick estimator has met: what a layer computes, known by the bytes that say it and the shapes it reads.
//
// A search asks for thousands of networks made of a few hundred different layers. Each is read, checked and inferred
// once, by the code all importers share; afterwards it is a number.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_LAYERS_H_
#define LATIMER_CORE_ESTIMATION_QUICK_LAYERS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/estimation/quick_hash.h"
#include "core/network/import_options.h"
#include "core/network/network.h"
#include "latimer/v1/network.pb.h"

namespace latimer {

using KindId = uint32_t;    // of a tensor: its shape and element type
using RecordId = uint32_t;  // of a layer

struct TensorKind {
  Shape shape;
  DataType type = DataType::kFloat32;
  int64_t elements = 1;
};

// What every network with the layer needs, close together.
struct LayerFacts {
  KindId output = 0;
  LayerType type = LayerType::kUnspecified;
  bool look = false;  // Simplify() may change it, depending on what stands before it
  uint16_t constants = 0;
  int64_t macs = 0;
  int64_t bytes = 0;   // as NetworkBuilder counts them against its limit
  int64_t params = 0;  // elements of constants with more than one
};

// The rest.
struct LayerRecord {
  std::string bytes;  // the fields of its v1::Layer behind the inputs
  absl::InlinedVector<KindId, 3> inputs;
  absl::InlinedVector<TensorKind, 2> constants;
  LayerAttributes attributes;
};

// Not thread-safe.
class LayerTable {
 public:
  explicit LayerTable(const ImportLimits& limits);

  // `type` must be valid. nullopt: no kind for it (a bad dimension, too many elements).
  std::optional<KindId> FindKind(const Shape& shape, DataType type);
  const TensorKind& kind(KindId id) const { return kinds_[id]; }

  // The layer of `type` whose remaining fields are `bytes` and that reads tensors of the kinds. nullopt for layers the
  // quick estimator leaves to the other: wrong ones, several outputs, types that Simplify() removes or rewrites.
  std::optional<RecordId> FindLayer(uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs);
  const LayerFacts& facts(RecordId id) const { return facts_[id]; }
  const LayerRecord& record(RecordId id) const { return *records_[id]; }

  size_t size() const { return records_.size(); }
  size_t kinds() const { return kinds_.size(); }

  // Forgets everything; all ids are void.
  void Clear();

 private:
  struct Slot {
    uint64_t hash = 0;
    RecordId record = kFree;
  };
  static constexpr RecordId kFree = ~RecordId{0};

  bool IsLayer(RecordId id, uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs) const;
  std::optional<RecordId> AddLayer(uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs);
  void Grow();

  const ImportLimits limits_;
  const QuickHash hash_;
  std::vector<TensorKind> kinds_;
  absl::flat_hash_map<std::pair<Shape, DataType>, KindId> kind_ids_;
  std::vector<LayerFacts> facts_;
  std::vector<std::unique_ptr<LayerRecord>> records_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

// A message of one layer of each record after the other, each reading inputs of its own: for code that reads Networks.
// `operands[i]` lists, for layer i, a number per input: >= 0 an input of the network, whose kinds `inputs` has; -1 - j
// the output of layer j.
v1::Network ExcerptOf(const LayerTable& table, absl::Span<const RecordId> layers,
                      absl::Span<const absl::InlinedVector<int32_t, 3>> operands, absl::Span<const KindId> inputs);

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_LAYERS_H_
