#include "core/fitting/mapping_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/mapping/features.h"

namespace latimer::fitting {
namespace {

constexpr double kFusedShare = 0.5;  // of the second layer's own time; fused layers are mostly near 0, others near 1
constexpr double kSigmas = 2;

bool IsUsable(const Sample& sample) {
  return std::isfinite(sample.seconds.lower_seconds) && std::isfinite(sample.seconds.upper_seconds) &&
         sample.seconds.upper_seconds > 0 && std::isfinite(sample.relative_spread);
}

double Variance(const Sample& sample) {
  const double noise = std::clamp(sample.relative_spread, 0.0, 1.0) * sample.seconds.upper_seconds;
  return noise * noise;
}

}  // namespace

bool PairEvidence::fused() const { return added < std::max(kFusedShare * own, kSigmas * std::sqrt(variance)); }

std::vector<PairEvidence> CollectPairs(const std::vector<Sample>& samples, const model::v1::PlatformModel& base,
                                       const std::function<double(const UnitFeatures&)>& own_seconds) {
  auto features = [&](const Sample& sample, LayerId layer) {
    return ComputeFeatures(sample.subject, {layer}, base.activation_bits(), base.weight_bits());
  };
  absl::flat_hash_map<UnitFeatures, const Sample*> alone;
  for (const Sample& sample : samples) {
    if (sample.subject.layers.size() == 1 && IsUsable(sample)) alone.emplace(features(sample, 0), &sample);
  }
  std::map<std::pair<LayerType, LayerType>, PairEvidence> evidence;
  for (const Sample& sample : samples) {
    if (sample.subject.layers.size() != 2 || !IsUsable(sample)) continue;
    const auto first = alone.find(features(sample, 0));
    if (first == alone.end()) continue;
    const Layer& second = sample.subject.layers[1];
    PairEvidence& pair = evidence[{sample.subject.layers[0].type, second.type}];
    pair.primary = sample.subject.layers[0].type;
    pair.secondary = second.type;
    pair.added += sample.seconds.middle_seconds() - first->second->seconds.middle_seconds();
    pair.own += std::max(0.0, own_seconds(features(sample, 1)));
    pair.variance += Variance(sample) + Variance(*first->second);
    if (const auto* pool = std::get_if<PoolAttributes>(&second.attributes)) {
      pair.pool_kernel = pool->kernel;
      pair.pool_stride = pool->stride;
    }
  }
  std::vector<PairEvidence> pairs;
  pairs.reserve(evidence.size());
  for (auto& [types, pair] : evidence) pairs.push_back(std::move(pair));
  return pairs;
}

void WriteFusions(const std::vector<PairEvidence>& pairs, model::v1::Mapping* mapping) {
  std::map<LayerType, model::v1::Fusion> plain;
  for (const PairEvidence& pair : pairs) {
    if (!pair.fused()) continue;
    if (pair.pool_kernel.empty()) {
      plain[pair.primary].add_secondary(static_cast<v1::LayerType>(pair.secondary));
      continue;
    }
    model::v1::Fusion* fusion = mapping->add_fusions();
    fusion->add_primary(static_cast<v1::LayerType>(pair.primary));
    fusion->add_secondary(static_cast<v1::LayerType>(pair.secondary));
    fusion->mutable_pool_kernel()->Add(pair.pool_kernel.begin(), pair.pool_kernel.end());
    fusion->mutable_pool_stride()->Add(pair.pool_stride.begin(), pair.pool_stride.end());
  }
  for (auto& [primary, fusion] : plain) {
    fusion.add_primary(static_cast<v1::LayerType>(primary));
    *mapping->add_fusions() = std::move(fusion);
  }
}

}  // namespace latimer::fitting
