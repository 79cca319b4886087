"""Two ends of a connection that is nothing but memory: a transport for the client, and its peer.

It behaves as a socket does. What the client writes is sent as long as the server's end has room for
it (`ROOM_BYTES`); what is beyond that is unsent, and a congestion if it is much. What the server
writes arrives in a later turn of the loop, write by write, unless the client has paused reading:
then the server's `write` waits. Either side may end the connection, in the middle of anything.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from aioclient._aliases import BytesLike

#: What the server's end takes without reading it, as the buffers of two systems would.
ROOM_BYTES: Final = 64 * 1024
#: How much may be unsent, or undelivered, before who writes has to wait, and when he goes on.
HIGH_WATER_BYTES: Final = 64 * 1024
LOW_WATER_BYTES: Final = HIGH_WATER_BYTES // 4
#: So much is delivered in one turn of the loop.
_TURN_BYTES: Final = 256 * 1024


class MemoryTransport(asyncio.Transport):
    """The client's end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        peername: tuple[str, int],
        sockname: tuple[str, int],
    ) -> None:
        super().__init__({"peername": peername, "sockname": sockname})
        self._loop = loop
        self._protocol: asyncio.BaseProtocol
        #: The other end.
        self.server: Final = ServerEnd(self, loop)
        # What is to be delivered, in order, and what to call in between; the last may be the end
        # (None), or why it broke off.
        self._arriving: deque[bytes | Callable[[], None] | Exception | None] = deque()
        self._arriving_bytes = 0
        #: How many bytes of the server never arrived, when that is certain.
        self.lost_bytes: int = 0
        self._broken_by: Exception | None = None
        self._is_delivery_near = False
        self._is_paused = False
        self._is_closing = False
        self._is_ending = False  # `_end` is near, or was called
        self._has_written_eof = False
        self._high_bytes = HIGH_WATER_BYTES
        self._low_bytes = LOW_WATER_BYTES
        self._is_congested = False

    def attach(self, protocol: asyncio.BaseProtocol) -> None:
        """Begin: the protocol has this transport from now on."""
        self._protocol = protocol
        protocol.connection_made(self)

    # --- what the protocol calls: writing ---------------------------------------------------------

    def write(self, data: BytesLike) -> None:
        """Let the server have these bytes."""
        if self._has_written_eof:
            raise RuntimeError("write after write_eof")
        if self._is_closing or not data:
            return
        self.server.take(bytes(data))
        if self._broken_by is not None:
            self._lose(self._broken_by)  # as a system answers, which knows it already
            return
        self._look_at_congestion()

    def can_write_eof(self) -> bool:
        """It can."""
        return True

    def write_eof(self) -> None:
        """Write nothing more; the server may go on."""
        if not self._has_written_eof:
            self._has_written_eof = True
            self.server.take_eof()

    def get_write_buffer_size(self) -> int:
        """How much of what was written is on its way."""
        return max(0, self.server.unread_bytes - ROOM_BYTES)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """From where on the protocol is to go on writing, and to wait."""
        return self._low_bytes, self._high_bytes

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say when the protocol is to wait; ValueError if `high` is below `low`."""
        if high is None:
            high = HIGH_WATER_BYTES if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high}) must be at least low ({low}), which is not negative")
        self._high_bytes, self._low_bytes = high, low
        self._look_at_congestion()

    def _look_at_congestion(self) -> None:
        unsent_bytes = self.get_write_buffer_size()
        if not self._is_congested and unsent_bytes > self._high_bytes:
            self._is_congested = True
            self._protocol.pause_writing()
        elif self._is_congested and unsent_bytes <= self._low_bytes:
            self._is_congested = False
            self._protocol.resume_writing()

    def was_read(self) -> None:
        """The server has read something."""
        if self._is_ending:
            return
        self._look_at_congestion()
        if self._is_closing and not self.get_write_buffer_size():
            self._end_soon(None)

    # --- what the protocol calls: reading and closing --------------------------------------------

    def is_reading(self) -> bool:
        """Does what the server writes arrive?"""
        return not self._is_paused and not self._is_closing

    def pause_reading(self) -> None:
        """Let nothing arrive until `resume_reading`."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Let what the server writes arrive again."""
        self._is_paused = False
        self._deliver_soon()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Another protocol has it from now on."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who has it."""
        return self._protocol

    def is_closing(self) -> bool:
        """Is it closed, or about to be?"""
        return self._is_closing

    def close(self) -> None:
        """End it once everything written is sent."""
        if self._is_closing:
            return
        self._is_closing = True
        self.server.take_eof()
        if not self.get_write_buffer_size():
            self._end_soon(None)

    def abort(self) -> None:
        """End it now: what the server has not read is lost."""
        self.server.drop_unread()
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        self._is_closing = True
        self._end_soon(error)

    def _end_soon(self, error: Exception | None) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._loop.call_soon(self._end, error)

    def _end(self, error: Exception | None) -> None:
        if error is not None:
            self._hand_over_rest()
        self._arriving.clear()
        self.lost_bytes, self._arriving_bytes = self._arriving_bytes, 0
        try:
            self._protocol.connection_lost(error)
        finally:
            self.server.lose()

    # --- what the server's end calls --------------------------------------------------------------

    @property
    def undelivered_bytes(self) -> int:
        """How much of what the server wrote has not arrived."""
        return self._arriving_bytes

    @property
    def is_over(self) -> bool:
        """Does nothing arrive any more?"""
        return self._is_closing

    def deliver(self, data: bytes) -> None:
        """Let this arrive."""
        self._arriving.append(data)
        self._arriving_bytes += len(data)
        self._deliver_soon()

    def call_after_delivery(self, callback: Callable[[], None]) -> None:
        """Call this when all that has arrived."""
        self._arriving.append(callback)
        self._deliver_soon()

    def deliver_end(self, error: Exception | None) -> None:
        """After all that, nothing more comes: None, or the connection breaks off."""
        self._arriving.append(error)
        self._broken_by = error
        if error is not None and self.get_write_buffer_size():
            self._lose(error)
        else:
            self._deliver_soon()

    # --- inside -----------------------------------------------------------------------------------

    def _deliver_soon(self) -> None:
        if self._arriving and not self._is_delivery_near and self.is_reading():
            self._is_delivery_near = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._is_delivery_near = False
        left_bytes = _TURN_BYTES
        try:
            while self._arriving and left_bytes > 0 and self.is_reading():
                left_bytes -= self._deliver_next()
        except Exception as error:  # of the protocol; a transport of the loop says so, too
            self._loop.call_exception_handler(
                {"message": "a protocol failed", "exception": error, "transport": self}
            )
            self._lose(error)
        if self._arriving_bytes <= LOW_WATER_BYTES:
            self.server.was_delivered()
        self._deliver_soon()

    def _deliver_next(self) -> int:
        """Hand over the first thing that arrives; how many bytes that were."""
        first = self._arriving.popleft()
        if isinstance(first, Exception):
            self._lose(first)
            return 0
        if first is None:
            if not cast("asyncio.Protocol", self._protocol).eof_received():
                self.close()
            return 0
        if not isinstance(first, bytes):
            first()
            return 0
        size = self._hand_over(first)
        if size < len(first):
            self._arriving.appendleft(first[size:])
        self._arriving_bytes -= size
        return size

    def _hand_over(self, data: bytes) -> int:
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            with memoryview(protocol.get_buffer(len(data))) as room:
                size = min(len(room), len(data))
                room[:size] = data[:size]
            protocol.buffer_updated(size)
            return size
        cast("asyncio.Protocol", protocol).data_received(data)  # there is no third kind
        return len(data)

    def _hand_over_rest(self) -> None:
        """What came before the connection broke off may be read, though somebody wrote after it."""
        while self._arriving and isinstance(data := self._arriving.popleft(), bytes):
            while data:
                size = self._hand_over(data)
                self._arriving_bytes -= size
                data = data[size:]


class ServerEnd:
    """The server's end: bytes to read, bytes to write, each with waiting."""

    def __init__(self, transport: MemoryTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._unread: deque[bytes] = deque()
        #: How much of what the client wrote was not read.
        self.unread_bytes: int = 0
        self._has_eof = False
        self._is_closed = False
        self._is_lost = False
        #: Called when the client is gone.
        self.on_lost: Callable[[], object] | None = None
        self._readable: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    @property
    def is_lost(self) -> bool:
        """Is the client gone, or about to go, so that nothing arrives any more?"""
        return self._is_lost or self._transport.is_over

    async def read(self) -> bytes:
        """What has come, as soon as there is something; nothing at the end."""
        while not self._unread:
            if self._has_eof or self.is_lost:
                return b""
            self._readable = self._loop.create_future()
            await self._readable
        data = self._unread.popleft()
        self.unread_bytes -= len(data)
        self._transport.was_read()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes, and wait as long as the client leaves too many of them unread.

        Raises ConnectionResetError if it is gone, RuntimeError after `close`.
        """
        if self._is_closed:
            raise RuntimeError("the connection was closed by this side")
        if self.is_lost:
            raise ConnectionResetError("the client has closed the connection")
        if data:
            self._transport.deliver(data)
        while self._transport.undelivered_bytes > HIGH_WATER_BYTES:
            if self._writable is None:
                self._writable = self._loop.create_future()
            await asyncio.shield(self._writable)
        if self._transport.lost_bytes:
            raise ConnectionResetError("the client has closed the connection")

    def close(self) -> None:
        """Nothing more is sent."""
        if not self._is_closed:
            self._is_closed = True
            self._transport.deliver_end(None)

    def reset(self, error: Exception) -> None:
        """Break the connection off, after what was written; the client's transport is told why."""
        if not self._is_closed:
            self._is_closed = True
            self._transport.deliver_end(error)

    def call_after_delivery(self, callback: Callable[[], None]) -> None:
        """Call this when what was written has arrived; never, if the client leaves before."""
        self._transport.call_after_delivery(callback)

    # --- what the transport calls -----------------------------------------------------------------

    def take(self, data: bytes) -> None:
        """The client wrote something."""
        self._unread.append(data)
        self.unread_bytes += len(data)
        _wake(self._readable)

    def take_eof(self) -> None:
        """The client writes nothing more."""
        self._has_eof = True
        _wake(self._readable)

    def drop_unread(self) -> None:
        """The client broke the connection off."""
        self._unread.clear()
        self.unread_bytes = 0
        self._has_eof = True
        _wake(self._readable)

    def was_delivered(self) -> None:
        """Not much of what was written is still to arrive."""
        writable, self._writable = self._writable, None
        _wake(writable)

    def lose(self) -> None:
        """The client is gone."""
        self._is_lost = True
        _wake(self._readable)
        self.was_delivered()
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:
            on_lost()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
