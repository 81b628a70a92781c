// One bidirectional stream to the server, as a thing one thread can poll: no call here waits for the network except
// Finish().
#ifndef LATIMER_AGENT_SESSION_STREAM_H_
#define LATIMER_AGENT_SESSION_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "latimer/v1/agent_service.grpc.pb.h"

namespace latimer::agent {

// Used from one thread; gRPC's own threads call the reactions. Must have been finished before it is destroyed.
class SessionStream final : private grpc::ClientBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  // Opens the stream. `changed` is called from gRPC's threads when anything below has news.
  SessionStream(v1::AgentService::Stub* stub, const std::string& credential, std::function<void()> changed);
  ~SessionStream() override;

  // What came since the last call.
  std::vector<v1::SessionResponse> TakeMessages();
  // The server or the network ended it.
  bool broken() const;
  // Whether Write() may be called.
  bool writable() const;
  void Write(v1::SessionRequest request);

  // Half-closes, gives the server `patience` to end the stream, then cancels. The status is the server's.
  grpc::Status Finish(std::chrono::milliseconds patience);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnWritesDoneDone(bool) override {}
  void OnDone(const grpc::Status& status) override;

  const std::function<void()> changed_;
  grpc::ClientContext context_;
  mutable Mutex mutex_;
  CondVar ended_;
  v1::SessionRequest outgoing_;  // gRPC's while writing_
  v1::SessionResponse incoming_;
  std::vector<v1::SessionResponse> messages_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_STREAM_H_
