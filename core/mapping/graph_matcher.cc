#include "core/mapping/graph_matcher.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/mapping/layer_names.h"
#include "core/mapping/operation_family.h"

namespace latimer {
namespace {

constexpr int32_t kNoUnit = -1;
constexpr int kMostRegions = 256;       // each is a walk through the network, and reports are untrusted
constexpr size_t kMostFruitless = 256;  // so are walks back that claim nothing

// Changes of view that toolchains leave out without a word.
bool IsFreeWithoutRow(LayerType type) {
  return type == LayerType::kReshape || type == LayerType::kConcat || type == LayerType::kSplit;
}

class Matcher {
 public:
  Matcher(const Network& network, absl::Span<const ReportRow> rows)
      : network_(network),
        rows_(rows),
        names_(network),
        consumers_(Consumers(network)),
        unit_of_(network.layers.size(), kNoUnit),
        walk_of_(network.layers.size(), 0),
        reported_(network.layers.size(), RowStatus::kExecuted),
        inferred_(network.layers.size(), false),
        row_unit_(rows.size(), kNoUnit),
        open_(rows.size()) {}

  ReportMatch Run() {
    NoteRowsWithoutWork();
    ClaimByName();
    ClaimBySimilarName();
    ClaimByKind();
    WalkBack();
    JoinForwards();
    JoinBackwards();
    AddOverheadRows();
    return Finish();
  }

 private:
  struct Unit {
    MatchedUnit result;
    absl::InlinedVector<LayerId, 4> ends;  // layers to walk back from
  };

  bool IsExecuted(size_t row) const { return rows_[row].status == RowStatus::kExecuted; }

  // Names of a row, in its own words.
  template <typename Function>
  void ForEachName(const ReportRow& row, const Function& function) const {
    if (row.original_names.empty()) function(absl::string_view(row.name));
    for (const std::string& name : row.original_names) function(absl::string_view(name));
  }

  void NoteRowsWithoutWork() {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (IsExecuted(i)) continue;
      ForEachName(rows_[i], [&](absl::string_view name) {
        const LayerNames::Hit hit = names_.Find(name);
        if (hit.layer != kNone) reported_[hit.layer] = rows_[i].status;
      });
    }
  }

  int32_t NewUnit(size_t row, MatchBasis basis) {
    units_.emplace_back();
    units_.back().result.basis = basis;
    const int32_t unit = static_cast<int32_t>(units_.size()) - 1;
    AddRow(unit, row, /*overhead=*/false);
    return unit;
  }

  void AddRow(int32_t unit, size_t row, bool overhead) {
    row_unit_[row] = unit;
    MatchedUnit& result = units_[unit].result;
    result.rows.push_back(static_cast<int32_t>(row));
    result.seconds += rows_[row].seconds;
    if (overhead) result.overhead_seconds += rows_[row].seconds;
  }

  void Claim(int32_t unit, LayerId layer) {
    unit_of_[layer] = unit;
    units_[unit].result.layers.push_back(layer);
  }

  // Gives `row` what of `layers` is still free, as a unit of its own; where nothing is, the row becomes a further one
  // of the unit that has the first of them.
  void ClaimLayers(size_t row, absl::Span<const LayerNames::Hit> hits, MatchBasis basis) {
    int32_t unit = kNoUnit;
    for (const LayerNames::Hit& hit : hits) {
      if (hit.layer == kNone || unit_of_[hit.layer] != kNoUnit) continue;
      if (unit == kNoUnit) unit = NewUnit(row, basis);
      Claim(unit, hit.layer);
      const NameMeaning meaning = rows_[row].meaning;
      if (hit.by_tensor || meaning == NameMeaning::kOutputs || meaning == NameMeaning::kGroupEnd) {
        units_[unit].ends.push_back(hit.layer);
      }
    }
    if (unit != kNoUnit) {
      if (rows_[row].meaning == NameMeaning::kRegion) ClaimRegion(unit, hits);
      return;
    }
    for (const LayerNames::Hit& hit : hits) {
      if (hit.layer == kNone) continue;
      AddRow(unit_of_[hit.layer], row, /*overhead=*/basis == MatchBasis::kSimilar);
      return;
    }
  }

  void ClaimByName() {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!IsExecuted(i) || rows_[i].meaning == NameMeaning::kOverhead) continue;
      std::vector<LayerNames::Hit> hits;
      bool found = false;
      ForEachName(rows_[i], [&](absl::string_view name) {
        const LayerNames::Hit hit = names_.Find(name);
        if (hit.layer != kNone) hits.push_back(hit);
        found = found || hit.found();
      });
      ClaimLayers(i, hits, MatchBasis::kName);
      open_[i] = found ? 0 : 1;
    }
  }

  void ClaimBySimilarName() {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!open_[i]) continue;
      std::vector<LayerNames::Hit> hits;
      ForEachName(rows_[i], [&](absl::string_view name) {
        const LayerNames::Hit hit = names_.FindSimilar(name);
        if (hit.layer != kNone) hits.push_back(hit);
      });
      ClaimLayers(i, hits, MatchBasis::kSimilar);
      open_[i] = hits.empty() ? 1 : 0;
    }
  }

  bool IsUnclaimed(LayerId layer) const {
    return unit_of_[layer] == kNoUnit && reported_[layer] == RowStatus::kExecuted;
  }

  // Between rows that are matched, and layers that are: where both sides have as many of one kind, they are the same.
  void ClaimByKind() {
    const LayerId layer_count = static_cast<LayerId>(network_.layers.size());
    // before[i]: the next layer claimed by row i or a later one. Gaps do not overlap, so the work is linear.
    std::vector<LayerId> before(rows_.size() + 1, layer_count);
    for (size_t i = rows_.size(); i-- > 0;) before[i] = std::min(before[i + 1], FirstLayer(i, layer_count));
    LayerId after = kNone;
    for (size_t i = 0; i < rows_.size();) {
      if (!open_[i]) {
        if (row_unit_[i] != kNoUnit) {
          const auto& layers = units_[row_unit_[i]].result.layers;
          after = std::max(after, *std::max_element(layers.begin(), layers.end()));
        }
        ++i;
        continue;
      }
      std::map<OperationFamily, std::vector<size_t>> open_rows;
      size_t end = i;
      for (; end < rows_.size() && (open_[end] || row_unit_[end] == kNoUnit); ++end) {
        if (open_[end]) open_rows[FamilyOf(rows_[end].kind)].push_back(end);
      }
      ClaimGap(open_rows, after + 1, before[end]);
      i = end;
    }
  }

  LayerId FirstLayer(size_t row, LayerId none) const {
    if (row_unit_[row] == kNoUnit) return none;
    const auto& layers = units_[row_unit_[row]].result.layers;
    return *std::min_element(layers.begin(), layers.end());
  }

  void ClaimGap(const std::map<OperationFamily, std::vector<size_t>>& open_rows, LayerId first, LayerId last) {
    std::map<OperationFamily, std::vector<LayerId>> layers;
    for (LayerId layer = first; layer < last; ++layer) {
      if (IsUnclaimed(layer)) layers[FamilyOf(network_.layers[layer].type)].push_back(layer);
    }
    for (const auto& [family, rows] : open_rows) {
      const auto same = layers.find(family);
      if (family == OperationFamily::kNone || same == layers.end() || same->second.size() != rows.size()) continue;
      for (size_t k = 0; k < rows.size(); ++k) {
        Claim(NewUnit(rows[k], MatchBasis::kKind), same->second[k]);
        open_[rows[k]] = 0;
      }
    }
  }

  void ClaimRegion(int32_t unit, absl::Span<const LayerNames::Hit> hits) {
    if (++regions_ > kMostRegions) return;
    const LayerId first = hits.front().layer;
    const LayerId last = hits.back().layer;
    // Layers are in topological order, so one pass in each direction finds both sets.
    std::vector<bool> after(network_.layers.size(), false);
    std::vector<bool> before(network_.layers.size(), false);
    after[first] = true;
    before[last] = true;
    for (LayerId layer = first + 1; layer <= last; ++layer) {
      for (TensorId tensor : network_.layers[layer].inputs) {
        const LayerId producer = network_.tensors[tensor].producer;
        if (producer != kNone && after[producer]) after[layer] = true;
      }
    }
    for (LayerId layer = last; layer > first; --layer) {
      if (!before[layer]) continue;
      for (TensorId tensor : network_.layers[layer].inputs) {
        const LayerId producer = network_.tensors[tensor].producer;
        if (producer != kNone) before[producer] = true;
      }
    }
    for (LayerId layer = first; layer <= last; ++layer) {
      if (after[layer] && before[layer] && unit_of_[layer] == kNoUnit) Claim(unit, layer);
    }
  }

  // Layers without a unit on the way back from `ends`; in a group not past its products, except to the padding before
  // them.
  std::vector<LayerId> LayersBehind(absl::Span<const LayerId> ends, bool group) {
    std::vector<LayerId> found;
    std::vector<LayerId> stack(ends.begin(), ends.end());
    ++walk_;
    while (!stack.empty()) {
      const LayerId layer = stack.back();
      stack.pop_back();
      for (TensorId tensor : network_.layers[layer].inputs) {
        const LayerId producer = network_.tensors[tensor].producer;
        if (producer == kNone || unit_of_[producer] != kNoUnit) continue;
        if (reported_[producer] == RowStatus::kNotRun) continue;
        if (group && IsProduct(network_.layers[layer].type) && network_.layers[producer].type != LayerType::kPad)
          continue;
        if (std::exchange(walk_of_[producer], walk_) == walk_) continue;
        found.push_back(producer);
        stack.push_back(producer);
      }
    }
    return found;
  }

  void WalkBack() {
    size_t fruitless = 0;  // layers walked by for nothing
    for (int32_t unit = 0; unit < static_cast<int32_t>(units_.size()); ++unit) {
      const bool group = rows_[static_cast<size_t>(units_[unit].result.rows[0])].meaning == NameMeaning::kGroupEnd;
      if (group && fruitless > kMostFruitless * network_.layers.size()) continue;
      const std::vector<LayerId> behind = LayersBehind(units_[unit].ends, group);
      // A product under the name of a layer that is none, and none without a row before it: the engine runs the layer
      // itself as a product, and what is before it belongs to others.
      if (group && !HasHeavyLayer(unit) && std::none_of(behind.begin(), behind.end(), [&](LayerId layer) {
            return IsProduct(network_.layers[layer].type);
          })) {
        fruitless += behind.size();
        continue;
      }
      for (LayerId layer : behind) Claim(unit, layer);
    }
  }

  bool MayJoin(LayerId layer) {
    if (unit_of_[layer] != kNoUnit || reported_[layer] == RowStatus::kNotRun) return false;
    if (reported_[layer] == RowStatus::kOptimizedOut) return true;
    if (open_families_.empty()) {
      open_families_.assign(static_cast<size_t>(OperationFamily::kReshape) + 1, false);
      for (size_t i = 0; i < rows_.size(); ++i) {
        if (open_[i]) open_families_[static_cast<size_t>(FamilyOf(rows_[i].kind))] = true;
      }
    }
    const OperationFamily family = FamilyOf(network_.layers[layer].type);
    return family == OperationFamily::kNone || !open_families_[static_cast<size_t>(family)];
  }

  bool HasHeavyLayer(int32_t unit) const {
    const auto& layers = units_[unit].result.layers;
    return std::any_of(layers.begin(), layers.end(),
                       [&](LayerId layer) { return IsProduct(network_.layers[layer].type); });
  }

  // The only layer that reads what `layer` writes.
  LayerId OnlyConsumer(LayerId layer) const {
    const Layer& source = network_.layers[layer];
    if (source.outputs.size() != 1 || consumers_[source.outputs[0]].size() != 1) return kNone;
    return consumers_[source.outputs[0]][0];
  }

  void JoinForwards() {
    for (LayerId layer = static_cast<LayerId>(network_.layers.size()); layer-- > 0;) {
      const LayerType type = network_.layers[layer].type;
      if ((type != LayerType::kPad && !IsProduct(type)) || !MayJoin(layer)) continue;
      const LayerId consumer = OnlyConsumer(layer);
      if (consumer == kNone || unit_of_[consumer] == kNoUnit) continue;
      if (IsProduct(type) && HasHeavyLayer(unit_of_[consumer])) continue;
      Claim(unit_of_[consumer], layer);
      inferred_[layer] = true;
    }
  }

  // The unit a layer's input comes from, through layers that cost nothing: of several the one that ran last.
  int32_t LatestProducer(LayerId layer, const std::vector<int32_t>& carrier) const {
    int32_t latest = kNoUnit;
    for (TensorId tensor : network_.layers[layer].inputs) {
      const LayerId producer = network_.tensors[tensor].producer;
      if (producer == kNone || carrier[producer] == kNoUnit) continue;
      if (latest == kNoUnit || units_[carrier[producer]].result.rows[0] > units_[latest].result.rows[0]) {
        latest = carrier[producer];
      }
    }
    return latest;
  }

  void JoinBackwards() {
    std::vector<int32_t>& carrier = carrier_;
    carrier.assign(network_.layers.size(), kNoUnit);
    for (LayerId layer = 0; layer < static_cast<LayerId>(network_.layers.size()); ++layer) {
      if (unit_of_[layer] != kNoUnit) {
        carrier[layer] = unit_of_[layer];
        continue;
      }
      const LayerType type = network_.layers[layer].type;
      const bool free = reported_[layer] == RowStatus::kNotRun || (IsFreeWithoutRow(type) && MayJoin(layer));
      if (free) {
        carrier[layer] = LatestProducer(layer, carrier);
        result_.free_layers.push_back(layer);
        continue;
      }
      const int32_t unit = !IsProduct(type) && MayJoin(layer) ? LatestProducer(layer, carrier) : kNoUnit;
      if (unit == kNoUnit) {
        result_.unmatched_layers.push_back(layer);
        continue;
      }
      Claim(unit, layer);
      carrier[layer] = unit;
      inferred_[layer] = true;
    }
  }

  void AddOverheadRows() {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!IsExecuted(i) || rows_[i].meaning != NameMeaning::kOverhead) continue;
      int32_t unit = kNoUnit;
      ForEachName(rows_[i], [&](absl::string_view name) {
        LayerNames::Hit hit = names_.Find(name);
        if (!hit.found()) hit = names_.FindSimilar(name);
        if (unit == kNoUnit && hit.layer != kNone) unit = carrier_[hit.layer];
      });
      if (unit != kNoUnit) AddRow(unit, i, /*overhead=*/true);
    }
  }

  void SortLayers(MatchedUnit* unit) const {
    auto& layers = unit->layers;
    std::sort(layers.begin(), layers.end());
    const auto primary = std::max_element(layers.begin(), layers.end(), [&](LayerId a, LayerId b) {
      return Macs(network_, network_.layers[a]) < Macs(network_, network_.layers[b]);
    });
    std::rotate(layers.begin(), primary, primary + 1);
  }

  void FlagEdges(LayerId consumer) {
    if (unit_of_[consumer] == kNoUnit) return;
    absl::InlinedVector<LayerId, 4> producers;
    bool one_unit = true;
    for (TensorId tensor : network_.layers[consumer].inputs) {
      const LayerId producer = network_.tensors[tensor].producer;
      if (producer == kNone || std::find(producers.begin(), producers.end(), producer) != producers.end()) continue;
      producers.push_back(producer);
      one_unit = one_unit && unit_of_[producer] == unit_of_[consumer];
    }
    for (LayerId producer : producers) {
      if (unit_of_[producer] == kNoUnit) continue;
      FusionFlag flag = unit_of_[producer] == unit_of_[consumer] ? FusionFlag::kFused : FusionFlag::kNotFused;
      if (inferred_[consumer] && !one_unit) flag = FusionFlag::kPossiblyFused;
      result_.edges.push_back({producer, consumer, flag});
    }
  }

  ReportMatch Finish() {
    for (LayerId layer = 0; layer < static_cast<LayerId>(network_.layers.size()); ++layer) FlagEdges(layer);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!IsExecuted(i)) continue;
      result_.executed_seconds += rows_[i].seconds;
      if (row_unit_[i] == kNoUnit) {
        result_.unmatched_rows.push_back(static_cast<int32_t>(i));
      } else {
        result_.matched_seconds += rows_[i].seconds;
      }
    }
    result_.units.reserve(units_.size());
    for (Unit& unit : units_) {
      SortLayers(&unit.result);
      result_.units.push_back(std::move(unit.result));
    }
    std::sort(result_.units.begin(), result_.units.end(),
              [](const MatchedUnit& a, const MatchedUnit& b) { return a.rows[0] < b.rows[0]; });
    return std::move(result_);
  }

  const Network& network_;
  const absl::Span<const ReportRow> rows_;
  const LayerNames names_;
  const std::vector<absl::InlinedVector<LayerId, 2>> consumers_;
  std::vector<int32_t> unit_of_;  // of each layer
  std::vector<int32_t> walk_of_;  // of each layer: the last walk back that came by
  int32_t walk_ = 0;
  std::vector<RowStatus> reported_;  // of each layer; kExecuted also where there is no row
  std::vector<bool> inferred_;       // of each layer: it has no row and was joined to a unit
  std::vector<int32_t> row_unit_;    // of each row
  std::vector<char> open_;           // of each row: executed, names no layer, no overhead
  std::vector<bool> open_families_;
  std::vector<int32_t> carrier_;  // of each layer: the unit its values come from
  std::vector<Unit> units_;
  int regions_ = 0;
  ReportMatch result_;
};

}  // namespace

ReportMatch MatchReport(const Network& network, absl::Span<const ReportRow> rows) {
  return Matcher(network, rows).Run();
}

}  // namespace latimer
