"""The client; see the package's description."""

import dataclasses
import os
import queue
from typing import Any, Optional

import grpc
from latimer.v1 import estimate_pb2, estimation_service_pb2, estimation_service_pb2_grpc
from latimer.v1 import network_pb2, network_service_pb2, network_service_pb2_grpc
from latimer.v1 import platform_service_pb2, platform_service_pb2_grpc

from latimer_client import errors, tokens, wire
from latimer_client.onnx_weights import strip_weights

_MODEL_KINDS = {
    "auto": estimate_pb2.MODEL_KIND_AUTO,
    "roofline": estimate_pb2.MODEL_KIND_ROOFLINE,
    "refined": estimate_pb2.MODEL_KIND_REFINED_ROOFLINE,
    "statistical": estimate_pb2.MODEL_KIND_STATISTICAL,
    "mixed": estimate_pb2.MODEL_KIND_MIXED,
}


@dataclasses.dataclass
class Answer:
    """What estimate_many() says about one network: exactly one of `estimate` and `error` is set."""

    index: int  # position of the network in what the caller gave
    network: Any  # the network itself, as the caller gave it
    estimate: Optional[estimate_pb2.NetworkEstimate] = None
    error: Optional[errors.LatimerError] = None


class LatimerClient:
    """A connection to one server. May be used by several threads at once; every call raises LatimerError.

    Networks are given as the path of an ONNX file (*.onnx) or an ANNETTE graph (*.json), the bytes of an ONNX model,
    an onnx.ModelProto, a latimer.v1.Network or a CompactNetwork. Weights are taken out before anything is sent.
    """

    def __init__(self, address="localhost:50051", *, credentials=None, token=None, insecure=False, timeout_s=30.0):
        """Connects when first used.

        credentials: grpc.ChannelCredentials for TLS; None: plain text.
        token: of a client (latimer token create --role estimate), where the server asks who calls. It is sent in plain
          text to this machine only, unless insecure=True says that the network is trusted.
        timeout_s: deadline of each call in seconds; streams have none.
        """
        if token and credentials is None and not insecure and not tokens.is_loopback(address):
            raise ValueError(f"the connection to {address} is not encrypted, and the token could be read there")
        options = [("grpc.max_receive_message_length", 64 << 20)]
        if credentials is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            self._channel = grpc.secure_channel(address, credentials, options)
        self._timeout_s = timeout_s
        channel = tokens.with_token(self._channel, token) if token else self._channel
        self._estimation = estimation_service_pb2_grpc.EstimationServiceStub(channel)
        # Requests come as bytes.
        self._estimate_stream = channel.stream_stream(
            "/latimer.v1.EstimationService/EstimateStream",
            response_deserializer=estimation_service_pb2.EstimateStreamResponse.FromString,
        )
        self._networks = network_service_pb2_grpc.NetworkServiceStub(channel)
        self._platforms = platform_service_pb2_grpc.PlatformServiceStub(channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection; calls in flight fail."""
        self._channel.close()

    def estimate(self, network, platform, *, batch_size=0, input_shapes=None, **options):
        """The latimer.v1.NetworkEstimate of one network on one platform.

        platform: id such as "ncs2-openvino".
        batch_size: replaces the first dimension of every input; 0: as declared.
        input_shapes: dict of input name to list of dimensions, for inputs with open dimensions.
        options: model_kind ("auto", "roofline", "refined", "statistical", "mixed"), confidence (in (0, 1)),
          summary (True: no table of units).
        """
        request = estimation_service_pb2.EstimateRequest(
            platform=platform, network=_source(network, batch_size, input_shapes), options=_options(**options)
        )
        return self._call(self._estimation.Estimate, request).estimate

    def estimate_platforms(self, network, platforms=(), *, batch_size=0, input_shapes=None, **options):
        """List of estimates of one network, one per platform; no platforms: all the server has."""
        request = estimation_service_pb2.EstimatePlatformsRequest(
            platforms=platforms, network=_source(network, batch_size, input_shapes), options=_options(**options)
        )
        return list(self._call(self._estimation.EstimatePlatforms, request).estimates)

    def estimate_many(self, networks, platform, *, window=64, batch_size=0, **options):
        """Yields one Answer per network, as they become ready, in any order.

        All travel over one stream; at most `window` are under way, so `networks` may be a generator without end. A
        network that cannot be read or estimated becomes an Answer with an error; a broken connection raises.
        """
        if window < 1:
            raise ValueError("window must be at least 1")
        streamed = wire.StreamedRequests(platform, _options(**options))
        remaining = enumerate(networks)
        requests = queue.SimpleQueue()
        responses = self._estimate_stream(iter(requests.get, None))
        pending = {}
        try:
            while True:
                while remaining is not None and len(pending) < window:
                    index, network = next(remaining, (None, None))
                    if index is None:
                        remaining = None
                        requests.put(None)
                        break
                    try:
                        if isinstance(network, (network_pb2.Network, wire.CompactNetwork)):
                            source = wire.compact_source(network, batch_size)
                        else:
                            source = _source(network, batch_size).SerializeToString()
                    except (OSError, ValueError) as error:
                        yield Answer(
                            index, network, error=errors.LatimerError(grpc.StatusCode.INVALID_ARGUMENT, str(error))
                        )
                        continue
                    pending[index] = network
                    requests.put(streamed.request(index, source))
                if not pending:
                    return
                try:
                    response = next(responses)
                except StopIteration:
                    raise errors.LatimerError(
                        grpc.StatusCode.UNAVAILABLE, f"the server ended the stream with {len(pending)} answers open"
                    ) from None
                except grpc.RpcError as error:
                    raise errors.from_rpc_error(error) from None
                answer = Answer(response.id, pending.pop(response.id))
                if response.HasField("error"):
                    answer.error = errors.from_status(response.error)
                else:
                    answer.estimate = response.estimate
                yield answer
        finally:
            requests.put(None)
            responses.cancel()

    def list_platforms(self):
        """List of all latimer.v1.Platform, without the models of their layer types."""
        platforms, page_token = [], ""
        while True:
            request = platform_service_pb2.ListPlatformsRequest(page_token=page_token)
            page = self._call(self._platforms.ListPlatforms, request)
            platforms += page.platforms
            page_token = page.next_page_token
            if not page_token:
                return platforms

    def get_platform(self, name):
        """The latimer.v1.Platform in full."""
        return self._call(self._platforms.GetPlatform, platform_service_pb2.GetPlatformRequest(name=name))

    def describe_network(self, network, *, batch_size=0, input_shapes=None):
        """latimer.v1.DescribeNetworkResponse: what the server reads in a network, without any platform."""
        request = network_service_pb2.DescribeNetworkRequest(network=_source(network, batch_size, input_shapes))
        return self._call(self._networks.DescribeNetwork, request)

    def _call(self, method, request):
        try:
            return method(request, timeout=self._timeout_s)
        except grpc.RpcError as error:
            raise errors.from_rpc_error(error) from None


def _options(model_kind="auto", confidence=0.0, summary=False):
    if model_kind not in _MODEL_KINDS:
        raise ValueError(f"unknown model kind '{model_kind}'; known: {', '.join(_MODEL_KINDS)}")
    view = estimate_pb2.ESTIMATE_VIEW_SUMMARY if summary else estimate_pb2.ESTIMATE_VIEW_FULL
    return estimation_service_pb2.EstimateOptions(
        model_kind=_MODEL_KINDS[model_kind], confidence=confidence, view=view
    )


def _source(network, batch_size=0, input_shapes=None):
    source = network_pb2.NetworkSource(batch_size=batch_size)
    for name, dims in (input_shapes or {}).items():
        source.input_shapes.add(name=name, shape=network_pb2.Shape(dims=dims))
    if isinstance(network, (str, os.PathLike)):
        source.display_name = os.path.splitext(os.path.basename(network))[0]
        with open(network, "rb") as file:
            data = file.read()
        if str(network).endswith(".json"):
            source.annette_json = data
        else:
            source.onnx_model = strip_weights(data)
    elif isinstance(network, network_pb2.Network):
        source.network.CopyFrom(network)
    elif isinstance(network, wire.CompactNetwork):
        source.network.ParseFromString(network.data)
    elif isinstance(network, (bytes, bytearray, memoryview)):
        source.onnx_model = strip_weights(bytes(network))
    elif hasattr(network, "SerializeToString"):
        source.onnx_model = strip_weights(network.SerializeToString())
    else:
        raise ValueError(f"not a network: {type(network).__name__}")
    return source
