// The tools that are imitated, one function each: main() of the real one.
#ifndef LATIMER_TESTS_STANDINS_TOOLS_H_
#define LATIMER_TESTS_STANDINS_TOOLS_H_

namespace latimer::standin {

int BenchmarkApp(int argc, char** argv);  // OpenVINO
int Trtexec(int argc, char** argv);       // TensorRT
int Onnx2tf(int argc, char** argv);       // converter to TensorFlow Lite
int Vela(int argc, char** argv);          // compiler for Ethos-U
int EdgetpuCompiler(int argc, char** argv);
int BenchmarkModel(int argc, char** argv);  // TensorFlow Lite
int VaiPython(int argc, char** argv);       // Vitis AI's quantizer, as `python -c SCRIPT IN OUT`
int VaiCXir(int argc, char** argv);         // Vitis AI's compiler
int Xdputil(int argc, char** argv);         // Vitis AI on the board
int DnndkCompile(int argc, char** argv);    // scripts of a lab around DNNDK
int DnndkRun(int argc, char** argv);

}  // namespace latimer::standin

#endif  // LATIMER_TESTS_STANDINS_TOOLS_H_
