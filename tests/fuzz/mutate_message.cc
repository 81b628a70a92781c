// Protocol buffers, by reflection.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <onnx/onnx_pb.h>

#include <memory>
#include <vector>

#include "latimer/v1/network.pb.h"
#include "tests/fuzz/mutate.h"

namespace latimer::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class MessageMutator {
 public:
  MessageMutator(Message* root, Random& random) : random_(random) { Collect(root, 0); }

  void ChangeOneField() {
    Message* message = messages_[random_() % messages_.size()];
    const auto* type = message->GetDescriptor();
    const Reflection& reflection = *message->GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(*message, &fields);
    // Mostly fields that are there; sometimes any.
    const FieldDescriptor* field = nullptr;
    if (!fields.empty() && random_() % 4 != 0) {
      field = fields[random_() % fields.size()];
    } else if (type->field_count() > 0) {
      field = type->field(static_cast<int>(random_() % static_cast<uint64_t>(type->field_count())));
    }
    if (field == nullptr) return;
    field->is_repeated() ? ChangeRepeated(message, reflection, field) : ChangeSingular(message, reflection, field);
  }

 private:
  void Collect(Message* message, int depth) {
    messages_.push_back(message);
    const Reflection& reflection = *message->GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(*message, &fields);
    for (const FieldDescriptor* field : fields) {
      const int count = field->is_repeated() ? reflection.FieldSize(*message, field) : 1;
      for (int i = 0; i < count; ++i) {
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
          if (depth > 30) continue;
          Collect(field->is_repeated() ? reflection.MutableRepeatedMessage(message, field, i)
                                       : reflection.MutableMessage(message, field),
                  depth + 1);
        } else if (field->type() == FieldDescriptor::TYPE_STRING && texts_.size() < 10'000) {
          texts_.push_back(field->is_repeated() ? reflection.GetRepeatedString(*message, field, i)
                                                : reflection.GetString(*message, field));
        }
      }
    }
  }

  // A text of the message itself: names and operator types meet where they were not meant to.
  std::string SomeText() { return texts_.empty() || random_() % 16 == 0 ? "" : texts_[random_() % texts_.size()]; }

  std::string SomeBytes(std::string value) {
    const int64_t number = WildNumber(random_);
    const std::string raw(reinterpret_cast<const char*>(&number), sizeof(number));
    if (value.size() < raw.size()) return raw;
    return value.replace(random_() % (value.size() / raw.size()) * raw.size(), raw.size(), raw);
  }

  int SomeEnumNumber(const FieldDescriptor* field) {
    const auto* type = field->enum_type();
    return type->value(static_cast<int>(random_() % static_cast<uint64_t>(type->value_count())))->number();
  }

  void ChangeRepeated(Message* message, const Reflection& reflection, const FieldDescriptor* field) {
    const int count = reflection.FieldSize(*message, field);
    const int some = count == 0 ? 0 : static_cast<int>(random_() % static_cast<uint64_t>(count));
    switch (count == 0 ? 0 : random_() % 6) {
      case 0:
        AddElement(message, reflection, field, some, count);
        break;
      case 1:
        reflection.SwapElements(message, field, some, count - 1);
        reflection.RemoveLast(message, field);
        break;
      case 2:
        reflection.SwapElements(message, field, some, static_cast<int>(random_() % static_cast<uint64_t>(count)));
        break;
      default:
        SetElement(message, reflection, field, some);
    }
  }

  void AddElement(Message* message, const Reflection& reflection, const FieldDescriptor* field, int some, int count) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        Message* added = reflection.AddMessage(message, field);
        if (count > 0) added->CopyFrom(reflection.GetRepeatedMessage(*message, field, some));
        break;
      }
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.AddString(message, field, field->type() == FieldDescriptor::TYPE_BYTES ? SomeBytes("") : SomeText());
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.AddInt64(message, field, WildNumber(random_));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.AddInt32(message, field, static_cast<int32_t>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.AddUInt64(message, field, static_cast<uint64_t>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection.AddFloat(message, field, static_cast<float>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.AddDouble(message, field, static_cast<double>(WildNumber(random_)));
        break;
      default:
        break;
    }
  }

  void SetElement(Message* message, const Reflection& reflection, const FieldDescriptor* field, int at) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const bool text = field->type() == FieldDescriptor::TYPE_STRING;
        reflection.SetRepeatedString(message, field, at,
                                     text ? SomeText() : SomeBytes(reflection.GetRepeatedString(*message, field, at)));
        break;
      }
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.SetRepeatedInt64(message, field, at, WildNumber(random_));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetRepeatedInt32(message, field, at, static_cast<int32_t>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection.SetRepeatedFloat(message, field, at, static_cast<float>(WildNumber(random_)));
        break;
      default:
        break;
    }
  }

  void ChangeSingular(Message* message, const Reflection& reflection, const FieldDescriptor* field) {
    if (random_() % 8 == 0) {
      reflection.ClearField(message, field);
      return;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        reflection.MutableMessage(message, field);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.SetString(message, field,
                             field->type() == FieldDescriptor::TYPE_BYTES
                                 ? SomeBytes(reflection.GetString(*message, field))
                                 : SomeText());
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.SetInt64(message, field, WildNumber(random_));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(message, field, static_cast<int32_t>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.SetUInt64(message, field, static_cast<uint64_t>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection.SetFloat(message, field, static_cast<float>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.SetDouble(message, field, static_cast<double>(WildNumber(random_)));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.SetBool(message, field, random_() % 2 == 0);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection.SetEnumValue(message, field, SomeEnumNumber(field));
        break;
      default:
        break;
    }
  }

  Random& random_;
  std::vector<Message*> messages_;
  std::vector<std::string> texts_;
};

}  // namespace

void MutateFields(Message* message, Random& random) {
  for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) MessageMutator(message, random).ChangeOneField();
}

std::string MutateMessage(Form form, absl::string_view bytes, Random& random) {
  std::unique_ptr<Message> message;
  if (form == Form::kOnnx) {
    message = std::make_unique<onnx::ModelProto>();
  } else {
    message = std::make_unique<v1::Network>();
  }
  if (!message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "";
  const uint64_t changes = 1 + random() % 3;
  // Every change may have moved messages, so each looks for them anew.
  for (uint64_t i = 0; i < changes; ++i) MessageMutator(message.get(), random).ChangeOneField();
  return message->SerializePartialAsString();
}

}  // namespace latimer::fuzz
