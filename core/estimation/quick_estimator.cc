#include "core/estimation/quick_estimator.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "core/base/mutex.h"
#include "core/estimation/edge_writer.h"
#include "core/estimation/estimate_parts.h"
#include "core/estimation/intervals.h"
#include "core/estimation/quick_layers.h"
#include "core/estimation/quick_network.h"
#include "core/estimation/quick_units.h"
#include "core/mapping/features.h"
#include "core/network/structural_hash.h"

namespace latimer {
namespace {

constexpr size_t kMostDesks = 16;
constexpr size_t kFewestEntries = 256;  // per desk
constexpr size_t kMostTables = 32;      // platforms and kinds of model one desk remembers at a time

class QuickGraph {
 public:
  QuickGraph(const QuickNetwork& network, const QuickUnits& units) : network_(network), units_(units) {
    for (size_t i = 0; i < network.tensors.size(); ++i) ids_.push_back(static_cast<TensorId>(i));
  }

  size_t layer_count() const { return network_.layers.size(); }
  size_t tensor_count() const { return network_.tensors.size(); }
  size_t unit_count() const { return units_.units.size(); }
  absl::Span<const TensorId> LayerInputs(LayerId layer) const {
    return network_.Inputs(network_.layers[static_cast<size_t>(layer)]);
  }
  absl::Span<const TensorId> LayerOutputs(LayerId layer) const { return {&ids_[network_.Output(layer)], 1}; }
  absl::Span<const TensorId> NetworkInputs() const { return {ids_.data(), network_.inputs}; }
  absl::Span<const TensorId> NetworkOutputs() const { return network_.outputs; }
  absl::Span<const LayerId> UnitLayers(size_t unit) const { return units_.Layers(units_.units[unit]); }
  TensorId Changed(size_t /*unit*/) const { return kNone; }  // every unit has layers
  absl::string_view Name(TensorId tensor) const { return network_.tensors[static_cast<size_t>(tensor)].name; }

 private:
  const QuickNetwork& network_;
  const QuickUnits& units_;
  std::vector<TensorId> ids_;
};

void WriteShape(const Shape& shape, v1::Shape* to) { to->mutable_dims()->Add(shape.begin(), shape.end()); }

}  // namespace

struct QuickEstimator::Request {
  absl::string_view network;
  int64_t batch_size = 0;
  absl::string_view display_name;
  const PlatformModel& platform;
  const EstimateSettings& settings;
  const Extras& extras;
  v1::NetworkEstimate* result;
};

// Everything one request at a time works with. A request that finds a desk taken goes to the next.
class QuickEstimator::Desk {
 public:
  Desk(const ImportLimits& limits, size_t max_entries) : limits_(limits), layers_(limits), max_entries_(max_entries) {}

  Mutex mutex;

  // True in `done`: answered. Else what is left to do, if anything can be done here.
  std::optional<Network> Serve(const Request& request, bool* done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    // What an exception left behind is not to be trusted.
    if (busy_ || entries() > max_entries_) Clear();
    busy_ = true;
    std::optional<Network> left;
    *done = false;
    if (ReadQuickNetwork(request.network, limits_, request.batch_size, layers_, names_, &network_) &&
        !(network_.folded && (request.settings.with_units || request.extras.structural_hash != nullptr))) {
      const absl::string_view name = request.display_name.empty() ? network_.name : request.display_name;
      // Tables of units that stand somewhere are the general way's.
      const bool plain = HasPlainRules(request.platform);
      if (plain || !request.settings.with_units) {
        *done = Answer(name, request.platform, request.settings, request.result);
      }
      if (!network_.folded && ((!plain && !*done) || request.extras.structural_hash != nullptr))
        left = ToNetwork(network_, layers_, name);
    }
    ++(*done || left.has_value() ? networks_ : refused_);
    busy_ = false;
    return left;
  }

  void AddTo(Statistics* sum) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    sum->networks += networks_;
    sum->refused += refused_;
    sum->hits += old_hits_;
    sum->misses += old_misses_;
    for (const auto& table : tables_) {
      sum->hits += table->hits();
      sum->misses += table->misses();
    }
    sum->entries += static_cast<int64_t>(entries());
  }

 private:
  size_t entries() const {
    size_t sum = layers_.size() + layers_.kinds();
    for (const auto& table : tables_) sum += table->size();
    return sum;
  }

  void Forget(size_t table) {
    old_hits_ += tables_[table]->hits();
    old_misses_ += tables_[table]->misses();
    tables_.erase(tables_.begin() + static_cast<std::ptrdiff_t>(table));
  }

  void Clear() {
    while (!tables_.empty()) Forget(tables_.size() - 1);
    layers_.Clear();
  }

  // The most recently used one is the first.
  UnitTable& TableOf(const PlatformModel& platform, ModelKind wanted) {
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i]->instance() != platform.instance() || tables_[i]->wanted() != wanted) continue;
      if (i > 0)
        std::rotate(tables_.begin(), tables_.begin() + static_cast<std::ptrdiff_t>(i),
                    tables_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return *tables_.front();
    }
    if (tables_.size() >= kMostTables) Forget(tables_.size() - 1);
    tables_.insert(tables_.begin(), std::make_unique<UnitTable>(platform, wanted, layers_));
    return *tables_.front();
  }

  bool Answer(absl::string_view name, const PlatformModel& platform, const EstimateSettings& settings,
              v1::NetworkEstimate* result) {
    UnitTable& table = TableOf(platform, settings.model_kind);
    const QuickNetwork& network = table.Merge(network_);
    const MemoryNeed memory = table.Memory(network);
    if (!table.Map(network, platform, memory, &units_)) return false;
    result->Clear();
    WriteHead(platform, settings, name, result);
    result->set_macs(network.macs);
    result->set_unit_count(static_cast<int64_t>(units_.units.size()));
    result->mutable_memory()->set_weight_bytes(memory.weight_bytes);
    result->mutable_memory()->set_peak_activation_bytes(memory.peak_activation_bytes);
    FallbackWarnings warnings(settings.model_kind, result);
    EstimateTotals totals;
    totals.seconds = platform.definition().fixed_seconds_per_network();
    if (const double price = platform.definition().transfer_seconds_per_byte(); price > 0) {
      totals.seconds += price * Transfer(network, platform);
    }
    for (const QuickUnit& unit : units_.units) {
      const UnitRecord& record = *unit.record;
      totals.used.set(static_cast<size_t>(record.kind));
      totals.AddSeconds(record.time.seconds, record.models->pace_exponent);
      totals.operations += record.features.operations;
      totals.errors.Add(record.time.seconds, LogDeviation(*record.models, record.kind, record.time));
      if (record.warns()) Warn(network, unit, warnings);
    }
    if (settings.with_units) WriteUnits(platform, settings, totals, result);
    WriteTotals(platform, settings, totals, result);
    return true;
  }

  absl::string_view Name(LayerId layer) const {
    return network_.tensors[static_cast<size_t>(network_.Output(layer))].name;
  }

  double Transfer(const QuickNetwork& network, const PlatformModel& platform) const {
    Network ends;
    auto add = [&](TensorId id, std::vector<TensorId>* to) {
      const TensorKind& kind = layers_.kind(network.tensors[static_cast<size_t>(id)].kind);
      to->push_back(static_cast<TensorId>(ends.tensors.size()));
      ends.tensors.push_back({"", kind.shape, kind.type, kNone});
    };
    for (size_t i = 0; i < network.inputs; ++i) add(static_cast<TensorId>(i), &ends.inputs);
    for (TensorId output : network.outputs) add(output, &ends.outputs);
    return TransferBytes(ends, platform.activation_bits());
  }

  void Warn(const QuickNetwork& network, const QuickUnit& unit, FallbackWarnings& warnings) const {
    const UnitRecord& record = *unit.record;
    const TensorId named =
        unit.layers == 0 ? static_cast<TensorId>(unit.first) : network.Output(units_.members[unit.first]);
    const absl::string_view name = network.tensors[static_cast<size_t>(named)].name;
    if (record.type_fallback) warnings.AddType(record.unit_type, *record.models, name);
    if (record.time.outside_data) warnings.AddOutside(*record.models, name);
    if (record.kind_fallback) warnings.AddKind(*record.models, record.kind, name);
  }

  void WriteUnits(const PlatformModel& platform, const EstimateSettings& settings, const EstimateTotals& totals,
                  v1::NetworkEstimate* result) const {
    IntervalWriter intervals(platform, settings.model_kind, settings.confidence);
    result->mutable_units()->Reserve(static_cast<int>(units_.units.size()));
    for (const QuickUnit& unit : units_.units) {
      const UnitRecord& record = *unit.record;
      v1::UnitEstimate* to = result->add_units();
      WriteUnit(unit, to);
      intervals.WriteUnit(*record.models, record.kind, record.time, record.features.unit_type, record.type_fallback,
                          to);
      to->set_utilization(record.time.utilization);
      to->set_bound(static_cast<v1::Bound>(record.time.bound));
      to->set_model_kind(static_cast<v1::ModelKind>(record.kind));
      to->set_model_type(record.models->unit_type);
      to->set_share(totals.seconds > 0 ? record.time.seconds / totals.seconds : 0);
    }
    intervals.WriteShares(totals.errors, totals.seconds, result);
    const QuickGraph graph(network_, units_);
    EdgeWriter<QuickGraph>(graph, result).Run();
    for (LayerId id : units_.free_layers) {
      const absl::string_view name = Name(id);
      result->add_free_nodes(name.data(), name.size());
    }
  }

  void WriteUnit(const QuickUnit& unit, v1::UnitEstimate* to) const {
    const UnitRecord& record = *unit.record;
    const absl::Span<const LayerId> members = units_.Layers(unit);
    const absl::string_view name = Name(members[0]);
    to->set_name(name.data(), name.size());
    to->set_unit_type(record.unit_type.data(), record.unit_type.size());
    to->set_layer_type(static_cast<v1::LayerType>(record.features.type));
    for (LayerId id : members) {
      const absl::string_view node = Name(id);
      to->add_nodes(node.data(), node.size());
    }
    for (LayerId id : members) {
      for (TensorId input : network_.Inputs(network_.layers[static_cast<size_t>(id)])) {
        const QuickTensor& tensor = network_.tensors[static_cast<size_t>(input)];
        if (std::find(members.begin(), members.end(), tensor.producer) != members.end()) continue;
        WriteShape(layers_.kind(tensor.kind).shape, to->add_input_shapes());
      }
    }
    const QuickTensor& output = network_.tensors[static_cast<size_t>(network_.Output(members.back()))];
    WriteShape(layers_.kind(output.kind).shape, to->add_output_shapes());
    to->set_operations(record.features.operations);
    to->set_input_bytes(record.features.input_bytes);
    to->set_output_bytes(record.features.output_bytes);
    to->set_weight_bytes(record.features.weight_bytes);
    WriteWindow(layers_.record(network_.layers[static_cast<size_t>(members[0])].record).attributes, to);
  }

  const ImportLimits limits_;
  LayerTable layers_;
  NameIndex names_;
  QuickNetwork network_;
  QuickUnits units_;
  std::vector<std::unique_ptr<UnitTable>> tables_;
  const size_t max_entries_;
  bool busy_ = false;
  int64_t networks_ = 0;
  int64_t refused_ = 0;
  int64_t old_hits_ = 0;  // of tables that are gone
  int64_t old_misses_ = 0;
};

QuickEstimator::QuickEstimator(const ImportLimits& limits, size_t max_entries, size_t desks) : limits_(limits) {
  const size_t count = std::clamp<size_t>(desks, 1, kMostDesks);
  for (size_t i = 0; i < count; ++i) {
    desks_.push_back(std::make_unique<Desk>(limits, std::max(kFewestEntries, max_entries / count)));
  }
}

QuickEstimator::~QuickEstimator() = default;

std::optional<Network> QuickEstimator::Serve(const Request& request, bool* done) {
  const auto here = static_cast<size_t>(std::max(0, sched_getcpu()));
  for (size_t i = 0; i < desks_.size(); ++i) {
    Desk& desk = *desks_[(here + i) % desks_.size()];
    if (!desk.mutex.TryLock()) continue;
    const AdoptedLock lock(&desk.mutex);
    return desk.Serve(request, done);
  }
  Desk& desk = *desks_[here % desks_.size()];
  const MutexLock lock(&desk.mutex);
  return desk.Serve(request, done);
}

bool QuickEstimator::Estimate(absl::string_view network, int64_t batch_size, absl::string_view display_name,
                              const PlatformModel& platform, const EstimateSettings& settings, const Extras& extras,
                              v1::NetworkEstimate* result) {
  bool done = false;
  const std::optional<Network> left =
      Serve({network, batch_size, display_name, platform, settings, extras, result}, &done);
  if (!left.has_value()) return done;
  if (extras.structural_hash != nullptr) *extras.structural_hash = StructuralHash(*left);
  return done || EstimateNetwork(*left, platform, settings, extras.memo, result).ok();
}

QuickEstimator::Statistics QuickEstimator::statistics() const {
  Statistics sum;
  for (const std::unique_ptr<Desk>& desk : desks_) {
    MutexLock lock(&desk->mutex);
    desk->AddTo(&sum);
  }
  return sum;
}

}  // namespace latimer
