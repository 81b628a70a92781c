"""Puts a client's token on every call."""

import collections

import grpc

_LOOPBACK = ("127.", "localhost:", "[::1]:", "unix:")


class _Details(
    collections.namedtuple("_Details", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")),
    grpc.ClientCallDetails,
):
    pass


class _TokenInterceptor(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Not call credentials: gRPC sends those over TLS only, and loopback has none."""

    def __init__(self, token):
        self._header = ("authorization", f"Bearer {token}")

    def _with_token(self, details):
        metadata = [*(details.metadata or ()), self._header]
        return _Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )

    def intercept_unary_unary(self, continuation, client_call_details, request):
        return continuation(self._with_token(client_call_details), request)

    def intercept_stream_stream(self, continuation, client_call_details, request_iterator):
        return continuation(self._with_token(client_call_details), request_iterator)


def with_token(channel, token):
    """The channel, with the token on every call."""
    return grpc.intercept_channel(channel, _TokenInterceptor(token))


def is_loopback(address):
    """Whether the address is this machine's own, so that nobody else reads what is sent there."""
    return address.startswith(_LOOPBACK)
