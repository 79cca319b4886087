"""Which body follows a head, and does the connection persist? Tables from RFC 9112."""

import re

import pytest

from aioclient._http.events import CHUNKED, NO_BODY, UNTIL_CLOSE, RequestHead, ResponseHead
from aioclient._http1.framing import (
    asks_to_close,
    body_length,
    check_minor_version,
    persists,
    request_body_length,
)
from aioclient.errors import ServerProtocolError


def head(
    status=200,
    content_length=None,
    transfer_encoding=None,
    connection=None,
    minor_version=1,
):
    return ResponseHead(
        status,
        "",
        minor_version,
        b"\r\n",
        content_length,
        transfer_encoding,
        connection,
        None,
        None,
        None,
        None,
        False,
    )


# Section 6.3 and its item; method, head, length.
LENGTHS = [
    ("item 1: HEAD", "HEAD", head(200, b"5"), 0),
    ("item 1: HEAD, chunked", "HEAD", head(200, None, b"chunked"), 0),
    ("item 1: HEAD, no framing", "HEAD", head(200), 0),
    ("item 1: HEAD, framing that is wrong", "HEAD", head(200, b"x", b"gzip"), 0),
    ("item 1: 1xx", "GET", head(100), 0),
    ("item 1: 1xx with a length", "GET", head(103, b"5"), 0),
    ("item 1: 204", "GET", head(204, b"5"), 0),
    ("item 1: 304", "GET", head(304, b"5", b"chunked"), 0),
    ("item 2: CONNECT and 2xx", "CONNECT", head(200, b"5"), 0),
    ("item 2: CONNECT and the last 2xx", "CONNECT", head(299, None, b"chunked"), 0),
    ("item 2: CONNECT and 300", "CONNECT", head(300, b"5"), 5),
    ("item 2: CONNECT refused", "CONNECT", head(407, b"5"), 5),
    ("item 4: chunked", "GET", head(200, None, b"chunked"), CHUNKED),
    ("item 4: in another case", "GET", head(200, None, b"cHuNkEd"), CHUNKED),
    ("item 5: a list of equal lengths", "GET", head(200, b"5, 5"), 5),
    ("item 5: without white space", "GET", head(200, b"5,5,5"), 5),
    ("item 6: a length", "GET", head(200, b"5"), 5),
    ("item 6: zero", "GET", head(200, b"0"), 0),
    ("item 6: 18 digits", "GET", head(200, b"9" * 18), 10**18 - 1),
    ("item 6: in answer to POST", "POST", head(201, b"5"), 5),
    ("item 8: neither", "GET", head(200), UNTIL_CLOSE),
    ("item 8: neither, in answer to POST", "POST", head(500), UNTIL_CLOSE),
    ("item 8: neither, HTTP/1.0", "GET", head(200, minor_version=0), UNTIL_CLOSE),
]

REFUSED = [
    ("item 3: both", head(200, b"5", b"chunked"), "both Transfer-Encoding and Content-Length"),
    ("item 3: both empty", head(200, b"", b""), "both Transfer-Encoding and Content-Length"),
    ("item 4: chunked is not last", head(200, None, b"chunked, gzip"), "unsupported"),
    ("item 4: more than chunked", head(200, None, b"gzip, chunked"), "unsupported"),
    ("item 4: chunked twice", head(200, None, b"chunked, chunked"), "unsupported"),
    ("item 4: nothing", head(200, None, b""), "unsupported"),
    ("item 5: different lengths", head(200, b"5, 6"), "invalid Content-Length b'5, 6'"),
    ("item 5: an empty member", head(200, b"5,"), "invalid Content-Length b'5,'"),
    ("item 5: equal but no numbers", head(200, b"x, x"), "invalid Content-Length b'x, x'"),
    *(
        (f"item 5: {value!r}", head(200, value), f"invalid Content-Length {value!r}")
        for value in (b"", b"+5", b"-5", b"5_0", b"0x5", b"5.", b"5 5", b"\xb2", b"1" * 19)
    ),
]


@pytest.mark.parametrize(("case", "method", "given", "length"), LENGTHS)
def test_length_of_the_body(case, method, given, length):
    assert body_length(given, method) == length


@pytest.mark.parametrize(("case", "given", "words"), REFUSED)
def test_length_that_cannot_be_trusted_is_refused(case, given, words):
    with pytest.raises(ServerProtocolError) as raised:
        body_length(given, "GET")
    assert words in str(raised.value)


@pytest.mark.parametrize("method", ["GET", "HEAD", "CONNECT"])
def test_switching_protocols_unasked_is_refused(method):
    with pytest.raises(ServerProtocolError, match=r"\(101\)"):
        body_length(head(101), method)


@pytest.mark.parametrize(
    ("content_length", "transfer_encoding"),
    [(b"x" * 5000, None), (None, b"x" * 5000), (b"x" * 5000, b"x" * 5000)],
)
def test_message_shows_no_more_than_100_bytes_of_a_value(content_length, transfer_encoding):
    with pytest.raises(ServerProtocolError) as raised:
        body_length(head(200, content_length, transfer_encoding), "GET")
    assert "x" * 100 in str(raised.value)
    assert "x" * 101 not in str(raised.value)


# Section 9.3: minor version, Connection, Transfer-Encoding, answer.
PERSISTENCE = [
    (1, None, None, True),
    (1, b"keep-alive", None, True),
    (1, b"close", None, False),
    (1, b"Close", None, False),
    (1, b"keep-alive, close", None, False),
    (1, b"upgrade ,\tCLOSE", None, False),
    (1, b"closed", None, True),
    (1, b"not-close", None, True),
    (1, b"", None, True),
    (1, None, b"chunked", True),
    (2, None, None, True),
    (9, b"close", None, False),
    (0, None, None, False),
    (0, b"", None, False),
    (0, b"keep-alive", None, True),
    (0, b"Keep-Alive", None, True),
    (0, b"upgrade, keep-alive", None, True),
    (0, b"keep-alive, close", None, False),
    (0, b"close", None, False),
    (0, b"keep-alive", b"chunked", False),
]


@pytest.mark.parametrize(("minor_version", "connection", "coding", "expected"), PERSISTENCE)
def test_persistence(minor_version, connection, coding, expected):
    given = head(connection=connection, transfer_encoding=coding, minor_version=minor_version)
    assert persists(given) is expected


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        (None, False),
        ("", False),
        ("keep-alive", False),
        ("close", True),
        ("Upgrade, CLOSE", True),
        ("closed", False),
        ("clöse", False),
    ],
)
def test_request_that_asks_to_close(connection, expected):
    request = RequestHead("GET", "/", "host", b"", NO_BODY, connection)
    assert asks_to_close(request) is expected


# Section 9.3, and appendix C.2.2: minor version of the response, Connection, coding, answer.
PERSISTENCE_AFTER_1_0 = [
    (0, None, None, False),
    (0, b"keep-alive", None, True),
    (0, b"Keep-Alive, x", None, True),
    (0, b"keep-alive, close", None, False),
    (0, b"keep-alive", b"chunked", False),
    (1, None, None, False),
    (1, b"", None, False),
    (1, b"close", None, False),
    (1, b"keep-alive", None, True),
    (1, b"keep-alive, close", None, False),
    (1, b"keep-alive", b"chunked", False),
]


@pytest.mark.parametrize(
    ("minor_version", "connection", "coding", "expected"), PERSISTENCE_AFTER_1_0
)
def test_persistence_after_a_request_of_1_0(minor_version, connection, coding, expected):
    given = head(connection=connection, transfer_encoding=coding, minor_version=minor_version)
    assert persists(given, request_minor_version=0) is expected


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        (None, True),
        ("", True),
        ("close", True),
        ("upgrade", True),
        ("keep-alive", False),
        ("x, Keep-Alive", False),
        ("keep-alive, close", True),
    ],
)
def test_request_of_1_0_asks_to_close_unless_it_says_something_else(connection, expected):
    request = RequestHead("GET", "/", "host", b"", NO_BODY, connection, 0)
    assert asks_to_close(request) is expected


# RFC 9110 section 8.6, RFC 9112 section 6.1: method, size of the payload, chunked, length.
REQUEST_LENGTHS = [
    ("GET", None, False, NO_BODY),
    ("HEAD", None, False, NO_BODY),
    ("DELETE", None, False, NO_BODY),
    ("OPTIONS", None, False, NO_BODY),
    ("POST", None, False, 0),
    ("PUT", None, False, 0),
    ("PATCH", None, False, 0),
    ("GET", 0, False, 0),
    ("GET", 5, False, 5),
    ("POST", 5, False, 5),
    ("POST", 5, True, CHUNKED),
    ("POST", 0, True, CHUNKED),
    ("POST", -1, False, CHUNKED),
    ("DELETE", -1, True, CHUNKED),
]


@pytest.mark.parametrize(("method", "size", "chunked", "length"), REQUEST_LENGTHS)
def test_framing_of_a_request(method, size, chunked, length):
    assert request_body_length(method, size, chunked) == length


@pytest.mark.parametrize(("method", "size", "chunked", "length"), REQUEST_LENGTHS)
def test_framing_of_a_request_of_1_0(method, size, chunked, length):
    if length != CHUNKED:
        assert request_body_length(method, size, chunked, 0) == length
        return
    what = "chunked=True" if chunked else "a body of unknown size"
    with pytest.raises(ValueError, match=f"^{what} needs HTTP/1.1, but .* version=HttpVersion10$"):
        request_body_length(method, size, chunked, 0)


@pytest.mark.parametrize("length", [NO_BODY, 0, 5])
@pytest.mark.parametrize("lines", [b"", b"X-Expect: 100-continue\r\n", b"A: b\r\nC: expect:\r\n"])
def test_request_of_1_0_may_have_what_1_0_has(length, lines):
    check_minor_version(RequestHead("POST", "/", "host", lines, length, None, 0))


@pytest.mark.parametrize(
    ("lines", "length", "words"),
    [
        (b"", CHUNKED, "a body in chunks needs HTTP/1.1"),
        (b"Expect: 100-continue\r\n", 5, "Expect: 100-continue (expect100=True) needs HTTP/1.1"),
        (b"A: b\r\nEXPECT: 100-continue\r\n", 5, "Expect: 100-continue (expect100=True) needs"),
    ],
)
def test_request_of_1_0_must_not_need_1_1(lines, length, words):
    check_minor_version(RequestHead("POST", "/", "host", lines, length))
    with pytest.raises(ValueError, match=re.escape(words)):
        check_minor_version(RequestHead("POST", "/", "host", lines, length, None, 0))
