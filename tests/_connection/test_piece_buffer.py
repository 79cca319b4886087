"""Bytes in pieces: looking at the first of them without taking any."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from aioclient._connection.piece_buffer import PieceBuffer


def buffer_of(*pieces: bytes) -> PieceBuffer:
    buffer = PieceBuffer()
    for piece in pieces:
        buffer.append(piece)
    return buffer


@given(
    st.lists(st.binary(min_size=1, max_size=5), max_size=6),
    st.integers(0, 8),
    st.integers(0, 40),
    st.binary(max_size=3),
)
def test_what_is_seen_is_what_would_be_taken(
    pieces: list[bytes], taken: int, seen: int, put_back: bytes
) -> None:
    buffer = buffer_of(*pieces)
    buffer.take(taken)
    if put_back:
        buffer.put_back(put_back)
    size = buffer.size
    first = buffer.peek(seen)
    assert buffer.peek(seen) == first
    assert buffer.size == size
    assert first == buffer.take(seen)
    assert b"".join(buffer.pieces()) == buffer.peek(buffer.size)


def test_nothing_is_left_when_it_was_cleared() -> None:
    buffer = buffer_of(b"abc\r", b"\nd")
    buffer.take(1)
    assert buffer.find_end(b"\r\n") == 4
    buffer.clear()
    buffer.append(b"\nxy\r\n")
    assert buffer.find_end(b"\r\n") == 5
    assert (buffer.size, buffer.pieces()) == (5, [b"\nxy\r\n"])


def test_looking_does_not_forget_where_a_separator_was_searched() -> None:
    buffer = buffer_of(b"abc\r", b"\nd")
    assert buffer.find_end(b"\r\n") == 5
    assert buffer.peek(3) == b"abc"
    assert buffer.find_end(b"\r\n") == 5
    assert buffer.take(5) == b"abc\r\n"


def test_a_whole_piece_is_not_copied() -> None:
    piece = b"x" * 1000
    assert buffer_of(piece, b"y").peek(1000) is piece


def test_looking_costs_what_it_gives() -> None:
    buffer = buffer_of(*(b"%d" % (number % 10) * 100_000 for number in range(100)))
    buffer.take(5)
    tracemalloc.start()
    try:
        assert len(buffer.peek(100)) == 100
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()
