// Models that were parsed and checked before: whoever tries resolutions or batch sizes sends one model again and again.
// Internal to core/network/onnx.
#ifndef LATIMER_CORE_NETWORK_ONNX_CHECKED_MODELS_H_
#define LATIMER_CORE_NETWORK_ONNX_CHECKED_MODELS_H_

#include <google/protobuf/arena.h>

#include <array>
#include <list>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/mutex.h"
#include "core/network/import_options.h"
#include "onnx/onnx_pb.h"

namespace latimer::onnx_internal {

// A model that passed all checks under `limits`. Immutable once it is in CheckedModels.
struct CheckedModel {
  google::protobuf::Arena arena;
  onnx::ModelProto* model = google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena);
  int opset = 0;
};

// Safe for concurrent use. Bytes are compared in full. A model is kept from the second time on that it comes, so that
// unique ones cost a look and nothing else; at most kMostModels of at most kMostBytes together, the least recently used
// one goes first.
class CheckedModels {
 public:
  static constexpr size_t kMostModels = 64;
  static constexpr size_t kMostBytes = 4 << 20;

  // Those of this process.
  static CheckedModels& Get();

  // Null: not known. `worth_keeping`: it was here before, so Insert() it.
  std::shared_ptr<const CheckedModel> Find(absl::string_view bytes, const ImportLimits& limits, bool* worth_keeping);
  void Insert(absl::string_view bytes, const ImportLimits& limits, std::shared_ptr<const CheckedModel> model);

 private:
  static constexpr size_t kFirstVisits = 1024;

  struct Entry {
    std::string bytes;
    ImportLimits limits;
    size_t hash = 0;
    std::shared_ptr<const CheckedModel> model;
  };

  Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // most recently used first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::array<size_t, kFirstVisits> visitors_ ABSL_GUARDED_BY(mutex_){};  // hashes of models that came once
};

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_CHECKED_MODELS_H_
