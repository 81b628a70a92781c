#include "core/model/additive_terms.h"

#include <algorithm>

#include "core/base/checked_math.h"

namespace latimer {
namespace {

constexpr int64_t kBlock = 16;
constexpr int16_t kLargeNetwork = 2 * 23;  // 8 MB: above, weights come from beyond the caches of one core
constexpr double kNear = 1 << 19;          // bytes
constexpr double kLeastSeconds = 1e-9;

double Dot(const AdditiveTerms& prices, const AdditiveTerms& terms) {
  double sum = 0;
  for (size_t i = 0; i < terms.size(); ++i) sum += prices[i] * terms[i];
  return sum;
}

double Ramp(double x, double from, double to) { return std::clamp((x - from) / (to - from), 0.0, 1.0); }

// Functions that cost more than a comparison per element.
bool IsTranscendental(LayerType type) {
  switch (type) {
    case LayerType::kSigmoid:
    case LayerType::kTanh:
    case LayerType::kSilu:
    case LayerType::kGelu:
    case LayerType::kErf:
    case LayerType::kExp:
    case LayerType::kElu:
    case LayerType::kMish:
    case LayerType::kSoftplus:
      return true;
    default:
      return false;
  }
}

bool HasPrices(const AdditiveTerms& terms) {
  return std::any_of(terms.begin(), terms.end(), [](double price) { return price > 0; });
}

}  // namespace

AdditiveTerms MakeAdditiveTerms(const UnitFeatures& f, const BlockedKernel& kernel) {
  const auto blocks = static_cast<double>(CeilDiv(std::max<int64_t>(f.c_in, 1), kBlock));
  const bool direct = kernel.path == KernelPath::kDirect || kernel.path == KernelPath::kFewChannels;
  const double taps = static_cast<double>(f.kernel_d * f.kernel_h * f.kernel_w);
  AdditiveTerms terms{};
  terms[0] = 1;
  terms[1] = f.operations / kernel.utilization;
  terms[2] = f.operations;
  terms[3] = f.input_bytes + f.output_bytes;
  terms[4] = f.weight_bytes;
  terms[5] = f.residency >= kLargeNetwork ? f.weight_bytes : 0;
  // Filters are gone through again for every row of the output, partial sums for every block of input channels.
  terms[6] = direct ? f.weight_bytes * static_cast<double>(f.out_h) : 0;
  terms[7] = direct ? f.output_bytes * blocks : kernel.path == KernelPath::kPointwise ? f.output_bytes * blocks / 8 : 0;
  terms[8] = static_cast<double>(f.fused_sums) * f.output_bytes;
  terms[9] = f.consumer == LayerType::kUnspecified ? f.output_bytes : 0;  // fresh memory for every run
  terms[10] = kernel.path == KernelPath::kUnfolded || IsPooling(f.type)
                  ? taps * static_cast<double>(f.out_d * f.out_h * f.out_w) *
                        static_cast<double>(f.c_in * std::max<int64_t>(1, IsPooling(f.type) ? 1 : f.groups))
                  : 0;
  terms[11] = f.freshness >= kLargeNetwork ? f.output_bytes : 0;
  // Code, tables and weights are where the last inference left them: the further away, the more it went through since
  // (half a megabyte to two, four to 32).
  const double beyond_l2 = Ramp(f.residency, 2 * 19, 2 * 21);
  const double beyond_l3 = Ramp(f.residency, 2 * 22, 2 * 25);
  terms[12] = beyond_l2;
  terms[13] = beyond_l3;
  terms[14] = beyond_l2 * f.weight_bytes;
  terms[15] = std::max(0.0, f.input_bytes + f.output_bytes - kNear);
  terms[16] = static_cast<double>(f.fused_sums);
  terms[17] = IsTranscendental(f.fused_activation) ? f.output_bytes : 0;
  return terms;
}

BlockedKernel AdditivePrices::KernelOf(const UnitFeatures& features) const {
  const BlockedKernel kernel = FitKernel(features, kBlock);
  return HasPrices(by_path[static_cast<size_t>(kernel.path)]) ? kernel : FitBlockedKernel(features, kBlock);
}

const AdditiveTerms& AdditivePrices::Of(KernelPath path) const {
  const AdditiveTerms& own = by_path[static_cast<size_t>(path)];
  return HasPrices(own) ? own : any;
}

double AdditivePrices::Seconds(const UnitFeatures& features) const {
  const BlockedKernel kernel = KernelOf(features);
  return std::max(kLeastSeconds, Dot(Of(kernel.path), MakeAdditiveTerms(features, kernel)));
}

double AdditivePrices::ComputeShare(const UnitFeatures& features) const {
  const BlockedKernel kernel = KernelOf(features);
  const AdditiveTerms& prices = Of(kernel.path);
  const AdditiveTerms terms = MakeAdditiveTerms(features, kernel);
  const double all = Dot(prices, terms);
  return all > 0 ? (prices[1] * terms[1] + prices[2] * terms[2]) / all : 0;
}

}  // namespace latimer
