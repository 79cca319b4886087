"""How a coded body is read: step by step, off the loop's thread where it is much work."""

import asyncio
import gzip
import itertools
import os
import random
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fake_source import DoublingDecoder, FakeSource, ZlibDecoder
from running import asynchronous, cancelled, settled, started, until

from aioclient._body.content_coding import Decoder
from aioclient._message.decoded_body import DECODE_STEP_BYTES, INLINE_CODED_BYTES
from aioclient._message.stream_reader import StreamReader
from aioclient.errors import BodyTooLargeError, ClientPayloadError

PLAIN = b"".join(b"%d\n" % number for number in range(200_000))  # 1.3 MB
CODED = gzip.compress(PLAIN)
BIG = bytes(range(33, 127)).replace(b"!", b"") * (INLINE_CODED_BYTES // 93 + 1)  # coded


def doubled(data: bytes) -> bytes:
    return bytes(byte for byte in data for _ in range(2))


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


async def collect(reader: StreamReader, got: list[bytes]) -> None:
    async for piece in reader.iter_any():
        got.append(piece)  # noqa: PERF401 - kept if an error follows


def gzip_reader(*pieces: bytes) -> StreamReader:
    return StreamReader.over(FakeSource(*pieces, ended=True), ZlibDecoder())


def doubling_reader(*pieces: bytes) -> tuple[StreamReader, FakeSource, DoublingDecoder]:
    source, decoder = FakeSource(*pieces), DoublingDecoder()
    return StreamReader.over(source, decoder), source, decoder


def test_the_fakes_are_decoders() -> None:
    decoders: list[Decoder] = [ZlibDecoder(), DoublingDecoder()]
    assert not any(decoder.has_pending for decoder in decoders)


# --- what comes out ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 10_000, 10_000_000])
@asynchronous
async def test_every_method_reads_decoded_bytes(size: int) -> None:
    pieces = cut(CODED, size)
    assert await gzip_reader(*pieces).read() == PLAIN
    assert await gzip_reader(*pieces).readexactly(len(PLAIN)) == PLAIN
    assert [line async for line in gzip_reader(*pieces)] == PLAIN.splitlines(keepends=True)
    assert b"".join([piece async for piece in gzip_reader(*pieces).iter_any()]) == PLAIN
    some = [piece async for piece in gzip_reader(*pieces).iter_chunked(1000)]
    assert b"".join(some) == PLAIN
    assert max(map(len, some)) <= 1000
    pairs = [pair async for pair in gzip_reader(*pieces).iter_chunks()]
    assert b"".join([data for data, _ in pairs]) == PLAIN
    assert not any(is_end for _, is_end in pairs)


@asynchronous
async def test_peek_shows_decoded_bytes_and_leaves_them() -> None:
    for look in (0, 10, 1000, 1_000_000):
        reader = gzip_reader(*cut(CODED, 10_000))
        assert reader.peek_nowait(look) == PLAIN[:look][:DECODE_STEP_BYTES]
        assert await reader.read(5) == PLAIN[:5]
        assert reader.peek_nowait(10) == PLAIN[5:15]
        assert await reader.peek(look) == PLAIN[5 : 5 + look]
        assert await reader.read() == PLAIN[5:]


@asynchronous
async def test_peek_beside_a_step_in_a_thread_does_not_touch_the_decoder() -> None:
    reader, source, decoder = doubling_reader(BIG)
    source.end()
    decoder.gate.clear()
    reading = await started(reader.readany())
    await until(decoder.entered.is_set)
    assert reader.peek_nowait(10) == b""
    await cancelled(reading)
    assert reader.peek_nowait(10) == b""
    decoder.gate.set()
    assert await reader.read() == doubled(BIG)


@asynchronous
async def test_a_step_makes_no_more_than_its_budget() -> None:
    sizes = [len(piece) async for piece in gzip_reader(CODED).iter_any()]
    assert max(sizes) == DECODE_STEP_BYTES


@asynchronous
async def test_nothing_is_decoded_before_somebody_reads() -> None:
    reader, source, decoder = doubling_reader(b"ab")
    source.end()
    await settled()
    assert decoder.outputs == []
    assert reader.total_bytes == 0
    assert reader.is_eof()
    assert not reader.at_eof()
    assert await reader.read() == b"aabb"


@asynchronous
async def test_coded_and_decoded_bytes_are_counted() -> None:
    reader = gzip_reader(CODED)
    assert (reader.total_bytes, reader.total_compressed_bytes) == (0, len(CODED))
    await reader.read()
    assert (reader.total_bytes, reader.total_compressed_bytes) == (len(PLAIN), len(CODED))
    assert reader.total_raw_bytes == len(CODED)


@asynchronous
async def test_chunk_ends_of_coded_bytes_are_not_shown() -> None:
    reader, source, _decoder = doubling_reader()
    source.feed(b"ab", 1, 2)
    source.end()
    assert await reader.readchunk() == (b"aabb", False)
    assert await reader.readchunk() == (b"", False)


@asynchronous
async def test_read_nowait_decodes_one_step() -> None:
    reader, source, _decoder = doubling_reader()
    assert reader.read_nowait() == b""
    source.feed(b"ab")
    assert reader.read_nowait(3) == b"aab"
    source.feed(BIG * 4)
    first = reader.read_nowait()
    assert len(first) == 1 + DECODE_STEP_BYTES
    source.end()
    assert first + await reader.read() == b"b" + doubled(BIG * 4)


@asynchronous
async def test_at_eof_is_exact() -> None:
    reader, source, decoder = doubling_reader(b"ab")
    assert await reader.readexactly(4) == b"aabb"
    assert not reader.at_eof()
    source.end()
    assert reader.at_eof()
    assert await reader.read() == b""
    assert reader.at_eof()
    assert decoder.finished == 1


# --- where it is decoded -------------------------------------------------------------------------


@asynchronous
async def test_little_is_decoded_on_the_loops_thread_and_much_elsewhere() -> None:
    reader, source, decoder = doubling_reader(BIG[: INLINE_CODED_BYTES - 1])
    await reader.readany()
    source.feed(BIG[:INLINE_CODED_BYTES])
    await reader.readany()
    here, elsewhere = decoder.threads
    assert here is threading.current_thread()
    assert elsewhere is not threading.current_thread()


@asynchronous
async def test_what_a_whole_step_leaves_is_decoded_elsewhere() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    assert len(bomb) < INLINE_CODED_BYTES
    threads = []

    class Watched(ZlibDecoder):
        def decode(self, data: bytes, max_output: int) -> bytes:
            threads.append(threading.current_thread())
            return super().decode(data, max_output)

    reader = StreamReader.over(FakeSource(bomb, ended=True), Watched())
    assert await reader.read() == bytes(1_000_000)
    assert threads[0] is threading.current_thread()
    assert all(thread is not threading.current_thread() for thread in threads[1:])


@asynchronous
async def test_the_loop_turns_while_a_step_is_made() -> None:
    reader, source, decoder = doubling_reader(BIG)
    decoder.gate.clear()
    task = await started(reader.readany())
    await settled(100)
    assert decoder.entered.is_set()
    assert not task.done()
    decoder.gate.set()
    source.end()
    assert await task == doubled(BIG)
    assert reader.at_eof()


# --- errors --------------------------------------------------------------------------------------


@asynchronous
async def test_a_body_cut_off_inside_its_coding_raises_after_what_it_held() -> None:
    reader = gzip_reader(*cut(CODED[:-100], 1000))
    got: list[bytes] = []
    with pytest.raises(ClientPayloadError, match="cut off"):
        await collect(reader, got)
    assert len(b"".join(got)) > 1_000_000
    assert PLAIN.startswith(b"".join(got))
    assert not reader.at_eof()
    assert isinstance(reader.exception(), ClientPayloadError)
    with pytest.raises(ClientPayloadError, match="cut off"):
        await reader.readany()


@pytest.mark.parametrize("wrong", [b"b!", BIG + b"!"])
@asynchronous
async def test_what_cannot_be_decoded_raises_after_what_could(wrong: bytes) -> None:
    reader, source, _decoder = doubling_reader(b"a", wrong)
    source.end()
    with pytest.raises(ClientPayloadError, match="cannot double"):
        await reader.read()
    assert await reader.readany() == b"aa"
    for _ in range(2):
        with pytest.raises(ClientPayloadError, match="cannot double"):
            await reader.readany()
    with pytest.raises(ClientPayloadError, match="cannot double"):
        reader.read_nowait()
    assert not reader.at_eof()
    assert reader.is_eof()


@asynchronous
async def test_read_nowait_raises_what_cannot_be_decoded() -> None:
    reader, _source, _decoder = doubling_reader(b"!")
    with pytest.raises(ClientPayloadError, match="cannot double"):
        reader.read_nowait()


@asynchronous
async def test_what_came_before_the_source_broke_off_is_decoded_first() -> None:
    reader, source, decoder = doubling_reader(BIG * 4)
    source.fail(ClientPayloadError("broken off"))
    got: list[bytes] = []
    with pytest.raises(ClientPayloadError, match="broken off"):
        await collect(reader, got)
    assert b"".join(got) == doubled(BIG * 4)
    assert decoder.finished == 0


@asynchronous
async def test_an_executor_that_is_shut_down_loses_nothing() -> None:
    reader, source, _decoder = doubling_reader(BIG)
    loop = asyncio.get_running_loop()
    gone = ThreadPoolExecutor()
    gone.shutdown()
    loop.set_default_executor(gone)
    with pytest.raises(RuntimeError, match="shutdown"):
        await reader.readany()
    loop.set_default_executor(ThreadPoolExecutor())
    source.end()
    assert await reader.read() == doubled(BIG)


@asynchronous
async def test_a_step_that_the_executor_gave_up_is_an_error() -> None:
    reader, _source, decoder = doubling_reader(BIG)
    executor = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(executor)
    blocker = threading.Event()
    executor.submit(blocker.wait)
    task = await started(reader.readany())
    executor.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(ClientPayloadError, match="cancelled"):
        await task
    blocker.set()
    assert decoder.outputs == []


# --- cancellation --------------------------------------------------------------------------------

READS: list[Any] = [
    pytest.param(lambda reader: reader.read(), id="read"),
    pytest.param(lambda reader: reader.read(1000), id="read n"),
    pytest.param(lambda reader: reader.readany(), id="readany"),
    pytest.param(lambda reader: reader.readexactly(100_000_000), id="readexactly"),
    pytest.param(lambda reader: reader.readline(), id="readline"),
    pytest.param(lambda reader: reader.readchunk(), id="readchunk"),
    pytest.param(lambda reader: reader.read_all(10_000_000, None, 0), id="read_all"),
]


@pytest.mark.parametrize("is_done_first", [False, True])
@pytest.mark.parametrize("read", READS)
@asynchronous
async def test_cancelled_while_a_step_runs_it_loses_and_repeats_nothing(
    read: Callable[[StreamReader], Awaitable[object]], is_done_first: bool
) -> None:
    reader, source, decoder = doubling_reader(b"ab", BIG)
    assert await reader.readexactly(3) == b"aab"
    assert await reader.readexactly(1) == b"b"
    decoder.gate.clear()
    task = await started(read(reader))
    await until(decoder.entered.is_set)
    await cancelled(task)
    assert reader.read_nowait() == b"", "the decoder is in use"
    assert not reader.at_eof()
    source.feed(b"cd")
    source.end()
    if is_done_first:
        decoder.gate.set()
        await until(lambda: reader.total_bytes > 4)
        assert await reader.read() == doubled(BIG + b"cd")
    else:
        task = await started(reader.read())
        assert not task.done()
        decoder.gate.set()
        assert await task == doubled(BIG + b"cd")


@asynchronous
async def test_cancelled_again_and_again_it_starts_one_step_only() -> None:
    reader, source, decoder = doubling_reader(BIG)
    decoder.gate.clear()
    for _ in range(5):
        await cancelled(await started(reader.readany()))
    decoder.gate.set()
    source.end()
    assert await reader.read() == doubled(BIG)
    assert len(decoder.outputs) == 1


@asynchronous
async def test_cancelled_at_every_turn_it_still_reads_all() -> None:
    reader, source, _decoder = doubling_reader(*[BIG[:70_000], b"abc"] * 3)
    source.end()
    got = []
    for turns in itertools.cycle(range(1, 13)):
        task = await started(reader.readany(), turns)
        if not task.done():
            task.cancel()
        try:
            piece = await task
        except asyncio.CancelledError:
            continue
        if not piece:
            break
        got.append(piece)
    assert b"".join(got) == doubled((BIG[:70_000] + b"abc") * 3)


@asynchronous
async def test_a_failed_step_of_a_cancelled_reader_is_raised_to_the_next() -> None:
    reader, _source, decoder = doubling_reader(BIG + b"!")
    decoder.gate.clear()
    task = await started(reader.readany())
    await until(decoder.entered.is_set)
    await cancelled(task)
    decoder.gate.set()
    await until(lambda: reader.exception() is not None)
    with pytest.raises(ClientPayloadError, match="cannot double"):
        await reader.readany()


@asynchronous
async def test_a_failed_step_that_nobody_asks_for_is_no_noise() -> None:
    reader, _source, decoder = doubling_reader(BIG + b"!")
    decoder.gate.clear()
    task = await started(reader.readany())
    await until(decoder.entered.is_set)
    await cancelled(task)
    del reader, task
    decoder.gate.set()
    await settled(50)


@asynchronous
async def test_a_second_reader_is_refused_while_a_step_runs() -> None:
    reader, source, decoder = doubling_reader(BIG)
    source.end()
    decoder.gate.clear()
    task = await started(reader.readany())
    for read in (reader.readany, reader.read, reader.readline, reader.readchunk):
        with pytest.raises(RuntimeError, match="another coroutine"):
            await read()
    with pytest.raises(RuntimeError, match="another coroutine"):
        reader.read_nowait()
    decoder.gate.set()
    assert await task == doubled(BIG)


# --- bombs ---------------------------------------------------------------------------------------


class EndlessBomb(FakeSource):
    """Zeros without end, in pieces of 64 KiB of gzip, each 64 MB."""

    PIECE = gzip.compress(bytes(64 * 1024 * 1024))[: 64 * 1024 - 1000]


@asynchronous
async def test_a_bomb_that_is_streamed_costs_a_constant() -> None:
    reader = gzip_reader(EndlessBomb.PIECE)
    tracemalloc.start()
    try:
        size = 0
        async for piece in reader.iter_any():
            size += len(piece)
            if size > 60 * 1024 * 1024:
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@asynchronous
async def test_read_all_of_a_bomb_stops_at_the_size_limit() -> None:
    reader = gzip_reader(EndlessBomb.PIECE)
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError, match="max_body_size"):
            await reader.read_all(4_000_000, None, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000 + 4 * DECODE_STEP_BYTES
    assert reader.total_bytes <= 4_000_000 + DECODE_STEP_BYTES


@asynchronous
async def test_read_all_of_a_bomb_stops_at_the_ratio_above_the_floor() -> None:
    reader = gzip_reader(EndlessBomb.PIECE)
    with pytest.raises(BodyTooLargeError, match="max_decode_ratio") as caught:
        await reader.read_all(None, 100.0, 1_000_000)
    assert (caught.value.limit, caught.value.limit_value) == ("max_decode_ratio", 100.0)
    wire = len(EndlessBomb.PIECE)
    assert 100 * wire < reader.total_bytes <= 100 * wire + DECODE_STEP_BYTES


@asynchronous
async def test_the_ratio_does_not_count_up_to_the_floor() -> None:
    coded = gzip.compress(bytes(1_000_000))
    assert len(await gzip_reader(coded).read_all(None, 10.0, 1_000_000)) == 1_000_000
    with pytest.raises(BodyTooLargeError):
        await gzip_reader(coded).read_all(None, 10.0, 999_999)


@asynchronous
async def test_the_ratio_counts_only_coded_bytes_that_were_decoded() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    reader = gzip_reader(bomb[:5000], os.urandom(1_000_000))
    with pytest.raises(BodyTooLargeError, match="5000 bytes"):
        await reader.read_all(None, 10.0, 100_000)


@asynchronous
async def test_an_honest_body_passes_the_limits() -> None:
    assert await gzip_reader(*cut(CODED, 10_000)).read_all(len(PLAIN), 100.0, 1000) == PLAIN


@asynchronous
async def test_a_body_that_is_not_coded_has_no_ratio() -> None:
    reader = StreamReader.over(FakeSource(bytes(10_000), ended=True))
    assert await reader.read_all(None, 0.5, 0) == bytes(10_000)


@asynchronous
async def test_random_reads_of_random_pieces_read_the_body() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        pieces = []
        rest = CODED
        while rest:
            size = chance.choice((1, 10, 1000, 100_000))
            pieces.append(rest[:size])
            rest = rest[size:]
            if len(pieces) > 2000:
                pieces.append(rest)
                break
        reader = gzip_reader(*(piece for piece in pieces if piece))
        got = []
        while not reader.at_eof():
            match chance.randrange(6):
                case 0:
                    got.append(await reader.readany())
                case 1:
                    got.append(await reader.read(chance.choice((1, 5000))))
                case 2:
                    got.append(await reader.readline())
                case 3:
                    got.append((await reader.readchunk())[0])
                case 4:
                    got.append(reader.read_nowait(300))
                case 5:
                    try:
                        got.append(await reader.readexactly(chance.choice((3, 30_000))))
                    except asyncio.IncompleteReadError as error:
                        got.append(error.partial)
        assert b"".join(got) == PLAIN
