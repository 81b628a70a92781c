#include "core/network/input_overrides.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr size_t kMostNamesInMessage = 20;

std::string Quoted(absl::Span<const DeclaredInput> inputs) {
  std::string text =
      absl::StrJoin(inputs.subspan(0, kMostNamesInMessage), ", ",
                    [](std::string* out, const DeclaredInput& input) { absl::StrAppend(out, "'", input.name, "'"); });
  if (inputs.size() > kMostNamesInMessage) absl::StrAppend(&text, " …");
  return inputs.empty() ? "none" : text;
}

// "1x3x?x?": how an input is declared.
std::string DeclaredText(const DeclaredInput& input) {
  if (!input.rank_known) return "unknown";
  if (input.dims.empty()) return "scalar";
  return absl::StrJoin(input.dims, "x", [](std::string* out, const DeclaredDimension& dim) {
    if (dim.size >= 0) {
      absl::StrAppend(out, dim.size);
    } else {
      absl::StrAppend(out, dim.symbol.empty() ? "?" : dim.symbol);
    }
  });
}

absl::StatusOr<std::vector<const InputShapeOverride*>> MatchOverrides(absl::Span<const DeclaredInput> inputs,
                                                                      const ImportOptions& options) {
  std::vector<const InputShapeOverride*> matched(inputs.size(), nullptr);
  absl::flat_hash_map<absl::string_view, size_t> index;
  if (!options.input_shapes.empty()) {
    for (size_t i = 0; i < inputs.size(); ++i) index.emplace(inputs[i].name, i);
  }
  for (const InputShapeOverride& given : options.input_shapes) {
    size_t at = inputs.size();
    if (given.name.empty()) {
      if (inputs.size() != 1) {
        return InvalidArgument("INPUT_NAME_MISSING",
                               absl::StrCat("a shape without an input's name fits only networks with one input; this "
                                            "one has: ",
                                            Quoted(inputs)))
            .Field("input_shapes");
      }
      at = 0;
    } else if (const auto found = index.find(given.name); found != index.end()) {
      at = found->second;
    }
    if (at == inputs.size()) {
      return InvalidArgument("UNKNOWN_INPUT", absl::StrCat("there is no input '", given.name,
                                                           "' to set a shape for; inputs are: ", Quoted(inputs)))
          .Field("input_shapes")
          .With("input", given.name);
    }
    if (matched[at] != nullptr) {
      return InvalidArgument("DUPLICATE_INPUT_SHAPE",
                             absl::StrCat("two shapes are set for input '", inputs[at].name, "'"))
          .Field("input_shapes")
          .With("input", inputs[at].name);
    }
    if (inputs[at].rank_known && inputs[at].dims.size() != given.shape.size()) {
      return InvalidArgument(
                 "INPUT_RANK_MISMATCH",
                 absl::StrCat("input '", inputs[at].name, "' is declared as ", DeclaredText(inputs[at]), "; the shape ",
                              ShapeToString(given.shape), " set for it has ", given.shape.size(), " dimensions"))
          .Field("input_shapes")
          .With("input", inputs[at].name);
    }
    matched[at] = &given;
  }
  return matched;
}

absl::StatusOr<Shape> ResolveOne(const DeclaredInput& input, const InputShapeOverride* given, int64_t batch_size) {
  if (given == nullptr && !input.rank_known) {
    return InvalidArgument("OPEN_SHAPE",
                           absl::StrCat("input '", input.name, "' declares no shape; set it: --input-shape ",
                                        input.name, "=1x3x224x224 (input_shapes in a request)"))
        .Field("input_shapes")
        .With("input", input.name);
  }
  Shape shape;
  if (given != nullptr) {
    shape = given->shape;
  } else {
    for (const DeclaredDimension& dim : input.dims) shape.push_back(dim.size);
  }
  if (batch_size > 0 && !shape.empty()) shape[0] = batch_size;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool open = given == nullptr && input.dims[i].size == -1 && shape[i] == -1;
    if (open) {
      const std::string symbol =
          input.dims[i].symbol.empty() ? std::string() : absl::StrCat(" ('", input.dims[i].symbol, "')");
      return InvalidArgument(
                 "OPEN_DIMENSION",
                 absl::StrCat("input '", input.name, "' is declared as ", DeclaredText(input), ": dimension ", i,
                              symbol, " is open; set it: ", i == 0 ? "--batch 1 or " : "", "--input-shape ", input.name,
                              "=… with ", input.dims.size(), " dimensions"))
          .Field(i == 0 ? "batch_size" : "input_shapes")
          .With("input", input.name)
          .With("dimension", absl::StrCat(i));
    }
    if (shape[i] < 1) {
      return InvalidArgument("BAD_DIMENSION", absl::StrCat("input '", input.name, "': dimension ", i, " is ", shape[i],
                                                           "; dimensions are at least 1"))
          .Field("input_shapes")
          .With("input", input.name)
          .With("dimension", absl::StrCat(i));
    }
  }
  return shape;
}

}  // namespace

absl::StatusOr<std::vector<Shape>> ResolveInputShapes(absl::Span<const DeclaredInput> inputs,
                                                      const ImportOptions& options) {
  if (options.batch_size < 0) {
    return InvalidArgument("BAD_BATCH_SIZE",
                           absl::StrCat("a batch size is at least 1 (or 0: as declared), not ", options.batch_size))
        .Field("batch_size");
  }
  LATIMER_ASSIGN_OR_RETURN(std::vector<const InputShapeOverride*> given, MatchOverrides(inputs, options));
  std::vector<Shape> shapes;
  shapes.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(Shape shape, ResolveOne(inputs[i], given[i], options.batch_size));
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace latimer
