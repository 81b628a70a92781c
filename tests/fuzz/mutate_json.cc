#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/fuzz/mutate.h"

namespace latimer::fuzz {
namespace {

using nlohmann::json;

// The library prints and destroys by recursion.
constexpr int kDeepest = 64;

bool IsDeep(const json& value, int depth) {
  if (depth > kDeepest) return true;
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(), [&](const json& part) { return IsDeep(part, depth + 1); });
}

void Collect(json& value, std::vector<json*>* all) {
  if (all->size() > 20'000) return;
  all->push_back(&value);
  if (value.is_structured()) {
    for (json& part : value) Collect(part, all);
  }
}

void ChangeOneValue(json& root, Random& random) {
  std::vector<json*> all;
  Collect(root, &all);
  json& value = *all[random() % all.size()];
  const json other = *all[random() % all.size()];
  const bool structured = value.is_structured() && !value.empty();
  switch (random() % (structured ? 6 : 3)) {
    case 0:
      value = WildNumber(random);
      break;
    case 1:
      // Small parts only: whole graphs inside of graphs are refused at once.
      if (!other.is_object()) value = other;
      break;
    case 2:
      if (value.is_number()) {
        value = WildNumber(random);
      } else if (other.is_string()) {
        value = other;
      }
      break;
    default: {
      auto part = value.begin();
      std::advance(part, static_cast<int64_t>(random() % value.size()));
      if (random() % 2 == 0) {
        value.erase(part);
      } else if (value.is_array()) {
        value.push_back(random() % 2 == 0 ? json(*part) : json(WildNumber(random)));
      } else if (other.is_string()) {
        value[other.get<std::string>()] = json(*part);
      }
    }
  }
}

}  // namespace

std::string MutateJson(absl::string_view bytes, Random& random) {
  json root = json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded() || IsDeep(root, 0)) return "";
  const uint64_t changes = 1 + random() % 3;
  for (uint64_t i = 0; i < changes; ++i) ChangeOneValue(root, random);
  return root.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace latimer::fuzz
