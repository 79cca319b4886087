"""What to tell the caller about bytes that a twin refused.

A twin says yes or no; the error is made here, from the bytes, so that it is the same for both.
"""

import re

from aioclient._http1.limits import Limits
from aioclient.errors import (
    BodyLimitError,
    ClientPayloadError,
    HeadLimitError,
    ServerDisconnectedError,
    ServerProtocolError,
    shown,
)

# Not compiled at import: they are needed when something is wrong.
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_CONTROL = rb"[\x00-\x08\x0a-\x1f\x7f]"
_STATUS_LINE = rb"HTTP/1\.[0-9] [1-9][0-9]{2}(?: .*)?"


def bad_start(data: bytes) -> ServerProtocolError:
    """For bytes that do not begin as an HTTP/1 response."""
    line = _first_line(data)
    if data.startswith(b"HTTP/"):
        return ServerProtocolError(f"the server speaks another version of HTTP: {line}")
    return ServerProtocolError(f"the server's answer is not HTTP: {line}")


def _first_line(data: bytes) -> str:
    """What is shown of a head: fields may be secrets, of the server's or, from an echo, ours."""
    line, end, rest = data.partition(b"\n")
    text = shown(line + end)
    return f"{text}..." if rest and not text.endswith("...") else text


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


def bad_field_name(name: str) -> ValueError:
    """For a name of a field to send that is not a token; what follows may be a secret value."""
    if not name:
        return ValueError("a header name is empty")
    good = re.match(_TOKEN.decode("ascii"), name)
    start = good[0] if good else ""
    wrong = name[len(start)]
    return ValueError(f"invalid character {wrong!r} in a header name, after {start!r}")


def bad_field_value(name: str, encoded: bytes | None) -> ValueError:
    """For a value of a field to send, which may be a secret; None if it cannot be encoded."""
    what = "character that cannot be encoded" if encoded is None else "control character"
    return ValueError(f"{what} in the value of header {str(name)!r}")


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


def _head_limit(limits: Limits, name: str, what: str) -> HeadLimitError:
    value = getattr(limits, name)
    return HeadLimitError(f"{what} {name} ({value})", limit=name, limit_value=value)


def _body_limit(limits: Limits, name: str, what: str) -> BodyLimitError:
    value = getattr(limits, name)
    return BodyLimitError(f"{what} {name} ({value})", limit=name, limit_value=value)


def head_too_large(limits: Limits) -> HeadLimitError:
    """For a head that passed `max_head_size`."""
    return _head_limit(limits, "max_head_size", "response head exceeds")


def line_too_long(limits: Limits, line: bytes) -> HeadLimitError:
    """For a status line that passed `max_line_size`."""
    return _head_limit(limits, "max_line_size", f"status line {shown(line)} exceeds")


def field_too_long(
    limits: Limits, name: bytes, *, in_trailers: bool
) -> HeadLimitError | BodyLimitError:
    """For a field that passed `max_field_size`."""
    if in_trailers:  # after a head that was good: it is the body that is broken
        return _body_limit(limits, "max_field_size", f"trailer field {shown(name)} exceeds")
    return _head_limit(limits, "max_field_size", f"header field {shown(name)} exceeds")


def too_many_fields(limits: Limits, *, in_trailers: bool) -> HeadLimitError | BodyLimitError:
    """For a head, or a head and its trailers, with more than `max_headers` fields."""
    if in_trailers:
        return _body_limit(limits, "max_headers", "number of header and trailer fields exceeds")
    return _head_limit(limits, "max_headers", "number of header fields exceeds")


def too_many_empty_lines(limits: Limits) -> HeadLimitError:
    """For empty lines instead of a status line."""
    what = "number of empty lines before the status line exceeds"
    return _head_limit(limits, "max_empty_lines", what)


def too_many_informational(limits: Limits) -> HeadLimitError:
    """For 1xx responses without end."""
    return _head_limit(limits, "max_informational", "number of informational responses exceeds")


def bad_chunk_line(line: bytes) -> ClientPayloadError:
    """For what should be a chunk size and is not."""
    return ClientPayloadError(f"malformed chunk size line {shown(line)}")


def chunk_line_too_long(limits: Limits, start: bytes) -> BodyLimitError:
    """For a chunk-size line that passed `max_chunk_line_size`."""
    return _body_limit(limits, "max_chunk_line_size", f"chunk size line {shown(start)} exceeds")


def chunk_extensions_too_large(limits: Limits) -> BodyLimitError:
    """For chunk extensions that passed `max_chunk_ext_size` together."""
    return _body_limit(limits, "max_chunk_ext_size", "chunk extensions of the body exceed")


def bad_chunk_end(data: bytes) -> ClientPayloadError:
    """For chunk data that CRLF does not follow."""
    return ClientPayloadError(f"chunk data is not followed by CRLF but by {shown(data)}")


def trailers_too_large(limits: Limits, room: int) -> BodyLimitError:
    """For trailers of more than `room` bytes: `max_trailer_size`, or what the head left."""
    if room < limits.max_trailer_size:
        return _body_limit(limits, "max_head_size", "head and trailer section together exceed")
    return _body_limit(limits, "max_trailer_size", "trailer section exceeds")


def cut_off_head(received: bytes) -> ServerDisconnectedError:
    """For a connection that ended before the head of a response was complete."""
    if received:
        return ServerDisconnectedError(
            f"server disconnected in the middle of a response head: {_first_line(received)}"
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
