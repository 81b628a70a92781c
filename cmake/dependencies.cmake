# Libraries as packaged by Debian; scripts/install_dependencies.sh lists the packages.

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)

# prometheus-cpp's own configuration asks for cURL's headers, which only its third library needs.
find_path(LATIMER_PROMETHEUS_INCLUDE prometheus/exposer.h REQUIRED)
find_library(LATIMER_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
find_library(LATIMER_PROMETHEUS_PULL prometheus-cpp-pull REQUIRED)

find_program(LATIMER_PROTOC protoc REQUIRED)
find_program(LATIMER_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_program(LATIMER_GRPC_PYTHON_PLUGIN grpc_python_plugin)

if(LATIMER_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(LATIMER_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()

# onnx: its protobuf classes, operator schemas and checker. Debian's headers need these definitions.
add_library(latimer_onnx_library INTERFACE)
target_compile_definitions(latimer_onnx_library INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
find_library(LATIMER_ONNX onnx REQUIRED)
find_library(LATIMER_ONNX_PROTO onnx_proto REQUIRED)
target_link_libraries(latimer_onnx_library INTERFACE ${LATIMER_ONNX} ${LATIMER_ONNX_PROTO} protobuf::libprotobuf)
