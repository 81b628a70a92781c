#!/usr/bin/python3
"""Networks that public reports of vendors' toolchains are about, rebuilt from their published architectures.

Names of nodes are those the reports use. Where a report says how much work a row is (DNNDK), the networks agree with it.

usage: report_networks.py DIR    writes them all as ONNX without weights
"""

import pathlib
import sys

from onnx_writer import Model


def alexnet():
    """AlexNet without groups and normalisation, two classes: Xilinx's cats against dogs on the ZCU102."""
    m = Model("alexnet_dnndk", "data", [1, 3, 227, 227])
    x = m.relu("relu1", m.conv("conv1", "data", 96, 11, 4))
    x = m.pool("pool1", x, "Max", 3, 2)
    x = m.relu("relu2", m.conv("conv2", x, 256, 5, 1, 2))
    x = m.pool("pool2", x, "Max", 3, 2)
    x = m.relu("relu3", m.conv("conv3", x, 384, 3, 1, 1))
    x = m.relu("relu4", m.conv("conv4", x, 384, 3, 1, 1))
    x = m.relu("relu5", m.conv("conv5", x, 256, 3, 1, 1))
    x = m.flatten("flatten", m.pool("pool5", x, "Max", 3, 2))
    x = m.relu("relu6", m.gemm("fc6", x, 4096))
    x = m.relu("relu7", m.gemm("fc7", x, 4096))
    m.gemm("fc8", x, 2)
    return m


def _vgg16(m, x):
    """Blocks of VGG16; the outputs of its five poolings."""
    pools = []
    for block, (channels, layers) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for layer in range(1, layers + 1):
            name = f"block{block}_conv{layer}"
            x = m.relu(f"{name}/Relu", m.conv(f"{name}/convolution", x, channels, 3, 1, 1))
        x = m.pool(f"block{block}_pool/MaxPool", x, "Max", 2, 2)
        pools.append(x)
    return pools


def fcn8():
    """FCN-8 on VGG16 with transposed convolutions, 12 classes, 224x224: Xilinx's segmentation on the ZCU102."""
    m = Model("fcn8_dnndk", "input_1", [1, 3, 224, 224])
    _, _, pool3, pool4, pool5 = _vgg16(m, "input_1")
    pool411 = m.relu("pool4_11/Relu", m.conv("pool4_11/convolution", pool4, 12, 1))
    pool411 = m.transposed("conv2d_transpose_2/conv2d_transpose", pool411, 12, 2, 2)
    pool311 = m.relu("pool3_11/Relu", m.conv("pool3_11/convolution", pool3, 12, 1))
    x = m.relu("conv6/Relu", m.conv("conv6/convolution", pool5, 512, 7, 1, 3))
    x = m.relu("conv7/Relu", m.conv("conv7/convolution", x, 512, 1))
    x = m.transposed("conv2d_transpose_1/conv2d_transpose", x, 12, 4, 4)
    x = m.node("Sum", "add_layer/add_1", [pool411, pool311, x], m.shapes[x])
    m.transposed("conv2d_transpose_3/conv2d_transpose", x, 12, 8, 8)
    return m


def fcn8ups():
    """The same with bilinear resizing in place of two transposed convolutions."""
    m = Model("fcn8ups_dnndk", "input_1", [1, 3, 224, 224])
    _, _, pool3, pool4, pool5 = _vgg16(m, "input_1")
    pool411 = m.relu("pool4_11/Relu", m.conv("pool4_11/convolution", pool4, 12, 1))
    pool411 = m.relu("pool411_b/Relu", m.conv("pool411_b/convolution", pool411, 12, 1))
    pool411 = m.resize("up_sampling2d_2/ResizeBilinear", pool411, 2)
    pool311 = m.relu("pool3_11/Relu", m.conv("pool3_11/convolution", pool3, 12, 1))
    x = m.relu("conv7_4a/Relu", m.conv("conv7_4a/convolution", pool5, 12, 7, 1, 3))
    x = m.relu("conv7_4b/Relu", m.conv("conv7_4b/convolution", x, 12, 1))
    x = m.resize("up_sampling2d_1/ResizeBilinear", x, 4)
    x = m.node("Sum", "add_layer/add_1", [pool411, pool311, x], m.shapes[x])
    m.transposed("conv2d_transpose_1/conv2d_transpose", x, 12, 8, 8)
    return m


def resnet18(batch=32):
    """torchvision's ResNet-18 with the names torch.onnx.export gives: the type and a running number."""
    m = Model("resnet18_torch", "input.1", [batch, 3, 224, 224])
    count = [0]

    def name(op):
        count[0] += 1
        return f"{op}_{count[0] - 1}"

    x = m.conv(name("Conv"), "input.1", 64, 7, 2, 3)
    x = m.relu(name("Relu"), x)
    x = m.pool(name("MaxPool"), x, "Max", 3, 2, 1)
    for stage, channels in enumerate([64, 128, 256, 512]):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            y = m.conv(name("Conv"), x, channels, 3, stride, 1)
            y = m.relu(name("Relu"), y)
            y = m.conv(name("Conv"), y, channels, 3, 1, 1)
            if stride == 2:
                x = m.conv(name("Conv"), x, channels, 1, 2)
            y = m.binary("Add", name("Add"), y, x)
            x = m.relu(name("Relu"), y)
    shape = m.shapes[x][:2] + [1, 1]
    x = m.node("GlobalAveragePool", name("GlobalAveragePool"), [x], shape)
    x = m.flatten(name("Flatten"), x)
    m.gemm(name("Gemm"), x, 1000)
    return m


def resnet50_keras(batch=32):
    """Keras' ResNet-50 (stride in the first 1x1 convolution of a block) as tf2onnx names it."""
    m = Model("resnet50_keras", "input_1", [batch, 224, 224, 3])
    x = m.node("Transpose", "resnet50/conv1_conv/Conv2D__6", ["input_1"], [batch, 3, 224, 224], perm=[0, 3, 1, 2])
    x = m.relu("resnet50/conv1_relu/Relu", m.conv("Conv__435", x, 64, 7, 2, 3))
    x = m.pad("resnet50/pool1_pad/Pad", x, 1)
    x = m.pool("resnet50/pool1_pool/MaxPool", x, "Max", 3, 2)
    for stage, (channels, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 2):
        for block in range(1, blocks + 1):
            prefix = f"resnet50/conv{stage}_block{block}"
            stride = 2 if stage > 2 and block == 1 else 1
            y = m.relu(f"{prefix}_1_relu/Relu", m.conv(f"{prefix}_1_conv/Conv2D", x, channels, 1, stride))
            y = m.relu(f"{prefix}_2_relu/Relu", m.conv(f"{prefix}_2_conv/Conv2D", y, channels, 3, 1, 1))
            y = m.conv(f"{prefix}_3_conv/Conv2D", y, 4 * channels, 1)
            if block == 1:
                x = m.conv(f"{prefix}_0_conv/Conv2D", x, 4 * channels, 1, stride)
            x = m.relu(f"{prefix}_out/Relu", m.binary("Add", f"{prefix}_add/add", x, y))
    x = m.node("GlobalAveragePool", "resnet50/avg_pool/Mean", [x], m.shapes[x][:2] + [1, 1])
    x = m.gemm("resnet50/predictions/MatMul", m.flatten("resnet50/avg_pool/Squeeze", x), 1000)
    m.unary("Softmax", "resnet50/predictions/Softmax", x, axis=1)
    return m


_INCEPTION = {  # 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)}


def googlenet():
    """GoogLeNet with the names of its Caffe model: the profiles of a Jetson AGX Xavier."""
    m = Model("googlenet_caffe", "data", [1, 3, 224, 224])

    def conv(name, relu, x, *arguments):
        return m.relu(relu, m.conv(name, x, *arguments))

    x = conv("conv1/7x7_s2", "conv1/relu_7x7", "data", 64, 7, 2, 3)
    x = m.pool("pool1/3x3_s2", x, "Max", 3, 2, 0, ceil=True)
    x = m.unary("LRN", "pool1/norm1", x, size=5)
    x = conv("conv2/3x3_reduce", "conv2/relu_3x3_reduce", x, 64, 1)
    x = conv("conv2/3x3", "conv2/relu_3x3", x, 192, 3, 1, 1)
    x = m.unary("LRN", "conv2/norm2", x, size=5)
    x = m.pool("pool2/3x3_s2", x, "Max", 3, 2, 0, ceil=True)
    for block, (c1, r3, c3, r5, c5, p) in _INCEPTION.items():
        if block in ("4a", "5a"):
            x = m.pool("pool3/3x3_s2" if block == "4a" else "pool4/3x3_s2", x, "Max", 3, 2, 0, ceil=True)
        n = f"inception_{block}/"
        a = conv(n + "1x1", n + "relu_1x1", x, c1, 1)
        b = conv(n + "3x3_reduce", n + "relu_3x3_reduce", x, r3, 1)
        b = conv(n + "3x3", n + "relu_3x3", b, c3, 3, 1, 1)
        c = conv(n + "5x5_reduce", n + "relu_5x5_reduce", x, r5, 1)
        c = conv(n + "5x5", n + "relu_5x5", c, c5, 5, 1, 2)
        d = m.pool(n + "pool", x, "Max", 3, 1, 1)
        d = conv(n + "pool_proj", n + "relu_pool_proj", d, p, 1)
        x = m.concat(n + "output", [a, b, c, d])
    x = m.flatten("flatten", m.pool("pool5/7x7_s1", x, "Average", 7, 1))
    m.unary("Softmax", "prob", m.gemm("loss3/classifier", x, 1000), axis=1)
    return m


NETWORKS = {"alexnet_dnndk": alexnet, "fcn8_dnndk": fcn8, "fcn8ups_dnndk": fcn8ups, "resnet18_torch": resnet18,
            "resnet50_keras": resnet50_keras, "googlenet_caffe": googlenet}


def write(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in NETWORKS.items():
        (folder / f"{name}.onnx").write_bytes(make().bytes())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    write(sys.argv[1])
