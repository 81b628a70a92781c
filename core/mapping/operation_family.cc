#include "core/mapping/operation_family.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace latimer {
namespace {

struct Word {
  absl::string_view text;
  OperationFamily family;
};

// The first that is part of the kind decides, so longer and more special words come first.
constexpr Word kWords[] = {
    {"argm", OperationFamily::kNone},
    {"convert", OperationFamily::kNone},
    {"reformat", OperationFamily::kNone},
    {"deconv", OperationFamily::kDeconvolution},
    {"convtranspose", OperationFamily::kDeconvolution},
    {"transposeconv", OperationFamily::kDeconvolution},
    {"conv", OperationFamily::kConvolution},
    {"pool", OperationFamily::kPooling},
    {"fullyconnected", OperationFamily::kProduct},
    {"innerproduct", OperationFamily::kProduct},
    {"matmul", OperationFamily::kProduct},
    {"matrixmultiply", OperationFamily::kProduct},
    {"gemm", OperationFamily::kProduct},
    {"softmax", OperationFamily::kSoftmax},
    {"norm", OperationFamily::kNormalization},
    {"lrn", OperationFamily::kNormalization},
    {"concat", OperationFamily::kConcat},
    {"split", OperationFamily::kSlice},
    {"slice", OperationFamily::kSlice},
    {"pad", OperationFamily::kPad},
    {"resize", OperationFamily::kResize},
    {"upsampl", OperationFamily::kResize},
    {"interp", OperationFamily::kResize},
    {"permute", OperationFamily::kTranspose},
    {"transpose", OperationFamily::kTranspose},
    {"reshape", OperationFamily::kReshape},
    {"flatten", OperationFamily::kReshape},
    {"squeeze", OperationFamily::kReshape},
    {"relu", OperationFamily::kActivation},
    {"sigmoid", OperationFamily::kActivation},
    {"logistic", OperationFamily::kActivation},
    {"tanh", OperationFamily::kActivation},
    {"swish", OperationFamily::kActivation},
    {"gelu", OperationFamily::kActivation},
    {"elu", OperationFamily::kActivation},
    {"silu", OperationFamily::kActivation},
    {"clip", OperationFamily::kActivation},
    {"clamp", OperationFamily::kActivation},
    {"mean", OperationFamily::kPooling},
    {"reduce", OperationFamily::kPooling},
    {"eltwise", OperationFamily::kElementwise},
    {"elementwise", OperationFamily::kElementwise},
    {"add", OperationFamily::kElementwise},
    {"sum", OperationFamily::kElementwise},
    {"mul", OperationFamily::kElementwise},
    {"sub", OperationFamily::kElementwise},
    {"div", OperationFamily::kElementwise},
};

}  // namespace

OperationFamily FamilyOf(LayerType type) {
  if (IsPooling(type)) return OperationFamily::kPooling;
  switch (type) {
    case LayerType::kConv:
    case LayerType::kDepthwiseConv:
      return OperationFamily::kConvolution;
    case LayerType::kConvTranspose:
      return OperationFamily::kDeconvolution;
    case LayerType::kFullyConnected:
    case LayerType::kMatMul:
      return OperationFamily::kProduct;
    case LayerType::kReduce:
      return OperationFamily::kPooling;
    case LayerType::kAdd:
    case LayerType::kSub:
    case LayerType::kMul:
    case LayerType::kDiv:
      return OperationFamily::kElementwise;
    case LayerType::kRelu:
    case LayerType::kRelu6:
    case LayerType::kClip:
    case LayerType::kLeakyRelu:
    case LayerType::kPRelu:
    case LayerType::kElu:
    case LayerType::kSigmoid:
    case LayerType::kHardSigmoid:
    case LayerType::kTanh:
    case LayerType::kSilu:
    case LayerType::kHardSwish:
    case LayerType::kGelu:
      return OperationFamily::kActivation;
    case LayerType::kSoftmax:
      return OperationFamily::kSoftmax;
    case LayerType::kBatchNorm:
    case LayerType::kLayerNorm:
    case LayerType::kInstanceNorm:
    case LayerType::kLrn:
    case LayerType::kLpNorm:
      return OperationFamily::kNormalization;
    case LayerType::kConcat:
      return OperationFamily::kConcat;
    case LayerType::kSplit:
    case LayerType::kSlice:
      return OperationFamily::kSlice;
    case LayerType::kPad:
      return OperationFamily::kPad;
    case LayerType::kResize:
      return OperationFamily::kResize;
    case LayerType::kTranspose:
      return OperationFamily::kTranspose;
    case LayerType::kReshape:
      return OperationFamily::kReshape;
    default:
      return OperationFamily::kNone;
  }
}

OperationFamily FamilyOf(absl::string_view kind) {
  std::string plain;
  for (char c : kind.substr(0, 256)) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      plain += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  for (const Word& word : kWords) {
    if (absl::StrContains(plain, word.text)) return word.family;
  }
  return OperationFamily::kNone;
}

}  // namespace latimer
