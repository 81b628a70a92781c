"""strip_weights on models written out by hand, byte for byte."""

import unittest

from latimer_client.onnx_weights import KEPT_BYTES, strip_weights


def _field(number, payload):
    """A length-delimited field of fewer than 16384 bytes."""
    size = len(payload)
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([number << 3 | 2]) + length + payload


def _varint_field(number, value):
    return bytes([number << 3, value])


DIMS = _varint_field(1, 64) + _varint_field(2, 1)
NAME = _field(8, b"weight")
LARGE = _field(9, bytes(KEPT_BYTES + 1))
SMALL = _field(9, bytes(KEPT_BYTES))


class StripWeightsTest(unittest.TestCase):
    def test_large_raw_data_goes_and_everything_else_stays(self):
        node = _field(1, _field(4, b"Conv"))
        model = _varint_field(1, 8) + _field(7, node + _field(5, DIMS + NAME + LARGE)) + _field(2, b"exporter")
        expected = _varint_field(1, 8) + _field(7, node + _field(5, DIMS + NAME)) + _field(2, b"exporter")
        self.assertEqual(strip_weights(model), expected)

    def test_small_constants_stay(self):
        model = _field(7, _field(5, DIMS + SMALL))
        self.assertEqual(strip_weights(model), model)

    def test_typed_lists_go(self):
        for number in (4, 5, 6, 7, 10, 11):
            model = _field(7, _field(5, DIMS + _field(number, bytes(2000))))
            self.assertEqual(strip_weights(model), _field(7, _field(5, DIMS)), number)

    def test_many_small_pieces_count_together(self):
        model = _field(7, _field(5, DIMS + _field(9, bytes(600)) + _field(9, bytes(600))))
        self.assertEqual(strip_weights(model), _field(7, _field(5, DIMS)))

    def test_constant_nodes_and_nested_graphs_are_stripped(self):
        constant = _field(1, _field(5, _field(1, b"value") + _field(5, DIMS + LARGE)))
        stripped = _field(1, _field(5, _field(1, b"value") + _field(5, DIMS)))
        self.assertEqual(strip_weights(_field(7, constant)), _field(7, stripped))
        nested = _field(7, _field(1, _field(5, _field(6, constant))))
        self.assertEqual(strip_weights(nested), _field(7, _field(1, _field(5, _field(6, stripped)))))

    def test_external_data_is_forgotten(self):
        model = _field(7, _field(5, DIMS + _field(13, b"\x0a\x01k") + _varint_field(14, 1)))
        self.assertEqual(strip_weights(model), _field(7, _field(5, DIMS)))

    def test_nothing_is_left_of_nothing(self):
        self.assertEqual(strip_weights(b""), b"")

    def test_other_bytes_are_refused(self):
        whole = _field(7, _field(5, DIMS + LARGE))
        for bad in (b"\xff" * 100, whole[:-1], whole[:2], b"\x0b", b"\x39\x00"):
            with self.assertRaises(ValueError):
                strip_weights(bad)


if __name__ == "__main__":
    unittest.main()
