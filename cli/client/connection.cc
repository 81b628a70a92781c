#include "cli/client/connection.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/input/file_bytes.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/client_interceptor.h"

namespace latimer::cli {
namespace {

// The contents of a PEM file; empty for an empty path.
absl::StatusOr<std::string> ReadPem(const std::string& path, absl::string_view option) {
  if (path.empty()) return std::string();
  absl::StatusOr<FileBytes> file = FileBytes::Open(path);
  if (!file.ok()) return Annotate(file.status(), absl::StrCat(option, " ", path));
  return std::string(file->view());
}

// The token of the options; empty: there is none.
absl::StatusOr<std::string> ReadToken(const ConnectionOptions& options) {
  std::string token = options.token;
  if (!options.token_file.empty()) {
    absl::StatusOr<FileBytes> file = FileBytes::Open(options.token_file);
    if (!file.ok()) return Annotate(file.status(), absl::StrCat("--token-file ", options.token_file));
    token = std::string(file->view());
  }
  absl::StripAsciiWhitespace(&token);
  for (const char c : token) {
    if (absl::ascii_isgraph(c)) continue;
    return InvalidArgument("BAD_TOKEN", "the token has characters no token has; is it another file?").ToStatus();
  }
  const absl::string_view server = options.server;
  const bool loopback = absl::StartsWith(server, "127.") || absl::StartsWith(server, "localhost:") ||
                        absl::StartsWith(server, "[::1]:") || absl::StartsWith(server, "unix:");
  if (!token.empty() && !options.uses_tls() && !options.insecure && !loopback) {
    return Error(
               absl::StatusCode::kFailedPrecondition, "TOKEN_IN_THE_CLEAR",
               absl::StrCat("the connection to ", server,
                            " is not encrypted, and the token could be read; give --tls or --tls-ca, or --insecure if "
                            "the network is trusted"))
        .ToStatus();
  }
  return token;
}

// Puts the token on every call. Not by call credentials: gRPC sends those over TLS only, and loopback has none.
class TokenInterceptor final : public grpc::experimental::Interceptor {
 public:
  explicit TokenInterceptor(const std::string* header) : header_(header) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", *header_);
    }
    methods->Proceed();
  }

 private:
  const std::string* const header_;
};

class TokenFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenFactory(absl::string_view token) : header_(absl::StrCat("Bearer ", token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override {
    return new TokenInterceptor(&header_);  // gRPC's
  }

 private:
  const std::string header_;
};

// Campaigns are watched for hours: notice a server that is gone, and find it soon when it is back.
grpc::ChannelArguments PatientArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionOptions& options, const LocalEstimator& local,
                                                       const std::optional<grpc::ChannelArguments>& keepalive) {
  if (options.server.empty()) {
    if (options.uses_tls()) {
      return InvalidArgument("TLS_WITHOUT_SERVER", "TLS options need --server; nothing leaves this process without it");
    }
    return local();
  }
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return InvalidArgument("TLS_HALF_PAIR", "--tls-cert and --tls-key belong together; give both or none");
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (options.uses_tls()) {
    grpc::SslCredentialsOptions ssl;
    LATIMER_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(options.tls_ca, "--tls-ca"));
    LATIMER_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPem(options.tls_cert, "--tls-cert"));
    LATIMER_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPem(options.tls_key, "--tls-key"));
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments = keepalive.has_value() ? *keepalive : PatientArguments();
  arguments.SetMaxReceiveMessageSize(-1);  // answers of a server we chose; a large network has a long table
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetUserAgentPrefix(options.user_agent);
  LATIMER_ASSIGN_OR_RETURN(const std::string token, ReadToken(options));
  if (token.empty()) return grpc::CreateCustomChannel(options.server, credentials, arguments);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<TokenFactory>(token));
  return grpc::experimental::CreateCustomChannelWithInterceptors(options.server, credentials, arguments,
                                                                 std::move(interceptors));
}

}  // namespace latimer::cli
