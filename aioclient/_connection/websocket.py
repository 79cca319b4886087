"""A WebSocket over a link that spoke HTTP/1.1 before (RFC 6455).

What arrives waits here until it is received; if that is too much, the server has to wait. Pings are
answered, and a Close too, when they arrive, whether somebody receives or not. Compressed messages
are inflated when they are received, one after the other: each may need those before it.

A heartbeat has no timer of its own. All WebSockets of a session share that of its time limits; an
arrival costs one look at the clock.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from time import monotonic
from typing import Final

from aioclient._aliases import BytesLike
from aioclient._connection.arrival import Arrival
from aioclient._connection.switched_link import SwitchedLink
from aioclient._net.deadline import Deadline, Deadlines
from aioclient._net.link import Link
from aioclient._websocket.close_frames import NO_CODE, close_payload
from aioclient._websocket.deflate import Deflater, Inflater
from aioclient._websocket.messages import (
    ReaderEvent,
    WSMessageClose,
    WSMessagePing,
    WSMessagePong,
    WSMsgType,
)
from aioclient._websocket.reader import FrameReader
from aioclient._websocket.writer import FrameWriter
from aioclient.errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientOSError,
    ServerTimeoutError,
    WebSocketError,
)

#: When this much waits to be received, the server has to wait.
HIGH_WATER_BYTES: Final = 256 * 1024
#: What a message costs that is empty.
_COST_OF_MESSAGE_BYTES: Final = 64
#: What a server may still send after our Close.
_MAX_DISCARDED_BYTES: Final = 64 * 2**20
#: A frame of which more is missing is received where its message is put together, if it can be.
_LARGE_BYTES: Final = 32 * 1024
#: Up to this size a message is compressed or inflated on the loop's thread.
INLINE_BYTES: Final = 32 * 1024

_ABNORMAL: Final = 1006
_GOING_AWAY: Final = 1001

#: What the data of messages is; other events have numbers and errors.
_SIZED: Final = (str, bytes)

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_PING: Final = WSMsgType.PING
_PONG: Final = WSMsgType.PONG
_CLOSE: Final = WSMsgType.CLOSE
_ERROR: Final = WSMsgType.ERROR


class WebSocketConnection:
    """One WebSocket: frames out and messages in.

    Arguments: `deadlines`, of the session; `reader`, `deflater` and `inflater` as agreed on in the
    handshake; `answers_pings`, else they and pongs are received as messages; `answers_close`, else
    whoever receives it calls `close`; `heartbeat_s`, after how much silence the server is pinged,
    which then has half of that to say something.
    """

    __slots__ = (
        "_answers_close",
        "_answers_pings",
        "_backlog_bytes",
        "_close_received",
        "_close_sent",
        "_close_waiter",
        "_deadline",
        "_deadlines",
        "_discarded_bytes",
        "_events",
        "_has_room",
        "_heard_at",
        "_heartbeat_s",
        "_is_discarding",
        "_is_lost",
        "_is_paused",
        "_is_pinged",
        "_late_pong",
        "_link",
        "_loop",
        "_ping",
        "_ponging",
        "_queued_bytes",
        "_reader",
        "_sending",
        "_switched",
        "_writer",
        "arrival",
        "close_code",
        "deflater",
        "error",
        "has_events",
        "inflater",
        "is_over",
        "latency_s",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deadlines: Deadlines,
        reader: FrameReader,
        deflater: Deflater | None = None,
        inflater: Inflater | None = None,
        *,
        answers_pings: bool = True,
        answers_close: bool = True,
        heartbeat_s: float | None = None,
    ) -> None:
        self._loop = loop
        self._deadlines = deadlines
        self._reader = reader
        self._writer = FrameWriter()
        self.deflater: Deflater | None = deflater
        self.inflater: Inflater | None = inflater
        self._answers_pings = answers_pings
        self._answers_close = answers_close
        self._heartbeat_s = heartbeat_s
        self._link: Link
        self._switched: SwitchedLink
        # What arrived and was not received, and who waits for more.
        self._events: deque[ReaderEvent] = deque()
        #: Has something arrived that can be taken?
        self.has_events: bool = False
        #: Does nothing more arrive?
        self.is_over: bool = False
        self._queued_bytes = 0
        self._is_paused = False
        self._has_room = False  # does the link receive into the reader's?
        #: What arrives next, for the one who waits for it; None: look what there is to take.
        self.arrival: Arrival[ReaderEvent | None] = Arrival(loop)
        # Held while a message is sent in several frames, or is compressed elsewhere.
        self._sending: asyncio.Lock | None = None
        self._close_sent = False
        self._close_received = False
        self._is_lost = False
        self._is_discarding = False
        self._discarded_bytes = 0
        self._close_waiter: asyncio.Future[None] | None = None
        #: The code that the server closed with, or 1006; None while it is open.
        self.close_code: int | None = None
        #: What ended it, if that was not a Close.
        self.error: Exception | None = None
        self._heard_at = 0.0
        self._is_pinged = False
        self._backlog_bytes = 0  # when it was last looked at: not yet sent, or not yet taken
        self._deadline: Deadline | None = None  # of the heartbeat, then of the closing
        self._ping: tuple[bytes, float] | None = None  # the last one, and when
        #: How long the last answer to a ping took.
        self.latency_s: float | None = None
        # The last ping that could not be answered at once, and who will.
        self._late_pong: bytes | None = None
        self._ponging: asyncio.Task[None] | None = None

    def begin(self, switched: SwitchedLink) -> None:
        """Take a link."""
        self._switched = switched
        switched.take(self)

    # --- what is known of it ---------------------------------------------------------------------

    @property
    def link(self) -> Link:
        """What it goes over."""
        return self._link

    @property
    def is_open(self) -> bool:
        """Can messages be sent?"""
        return not (self._close_sent or self._is_lost or self.error is not None)

    # --- receiving -------------------------------------------------------------------------------

    async def receive(self) -> ReaderEvent | None:
        """What arrives next, None if nothing will.

        Awaited by one coroutine at a time. Cancelled, it takes nothing.
        """
        if self.has_events:
            return self.take()
        if self.is_over:
            return None
        event = await self.arrival
        return self.taken() if event is None else event

    def taken(self) -> ReaderEvent | None:
        """The first of what has arrived, if there is something."""
        return self.take() if self.has_events else None

    def put_back(self, event: ReaderEvent) -> None:
        """Let who receives next have what was received."""
        self.has_events = True
        self._events.appendleft(event)
        self._queued_bytes += _size_of(event)

    def wake(self) -> None:
        """Let whoever receives have None."""
        self.arrival.set_soon(None)

    def stream_next(self) -> None:
        """Let the next message that is not complete be given in pieces."""
        if self.has_events:
            return  # it is here, whole
        for event in self._reader.stream_next():
            self._deliver(event)

    def take(self) -> ReaderEvent:
        """The first of what has arrived, of which there must be something."""
        events = self._events
        event = events.popleft()
        self.has_events = bool(events)
        data = event.data
        size = len(data) if isinstance(data, _SIZED) else 0
        self._queued_bytes -= size + _COST_OF_MESSAGE_BYTES
        if self._is_paused and self._queued_bytes <= HIGH_WATER_BYTES // 2:
            self._is_paused = False
            self._heard_at = monotonic()  # it was not the server who was silent
            self._link.resume_reading()
        return event

    def _deliver(self, event: ReaderEvent) -> None:
        self.has_events = True
        self._events.append(event)
        data = event.data
        size = len(data) if isinstance(data, _SIZED) else 0
        self._queued_bytes += size + _COST_OF_MESSAGE_BYTES
        if self._queued_bytes > HIGH_WATER_BYTES and not self._is_paused and not self._is_lost:
            self._is_paused = True
            self._link.pause_reading()

    # --- for the link ----------------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """Use this link."""
        self._link = link
        if self._heartbeat_s:
            self._heard_at = monotonic()
            self._deadline = self._deadlines.start(self._heartbeat_s, self._silence)

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """Take frames apart, and deliver what they bring."""
        if self._heartbeat_s is not None:
            self._heard_at = monotonic()
        if self._is_discarding:
            self._count_discarded(len(data))
        reader = self._reader
        events = reader.feed(data)
        if self._has_room or reader.missing >= _LARGE_BYTES:
            room = reader.room()
            self._has_room = room is not None
            self._link.receive_into(room)
        arrival = self.arrival
        if len(events) == 1 and arrival.can_be_now and not self.has_events:
            # The short way, for a message that somebody waits for.
            event = events[0]
            if event.type is _TEXT or event.type is _BINARY:
                arrival.set_now(event)  # at last: who receives may do anything
                return
        for event in events:
            kind = event.type
            if kind is _PING or kind is _PONG or kind is _CLOSE or kind is _ERROR:
                self._control(event)
            elif not self._is_discarding:
                self._deliver(event)
        if self.has_events and arrival.is_awaited:
            if arrival.can_be_now:
                arrival.set_now(self.take())  # at last, as above
            else:
                arrival.set_soon(None)  # there is something to take

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The server sends nothing more; `link_lost` follows."""

    def link_lost(self, error: Exception | None) -> None:
        """The link is gone."""
        self._is_lost = self.is_over = True
        if self._deadline is not None:
            self._deadline.stop()
            self._deadline = None
        if not self._close_received and self.error is None:
            self.close_code = _ABNORMAL
            if error is None:
                self.is_over = True
                self.error = ClientConnectionError("the server closed without a Close frame")
            else:
                number = error.errno if isinstance(error, OSError) else None
                self.is_over = True
                self.error = ClientOSError(number, getattr(error, "strerror", None) or str(error))
                self.error.__cause__ = error
        self._tell_closed()
        self.wake()
        self._switched.gone()

    def link_closes(self, why: str) -> None:
        """The session or its connector closes: say goodbye."""
        if self.error is None and not self._close_received:
            self.is_over = True
            self.error = ClientConnectionError(why)
            self.close_code = _ABNORMAL
        self._send_close(_GOING_AWAY, b"")

    # --- control frames --------------------------------------------------------------------------

    def _control(self, event: ReaderEvent) -> None:
        if isinstance(event, WSMessageClose):
            self._close_arrived(event)
        elif isinstance(event, WSMessagePing):
            if self._answers_pings:
                self._pong(event.data)
            elif not self._is_discarding:
                self._deliver(event)
        elif isinstance(event, WSMessagePong):
            if self._ping is not None and self._ping[0] == event.data:
                self.latency_s = monotonic() - self._ping[1]
                self._ping = None
            if not self._answers_pings and not self._is_discarding:
                self._deliver(event)
        elif isinstance(event.data, WebSocketError):
            self._broken(event.data, event)

    def _close_arrived(self, event: WSMessageClose) -> None:
        """RFC 6455 section 5.5.1."""
        self._close_received = self.is_over = True
        if self.close_code is None:
            self.close_code = event.data
        if self._answers_close or self._close_sent:
            self._send_close(event.data, b"")
            self._close_link()
        self._tell_closed()
        if not self._is_discarding:
            self._deliver(event)

    def _broken(self, error: WebSocketError, event: ReaderEvent) -> None:
        """The server breaks the rules: it is told so, and the link is closed (section 7.1.7)."""
        self.is_over = True
        self.error = error
        self.close_code = error.code
        self._send_close(error.code, b"")
        self._close_link()
        self._tell_closed()
        if not self._is_discarding:
            self._deliver(event)

    def break_off(self, error: WebSocketError) -> None:
        """A message turned out to be broken when it was received."""
        self.is_over = True
        self.error = error
        self.close_code = error.code
        self._events.clear()
        self.has_events = False
        self._is_discarding = True
        if self._is_lost:
            return
        self._send_close(error.code, b"")
        self._close_link()

    def _pong(self, payload: bytes) -> None:
        """Answer a ping; if the server does not read, only the last one (section 5.5.3)."""
        if self._close_sent or self._is_lost:
            return
        if not self._link.is_congested:
            self._link.write(self._writer.frame(_PONG, payload))
            return
        self._late_pong = payload
        if self._ponging is None:
            self._ponging = self._loop.create_task(self._pong_later())

    async def _pong_later(self) -> None:
        await self._link.drained()
        self._ponging = None
        payload, self._late_pong = self._late_pong, None
        if payload is not None:
            self._pong(payload)

    # --- sending ---------------------------------------------------------------------------------

    def send(self, opcode: int, payload: str | BytesLike) -> Awaitable[None] | None:
        """Send a message, or a control frame, in one frame; None, or what has to be awaited.

        That is for its turn, or for the server to take more. Raises ClientConnectionResetError if
        it is closed or closing.
        """
        if self._sending is not None and opcode < 8:
            return self._send_in_turn(self._sending, opcode, payload)
        if self._close_sent or self._is_lost:
            raise _closing()
        link = self._link
        link.write(self._writer.frame(opcode, payload))
        return self._drained() if link.is_congested else None

    async def _send_in_turn(
        self, lock: asyncio.Lock, opcode: int, payload: str | BytesLike
    ) -> None:
        async with lock:
            await self._send(opcode, payload)

    async def _send(
        self,
        opcode: int,
        payload: str | BytesLike,
        is_final: bool = True,
        is_compressed: bool = False,
    ) -> None:
        if self._close_sent or self._is_lost:
            raise _closing()
        self._link.write(self._writer.frame(opcode, payload, is_final, is_compressed))
        if self._link.is_congested:
            await self._drained()

    async def _drained(self) -> None:
        await self._link.drained()
        if self._is_lost:
            raise ClientConnectionResetError("the connection was lost before all was sent")

    def lock(self) -> asyncio.Lock:
        """Held by who sends a message in several steps."""
        if self._sending is None:
            self._sending = asyncio.Lock()
        return self._sending

    async def send_compressed(
        self, opcode: int, data: BytesLike, deflater: Deflater, level: int | None
    ) -> None:
        """Send a message compressed; a large one is compressed outside of the loop's thread."""
        if self._close_sent or self._is_lost:
            raise _closing()
        if len(data) <= INLINE_BYTES and not (self._sending is not None and self._sending.locked()):
            await self._send(opcode, deflater.deflate(data, level), is_compressed=True)
            return
        lock = self.lock()
        await lock.acquire()
        is_late = False
        try:
            deflating = self._loop.run_in_executor(None, deflater.deflate, data, level)
            try:
                payload = await asyncio.shield(deflating)
            except asyncio.CancelledError:
                # What was compressed has to be sent, and first: later messages may refer to it.
                is_late = True
                deflating.add_done_callback(lambda done: self._send_late(opcode, done, lock))
                raise
            await self._send(opcode, payload, is_compressed=True)
        finally:
            if not is_late:
                lock.release()

    def _send_late(self, opcode: int, done: "asyncio.Future[bytes]", lock: asyncio.Lock) -> None:
        if self.is_open and not done.cancelled() and done.exception() is None:
            self._link.write(self._writer.frame(opcode, done.result(), True, True))
        lock.release()

    async def send_piece(
        self, opcode: int, payload: str | BytesLike, is_final: bool, is_compressed: bool = False
    ) -> None:
        """Send one frame of a message; the lock is held until its last one."""
        await self._send(opcode, payload, is_final, is_compressed)

    async def ping(self, payload: bytes) -> None:
        """Ask the server for a sign of life."""
        self._ping = (payload, monotonic())
        waiting = self.send(_PING, payload)
        if waiting is not None:
            await waiting

    # --- the heartbeat ---------------------------------------------------------------------------

    def _silence(self, deadline: Deadline) -> None:
        """Long enough since the last look: has the server said something?"""
        heartbeat_s = self._heartbeat_s
        if heartbeat_s is None or self._is_lost or self._close_sent or self._close_received:
            return  # who has sent a Close need say nothing more
        now = monotonic()
        backlog = self._link.backlog_bytes
        # Nobody listens, and it may have said much; or it is still taking what was sent before.
        if self._is_paused or backlog < self._backlog_bytes:
            self._heard_at = now
        self._backlog_bytes = backlog
        limit_s = heartbeat_s / 2 if self._is_pinged else heartbeat_s
        since = deadline.started_at if self._is_pinged else self._heard_at
        if self._is_pinged and self._heard_at < since:
            self._fail(ServerTimeoutError(f"no answer to a ping within {limit_s:g} s"))
            return
        rest_s = self._heard_at + heartbeat_s - now
        self._is_pinged = rest_s <= 0
        if self._is_pinged:
            self._ping = (b"", now)
            self._link.write(self._writer.frame(_PING, b""))
            rest_s = heartbeat_s / 2
        self._deadline = self._deadlines.start(rest_s, self._silence)

    def _fail(self, error: Exception) -> None:
        self.is_over = True
        self.error = error
        self.close_code = _ABNORMAL
        self._close_sent = True  # nor will anything else be
        self._tell_closed()
        self.wake()
        self._link.abort()

    # --- closing ---------------------------------------------------------------------------------

    async def close(self, payload: bytes, timeout_s: float | None) -> None:
        """Say goodbye, wait for the server's, and close the link; what still arrives is discarded.

        `payload` is that of our Close. Cancelling cuts the link.
        """
        if self._is_lost:
            return
        self._discard()
        self._send_close_payload(payload)
        if self._close_received or self.error is not None:
            self._close_link()
            return
        self._close_waiter = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout_s or None):
                await self._close_waiter
        except TimeoutError:
            self.close_code = _ABNORMAL
            self.is_over = True
            self.error = ServerTimeoutError(f"no Close frame came within {timeout_s:g} s")
            self._link.abort()
        except BaseException:
            self.close_code = _ABNORMAL
            self._link.abort()
            raise
        finally:
            self._close_waiter = None

    def abort(self, why: str) -> None:
        """Cut the link: nothing that makes sense can follow. If it is being closed, let it be."""
        if self._close_sent or self._is_lost:
            return
        if self.error is None and not self._close_received:
            self.is_over = True
            self.error = ClientConnectionError(why)
            self.close_code = _ABNORMAL
        self._close_sent = True  # and no message is
        self._link.abort()

    def _discard(self) -> None:
        self._is_discarding = True
        self._events.clear()
        self.has_events = False
        self._queued_bytes = 0
        if self._is_paused:
            self._is_paused = False
            self._link.resume_reading()

    def _count_discarded(self, size: int) -> None:
        self._discarded_bytes += size
        if self._discarded_bytes > _MAX_DISCARDED_BYTES:
            self._fail(ClientConnectionError("the server goes on sending instead of closing"))

    def _send_close(self, code: int, reason: bytes) -> None:
        self._send_close_payload(b"" if code == NO_CODE else close_payload(code, reason))

    def _send_close_payload(self, payload: bytes) -> None:
        if not self._close_sent and not self._is_lost:
            self._close_sent = True
            self._link.write(self._writer.frame(_CLOSE, payload))

    def _close_link(self) -> None:
        """Close it when all is sent, but not later than that a server that reads would have it."""
        if self._is_lost:
            return
        if self._deadline is not None:
            self._deadline.stop()
        self._deadline = self._deadlines.start(10.0, lambda _deadline: self._link.abort())
        self._link.close()

    def _tell_closed(self) -> None:
        if self._close_waiter is not None and not self._close_waiter.done():
            self._close_waiter.set_result(None)


def _size_of(event: ReaderEvent) -> int:
    data = event.data
    return (len(data) if isinstance(data, _SIZED) else 0) + _COST_OF_MESSAGE_BYTES


def _closing() -> ClientConnectionResetError:
    return ClientConnectionResetError("cannot send on a WebSocket that is closing or closed")
