"""Asks a Latimer server how long neural networks run on boards.

    from latimer_client import LatimerClient

    with LatimerClient("localhost:50051") as client:
        estimate = client.estimate("resnet34.onnx", "zcu102-dnndk")
        print(estimate.latency.estimate_ms, "ms")

Needs grpcio 1.51 and protobuf 3.21 or newer, and the modules generated from proto/ beside this package (the CMake
target latimer_python puts both into <build folder>/python).
"""

import os

import google

# Some protobuf packages fix the search path of the namespace package `google` before anyone else can join it;
# google.rpc lives beside this package.
_GOOGLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "google")
if os.path.isdir(_GOOGLE) and _GOOGLE not in google.__path__:
    google.__path__.append(_GOOGLE)

from latimer_client.cells import NetworkWriter, nasbench101, nasbench201  # noqa: E402
from latimer_client.client import Answer, LatimerClient  # noqa: E402
from latimer_client.errors import LatimerError  # noqa: E402
from latimer_client.onnx_weights import strip_weights  # noqa: E402
from latimer_client.wire import CompactNetwork  # noqa: E402

__all__ = [
    "Answer",
    "CompactNetwork",
    "LatimerClient",
    "LatimerError",
    "NetworkWriter",
    "nasbench101",
    "nasbench201",
    "strip_weights",
]
