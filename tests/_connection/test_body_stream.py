"""The body of a response as a stream."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import asynchronous, cancelled, run, settled, started

from aioclient import ClientPayloadError
from aioclient._connection.body_stream import BodyStream


class Tap:
    """Where a stream's bytes come from: notes when it is told to stop and go on."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


def stream_of(*pieces: bytes, high_water: int = 1000, ended: bool = True) -> BodyStream:
    stream = BodyStream(Tap(), high_water)
    for piece in pieces:
        stream.feed(piece)
    if ended:
        stream.end()
    return stream


# --- reading what is there -----------------------------------------------------------------------


@asynchronous
async def test_read_gives_the_whole_body() -> None:
    assert await stream_of(b"one", b"two", b"three").read() == b"onetwothree"


@asynchronous
async def test_read_of_one_piece_does_not_copy_it() -> None:
    piece = b"x" * 100
    assert await stream_of(piece).read() is piece


@asynchronous
async def test_read_of_an_empty_body_is_empty() -> None:
    assert await stream_of().read() == b""


@asynchronous
async def test_read_after_the_end_is_empty() -> None:
    stream = stream_of(b"one")
    await stream.read()
    assert await stream.read() == b""
    assert await stream.read(5) == b""
    assert await stream.readany() == b""


@asynchronous
async def test_read_n_gives_at_most_n_bytes_across_pieces() -> None:
    stream = stream_of(b"abc", b"def", b"g")
    assert [await stream.read(2) for _ in range(5)] == [b"ab", b"cd", b"ef", b"g", b""]


@asynchronous
async def test_read_n_does_not_wait_for_more_than_there_is() -> None:
    stream = stream_of(b"abc", ended=False)
    assert await asyncio.wait_for(stream.read(100), 1) == b"abc"


@asynchronous
async def test_read_0_neither_reads_nor_waits() -> None:
    stream = stream_of(ended=False)
    assert await asyncio.wait_for(stream.read(0), 1) == b""


@asynchronous
async def test_readany_gives_all_that_is_there() -> None:
    stream = stream_of(b"abc", b"def", ended=False)
    assert await stream.readany() == b"abcdef"


@asynchronous
async def test_iter_any_gives_pieces_as_they_arrive() -> None:
    stream = stream_of(b"a", b"b", ended=False)
    pieces = []

    async def read() -> None:
        pieces.extend([piece async for piece in stream.iter_any()])

    reader = await started(read())
    stream.feed(b"c")
    await settled()
    stream.feed(b"d")
    stream.feed(b"e")
    stream.end()
    await reader
    assert pieces == [b"ab", b"c", b"de"]


@asynchronous
async def test_iter_chunked_gives_pieces_of_at_most_that_size() -> None:
    stream = stream_of(b"abcde", b"fg")
    pieces = [piece async for piece in stream.iter_chunked(3)]
    assert b"".join(pieces) == b"abcdefg"
    assert max(map(len, pieces)) <= 3


@pytest.mark.parametrize("size", [0, -1])
@asynchronous
async def test_iter_chunked_refuses_a_size_that_is_not_positive(size: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        async for _ in stream_of(b"abc").iter_chunked(size):
            pass


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.binary(max_size=20), max_size=20), st.lists(st.integers(-1, 30), max_size=30))
def test_nothing_is_lost_or_swapped_however_it_is_read(
    pieces: list[bytes], sizes: list[int]
) -> None:
    async def main() -> None:
        stream = stream_of(*pieces, high_water=40)
        read = [await (stream.read(size) if size >= 0 else stream.readany()) for size in sizes]
        read.append(await stream.read())
        assert b"".join(read) == b"".join(pieces)
        assert stream.at_eof()
        assert stream.total_bytes == len(b"".join(pieces))

    run(main())


# --- waiting -------------------------------------------------------------------------------------


@asynchronous
async def test_a_reader_waits_for_the_first_byte() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.read(10))
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
async def test_an_empty_piece_wakes_nobody_for_good() -> None:
    stream = stream_of(ended=False)
    reader = await started(stream.readany())
    stream.feed(b"")
    await settled()
    assert not reader.done()
    stream.feed(b"abc")
    assert await reader == b"abc"


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
    assert await stream.read() == b"abc"


@asynchronous
async def test_a_cancelled_read_of_the_whole_body_loses_nothing() -> None:
    stream = stream_of(b"abc", ended=False)
    await cancelled(await started(stream.read()))
    stream.feed(b"def")
    stream.end()
    assert await stream.read() == b"abcdef"


# --- the end and errors ----------------------------------------------------------------------


@asynchronous
async def test_the_ends_are_told_apart() -> None:
    stream = stream_of(b"abc", ended=False)
    assert (stream.is_eof(), stream.at_eof()) == (False, False)
    stream.end()
    assert (stream.is_eof(), stream.at_eof()) == (True, False)
    await stream.read()
    assert (stream.is_eof(), stream.at_eof()) == (True, True)
    assert stream.exception() is None


@asynchronous
async def test_an_error_comes_after_the_bytes_before_it() -> None:
    stream = stream_of(b"abc", ended=False)
    error = ClientPayloadError("cut off")
    stream.end(error)
    assert stream.exception() is error
    assert await stream.read(2) == b"ab"
    assert await stream.readany() == b"c"
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


@pytest.mark.parametrize("how", ["read", "read n", "readany", "iter_any", "iter_chunked"])
@asynchronous
async def test_every_way_of_reading_raises_the_error_again_and_again(how: str) -> None:
    stream = stream_of(ended=False)
    stream.end(ClientPayloadError("cut off"))
    for _ in range(2):
        with pytest.raises(ClientPayloadError, match="cut off"):  # noqa: PT012
            if how == "read":
                await stream.read()
            elif how == "read n":
                await stream.read(1)
            elif how == "readany":
                await stream.readany()
            elif how == "iter_any":
                [piece async for piece in stream.iter_any()]
            else:
                [piece async for piece in stream.iter_chunked(5)]


@asynchronous
async def test_read_raises_although_bytes_came_before() -> None:
    stream = stream_of(b"abc", ended=False)
    stream.end(ClientPayloadError("cut off"))
    with pytest.raises(ClientPayloadError, match="cut off"):
        await stream.read()


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
    stream = BodyStream(tap, 100)
    stream.feed(b"x" * 120)
    await stream.read(69)
    assert tap.calls == ["pause"]
    await stream.read(1)
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
    assert len(await stream.read()) == 120
    assert tap.calls == ["pause", "resume"]
