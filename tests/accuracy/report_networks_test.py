"""The networks in tests/data/vendor-reports are those report_networks.py makes, and rows find their units."""

import pathlib
import unittest

import report_accuracy
import report_networks

DATA = pathlib.Path(__file__).resolve().parents[1] / "data/vendor-reports"


class ReportNetworks(unittest.TestCase):
    def test_the_files_are_up_to_date(self):
        for name, make in report_networks.NETWORKS.items():
            self.assertEqual((DATA / f"networks/{name}.onnx").read_bytes(), make().bytes(),
                             f"{name}: run report_networks.py tests/data/vendor-reports/networks")
        self.assertEqual(len(report_networks.NETWORKS), len(list((DATA / "networks").iterdir())))

    def test_known_amounts_of_work(self):
        def macs(model):
            return sum(model.work)

        # AlexNet without groups 1.13, VGG16's convolutions and FCN-8's head 16.0, ResNet-18 1.81, ResNet-50 3.9,
        # GoogLeNet 1.58 thousand millions.
        for make, expected in ((report_networks.alexnet, 1.131e9), (report_networks.fcn8, 16.005e9),
                               (lambda: report_networks.resnet18(1), 1.814e9),
                               (lambda: report_networks.resnet50_keras(1), 3.858e9), (report_networks.googlenet, 1.582e9)):
            self.assertAlmostEqual(macs(make()) / expected, 1, delta=0.01)


class Rows(unittest.TestCase):
    def test_reports_are_read_as_the_tools_sum_them(self):
        dnndk = DATA / "dnndk/fcn8_zcu102_dnndk_profile.log"
        nodes = ["block1_conv1/convolution", "conv2d_transpose_1/conv2d_transpose"]
        rows = report_accuracy.READERS["dnndk"](dnndk, "fcn8", nodes)
        self.assertEqual(21, len(rows))
        self.assertAlmostEqual(34.015, sum(ms for _, ms in rows), delta=0.002)
        self.assertEqual(["block1_conv1/convolution"], rows[0][0])
        self.assertIn(["conv2d_transpose_1/conv2d_transpose"], [names for names, _ in rows])
        rows = report_accuracy.READERS["tensorrt"](DATA / "tensorrt/resnet18-A100-fp32.profile.json", "", [])
        self.assertEqual(["Conv_5", "Add_6", "Relu_7"], rows[4][0])
        self.assertEqual(["MaxPool_2"], rows[2][0])

    def test_units_and_rows_that_overlap_are_one_pair(self):
        units = [{"name": n, "nodes": [n], "latency": {"estimateMs": ms}} for n, ms in (("a", 1.0), ("b", 2.0), ("c", 4.0))]
        rows = [(["a", "b"], 5.0), (["b/Transpose"], 0.5), (["c"], 3.0), (["other"], 9.0)]
        self.assertEqual([(3.0, 5.5), (4.0, 3.0)], sorted(report_accuracy._pairs(rows, {"units": units})))


if __name__ == "__main__":
    unittest.main()
