// Turns a file into what a request carries.
#ifndef LATIMER_CLI_INPUT_NETWORK_FILE_H_
#define LATIMER_CLI_INPUT_NETWORK_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "latimer/v1/network.pb.h"

namespace latimer::cli {

// What the ending of a file name promises.
//   .onnx              ONNX; weights are removed here, dims kept
//   .json              graph in ANNETTE's format
//   .textproto .txtpb  latimer.v1.Network as text
//   .pb .binpb         latimer.v1.Network, serialised
// The standard input ("-") and files without any ending are told apart by their first byte: '{' is JSON, else ONNX.
//
// The display name is the file's name without folder and ending. Messages of errors do not repeat the path; they say
// what to do about the common mistakes: directory, empty file, Git-LFS pointer, web page, archive, model of another
// framework.
absl::StatusOr<v1::NetworkSource> ReadNetworkFile(const std::string& path);

// "tv_resnet34" for "networks/tv_resnet34.onnx"; "stdin" for "-".
std::string DisplayName(const std::string& path);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_INPUT_NETWORK_FILE_H_
