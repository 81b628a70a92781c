#include "tests/bench/load.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace latimer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kUnaryMethod[] = "/latimer.v1.EstimationService/Estimate";
constexpr char kStreamMethod[] = "/latimer.v1.EstimationService/EstimateStream";
constexpr char kEchoSizeMethod[] = "/latimer.v1.EstimationService/EstimatePlatforms";

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

float Microseconds(Clock::duration time) { return std::chrono::duration<float, std::micro>(time).count(); }

// Requests of one client: every `step`th of all.
class Share {
 public:
  Share(const std::vector<grpc::Slice>& all, size_t first, size_t step, bool repeat)
      : all_(all), first_(first % all.size()), step_(step), repeat_(repeat), next_(first_) {
    if (!repeat_ && first >= all.size()) next_ = all.size();
  }

  std::optional<grpc::ByteBuffer> Next() {
    if (next_ >= all_.size()) {
      if (!repeat_) return std::nullopt;
      next_ = first_;
    }
    const grpc::ByteBuffer buffer(&all_[next_], 1);
    next_ += step_;
    return buffer;
  }

 private:
  const std::vector<grpc::Slice>& all_;
  const size_t first_;
  const size_t step_;
  const bool repeat_;
  size_t next_;
};

struct ClientResult {
  absl::Status status;
  Clock::duration time{};
  int64_t response_bytes = 0;
  std::vector<float> latencies_us;
};

class UnaryClient {
 public:
  UnaryClient(const std::shared_ptr<grpc::Channel>& channel, const char* method) : stub_(channel), method_(method) {}

  absl::Status Call(const grpc::ByteBuffer& request, grpc::ByteBuffer* response) {
    grpc::ClientContext context;
    grpc::Status status;
    const auto call = stub_.PrepareUnaryCall(&context, method_, request, &queue_);
    call->StartCall();
    call->Finish(response, &status, nullptr);
    void* tag;
    bool ok;
    queue_.Next(&tag, &ok);
    return ToAbsl(status);
  }

  void Run(Share requests, Clock::time_point end, ClientResult* result) {
    const Clock::time_point start = Clock::now();
    Clock::time_point before = start;
    while (before < end) {
      const std::optional<grpc::ByteBuffer> request = requests.Next();
      if (!request.has_value()) break;
      grpc::ByteBuffer response;
      result->status = Call(*request, &response);
      if (!result->status.ok()) return;
      const Clock::time_point after = Clock::now();
      result->latencies_us.push_back(Microseconds(after - before));
      result->response_bytes += static_cast<int64_t>(response.Length());
      before = after;
    }
    result->time = before - start;
  }

 private:
  grpc::GenericStub stub_;
  const std::string method_;
  grpc::CompletionQueue queue_;
};

// One stream with one read and one write under way. Answers count in the order they come: the echo knows no ids, so
// that a latency is that of the oldest open request.
class StreamClient {
 public:
  StreamClient(const std::shared_ptr<grpc::Channel>& channel, int window) : stub_(channel), window_(window) {}

  void Run(Share requests, Clock::time_point end, ClientResult* result) {
    stream_ = stub_.PrepareCall(&context_, kStreamMethod, &queue_);
    stream_->StartCall(Tag(kStarted));
    if (!Wait(kStarted)) return Fail(result);
    const Clock::time_point start = Clock::now();
    Clock::time_point now = start;
    bool reading = false;
    bool writing = false;
    bool more = true;
    while (true) {
      if (more && !writing && static_cast<int>(sent_.size()) < window_) {
        std::optional<grpc::ByteBuffer> request = now < end ? requests.Next() : std::nullopt;
        if (request.has_value()) {
          writing = true;
          sent_.push_back(now);
          stream_->Write(*request, Tag(kWritten));
        } else {
          more = false;
        }
      }
      if (!reading && !sent_.empty()) {
        reading = true;
        stream_->Read(&response_, Tag(kRead));
      }
      if (!reading && !writing && !more) break;
      void* tag;
      bool ok;
      queue_.Next(&tag, &ok);
      if (!ok) return Fail(result);
      now = Clock::now();
      if (tag == Tag(kWritten)) {
        writing = false;
        continue;
      }
      reading = false;
      result->response_bytes += static_cast<int64_t>(response_.Length());
      result->latencies_us.push_back(Microseconds(now - sent_.front()));
      sent_.pop_front();
    }
    result->time = now - start;
    stream_->WritesDone(Tag(kWritten));
    Wait(kWritten);
    result->status = Finish();
  }

 private:
  enum Event : intptr_t { kStarted = 1, kWritten, kRead, kFinished };

  static void* Tag(Event event) { return reinterpret_cast<void*>(static_cast<intptr_t>(event)); }

  // Discards other events.
  bool Wait(Event event) {
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
      if (tag == Tag(event)) return ok;
    }
    return false;
  }

  absl::Status Finish() {
    grpc::Status status;
    stream_->Finish(&status, Tag(kFinished));
    Wait(kFinished);
    return ToAbsl(status);
  }

  void Fail(ClientResult* result) {
    context_.TryCancel();
    const absl::Status status = Finish();
    result->status = status.ok() ? absl::UnavailableError("the stream ended early") : status;
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  grpc::GenericStub stub_;
  const int window_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer response_;
  std::deque<Clock::time_point> sent_;
};

}  // namespace

absl::StatusOr<Target> Target::Connect(const std::string& address, int clients) {
  Target target;
  for (int i = 0; i < clients; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    std::shared_ptr<grpc::Channel> channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5))) {
      return absl::UnavailableError(absl::StrCat("no server answers at ", address));
    }
    target.channels_.push_back(std::move(channel));
  }
  return target;
}

absl::StatusOr<LoadResult> RunLoad(const Target& target, int clients, Mode mode, int window,
                                   const std::vector<grpc::Slice>& requests, bool repeat,
                                   std::chrono::duration<double> time) {
  std::vector<ClientResult> results(static_cast<size_t>(clients));
  std::vector<std::thread> threads;
  std::atomic<int> ready = 0;
  std::atomic<bool> go = false;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      Share share(requests, i, results.size(), repeat);
      results[i].latencies_us.reserve(1 << 14);
      ++ready;
      go.wait(false);
      const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
      if (mode == Mode::kUnary) {
        UnaryClient(target.channels()[i], kUnaryMethod).Run(std::move(share), end, &results[i]);
      } else {
        StreamClient(target.channels()[i], window).Run(std::move(share), end, &results[i]);
      }
    });
  }
  while (ready < clients) std::this_thread::yield();
  go = true;
  go.notify_all();
  for (std::thread& thread : threads) thread.join();

  LoadResult all;
  for (ClientResult& one : results) {
    if (!one.status.ok()) return one.status;
    const auto calls = static_cast<int64_t>(one.latencies_us.size());
    const double seconds = std::chrono::duration<double>(one.time).count();
    all.calls += calls;
    if (seconds > 0) all.calls_per_second += static_cast<double>(calls) / seconds;
    all.response_bytes += static_cast<double>(one.response_bytes);
    all.latencies_us.insert(all.latencies_us.end(), one.latencies_us.begin(), one.latencies_us.end());
  }
  if (all.calls > 0) all.response_bytes /= static_cast<double>(all.calls);
  return all;
}

absl::Status SetEchoSize(const Target& target, int64_t bytes) {
  const grpc::Slice slice(absl::StrCat(bytes));
  grpc::ByteBuffer response;
  return UnaryClient(target.channels().front(), kEchoSizeMethod).Call(grpc::ByteBuffer(&slice, 1), &response);
}

absl::StatusOr<std::string> CallOnce(const Target& target, const grpc::Slice& request) {
  grpc::ByteBuffer response;
  absl::Status status =
      UnaryClient(target.channels().front(), kUnaryMethod).Call(grpc::ByteBuffer(&request, 1), &response);
  if (!status.ok()) return status;
  grpc::Slice slice;
  if (!response.DumpToSingleSlice(&slice).ok()) return absl::InternalError("the answer cannot be read");
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

}  // namespace latimer::bench
