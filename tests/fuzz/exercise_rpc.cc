#include "tests/fuzz/exercise_rpc.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "latimer/v1/admin_service.pb.h"
#include "latimer/v1/agent_service.grpc.pb.h"
#include "latimer/v1/campaign_service.pb.h"
#include "latimer/v1/estimation_service.pb.h"
#include "latimer/v1/fleet_service.grpc.pb.h"
#include "latimer/v1/measurement_service.pb.h"
#include "latimer/v1/network_service.pb.h"
#include "latimer/v1/platform_service.pb.h"
#include "server/server.h"

namespace latimer::fuzz {
namespace {

using google::protobuf::MethodDescriptor;

const MethodDescriptor* FindMethod(const std::string& name) {
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
}

std::unique_ptr<google::protobuf::Message> NewRequest(const std::string& method) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(FindMethod(method)->input_type())->New());
}

absl::Status Broken(const std::string& method, absl::string_view what) {
  return absl::InternalError(absl::StrCat(method, ": ", what));
}

// One step of the completion queue; false: it failed, or took too long.
enum class Step { kDone, kFailed, kLate };
Step Wait(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  switch (queue.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + std::chrono::seconds(90))) {
    case grpc::CompletionQueue::GOT_EVENT:
      return ok ? Step::kDone : Step::kFailed;
    default:
      return Step::kLate;
  }
}

grpc::ByteBuffer Buffer(absl::string_view bytes) {
  grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

void Fail(const std::string& what) {
  std::fprintf(stderr, "cannot begin: %s\n", what.c_str());
  std::abort();
}

}  // namespace

const std::vector<std::string>& RpcMethods() {
  static const std::vector<std::string>* const kMethods = [] {
    auto* methods = new std::vector<std::string>();
    for (const google::protobuf::FileDescriptor* file :
         {v1::ListClientsRequest::descriptor()->file(), v1::EnrollRequest::descriptor()->file(),
          v1::CreateCampaignRequest::descriptor()->file(), v1::EstimateRequest::descriptor()->file(),
          v1::CreateTokenRequest::descriptor()->file(), v1::MeasureNetworkRequest::descriptor()->file(),
          v1::DescribeNetworkRequest::descriptor()->file(), v1::ListPlatformsRequest::descriptor()->file()}) {
      for (int i = 0; i < file->service_count(); ++i) {
        for (int k = 0; k < file->service(i)->method_count(); ++k) {
          methods->push_back(file->service(i)->method(k)->full_name());
        }
      }
    }
    std::sort(methods->begin(), methods->end());
    return methods;
  }();
  return *kMethods;
}

struct RpcTarget::Impl {
  std::filesystem::path folder;
  std::unique_ptr<server::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::GenericStub> stub;
  std::string credential;
  std::string hello;
};

RpcTarget::RpcTarget() : impl_(std::make_unique<Impl>()) {
  google::protobuf::SetLogHandler(nullptr);
  impl_->folder = std::filesystem::temp_directory_path() / absl::StrCat("latimer-fuzz-", getpid());
  std::filesystem::remove_all(impl_->folder);
  server::ServerOptions options;
  // Not in the process: gRPC's own transport there (1.51) keeps 9 kB of every call whose request does not parse.
  options.listen_address = "127.0.0.1:0";
  options.data_dir = impl_->folder.string();
  options.worker_threads = 2;
  options.platforms_dirs = {absl::StrCat(LATIMER_SOURCE_DIR, "/data/platforms")};
  options.default_deadline = std::chrono::seconds(5);
  absl::StatusOr<std::unique_ptr<server::Server>> server = server::Server::Create(std::move(options));
  if (!server.ok()) Fail(server.status().ToString());
  impl_->server = *std::move(server);
  impl_->channel = grpc::CreateChannel(impl_->server->address(), grpc::InsecureChannelCredentials());
  impl_->stub = std::make_unique<grpc::GenericStub>(impl_->channel);
  // A board, so that sessions can be opened.
  v1::CreateTokenResponse token;
  grpc::ClientContext token_context;
  grpc::Status status =
      v1::FleetService::NewStub(impl_->channel)->CreateToken(&token_context, v1::CreateTokenRequest(), &token);
  if (!status.ok()) Fail(status.error_message());
  v1::EnrollRequest enroll;
  enroll.set_token(token.token());
  enroll.set_platform("board");
  enroll.set_backend("fuzz");
  enroll.set_display_name("fuzz");
  enroll.mutable_fingerprint()->set_digest("fuzz");
  (*enroll.mutable_fingerprint()->mutable_facts())["cpu"] = "fuzz";
  v1::EnrollResponse enrolled;
  grpc::ClientContext enroll_context;
  status = v1::AgentService::NewStub(impl_->channel)->Enroll(&enroll_context, enroll, &enrolled);
  if (!status.ok()) Fail(status.error_message());
  impl_->credential = enrolled.credential();
  v1::SessionRequest hello;
  *hello.mutable_hello()->mutable_fingerprint() = enroll.fingerprint();
  impl_->hello = hello.SerializeAsString();
}

RpcTarget::~RpcTarget() {
  impl_->stub.reset();
  impl_->channel.reset();
  impl_->server.reset();
  std::error_code ignored;
  std::filesystem::remove_all(impl_->folder, ignored);
}

absl::Status RpcTarget::Call(const std::string& method, absl::string_view request) {
  const MethodDescriptor* const descriptor = FindMethod(method);
  const bool session = descriptor->name() == "Session";
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  // The largest campaign takes a second to plan, and twenty with sanitizers on a busy machine.
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  if (session) context.AddMetadata("authorization", absl::StrCat("Bearer ", impl_->credential));
  const std::string path = absl::StrCat("/", descriptor->service()->full_name(), "/", descriptor->name());
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call = impl_->stub->PrepareCall(&context, path, &queue);
  void* const tag = this;
  call->StartCall(tag);
  bool open = Wait(queue) == Step::kDone;
  absl::Status result;
  auto write = [&](absl::string_view bytes) {
    if (!open) return;
    call->Write(Buffer(bytes), tag);
    open = Wait(queue) == Step::kDone;
  };
  if (session) write(impl_->hello);
  write(request);
  if (open) {
    call->WritesDone(tag);
    open = Wait(queue) == Step::kDone;
  }
  int answers = 0;
  std::unique_ptr<google::protobuf::Message> answer(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor->output_type())->New());
  // A campaign's watch goes on for ever; a few answers are enough.
  while (true) {
    grpc::ByteBuffer bytes;
    call->Read(&bytes, tag);
    const Step step = Wait(queue);
    if (step == Step::kLate) {
      context.TryCancel();
      result = Broken(method, "no answer within 20 s");
      continue;
    }
    if (step == Step::kFailed) break;
    grpc::Slice slice;
    if (!bytes.DumpToSingleSlice(&slice).ok() ||
        !answer->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
      result = Broken(method, "an answer does not parse");
    }
    if (++answers == 20 || (answers == 1 && descriptor->name() == "WatchCampaign")) context.TryCancel();
  }
  grpc::Status status;
  call->Finish(&status, tag);
  Wait(queue);
  queue.Shutdown();
  void* ignored_tag = nullptr;
  bool ignored_ok = false;
  while (queue.Next(&ignored_tag, &ignored_ok)) {
  }
  if (!result.ok()) return result;
  if (status.ok() || status.error_code() == grpc::StatusCode::CANCELLED) return absl::OkStatus();
  if (status.error_message().size() > 1100) return Broken(method, "a long message");
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (details.ParseFromString(status.error_details()) && details.details_size() > 0) {
    details.details(0).UnpackTo(&info);
  }
  // Bytes that are no message are refused by gRPC's own code, without details.
  const std::unique_ptr<google::protobuf::Message> message = NewRequest(method);
  const bool parses = message->ParseFromArray(request.data(), static_cast<int>(request.size()));
  if (info.reason().empty() && parses) {
    return Broken(method, absl::StrCat("code ", status.error_code(), " without a reason: ", status.error_message()));
  }
  if (parses &&
      (status.error_code() == grpc::StatusCode::INTERNAL || status.error_code() == grpc::StatusCode::UNKNOWN ||
       status.error_code() == grpc::StatusCode::DATA_LOSS)) {
    return Broken(method, absl::StrCat("the server takes the blame: ", status.error_message()));
  }
  return absl::OkStatus();
}

RpcInput SplitRpcInput(absl::string_view input) {
  const std::vector<std::string>& methods = RpcMethods();
  if (input.empty()) return {methods[0], {}};
  return {methods[static_cast<unsigned char>(input[0]) % methods.size()], input.substr(1)};
}

std::string MutateRequest(const std::string& method, absl::string_view request, Random& random) {
  const std::unique_ptr<google::protobuf::Message> message = NewRequest(method);
  if (random() % 8 != 0 && message->ParsePartialFromArray(request.data(), static_cast<int>(request.size()))) {
    MutateFields(message.get(), random);
    return message->SerializePartialAsString();
  }
  std::string bytes(request);
  for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 3) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        if (!bytes.empty()) bytes.erase(at, 1 + random() % 8);
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
    }
  }
  return bytes;
}

}  // namespace latimer::fuzz
