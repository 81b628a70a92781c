#include "cli/commands/admin.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cli/client/admin_client.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/format/proto_json.h"
#include "cli/format/times.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

std::string RoleWord(v1::Role role) {
  switch (role) {
    case v1::ROLE_ESTIMATE:
      return "estimate";
    case v1::ROLE_OPERATE:
      return "operate";
    case v1::ROLE_ADMIN:
      return "admin";
    default:
      return "nothing";
  }
}

std::string StateWord(const v1::Client& client, absl::Time now) {
  if (client.revoked()) return "revoked";
  const bool expired = client.expire_time_unix_ms() != 0 && absl::FromUnixMillis(client.expire_time_unix_ms()) <= now;
  return expired ? "expired" : "good";
}

std::string Expiry(const v1::Client& client) {
  return client.expire_time_unix_ms() == 0 ? "never" : FormatTimestamp(client.expire_time_unix_ms());
}

// Null: the error is printed, and `exit_code` is set.
std::unique_ptr<AdminClient> ConnectAsAdmin(CommandContext& context, int* exit_code) {
  const FleetConnection connection = ConnectToFleet(context);
  *exit_code = connection.exit_code;
  if (connection.client == nullptr) return nullptr;
  return std::make_unique<AdminClient>(connection.channel, context.connection);
}

// A file that takes its name when it is whole; until then, and if it never is, it is FILE.part.
class PartialFile {
 public:
  explicit PartialFile(std::string path) : path_(std::move(path)), part_(path_ + ".part") {}
  ~PartialFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!finished_) unlink(part_.c_str());
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // Readable by its owner alone: it holds what boards measured, and hashes of credentials.
  absl::Status Open() {
    descriptor_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return descriptor_ >= 0 ? absl::OkStatus() : Failed("cannot write");
  }
  absl::Status Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return Failed("cannot write");
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return absl::OkStatus();
  }
  absl::Status Finish() {
    if (fsync(descriptor_) != 0) return Failed("cannot write");
    if (rename(part_.c_str(), path_.c_str()) != 0) return Failed("cannot rename");
    finished_ = true;
    return absl::OkStatus();
  }

 private:
  absl::Status Failed(absl::string_view what) const {
    return Error(absl::StatusCode::kInternal, "FILE_NOT_WRITTEN",
                 absl::StrCat(what, " ", part_, ": ", std::strerror(errno)));
  }

  const std::string path_;
  const std::string part_;
  int descriptor_ = -1;
  bool finished_ = false;
};

}  // namespace

int RunClientCreate(const ClientCreateCommand& command, CommandContext& context) {
  int exit_code = kSuccess;
  const std::unique_ptr<AdminClient> admin = ConnectAsAdmin(context, &exit_code);
  if (admin == nullptr) return exit_code;
  v1::CreateClientRequest request;
  request.set_name(command.name);
  request.set_role(command.role);
  request.set_lifetime_seconds(absl::ToDoubleSeconds(command.lifetime));
  const absl::StatusOr<v1::CreateClientResponse> response = admin->CreateClient(request);
  if (!response.ok()) return Fail(context, response.status());
  if (command.format == Format::kJson) {
    context.out->Write(JsonText(ProtoToJson(*response)) + "\n");
    return kSuccess;
  }
  context.out->Write(absl::StrCat(
      "token    ", response->token(), "\nclient   ", ShortName(response->client().name()), ", may ",
      RoleWord(response->client().role()), "\nexpires  ", Expiry(response->client()),
      "\nit is shown only now\n\nUse it with LATIMER_TOKEN in the environment, or in a file only its owner can read:\n"
      "  latimer platforms",
      ServerFlags(context), " --token-file FILE\n"));
  return kSuccess;
}

int RunClients(const ClientsCommand& command, CommandContext& context) {
  int exit_code = kSuccess;
  const std::unique_ptr<AdminClient> admin = ConnectAsAdmin(context, &exit_code);
  if (admin == nullptr) return exit_code;
  const absl::StatusOr<std::vector<v1::Client>> clients = admin->ListClients();
  if (!clients.ok()) return Fail(context, clients.status());
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["clients"] = nlohmann::ordered_json::array();
    for (const v1::Client& client : *clients) json["clients"].push_back(ProtoToJson(client));
    context.out->Write(JsonText(json) + "\n");
    return kSuccess;
  }
  const absl::Time now = absl::Now();
  if (command.format == Format::kCsv) {
    std::string text = CsvRow({"name", "role", "state", "create_time_unix_ms", "expire_time_unix_ms"});
    for (const v1::Client& client : *clients) {
      text += CsvRow({client.name(), RoleWord(client.role()), StateWord(client, now),
                      absl::StrCat(client.create_time_unix_ms()), absl::StrCat(client.expire_time_unix_ms())});
    }
    context.out->Write(text);
    return kSuccess;
  }
  if (clients->empty()) {
    context.out->Write(absl::StrCat("There are no clients. 'latimer token create --role estimate --name NAME",
                                    ServerFlags(context), "' adds one.\n"));
    return kSuccess;
  }
  Table table({{.title = "client", .shorten = Shorten::kMiddle, .min_width = 8},
               {.title = "role"},
               {.title = "token"},
               {.title = "since", .drop = 1},
               {.title = "expires", .drop = 2}});
  for (const v1::Client& client : *clients) {
    table.AddRow({{ShortName(client.name()), Style::kTitle},
                  {RoleWord(client.role())},
                  {StateWord(client, now)},
                  {FormatTimestamp(client.create_time_unix_ms())},
                  {Expiry(client)}});
  }
  context.out->Write(table.Render(context.terminal));
  return kSuccess;
}

int RunClientRevoke(const ClientCommand& command, CommandContext& context) {
  int exit_code = kSuccess;
  const std::unique_ptr<AdminClient> admin = ConnectAsAdmin(context, &exit_code);
  if (admin == nullptr) return exit_code;
  const absl::StatusOr<v1::Client> client = admin->RevokeClient(command.name);
  if (!client.ok()) return Fail(context, client.status());
  context.out->Write(command.format == Format::kJson ? JsonText(ProtoToJson(*client)) + "\n"
                                                     : absl::StrCat(Printable(client->name(), context.terminal.ascii),
                                                                    " may do nothing any more\n"));
  return kSuccess;
}

int RunBackup(const BackupCommand& command, CommandContext& context) {
  if (!command.force && access(command.file.c_str(), F_OK) == 0) {
    PrintError(context, command.file,
               InvalidArgument("FILE_EXISTS", "there is such a file; give another name, or --force to replace it"));
    return kRuntimeError;
  }
  int exit_code = kSuccess;
  const std::unique_ptr<AdminClient> admin = ConnectAsAdmin(context, &exit_code);
  if (admin == nullptr) return exit_code;
  PartialFile file(command.file);
  absl::Status status = file.Open();
  int64_t total_bytes = 0;
  if (status.ok()) {
    status = admin->Backup([&](absl::string_view bytes, int64_t total) {
      total_bytes = total;
      return file.Write(bytes);
    });
  }
  if (status.ok()) status = file.Finish();
  if (!status.ok()) return Fail(context, status);
  context.out->Write(
      absl::StrCat(command.file, ": ", total_bytes,
                   " bytes, checked. To restore it, stop the server and run:\n  latimer-server --data-dir "
                   "DIR --restore ",
                   command.file, "\n"));
  return kSuccess;
}

}  // namespace latimer::cli
