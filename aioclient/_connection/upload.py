"""The request body as it leaves, piece by piece, no faster than the peer takes it."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Iterable
from typing import Final

from aioclient._aliases import BytesLike
from aioclient._body.payload import FileRange, Payload, PayloadWriter, as_bytes, kind
from aioclient._connection.exchange import Exchange
from aioclient._http1.body_writer import BodyWriter
from aioclient._net.deadline import Deadline
from aioclient._net.link import WRITE_BYTES, Link
from aioclient._net.send_file import send_file
from aioclient.errors import ClientConnectionResetError, ClientPayloadError

# So that many tiny pieces, or empty ones, are enough for a write some time.
_COST_OF_PIECE_BYTES: Final = 64


class Upload(PayloadWriter):
    """One request body, or what is left of it, on its way into a link."""

    __slots__ = (
        "_backlog_bytes",
        "_batch",
        "_batch_bytes",
        "_deadline",
        "_exchange",
        "_flush_is_near",
        "_framing",
        "_go_on",
        "_handed_bytes",
        "_is_torn",
        "_large_piece",
        "_length",
        "_link",
        "_loop",
        "_observer",
        "_over",
        "_payload",
    )

    def __init__(
        self,
        exchange: Exchange,
        payload: Payload | None,
        length: int,
        link: Link,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`payload` is None if all is written already; `length` as in `RequestHead.body_length`."""
        self._exchange = exchange
        self._payload = payload
        self._length = length
        self._link = link
        self._loop = loop
        self._go_on: asyncio.Future[None] | None = None
        if exchange.expect_100_s is not None and payload is not None:
            self._go_on = loop.create_future()
        exchange.upload = self
        self._over: asyncio.Future[None] | None = None  # made for whoever waits
        # Of the body, to the link or the system.
        self._handed_bytes = length if payload is None else 0
        self._observer = exchange.upload_observer
        if self._observer is not None:
            self._observer.begin(self.taken_bytes)
        self._backlog_bytes = 0
        self._batch: list[BytesLike] = []  # pieces to write together
        self._batch_bytes = 0
        self._flush_is_near = False
        # Done when a piece that leaves in several writes is out; None: there is none.
        self._large_piece: asyncio.Future[None] | None = None
        self._is_torn = False  # was it given up in the middle?
        self._framing: BodyWriter
        self._deadline = exchange.write_deadline
        if self._deadline is not None:
            self._deadline.on_expiry = self._write_expired

    @property
    def waits_for_100(self) -> bool:
        """Has nothing of the body been sent yet, because the server was not asking for it?"""
        return self._go_on is not None and not self._go_on.done()

    def go_on(self) -> None:
        """The server said that it wants the body (RFC 9110 section 15.2.1)."""
        if self._go_on is not None and not self._go_on.done():
            self._go_on.set_result(None)

    def stopped(self) -> None:
        """Nothing more of it is sent."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.end(False)
        self.end(self.taken_bytes())

    def end(self, sent_bytes: int | None = None) -> None:
        """It is over; None: all that was handed on is as good as sent."""
        self._exchange.sent_bytes = self._handed_bytes if sent_bytes is None else sent_bytes
        self._exchange.upload = None
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def over(self) -> asyncio.Future[None]:
        """Done when it is over, for whatever reason."""
        if self._over is None:
            self._over = self._loop.create_future()
        return self._over

    async def send(self) -> bool:
        """Send it. Is all of it sent? False if the link was lost: its connection says so.

        Raises ClientPayloadError if the payload fails, with what it raised as the cause.
        """
        is_sent = await self._send()
        if self._observer is not None and is_sent:
            await self._wait(self._link.flushed())
            self._tell_end()
        return is_sent

    def _tell_end(self) -> None:
        observer, self._observer = self._observer, None  # None if it was stopped in the meantime
        if observer is not None and self._link.is_open:
            observer.end(True)

    def taken_bytes(self) -> int:
        """What the system has taken of the body; what waits to be sent comes last."""
        return max(0, self._handed_bytes - self._batch_bytes - self._link.unsent_bytes)

    async def _send(self) -> bool:
        if self._go_on is not None:
            await self._wait_for_100(self._go_on)
        payload = self._payload
        if payload is None:
            await self._wait(self._link.drained())
            return self._link.is_open
        try:
            part = payload.file_range
            if part is not None and self._length == part.size:
                with contextlib.suppress(asyncio.SendfileNotAvailableError):
                    return await self._send_file(part)
            data = payload.at_hand
            if data is not None and self._length == len(data):
                return await self._send_in_memory(data)
            return await self._send_pieces(payload)
        except Exception as error:
            if not self._link.is_open:
                return False
            raise ClientPayloadError(f"the request body could not be sent: {error!r}") from error

    async def _wait_for_100(self, go_on: asyncio.Future[None]) -> None:
        """RFC 9110 section 10.1.1: a client must not wait for a 100 response for ever."""
        timer = self._loop.call_later(self._exchange.expect_100_s or 0.0, self.go_on)
        try:
            await go_on
        finally:
            timer.cancel()

    async def _send_in_memory(self, data: BytesLike, counts: bool = True) -> bool:
        link = self._link
        view = memoryview(data)
        for start in range(0, len(view), WRITE_BYTES):
            if start:
                await self._let_others_run()
            if not link.is_open:
                break
            piece = view[start : start + WRITE_BYTES]
            link.write(piece)
            if counts:
                self._handed_bytes += len(piece)
        if link.is_congested:
            await self._wait(link.drained())
        return link.is_open

    async def _send_pieces(self, payload: Payload) -> bool:
        """Let the payload write its pieces: see `write`."""
        self._framing = BodyWriter(self._length)
        await payload.write(self)
        await self._wait_for_turn()
        if end := self._framing.end():
            self._batch.append(end)
        self._write_batch()
        await self.drain()
        return self._link.is_open

    # --- what the payload writes to -------------------------------------------------------------

    async def write(self, chunk: BytesLike) -> None:
        """Send a piece of the body; pieces that come in one turn of the loop leave together.

        Coroutines that write at the same time take turns.

        Raises ClientConnectionResetError if the link was lost, ValueError for more bytes than were
        announced, and RuntimeError if the writing of a piece before was given up half-way.
        """
        link = self._link
        if self._large_piece is not None or self._is_torn:
            await self._wait_for_turn()
        if not link.is_open:
            raise ClientConnectionResetError("the connection was lost while the body was sent")
        if not self._flush_is_near:
            self._flush_is_near = True
            self._loop.call_soon(self._flush)  # should the next one not come at once
        # What is not `bytes` may be a buffer that the caller fills again.
        piece = chunk if type(chunk) is bytes else _copied(chunk)
        parts = self._framing.piece(piece)
        if len(piece) > WRITE_BYTES:
            await self._write_large(parts, piece)
        else:
            self._batch += parts
            self._handed_bytes += len(piece)
            self._batch_bytes += len(piece) + _COST_OF_PIECE_BYTES
        if self._batch_bytes >= WRITE_BYTES:
            self._write_batch()
            await self._let_others_run()
        elif link.is_congested:
            await self._wait(link.drained())

    async def drain(self) -> None:
        """Wait until the link takes more."""
        if self._link.is_congested:
            await self._wait(self._link.drained())

    # --- inside ---------------------------------------------------------------------------------

    async def _let_others_run(self) -> None:
        """Wait while the link is congested, else for one turn of the loop.

        A server may take all as fast as it comes; and a TLS link that is lost says so only then.
        """
        if self._link.is_congested:
            await self._wait(self._link.drained())
        else:
            await asyncio.sleep(0)

    async def _write_large(self, parts: Iterable[BytesLike], piece: bytes) -> None:
        """Write a piece in slices, with the framing around it; nobody else may write in between."""
        self._write_batch()
        self._large_piece = self._loop.create_future()
        try:
            for part in parts:
                await self._send_in_memory(part, counts=part is piece)
        except BaseException:
            self._is_torn = True
            raise
        finally:
            large_piece, self._large_piece = self._large_piece, None
            large_piece.set_result(None)

    async def _wait_for_turn(self) -> None:
        while self._large_piece is not None:
            await asyncio.shield(self._large_piece)
        if self._is_torn:  # what follows would be taken for the rest of it
            raise RuntimeError("the writing of a piece of the body was given up half-way")

    def _flush(self) -> None:
        self._flush_is_near = False
        self._write_batch()

    def _write_batch(self) -> None:
        if self._batch and self._link.is_open:
            self._link.write(b"".join(self._batch))
        self._batch.clear()
        self._batch_bytes = 0

    async def _send_file(self, part: FileRange) -> bool:
        """As `send`. Raises SendfileNotAvailableError, with nothing sent, if it must be read."""
        socket_fd = self._link.open_descriptor()
        if socket_fd is None:
            raise asyncio.SendfileNotAvailableError("there is TLS on top, or no descriptor")
        file_fd = -1
        try:
            # One of our own: the caller may close his, and its number be given to another file.
            file_fd = os.dup(part.file.fileno())
            await self._wait(self._link.flushed())
            sent = await send_file(
                socket_fd, file_fd, part.start, part.size, self._wait, self._count
            )
        except (ConnectionError, TimeoutError):
            return False  # what the server said before that can still be read
        finally:
            os.close(socket_fd)
            if file_fd >= 0:
                os.close(file_fd)
        if sent < part.size:
            raise ValueError(f"file became shorter: {part.size} bytes were announced, got {sent}")
        if not part.file.closed:
            part.file.seek(part.start + sent)
        return True

    def _count(self, sent: int) -> None:
        self._handed_bytes += sent

    # --- the limit for writing -------------------------------------------------------------------

    async def _wait(self, progress: Awaitable[None]) -> None:
        """Await what ends when the peer took something, within the limit."""
        deadline = self._deadline
        if deadline is None:
            await progress
            return
        self._backlog_bytes = self._link.backlog_bytes
        deadline.restart()
        try:
            await progress
        finally:
            deadline.stop()

    def _write_expired(self, deadline: Deadline) -> None:
        backlog_bytes = self._link.backlog_bytes
        # It may have grown, too: what is behind it, unseen, moves up.
        if backlog_bytes != self._backlog_bytes:  # a slow peer, but one that reads
            self._backlog_bytes = backlog_bytes
            deadline.restart()
        else:
            self._exchange.write_expired(deadline)


def _copied(chunk: BytesLike) -> bytes:
    if not isinstance(chunk, bytes | bytearray | memoryview):
        raise TypeError(f"a piece of a body must be bytes-like, not {kind(chunk)}")
    return bytes(as_bytes(chunk))
