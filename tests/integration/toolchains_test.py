"""Vendors' toolchains from end to end, on stand-ins: SIMULATED boards behind the real tools' command lines and formats.

For each: agent, back end, tool, parser, server, fit, estimate; with failures on the way that are recognised by their
signature, told by name, and tried again or refused, while the campaign goes on.
"""

import json
import os
import pathlib
import re
import time
import unittest

import boards
import harness
from boards import PLATFORM

STANDINS = pathlib.Path(os.environ["LATIMER_STANDINS"])
NETWORK = harness.NETWORKS / "named/light_squeezenet.onnx"
MEASUREMENTS = 50
PATIENCE = 300  # every measurement starts programs
SHORT_LIMIT = "8"  # seconds, for commands that are made to hang


class ToolchainTestCase(boards.BoardsTestCase):
    pace = ()

    def wait_for(self, condition, what, seconds=PATIENCE):
        # Every look starts a program, too.
        def seldom():
            return condition() or time.sleep(0.3)

        return super().wait_for(seldom, what, seconds)

    def start_tool(self, toolchain, programs, failures="", hang=(), settings=(), expected=True):
        """An agent whose programs are stand-ins. `hang`: commands whose time limit is made short."""
        state = self.path / "standin"
        state.mkdir(exist_ok=True)
        os.environ["LATIMER_STANDIN_STATE"] = str(state)
        os.environ["LATIMER_STANDIN_FAIL"] = failures
        self.addCleanup(os.environ.pop, "LATIMER_STANDIN_FAIL")
        descriptions = self.path / "toolchains"
        descriptions.mkdir(exist_ok=True)
        text = (harness.SOURCE / f"data/toolchains/{toolchain}.textproto").read_text()
        for command in hang:
            pattern = rf'(name: "{command}"(?:(?!command {{).)*?limit_seconds: )\d+'
            text, count = re.subn(pattern, rf"\g<1>{SHORT_LIMIT}", text, count=1, flags=re.DOTALL)
            self.assertEqual(1, count, command)
        (descriptions / f"{toolchain}.textproto").write_text(text)
        arguments = ["--toolchains-dir", str(descriptions), "--pause-scale", "0.002"]
        for program in programs:
            name, _, file = program.partition("=")
            arguments += ["--set", f"{name}={STANDINS / (file or name)}"]
        for setting in settings:
            arguments += ["--set", setting]
        start = self.start_agent if expected else self.launch
        agent = start(backend=toolchain, arguments=arguments)
        agent.full_speed()
        return agent

    def check_circle(self, agent, met, refused, measurements=MEASUREMENTS):
        """A campaign with every failure in it, and then an estimate. met: got over; refused: end a measurement."""
        self.assertIn("SIMULATED board, no real device", agent.log())
        (board,) = self.listed()
        self.assertTrue(board["fingerprint"]["simulated"])
        self.assertIn("SIMULATED", board["fingerprint"]["facts"]["toolchain"])
        self.start_campaign(measurements)
        campaign = self.check_end(most_failed=measurements // 2)
        log = agent.log()
        for name in met:
            self.assertRegex(log, rf"met {name}: ", "got over")
        for name in refused:
            # Without its times per layer a network's own time still counts.
            self.assertRegex(log, rf"(failed|no times per layer): (tried \d times: )?{name}: ", "refused")
        if refused:
            self.assertGreater(campaign["failed"], 0)
            self.assertTrue(any(name in campaign["message"] for name in refused), campaign["message"])
        os.environ["LATIMER_STANDIN_FAIL"] = ""
        estimate = json.loads(self.cli("estimate", NETWORK, "--platform", PLATFORM, "--format", "json"))["estimates"][0]
        self.assertTrue(estimate["simulated"])
        self.assertGreater(estimate["latency"]["estimateMs"], 0)
        return board

    def measure(self, *words, expected=0):
        """A whole network on the board: its measurements, or what went wrong."""
        answer = self.cli("measure", NETWORK, "--platform", PLATFORM, "--format", "json", *words, expected=expected)
        return answer if expected else json.loads(answer)["networks"][0]["measurements"]


class ToolchainsTest(ToolchainTestCase):
    def test_openvino(self):
        agent = self.start_tool(
            "openvino",
            ["benchmark_app"],
            failures="usb_lost@20x2,unsupported@/37,hang@60,crash@/53,memory@71",
            hang=["latency", "profile"],
        )
        board = self.check_circle(
            agent,
            met=["NCS2_DEVICE_LOST"],
            refused=["UNSUPPORTED_OPERATOR", "DEVICE_HANG", "CONVERTER_CRASHED", "OUT_OF_MEMORY"],
        )
        self.assertTrue(board["hasLayerReport"])
        facts = board["fingerprint"]["facts"]
        self.assertEqual("MYRIAD", facts["device"])
        self.assertRegex(facts["toolchain"], r"^openvino 2022\.3")

    def test_tensorrt(self):
        agent = self.start_tool(
            "tensorrt",
            ["trtexec"],
            failures="stale@9,throttle@15x2,unstable@30,hang@45,unsupported@/13,memory@17,crash@19",
            hang=["latency", "profile"],
            settings=["precision=int8"],
        )
        board = self.check_circle(
            agent,
            met=["ENGINE_MISMATCH", "THROTTLED", "CLOCKS_UNSTABLE"],
            refused=["UNSUPPORTED_OPERATOR", "OUT_OF_MEMORY", "CONVERTER_CRASHED", "GPU_HANG"],
        )
        self.assertTrue(board["hasLayerReport"])
        self.assertEqual("int8", board["fingerprint"]["facts"]["precision"])

    def test_tflite(self):
        reset = self.path / "reset"
        agent = self.start_tool(
            "tflite",
            ["onnx2tf", "vela", "benchmark_model"],
            failures="npu_error@20,npu_hang@40,traceback@/17,vela_crash@11,cpu_only@13,no_delegate@60",
            hang=["latency", "profile"],
            settings=["delegate=ethosu", f"recover=touch {reset}"],
        )
        board = self.check_circle(
            agent,
            met=["NPU_HANG"],
            refused=["CONVERTER_CRASHED", "NOT_ON_NPU", "DELEGATE_NOT_USED"],
        )
        self.assertTrue(reset.exists(), "the board was reset")
        self.assertFalse(board["hasLayerReport"], "a delegate's partition is one row")
        self.assertRegex(board["fingerprint"]["facts"]["compiler"], r"^vela 3\.12")

    def test_vitisai(self):
        agent = self.start_tool(
            "vitisai",
            ["vai_python", "vai_c_xir", "xdputil"],
            failures="unreachable@12x2,dpu_timeout@25,dpu_hang@40,cpu_parts@/29,traceback@9,mismatch@50",
            hang=["latency"],
        )
        board = self.check_circle(
            agent,
            met=["BOARD_UNREACHABLE"],
            refused=["OPERATORS_ON_CPU", "CONVERTER_CRASHED", "DPU_HANG", "DPU_MISMATCH"],
            measurements=80,  # padding is subtracted: fewer of them are samples
        )
        self.assertFalse(board["hasLayerReport"])
        self.assertEqual("0x101000056010407", board["fingerprint"]["facts"]["dpu"])

    def test_dnndk(self):
        agent = self.start_tool(
            "dnndk",
            ["dnndk_compile=latimer-dnndk-compile", "dnndk_run=latimer-dnndk-run"],
            failures="dpu_timeout@20,dpu_hang@35,cpu_layer@/11,caffe_crash@9",
            hang=["latency", "profile"],
        )
        board = self.check_circle(
            agent,
            met=[],
            refused=["DPU_HANG", "OPERATORS_ON_CPU", "CONVERTER_CRASHED"],
            measurements=80,  # of fewer, too few samples are left
        )
        self.assertTrue(board["hasLayerReport"])


class OptionsTest(ToolchainTestCase):
    """What the campaigns above do not choose, with one network."""

    def test_a_dla_that_lacks_a_layer(self):
        # Every second engine falls back: the reference network's does not, the first of this network does.
        self.start_tool("tensorrt", ["trtexec"], failures="dla_fallback@/2",
                        settings=["precision=int8", "dla_core=0", "cuda_graph=yes"])
        self.assertIn("FELL_BACK_TO_GPU: the DLA lacks a layer", self.measure(expected=1))
        (measured,) = self.measure("--layers")
        self.assertGreater(len(measured["layers"]), 20)
        facts = self.listed()[0]["fingerprint"]["facts"]
        self.assertEqual(("0", "yes", "no"), (facts["dla_core"], facts["cuda_graph"], facts["fallback"]))

    def test_velas_estimate_stands_beside_the_measurement(self):
        self.start_tool("tflite", ["onnx2tf", "vela", "benchmark_model"], settings=["delegate=ethosu"])
        (measured,) = self.measure()
        # As the stand-in makes it up.
        self.assertAlmostEqual(0.8, measured["compilerEstimateMs"] / measured["timing"]["medianMs"], delta=0.1)
        self.assertEqual([], measured["layers"])
        table = self.cli("measure", NETWORK, "--platform", PLATFORM, "--reuse")
        self.assertIn("compiler's estimate", table)

    def test_the_vx_delegate(self):
        self.start_tool("tflite", ["onnx2tf", "benchmark_model"], failures="no_delegate@5", settings=["delegate=vx"])
        # Three launches for the reference network, the second of this one is refused.
        self.assertIn("DELEGATE_NOT_USED: the delegate was not used", self.measure(expected=1))
        (measured,) = self.measure()
        self.assertGreater(measured["timing"]["medianMs"], 0)
        # Graphs are kept with the converted network.
        self.assertTrue(list(self.path.glob("agent/converted/*/graph.nb")))
        self.assertEqual(0, measured["compilerEstimateMs"])

    def test_the_edge_tpu(self):
        self.start_tool("tflite", ["onnx2tf", "edgetpu_compiler", "benchmark_model"], failures="usb@/4",
                        settings=["delegate=edgetpu"])
        measured = self.measure("--repetitions", "2")
        self.assertEqual([None, None], [m.get("failure") for m in measured])
        incidents = [incident for m in measured for incident in m["incidents"]]
        self.assertTrue(incidents)
        for incident in incidents:
            self.assertRegex(incident, "^USB_REENUMERATED: ")

    def test_the_tutorials_toolchain(self):
        """An agent with the two files of docs/toolchains.md measures, and its times stand for layers."""
        self.agent_program = str(STANDINS / "latimer-tutorial-agent")
        tool = harness.SOURCE / "tests/unit/backends_command/tutorial/mytool"
        agent = self.start_agent(backend="mytool", arguments=["--set", f"mytool={tool}"])
        agent.full_speed()
        (measured,) = self.measure("--layers")
        self.assertAlmostEqual(0.1345, measured["timing"]["medianMs"])
        self.assertEqual(["conv1", "pool1"], [layer["name"] for layer in measured["layers"]])
        (board,) = self.listed()
        self.assertEqual("mytool 2.0 SIMULATED", board["fingerprint"]["facts"]["toolchain"])

    def test_a_tool_that_is_not_there(self):
        agent = self.launch(token=self.token(), backend="tensorrt", arguments=["--set", "trtexec=/no/such/trtexec"])
        agent.full_speed()
        self.assertEqual(1, agent.wait())
        self.assertIn("needs the program '/no/such/trtexec', which is not there. Install JetPack's", agent.log())


if __name__ == "__main__":
    unittest.main()
