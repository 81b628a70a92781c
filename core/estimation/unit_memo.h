// Remembers unit times by (model version, kind, features), so that near-identical networks cost a look-up per layer.
//
// Safe for concurrent use: entries are spread over independently locked shards. Memory is bounded: a full shard drops
// its older half. Analytical models are cheaper than a look-up and bypass it; statistical ones go through it.
#ifndef LATIMER_CORE_ESTIMATION_UNIT_MEMO_H_
#define LATIMER_CORE_ESTIMATION_UNIT_MEMO_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/model/layer_model.h"
#include "core/model/platform_model.h"
#include "core/model/unit_features.h"

namespace latimer {

class UnitMemo {
 public:
  // At most about `max_entries` entries (a few hundred bytes each).
  explicit UnitMemo(size_t max_entries);
  ~UnitMemo();

  std::optional<UnitTime> Find(const PlatformModel& platform, ModelKind kind, const UnitFeatures& features) const;
  void Insert(const PlatformModel& platform, ModelKind kind, const UnitFeatures& features, const UnitTime& time);

  struct Statistics {
    int64_t hits = 0;
    int64_t misses = 0;
    int64_t entries = 0;
  };
  Statistics statistics() const;

 private:
  struct Shard;
  std::unique_ptr<Shard[]> shards_;
  size_t max_entries_per_shard_;
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_UNIT_MEMO_H_
