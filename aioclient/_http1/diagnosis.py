"""What to tell the caller about bytes that a twin refused.

A twin says yes or no; the error is made here, from the bytes, so that it is the same for both.
"""

import re

from aioclient._http1.limits import Limits
from aioclient.errors import (
    ClientError,
    ClientPayloadError,
    ServerDisconnectedError,
    ServerProtocolError,
    shown,
)

# Not compiled at import: they are needed when something is wrong.
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_CONTROL = rb"[\x00-\x08\x0a-\x1f\x7f]"
_STATUS_LINE = rb"HTTP/1\.[0-9] [1-9][0-9]{2}(?: .*)?"

# What is wrong with trailers comes after a head that was good: it is the body that is broken.
_KINDS = {False: (ServerProtocolError, "header"), True: (ClientPayloadError, "trailer")}


def bad_start(data: bytes) -> ServerProtocolError:
    """For bytes that do not begin as an HTTP/1 response."""
    if data.startswith(b"HTTP/"):
        return ServerProtocolError(f"the server speaks another version of HTTP: {shown(data)}")
    return ServerProtocolError(f"the server's answer is not HTTP: {shown(data)}")


def bad_head(head: bytes) -> ServerProtocolError:
    """For a complete head, status line and fields, that breaks a rule."""
    status_line, _, fields = head.partition(b"\n")
    status_line = status_line.removesuffix(b"\r")
    if re.fullmatch(_STATUS_LINE, status_line) is None:
        if re.match(rb"HTTP/1\.[0-9](?![0-9])", status_line) is None:
            return bad_start(head)
        return ServerProtocolError(f"malformed status line {shown(status_line)}")
    if re.search(_CONTROL, status_line):
        return ServerProtocolError(f"control character in status line {shown(status_line)}")
    return ServerProtocolError(_bad_field(fields))


def bad_trailers(section: bytes) -> ClientPayloadError:
    """For a complete trailer section that breaks a rule."""
    return ClientPayloadError(f"{_bad_field(section)} (in the trailers)")


def _bad_field(section: bytes) -> str:
    for number, line_and_cr in enumerate(section.split(b"\n")):
        line = line_and_cr.removesuffix(b"\r")
        name, colon, value = line.partition(b":")
        if number > 0 and line[:1] in (b" ", b"\t"):
            value = line  # obs-fold
        elif line and (not colon or re.fullmatch(_TOKEN, name) is None):
            return f"malformed header line {shown(line)}"
        if re.search(_CONTROL, value):
            return f"control character in header line {shown(line)}"
    return f"malformed header section {shown(section)}"


def head_too_large(limits: Limits) -> ServerProtocolError:
    """For a head that passed `max_head_bytes`."""
    return ServerProtocolError(f"response head exceeds max_head_bytes ({limits.max_head_bytes})")


def line_too_long(limits: Limits, line: bytes) -> ServerProtocolError:
    """For a status line that passed `max_line_bytes`."""
    return ServerProtocolError(
        f"status line exceeds max_line_bytes ({limits.max_line_bytes}): {shown(line)}"
    )


def field_too_long(limits: Limits, name: bytes, *, in_trailers: bool) -> ClientError:
    """For a field that passed `max_field_bytes`."""
    kind, part = _KINDS[in_trailers]
    return kind(f"{part} field {shown(name)} exceeds max_field_bytes ({limits.max_field_bytes})")


def too_many_fields(limits: Limits, *, in_trailers: bool) -> ClientError:
    """For a head, or a head and its trailers, with more than `max_fields` fields."""
    kind, _ = _KINDS[in_trailers]
    return kind(f"response has more than max_fields ({limits.max_fields}) fields")


def too_many_empty_lines(limits: Limits) -> ServerProtocolError:
    """For empty lines instead of a status line."""
    return ServerProtocolError(
        f"more than max_empty_lines ({limits.max_empty_lines}) empty lines before the status line"
    )


def too_many_informational(limits: Limits) -> ServerProtocolError:
    """For 1xx responses without end."""
    return ServerProtocolError(
        f"more than max_informational ({limits.max_informational}) informational responses"
    )


def bad_chunk_line(line: bytes) -> ClientPayloadError:
    """For what should be a chunk size and is not."""
    return ClientPayloadError(f"malformed chunk size line {shown(line)}")


def chunk_line_too_long(limits: Limits, start: bytes) -> ClientPayloadError:
    """For a chunk-size line that passed `max_chunk_line_bytes`."""
    return ClientPayloadError(
        f"chunk size line exceeds max_chunk_line_bytes ({limits.max_chunk_line_bytes}): "
        f"{shown(start)}"
    )


def bad_chunk_end(data: bytes) -> ClientPayloadError:
    """For chunk data that CRLF does not follow."""
    return ClientPayloadError(f"chunk data is not followed by CRLF but by {shown(data)}")


def trailers_too_large(limits: Limits) -> ClientPayloadError:
    """For a trailer section that passed `max_trailer_bytes`."""
    return ClientPayloadError(f"trailers exceed max_trailer_bytes ({limits.max_trailer_bytes})")


def cut_off_head(received: bytes) -> ServerDisconnectedError:
    """For a connection that ended before the head of a response was complete."""
    if received:
        return ServerDisconnectedError(
            f"server disconnected in the middle of a response head: {shown(received)}"
        )
    return ServerDisconnectedError("server disconnected without a response")


def cut_off_body(received: int, expected: int | None) -> ClientPayloadError:
    """For a connection that ended inside a body; `expected` is None for a chunked one."""
    if expected is None:
        return ClientPayloadError(
            f"response body is incomplete: got {received} bytes and no last chunk"
        )
    return ClientPayloadError(
        f"response body is incomplete: expected {expected} bytes, got {received}"
    )
