"""Requests made of bytes are those the messages serialise to."""

import unittest

from latimer.v1 import estimate_pb2, estimation_service_pb2

from latimer_client import nasbench201, wire


class StreamedRequestsTest(unittest.TestCase):
    def test_bytes_are_those_of_the_message(self):
        network = nasbench201(["nor_conv_3x3"] * 6)
        for number in (0, 1, 127, 128, 1 << 40):
            for batch_size in (0, 1, 300):
                options = estimation_service_pb2.EstimateOptions(
                    model_kind=estimate_pb2.MODEL_KIND_ROOFLINE,
                    confidence=0.5,
                    view=estimate_pb2.ESTIMATE_VIEW_SUMMARY,
                )
                message = estimation_service_pb2.EstimateStreamRequest(id=number)
                message.request.platform = "ncs2-openvino"
                message.request.network.network.CopyFrom(network)
                message.request.network.batch_size = batch_size
                message.request.options.CopyFrom(options)
                source = wire.compact_source(network, batch_size)
                self.assertEqual(source, wire.compact_source(wire.CompactNetwork(network), batch_size))
                self.assertEqual(source, message.request.network.SerializeToString())
                made = wire.StreamedRequests("ncs2-openvino", options).request(number, source)
                self.assertEqual(made, message.SerializeToString(deterministic=True))


if __name__ == "__main__":
    unittest.main()
