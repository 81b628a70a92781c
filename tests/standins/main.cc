// All stand-ins in one program: the name it is called by says which tool it plays.
#include <iostream>
#include <map>
#include <string>

#include "tests/standins/tools.h"

int main(int argc, char** argv) {
  using Tool = int (*)(int, char**);
  const std::map<std::string, Tool> tools{
      {"benchmark_app", &latimer::standin::BenchmarkApp},
      {"trtexec", &latimer::standin::Trtexec},
      {"onnx2tf", &latimer::standin::Onnx2tf},
      {"vela", &latimer::standin::Vela},
      {"edgetpu_compiler", &latimer::standin::EdgetpuCompiler},
      {"benchmark_model", &latimer::standin::BenchmarkModel},
      {"vai_python", &latimer::standin::VaiPython},
      {"vai_c_xir", &latimer::standin::VaiCXir},
      {"xdputil", &latimer::standin::Xdputil},
      {"latimer-dnndk-compile", &latimer::standin::DnndkCompile},
      {"latimer-dnndk-run", &latimer::standin::DnndkRun},
  };
  std::string name = argc > 0 ? argv[0] : "";
  name = name.substr(name.rfind('/') + 1);
  const auto tool = tools.find(name);
  if (tool != tools.end()) return tool->second(argc, argv);
  std::cerr << "call it by the name of a tool:";
  for (const auto& [known, play] : tools) std::cerr << " " << known;
  std::cerr << "\n";
  return 2;
}
