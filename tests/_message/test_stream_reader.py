"""How a body is read, over a fake source: each method, whole and in pieces."""

import asyncio
import itertools
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from fake_source import FakeSource
from running import asynchronous, cancelled, result_of, run, settled, started
from tap import Tap

from aioclient._message.body_source import Source
from aioclient._message.stream_reader import StreamReader
from aioclient.errors import BodyTooLargeError, ClientPayloadError, LineTooLong

BODY = b"one\ntwo\n\nthree"
BROKEN = ClientPayloadError("broken off")

#: The same body, cut differently.
CUTS = [
    pytest.param((BODY,), id="whole"),
    pytest.param((BODY[:2], BODY[2:5], BODY[5:]), id="in three pieces"),
    pytest.param(tuple(bytes((byte,)) for byte in BODY), id="byte by byte"),
]


def reader_of(*pieces: bytes, **options: Any) -> StreamReader:
    return StreamReader.over(FakeSource(*pieces, ended=True), **options)


def broken_reader(*pieces: bytes) -> StreamReader:
    source = FakeSource(*pieces)
    source.fail(BROKEN)
    return StreamReader.over(source)


def open_reader(*pieces: bytes, **options: Any) -> tuple[StreamReader, FakeSource]:
    source = FakeSource(*pieces)
    return StreamReader.over(source, **options), source


def test_the_fake_source_is_a_source() -> None:
    source: Source = FakeSource()
    assert not source.is_eof()


# --- each method, whole and in pieces ------------------------------------------------------------


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_read_gives_the_whole_rest(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    assert await reader.read() == BODY
    assert await reader.read() == b""
    assert reader.at_eof()


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_read_gives_up_to_n_bytes(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    got = []
    while piece := await reader.read(4):
        assert len(piece) <= 4
        got.append(piece)
    assert b"".join(got) == BODY


@asynchronous
async def test_read_of_nothing_does_not_wait() -> None:
    reader, _source = open_reader()
    assert await reader.read(0) == b""


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_readany_gives_pieces_as_they_came(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    assert [await reader.readany() for _ in pieces] == list(pieces)
    assert await reader.readany() == b""


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_readexactly_gives_exactly_n_bytes(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    assert await reader.readexactly(0) == b""
    assert await reader.readexactly(5) == BODY[:5]
    assert await reader.readexactly(len(BODY) - 5) == BODY[5:]


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_readexactly_of_too_much_tells_what_there_was(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    await reader.readexactly(2)
    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await reader.readexactly(100)
    assert (caught.value.partial, caught.value.expected) == (BODY[2:], 100)
    assert reader.at_eof()


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_peek_waits_for_n_bytes_and_leaves_them(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces)
    assert await reader.peek(5) == BODY[:5]
    assert await reader.peek(100) == BODY
    assert await reader.read() == BODY
    assert await reader.peek(5) == b""


@asynchronous
async def test_peek_leaves_what_came_before_an_error_or_a_cancellation() -> None:
    reader = broken_reader(b"one", b"two")
    with pytest.raises(ClientPayloadError, match="broken off"):
        await reader.peek(7)
    assert reader.peek_nowait(100) == b"onetwo"
    reader, source = open_reader(b"one")
    waiting = await started(reader.peek(5))
    assert not waiting.done()
    await cancelled(waiting)
    source.feed(b"two")
    assert reader.peek_nowait(100) == b"onetwo"
    assert await reader.readexactly(6) == b"onetwo"


@asynchronous
async def test_peek_nowait_shows_what_has_arrived_and_leaves_it() -> None:
    reader, source = open_reader(b"one", b"two")
    assert reader.peek_nowait(2) == b"on"
    assert await reader.read(1) == b"o"
    assert reader.peek_nowait(100) == b"netwo"
    source.feed(b"three")
    assert reader.peek_nowait(6) == b"netwot"
    assert await reader.readexactly(10) == b"netwothree"
    assert reader.peek_nowait(6) == b""


@asynchronous
async def test_peek_nowait_beside_a_reader_loses_nothing() -> None:
    reader, source = open_reader(b"one")
    reading = await started(reader.readexactly(6))
    assert reader.peek_nowait(6) == b"one"
    source.feed(b"two")
    assert reader.peek_nowait(6) == b"one"
    assert await reading == b"onetwo"


@asynchronous
async def test_readexactly_refuses_a_negative_number() -> None:
    with pytest.raises(ValueError, match="-1"):
        await reader_of().readexactly(-1)


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_lines_come_with_their_ends(pieces: tuple[bytes, ...]) -> None:
    assert [line async for line in reader_of(*pieces)] == [b"one\n", b"two\n", b"\n", b"three"]


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_readuntil_finds_a_long_separator_wherever_it_is_cut(
    pieces: tuple[bytes, ...],
) -> None:
    reader = reader_of(*pieces)
    assert await reader.readuntil(b"o\n\nth") == b"one\ntwo\n\nth"
    assert await reader.readuntil(b"absent") == b"ree"
    assert await reader.readuntil(b"absent") == b""


@asynchronous
async def test_every_cut_of_every_separator_is_found_where_find_finds_it() -> None:
    body = b"abababcabcaabbc"
    separators = (b"c", b"ab", b"abc", b"ababc", b"aabbc")
    cuts = itertools.combinations(range(len(body) + 1), 2)
    for (first, second), separator in itertools.product(cuts, separators):
        pieces = (body[:first], body[first:second], body[second:])
        reader = reader_of(*(piece for piece in pieces if piece))
        rest = body
        while rest:
            line, found, rest = rest.partition(separator)
            assert await reader.readuntil(separator) == line + found


@asynchronous
async def test_readuntil_refuses_an_empty_separator() -> None:
    with pytest.raises(ValueError, match="empty"):
        await reader_of().readuntil(b"")


@asynchronous
async def test_another_separator_is_searched_from_the_start() -> None:
    reader, source = open_reader(b"a;b,c")
    task = await started(reader.readuntil(b"\n"))
    await cancelled(task)
    assert await reader.readuntil(b";") == b"a;"
    assert await reader.readuntil(b",") == b"b,"
    source.end()
    assert await reader.readuntil(b";") == b"c"


@asynchronous
async def test_read_nowait_takes_what_has_arrived() -> None:
    reader, source = open_reader()
    assert reader.read_nowait() == b""
    source.feed(b"abc")
    source.feed(b"defg")
    assert reader.read_nowait(0) == b""
    assert reader.read_nowait(2) == b"ab"
    assert reader.read_nowait(2) == b"cd"
    assert reader.read_nowait() == b"efg"
    assert reader.read_nowait() == b""


@asynchronous
async def test_methods_can_be_mixed() -> None:
    reader, source = open_reader(b"head\nlong body", b" and more")
    assert await reader.readline() == b"head\n"
    assert await reader.read(4) == b"long"
    assert await reader.readexactly(7) == b" body a"
    assert await reader.readany() == b"nd more"
    source.feed(b"the end")
    source.end()
    assert await reader.readexactly(4) == b"the "
    assert await reader.read() == b"end"


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_iter_any_gives_pieces_as_they_came(pieces: tuple[bytes, ...]) -> None:
    assert [piece async for piece in reader_of(*pieces).iter_any()] == list(pieces)


@pytest.mark.parametrize("pieces", CUTS)
@asynchronous
async def test_iter_chunked_gives_at_most_n_bytes(pieces: tuple[bytes, ...]) -> None:
    got = [piece async for piece in reader_of(*pieces).iter_chunked(4)]
    assert b"".join(got) == BODY
    assert max(map(len, got)) <= 4


def test_iter_chunked_refuses_pieces_of_nothing() -> None:
    with pytest.raises(ValueError, match="not 0"):
        reader_of().iter_chunked(0)


@asynchronous
async def test_pieces_that_pass_through_are_not_copied() -> None:
    pieces = [bytes(1000), bytes(800)]
    ways: list[Callable[[StreamReader], AsyncIterator[bytes]]] = [
        lambda reader: reader.iter_any(),
        lambda reader: reader.iter_chunked(1000),
        lambda reader: reader.iter_chunked(10_000),
    ]
    for read in ways:
        got = [piece async for piece in read(reader_of(*pieces))]
        assert len(got) == 2
        assert all(ours is theirs for ours, theirs in zip(got, pieces, strict=True))
    assert await reader_of(pieces[0]).read() is pieces[0]
    assert await reader_of(pieces[0]).readexactly(1000) is pieces[0]


@asynchronous
async def test_an_iterator_left_early_leaves_the_rest() -> None:
    reader = reader_of(*(bytes((byte,)) for byte in BODY))
    async for piece in reader.iter_any():
        assert piece == b"o"
        break
    async for line in reader:
        assert line == b"ne\n"
        break
    assert await reader.read() == BODY[4:]


# --- chunks of HTTP/1.1 --------------------------------------------------------------------------


@asynchronous
async def test_readchunk_tells_where_chunks_end() -> None:
    source = FakeSource()
    source.feed(b"abcdef", 2, 5)
    reader = StreamReader.over(source)
    assert await reader.readchunk() == (b"ab", True)
    assert await reader.readchunk() == (b"cde", True)
    assert await reader.readchunk() == (b"f", False)
    source.feed(b"gh", 2)
    source.end()
    assert await reader.readchunk() == (b"gh", True)
    assert await reader.readchunk() == (b"", False)
    assert await reader.readchunk() == (b"", False)


@asynchronous
async def test_iter_chunks_gives_pairs() -> None:
    source = FakeSource()
    source.feed(b"ab", 2)
    source.feed(b"c")
    source.feed(b"d", 1)
    source.end()
    pairs = [pair async for pair in StreamReader.over(source).iter_chunks()]
    assert b"".join(data for data, _ in pairs) == b"abcd"
    assert pairs[0] == (b"ab", True)
    assert pairs[-1][1]


@asynchronous
async def test_without_marks_no_piece_ends_a_chunk() -> None:
    pairs = [pair async for pair in reader_of(b"ab", b"c").iter_chunks()]
    assert pairs == [(b"ab", False), (b"c", False)]


@asynchronous
async def test_a_chunk_whose_last_byte_was_read_otherwise_still_ends() -> None:
    source = FakeSource()
    source.feed(b"abcd", 2, 4)
    source.end()
    reader = StreamReader.over(source)
    assert await reader.read(2) == b"ab"
    assert await reader.readchunk() == (b"", True)
    assert await reader.readchunk() == (b"cd", True)


@asynchronous
async def test_chunks_that_were_read_otherwise_are_passed_over() -> None:
    source = FakeSource()
    source.feed(b"abcdef", 2, 6)
    source.end()
    reader = StreamReader.over(source)
    assert await reader.read(3) == b"abc"
    assert await reader.readchunk() == (b"def", True)


@asynchronous
async def test_readchunk_takes_no_more_from_the_source_than_it_needs() -> None:
    source = FakeSource()
    source.feed(b"abcd", 2)
    reader = StreamReader.over(source)
    assert await reader.readchunk() == (b"ab", True)
    source.feed(b"efgh")
    assert await reader.readchunk() == (b"cd", False)
    assert source.buffered == 4


@pytest.mark.parametrize("method", ["readany", "readline", "read"])
@asynchronous
async def test_chunk_ends_that_nobody_asks_for_do_not_pile_up(method: str) -> None:
    source = FakeSource()
    reader = StreamReader.over(source)
    read = getattr(reader, method)
    task = None
    for _ in range(50):
        source.feed(b"x", 1)
        task = task or await started(read())
        await settled(1)
        if task.done() and not source.at_eof():
            task = None
        assert len(source.chunk_ends) <= 4
    source.end()
    if task is not None:
        await task


# --- limits --------------------------------------------------------------------------------------


@asynchronous
async def test_a_line_of_the_limit_is_read() -> None:
    assert await reader_of(b"12345\n6").readline(max_line_length=6) == b"12345\n"
    assert await reader_of(b"123456").readline(max_line_length=6) == b"123456"
    assert await reader_of(b"12345\n6", max_line_bytes=6).readline() == b"12345\n"
    assert await reader_of(b"1234--6").readuntil(b"--", max_size=6) == b"1234--"


@pytest.mark.parametrize("pieces", [(b"123456\n7",), (b"123", b"4567", b"89\n"), (b"1234567",)])
@asynchronous
async def test_a_line_one_past_the_limit_is_refused(pieces: tuple[bytes, ...]) -> None:
    reader = reader_of(*pieces, max_line_bytes=6)
    for _ in range(2):
        with pytest.raises(LineTooLong, match="6 bytes") as caught:
            await reader.readline()
    assert (caught.value.limit, caught.value.limit_value) == ("max_line_length", 6)
    assert await reader.read() == b"".join(pieces), "it can be read in pieces"


@asynchronous
async def test_lines_are_limited_by_default() -> None:
    source = FakeSource(*[bytes(64 * 1024)] * 100)
    with pytest.raises(LineTooLong, match="524288"):
        await StreamReader.over(source).readline()
    assert source.buffered > 90 * 64 * 1024, "it stops at the limit"


@asynchronous
async def test_read_all_reads_as_much_as_it_may() -> None:
    assert await reader_of(b"abc", b"def").read_all(6, 1.0, 0) == b"abcdef"


@asynchronous
async def test_read_all_refuses_one_byte_more() -> None:
    reader, source = open_reader(b"abc", b"def", b"g", b"hi")
    with pytest.raises(BodyTooLargeError, match="6 bytes") as caught:
        await reader.read_all(6, None, 0)
    assert (caught.value.limit, caught.value.limit_value) == ("max_body_size", 6)
    assert source.buffered == 2, "it stopped at once"
    source.end()
    assert await reader.read() == b"abcdefghi"


# --- linear time ---------------------------------------------------------------------------------

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda reader: reader.read(), id="read"),
        pytest.param(lambda reader: reader.readexactly(MEGABYTE), id="readexactly"),
        pytest.param(lambda reader: reader.readline(max_line_length=MEGABYTE), id="readline"),
        pytest.param(
            lambda reader: reader.readuntil(b"xxxx\n\n", max_size=MEGABYTE), id="readuntil"
        ),
    ],
)
def test_a_megabyte_in_single_bytes_is_linear(
    read: Callable[[StreamReader], Awaitable[bytes]],
) -> None:
    source = FakeSource(*[b"x"] * MEGABYTE, ended=True)

    async def main() -> None:
        assert len(await read(StreamReader.over(source))) == MEGABYTE

    began = time.process_time()
    run(main(), patience_s=100)
    assert time.process_time() - began < 30  # some 2 s; many minutes if it were quadratic
    assert source.reads <= MEGABYTE + 1


class TinyPieces(FakeSource):
    """Two bytes at a time, each time other ones."""

    left = 100_000

    async def readany(self) -> bytes:
        self.left -= 1
        return self.left.to_bytes(8, "little")[:2] if self.left >= 0 else b""


@asynchronous
async def test_tiny_pieces_cost_little_more_than_their_bytes() -> None:
    reader = StreamReader.over(TinyPieces())
    tracemalloc.start()
    try:
        body = await reader.read()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert body == b"".join(n.to_bytes(8, "little")[:2] for n in reversed(range(100_000)))
    assert peak < 5 * len(body)


@asynchronous
async def test_many_lines_in_one_piece_are_linear() -> None:
    line = b"x" * 9 + b"\n"
    reader = reader_of(line * (MEGABYTE // 10))
    began = time.process_time()
    count = 0
    async for got in reader:
        assert got == line
        count += 1
    assert count == MEGABYTE // 10
    assert time.process_time() - began < 10  # some 0.3 s


@asynchronous
async def test_lines_after_a_cancelled_read_of_small_pieces_are_linear() -> None:
    reader, source = open_reader(*[b"xy", b"z\n"] * 100_000)
    await cancelled(await started(reader.read()))
    source.end()
    began = time.process_time()
    assert sum([len(line) async for line in reader]) == 400_000
    assert time.process_time() - began < 10


@asynchronous
async def test_a_search_that_is_cancelled_again_and_again_goes_on_where_it_was() -> None:
    reader, source = open_reader(*[b"x" * 400_000])
    began = time.process_time()
    for _ in range(300):
        source.feed(b"xx")
        await cancelled(await started(reader.readline()))
    assert time.process_time() - began < 8
    source.feed(b"\n")
    assert len(await reader.readline()) == 400_601


# --- errors --------------------------------------------------------------------------------------


@asynchronous
async def test_what_came_before_an_error_can_be_read_first() -> None:
    assert await broken_reader(b"ab").readany() == b"ab"
    assert await broken_reader(b"ab").read(1) == b"a"
    assert await broken_reader(b"ab\nc").readline() == b"ab\n"
    assert await broken_reader(b"ab").readexactly(2) == b"ab"
    assert await broken_reader(b"ab").readchunk() == (b"ab", False)
    assert broken_reader(b"ab").read_nowait() == b"ab"


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda reader: reader.read(), id="read"),
        pytest.param(lambda reader: reader.readexactly(5), id="readexactly"),
        pytest.param(lambda reader: reader.readline(), id="readline"),
        pytest.param(lambda reader: reader.readuntil(b"--"), id="readuntil"),
    ],
)
@asynchronous
async def test_what_was_collected_before_an_error_is_not_lost(
    read: Callable[[StreamReader], Awaitable[bytes]],
) -> None:
    reader = broken_reader(b"ab", b"c")
    for _ in range(2):
        with pytest.raises(ClientPayloadError) as caught:
            await read(reader)
        assert caught.value is BROKEN
    assert await reader.readany() == b"abc"


@asynchronous
async def test_after_what_came_every_method_raises_the_error() -> None:
    reader = broken_reader()
    for read in (
        reader.read,
        reader.readany,
        reader.readline,
        reader.readuntil,
        reader.readchunk,
        reader.wait_eof,
    ):
        with pytest.raises(ClientPayloadError):
            await read()
    with pytest.raises(ClientPayloadError):
        await reader.read(5)
    with pytest.raises(ClientPayloadError):
        await reader.readexactly(5)
    with pytest.raises(ClientPayloadError):
        reader.read_nowait()
    for iterator in (reader.iter_any(), reader.iter_chunked(5), aiter(reader)):
        with pytest.raises(ClientPayloadError):
            await anext(iterator)
    assert reader.exception() is BROKEN
    assert not reader.at_eof()
    assert not reader.is_eof()


@asynchronous
async def test_set_exception_wakes_who_reads() -> None:
    reader, _source = open_reader()
    task = await started(reader.readany())
    error, cause = ClientPayloadError("enough"), OSError("the cause")
    reader.set_exception(error, cause)
    with pytest.raises(ClientPayloadError, match="enough"):
        await task
    assert error.__cause__ is cause
    assert reader.exception() is error


# --- cancellation and concurrency ----------------------------------------------------------------

WAITING: list[Any] = [
    pytest.param(lambda reader: reader.read(), id="read"),
    pytest.param(lambda reader: reader.read(100), id="read n"),
    pytest.param(lambda reader: reader.readany(), id="readany"),
    pytest.param(lambda reader: reader.readexactly(100), id="readexactly"),
    pytest.param(lambda reader: reader.readline(), id="readline"),
    pytest.param(lambda reader: reader.readuntil(b"--"), id="readuntil"),
    pytest.param(lambda reader: reader.readchunk(), id="readchunk"),
    pytest.param(lambda reader: reader.read_all(1000, 10.0, 100), id="read_all"),
    pytest.param(lambda reader: anext(reader.iter_any()), id="iter_any"),
    pytest.param(lambda reader: anext(reader.iter_chunked(9)), id="iter_chunked"),
    pytest.param(lambda reader: anext(reader.iter_chunks()), id="iter_chunks"),
    pytest.param(lambda reader: anext(aiter(reader)), id="lines"),
]


@pytest.mark.parametrize("read", WAITING)
@asynchronous
async def test_cancelled_it_loses_nothing(
    read: Callable[[StreamReader], Awaitable[object]],
) -> None:
    reader, source = open_reader()
    task = await started(read(reader))
    await cancelled(task)
    source.feed(b"ab")
    source.feed(b"cd")
    task = await started(read(reader))
    if task.done():  # with what there was
        got = task.result()
        first = got[0] if isinstance(got, tuple) else got
    else:
        await cancelled(task)
        first = b""
    source.feed(b"ef")
    source.end()
    assert first + await reader.read() == b"abcdef"


@pytest.mark.parametrize("read", WAITING)
@asynchronous
async def test_cancelled_when_bytes_have_just_arrived_it_loses_nothing(
    read: Callable[[StreamReader], Awaitable[object]],
) -> None:
    reader, source = open_reader()
    task = await started(read(reader))
    source.feed(b"ab")  # the task is to run, but is cancelled first
    await cancelled(task)
    source.end()
    assert await reader.read() == b"ab"


@asynchronous
async def test_an_iterator_goes_on_after_it_was_cancelled() -> None:
    reader, source = open_reader()
    lines = aiter(reader)
    source.feed(b"ab")
    await cancelled(await started(anext(lines)))
    source.feed(b"c\n")
    assert await anext(lines) == b"abc\n"
    source.end()
    with pytest.raises(StopAsyncIteration):
        await anext(lines)


@pytest.mark.parametrize("first", WAITING)
@asynchronous
async def test_a_second_reader_is_refused(
    first: Callable[[StreamReader], Awaitable[object]],
) -> None:
    for second in WAITING:
        reader, source = open_reader()
        task = await started(first(reader))
        with pytest.raises(RuntimeError, match="another coroutine is already reading"):
            await second.values[0](reader)
        with pytest.raises(RuntimeError, match="another coroutine is already reading"):
            reader.read_nowait()
        source.feed(b"ab--\n")
        source.end()
        await asyncio.wait((task,))
        error = task.exception()
        got = error.partial if isinstance(error, asyncio.IncompleteReadError) else task.result()
        assert (got[0] if isinstance(got, tuple) else got) + await reader.read() == b"ab--\n"


@asynchronous
async def test_a_second_reader_is_refused_even_when_bytes_have_just_arrived() -> None:
    reader, source = open_reader()
    task = await started(reader.readany())
    source.feed(b"ab")
    with pytest.raises(RuntimeError, match="already reading"):
        await reader.read()
    assert await task == b"ab"


# --- the end and other state ---------------------------------------------------------------------


@asynchronous
async def test_at_eof_is_after_the_last_byte() -> None:
    reader, source = open_reader(b"ab")
    assert not reader.is_eof()
    source.end()
    assert reader.is_eof()
    assert not reader.at_eof()
    assert await reader.read(1) == b"a"
    assert not reader.at_eof()
    assert await reader.read(1) == b"b"
    assert reader.at_eof()


@asynchronous
async def test_on_eof_calls_back_when_all_has_arrived() -> None:
    reader, source = open_reader(b"ab")
    calls: list[int] = []
    reader.on_eof(lambda: calls.append(1))
    reader.on_eof(lambda: calls.append(2))
    await settled()
    assert calls == []
    source.end()
    assert calls == [1, 2]
    reader.on_eof(lambda: calls.append(3))
    assert calls == [1, 2, 3]


@asynchronous
async def test_on_eof_does_not_call_back_for_an_error() -> None:
    reader, source = open_reader()
    calls: list[int] = []
    reader.on_eof(lambda: calls.append(1))
    source.fail(BROKEN)
    reader.on_eof(lambda: calls.append(2))
    await settled()
    assert calls == []


@pytest.mark.parametrize("is_late", [False, True])
def test_what_a_callback_raises_goes_to_the_loops_exception_handler(is_late: bool) -> None:
    heard: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, what: heard.append(what))
        reader, source = open_reader()
        calls: list[int] = []
        if is_late:
            source.end()
        reader.on_eof(partial(calls.remove, 7))
        reader.on_eof(lambda: calls.append(1))
        source.end()
        assert calls == [1]

    result_of(main())
    assert isinstance(heard[0]["exception"], ValueError)


@asynchronous
async def test_wait_eof_waits_for_the_arrival_of_all() -> None:
    reader, source = open_reader()
    tasks = [await started(reader.wait_eof()) for _ in range(3)]
    source.feed(b"ab")
    await settled()
    await cancelled(tasks.pop())
    assert not any(task.done() for task in tasks)
    source.end()
    for task in tasks:
        await task
    await reader.wait_eof()
    assert await reader.read() == b"ab"


@asynchronous
async def test_wait_eof_may_be_awaited_beside_a_reader() -> None:
    reader, source = open_reader()
    reading, waiting = await started(reader.read()), await started(reader.wait_eof())
    source.feed(b"ab")
    source.end()
    assert await reading == b"ab"
    await waiting


@asynchronous
async def test_wait_eof_raises_what_breaks_the_body_off() -> None:
    reader, source = open_reader()
    task = await started(reader.wait_eof())
    source.fail(BROKEN)
    with pytest.raises(ClientPayloadError):
        await task


@asynchronous
async def test_unread_data_is_read_next() -> None:
    reader = reader_of(b"abcdef", b"gh")
    assert await reader.read(4) == b"abcd"
    with pytest.warns(DeprecationWarning, match="unread_data"):
        reader.unread_data(bytearray(b"XY"))
    with pytest.warns(DeprecationWarning, match="unread_data"):
        reader.unread_data(b"")
    assert await reader.read(1) == b"X"
    assert await reader.read() == b"Yefgh"


@asynchronous
async def test_unread_data_is_found_by_a_search() -> None:
    reader, source = open_reader(b"abc")
    await cancelled(await started(reader.readline()))
    with pytest.warns(DeprecationWarning, match="unread_data"):
        reader.unread_data(b"x\ny")
    assert await reader.readline() == b"x\n"
    source.end()
    assert await reader.readline() == b"yabc"


@asynchronous
async def test_bytes_are_counted_as_they_arrive() -> None:
    reader, source = open_reader(b"abc")
    assert (reader.total_bytes, reader.total_raw_bytes) == (3, 3)
    assert reader.total_compressed_bytes is None
    await reader.read(1)
    source.feed(b"d")
    assert reader.total_bytes == 4
    assert repr(reader) == "<StreamReader 4 bytes so far>"


def test_the_limits_of_the_buffer_can_be_raised() -> None:
    source = FakeSource(high_water_bytes=1000)
    reader = StreamReader.over(source)
    assert reader.get_read_buffer_limits() == (500, 1000)
    reader.set_read_chunk_size(400)
    assert reader.get_read_buffer_limits() == (500, 1000)
    reader.set_read_chunk_size(600)
    assert reader.get_read_buffer_limits() == (600, 1200)
    assert source.high_water_bytes == 1200


# --- feeding by hand -----------------------------------------------------------------------------


@asynchronous
async def test_a_reader_can_be_fed_by_hand() -> None:
    tap = Tap()
    reader = StreamReader(tap, 10, timer=None, loop=asyncio.get_running_loop())
    assert reader.get_read_buffer_limits() == (10, 20)
    assert reader.feed_data(b"hello") is False
    reader.feed_data(b"")
    reader.feed_data(bytearray(b" world"), 6)
    reader.feed_data(b"!" * 10)
    assert tap.calls == ["pause"]
    assert not reader.is_eof()
    assert await reader.readany() == b"hello world!!!!!!!!!!"
    assert tap.calls == ["pause", "resume"]
    waiting = await started(reader.read())
    reader.feed_data(b"rest")
    reader.feed_eof()
    assert await waiting == b"rest"
    assert reader.at_eof()


@asynchronous
async def test_a_line_of_a_reader_fed_by_hand_is_bounded_by_its_limit() -> None:
    reader = StreamReader(Tap(), 10)
    reader.feed_data(b"x" * 21 + b"\n")
    with pytest.raises(LineTooLong, match="longer than 20 bytes"):
        await reader.readline()


@asynchronous
async def test_chunks_can_be_fed_by_hand() -> None:
    reader = StreamReader(Tap(), 100)
    for chunk in (b"one", b"", b"two"):
        reader.begin_http_chunk_receiving()
        reader.feed_data(chunk)
        reader.end_http_chunk_receiving()
    reader.begin_http_chunk_receiving()
    reader.feed_data(b"thr")
    reader.feed_eof()
    pairs = [pair async for pair in reader.iter_chunks()]
    assert pairs == [(b"one", True), (b"two", True), (b"thr", False)]


def test_chunks_have_a_beginning() -> None:
    reader = StreamReader(Tap(), 100)
    with pytest.raises(RuntimeError, match="no chunk has begun"):
        reader.end_http_chunk_receiving()
    reader.feed_data(b"outside")
    with pytest.raises(RuntimeError, match="belong to no chunk"):
        reader.begin_http_chunk_receiving()
