"""Where bodies of responses begin and end, and what comes after them (RFC 9112 sections 6 to 8)."""

import pytest

from aioclient._http.events import END_OF_MESSAGE as END
from aioclient._http.events import ChunkEnds, ResponseHead, Trailers
from aioclient._http1.limits import MAX_CHUNK_ENDS
from aioclient.errors import ClientPayloadError, ServerDisconnectedError, ServerProtocolError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\n\r\n"


def sized(value, body=b""):
    return OK + b"Content-Length: " + value + b"\r\n\r\n" + body


# Name: bytes, events; complete responses to GET.
COMPLETE = {
    "counted": (sized(b"5", b"hello"), [200, b"hello", END]),
    "counted, empty": (sized(b"0"), [200, END]),
    "zeros before the length": (sized(b"005", b"hello"), [200, b"hello", END]),
    "equal lengths in a list": (sized(b"5, 5", b"hello"), [200, b"hello", END]),
    "equal lengths in a tight list": (sized(b"5,5\t,5", b"hello"), [200, b"hello", END]),
    "equal lengths on two lines": (
        OK + b"Content-Length: 5\r\nX: y\r\ncontent-length: 5\r\n\r\nhello",
        [200, b"hello", END],
    ),
    "no body for 204": (b"HTTP/1.1 204 No Content\r\n\r\n", [204, END]),
    "no body for 204 with a length": (b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n", [204, END]),
    "no body for 304 with a length": (b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", [304, END]),
    "no body for 304 that is chunked": (
        b"HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n",
        [304, END],
    ),
    "a body for 205": (b"HTTP/1.1 205 X\r\nContent-Length: 1\r\n\r\nx", [205, b"x", END]),
    "a body for an error": (b"HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx", [500, b"x", END]),
    "one chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", [200, b"hello", END]),
    "several chunks": (
        CHUNKED + b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n",
        [200, b"hello", END],
    ),
    "no chunk but the last": (CHUNKED + b"0\r\n\r\n", [200, END]),
    "sizes in hexadecimal": (
        CHUNKED + b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
        [200, b"0123456789" * 2, END],
    ),
    "zeros before the sizes": (CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n", [200, b"hello", END]),
    "many zeros before a size": (
        CHUNKED + b"0" * 40 + b"5\r\nhello\r\n0\r\n\r\n",
        [200, b"hello", END],
    ),
    "chunk extensions": (
        CHUNKED + b'5;a;b=c;d="e;f"\r\nhello\r\n0;x\r\n\r\n',
        [200, b"hello", END],
    ),
    "white space before extensions": (
        CHUNKED + b"5 \t; a = b \r\nhello\r\n0 ;\r\n\r\n",
        [200, b"hello", END],
    ),
    "white space after the size": (CHUNKED + b"5 \r\nhello\r\n0\t\r\n\r\n", [200, b"hello", END]),
    "obs-text in an extension": (CHUNKED + b"5;\xff\r\nhello\r\n0\r\n\r\n", [200, b"hello", END]),
    "line ends as data": (CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", [200, b"\r\n\r\n", END]),
    "a last chunk as data": (CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", [200, b"0\r\n\r\n", END]),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", [200, b"x", END]),
    "trailers with lone LF": (CHUNKED + b"1\r\nx\r\n0\r\nA: b\nC: d\n\n", [200, b"x", END]),
    "folded trailer": (CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n", [200, END]),
    "trailers that look like framing": (
        CHUNKED + b"1\r\nx\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\n\r\n",
        [200, b"x", END],
    ),
    "coding in capitals": (
        OK + b"Transfer-Encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        [200, b"x", END],
    ),
    "empty members beside the coding": (
        OK + b"Transfer-Encoding: , chunked ,\r\n\r\n0\r\n\r\n",
        [200, END],
    ),
    "chunked from HTTP/1.0": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        [200, b"x", END],
    ),
    "an informational response first": (CONTINUE + sized(b"1", b"x"), [100, 200, b"x", END]),
    "several informational responses first": (
        CONTINUE + HINTS + HINTS + sized(b"1", b"x"),
        [100, 103, 103, 200, b"x", END],
    ),
    "empty line between two heads": (CONTINUE + b"\r\n" + sized(b"0"), [100, 200, END]),
    "an informational response of unknown kind": (
        b"HTTP/1.1 199 ?\r\nTransfer-Encoding: chunked\r\n\r\n" + sized(b"0"),
        [199, 200, END],
    ),
}

# Name: bytes, events; the last one is an error although the connection goes on.
BROKEN_LENGTHS = {
    "two lengths on two lines": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two lengths in a list": sized(b"5, 6"),
    "equal lengths in two spellings": sized(b"5, 05"),
    "a list with an empty member": sized(b"5,"),
    "an empty length": sized(b""),
    "a comma": sized(b","),
    "a plus sign": sized(b"+1"),
    "a minus sign": sized(b"-1"),
    "an underscore": sized(b"1_0"),
    "hexadecimal": sized(b"0x10"),
    "hexadecimal digits": sized(b"1f"),
    "a fraction": sized(b"1.0"),
    "white space inside": sized(b"1 0"),
    "a fold inside": sized(b"1\r\n 0"),
    "quotes": sized(b'"1"'),
    "Arabic digits": sized("\u0661".encode()),
    "superscript digits": sized("²".encode()),
    "obs-text": sized(b"\xb2"),
    "19 digits": sized(b"1" * 19),
    "19 digits after a zero": sized(b"0" + b"1" * 19),
    "thousands of digits": sized(b"9" * 5000),
    "19 digits twice": sized(b", ".join([b"1" * 19] * 2)),
    "both kinds of framing": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "both kinds, the length first": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "both kinds, the length of zero": OK + b"Content-Length: 0\r\nTransfer-Encoding: x\r\n\r\n",
    **{
        f"Transfer-Encoding {value!r}": OK + b"Transfer-Encoding: " + value + b"\r\n\r\n"
        for value in (
            b"",
            b"identity",
            b"gzip",
            b"gzip, chunked",
            b"chunked, gzip",
            b"chunked, chunked",
            b"chunked\r\nTransfer-Encoding: chunked",
            b"chunked\r\nTransfer-Encoding:\r\n identity",
            b"xchunked",
            b"chunked;q=1",
            b"chunked chunked",
            b'"chunked"',
            b"\x0bchunked",
            b"chunked\xa0",
            b"ch\xc5\xafnked",
        )
    },
    "switching protocols unasked": b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}

BROKEN_CHUNKS = {
    "no size": b"\r\nhello",
    "only an extension": b";a\r\nhello",
    "white space before the size": b" 5\r\nhello",
    "a plus sign": b"+5\r\nhello",
    "a minus sign": b"-5\r\nhello",
    "an underscore": b"1_0\r\nhello",
    "a prefix": b"0x5\r\nhello",
    "no hexadecimal digit": b"g\r\nhello",
    "a digit that is not ASCII": "\u0665\r\nhello".encode(),
    "something after the size": b"5 a\r\nhello",
    "a comma after the size": b"5,a\r\nhello",
    "lone LF after the size": b"5\nhello",
    "lone LF after an extension": b"5;a\nhello",
    "bare CR in an extension": b"5;a\rb\r\nhello",
    "two CRs after the size": b"5\r\r\nhello",
    "NUL in an extension": b"5;a\0\r\nhello",
    "DEL in an extension": b"5;a\x7f\r\nhello",
    "one more than 63 bits": b"8000000000000000\r\nhello",
    "a size that wraps around 64 bits": b"10000000000000005\r\nhello",
    "hundreds of digits": b"f" * 300 + b"\r\nhello",
}

BROKEN_CHUNK_ENDS = {
    "data longer than its size": b"hello!\r\n0\r\n\r\n",
    "lone LF after the data": b"hello\n0\r\n\r\n",
    "bare CR after the data": b"hello\r0\r\n\r\n",
    "LF and CR after the data": b"hello\n\r0\r\n\r\n",
    "nothing after the data": b"hello0\r\n\r\n",
}

BROKEN_TRAILERS = {
    "no colon": b"A\r\n\r\n",
    "white space before the colon": b"A : b\r\n\r\n",
    "white space first": b" A: b\r\n\r\n",
    "NUL in a value": b"A: \0\r\n\r\n",
    "bare CR in a value": b"A: b\rc\r\n\r\n",
    "a bare CR": b"\rx",
    "a lone LF": b"\nx",
    "the next response": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("case", COMPLETE)
def test_response_is_complete_however_it_is_cut(case, check_at_every_cut):
    check_at_every_cut(*COMPLETE[case])


@pytest.mark.parametrize("case", BROKEN_LENGTHS)
def test_length_that_cannot_be_trusted_is_refused(case, check_at_every_cut):
    check_at_every_cut(BROKEN_LENGTHS[case], [ServerProtocolError])


@pytest.mark.parametrize("case", BROKEN_CHUNKS)
def test_chunk_line_that_breaks_the_grammar_is_refused(case, check_at_every_cut):
    data = CHUNKED + b"2\r\nab\r\n" + BROKEN_CHUNKS[case]
    check_at_every_cut(data, [200, b"ab", ClientPayloadError])


@pytest.mark.parametrize("case", BROKEN_CHUNK_ENDS)
def test_chunk_that_does_not_end_with_crlf_is_refused(case, check_at_every_cut):
    data = CHUNKED + b"5\r\n" + BROKEN_CHUNK_ENDS[case]
    check_at_every_cut(data, [200, b"hello", ClientPayloadError])


@pytest.mark.parametrize("case", BROKEN_TRAILERS)
def test_trailers_that_break_the_grammar_are_refused(case, check_at_every_cut):
    data = CHUNKED + b"2\r\nab\r\n0\r\n" + BROKEN_TRAILERS[case]
    check_at_every_cut(data, [200, b"ab", ClientPayloadError])


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (OK + b"\r\n", [200, END]),
        (OK + b"\r\nbody\r\n\r\n", [200, b"body\r\n\r\n", END]),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nbody", [200, b"body", END]),
        (CONTINUE + OK + b"\r\nbody", [100, 200, b"body", END]),
    ],
)
def test_body_without_framing_ends_with_the_connection(data, events, check_at_every_cut):
    check_at_every_cut(data, events, eof=True)


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\nContent-Length: x\r\n",
    ],
)
def test_answer_to_head_has_no_body_whatever_its_fields_say(fields, check_at_every_cut):
    check_at_every_cut(OK + fields + b"\r\n", [200, END], "HEAD")


def test_answer_to_connect_that_opens_a_tunnel_has_no_body(check_at_every_cut):
    check_at_every_cut(sized(b"5"), [200, END], "CONNECT")


def test_answer_to_connect_that_refuses_has_a_body(check_at_every_cut):
    data = b"HTTP/1.1 407 X\r\nContent-Length: 5\r\n\r\nhello"
    check_at_every_cut(data, [407, b"hello", END], "CONNECT")


def test_method_is_compared_as_it_is_written(check_at_every_cut):
    # RFC 9110 section 9.1: methods are case-sensitive.
    check_at_every_cut(sized(b"5", b"hello"), [200, b"hello", END], "head")


# --- pieces --------------------------------------------------------------------------------------


def test_piece_of_a_counted_body_is_given_as_it_comes(new_parser):
    parser = new_parser()
    assert parser.feed(sized(b"5", b"he"))[1:] == [b"he"]
    assert parser.feed(b"l") == [b"l"]
    assert parser.feed(b"lo") == [b"lo", END]


def test_chunks_that_arrive_together_are_given_as_one_piece(new_parser):
    parser = new_parser()
    data = b"".join(b"1\r\n%c\r\n" % letter for letter in b"abcdefgh" * 1000)
    body, ends = parser.feed(CHUNKED + data)[1:]
    assert body == b"abcdefgh" * 1000
    assert ends == ChunkEnds(tuple(range(1, MAX_CHUNK_ENDS + 1)))
    assert parser.feed(b"1\r\ni\r\n1\r\nj") == [b"ij", ChunkEnds((1, 2))]
    assert parser.feed(b"\r\n0\r\n\r\n") == [END]


def test_chunk_is_given_before_it_is_complete(new_parser):
    parser = new_parser()
    assert parser.feed(CHUNKED + b"5\r\nhe")[1:] == [b"he"]
    assert parser.feed(b"llo") == [b"llo", ChunkEnds((3,))]


def test_trailers_are_given_before_the_end(new_parser):
    parser = new_parser()
    events = parser.feed(CHUNKED + b"0\r\nA: b\r\nC: d\r\n e\r\n\r\n")
    assert events[1:] == [Trailers(b"A: b\r\nC: d\r\n e\r\n\r\n"), END]


def test_no_trailers_are_given_where_there_are_none(new_parser):
    assert new_parser().feed(CHUNKED + b"0\r\n\r\n")[1:] == [END]


@pytest.mark.parametrize("line", [b"%x", b"%X", b"0%x", b"%x;a", b"%x \t"])
def test_chunks_of_any_size_are_taken_in_any_spelling(line, new_parser):
    sizes = [1, 9, 10, 15, 16, 17, 159, 160, 255, 256, 257, 4095, 4096, 1, 70_000, 2]
    bodies = [(b"1\r\n\n" * size)[:size] for size in sizes]
    data = b"".join(b"%b\r\n%b\r\n" % (line % len(body), body) for body in bodies)
    body, ends, end = new_parser().feed(CHUNKED + data + b"0\r\n\r\n")[1:]
    assert body == b"".join(bodies)
    assert ends == ChunkEnds(tuple(sum(sizes[:count]) for count in range(1, len(sizes) + 1)))
    assert end is END
    for length in (1, 2, 3, 5, 6, 7, 100):
        parser = new_parser()
        parser.feed(CHUNKED)
        events = [
            event
            for at in range(0, len(data), length)
            for event in parser.feed(data[at : at + length])
        ]
        assert b"".join(event for event in events if isinstance(event, bytes)) == body


def test_end_of_a_chunk_that_is_still_to_come_is_not_reported(new_parser):
    parser = new_parser()
    assert parser.feed(CHUNKED + b"1\r\na\r\n2\r\nb")[1:] == [b"ab", ChunkEnds((1,))]
    assert parser.feed(b"c\r\n5\r\n") == [b"c", ChunkEnds((1,))]
    assert parser.feed(b"de") == [b"de"]
    assert parser.feed(b"f") == [b"f"]
    assert parser.feed(b"gh\r\n1\r\ni") == [b"ghi", ChunkEnds((2, 3))]


def test_chunk_line_alone_gives_nothing(new_parser):
    parser = new_parser()
    parser.feed(CHUNKED)
    assert [parser.feed(piece) for piece in (b"5", b"\r", b"\n", b"h")] == [[], [], [], [b"h"]]


def test_no_bytes_give_no_events(new_parser):
    parser = new_parser()
    for data in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\n", b"a", b"b"):
        assert parser.feed(b"") == []
        parser.feed(data)
    assert parser.feed(b"") == []


def test_what_came_before_an_error_is_given(new_parser):
    parser = new_parser()
    events = parser.feed(CHUNKED + b"2\r\nab\r\n2\r\ncd\r\nx\r\n")
    assert isinstance(events[0], ResponseHead)
    assert events[1] == b"abcd"
    assert events[2] == ChunkEnds((2, 4))
    assert str(events[3]) == r"malformed chunk size line b'x\r\n'"


# --- the end of the connection -----------------------------------------------------------------

# What has come, method, exception, message.
CUT_OFF = [
    (b"", ServerDisconnectedError, "server disconnected without a response"),
    (b"\r\n", ServerDisconnectedError, "server disconnected without a response"),
    (CONTINUE, ServerDisconnectedError, "server disconnected without a response"),
    *(
        (
            start,
            ServerDisconnectedError,
            f"server disconnected in the middle of a response head: {start!r}",
        )
        for start in (b"H", b"HTTP/1.1 200 OK", OK, b"\r")
    ),
    *(
        (
            OK + fields,
            ServerDisconnectedError,
            f"server disconnected in the middle of a response head: {OK!r}...",
        )
        for fields in (b"Set-Cookie: a-secret", b"A: b\r\n", b"\r")
    ),
    (
        sized(b"5"),
        ClientPayloadError,
        "response body is incomplete: expected 5 bytes, got 0",
    ),
    (
        sized(b"5", b"hell"),
        ClientPayloadError,
        "response body is incomplete: expected 5 bytes, got 4",
    ),
    (
        sized(b"9" * 18, b"x"),
        ClientPayloadError,
        f"response body is incomplete: expected {'9' * 18} bytes, got 1",
    ),
    *(
        (
            CHUNKED + body,
            ClientPayloadError,
            f"response body is incomplete: got {got} bytes and no last chunk",
        )
        for body, got in [
            (b"", 0),
            (b"5", 0),
            (b"5\r", 0),
            (b"5\r\n", 0),
            (b"5\r\nhe", 2),
            (b"5\r\nhello", 5),
            (b"5\r\nhello\r", 5),
            (b"5\r\nhello\r\n", 5),
            (b"5\r\nhello\r\n3\r\nab", 7),
            (b"5\r\nhello\r\n0", 5),
            (b"5\r\nhello\r\n0\r\n", 5),
            (b"5\r\nhello\r\n0\r\n\r", 5),
            (b"5\r\nhello\r\n0\r\nA: b\r\n", 5),
        ]
    ),
]


@pytest.mark.parametrize(("data", "error_type", "message"), CUT_OFF)
@pytest.mark.parametrize("piece_by_piece", [False, True])
def test_response_that_is_cut_off_is_an_error(
    data, error_type, message, piece_by_piece, new_parser
):
    parser = new_parser()
    for piece in [data[i : i + 1] for i in range(len(data))] if piece_by_piece else [data]:
        parser.feed(piece)
    (error,) = parser.feed_eof()
    assert (type(error), str(error)) == (error_type, message)


def test_cut_off_head_is_shown_to_its_first_100_bytes(new_parser):
    parser = new_parser()
    start = b"HTTP/1.1 200 " + b"b" * 200
    parser.feed(start)
    (error,) = parser.feed_eof()
    assert str(error).endswith(f" {start[:100]!r}...")


def test_length_of_one_chunked_response_is_not_counted_to_the_next(new_parser):
    parser = new_parser()
    parser.feed(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n")
    parser.start("GET")
    parser.feed(CHUNKED + b"2\r\nab")
    (error,) = parser.feed_eof()
    assert "got 2 bytes" in str(error)


@pytest.mark.parametrize("data", [sized(b"1", b"x"), OK + b"\r\nuntil close"])
def test_end_after_a_complete_response_gives_nothing_more(data, new_parser):
    parser = new_parser()
    parser.feed(data)
    parser.feed_eof()
    assert parser.feed_eof() == []


def test_end_of_an_idle_connection_gives_nothing(parser_type):
    assert parser_type().feed_eof() == []


def test_end_after_an_error_gives_nothing(new_parser):
    parser = new_parser()
    parser.feed(b"not HTTP")
    assert parser.feed_eof() == []


# --- after a response --------------------------------------------------------------------------


def test_next_response_comes_from_the_same_parser(new_parser):
    parser = new_parser()
    for _ in range(3):
        for data, body in [
            (sized(b"1", b"x"), b"x"),
            (CHUNKED + b"1\r\ny\r\n0\r\nT: z\r\n\r\n", b"y"),
            (b"\r\n" + sized(b"1", b"z"), b"z"),
        ]:
            events = parser.feed(data)[1:]
            assert [events[0], events[-1]] == [body, END]
            assert parser.surplus == 0
            parser.start("GET")


@pytest.mark.parametrize("response", [sized(b"1", b"x"), sized(b"0"), CHUNKED + b"0\r\n\r\n"])
@pytest.mark.parametrize("extra", [b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\0"])
def test_bytes_after_a_response_are_counted_and_not_parsed(response, extra, new_parser):
    parser = new_parser()
    assert parser.feed(response + extra)[-1] is END
    assert parser.surplus == len(extra)


def test_bytes_after_a_response_are_counted_when_they_come_alone(new_parser):
    parser = new_parser()
    parser.feed(sized(b"1", b"x"))
    assert parser.feed(b"abc") == []
    assert parser.surplus == 3


@pytest.mark.parametrize("data", [b"HTTP/1.1 2", sized(b"5", b"hel"), CHUNKED + b"5"])
def test_bytes_of_a_response_that_goes_on_are_no_surplus(data, new_parser):
    parser = new_parser()
    parser.feed(data)
    assert parser.surplus == 0


def test_nothing_is_parsed_after_an_error(new_parser):
    parser = new_parser()
    parser.feed(b"not HTTP\r\n")
    assert parser.feed(sized(b"1", b"x")) == []
    assert parser.surplus == 0


def test_fields_of_one_response_are_not_counted_to_the_next(new_parser):
    parser = new_parser()
    for _ in range(3):
        assert parser.feed(OK + b"A: b\r\n" * 200 + b"Content-Length: 0\r\n\r\n")[-1] is END
        parser.start("GET")


def test_more_data_after_the_last_chunk_is_refused_at_any_size_of_body(error_of):
    error = error_of(CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n")
    assert str(error) == r"chunk data is not followed by CRLF but by b'd\r'"
