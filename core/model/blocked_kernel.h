// How well a layer fits the register-blocked kernels of processors with wide vectors: what the refined roofline's
// ceilings become where several dimensions are tiled at once and the rest of a tile costs as much as a whole one.
//
// After the loops of published libraries for processors (blocks of channels of one vector, tiles of up to six output
// columns and four blocks, columns in the padding one by one; matrix products in tiles of 12 rows and two vectors). A
// property of shapes, in which trees and linear parts find their slope, not a model of one library.
#ifndef LATIMER_CORE_MODEL_BLOCKED_KERNEL_H_
#define LATIMER_CORE_MODEL_BLOCKED_KERNEL_H_

#include <cstdint>

#include "core/model/unit_features.h"

namespace latimer {

enum class KernelPath : uint8_t {
  kNone = 0,         // no products
  kMatrix = 1,       // fully connected and batched products, and convolutions that are one: 1x1 without steps
  kUnfolded = 2,     // windows copied into a matrix first: channels that fill no whole vectors
  kFewChannels = 3,  // direct, from the usual layout: first layers
  kDirect = 4,       // direct, from blocks of channels
  kPointwise = 5,    // 1x1 over blocks of channels
  kDepthwise = 6,    // one channel per lane
  kRows = 7,         // depthwise along rows, a window of 3x3 in registers
};

struct BlockedKernel {
  KernelPath path = KernelPath::kNone;
  double utilization = 1;  // useful part of the multiply-accumulates its tiles have room for, (0, 1]
  double edge_share = 0;   // part of the output columns whose window reaches into the padding
};

// `block`: elements of a vector, a power of two.
BlockedKernel FitBlockedKernel(const UnitFeatures& features, int64_t block);

// Depthwise convolutions that libraries without blocks of channels vectorise along rows: 3x3, rows of at least one
// vector of 16 beside the window, at most one pixel of padding on each side. All others go pixel by pixel there, ten
// times slower.
bool FitsRowKernel(const UnitFeatures& features);

// FitBlockedKernel() with the path kRows where that kernel fits.
BlockedKernel FitKernel(const UnitFeatures& features, int64_t block);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_BLOCKED_KERNEL_H_
