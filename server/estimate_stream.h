// EstimateStream: many requests over one stream, answered as they are ready.
#ifndef LATIMER_SERVER_ESTIMATE_STREAM_H_
#define LATIMER_SERVER_ESTIMATE_STREAM_H_

#include <atomic>
#include <set>
#include <thread>

#include "core/base/mutex.h"
#include "server/rpc_support.h"

namespace latimer::server {

class EstimateStreamReactor;

// The streams that are open, so that they can be told to end. Safe for concurrent use.
class StreamRegistry {
 public:
  // False once draining: the stream ends at once.
  bool Add(EstimateStreamReactor* stream);
  void Remove(EstimateStreamReactor* stream);
  // Every stream answers what it has read, then ends with UNAVAILABLE.
  void Drain();
  // How many threads may answer one stream's requests at a time: its share of the processors, one at least.
  int ThreadsPerStream() const { return threads_per_stream_.load(std::memory_order_relaxed); }

 private:
  void CountLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int cores_ = static_cast<int>(std::thread::hardware_concurrency());
  std::atomic<int> threads_per_stream_{1};
  Mutex mutex_;
  std::set<EstimateStreamReactor*> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

// The reactor of a new stream; deletes itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartEstimateStream(const ServiceParts& parts,
                                                                                 StreamRegistry* registry,
                                                                                 grpc::CallbackServerContext* context);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ESTIMATE_STREAM_H_
