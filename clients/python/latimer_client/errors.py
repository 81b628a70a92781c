"""Errors of a Latimer server with the details a program can act on."""

import grpc
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY = "grpc-status-details-bin"


class LatimerError(Exception):
    """A request the server refused or could not answer.

    Attributes:
      code: grpc.StatusCode.
      reason: constant UPPER_SNAKE_CASE identifier of the cause; "" where the server gave none.
      field: path of the request field at fault; "" where none is.
      metadata: every variable part of the message, by name.
      retry_after_s: seconds to wait before asking again; None where waiting does not help.
    """

    def __init__(self, code, message, details=()):
        super().__init__(message)
        self.code = code
        self.reason = ""
        self.field = ""
        self.metadata = {}
        self.retry_after_s = None
        for detail in details:
            self._read(detail)

    def _read(self, detail):
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            self.reason = info.reason
            self.metadata = dict(info.metadata)
        elif detail.Unpack(bad_request) and bad_request.field_violations:
            self.field = bad_request.field_violations[0].field
        elif detail.Unpack(retry):
            self.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()


def from_status(status):
    """LatimerError of a google.rpc.Status."""
    codes = {code.value[0]: code for code in grpc.StatusCode}
    return LatimerError(codes.get(status.code, grpc.StatusCode.UNKNOWN), status.message, status.details)


def from_rpc_error(error):
    """LatimerError of a grpc.RpcError."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY:
            return from_status(status_pb2.Status.FromString(value))
    return LatimerError(error.code(), error.details() or error.code().name)
