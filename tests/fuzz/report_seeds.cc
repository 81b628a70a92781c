// One small report per format, and what is wrong with them in ways that mutations rarely find.
#include "tests/fuzz/seeds.h"

namespace latimer::fuzz {

Seeds ReportSeeds() {
  const std::string counters =
      "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n"
      "x;NOT_RUN;Input;NONE;0.0;0.0\nrelu;OPTIMIZED_OUT;ReLU;<none>;0.0;0.0\n"
      "<Extra>;EXECUTED;<Extra>;Convert;0.1;0.0\nconv;EXECUTED;Convolution;MyriadXHwOp;0.5;0.0\n"
      "pool/Pool;EXECUTED;Pooling;GlobalAvgPool;0.25;0.01\nTotal;;;;0.85;0.01\n\n";
  const std::string operators =
      "Operator-wise Profiling Info for Regular Benchmark Runs:\n"
      "============================== Run Order ==============================\n"
      "\t[node type]\t[start]\t[first]\t[avg ms]\t[%]\t[cdf%]\t[mem KB]\t[times called]\t[Name]\n"
      "\tTfLiteXNNPackDelegate\t0.021\t2.167\t2.118\t1.335%\t1.335%\t0.000\t1\t[relu;conv, pool]:0\n"
      "\tSOFTMAX\t2.2\t0.2\t0.2\t0.1%\t100.0%\t0.000\t1\t[]:1\n\n"
      "============================== Top by Computation Time ==============================\n"
      "Timings (microseconds): count=50 first=2400 curr=2390 min=2300 max=2500 avg=2318 std=20\n";
  const std::string times =
      "Inference timings in us: Init: 1, First inference: 5, Warmup (avg): 4e+0, Inference (avg): 3\n";
  return {
      {"openvino_counters", counters},
      {"openvino_detailed", counters + counters},
      {"openvino_summary",
       "Command line parameters\ndevice;MYRIAD;\n\nExecution results\nnumber of iterations;200;\n"
       "Median latency (ms);35.36;\nAverage latency (ms);35.5;\nthroughput;28.2;\n"},
      {"openvino_console",
       "[ INFO ] First inference took 40.50 ms\n"
       "conv                          EXECUTED       layerType: Convolution   realTime: 462   cpu: 86   execType: x\n"
       "resnet_v1_50/block1/unit_... EXECUTED       layerType: Reorder       realTime: 38    cpu: 1    execType: y\n"
       "Total time: 500      microseconds\n[ INFO ] Count:        6640 iterations\n[ INFO ] Latency:\n"
       "[ INFO ]    Median:     35.36 ms\n[ INFO ] Throughput:   110.59 FPS\n"},
      {"tensorrt_profile",
       "[{\"count\":4},{\"name\":\"Reformatting CopyNode for Input Tensor 0 to conv\",\"timeMs\":1,\"averageMs\":0.25},"
       "{\"name\":\"w + conv + PWN(PWN(relu), x)\",\"timeMs\":8,\"averageMs\":2,\"medianMs\":2},"
       "{\"name\":\"{pool,fc} input reformatter 0\",\"averageMs\":0.1},{\"name\":\"{pool,fc}\",\"averageMs\":0.1},"
       "{\"name\":\"fc from nvm\",\"averageMs\":3},{\"name\":\"{ForeignNode[conv...fc]}\",\"averageMs\":1}]"},
      {"tensorrt_times", "[{\"computeMs\":1.5,\"latencyMs\":2},{\"computeMs\":1.25,\"latencyMs\":1.75}]"},
      {"tensorrt_layers",
       "{\"Layers\":[{\"Name\":\"conv\",\"LayerType\":\"CaskConvolution\",\"Outputs\":[{\"Name\":\"relu\"}],"
       "\"TacticName\":\"t\",\"Metadata\":\"[ONNX Layer: conv]\\u001e[ONNX Layer: relu]\"},\"pool\"],\"Bindings\":[]}"},
      {"trtexec",
       "&&&& RUNNING TensorRT.trtexec [TensorRT v8001] # trtexec --onnx=a.onnx\n"
       "[01/15/2022-17:07:59] [I] === Performance summary ===\n[01/15/2022-17:07:59] [I] Throughput: 55.3 qps\n"
       "[01/15/2022-17:07:59] [I] GPU Compute Time: min = 16.7 ms, max = 16.8 ms, mean = 16.8 ms, median = 16.8 ms, "
       "percentile(99%) = 16.8 ms\n&&&& PASSED TensorRT.trtexec [TensorRT v8001] # trtexec\n"},
      {"tflite_log",
       "STARTING!\nNum threads: [4]\nExplicitly applied XNNPACK delegate, and the model graph will be "
       "partially executed by the delegate w/ 13 delegate kernels.\n"
       "count=50 first=5 curr=3 min=2 max=5 avg=3 std=1\n" +
           times},
      {"tflite_operators", operators},
      {"tflite_run", "INFO: STARTING!\nINFO: count=1 curr=9\n" + times + operators},
      {"tflite_csv",
       "node type, first, avg_ms, %, cdf%, mem KB, times called, name\nCONV_2D, 1, 2, 50%, 50%, 0, 1, [relu;conv\t "
       "x]:3\n"},
      {"vela_summary",
       "experiment,network,core_clock,inference_time,cycles_total\ndefault,net,1000000000.0,0.000181758,181758\n"},
      {"vela_layers",
       "TFLite_operator,NNG Operator,SRAM Usage,Peak%,Op Cycles,Network%,NPU,SRAM AC,DRAM AC,OnFlash AC,OffFlash "
       "AC,MAC "
       "Count,Network%,Util%,Name\nCONV_2D,Conv2DBias,11936,54.65,7312.0,17.6,7312.0,2000.0,0.0,0.0,0.0,73008,8.6,3.9,"
       "\"relu;conv\"\n"},
      {"dnndk",
       "[DNNDK] Performance profile - DPU Kernel \"net_0\" DPU Task \"net_0-0\"\n=====\n"
       "  ID                       NodeName Workload(MOP) Mem(MB) RunTime(ms) Perf(GOPS) Utilization    MB/S\n"
       "   1                           conv       210.830    0.26       1.059      199.1        16.2%   244.2\n"
       "   2            up_sampling2d_2_fc*        75.497   36.09       7.485       10.1         0.8%  4821.2\n\n"
       "                Total Nodes In Avg:\n"
       "                                All      2262.336   59.15       8.544      162.3        13.2%  "
       "4244.1\n=====\n"},
      {"deephi",
       "I0224 13:39:51.269989  1080 xrt_cu.cpp:222] XRT_RUN : 13885us\n"
       "I0224 13:39:51.276866  1080 cpu_task.cpp:188] CPU_OP_EXEC : 1176us\n"},
      {"vaitrace",
       "DPU Id | Bat | DPU SubGraph | WL | SW_RT | HW_RT | Effic | LdWB | LdFM | StFM | AvgBw\n"
       "DPUCZDX8G_1 | 1 | conv | 0.012 | 0.106 | 0.048 | 2.6 | 0.511 | ~0 | 0.022 | 11568.4\n\n"
       "CPU SubGraph | OPs | Device | Runs | AverageRunTime(ms)\nsub_2 | softmax | CPU | 10 | 0.25\n"},
      {"throughput",
       " --threads :  1\n --model   :  a.xmodel\nFPS=773.87, total frames = 5000 , time=6.4610 seconds\n"},
      {"hostile_colours", "\x1b[0;33mFPS=1\x1b[m, total frames = 0 , time=-1 seconds\n\x1b["},
      {"hostile_deep", std::string(100'000, '[')},
      {"hostile_names", "[{\"count\":1},{\"name\":\"" + std::string(20'000, '(') + " + PWN(\",\"timeMs\":1}]"},
      {"hostile_numbers",
       "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n"
       "a;EXECUTED;x;y;1e14;1e-400\nb;EXECUTED;x;y;0x1p3;inf\nTotal;;;;nan;0\n"},
      {"hostile_wide", "TFLite_operator,Op Cycles,Name" + std::string(30'000, ',') + "\n"},
  };
}

}  // namespace latimer::fuzz
