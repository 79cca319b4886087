"""Status lines and header fields of responses (RFC 9112 sections 2 to 5)."""

import time

import pytest

from aioclient._http.events import END_OF_MESSAGE as END
from aioclient._http.fields_py import raw_pairs
from aioclient.errors import ServerProtocolError

EMPTY = b"Content-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"

GOOD_HEADS = {
    "usual": (OK + EMPTY, 200),
    "no reason": (b"HTTP/1.1 200 \r\n" + EMPTY, 200),
    "no reason and no space before it": (b"HTTP/1.1 200\r\n" + EMPTY, 200),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + EMPTY, 200),
    "a later minor version": (b"HTTP/1.9 200 OK\r\n" + EMPTY, 200),
    "unknown status": (b"HTTP/1.1 999 Strange\r\n" + EMPTY, 999),
    "obs-text in the reason": (b"HTTP/1.1 404 Nicht verf\xfcgbar\r\n" + EMPTY, 404),
    "HTAB in the reason": (b"HTTP/1.1 404 Not\tFound\r\n" + EMPTY, 404),
    "lone LF as line end": (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", 200),
    "line ends of both kinds, LF last": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", 200),
    "line ends of both kinds, CRLF last": (b"HTTP/1.1 200 OK\nContent-Length: 0\n\r\n", 200),
    "LF after the status line": (b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", 200),
    "one empty line before": (b"\r\n" + OK + EMPTY, 200),
    "lone LFs before": (b"\n\n" + OK + EMPTY, 200),
    "no white space after the colon": (OK + b"Content-Length:0\r\n\r\n", 200),
    "white space around a value": (OK + b"Content-Length: \t 0 \t\r\n\r\n", 200),
    "every character of a token": (OK + b"!#$%&'*+-.^_`|~09azAZ: x\r\n" + EMPTY, 200),
    "empty value": (OK + b"X:\r\n" + EMPTY, 200),
    "blank value": (OK + b"X: \t \r\n" + EMPTY, 200),
    "obs-text in a value": (OK + b"X: \x80\xff\r\n" + EMPTY, 200),
    "a fold": (OK + b"X: a\r\n b\r\n" + EMPTY, 200),
    "a fold with LF and HTAB": (OK + b"X: a\n\tb\r\n" + EMPTY, 200),
    "a fold of nothing but white space": (OK + b"X: a\r\n \r\n" + EMPTY, 200),
    "a fold before the value": (OK + b"X:\r\n b\r\n" + EMPTY, 200),
    "a fold in the last field": (OK + b"Content-Length:\r\n 0\r\n\r\n", 200),
    "names in capitals": (OK + b"CONTENT-LENGTH: 0\r\n\r\n", 200),
}

BAD_HEADS = {
    "lower-case name of the protocol": b"http/1.1 200 OK\r\n" + EMPTY,
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\n" + EMPTY,
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\n" + EMPTY,
    "no minor version": b"HTTP/1 200 OK\r\n" + EMPTY,
    "two digits of minor version": b"HTTP/1.10 200 OK\r\n" + EMPTY,
    "a sign in the version": b"HTTP/1.-1 200 OK\r\n" + EMPTY,
    "a digit that is not ASCII": "HTTP/1.\u0661 200 OK\r\n".encode() + EMPTY,
    "another protocol": b"ICY 200 OK\r\n" + EMPTY,
    "space before the protocol": b" HTTP/1.1 200 OK\r\n" + EMPTY,
    "two spaces before the status": b"HTTP/1.1  200 OK\r\n" + EMPTY,
    "HTAB before the status": b"HTTP/1.1\t200 OK\r\n" + EMPTY,
    "no status": b"HTTP/1.1 OK\r\n" + EMPTY,
    "nothing after the version": b"HTTP/1.1\r\n" + EMPTY,
    "status of two digits": b"HTTP/1.1 20 OK\r\n" + EMPTY,
    "status of four digits": b"HTTP/1.1 2000 OK\r\n" + EMPTY,
    "status below 100": b"HTTP/1.1 099 OK\r\n" + EMPTY,
    "status with a sign": b"HTTP/1.1 +20 OK\r\n" + EMPTY,
    "status with an underscore": b"HTTP/1.1 2_0 OK\r\n" + EMPTY,
    "HTAB after the status": b"HTTP/1.1 200\tOK\r\n" + EMPTY,
    "NUL in the reason": b"HTTP/1.1 200 O\0K\r\n" + EMPTY,
    "bare CR in the reason": b"HTTP/1.1 200 O\rK\r\n" + EMPTY,
    "DEL in the reason": b"HTTP/1.1 200 O\x7fK\r\n" + EMPTY,
    "a CR too many after the status line": b"HTTP/1.1 200 OK\r\r\n" + EMPTY,
    "white space before the first field": OK + b" X: y\r\n" + EMPTY,
    "HTAB before the first field": OK + b"\tX: y\r\n" + EMPTY,
    "a blank line of white space after the status line": OK + b" \r\n" + EMPTY,
    "no colon": OK + b"X\r\n" + EMPTY,
    "no name": OK + b": y\r\n" + EMPTY,
    "white space before the colon": OK + b"X : y\r\n" + EMPTY,
    "HTAB before the colon": OK + b"X\t: y\r\n" + EMPTY,
    "a fold before the colon": OK + b"X\r\n : y\r\n" + EMPTY,
    "white space in the name": OK + b"X Y: z\r\n" + EMPTY,
    "obs-text in the name": OK + b"X\xfc: y\r\n" + EMPTY,
    "a separator in the name": OK + b"X(Y): z\r\n" + EMPTY,
    "NUL in the name": OK + b"X\0: y\r\n" + EMPTY,
    "bare CR in a value": OK + b"X: a\rb\r\n" + EMPTY,
    "bare CR before a field": OK + b"\rX: y\r\n" + EMPTY,
    "two CRs at a line end": OK + b"X: y\r\r\n" + EMPTY,
    "bare CR in a fold": OK + b"X: a\r\n b\rc\r\n" + EMPTY,
    "NUL in a fold": OK + b"X: a\r\n b\0\r\n" + EMPTY,
    **{
        f"control character {code:#04x} in a value": OK + b"X: a%cb\r\n" % code + EMPTY
        for code in [*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]
    },
}


@pytest.mark.parametrize("case", GOOD_HEADS)
def test_head_is_accepted_however_it_is_cut(case, check_at_every_cut):
    data, status = GOOD_HEADS[case]
    check_at_every_cut(data, [status, END])


@pytest.mark.parametrize("case", BAD_HEADS)
def test_head_is_refused_however_it_is_cut(case, check_at_every_cut):
    check_at_every_cut(BAD_HEADS[case], [ServerProtocolError])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n", (1, 200, "OK")),
        (b"HTTP/1.0 404 Not Found\n", (0, 404, "Not Found")),
        (b"HTTP/1.1 200\r\n", (1, 200, "")),
        (b"HTTP/1.1 200 \r\n", (1, 200, "")),
        (b"HTTP/1.1 200  a b \r\n", (1, 200, " a b ")),
        ("HTTP/1.1 200 Größe\r\n".encode(), (1, 200, "Größe")),
        (b"HTTP/1.1 200 Gr\xf6\xdfe\r\n", (1, 200, "Gr\udcf6\udcdfe")),
        (b"HTTP/1.7 999 ?\r\n", (7, 999, "?")),
    ],
)
def test_status_line_is_taken_apart(line, expected, head_of):
    head = head_of(line + b"\r\n")
    assert (head.minor_version, head.status, head.reason) == expected


# Of ResponseHead: attribute, field name.
SINGLED_OUT = {
    "connection": b"Connection",
    "content_encoding": b"Content-Encoding",
    "content_length": b"Content-Length",
    "content_type": b"Content-Type",
    "location": b"Location",
    "keep_alive": b"Keep-Alive",
    "transfer_encoding": b"Transfer-Encoding",
}


@pytest.mark.parametrize("attribute", SINGLED_OUT)
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"", None),
        (b"%s: 5\r\n", b"5"),
        (b"%s:\t 5 \r\n", b"5"),
        (b"%s:\r\n", b""),
        (b"%s: 5\r\nX: y\r\n%s: 6\r\n", b"5, 6"),
        (b"%s:\r\n%s: 5\r\n", b", 5"),
        (b"%s: a\r\n\tb\n  c\r\n", b"a b c"),
        (b"%s:\r\n 5\r\n \r\n", b"5"),
        (b"%s: 5\r\n 6\r\n%s: 7\r\n", b"5 6, 7"),
        (b"X%s: 5\r\n", None),
        (b"%sx: 5\r\n", None),
    ],
)
@pytest.mark.parametrize("spelling", [bytes, bytes.lower, bytes.upper, bytes.swapcase])
def test_field_is_singled_out(attribute, lines, expected, spelling, head_of):
    lines = lines.replace(b"%s", spelling(SINGLED_OUT[attribute]))
    # In answer to HEAD the framing fields mean nothing, so any value may be tried.
    head = head_of(OK + lines + b"\r\n", "HEAD")
    assert getattr(head, attribute) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(b"", False), (b"SET-cookie: a=b\r\n", True), (b"Set-Cookie2: a=b\r\n", False)],
)
def test_presence_of_set_cookie_is_noticed(lines, expected, head_of):
    assert head_of(OK + lines + b"\r\n", "HEAD").has_set_cookie is expected


def test_field_section_holds_the_fields_as_they_came(head_of):
    head = head_of(OK + b"x-A:  1\r\nX-a: 2\nB: 3\r\n 4\r\n\r\nBody")
    assert head.field_section == b"x-A:  1\r\nX-a: 2\nB: 3\r\n 4\r\n\r\n"
    assert raw_pairs(head.field_section) == ((b"x-A", b"1"), (b"X-a", b"2"), (b"B", b"3 4"))


def test_field_section_of_a_response_without_fields_is_its_empty_line(head_of):
    assert head_of(OK + b"\r\n").field_section == b"\r\n"


def test_head_is_not_given_before_its_empty_line_is_complete(new_parser):
    parser = new_parser()
    assert parser.feed(OK + b"Content-Length: 0\r\n\r") == []
    assert len(parser.feed(b"\n")) == 2


def test_head_that_cannot_be_understood_is_not_given(parse):
    (error,) = parse(OK + b"Content-Length: x\r\n\r\n")
    assert isinstance(error, ServerProtocolError)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",  # a TLS alert
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",  # SETTINGS of HTTP/2
        b"220 mail.example ESMTP\r\n",
        b"<html>HTTP/1.1 200 OK</html>",
        b"http/1.1 200 OK\r\n",
        b"\rHTTP/1.1 200 OK\r\n",
        b"\x00",
    ],
)
def test_what_is_not_http_is_refused_at_once_and_shown(data, parse):
    (error,) = parse(data)
    assert isinstance(error, ServerProtocolError)
    assert str(error) == f"the server's answer is not HTTP: {data!r}"


@pytest.mark.parametrize("data", [b"HTTP/2.0 200 OK\r\n", b"HTTP/0.9 200", b"HTTP/9"])
def test_another_version_of_http_is_called_that(data, error_of):
    error = error_of(data)
    assert isinstance(error, ServerProtocolError)
    assert str(error) == f"the server speaks another version of HTTP: {data!r}"


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"GET / HTTP/1.1\r\n", "the server's answer is not HTTP: {start!r}..."),
        (b"HTTP/3 200\n", "the server speaks another version of HTTP: {start!r}..."),
    ],
)
def test_fields_of_what_is_not_http_are_not_shown(start, message, error_of):
    error = error_of(start + b"X-Token: a-secret\r\n\r\n")
    assert str(error) == message.format(start=start)


def test_first_wrong_byte_of_the_protocol_is_refused_before_a_line_end(new_parser):
    parser = new_parser()
    assert parser.feed(b"HTT") == []
    (error,) = parser.feed(b"p")
    assert isinstance(error, ServerProtocolError)


def test_only_the_first_100_bytes_are_shown(error_of):
    error = error_of(b"x" * 101)
    assert str(error).endswith(f"{b'x' * 100!r}...")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"HTTP/1.1 2x0 OK\r\n\r\n", r"malformed status line b'HTTP/1.1 2x0 OK'"),
        (b"HTTP/1.1 200 \0\r\n\r\n", r"control character in status line b'HTTP/1.1 200 \x00'"),
        (OK + b"A: b\r\nX Y: z\r\n\r\n", r"malformed header line b'X Y: z'"),
        (OK + b" A: b\r\n\r\n", r"malformed header line b' A: b'"),
        (OK + b"A: b\r\nX: \0\r\n\r\n", r"control character in header line b'X: \x00'"),
        (OK + b"X: y\r\n\0\r\n\r\n", r"malformed header line b'\x00'"),
    ],
)
def test_message_names_the_line_that_is_wrong(head, message, error_of):
    assert str(error_of(head)) == message


def test_long_run_of_white_space_beside_a_fold_costs_linear_time(parse):
    blanks = b" " * 20_000
    fields = b"X: a" + blanks + b"b\r\n c\r\n" + b"Y: a" + blanks + b"\r\n" + blanks + b"b\r\n"
    started_at = time.process_time()
    parse(OK + fields + b"\r\n", "HEAD")
    # A millisecond; at quadratic cost several seconds, and minutes for a head at its limit.
    assert time.process_time() - started_at < 1


def test_text_is_not_taken_for_bytes(new_parser):
    with pytest.raises(TypeError):
        new_parser().feed("HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_may_come_in_any_kind_of_buffer(wrap, new_parser):
    parser = new_parser()
    data = OK + b"Content-Length: 6\r\n\r\nabc"
    assert len(parser.feed(wrap(data))) == 2
    assert parser.feed(wrap(b"def")) == [b"def", END]


def test_events_do_not_change_with_the_buffer_they_came_in(new_parser):
    buffer = bytearray(OK + b"Content-Length: 3\r\n\r\nabc")
    head, body, _ = new_parser().feed(memoryview(buffer))
    buffer[:] = b"\0" * len(buffer)
    assert (head.field_section, body) == (b"Content-Length: 3\r\n\r\n", b"abc")
