#include "core/fitting/cut_collector.h"

#include <utility>

namespace latimer::fitting {

void CutCollector::Add(const std::string& excerpt, Beginning cut, double flushed_bytes) {
  const auto [at, is_new] = index_.emplace(excerpt, excerpts_.size());
  if (is_new) excerpts_.emplace_back().flushed_bytes = flushed_bytes;
  excerpts_[at->second].beginnings.push_back(std::move(cut));
}

std::vector<CutExcerpt> CutCollector::Take() {
  index_.clear();
  return std::exchange(excerpts_, {});
}

}  // namespace latimer::fitting
