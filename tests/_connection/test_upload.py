"""Request bodies on their way out."""

import asyncio
from array import array
from collections.abc import AsyncIterator

import pytest
from fake_link import Ends, FakeTransport, connect, new_exchange, request_head
from running import asynchronous, settled, until

from aioclient import ClientError, ClientOSError, ClientPayloadError
from aioclient._body.payload import AsyncIterablePayload, BytesPayload
from aioclient._connection.exchange import Exchange
from aioclient._http.events import CHUNKED
from aioclient._net.link import JOINED_BYTES

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
    """A POST with a body that comes in pieces."""

    def __init__(self, length: int = CHUNKED) -> None:
        self.connection, self.transport = connect()
        self.body, self.ends = Body(), Ends()
        self.exchange: Exchange = new_exchange(self.ends)
        self.connection.begin(
            request_head("POST", body_length=length),
            AsyncIterablePayload(self.body),
            self.exchange,
        )


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


@pytest.mark.parametrize("size", [JOINED_BYTES, JOINED_BYTES + 1, 1_000_000])
@asynchronous
async def test_a_body_of_any_size_leaves_whole(size: int) -> None:
    connection, transport = connect()
    payload = BytesPayload(b"x" * size)
    head = request_head("POST", body_length=size)
    connection.begin(head, payload, new_exchange(ends := Ends()))
    assert body_sent(transport) == b"x" * size
    transport.receive(SMALL)
    assert ends.told == [True]


@pytest.mark.parametrize("length", ["known", "chunked"])
@asynchronous
async def test_a_view_of_larger_items_is_written_as_bytes(length: str) -> None:
    # A transport that sends a part of such a view goes on behind as many items as it sent bytes.
    connection, transport = connect()
    view = memoryview(array("I", range(JOINED_BYTES + 1)))
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
