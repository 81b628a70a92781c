#include "tests/bench/child_server.h"

#include <fcntl.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/allocator.h"
#include "server/server.h"
#include "tests/bench/echo_service.h"

namespace latimer::bench {
namespace {

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

void WriteAddressAndWait(const std::string& address) {
  const std::string line = address + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
  char ignored;
  while (true) {
    const ssize_t got = read(STDIN_FILENO, &ignored, 1);
    if (got == 0 || (got < 0 && errno != EINTR)) return;
  }
}

// The settings of server::Server, so that nothing but the service differs.
absl::Status ServeEcho(const server::ServerOptions& options) {
  EchoService service;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder.SetMaxSendMessageSize(static_cast<int>(options.max_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_calls_per_connection);
  grpc::ResourceQuota quota("echo");
  quota.Resize(options.grpc_memory_bytes);
  builder.SetResourceQuota(quota);
  int port = 0;
  builder.AddListeningPort(options.listen_address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return absl::UnavailableError("the echo cannot listen on loopback");
  WriteAddressAndWait(absl::StrCat("127.0.0.1:", port));
  server->Shutdown(std::chrono::system_clock::now());
  return absl::OkStatus();
}

}  // namespace

absl::Status ServeAsChild(ServerKind kind, const std::string& platforms_dir) {
  server::KeepFreedMemory();  // as latimer-server does; the echo gets the same
  server::ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  if (!platforms_dir.empty()) options.platforms_dirs = {platforms_dir};
  if (kind == ServerKind::kEcho) return ServeEcho(options);
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<server::Server> server, server::Server::Create(options));
  WriteAddressAndWait(server->address());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ChildServer>> ChildServer::Start(ServerKind kind, const std::string& platforms_dir) {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  if (pipe2(to_child.data(), O_CLOEXEC) != 0 || pipe2(from_child.data(), O_CLOEXEC) != 0) return SystemError("pipe");
  std::vector<std::string> words = {"latimer-bench", "--serve", kind == ServerKind::kEcho ? "echo" : "latimer"};
  if (!platforms_dir.empty()) words.insert(words.end(), {"--platforms-dir", platforms_dir});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::unique_ptr<ChildServer> child(new ChildServer);
  const pid_t parent = getpid();
  child->pid_ = fork();
  if (child->pid_ < 0) return SystemError("fork");
  if (child->pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(to_child[0], STDIN_FILENO) < 0 || dup2(from_child[1], STDOUT_FILENO) < 0) _exit(1);
    execv("/proc/self/exe", arguments.data());
    _exit(1);
  }
  close(to_child[0]);
  close(from_child[1]);
  child->stdin_ = to_child[1];
  char letter = 0;
  ssize_t got = 0;
  while ((got = read(from_child[0], &letter, 1)) != 0 && letter != '\n') {
    if (got > 0) child->address_ += letter;
    if (got < 0 && errno != EINTR) break;
  }
  close(from_child[0]);
  if (letter != '\n') return absl::UnavailableError(absl::StrCat("the child process '", words[2], "' did not start"));
  return child;
}

ChildServer::~ChildServer() {
  if (stdin_ >= 0) close(stdin_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

int64_t ChildServer::resident_bytes() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/statm"));
  int64_t size = 0;
  int64_t resident = 0;
  return file >> size >> resident ? resident * sysconf(_SC_PAGESIZE) : 0;
}

double ChildServer::cpu_seconds() const {
  clockid_t clock;
  timespec used{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace latimer::bench
