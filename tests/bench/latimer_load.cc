// latimer-load: asks a running server at a steady pace, or with very many calls at once, and prints what came of it.
//
// Latencies count from the moment a call was due, not from when it could be sent: a server that stalls is not excused
// by the calls it kept from being made.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "nlohmann/json.hpp"
#include "tests/bench/workloads.h"

namespace {

using namespace latimer;  // NOLINT(google-build-using-namespace): a program
using Clock = std::chrono::steady_clock;

struct Flags {
  std::string server;
  std::string platform = "zcu102-dnndk";
  std::string workload = "nas-fresh";
  int threads = 8;
  double rate = 0;
  double seconds = 10;
  int burst = 0;
  int connections = 100;
  std::string calls_file;
};

struct Call {
  double at_s = 0;  // when it was due, since the begin
  double latency_us = 0;
  int code = 0;
  std::string error;  // empty: none
};

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  arguments.SetMaxReceiveMessageSize(-1);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  // One may fail at first with "No such file or directory" and is tried again a second later: errno of gRPC 1.51's
  // connect() is that of Abseil, which once per process looks for the clock's frequency in a file there need not be.
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20))) {
    std::cerr << "latimer-load: no server answers at " << address << "\n";
    std::cerr.flush();
    _exit(1);  // as at the end of main()
  }
  return channel;
}

// Requests for all threads.
class Source {
 public:
  explicit Source(std::unique_ptr<bench::Workload> workload) : workload_(std::move(workload)) {}
  v1::EstimateRequest Next() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return workload_->Next();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<bench::Workload> workload_;
};

std::vector<Call> Pace(const Flags& flags, Source& source) {
  std::vector<std::vector<Call>> calls(static_cast<size_t>(flags.threads));
  std::vector<std::unique_ptr<v1::EstimationService::Stub>> stubs;
  for (int i = 0; i < flags.threads; ++i) stubs.push_back(v1::EstimationService::NewStub(Connect(flags.server)));
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(flags.seconds));
  std::vector<std::thread> threads;
  for (int i = 0; i < flags.threads; ++i) {
    threads.emplace_back([&, i] {
      const double pause_s = flags.rate > 0 ? flags.threads / flags.rate : 0;
      Clock::time_point due = begin + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(pause_s * i / flags.threads));
      while (due < end && Clock::now() < end + std::chrono::seconds(10)) {
        const v1::EstimateRequest request = source.Next();
        std::this_thread::sleep_until(due);
        if (pause_s == 0) due = Clock::now();
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
        v1::EstimateResponse response;
        const grpc::Status status = stubs[static_cast<size_t>(i)]->Estimate(&context, request, &response);
        calls[static_cast<size_t>(i)].push_back({std::chrono::duration<double>(due - begin).count(),
                                                 std::chrono::duration<double, std::micro>(Clock::now() - due).count(),
                                                 static_cast<int>(status.error_code()), status.error_message()});
        due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(pause_s));
        if (pause_s == 0) due = Clock::now();
      }
    });
  }
  std::vector<Call> all;
  for (int i = 0; i < flags.threads; ++i) {
    threads[static_cast<size_t>(i)].join();
    all.insert(all.end(), calls[static_cast<size_t>(i)].begin(), calls[static_cast<size_t>(i)].end());
  }
  return all;
}

// All calls under way at the same time.
std::vector<Call> Burst(const Flags& flags, Source& source) {
  struct Pending {
    grpc::ClientContext context;
    v1::EstimateRequest request;
    v1::EstimateResponse response;
    Clock::time_point due;
  };
  std::vector<std::unique_ptr<v1::EstimationService::Stub>> stubs;
  for (int i = 0; i < flags.connections; ++i) {
    stubs.push_back(v1::EstimationService::NewStub(Connect(flags.server)));
  }
  std::vector<Pending> pending(static_cast<size_t>(flags.burst));
  for (Pending& call : pending) call.request = source.Next();
  std::vector<Call> calls(pending.size());
  std::atomic<size_t> left{pending.size()};
  const Clock::time_point begin = Clock::now();
  for (size_t i = 0; i < pending.size(); ++i) {
    Pending& call = pending[i];
    call.due = Clock::now();
    call.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    stubs[i % stubs.size()]->async()->Estimate(
        &call.context, &call.request, &call.response, [&, i](const grpc::Status& status) {
          calls[i] = {std::chrono::duration<double>(pending[i].due - begin).count(),
                      std::chrono::duration<double, std::micro>(Clock::now() - pending[i].due).count(),
                      static_cast<int>(status.error_code()), status.error_message()};
          --left;
        });
  }
  while (left > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return calls;
}

nlohmann::ordered_json Summary(std::vector<Call> calls) {
  std::map<std::string, int> codes;
  std::vector<double> latencies;
  double last_s = 0;
  std::string error;
  for (const Call& call : calls) {
    ++codes[std::to_string(call.code)];
    if (error.empty()) error = call.error;
    if (call.code == 0) latencies.push_back(call.latency_us);
    last_s = std::max(last_s, call.at_s + call.latency_us / 1e6);
  }
  std::sort(latencies.begin(), latencies.end());
  const auto quantile = [&](double q) {
    return latencies.empty() ? 0 : latencies[static_cast<size_t>(q * static_cast<double>(latencies.size() - 1))];
  };
  nlohmann::ordered_json json;
  json["calls"] = calls.size();
  json["ok"] = latencies.size();
  json["byCode"] = codes;
  json["seconds"] = last_s;
  json["callsPerSecond"] = last_s > 0 ? static_cast<double>(calls.size()) / last_s : 0;
  json["p50Us"] = quantile(0.5);
  json["p90Us"] = quantile(0.9);
  json["p99Us"] = quantile(0.99);
  json["p999Us"] = quantile(0.999);
  json["maxUs"] = quantile(1);
  if (!error.empty()) json["firstError"] = error;
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Asks a running server at a steady pace, or very much at once.", "latimer-load");
  app.add_option("--server", flags.server, "Server to ask, in plain text")->type_name("HOST:PORT")->required();
  app.add_option("--platform", flags.platform, "Platform to estimate for")->capture_default_str();
  app.add_option("--workload", flags.workload, "Requests to send")
      ->check(CLI::IsMember(bench::WorkloadNames()))
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "Connections, each with one call at a time")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--rate", flags.rate, "Calls per second of all threads; 0: as fast as they are answered")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seconds", flags.seconds, "How long")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--burst", flags.burst, "Instead: that many calls at once")->check(CLI::Range(1, 1'000'000));
  app.add_option("--connections", flags.connections, "Connections of a burst")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--calls", flags.calls_file, "Write 'seconds latency_us code' of every call there")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  absl::StatusOr<std::unique_ptr<bench::Workload>> workload = bench::MakeWorkload(flags.workload, flags.platform);
  if (!workload.ok()) {
    std::cerr << "latimer-load: " << workload.status().message() << "\n";
    return 1;
  }
  Source source(*std::move(workload));
  std::vector<Call> calls = flags.burst > 0 ? Burst(flags, source) : Pace(flags, source);
  if (!flags.calls_file.empty()) {
    std::ofstream out(flags.calls_file);
    for (const Call& call : calls) out << call.at_s << " " << call.latency_us << " " << call.code << "\n";
  }
  std::cout << Summary(std::move(calls)).dump(1) << "\n";
  std::cout.flush();
  _exit(0);  // threads of gRPC must not outlive static objects
}
