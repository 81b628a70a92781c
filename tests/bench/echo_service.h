// What a call costs without Latimer: a service under the same method names, read and written as bytes on the same kind
// of reactors, that answers any request with zeros.
#ifndef LATIMER_TESTS_BENCH_ECHO_SERVICE_H_
#define LATIMER_TESTS_BENCH_ECHO_SERVICE_H_

#include <grpcpp/support/slice.h>

#include "core/base/mutex.h"
#include "latimer/v1/estimation_service.grpc.pb.h"

namespace latimer::bench {

// Safe for concurrent use. EstimatePlatforms takes a decimal number: the size of all answers from now on.
class EchoService final
    : public v1::EstimationService::WithRawCallbackMethod_Estimate<
          v1::EstimationService::WithRawCallbackMethod_EstimateStream<
              v1::EstimationService::WithRawCallbackMethod_EstimatePlatforms<v1::EstimationService::Service>>> {
 public:
  grpc::ServerUnaryReactor* Estimate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* EstimatePlatforms(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EstimateStream(
      grpc::CallbackServerContext* context) override;

  // The bytes to answer with; shared, not copied.
  grpc::Slice answer() const;

 private:
  mutable Mutex mutex_;
  grpc::Slice answer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_ECHO_SERVICE_H_
