// Classic networks as ONNX models without weights, as torchvision exports them: BatchNorm folded, operator set 13.
#ifndef LATIMER_TESTS_BENCH_ONNX_NETWORKS_H_
#define LATIMER_TESTS_BENCH_ONNX_NETWORKS_H_

#include <cstdint>
#include <string>

namespace latimer::bench {

// Serialised onnx.ModelProto whose initializers have dims and no data. `resolution`: height and width of the input.
std::string MakeResNet18(int64_t resolution = 224);
std::string MakeResNet50(int64_t resolution = 224);
std::string MakeResNet152(int64_t resolution = 224);
std::string MakeMobileNetV2(int64_t resolution = 224);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_ONNX_NETWORKS_H_
