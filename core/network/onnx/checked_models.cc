#include "core/network/onnx/checked_models.h"

#include <utility>

#include "absl/hash/hash.h"

namespace latimer::onnx_internal {

namespace {

// Those that say whether a model passes.
bool AreSame(const ImportLimits& a, const ImportLimits& b) {
  return a.max_nodes == b.max_nodes && a.max_tensors == b.max_tensors &&
         a.max_attributes_per_node == b.max_attributes_per_node && a.max_inputs_per_node == b.max_inputs_per_node &&
         a.max_rank == b.max_rank && a.max_nesting == b.max_nesting && a.max_name_bytes == b.max_name_bytes &&
         a.max_constant_elements == b.max_constant_elements;
}

}  // namespace

CheckedModels& CheckedModels::Get() {
  static auto* const kModels = new CheckedModels();
  return *kModels;
}

std::shared_ptr<const CheckedModel> CheckedModels::Find(absl::string_view bytes, const ImportLimits& limits,
                                                        bool* worth_keeping) {
  *worth_keeping = false;
  if (bytes.size() > kMostBytes / 4) return nullptr;
  const size_t hash = absl::HashOf(bytes);
  MutexLock lock(&mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->hash != hash || entry->bytes != bytes || !AreSame(entry->limits, limits)) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->model;
  }
  size_t& visitor = visitors_[hash % kFirstVisits];
  *worth_keeping = visitor == hash;
  visitor = hash;
  return nullptr;
}

void CheckedModels::Insert(absl::string_view bytes, const ImportLimits& limits,
                           std::shared_ptr<const CheckedModel> model) {
  Entry entry{std::string(bytes), limits, absl::HashOf(bytes), std::move(model)};
  std::list<Entry> dropped;  // destroyed without the lock
  MutexLock lock(&mutex_);
  bytes_ += entry.bytes.size();
  entries_.push_front(std::move(entry));
  while (entries_.size() > kMostModels || bytes_ > kMostBytes) {
    bytes_ -= entries_.back().bytes.size();
    dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
  }
}

}  // namespace latimer::onnx_internal
