#include "core/fitting/cut_excerpts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "core/mapping/features.h"
#include "core/model/blocked_kernel.h"

namespace latimer::fitting {
namespace {

constexpr double kLeastSeconds = 1e-9;
constexpr double kLeastSpread = 1e-3;  // of a measurement; its own estimate is made of a few runs
constexpr double kModelError = 0.3;    // of a price list, for one layer
constexpr double kFusedShare = 0.4;    // of a layer's time alone; less is fused
constexpr double kSigmas = 4;          // of noise, between what a layer added and that share; closer tells nothing
constexpr double kHuber = 0.5;         // residuals beyond, in deviations of a row, count linearly
constexpr double kRidge = 1e-7;
constexpr int kReweightings = 8;
constexpr int kSweeps = 200;
constexpr int kRounds = 3;
constexpr size_t kEnoughAlone = 15;  // layers, for prices of their type
constexpr int64_t kBlock = 16;

// Terms of one layer: one, operations in blocks, operations, activations, weights, activations that may stay on the
// chip.
constexpr size_t kTerms = 6;
constexpr size_t kActivations = 3;
constexpr size_t kSmallActivations = 5;
using Terms = std::array<double, kTerms>;

Terms TermsOf(const UnitFeatures& features) {
  const BlockedKernel kernel = FitBlockedKernel(features, kBlock);
  return {1,
          features.operations / kernel.utilization,
          features.operations,
          features.input_bytes + features.output_bytes,
          features.weight_bytes,
          0};
}

// Boards that keep small results on the chip write them to memory only where the network ends. What may be small,
// bytes; 0: nothing is kept.
constexpr double kKept[] = {0,       1 << 16, 3 << 15, 1 << 17, 3 << 16, 1 << 18, 3 << 17, 1 << 19,
                            3 << 18, 1 << 20, 3 << 19, 1 << 21, 3 << 20, 1 << 22, 3 << 21, 1 << 23};
constexpr double kKeepingShows = 0.9;  // what it leaves of the unexplained

double BytesOf(const Network& network, TensorId id, int bits) {
  return static_cast<double>(NumElements(network.tensors[static_cast<size_t>(id)].shape)) * bits / 8;
}

// Those of layers that only move data.
constexpr std::array<size_t, 3> kMovingTerms = {0, kActivations, kSmallActivations};
using MovingPrices = std::array<double, kMovingTerms.size()>;

struct Amount {
  size_t column = 0;
  double value = 0;
};

struct Equation {
  std::vector<Amount> amounts;
  double seconds = 0;
  double deviation = 1;
};

// Non-negative least squares by coordinate descent on the normal equations, large residuals counting less.
std::vector<double> Solve(const std::vector<Equation>& equations, size_t columns) {
  std::vector<double> scale(columns, 0);
  for (const Equation& one : equations) {
    for (const Amount& amount : one.amounts) scale[amount.column] += std::pow(amount.value / one.deviation, 2);
  }
  for (double& s : scale) s = s > 0 ? 1 / std::sqrt(s) : 0;
  std::vector<double> x(columns, 0);
  for (int round = 0; round < kReweightings; ++round) {
    std::vector<double> a(columns * columns, 0);
    std::vector<double> b(columns, 0);
    for (const Equation& one : equations) {
      double fitted = 0;
      for (const Amount& amount : one.amounts) fitted += x[amount.column] * scale[amount.column] * amount.value;
      const double residual = round == 0 ? 0 : std::abs(fitted - one.seconds) / one.deviation;
      const double weight = std::min(1.0, kHuber / std::max(residual, 1e-9)) / (one.deviation * one.deviation);
      for (const Amount& i : one.amounts) {
        const double t = weight * i.value * scale[i.column];
        b[i.column] += t * one.seconds;
        for (const Amount& k : one.amounts) a[i.column * columns + k.column] += t * k.value * scale[k.column];
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      double change = 0;
      for (size_t i = 0; i < columns; ++i) {
        if (!(scale[i] > 0)) continue;
        double gradient = b[i] - kRidge * x[i];
        for (size_t k = 0; k < columns; ++k) gradient -= a[i * columns + k] * x[k];
        const double next = std::max(0.0, x[i] + gradient / (a[i * columns + i] + kRidge));
        change = std::max(change, std::abs(next - x[i]) / std::max(std::abs(next), 1e-12));
        x[i] = next;
      }
      if (change < 1e-5) break;
    }
  }
  for (size_t i = 0; i < columns; ++i) x[i] *= scale[i];
  return x;
}

// A beginning of an excerpt that could be read.
struct Cut {
  size_t layers = 0;
  double seconds = 0;
  double deviation = 0;
  double transfer_bytes = 0;
  std::vector<double> output_bytes;  // of each output
};

// What decides whether a layer is fused: its type, that of its producer, the side of its window, whether others read
// what it reads.
using Kind = std::tuple<LayerType, LayerType, int64_t, bool>;

struct Excerpt {
  CutExcerpt* source = nullptr;
  const Network* network = nullptr;
  std::vector<Cut> cuts;  // ascending
  std::vector<absl::InlinedVector<LayerId, 2>> consumers;
  std::vector<Terms> terms;
  std::vector<LayerId> producer;  // the last of the layers that a layer reads; kNone: it reads inputs only
  std::vector<bool> fused;
  std::vector<double> own;  // seconds of each layer as a unit of its own, by the prices
};

// Columns of prices.
constexpr size_t kConstant = 0;  // of a network
constexpr size_t kTransfer = 1;  // per byte of inputs and outputs
constexpr size_t kKeep = 2;      // per byte of outputs that would be kept on the chip
constexpr size_t kFirstType = 3;

class Splitter {
 public:
  Splitter(std::vector<CutExcerpt>& excerpts, const model::v1::PlatformModel& base) : base_(base) {
    for (CutExcerpt& excerpt : excerpts) Read(excerpt);
  }

  std::vector<ExcerptSample> Run() {
    if (excerpts_.empty()) return {};
    // At first all layers but products are taken for possibly fused: prices of their own where they follow a unit.
    double least = 0;
    double largest = 0;
    for (double kept : kKept) {
      SetLargestKept(kept);
      const double loss = FitPrices();
      if (kept > 0 && loss >= (largest > 0 ? least : kKeepingShows * least)) continue;
      least = loss;
      largest = kept;
    }
    SetLargestKept(largest);
    FitPrices();
    first_fit_ = false;
    for (int round = 0; round < kRounds; ++round) {
      Flag();
      FitPrices();
    }
    std::vector<ExcerptSample> samples;
    for (Excerpt& excerpt : excerpts_) samples.push_back(Write(excerpt));
    return samples;
  }

 private:
  void Read(CutExcerpt& source) {
    Excerpt excerpt;
    excerpt.source = &source;
    auto& beginnings = source.beginnings;
    std::sort(beginnings.begin(), beginnings.end(),
              [](const Beginning& a, const Beginning& b) { return a.network.layers.size() < b.network.layers.size(); });
    if (beginnings.empty()) return;
    const Network& network = beginnings.back().network;
    excerpt.network = &network;
    excerpt.consumers = Consumers(network);
    for (const Beginning& one : beginnings) {
      if (!(one.seconds > 0) || !std::isfinite(one.seconds) || !IsBeginning(one.network, network)) continue;
      if (!excerpt.cuts.empty() && excerpt.cuts.back().layers == one.network.layers.size()) continue;
      if (FusesOtherwise(excerpt, one.network.layers.size())) continue;
      const double spread = std::clamp(one.relative_spread, kLeastSpread, 1.0);
      Cut& cut = excerpt.cuts.emplace_back();
      cut.layers = one.network.layers.size();
      cut.seconds = one.seconds;
      cut.deviation = spread * one.seconds;
      cut.transfer_bytes = TransferBytes(one.network, base_.activation_bits());
      for (TensorId id : one.network.outputs) {
        cut.output_bytes.push_back(BytesOf(one.network, id, base_.activation_bits()));
      }
    }
    if (excerpt.cuts.empty() || excerpt.cuts.back().layers != network.layers.size()) return;
    for (size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      excerpt.terms.push_back(
          TermsOf(ComputeFeatures(network, {static_cast<LayerId>(i)}, base_.activation_bits(), base_.weight_bits())));
      LayerId last = kNone;
      for (TensorId id : layer.inputs) last = std::max(last, network.tensors[static_cast<size_t>(id)].producer);
      excerpt.producer.push_back(last);
    }
    excerpt.fused.assign(network.layers.size(), false);
    excerpt.own.assign(network.layers.size(), 0);
    excerpts_.push_back(std::move(excerpt));
  }

  // The same layers by name, which makes them comparable after simplification.
  static bool IsBeginning(const Network& one, const Network& whole) {
    if (one.layers.empty() || one.layers.size() > whole.layers.size()) return false;
    for (size_t i = 0; i < one.layers.size(); ++i) {
      if (one.layers[i].name != whole.layers[i].name || one.layers[i].type != whole.layers[i].type) return false;
    }
    return true;
  }

  // Whether the cut leaves a layer alone with a result that others read as well in the whole: only then it could run in
  // the unit before.
  static bool FusesOtherwise(const Excerpt& excerpt, size_t layers) {
    const auto end = static_cast<LayerId>(layers);
    for (size_t id = 0; id < excerpt.consumers.size(); ++id) {
      const absl::InlinedVector<LayerId, 2>& readers = excerpt.consumers[id];
      const LayerId producer = excerpt.network->tensors[id].producer;
      if (producer == kNone || readers.size() < 2 || readers[0] >= end || readers[1] < end) continue;
      const LayerType type = excerpt.network->layers[static_cast<size_t>(readers[0])].type;
      if (IsElementwiseUnary(type)) return true;
    }
    return false;
  }

  static bool MayFuse(const Excerpt& excerpt, size_t layer) {
    return excerpt.producer[layer] != kNone && !IsProduct(excerpt.network->layers[layer].type);
  }

  static Kind KindOf(const Excerpt& excerpt, size_t i) {
    const Layer& layer = excerpt.network->layers[i];
    int64_t side = 0;
    if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes); pool != nullptr && !pool->kernel.empty()) {
      side = pool->kernel[0];
    }
    const Layer& producer = excerpt.network->layers[static_cast<size_t>(excerpt.producer[i])];
    const bool shared = std::any_of(producer.outputs.begin(), producer.outputs.end(),
                                    [&](TensorId id) { return excerpt.consumers[static_cast<size_t>(id)].size() > 1; });
    return {layer.type, producer.type, side, shared};
  }

  static size_t Column(size_t type, bool fused, size_t term) {
    return kFirstType + (2 * type + (fused ? 1 : 0)) * kTerms + term;
  }

  void SetLargestKept(double bytes) {
    largest_kept_ = bytes;
    for (Excerpt& excerpt : excerpts_) {
      for (size_t i = 0; i < excerpt.terms.size(); ++i) {
        const Layer& layer = excerpt.network->layers[i];
        double large = 0;
        double small = 0;
        for (const auto& tensors : {absl::MakeConstSpan(layer.inputs), absl::MakeConstSpan(layer.outputs)}) {
          for (TensorId id : tensors) {
            const double one = BytesOf(*excerpt.network, id, base_.activation_bits());
            (one <= bytes ? small : large) += one;
          }
        }
        excerpt.terms[i][kActivations] = large;
        excerpt.terms[i][kSmallActivations] = small;
      }
    }
  }

  // For each pair of neighbouring cuts: constant of a network, transfers, and terms of the layers between.
  double FitPrices() {
    // Columns that are used, in order.
    std::vector<Equation> equations;
    std::map<size_t, size_t> used;
    auto column = [&](size_t wide) { return used.emplace(wide, used.size()).first->second; };
    for (const Excerpt& excerpt : excerpts_) {
      Cut before;
      for (const Cut& cut : excerpt.cuts) {
        Equation& one = equations.emplace_back();
        one.seconds = cut.seconds - before.seconds;
        if (before.layers == 0) one.amounts.push_back({column(kConstant), 1});
        if (cut.transfer_bytes != before.transfer_bytes) {
          one.amounts.push_back({column(kTransfer), cut.transfer_bytes - before.transfer_bytes});
        }
        const double kept = KeptBytes(cut) - KeptBytes(before);
        if (kept != 0) one.amounts.push_back({column(kKeep), kept});
        std::map<size_t, double> sums;
        for (size_t i = before.layers; i < cut.layers; ++i) {
          const auto type = static_cast<size_t>(excerpt.network->layers[i].type);
          const bool fused = first_fit_ ? MayFuse(excerpt, i) && FollowsUnit(excerpt, i) : excerpt.fused[i];
          for (size_t term = 0; term < kTerms; ++term) {
            const double value = excerpt.terms[i][term];
            if (value > 0) sums[Column(type, fused, term)] += value;
          }
        }
        for (const auto& [wide, value] : sums) one.amounts.push_back({column(wide), value});
        one.deviation = std::hypot(cut.deviation, before.deviation, kModelError * std::max(0.0, one.seconds));
        before = cut;
      }
    }
    const std::vector<double> x = Solve(equations, used.size());
    prices_.assign(Column(kNumLayerTypes, false, 0), 0);
    for (const auto& [wide, narrow] : used) prices_[wide] = x[narrow];
    double loss = 0;
    for (const Equation& one : equations) {
      double fitted = 0;
      for (const Amount& amount : one.amounts) fitted += x[amount.column] * amount.value;
      const double residual = std::abs(fitted - one.seconds) / one.deviation;
      loss += residual < kHuber ? residual * residual / 2 : kHuber * (residual - kHuber / 2);
    }
    return loss;
  }

  // Whether the layer follows a product or a sum in a chain that nothing else reads.
  static bool FollowsUnit(const Excerpt& excerpt, size_t layer) {
    for (LayerId at = excerpt.producer[layer]; at != kNone; at = excerpt.producer[static_cast<size_t>(at)]) {
      const LayerType type = excerpt.network->layers[static_cast<size_t>(at)].type;
      if (IsProduct(type) || type == LayerType::kAdd) return true;
      if (!IsElementwiseUnary(type)) return false;
    }
    return false;
  }

  double Priced(const Excerpt& excerpt, size_t i, bool fused) const {
    double seconds = 0;
    for (size_t term = 0; term < kTerms; ++term) {
      seconds +=
          prices_[Column(static_cast<size_t>(excerpt.network->layers[i].type), fused, term)] * excerpt.terms[i][term];
    }
    return seconds;
  }

  // Of outputs that would stay on the chip were the network to go on.
  double KeptBytes(const Cut& cut) const {
    double sum = 0;
    for (double bytes : cut.output_bytes) sum += bytes <= largest_kept_ ? bytes : 0;
    return sum;
  }

  // What a cut costs beside its layers where they stand in the excerpt.
  double Ends(const Cut& cut) const {
    if (cut.layers == 0) return 0;
    return prices_[kConstant] + prices_[kTransfer] * cut.transfer_bytes + prices_[kKeep] * KeptBytes(cut);
  }

  // What a layer added, without the transfers of the cuts; only where the excerpt was cut before and behind it.
  struct Added {
    double seconds = 0;
    double deviation = 0;
    bool known = false;
  };

  std::vector<Added> AddedBy(const Excerpt& excerpt) const {
    std::vector<Added> added(excerpt.terms.size());
    for (size_t k = 0; k < excerpt.cuts.size(); ++k) {
      const Cut& cut = excerpt.cuts[k];
      const Cut before = k == 0 ? Cut() : excerpt.cuts[k - 1];
      if (cut.layers != before.layers + 1) continue;
      added[before.layers] = {cut.seconds - Ends(cut) - (before.seconds - Ends(before)),
                              std::hypot(cut.deviation, before.deviation), true};
    }
    return added;
  }

  // Layers without products cost about the same to read and write, whatever they do: the price by which a layer that
  // adds hardly anything is told from one that runs by itself.
  void Flag() {
    struct Candidate {
      Excerpt* excerpt = nullptr;
      size_t layer = 0;
      Added added;
      double own = 0;
    };
    std::vector<Candidate> candidates;
    for (Excerpt& excerpt : excerpts_) {
      const std::vector<Added> added = AddedBy(excerpt);
      for (size_t i = 0; i < added.size(); ++i) {
        if (MayFuse(excerpt, i)) candidates.push_back({&excerpt, i, added[i], 0});
      }
    }
    // By the prices of all types; in the end by those of its own, where enough such layers run by themselves and cost
    // more.
    for (int pass = 0; pass < kRounds; ++pass) {
      const bool last = pass + 1 == kRounds;
      std::map<LayerType, std::vector<const Candidate*>> alone;
      for (const Candidate& one : candidates) {
        if (!one.added.known || one.added.seconds < kSigmas * one.added.deviation) continue;
        if (pass > 0 && one.added.seconds < kFusedShare * one.own) continue;
        alone[one.excerpt->network->layers[one.layer].type].push_back(&one);
        alone[LayerType::kUnspecified].push_back(&one);
      }
      std::map<LayerType, MovingPrices> prices;
      for (const auto& [type, own] : alone) {
        if (type != LayerType::kUnspecified && (!last || own.size() < kEnoughAlone)) continue;
        std::vector<Equation> equations;
        for (const Candidate* one : own) {
          Equation& equation = equations.emplace_back();
          for (size_t k = 0; k < kMovingTerms.size(); ++k) {
            equation.amounts.push_back({k, one->excerpt->terms[one->layer][kMovingTerms[k]]});
          }
          equation.seconds = one->added.seconds;
          equation.deviation = kModelError * one->added.seconds;
        }
        const std::vector<double> x = Solve(equations, kMovingTerms.size());
        std::copy(x.begin(), x.end(), prices[type].begin());
      }
      for (Candidate& one : candidates) {
        one.own = 0;
        for (LayerType type : {LayerType::kUnspecified, one.excerpt->network->layers[one.layer].type}) {
          const auto found = prices.find(type);
          if (found == prices.end()) continue;
          double seconds = 0;
          for (size_t k = 0; k < kMovingTerms.size(); ++k) {
            seconds += found->second[k] * one.excerpt->terms[one.layer][kMovingTerms[k]];
          }
          one.own = std::max(one.own, seconds);
        }
      }
    }
    std::map<Kind, std::pair<double, double>> votes;  // weights of fused and of all
    std::vector<const Candidate*> open;
    for (const Candidate& one : candidates) {
      const double more = one.added.seconds - kFusedShare * one.own;
      if (!one.added.known || std::abs(more) < kSigmas * one.added.deviation) {
        open.push_back(&one);
        continue;
      }
      const bool fused = more < 0;
      one.excerpt->fused[one.layer] = fused;
      auto& [yes, all] = votes[KindOf(*one.excerpt, one.layer)];
      yes += fused ? 1 : 0;
      all += 1;
    }
    for (const Candidate* one : open) {
      const auto found = votes.find(KindOf(*one->excerpt, one->layer));
      one->excerpt->fused[one->layer] = found != votes.end() && 2 * found->second.first > found->second.second;
    }
  }

  // Times of an excerpt's layers, by the cuts as far as they are known and by prices as far as they are not: the sums
  // up to each layer are a random walk with the prices' steps, seen at the cuts (Rauch, Tung and Striebel's smoother).
  ExcerptSample Write(Excerpt& excerpt) {
    const size_t count = excerpt.terms.size();
    std::vector<double> step(count), variance(count);
    for (size_t i = 0; i < count; ++i) {
      step[i] = Priced(excerpt, i, excerpt.fused[i]);
      const double doubt = std::max(kModelError * step[i], 0.1 * kModelError * Priced(excerpt, i, false));
      variance[i] = doubt * doubt + kLeastSeconds * kLeastSeconds;
    }
    std::vector<double> predicted(count + 1, 0), mean(count + 1, 0), before(count + 1, 0), after(count + 1, 0);
    auto cut = excerpt.cuts.begin();
    for (size_t i = 1; i <= count; ++i) {
      predicted[i] = mean[i] = mean[i - 1] + step[i - 1];
      before[i] = after[i] = after[i - 1] + variance[i - 1];
      if (cut == excerpt.cuts.end() || cut->layers != i) continue;
      const double seen = cut->seconds - Ends(*cut);
      const double gain = before[i] / (before[i] + cut->deviation * cut->deviation);
      mean[i] += gain * (seen - mean[i]);
      after[i] = (1 - gain) * before[i];
      ++cut;
    }
    const std::vector<Added> added = AddedBy(excerpt);
    std::vector<double> smooth = mean;
    for (size_t i = count; i-- > 1;) smooth[i] += after[i] / before[i + 1] * (smooth[i + 1] - predicted[i + 1]);

    ExcerptSample sample;
    std::vector<size_t> row_of(count, count);
    for (size_t i = 0; i < count; ++i) {
      const double seconds = smooth[i + 1] - (i == 0 ? 0 : smooth[i]);
      const Layer& layer = excerpt.network->layers[i];
      // What the walk and the cuts around the layer know of it together.
      const double cut_information = added[i].known ? 1 / (added[i].deviation * added[i].deviation) : 0;
      const double doubt = std::sqrt(1 / (1 / variance[i] + cut_information));
      const size_t producer = excerpt.producer[i] == kNone ? count : row_of[static_cast<size_t>(excerpt.producer[i])];
      if (excerpt.fused[i] && producer < count) {
        row_of[i] = producer;
        sample.rows[producer].seconds += seconds;
        double& sum = sample.rows[producer].facts[0].second;
        sum = std::hypot(sum, doubt);
        continue;
      }
      row_of[i] = sample.rows.size();
      ReportRow& row = sample.rows.emplace_back();
      row.name = std::string(layer.name);
      row.original_names = {row.name};
      row.kind = std::string(LayerTypeName(layer.type));
      row.seconds = std::max(seconds, 0.1 * step[i]);
      row.facts = {{kDoubtFact, doubt}};
    }
    for (TensorId id : excerpt.network->outputs) {
      const LayerId producer = excerpt.network->tensors[static_cast<size_t>(id)].producer;
      if (producer == kNone) continue;
      const double bytes = BytesOf(*excerpt.network, id, base_.activation_bits());
      sample.rows[row_of[static_cast<size_t>(producer)]].seconds += bytes <= largest_kept_ ? prices_[kKeep] * bytes : 0;
    }
    for (ReportRow& row : sample.rows) row.seconds = std::max(row.seconds, kLeastSeconds);
    sample.seconds = excerpt.cuts.back().seconds;
    sample.flushed_bytes = excerpt.source->flushed_bytes;
    sample.network = std::move(excerpt.source->beginnings.back().network);
    return sample;
  }

  const model::v1::PlatformModel& base_;
  std::vector<Excerpt> excerpts_;
  std::vector<double> prices_;
  bool first_fit_ = true;
  double largest_kept_ = 0;  // see kKept
};

}  // namespace

std::vector<ExcerptSample> SplitCutExcerpts(std::vector<CutExcerpt> excerpts, const model::v1::PlatformModel& base) {
  return Splitter(excerpts, base).Run();
}

}  // namespace latimer::fitting
