"""Every limit of `Limits`: what is just as large is accepted, what is one larger is refused."""

import inspect

import pytest

from aioclient._http.events import END_OF_MESSAGE as END
from aioclient._http.events import ChunkEnds
from aioclient._http1.limits import DEFAULT_LIMITS, Limits
from aioclient.errors import BodyLimitError, ClientError, HeadLimitError

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def head_of_size(size):
    """Within every other limit: many fields of a moderate size."""
    fields = b""
    while size - len(OK + fields + EMPTY) > 12_000:
        fields += b"X: " + b"x" * 9995 + b"\r\n"
    fields += b"X: " + b"x" * (size - len(OK + fields + EMPTY) - 5) + b"\r\n"
    return OK + fields + EMPTY


def status_line_of_size(size):
    line = b"HTTP/1.1 200 "
    return line + b"x" * (size - len(line)) + b"\r\n" + EMPTY


def trailers_of_size(size):
    return CHUNKED + b"0\r\nX: " + b"x" * (size - 7) + b"\r\n\r\n"


def extensions_of_size(size):
    """In chunks of their own, each line within its limit."""
    data = CHUNKED
    while size:
        length = min(size, 3000)
        data += b"1;" + b"x" * (length - 1) + b"\r\ny\r\n"
        size -= length
    return data + b"0\r\n\r\n"


# Limit: a smaller value to try, a complete response that measures n, the words, the exception.
CASES = {
    "max_head_size": (300, head_of_size, "response head", HeadLimitError),
    "max_line_size": (50, status_line_of_size, "status line", HeadLimitError),
    "max_field_size": (
        50,
        lambda n: OK + b"X" * 5 + b": " + b"y" * (n - 5) + b"\r\n" + EMPTY,
        "header field b'XXXXX'",
        HeadLimitError,
    ),
    "max_headers": (
        5,
        lambda n: OK + b"X: y\r\n" * (n - 1) + EMPTY,
        "fields",
        HeadLimitError,
    ),
    "max_empty_lines": (
        2,
        lambda n: b"\r\n" * n + OK + EMPTY,
        "empty lines before the status line",
        HeadLimitError,
    ),
    "max_chunk_line_size": (
        20,
        lambda n: CHUNKED + b"0;" + b"x" * (n - 4) + b"\r\n\r\n",
        "chunk size line",
        BodyLimitError,
    ),
    "max_chunk_ext_size": (20, extensions_of_size, "chunk extensions", BodyLimitError),
    "max_trailer_size": (50, trailers_of_size, "trailer section", BodyLimitError),
    "max_informational": (
        2,
        lambda n: CONTINUE * n + OK + EMPTY,
        "informational responses",
        HeadLimitError,
    ),
}

LIMITS = [
    pytest.param(name, value, id=f"{name} {value}")
    for name, (small, *_) in CASES.items()
    for value in (small, getattr(DEFAULT_LIMITS, name))
]


def pieces_of(data, piece_by_piece):
    return [data[i : i + 1] for i in range(len(data))] if piece_by_piece else [data]


def feed(parser, data, piece_by_piece):
    return [event for piece in pieces_of(data, piece_by_piece) for event in parser.feed(piece)]


def test_every_limit_is_tested():
    assert list(CASES) == list(inspect.signature(Limits).parameters)


@pytest.mark.parametrize("piece_by_piece", [False, True])
@pytest.mark.parametrize(("name", "value"), LIMITS)
def test_what_is_at_the_limit_is_accepted(name, value, piece_by_piece, new_parser):
    parser = new_parser(limits=Limits(**{name: value}))
    events = feed(parser, CASES[name][1](value), piece_by_piece)
    assert events[-1] is END, events[-1]


@pytest.mark.parametrize("piece_by_piece", [False, True])
@pytest.mark.parametrize(("name", "value"), LIMITS)
def test_what_is_one_past_the_limit_is_refused(name, value, piece_by_piece, new_parser):
    _, make, words, error_type = CASES[name]
    parser = new_parser(limits=Limits(**{name: value}))
    error = feed(parser, make(value + 1), piece_by_piece)[-1]
    assert type(error) is error_type
    assert f"{name} ({value})" in str(error)
    assert words in str(error)


@pytest.mark.parametrize("name", CASES)
def test_limit_may_be_larger_than_any_input(name, new_parser):
    small, make, *_ = CASES[name]
    events = new_parser(limits=Limits(**{name: 2**64})).feed(make(small))
    assert events[-1] is END, events[-1]


@pytest.mark.parametrize(
    ("name", "start", "endless"),
    [
        ("max_head_size", b"", b"HTTP/1.1 200 "),
        ("max_head_size", OK, b"A: b\r\n"),
        ("max_head_size", OK + b"A: b", b"\r\n c"),
        ("max_empty_lines", b"", b"\r\n"),
        ("max_chunk_line_size", CHUNKED, b"0"),
        ("max_chunk_line_size", CHUNKED + b"5;", b"x"),
        ("max_trailer_size", CHUNKED + b"0\r\n", b"A: b\r\n"),
        ("max_informational", b"", CONTINUE),
    ],
)
def test_what_never_ends_is_refused_before_long(name, start, endless, new_parser):
    limits = Limits(max_head_size=2000, max_trailer_size=1000)
    parser = new_parser(limits=limits)
    events = parser.feed(start)
    pieces = 0
    while not (events and isinstance(events[-1], ClientError)):
        events = parser.feed(endless)
        pieces += 1
        assert pieces < 6000
    assert name in str(events[-1])


def test_fields_of_head_and_trailers_are_counted_together(new_parser):
    limits = Limits(max_headers=5)
    head = OK + b"X: y\r\n" + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    assert new_parser(limits=limits).feed(head + b"A: b\r\n" * 3 + b"\r\n")[-1] is END
    error = new_parser(limits=limits).feed(head + b"A: b\r\n" * 4 + b"\r\n")[-1]
    assert str(error) == "number of header and trailer fields exceeds max_headers (5)"


def test_trailers_have_the_room_that_their_head_left(new_parser):
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    trailers = b"A: " + b"b" * 93 + b"\r\n\r\n"
    for less, ok in ((0, True), (1, False)):
        limits = Limits(max_head_size=len(head) + len(trailers) - less)
        event = new_parser(limits=limits).feed(head + b"0\r\n" + trailers)[-1]
        if ok:
            assert event is END
        else:
            assert isinstance(event, BodyLimitError)
            size = limits.max_head_size
            assert str(event) == f"head and trailer section together exceed max_head_size ({size})"


def test_trailers_without_end_have_the_room_that_their_head_left(new_parser):
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    parser = new_parser(limits=Limits(max_head_size=len(head) + 50))
    assert parser.feed(head + b"0\r\n" + b"A" * 49)[-1].status == 200
    (error,) = parser.feed(b"A")
    assert (error.limit, error.limit_value) == ("max_head_size", len(head) + 50)


def test_fields_of_an_informational_response_are_not_counted_to_the_final_one(new_parser):
    limits = Limits(max_headers=3)
    hints = b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </a>\r\n" * 3 + b"\r\n"
    assert new_parser(limits=limits).feed(hints * 2 + OK + b"A: b\r\n" * 2 + EMPTY)[-1] is END


def test_field_of_a_trailer_has_the_limit_of_a_field(new_parser):
    limits = Limits(max_field_size=30)
    start = CHUNKED + b"0\r\n"
    assert new_parser(limits=limits).feed(start + b"X: " + b"y" * 29 + b"\r\n\r\n")[-1] is END
    error = new_parser(limits=limits).feed(start + b"X: " + b"y" * 30 + b"\r\n\r\n")[-1]
    assert "max_field_size (30)" in str(error)


@pytest.mark.parametrize(
    "field",
    [
        b"X:  \t " + b"y" * 29 + b" \t \r\n",  # white space around a value is no part of it
        b"X:" + b"y" * 29 + b"\r\n",
        b"X: yyyyyyyyyy \t\r\n   yyyyyyyyyyyyyyyyyy\r\n",  # a fold counts as one space
        b"X:\r\n \r\n " + b"y" * 29 + b"\r\n",
    ],
)
def test_size_of_a_field_is_that_of_its_name_and_value(field, new_parser):
    limits = Limits(max_field_size=30)
    assert new_parser(limits=limits).feed(OK + field + EMPTY)[-1] is END
    one_longer = field.replace(b"y", b"yy", 1)
    error = new_parser(limits=limits).feed(OK + one_longer + EMPTY)[-1]
    assert "max_field_size (30)" in str(error)


def test_long_name_of_a_field_is_shown_to_its_first_100_bytes(new_parser):
    limits = Limits(max_field_size=300)
    (error,) = new_parser(limits=limits).feed(OK + b"X" * 300 + b": y\r\n" + EMPTY)
    assert str(error) == f"header field {b'X' * 100!r}... exceeds max_field_size (300)"


def test_broken_grammar_is_reported_before_a_limit(new_parser):
    limits = Limits(max_field_size=30, max_headers=2)
    head = OK + b"A: b\r\n" * 3 + b"X: " + b"y" * 50 + b"\r\nno colon\r\n\r\n"
    (error,) = new_parser(limits=limits).feed(head)
    assert str(error) == "malformed header line b'no colon'"


def test_empty_lines_before_informational_and_final_response_are_counted_together(new_parser):
    limits = Limits(max_empty_lines=2)
    good = b"\r\n" + CONTINUE + b"\r\n" + OK + EMPTY
    assert new_parser(limits=limits).feed(good)[-1] is END
    error = new_parser(limits=limits).feed(b"\r\n" + good)[-1]
    assert "max_empty_lines (2)" in str(error)


def test_counters_begin_anew_with_the_next_response(new_parser):
    limits = Limits(max_empty_lines=1, max_informational=1)
    parser = new_parser(limits=limits)
    for _ in range(3):
        assert parser.feed(b"\r\n" + CONTINUE + OK + EMPTY)[-1] is END
        parser.start("GET")


def test_chunks_need_not_be_large(new_parser):
    parser = new_parser()
    events = parser.feed(CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")
    assert [event for event in events[1:] if not isinstance(event, ChunkEnds)] == [
        b"x" * 100_000,
        END,
    ]


@pytest.mark.parametrize("size", [1, 15, 16, 255, 256, 4095, 4096])
@pytest.mark.parametrize("less", [0, 1])
def test_chunk_lines_have_their_limit_whatever_comes_before_and_after(size, less, new_parser):
    line = b"%x\r\n" % size
    parser = new_parser(limits=Limits(max_chunk_line_size=len(line) - less))
    event = parser.feed(CHUNKED + (line + b"x" * size + b"\r\n") * 3)[-1]
    if less:
        assert isinstance(event, BodyLimitError)
        assert f"max_chunk_line_size ({len(line) - 1})" in str(event)
    else:
        assert event == ChunkEnds((size, size * 2, size * 3))


def test_largest_chunk_size_is_63_bits(new_parser):
    parser = new_parser()
    assert parser.feed(CHUNKED + b"7fffffffffffffff\r\nx")[1:] == [b"x"]


def test_limits_are_those_that_are_documented_unless_others_are_given(new_parser):
    assert new_parser(limits=Limits()).feed(OK + EMPTY)[-1] is END
    assert Limits() == DEFAULT_LIMITS
