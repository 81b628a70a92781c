// Short forms for tests of shape rules.
#ifndef LATIMER_TESTS_UNIT_NETWORK_SHAPE_INFERENCE_HELPERS_H_
#define LATIMER_TESTS_UNIT_NETWORK_SHAPE_INFERENCE_HELPERS_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/network/shape_inference.h"

namespace latimer {

// The only output as text, or "error: <message>" so that a failed expectation shows it.
inline std::string Infer(LayerType type, const LayerAttributes& attributes, const std::vector<Shape>& inputs) {
  absl::StatusOr<ShapeList> shapes = InferOutputShapes(type, attributes, inputs);
  if (!shapes.ok()) {
    EXPECT_EQ(shapes.status().code(), absl::StatusCode::kInvalidArgument) << shapes.status();
    return "error: " + std::string(shapes.status().message());
  }
  std::string text;
  for (const Shape& shape : *shapes) text += (text.empty() ? "" : " ") + ShapeToString(shape);
  return text;
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_NETWORK_SHAPE_INFERENCE_HELPERS_H_
