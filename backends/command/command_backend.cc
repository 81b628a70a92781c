#include "backends/command/command_backend.h"

#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backends/command/command_network.h"
#include "backends/command/conversion_cache.h"
#include "backends/host.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "core/network/structural_hash.h"

namespace latimer::command {
namespace {

// What the cache keeps a conversion under: the structure of the network, its names (reports speak of them), and
// everything else that shapes what the toolchain makes. Not the weights: times do not depend on them.
std::string ConversionKey(const Network& network, const Fingerprint& fingerprint, const proto::Toolchain& toolchain) {
  Fingerprint key;
  key.facts["network"] = StructuralHashText(network);
  std::string names;
  for (const Layer& layer : network.layers) absl::StrAppend(&names, layer.name, "\n");
  for (const Tensor& tensor : network.tensors) absl::StrAppend(&names, tensor.name, "\n");
  key.facts["names"] = std::move(names);
  key.facts["fingerprint"] = fingerprint.Digest();
  for (const proto::Command& command : toolchain.conversion()) {
    absl::StrAppend(&key.facts["conversion"], command.SerializeAsString());
  }
  return key.Digest();
}

absl::Status WriteBytes(const std::string& path, absl::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    return ResourceExhausted("DISK_FULL", "cannot write the network to the conversion cache; is the disk full?");
  return absl::OkStatus();
}

class CommandBackend final : public Backend {
 public:
  CommandBackend(std::unique_ptr<Toolbox> toolbox, const ParserTable& parsers, std::unique_ptr<ScratchFolder> scratch,
                 ConversionCache cache, Fingerprint fingerprint)
      : toolbox_(std::move(toolbox)),
        parsers_(parsers),
        scratch_(std::move(scratch)),
        cache_(std::move(cache)),
        fingerprint_(std::move(fingerprint)) {}

  absl::string_view name() const override { return toolbox_->toolchain().name(); }
  const Fingerprint& fingerprint() const override { return fingerprint_; }
  bool computes_on_host() const override { return false; }

  absl::StatusOr<std::unique_ptr<PreparedNetwork>> Prepare(absl::string_view onnx_model) override {
    LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(onnx_model));
    const std::string key = ConversionKey(network, fingerprint_, toolbox_->toolchain());
    LATIMER_ASSIGN_OR_RETURN(ConversionCache::Entry entry, cache_.Get(key));
    if (!entry.complete) {
      LATIMER_RETURN_IF_ERROR(WriteBytes(absl::StrCat(entry.folder, "/", kOnnxFile), onnx_model));
    }
    auto prepared = std::make_unique<CommandNetwork>(toolbox_.get(), &parsers_, &cache_, std::move(entry),
                                                     Simplify(std::move(network)));
    LATIMER_RETURN_IF_ERROR(prepared->Convert());
    return prepared;
  }

  std::vector<std::string> TakeIncidents() override { return toolbox_->TakeIncidents(); }

 private:
  const std::unique_ptr<Toolbox> toolbox_;
  const ParserTable& parsers_;
  const std::unique_ptr<ScratchFolder> scratch_;
  ConversionCache cache_;
  const Fingerprint fingerprint_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> CreateCommandBackend(proto::Toolchain toolchain, const ParserTable& parsers,
                                                              CommandBackendOptions options) {
  const std::string work_dir = options.toolbox.work_dir;
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Toolbox> toolbox,
                           Toolbox::Create(std::move(toolchain), std::move(options.toolbox)));
  LATIMER_ASSIGN_OR_RETURN(Fingerprint fingerprint, toolbox->ReadFingerprint());
  // What this machine is says nothing about a simulated board.
  if (!fingerprint.simulated) {
    for (const auto& [name, fact] : HostFacts()) fingerprint.facts.emplace(name, fact);
  }
  fingerprint.facts["backend"] = toolbox->toolchain().name();
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<ScratchFolder> scratch, ScratchFolder::Make(work_dir));
  LATIMER_ASSIGN_OR_RETURN(
      ConversionCache cache,
      ConversionCache::Open(options.cache_dir.empty() ? scratch->path() : options.cache_dir, options.cache_bytes));
  return std::make_unique<CommandBackend>(std::move(toolbox), parsers, std::move(scratch), std::move(cache),
                                          std::move(fingerprint));
}

}  // namespace latimer::command
