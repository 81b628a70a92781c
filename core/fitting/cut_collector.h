// Measured cuts, one after another in any order, to excerpts.
#ifndef LATIMER_CORE_FITTING_CUT_COLLECTOR_H_
#define LATIMER_CORE_FITTING_CUT_COLLECTOR_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/fitting/cut_excerpts.h"

namespace latimer::fitting {

class CutCollector {
 public:
  // `excerpt` tells cuts that belong together: of one excerpt, measured by one board in the same state of its caches.
  // Two boards of a kind are some percent apart, which is more than most layers add.
  //
  // The excerpt is as long as its longest cut so far: where later ones are not measured yet, it is a shorter excerpt.
  void Add(const std::string& excerpt, Beginning cut, double flushed_bytes);

  // In the order in which the first cut of each was added; empty afterwards.
  std::vector<CutExcerpt> Take();

  size_t size() const { return excerpts_.size(); }
  bool Has(const std::string& excerpt) const { return index_.contains(excerpt); }

 private:
  std::vector<CutExcerpt> excerpts_;
  absl::flat_hash_map<std::string, size_t> index_;
};

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_CUT_COLLECTOR_H_
