#include "cli/fleet_app.h"

#include <utility>

namespace latimer::cli {

FleetApp::FleetApp(CLI::App& app, CLI::App& platforms_app, ConnectionOptions& connection, DisplayFlags& display)
    : connection_(connection), display_(display) {
  AddBoards(app);
  AddAdministration(app);
  AddCampaigns(app);
  AddMeasurements(app);
  AddImports(app);
  AddVersions(platforms_app);
}

std::optional<int> FleetApp::Run(CommandContext& context) const {
  for (const Entry& entry : entries_) {
    // `agents` is parsed as well when one of the commands below it is; those come first.
    if (!entry.app->parsed()) continue;
    context.connection.timeout = absl::Seconds(*entry.timeout_seconds);
    return entry.run(context);
  }
  return std::nullopt;
}

CLI::App& FleetApp::AddCommand(CLI::App& parent, const std::string& name, const std::string& help,
                               double& timeout_seconds, Runner run) {
  CLI::App& command = *parent.add_subcommand(name, help);
  AddConnectionFlags(command, connection_, timeout_seconds, kServerNeeded);
  AddDisplayFlags(command, display_);
  entries_.push_back({&command, &timeout_seconds, std::move(run)});
  return command;
}

CLI::App& FleetApp::AddGroup(CLI::App& app, const std::string& name, const std::string& help) {
  CLI::App& group = *app.add_subcommand(name, help);
  group.require_subcommand(1);
  return group;
}

void FleetApp::AddBoards(CLI::App& app) {
  CLI::App& token = AddGroup(app, "token", "Make tokens with which boards enrol, or people and programs call");
  CLI::App& create = AddCommand(
      token, "create", "Make a one-time token for a board and show what to run there; or, with --role, a client's",
      timeout_seconds_, [this](CommandContext& c) {
        if (client_create_.role == v1::ROLE_UNSPECIFIED) return RunTokenCreate(token_, c);
        client_create_.format = token_.format;
        client_create_.lifetime =
            token_.lifetime == absl::Hours(24) && !lifetime_given_->count() ? absl::ZeroDuration() : token_.lifetime;
        return RunClientCreate(client_create_, c);
      });
  CLI::Option* platform =
      create.add_option("--platform", token_.platform, "Platform the board must belong to; default: any")
          ->type_name("P");
  CLI::Option* role =
      AddChoice(create, "--role", client_create_.role,
                {{"estimate", v1::ROLE_ESTIMATE}, {"operate", v1::ROLE_OPERATE}, {"admin", v1::ROLE_ADMIN}},
                "Make a client's token: it may estimate, operate (boards and campaigns too) or admin (everything)")
          ->type_name("ROLE")
          ->excludes(platform);
  CLI::Option* name = create.add_option("--name", client_create_.name, "Name of the client; needed with --role")
                          ->type_name("NAME")
                          ->needs(role);
  role->needs(name);
  lifetime_given_ = AddDuration(create, "--lifetime", token_.lifetime,
                                "How long the token is good: 90s, 5m, 1h, 1d; a client's: until it is revoked")
                        ->default_str("1d");
  AddFormatFlag(create, token_.format, Formats::kTableJson);
  create.footer(
      "Examples:\n"
      "  latimer token create --server lab:50051\n"
      "  latimer token create --platform jetson-int8 --lifetime 1h --format json --server lab:50051\n"
      "  latimer token create --role operate --name ci --lifetime 90d --server lab:50051");

  CLI::App& agents = *app.add_subcommand("agents", "List the boards and what they do, or manage one");
  CLI::App& revoke = AddCommand(agents, "revoke", "Take an agent's credential away; its measurements stay",
                                timeout_seconds_, [this](CommandContext& c) { return RunAgentRevoke(agent_, c); });
  revoke.add_option("NAME", agent_.name, "The agent, as `latimer agents` shows it")->required();
  AddFormatFlag(revoke, agent_.format);
  revoke.footer("Example:\n  latimer agents revoke a3f2 --server lab:50051");
  CLI::App& accept = AddCommand(agents, "accept", "Accept that a board has changed, so that it gets work again",
                                timeout_seconds_, [this](CommandContext& c) { return RunAgentAccept(agent_, c); });
  accept.add_option("NAME", agent_.name, "The agent, as `latimer agents` shows it")->required();
  AddFormatFlag(accept, agent_.format);
  accept.footer(
      "What differs is shown. Measurements made before stay apart from those made after.\n\n"
      "Example:\n  latimer agents accept a3f2 --server lab:50051");
  AddConnectionFlags(agents, connection_, timeout_seconds_, kServerNeeded);
  AddDisplayFlags(agents, display_);
  agents.add_option("--platform", agents_.platform, "Only the boards of this platform")->type_name("P");
  AddFormatFlag(agents, agents_.format);
  agents.footer(
      "Examples:\n"
      "  latimer agents --server lab:50051\n"
      "  latimer agents --platform jetson-int8 --format json --server lab:50051");
  entries_.push_back({&agents, &timeout_seconds_, [this](CommandContext& c) { return RunAgents(agents_, c); }});
}

void FleetApp::AddAdministration(CLI::App& app) {
  CLI::App& clients = *app.add_subcommand("clients", "List who may call the server, or revoke one");
  CLI::App& revoke = AddCommand(clients, "revoke", "Take a client's token away, at once", timeout_seconds_,
                                [this](CommandContext& c) { return RunClientRevoke(client_, c); });
  revoke.add_option("NAME", client_.name, "The client, as `latimer clients` shows it")->required();
  AddFormatFlag(revoke, client_.format, Formats::kTableJson);
  revoke.footer("Example:\n  latimer clients revoke ci --server lab:50051");
  AddConnectionFlags(clients, connection_, timeout_seconds_, kServerNeeded);
  AddDisplayFlags(clients, display_);
  AddFormatFlag(clients, clients_.format);
  clients.footer(
      "`latimer token create --role ROLE --name NAME` adds one.\n\n"
      "Example:\n  latimer clients --server lab:50051");
  entries_.push_back({&clients, &timeout_seconds_, [this](CommandContext& c) { return RunClients(clients_, c); }});

  CLI::App& admin = AddGroup(app, "admin", "Look after a server");
  CLI::App& backup = AddCommand(admin, "backup", "Write a copy of what the server remembers, while it works on",
                                timeout_seconds_, [this](CommandContext& c) { return RunBackup(backup_, c); });
  backup.add_option("FILE", backup_.file, "File to write; it appears when it is whole")->required();
  backup.add_flag("--force", backup_.force, "Replace a file that is there");
  backup.footer(
      "The copy is of one moment and is checked on both sides. `latimer-server --data-dir DIR --restore FILE` puts it\n"
      "back; no server may be running there.\n\n"
      "Example:\n  latimer admin backup monday.latimer --server lab:50051");
}

void FleetApp::AddCampaigns(CLI::App& app) {
  CLI::App& group = AddGroup(app, "campaign", "Measure a platform systematically and fit its model");
  CLI::App& start = AddCommand(group, "start", "Start a campaign", timeout_seconds_,
                               [this](CommandContext& c) { return RunCampaignStart(start_, c); });
  start.add_option("--platform", start_.platform, "Platform to measure")->type_name("P")->required();
  start
      .add_option("--max-measurements", start_.max_measurements,
                  "Most measurements, 50 to 10,000; default: the server's, 1000")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N");
  AddDuration(start, "--max-board-time", start_.max_board_time,
              "Most time of the boards, in sum: 90s, 5m, 1h; default: any");
  AddChoice(
      start, "--method", start_.method,
      {{"auto", v1::BENCHMARK_METHOD_UNSPECIFIED},
       {"smart-padding", v1::BENCHMARK_METHOD_SMART_PADDING},
       {"single-layer", v1::BENCHMARK_METHOD_SINGLE_LAYER},
       {"layer-report", v1::BENCHMARK_METHOD_LAYER_REPORT},
       {"excerpts", v1::BENCHMARK_METHOD_EXCERPTS},
       {"cut-excerpts", v1::BENCHMARK_METHOD_CUT_EXCERPTS}},
      "How layers are measured: excerpts (of networks, with the engine's own times of all their layers), "
      "cut-excerpts (the same without such times: also cut off behind some of their layers), smart-padding, "
      "single-layer, layer-report (the engine's own time of the padded layer); auto: excerpts where the engine reports "
      "times per layer, else cut-excerpts from 1000 measurements on, else smart-padding")
      ->type_name("METHOD")
      ->default_str("auto");
  start.add_option("--seed", start_.seed, "Seed of the sampling; the same seed and budget plan the same measurements")
      ->type_name("N");
  start.add_flag("--wait", start_.wait, "Watch until it has ended; exit code 0 only if it succeeded");
  AddFormatFlag(start, start_.format, Formats::kTableJson);
  start.footer(
      "Examples:\n"
      "  latimer campaign start --platform jetson-int8 --max-board-time 5m --wait --server lab:50051\n"
      "  latimer campaign start --platform jetson-int8 --method single-layer --seed 7 --server lab:50051");

  const auto one = [&](const char* name, const char* help, auto run, const char* footer) {
    CLI::App& command =
        AddCommand(group, name, help, timeout_seconds_, [this, run](CommandContext& c) { return run(campaign_, c); });
    command.add_option("NAME", campaign_.name, "The campaign, as `latimer campaign list` shows it")->required();
    AddFormatFlag(command, campaign_.format, Formats::kTableJson);
    command.footer(footer);
  };
  one("watch", "Watch a campaign until it has ended; exit code 0 only if it succeeded", RunCampaignWatch,
      "Ctrl-C ends the watching, not the campaign.\n\n"
      "Example:\n  latimer campaign watch 12 --server lab:50051");
  one("show", "Show a campaign in full", RunCampaignShow, "Example:\n  latimer campaign show 12 --server lab:50051");
  one("cancel", "End a campaign; what was measured stays and is fitted", RunCampaignCancel,
      "Example:\n  latimer campaign cancel 12 --server lab:50051");

  CLI::App& list = AddCommand(group, "list", "List campaigns, newest first", timeout_seconds_,
                              [this](CommandContext& c) { return RunCampaignList(campaigns_, c); });
  list.add_option("--platform", campaigns_.platform, "Only the campaigns of this platform")->type_name("P");
  AddFormatFlag(list, campaigns_.format, Formats::kTableJson);
  list.footer("Example:\n  latimer campaign list --platform jetson-int8 --server lab:50051");
}

void FleetApp::AddMeasurements(CLI::App& app) {
  CLI::App& measure =
      AddCommand(app, "measure", "Run networks on a board and show how long they took", measure_timeout_seconds_,
                 [this](CommandContext& c) { return RunMeasure(measure_, c); });
  AddNetworkFlags(measure, measure_.network);
  measure.add_option("--platform", measure_.platform, "Platform whose board measures")->type_name("P")->required();
  measure.add_option("--repetitions", measure_.repetitions, "Measurements of each network")
      ->check(CLI::Range(1, 10))
      ->type_name("N")
      ->capture_default_str();
  measure.add_flag("--layers", measure_.layers, "Print the engine's report per layer as well");
  measure.add_flag("--reuse", measure_.reuse, "Take earlier measurements of the same network where there are any");
  AddFormatFlag(measure, measure_.format);
  measure.footer(
      "Weights are removed before a network leaves this process; boards run it with random ones.\n\n"
      "Examples:\n"
      "  latimer measure resnet.onnx --platform jetson-int8 --server lab:50051\n"
      "  latimer measure *.onnx --platform jetson-int8 --layers --format json --server lab:50051");

  CLI::App& evaluate =
      AddCommand(app, "evaluate", "Measure and estimate networks, and show how good the estimates are",
                 measure_timeout_seconds_, [this](CommandContext& c) { return RunEvaluate(evaluate_, c); });
  AddNetworkFlags(evaluate, evaluate_.network, "FILE", "Networks, and folders to be searched for *.onnx");
  evaluate.add_option("--platform", evaluate_.platform, "Platform to judge")->type_name("P")->required();
  AddModelFlags(evaluate, evaluate_.model_kind, evaluate_.confidence);
  evaluate
      .add_option("--repetitions", evaluate_.repetitions,
                  "Measurements of each network; two or more tell how noisy the board is")
      ->check(CLI::Range(1, 10))
      ->type_name("N")
      ->capture_default_str();
  evaluate.add_flag("--reuse", evaluate_.reuse, "Take earlier measurements of the same network where there are any");
  AddFormatFlag(evaluate, evaluate_.format, Formats::kAll);
  evaluate.footer(
      "An evaluation that was interrupted goes on where it was with --reuse.\n\n"
      "Examples:\n"
      "  latimer evaluate --platform jetson-int8 networks/ --server lab:50051\n"
      "  latimer evaluate --platform jetson-int8 networks/ --reuse --format json --server lab:50051");
}

void FleetApp::AddImports(CLI::App& app) {
  CLI::App& command =
      AddCommand(app, "import-report", "Turn a toolchain's reports per layer into measurements and fit the model",
                 measure_timeout_seconds_, [this](CommandContext& c) { return RunImportReport(import_, c); });
  command.add_option("REPORT", import_.reports, "Reports about the network, and files about the same run")->required();
  command.add_option("--platform", import_.platform, "Platform the reports are of; made if there is none")
      ->type_name("P")
      ->required();
  AddChoice(command, "--toolchain", import_.toolchain,
            {{"dnndk", std::string("dnndk")},
             {"openvino", std::string("openvino")},
             {"tensorrt", std::string("tensorrt")},
             {"tflite", std::string("tflite")},
             {"vitis-ai", std::string("vitis-ai")}},
            "What wrote the reports: dnndk, openvino, tensorrt, tflite or vitis-ai")
      ->type_name("T")
      ->required();
  command.add_option("--network", import_.network_file, "The network they are about, in any form `estimate` takes")
      ->type_name("N")
      ->required();
  command.add_option("--batch", import_.network.batch, "Batch size it ran with; default: the network's own")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}))
      ->type_name("N");
  command.add_option("--subject", import_.subject, "Only reports about this kernel, where a file has several")
      ->type_name("NAME");
  command.add_option("--precision", import_.precision, "What the board computed in, such as FP16 or INT8")
      ->type_name("TEXT");
  command.add_option("--hardware", import_.hardware, "The board, for people")->type_name("TEXT");
  command.add_flag("--validation", import_.validation, "Judge the models on this network instead of fitting to it");
  command.add_flag("--dry-run", import_.dry_run, "Read and match, and store nothing");
  AddFormatFlag(command, import_.format, Formats::kTableJson);
  command.footer(
      "A report that was imported before is not stored twice. Nothing is stored unless every file can be read.\n\n"
      "Examples:\n"
      "  latimer import-report --platform my-ncs2 --toolchain openvino --precision FP16 --network resnet50.onnx \\\n"
      "      benchmark_average_counters_report.csv --server lab:50051\n"
      "  latimer import-report --platform my-orin --toolchain tensorrt --precision FP16 --network resnet18.onnx \\\n"
      "      profile.json layers.json times.json --server lab:50051");
}

void FleetApp::AddVersions(CLI::App& platforms_app) {
  CLI::App& versions =
      AddCommand(platforms_app, "versions", "List the versions of a platform's model, also those not promoted",
                 timeout_seconds_, [this](CommandContext& c) { return RunPlatformVersions(versions_, c); });
  versions.add_option("NAME", versions_.platform, "The platform")->required();
  AddFormatFlag(versions, versions_.format, Formats::kTableJson);
  versions.footer("Example:\n  latimer platforms versions jetson-int8 --server lab:50051");
  CLI::App& rollback =
      AddCommand(platforms_app, "rollback", "Let an earlier version of a platform's model answer", timeout_seconds_,
                 [this](CommandContext& c) { return RunPlatformRollback(versions_, c); });
  rollback.add_option("NAME", versions_.platform, "The platform")->required();
  rollback.add_option("--version", versions_.version, "Version that shall answer; default: the one before")
      ->type_name("V");
  AddFormatFlag(rollback, versions_.format, Formats::kTableJson);
  rollback.footer(
      "Examples:\n"
      "  latimer platforms rollback jetson-int8 --server lab:50051\n"
      "  latimer platforms rollback jetson-int8 --version fit-3 --server lab:50051");
}

}  // namespace latimer::cli
