"""The words for what a peer did wrong: enough to see it, and never more than 100 bytes of it."""

from functools import partial

import pytest

from aioclient._http1 import diagnosis
from aioclient._http1.limits import DEFAULT_LIMITS
from aioclient.errors import ClientError, ClientPayloadError, ServerProtocolError

OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"x" * 5000

SHOWING = {
    "bad_start": lambda data: diagnosis.bad_start(data),
    "bad_start, version": lambda data: diagnosis.bad_start(b"HTTP/" + data),
    "bad_head, start": lambda data: diagnosis.bad_head(data),
    "bad_head, status line": lambda data: diagnosis.bad_head(b"HTTP/1.1 " + data + b"\r\n\r\n"),
    "bad_head, reason": lambda data: diagnosis.bad_head(OK[:-2] + data + b"\0\r\n\r\n"),
    "bad_head, name": lambda data: diagnosis.bad_head(OK + data + b"\r\n\r\n"),
    "bad_head, value": lambda data: diagnosis.bad_head(OK + b"A: " + data + b"\0\r\n\r\n"),
    "bad_head, unclear": lambda data: diagnosis.bad_head(OK + b"A: " + data + b"\r\n\r\n"),
    "bad_trailers": lambda data: diagnosis.bad_trailers(data + b"\r\n\r\n"),
    "line_too_long": lambda data: diagnosis.line_too_long(DEFAULT_LIMITS, data),
    "field_too_long": lambda data: diagnosis.field_too_long(
        DEFAULT_LIMITS, data, in_trailers=False
    ),
    "bad_chunk_line": lambda data: diagnosis.bad_chunk_line(data),
    "chunk_line_too_long": lambda data: diagnosis.chunk_line_too_long(DEFAULT_LIMITS, data),
    "bad_chunk_end": lambda data: diagnosis.bad_chunk_end(data),
    "cut_off_head": lambda data: diagnosis.cut_off_head(data),
}


@pytest.mark.parametrize("case", SHOWING)
@pytest.mark.parametrize("byte", [b"x", b"\xff", b"\t"])
def test_at_most_100_bytes_of_the_peer_are_shown(case, byte):
    error = SHOWING[case](byte * 5000)
    assert isinstance(error, ClientError)
    shown = repr(byte)[2:-1]
    assert 80 <= str(error).count(shown) <= 100 + str(SHOWING[case](b"")).count(shown)
    assert "..." in str(error)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (b"A: b\r\nno colon\r\n\r\n", "malformed header line b'no colon'"),
        (b"A: b\r\n: c\r\n\r\n", "malformed header line b': c'"),
        (b" A: b\r\n\r\n", "malformed header line b' A: b'"),
        (b"A: b\r\n c\0\r\n\r\n", r"control character in header line b' c\x00'"),
        (b"A: b\rc\r\n\r\n", r"control character in header line b'A: b\rc'"),
        (b"A: b\r\r\n\r\n", r"control character in header line b'A: b\r'"),
        (b"A: b\n\0: c\n\n", r"malformed header line b'\x00: c'"),
    ],
)
def test_first_bad_line_of_a_section_is_named(section, message):
    head_error = diagnosis.bad_head(OK + section)
    assert (type(head_error), str(head_error)) == (ServerProtocolError, message)
    trailer_error = diagnosis.bad_trailers(section)
    assert type(trailer_error) is ClientPayloadError
    assert str(trailer_error) == f"{message} (in the trailers)"


def test_limits_are_named_with_their_value():
    for make, name in [
        (diagnosis.head_too_large, "max_head_size"),
        (partial(diagnosis.too_many_fields, in_trailers=True), "max_headers"),
        (diagnosis.too_many_empty_lines, "max_empty_lines"),
        (diagnosis.too_many_informational, "max_informational"),
        (partial(diagnosis.trailers_too_large, room=10**6), "max_trailer_size"),
        (partial(diagnosis.trailers_too_large, room=10), "max_head_size"),
    ]:
        assert f"{name} ({getattr(DEFAULT_LIMITS, name)})" in str(make(DEFAULT_LIMITS))
