#include "cli/client/connection.h"

#include "absl/strings/str_cat.h"
#include "cli/input/file_bytes.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace latimer::cli {
namespace {

// The contents of a PEM file; empty for an empty path.
absl::StatusOr<std::string> ReadPem(const std::string& path, absl::string_view option) {
  if (path.empty()) return std::string();
  absl::StatusOr<FileBytes> file = FileBytes::Open(path);
  if (!file.ok()) return Annotate(file.status(), absl::StrCat(option, " ", path));
  return std::string(file->view());
}

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
  return grpc::CreateCustomChannel(options.server, credentials, arguments);
}

}  // namespace latimer::cli
