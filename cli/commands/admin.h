// latimer token create --role R --name N; latimer clients [revoke NAME]; latimer admin backup FILE
#ifndef LATIMER_CLI_COMMANDS_ADMIN_H_
#define LATIMER_CLI_COMMANDS_ADMIN_H_

#include <string>

#include "absl/time/time.h"
#include "cli/commands/command.h"
#include "latimer/v1/admin_service.pb.h"

namespace latimer::cli {

struct ClientCreateCommand {
  std::string name;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  absl::Duration lifetime;  // zero: until it is revoked
  Format format = Format::kTable;
};

// Makes a token for a person or a program, and says how to use it.
int RunClientCreate(const ClientCreateCommand& command, CommandContext& context);

struct ClientsCommand {
  Format format = Format::kTable;
};

int RunClients(const ClientsCommand& command, CommandContext& context);

struct ClientCommand {
  std::string name;
  Format format = Format::kTable;
};

// Takes the client's token away.
int RunClientRevoke(const ClientCommand& command, CommandContext& context);

struct BackupCommand {
  std::string file;
  bool force = false;  // replace a file that is there
};

// Writes a copy of the server's database. The file appears under its name when it is whole.
int RunBackup(const BackupCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_ADMIN_H_
