#include "cli/format/proto_json.h"

#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace latimer::cli {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::ordered_json;

ordered_json Number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

// Widens a float without inventing digits: 0.1f becomes 0.1.
ordered_json FloatNumber(float value) {
  if (!std::isfinite(value)) return nullptr;
  double shortest = value;
  (void)absl::SimpleAtod(absl::StrCat(value), &shortest);
  return static_cast<float>(shortest) == value ? shortest : static_cast<double>(value);
}

ordered_json EnumName(const FieldDescriptor& field, int number) {
  const EnumValueDescriptor* value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return number;  // from a newer server
  return value->name();
}

ordered_json Bytes(const std::string& bytes) { return absl::Base64Escape(bytes); }

ordered_json Singular(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FloatNumber(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumName(field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? Bytes(text) : ordered_json(text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!reflection.HasField(message, &field)) return nullptr;
      return ProtoToJson(reflection.GetMessage(message, &field));
  }
  return nullptr;
}

ordered_json RepeatedElement(const Message& message, const FieldDescriptor& field, int i) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetRepeatedInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetRepeatedInt64(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetRepeatedUInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetRepeatedUInt64(message, &field, i);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(reflection.GetRepeatedDouble(message, &field, i));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FloatNumber(reflection.GetRepeatedFloat(message, &field, i));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetRepeatedBool(message, &field, i);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumName(field, reflection.GetRepeatedEnumValue(message, &field, i));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetRepeatedString(message, &field, i);
      return field.type() == FieldDescriptor::TYPE_BYTES ? Bytes(text) : ordered_json(text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ProtoToJson(reflection.GetRepeatedMessage(message, &field, i));
  }
  return nullptr;
}

// Keys are sorted, so that equal messages give equal text.
ordered_json Map(const Message& message, const FieldDescriptor& field) {
  std::map<std::string, ordered_json> sorted;
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    const ordered_json key = Singular(entry, *entry.GetDescriptor()->map_key());
    sorted[key.is_string() ? key.get<std::string>() : key.dump()] =
        Singular(entry, *entry.GetDescriptor()->map_value());
  }
  ordered_json json = ordered_json::object();
  for (auto& [key, value] : sorted) json[key] = std::move(value);
  return json;
}

ordered_json Field(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) return Map(message, field);
  if (!field.is_repeated()) return Singular(message, field);
  ordered_json array = ordered_json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    array.push_back(RepeatedElement(message, field, i));
  }
  return array;
}

std::string OneLine(const ordered_json& json) {
  if (json.is_object() || json.is_array()) {
    std::string text = json.is_object() ? "{" : "[";
    bool first = true;
    for (const auto& item : json.items()) {
      if (!first) text += ", ";
      first = false;
      if (json.is_object()) absl::StrAppend(&text, OneLine(ordered_json(item.key())), ": ");
      text += OneLine(item.value());
    }
    text += json.is_object() ? '}' : ']';
    return text;
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Appends `json`, of which `used` columns of the line are taken already.
void AppendText(const ordered_json& json, int indent, int used, int line_width, std::string* out) {
  std::string line = OneLine(json);
  const bool scalar = !json.is_object() && !json.is_array();
  if (scalar || json.empty() || static_cast<int>(line.size()) + used <= line_width) {
    *out += line;
    return;
  }
  *out += json.is_object() ? "{\n" : "[\n";
  const std::string spaces(2 * (indent + 1), ' ');
  size_t left = json.size();
  for (const auto& item : json.items()) {
    std::string prefix = spaces;
    if (json.is_object()) absl::StrAppend(&prefix, OneLine(ordered_json(item.key())), ": ");
    *out += prefix;
    AppendText(item.value(), indent + 1, static_cast<int>(prefix.size()) + 1, line_width, out);
    *out += --left > 0 ? ",\n" : "\n";
  }
  absl::StrAppend(out, std::string(2 * indent, ' '), json.is_object() ? "}" : "]");
}

}  // namespace

ordered_json ProtoToJson(const Message& message) {
  ordered_json json = ordered_json::object();
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const bool one_of_several = field.containing_oneof() != nullptr;
    if (one_of_several && !message.GetReflection()->HasField(message, &field)) continue;
    json[field.json_name()] = Field(message, field);
  }
  return json;
}

std::string JsonText(const ordered_json& json, int indent, int line_width) {
  std::string text;
  AppendText(json, indent, 2 * indent, line_width, &text);
  return text;
}

}  // namespace latimer::cli
