"""Request bodies on their way out."""

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import pytest
from clock import Clock, TimerLoop
from fake_link import Ends, FakeTransport, connect, new_exchange, request_head
from running import asynchronous, settled, started, until

from aioclient import ClientError, ClientOSError, ClientPayloadError, SocketTimeoutError
from aioclient._body.payload import AsyncIterablePayload, BytesPayload, Payload, PayloadWriter
from aioclient._connection.exchange import Exchange
from aioclient._http.events import CHUNKED
from aioclient._net.deadline import Deadlines
from aioclient._net.link import WRITE_BYTES

SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Body:
    """An async iterable whose pieces a test hands out one by one."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self.was_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while (piece := await self.queue.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            self.was_closed = True

    async def put(self, piece: bytes | BaseException | None) -> None:
        self.queue.put_nowait(piece)
        await settled()


class Stage:
    """A POST with a body that comes in pieces, unless it is given."""

    def __init__(
        self,
        length: int = CHUNKED,
        payload: Payload | None = None,
        *,
        expect_100_s: float | None = None,
        write_s: float | None = None,
        sock_read_s: float | None = None,
    ) -> None:
        self.connection, self.transport = connect()
        self.body, self.ends = Body(), Ends()
        self.exchange: Exchange = new_exchange(self.ends)
        clock = Clock()
        self.time = TimerLoop(clock)
        deadlines = Deadlines(self.time, clock)  # type: ignore[arg-type]
        self.exchange.expect_100_s = expect_100_s
        if write_s is not None:
            self.exchange.write_deadline = deadlines.stopped(write_s, self.exchange.write_expired)
        if sock_read_s is not None:
            self.exchange.read_deadline = deadlines.start(sock_read_s, self.exchange.read_expired)
        self.connection.begin(
            request_head("POST", body_length=length),
            payload or AsyncIterablePayload(self.body),
            self.exchange,
        )

    async def wait(self, seconds: float) -> None:
        """Let time pass for the deadlines."""
        self.time.move_to(self.time.clock.now + seconds)
        await settled()


def body_sent(transport: FakeTransport) -> bytes:
    return bytes(transport.written).partition(b"\r\n\r\n")[2]


# --- bodies at hand ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"", b"hello", bytearray(b"hello"), memoryview(b"hello"), memoryview(array("I", [1]))]
)
@asynchronous
async def test_a_small_body_leaves_in_one_write_with_its_head(
    body: bytes | bytearray | memoryview,
) -> None:
    connection, transport = connect()
    payload = BytesPayload(body)
    head = request_head("POST", body_length=payload.size)
    connection.begin(head, payload, new_exchange(ends := Ends()))
    assert transport.writes == 1
    assert body_sent(transport) == bytes(body)
    transport.receive(SMALL)
    assert ends.told == [True]


@pytest.mark.parametrize("size", [WRITE_BYTES, WRITE_BYTES + 1, 1_000_000])
@asynchronous
async def test_a_body_of_any_size_leaves_whole(size: int) -> None:
    connection, transport = connect()
    payload = BytesPayload(b"x" * size)
    head = request_head("POST", body_length=size)
    connection.begin(head, payload, new_exchange(ends := Ends()))
    await settled(20)  # one for each piece
    assert body_sent(transport) == b"x" * size
    transport.receive(SMALL)
    assert ends.told == [True]


@pytest.mark.parametrize("length", ["known", "chunked"])
@asynchronous
async def test_a_view_of_larger_items_is_written_as_bytes(length: str) -> None:
    # A transport that sends a part of such a view goes on behind as many items as it sent bytes.
    connection, transport = connect()
    view = memoryview(array("I", range(WRITE_BYTES + 1)))
    framing = view.nbytes if length == "known" else CHUNKED
    connection.begin(request_head("POST", body_length=framing), BytesPayload(view), new_exchange())
    await settled()
    assert view.tobytes() in transport.written
    assert set(transport.item_sizes) == {1}


@asynchronous
async def test_a_body_at_hand_can_be_sent_in_chunks() -> None:
    connection, transport = connect()
    head = request_head("POST", body_length=CHUNKED)
    connection.begin(head, BytesPayload(b"hello"), new_exchange(ends := Ends()))
    await settled()
    assert body_sent(transport) == b"5\r\nhello\r\n0\r\n\r\n"
    transport.receive(SMALL)
    assert ends.told == [True]


@asynchronous
async def test_a_view_with_gaps_is_refused_or_sent_whole() -> None:
    connection, transport = connect()
    view = memoryview(b"h-e-l-l-o-")[::2]
    try:
        payload = BytesPayload(view)
        head = request_head("POST", body_length=payload.size)
        connection.begin(head, payload, new_exchange())
    except (TypeError, ValueError, BufferError):
        # Refused: then nothing was sent, and the connection is as before.
        assert transport.written == b""
        transport.receive_eof()
        assert not connection.is_usable
    else:
        assert body_sent(transport) == b"hello"
    await settled()


@pytest.mark.parametrize("size", [5, 2 * WRITE_BYTES])
@asynchronous
async def test_a_buffer_that_has_grown_since_it_was_announced_breaks_the_exchange_off(
    size: int,
) -> None:
    connection, transport = connect()
    buffer = bytearray(size)
    payload = BytesPayload(buffer)
    head = request_head("POST", body_length=payload.size)
    buffer += b"GET /another HTTP/1.1"
    connection.begin(head, payload, exchange := new_exchange(ends := Ends()))
    await settled()
    assert ends.told == [False]
    with pytest.raises(ClientPayloadError, match="longer than announced"):
        await exchange.waiter
    assert b"another" not in transport.written


# --- bodies that come in pieces ------------------------------------------------------------------


@asynchronous
async def test_pieces_leave_as_they_come() -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    assert body_sent(stage.transport) == b"5\r\nhello\r\n"
    await stage.body.put(b"")
    assert body_sent(stage.transport) == b"5\r\nhello\r\n"
    await stage.body.put(b"x" * 16)
    await stage.body.put(None)
    assert body_sent(stage.transport) == b"5\r\nhello\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_pieces_that_come_at_once_leave_together() -> None:
    stage = Stage()
    writes = stage.transport.writes
    stage.body.queue.put_nowait(b"one")
    stage.body.queue.put_nowait(b"two")
    stage.body.queue.put_nowait(None)
    await settled()
    assert body_sent(stage.transport) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert stage.transport.writes == writes + 1
    stage.transport.receive(SMALL)


@asynchronous
async def test_pieces_are_written_when_they_are_enough() -> None:
    stage = Stage()
    for _ in range(5):
        stage.body.queue.put_nowait(b"x" * (WRITE_BYTES // 2))
    writes = stage.transport.writes
    sizes = []
    stage.transport.on_write = lambda: sizes.append(len(stage.transport.written))
    await settled()
    assert stage.transport.writes == writes + 3
    assert max(b - a for a, b in pairwise(sizes)) < WRITE_BYTES + 100
    stage.body.queue.put_nowait(None)
    await settled()
    stage.transport.receive(SMALL)


@pytest.mark.parametrize("framing", [CHUNKED, 5 * WRITE_BYTES // 2 + 10])
@asynchronous
async def test_a_large_piece_leaves_in_slices_between_its_neighbours(framing: int) -> None:
    stage = Stage(framing)
    large = bytes(range(256)) * (5 * WRITE_BYTES // 2 // 256)
    for piece in (b"begin", large, b"after", None):
        stage.body.queue.put_nowait(piece)
    await settled(30)
    sent = body_sent(stage.transport)
    if framing == CHUNKED:
        sent = sent.replace(b"5\r\nbegin\r\n%x\r\n" % len(large), b"begin")
        sent = sent.replace(b"\r\n5\r\nafter\r\n0\r\n\r\n", b"after")
    assert sent == b"begin" + large + b"after"
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_a_buffer_may_be_filled_again_after_its_piece_was_taken() -> None:
    buffer = bytearray(10)

    async def refilled() -> AsyncIterator[memoryview]:
        for byte in b"abc":
            buffer[:] = bytes([byte]) * 10
            yield memoryview(buffer)

    payload = AsyncIterablePayload(refilled())
    stage = Stage(30, payload)
    await settled()
    assert body_sent(stage.transport) == b"a" * 10 + b"b" * 10 + b"c" * 10


@asynchronous
async def test_pieces_of_an_announced_length_leave_without_chunks() -> None:
    stage = Stage(10)
    await stage.body.put(b"hello")
    await stage.body.put(b"world")
    await stage.body.put(None)
    assert body_sent(stage.transport) == b"helloworld"
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_the_next_piece_waits_for_the_congestion_to_end() -> None:
    stage = Stage()
    stage.transport.pause_writing()
    await stage.body.put(b"one")
    await stage.body.put(b"two")
    assert b"two" not in stage.transport.written
    stage.transport.resume_writing()
    await settled()
    assert b"two" in stage.transport.written
    await stage.body.put(None)
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([b"hello", b"worlds"], "longer than announced"),
        ([b"hello", None], "shorter than announced"),
    ],
)
@asynchronous
async def test_a_body_of_another_length_than_announced_breaks_the_exchange_off(
    pieces: list[bytes | None], message: str
) -> None:
    stage = Stage(10)
    for piece in pieces:
        await stage.body.put(piece)
    with pytest.raises(ClientPayloadError, match=message):
        await stage.exchange.waiter
    assert stage.transport.was_aborted
    assert b"worlds" not in stage.transport.written
    assert stage.ends.told == [False]


class Written(Payload):
    """A body that a function writes, as a user's own may."""

    def __init__(self, write: Callable[[PayloadWriter], Awaitable[None]], size: int | None) -> None:
        super().__init__(None)
        self._write = write
        self._size = size

    @property
    def size(self) -> int | None:
        return self._size

    async def write(self, writer: PayloadWriter) -> None:
        await self._write(writer)


@asynchronous
async def test_a_body_that_hides_that_it_was_too_long_breaks_the_exchange_off() -> None:
    async def write(writer: PayloadWriter) -> None:
        await writer.write(b"hel")
        with contextlib.suppress(ValueError):
            await writer.write(b"lo!")

    stage = Stage(5, Written(write, 5))
    await settled()
    assert stage.ends.told == [False]
    with pytest.raises(ClientPayloadError, match="longer than announced: 5 bytes, got 6"):
        await stage.exchange.waiter


@asynchronous
async def test_a_body_cannot_be_written_to_after_its_end() -> None:
    kept: list[PayloadWriter] = []

    async def write(writer: PayloadWriter) -> None:
        kept.append(writer)
        await writer.write(b"hello")

    stage = Stage(payload=Written(write, None))
    await settled()
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]
    with pytest.raises(ValueError, match="after its end"):
        await kept[0].write(b"late")
    await settled()
    assert b"late" not in stage.transport.written


@asynchronous
async def test_large_pieces_that_are_written_side_by_side_leave_one_after_the_other() -> None:
    pieces = [letter * (2 * WRITE_BYTES) for letter in (b"a", b"b")]

    async def write(writer: PayloadWriter) -> None:
        await asyncio.gather(*map(writer.write, [*pieces, b"small"]))

    stage = Stage(payload=Written(write, None))
    await settled(30)
    framed = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b"small"]]
    assert body_sent(stage.transport) == b"".join([*framed, b"0\r\n\r\n"])
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_a_large_piece_that_nobody_waited_for_belongs_to_the_body() -> None:
    tasks = []
    size = 3 * WRITE_BYTES

    async def write(writer: PayloadWriter) -> None:
        tasks.append(await started(writer.write(bytes(size)), turns=1))

    stage = Stage(size, Written(write, size))
    await settled(30)
    assert len(body_sent(stage.transport)) == size
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]
    await tasks[0]


@pytest.mark.parametrize("goes_on", [False, True])
@asynchronous
async def test_a_large_piece_that_is_given_up_breaks_the_exchange_off(goes_on: bool) -> None:
    async def write(writer: PayloadWriter) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await writer.write(bytes(3 * WRITE_BYTES))
        if goes_on:
            with contextlib.suppress(RuntimeError):
                await writer.write(b"GET /another HTTP/1.1")

    stage = Stage(payload=Written(write, None))
    stage.transport.pause_writing()
    with pytest.raises(ClientPayloadError, match="given up half-way"):
        await stage.exchange.waiter
    assert stage.ends.told == [False]
    assert b"another" not in stage.transport.written


@asynchronous
async def test_a_body_that_fails_breaks_the_exchange_off_with_its_cause() -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    await stage.body.put(ZeroDivisionError("told to fail"))
    with pytest.raises(ClientPayloadError, match="told to fail") as caught:
        await stage.exchange.waiter
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert stage.transport.was_aborted
    assert not stage.transport.written.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("piece", ["text", 5, [b"x"]])
@asynchronous
async def test_a_piece_that_is_not_bytes_breaks_the_exchange_off(piece: object) -> None:
    stage = Stage()
    await stage.body.put(piece)  # type: ignore[arg-type]
    with pytest.raises(ClientPayloadError, match="bytes-like"):
        await stage.exchange.waiter


@asynchronous
async def test_a_body_that_ends_by_cancelling_itself_does_not_hang_the_request() -> None:
    stage = Stage()
    await stage.body.put(asyncio.CancelledError())
    await settled()
    assert stage.exchange.waiter.done()
    with pytest.raises(ClientError):
        await stage.exchange.waiter


# --- the server answers, or goes, before the body is out -----------------------------------------


@asynchronous
async def test_an_early_final_answer_is_given_and_ends_the_upload() -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    stage.transport.receive(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    assert stage.exchange.head is not None
    assert stage.exchange.head.status == 413
    assert stage.ends.told == [False]
    await settled()
    written = len(stage.transport.written)
    await stage.body.put(b"more")
    assert len(stage.transport.written) == written


@pytest.mark.parametrize("is_congested", [False, True])
@asynchronous
async def test_an_early_final_answer_closes_the_callers_iterable(is_congested: bool) -> None:
    stage = Stage()
    if is_congested:
        stage.transport.pause_writing()
    await stage.body.put(b"hello")
    stage.transport.receive(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    await settled()
    assert stage.body.was_closed


@asynchronous
async def test_the_body_goes_on_while_an_early_answer_is_still_arriving() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    await stage.body.put(b"hello")
    await stage.body.put(None)
    assert stage.transport.written.endswith(b"5\r\nhello\r\n0\r\n\r\n")
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]


@asynchronous
async def test_the_body_goes_on_if_the_server_closes_because_it_was_asked_to() -> None:
    connection, transport = connect()
    body = Body()
    head = request_head("POST", body_length=CHUNKED, connection="close")
    connection.begin(head, AsyncIterablePayload(body), new_exchange())
    await body.put(b"hello")
    transport.receive(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhe")
    await body.put(b"more")
    assert transport.written.endswith(b"5\r\nhello\r\n4\r\nmore\r\n")
    transport.receive(b"llo")
    await settled()
    assert body.was_closed


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nhe",
        b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nhe",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhe",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhe",
    ],
)
@asynchronous
async def test_the_body_stops_where_the_server_says_that_it_does_not_want_it(answer: bytes) -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    stage.transport.receive(answer)
    await settled()
    assert stage.body.was_closed
    written = len(stage.transport.written)
    await stage.body.put(b"more")
    assert len(stage.transport.written) == written
    assert stage.exchange.stream is not None
    assert stage.ends.told == []
    stage.transport.receive(b"llo")
    assert stage.ends.told == [False]
    assert await stage.exchange.stream.readany() == b"hello"


@asynchronous
async def test_silence_counts_again_when_the_body_has_stopped() -> None:
    stage = Stage(sock_read_s=2.0)
    await stage.wait(10)
    assert not stage.exchange.waiter.done()
    stage.transport.receive(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nhe")
    await stage.wait(1.9)
    assert stage.ends.told == []
    await stage.wait(0.2)
    assert stage.ends.told == [False]
    assert stage.exchange.stream is not None
    assert await stage.exchange.stream.readany() == b"he"
    with pytest.raises(SocketTimeoutError, match="sock_read"):
        await stage.exchange.stream.readany()


@asynchronous
async def test_an_interim_answer_does_not_end_the_upload() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    await stage.body.put(b"hello")
    await stage.body.put(None)
    stage.transport.receive(SMALL)
    assert stage.transport.written.endswith(b"5\r\nhello\r\n0\r\n\r\n")
    assert stage.ends.told == [True]


@pytest.mark.parametrize("is_congested", [False, True])
@asynchronous
async def test_a_link_lost_during_the_upload_is_an_oserror(is_congested: bool) -> None:
    stage = Stage()
    if is_congested:
        stage.transport.pause_writing()
    await stage.body.put(b"hello")
    stage.transport.lose(BrokenPipeError(32, "Broken pipe"))
    with pytest.raises(ClientOSError, match="Broken pipe"):
        await stage.exchange.waiter
    await until(lambda: stage.body.was_closed)


@asynchronous
async def test_a_link_lost_just_before_the_last_piece_leaves_nothing_running() -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    stage.body.queue.put_nowait(b"world")
    stage.body.queue.put_nowait(None)
    stage.transport.lose(None)
    with pytest.raises(ClientError):
        await stage.exchange.waiter
    await settled()


@asynchronous
async def test_an_exchange_abandoned_during_its_upload_stops_it() -> None:
    stage = Stage()
    await stage.body.put(b"hello")
    stage.exchange.abandon(ClientError("enough"))
    with pytest.raises(ClientError, match="enough"):
        await stage.exchange.waiter
    await until(lambda: stage.body.was_closed)
    assert stage.transport.was_aborted


# --- 100 Continue (RFC 9110 section 10.1.1) ------------------------------------------------------


@pytest.mark.parametrize("payload", [BytesPayload(b"hello"), None])
@asynchronous
async def test_the_body_waits_for_100(payload: Payload | None) -> None:
    stage = Stage(payload=payload, length=CHUNKED if payload is None else 5, expect_100_s=60.0)
    stage.body.queue.put_nowait(b"hello")
    await settled()
    assert body_sent(stage.transport) == b""
    stage.transport.receive(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    await settled()
    assert body_sent(stage.transport) == b""
    stage.transport.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    await settled()
    assert b"hello" in body_sent(stage.transport)
    await stage.body.put(None)
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_the_body_goes_out_when_nobody_asks_for_it_in_time() -> None:
    stage = Stage(payload=BytesPayload(b"hello"), length=5, expect_100_s=0.02)
    await settled()
    assert body_sent(stage.transport) == b""
    await until(lambda: body_sent(stage.transport) == b"hello")
    stage.transport.receive(b"HTTP/1.1 100 Continue\r\n\r\n" + SMALL)
    assert stage.ends.told == [True]


@pytest.mark.parametrize("status", [b"200 OK", b"417 Expectation Failed", b"401 Unauthorized"])
@asynchronous
async def test_a_final_answer_instead_of_100_is_taken_at_once(status: bytes) -> None:
    stage = Stage(expect_100_s=60.0)
    await settled()
    stage.transport.receive(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nno")
    assert stage.exchange.body == b"no"
    # The server may be waiting for the body still: what comes next would be read as that.
    assert stage.ends.told == [False]
    await settled()
    assert body_sent(stage.transport) == b""


@asynchronous
async def test_a_final_answer_instead_of_100_stops_the_body_before_it_is_whole() -> None:
    stage = Stage(expect_100_s=60.0)
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nn")
    await settled()
    stage.transport.receive(b"o")
    await stage.body.put(b"hello")
    assert body_sent(stage.transport) == b""
    assert stage.ends.told == [False]


@asynchronous
async def test_100_that_comes_at_once_is_not_missed() -> None:
    stage = Stage(payload=BytesPayload(b"hello"), length=5, expect_100_s=60.0)
    stage.transport.receive(b"HTTP/1.1 100 Continue\r\n\r\n")  # before the upload runs
    await settled()
    assert body_sent(stage.transport) == b"hello"
    stage.transport.receive(SMALL)


@asynchronous
async def test_a_link_lost_while_waiting_for_100_leaves_nothing_running() -> None:
    stage = Stage(expect_100_s=60.0)
    await settled()
    stage.transport.lose(None)
    with pytest.raises(ClientError):
        await stage.exchange.waiter


# --- the limit for writing -----------------------------------------------------------------------


@asynchronous
async def test_a_peer_that_takes_nothing_is_given_up() -> None:
    stage = Stage(write_s=2.0)
    stage.transport.pause_writing()
    await stage.body.put(b"hello")
    await stage.wait(1.9)
    assert not stage.exchange.waiter.done()
    await stage.wait(0.2)
    with pytest.raises(SocketTimeoutError) as caught:
        await stage.exchange.waiter
    error = caught.value
    assert (error.limit, error.limit_s, error.phase) == ("write", 2.0, "request")
    assert error.elapsed_s == pytest.approx(2.0, abs=0.02)
    assert str(error) == (
        "write limit of 2 s passed while sending the request to example.com:80 (after 2 s)"
    )
    assert stage.transport.was_aborted
    assert stage.ends.told == [False]
    assert stage.body.was_closed


@asynchronous
async def test_a_peer_that_takes_a_little_is_not_given_up() -> None:
    stage = Stage(write_s=2.0)
    stage.transport.pause_writing()
    await stage.body.put(b"hello")
    for _ in range(5):
        stage.transport.unsent -= 1
        await stage.wait(2.1)
    assert not stage.exchange.waiter.done()
    await stage.wait(2.1)
    with pytest.raises(SocketTimeoutError, match="write limit of 2 s"):
        await stage.exchange.waiter


@asynchronous
async def test_the_time_that_the_caller_takes_is_not_counted() -> None:
    stage = Stage(write_s=2.0)
    await stage.body.put(b"hello")
    await stage.wait(100)
    stage.transport.pause_writing()
    await stage.body.put(b"world")
    await stage.wait(1.9)
    stage.transport.resume_writing()
    await settled()
    await stage.wait(100)
    await stage.body.put(None)
    await stage.wait(100)  # for the answer: sock_read has not been set
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]


@asynchronous
async def test_the_limit_for_writing_holds_for_a_body_at_hand() -> None:
    stage = Stage(10 * WRITE_BYTES, BytesPayload(b"x" * 10 * WRITE_BYTES), write_s=2.0)
    stage.transport.pause_writing()
    await settled()
    await stage.wait(2.1)
    with pytest.raises(SocketTimeoutError, match="write limit of 2 s"):
        await stage.exchange.waiter


@asynchronous
async def test_the_limit_for_writing_ends_with_the_exchange() -> None:
    stage = Stage(write_s=2.0)
    stage.transport.pause_writing()
    await stage.body.put(b"hello")
    deadline = stage.exchange.write_deadline
    assert deadline is not None
    assert deadline.is_running
    stage.transport.receive(SMALL)
    assert stage.ends.told == [False]
    assert not deadline.is_running
    await settled()


@asynchronous
async def test_the_limit_for_writing_holds_for_the_last_bytes_of_an_iterator() -> None:
    stage = Stage(write_s=2.0)
    stage.body.queue.put_nowait(b"hello")
    stage.body.queue.put_nowait(None)
    stage.transport.on_write = stage.transport.pause_writing
    await settled()
    await stage.wait(2.1)
    with pytest.raises(SocketTimeoutError, match="write limit of 2 s"):
        await stage.exchange.waiter


# --- the loop, and others on it ------------------------------------------------------------------


@pytest.mark.parametrize("piece", [b"", b"x", b"x" * 1000])
@asynchronous
async def test_an_iterator_that_never_waits_lets_others_run(piece: bytes) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield piece

    stage = Stage(payload=AsyncIterablePayload(endless()))
    await settled(5)  # comes to its end only if the upload gives way
    assert 0 < given < 100_000
    stage.exchange.abandon(ClientError("enough"))
    with pytest.raises(ClientError, match="enough"):
        await stage.exchange.waiter
    await settled()


class Worse(BaseException):
    """Not even an Exception."""


@asynchronous
async def test_a_body_that_fails_for_the_worst_breaks_the_exchange_off() -> None:
    stage = Stage()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # it is told of as well
    await stage.body.put(Worse())
    with pytest.raises(ClientPayloadError) as caught:
        await stage.exchange.waiter
    assert isinstance(caught.value.__cause__, Worse)
    assert stage.transport.was_aborted


# --- silence while the request is still going out ------------------------------------------------

EARLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"


@asynchronous
async def test_silence_does_not_count_while_the_body_goes_out_although_reading_was_paused() -> None:
    stage = Stage(sock_read_s=2.0)
    stage.transport.receive(EARLY + b"x" * 600_000)
    assert stage.transport.is_reading_paused
    assert stage.exchange.stream is not None
    stage.exchange.stream.take_nowait()
    assert not stage.transport.is_reading_paused
    await stage.wait(10)
    assert stage.ends.told == []
    await stage.body.put(None)
    await stage.wait(1.9)
    assert stage.ends.told == []
    await stage.wait(0.2)
    assert stage.ends.told == [False]


@asynchronous
async def test_silence_does_not_count_while_nobody_reads_although_the_body_is_out() -> None:
    stage = Stage(sock_read_s=2.0)
    stage.transport.receive(EARLY + b"x" * 600_000)
    await stage.body.put(None)
    await stage.wait(10)
    assert stage.ends.told == []
    assert stage.exchange.stream is not None
    stage.exchange.stream.take_nowait()
    await stage.wait(2.1)
    assert stage.ends.told == [False]
