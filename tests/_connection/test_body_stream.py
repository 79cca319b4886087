"""The body of a response as a stream."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import asynchronous, cancelled, run, started
from tap import Tap

from aioclient import ClientPayloadError
from aioclient._connection.body_stream import BodyStream


def stream_of(*pieces: bytes, high_water: int = 1000, ended: bool = True) -> BodyStream:
    stream = BodyStream(Tap(), high_water)
    for piece in pieces:
        stream.feed(piece)
    if ended:
        stream.end()
    return stream


# --- reading what is there -----------------------------------------------------------------------


async def read_all(stream: BodyStream) -> bytes:
    pieces = []
    while piece := await stream.readany():
        pieces.append(piece)
    return b"".join(pieces)


@asynchronous
async def test_all_that_is_there_comes_at_once() -> None:
    assert await stream_of(b"abc", b"def", ended=False).readany() == b"abcdef"


@asynchronous
async def test_a_piece_is_not_copied() -> None:
    piece = b"x" * 100
    assert await stream_of(piece).readany() is piece


@asynchronous
async def test_large_pieces_come_as_they_are() -> None:
    pieces = [b"x" * 100_000, b"y" * 100_000, b"z" * 10, b"z" * 10]
    stream = stream_of(*pieces, high_water=10**6)
    assert await stream.readany() is pieces[0]
    assert await stream.readany() is pieces[1]
    assert await stream.readany() == b"z" * 20
    assert await stream.readany() == b""


@asynchronous
async def test_after_the_end_there_is_nothing() -> None:
    stream = stream_of(b"one")
    assert await stream.readany() == b"one"
    assert await stream.readany() == b""
    assert await stream.readany() == b""


@asynchronous
async def test_take_nowait_takes_all_or_nothing() -> None:
    stream = stream_of(b"x" * 100_000, b"y" * 100_000, high_water=10**6)
    assert stream.buffered == 200_000
    assert stream.take_nowait() == b"x" * 100_000 + b"y" * 100_000
    assert stream.take_nowait() == b""
    assert (stream.buffered, stream.total_bytes) == (0, 200_000)


def test_ends_of_chunks_count_from_the_beginning_of_the_body() -> None:
    stream = stream_of(b"abc", ended=False)
    stream.mark_chunk_ends((1, 3))
    stream.feed(b"defg")
    stream.mark_chunk_ends((2,))
    stream.feed(b"h")
    assert list(stream.chunk_ends) == [1, 3, 5]


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.binary(min_size=1, max_size=20), max_size=20), st.lists(st.booleans()))
def test_nothing_is_lost_or_swapped_however_it_is_read(
    pieces: list[bytes], waits: list[bool]
) -> None:
    async def main() -> None:
        stream = stream_of(*pieces, high_water=40)
        read = [await stream.readany() if wait else stream.take_nowait() for wait in waits]
        read.append(await read_all(stream))
        assert b"".join(read) == b"".join(pieces)
        assert stream.at_eof()
        assert stream.total_bytes == len(b"".join(pieces))

    run(main())


# --- waiting -------------------------------------------------------------------------------------


@asynchronous
async def test_a_reader_waits_for_the_first_byte() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.readany())
    assert not reader.done()
    stream.feed(b"abc")
    assert await reader == b"abc"


@asynchronous
async def test_a_reader_that_waits_hears_of_the_end() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.readany())
    stream.end()
    assert await reader == b""


@asynchronous
async def test_only_one_reader_can_wait() -> None:
    stream = stream_of(ended=False)
    first = await started(stream.readany())
    with pytest.raises(RuntimeError, match="already waiting"):
        await stream.readany()
    stream.feed(b"abc")
    assert await first == b"abc"


@asynchronous
async def test_after_a_cancelled_reader_another_can_wait() -> None:
    stream = stream_of(ended=False)
    await cancelled(await started(stream.readany()))
    second = await started(stream.readany())
    stream.feed(b"abc")
    assert await second == b"abc"


@asynchronous
async def test_a_cancelled_reader_loses_no_bytes_that_come_later() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.readany())
    stream.feed(b"abc")  # it is woken, but cancelled before it runs
    await cancelled(reader)
    stream.end()
    assert await read_all(stream) == b"abc"


# --- the end and errors ----------------------------------------------------------------------


@asynchronous
async def test_the_ends_are_told_apart() -> None:
    stream = stream_of(b"abc", ended=False)
    assert (stream.is_eof(), stream.at_eof()) == (False, False)
    stream.end()
    assert (stream.is_eof(), stream.at_eof()) == (True, False)
    await stream.readany()
    assert (stream.is_eof(), stream.at_eof()) == (True, True)
    assert stream.exception() is None


@asynchronous
async def test_an_error_comes_after_the_bytes_before_it() -> None:
    stream = stream_of(b"abc", ended=False)
    error = ClientPayloadError("cut off")
    stream.end(error)
    assert stream.exception() is error
    assert await stream.readany() == b"abc"
    with pytest.raises(ClientPayloadError, match="cut off"):
        await stream.readany()


@asynchronous
async def test_a_broken_body_is_never_at_its_end() -> None:
    stream = stream_of(ended=False)
    stream.end(ClientPayloadError("cut off"))
    assert not stream.is_eof()
    assert not stream.at_eof()


@asynchronous
async def test_an_error_wakes_the_reader() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.readany())
    stream.end(ClientPayloadError("cut off"))
    with pytest.raises(ClientPayloadError, match="cut off"):
        await reader


@asynchronous
async def test_the_error_is_raised_again_and_again() -> None:
    stream = stream_of(ended=False)
    stream.end(ClientPayloadError("cut off"))
    for _ in range(2):
        with pytest.raises(ClientPayloadError, match="cut off"):
            await stream.readany()


@asynchronous
async def test_a_reader_that_broke_the_body_off_hears_no_other_end() -> None:
    tap = Tap()
    stream = BodyStream(tap, 100)
    stream.fail(ClientPayloadError("had enough"))
    stream.feed(b"x" * 120)  # the connection does not know of it
    assert tap.calls == ["pause"]
    stream.end()
    assert not stream.is_eof()
    assert tap.calls == ["pause", "resume"]
    assert await stream.readany() == b"x" * 120
    with pytest.raises(ClientPayloadError, match="had enough"):
        await stream.readany()


# --- flow ------------------------------------------------------------------------------------


def paused_at(sizes: list[int]) -> list[str]:
    tap = Tap()
    stream = BodyStream(tap, 100)
    for size in sizes:
        stream.feed(b"x" * size)
    return tap.calls


@pytest.mark.parametrize(
    ("sizes", "calls"),
    [([100], []), ([101], ["pause"]), ([60, 41], ["pause"]), ([101, 50, 50], ["pause"])],
)
def test_the_peer_is_paused_once_above_high_water(sizes: list[int], calls: list[str]) -> None:
    assert paused_at(sizes) == calls


@asynchronous
async def test_the_peer_goes_on_when_half_has_been_read() -> None:
    tap = Tap()
    stream = BodyStream(tap, 100_000)
    stream.feed(b"x" * 40_000)
    stream.feed(b"x" * 40_000)
    stream.feed(b"x" * 50_000)
    await stream.readany()
    assert tap.calls == ["pause"]
    await stream.readany()
    assert tap.calls == ["pause", "resume"]


@asynchronous
async def test_the_peer_is_paused_again_after_it_went_on() -> None:
    tap = Tap()
    stream = BodyStream(tap, 100)
    for _ in range(3):
        stream.feed(b"x" * 120)
        await stream.readany()
    assert tap.calls == ["pause", "resume"] * 3


@asynchronous
async def test_after_the_end_the_connection_is_left_alone() -> None:
    tap = Tap()
    stream = BodyStream(tap, 100)
    stream.feed(b"x" * 90)
    stream.end()
    stream.feed(b"x" * 90)
    assert tap.calls == []


@asynchronous
async def test_a_connection_is_not_left_paused_by_a_body_that_is_complete() -> None:
    tap = Tap()
    stream = BodyStream(tap, 100)
    stream.feed(b"x" * 120)
    stream.end()
    assert len(await stream.readany()) == 120
    assert tap.calls == ["pause", "resume"]
