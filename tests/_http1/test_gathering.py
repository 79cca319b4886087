"""Bodies that a parser puts together where they are received (`gather`); that of Python never does.

What they give is what they give otherwise, but in one piece.
"""

import random

import pytest

from aioclient._http.events import END_OF_MESSAGE as END

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
SIZE = 5000
BODY = random.Random(1).randbytes(SIZE)
NO_LIMIT = 2**40


@pytest.fixture
def in_body(new_parser):
    """A parser that was given the head of a response and the first bytes of its body."""

    def make(came=b"", size=SIZE):
        parser = new_parser()
        parser.feed(HEAD % size + came)
        return parser

    return make


def received(parser, data, most):
    """Let `data` arrive, at most so many bytes at once, in the room that the parser wants it in."""
    events = []
    while data:
        room = parser.room()
        if room is None:
            piece = data[:most]
            events += parser.feed(memoryview(piece))
        else:
            piece = data[: min(most, len(room))]
            room[: len(piece)] = piece
            events += parser.feed(room[: len(piece)])
        data = data[len(piece) :]
    return events


@pytest.mark.parametrize("most", [1, 7, 1000, 4999, 5000, 10_000])
@pytest.mark.parametrize("came", [0, 1, 4999])
def test_the_rest_is_one_piece_with_what_came_before(in_body, kind, came, most) -> None:
    parser = in_body(BODY[:came])
    gathers = parser.gather([BODY[:1], BODY[1:came]] if came > 1 else [BODY[:came]], NO_LIMIT)
    assert gathers == (kind == "compiled")
    events = received(parser, BODY[came:], most)
    assert events[-1] is END
    if gathers:
        assert events[:-1] == [BODY]
    assert b"".join(events[:-1]) == BODY[0 if gathers else came :]
    assert parser.gathered == 0
    assert parser.room() is None


def test_what_is_given_is_not_written_to_any_more(in_body) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    room = parser.room()
    *pieces, _ = received(parser, BODY, 1000)
    if room is not None:
        assert len(room) == len(BODY) - 1  # the last byte is received elsewhere
        with pytest.raises((BufferError, TypeError, ValueError)):
            memoryview(pieces[0])[0] = 0
    assert parser.room() is None


@pytest.mark.parametrize("surplus", [b"X", b"HTTP/1.1 200 OK\r\n"])
def test_what_comes_after_the_body_comes_with_its_last_byte(in_body, surplus) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    pieces = received(parser, BODY + surplus, 10_000)
    assert b"".join(pieces[:-1]) == BODY
    assert pieces[-1] is END
    assert parser.surplus == len(surplus)


def test_bytes_that_were_received_elsewhere_are_copied(in_body) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    events = [event for at in range(0, 5000, 500) for event in parser.feed(BODY[at : at + 500])]
    assert b"".join(events[:-1]) == BODY


@pytest.mark.parametrize("most", [100, 10_000])
def test_stopped_it_gives_what_is_there(in_body, most) -> None:
    parser = in_body(BODY[:10])
    gathers = parser.gather([BODY[:10]], NO_LIMIT)
    pieces = [] if gathers else [BODY[:10]]
    pieces += received(parser, BODY[10:3000], most)
    if gathers:
        assert (pieces, parser.gathered) == ([], 3000)
    stale = parser.room()
    pieces.append(parser.stop_gathering())
    assert b"".join(pieces) == BODY[:3000]
    if stale is not None:
        stale[:] = bytes(len(stale))  # bytes that arrive there are only somewhere
    *rest, end = received(parser, BODY[3000:], most)
    assert (b"".join(pieces + rest), end) == (BODY, END)
    assert parser.stop_gathering() == b""


def test_it_can_be_begun_again(in_body) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    pieces = received(parser, BODY[:2000], 500)
    came = b"".join([*pieces, parser.stop_gathering()])
    gathers = parser.gather([came], NO_LIMIT)
    *pieces, _ = received(parser, BODY[2000:], 500)
    assert b"".join(pieces if gathers else [came, *pieces]) == BODY


def test_only_what_has_a_length_and_is_not_too_large(new_parser, in_body) -> None:
    assert not new_parser().gather([], NO_LIMIT)  # there is no head yet
    chunked = new_parser()
    chunked.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe")
    assert not chunked.gather([b"he"], NO_LIMIT)
    assert not in_body().gather([], len(BODY) - 1)
    assert not in_body(b"x").gather([b"x"], len(BODY) - 1)
    assert not in_body(size=2**62).gather([], 2**40)
    assert not in_body(size=2**62).gather([], 2**63 - 1)  # there is no memory for it
    complete = in_body(BODY)
    assert not complete.gather([], NO_LIMIT)


def test_what_comes_at_once_is_limited(in_body) -> None:
    parser = in_body(size=3_000_000)
    parser.gather([], NO_LIMIT)
    room = parser.room()
    assert room is None or len(room) == 2**20


def test_a_body_that_is_cut_off(in_body) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    received(parser, BODY[:100], 10)
    (error,) = parser.feed_eof()
    assert "expected 5000 bytes, got 100" in str(error)
    assert parser.stop_gathering() in (BODY[:100], b"")


def test_the_next_response_begins_anew(in_body) -> None:
    parser = in_body()
    parser.gather([], NO_LIMIT)
    received(parser, BODY, 1000)
    parser.start("GET")
    head, *pieces = parser.feed(HEAD % 2 + b"ok")
    assert head.status == 200
    assert pieces == [b"ok", END]
