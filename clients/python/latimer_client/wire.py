"""Requests put together from bytes: a stream of thousands of networks a second has no time for messages in messages."""


def varint(value):
    """Protobuf's variable-length form of a number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, payload):
    """A field of bytes, of text or of a message."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


class StreamedRequests:
    """Serialised EstimateStreamRequests for one platform with the same options.

    Equal, byte by byte, to the serialised messages; tests/wire_test.py holds it to that.
    """

    def __init__(self, platform, options):
        self._platform = field(1, platform.encode()) if platform else b""
        self._options = field(3, options.SerializeToString())

    def request(self, number, source):
        """`source`: a serialised NetworkSource."""
        request = b"".join((self._platform, field(2, source), self._options))
        head = b"\x08" + varint(number) if number else b""
        return head + field(2, request)


class CompactNetwork:
    """A serialised latimer.v1.Network: made once, by whichever thread or process, sent as it is.

    In a search with a generator of its own this saves the most: serialising takes longer than all else per network.
    """

    __slots__ = ("data",)

    def __init__(self, network):
        """network: a latimer.v1.Network or its bytes."""
        self.data = bytes(network) if isinstance(network, (bytes, bytearray)) else network.SerializeToString()


def compact_source(network, batch_size=0):
    """A serialised NetworkSource with that latimer.v1.Network or CompactNetwork."""
    source = field(2, network.data if isinstance(network, CompactNetwork) else network.SerializeToString())
    return source + b"\x28" + varint(batch_size) if batch_size else source
