// Messages in the proto's JSON mapping, for programs that read them without knowing protobuf.
//
// Differences to protobuf's own printer, all still legal input to any protobuf JSON parser: 64-bit integers are JSON
// numbers, every field is present (a message that is not set is null, members of a oneof only if set), and values
// that are no number are null, because JSON has no NaN.
#ifndef LATIMER_CLI_FORMAT_PROTO_JSON_H_
#define LATIMER_CLI_FORMAT_PROTO_JSON_H_

#include <string>

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {

nlohmann::ordered_json ProtoToJson(const google::protobuf::Message& message);

// Text of `json` with two spaces of indentation, where objects and arrays that fit into `line_width` columns stand on
// one line. `indent`: level the text is placed at; the first line is not indented, no line break at the end.
// Malformed UTF-8 is replaced.
std::string JsonText(const nlohmann::ordered_json& json, int indent = 0, int line_width = 120);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_PROTO_JSON_H_
