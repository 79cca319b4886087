"""A transport without a socket, and connections over it."""

import asyncio
from collections.abc import Callable
from typing import Any

from clock import TimerLoop

from aioclient._connection.exchange import Exchange
from aioclient._connection.http1 import Http1Connection
from aioclient._connection.prompt_future import PromptFuture
from aioclient._http.events import NO_BODY, RequestHead
from aioclient._http1.head_writer import write_field_lines
from aioclient._net.link import TransportLink
from aioclient._net.route import Route

ROUTE = Route("example.com", 80, False, True)


class FakeTransport(asyncio.Transport):
    """Records what is written; tests play the peer with `receive`, `receive_eof` and `lose`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._protocol: asyncio.BufferedProtocol | asyncio.Protocol
        self.written = bytearray()
        self.writes = 0
        #: How large the items of what was written are: 1 but for views of other things than bytes.
        self.item_sizes: list[int] = []
        #: Told of each write.
        self.on_write: Callable[[], None] | None = None
        self.is_reading_paused = False
        #: How often reading was paused.
        self.pauses = 0
        self.was_aborted = False
        #: How many written bytes the peer has not taken.
        self.unsent = 0
        self._is_closing = False
        self._is_lost = False

    # --- what a protocol calls --------------------------------------------------------------

    def write(self, data: Any) -> None:
        assert not self._is_lost, "write after connection_lost"
        self.written += data
        self.writes += 1
        self.item_sizes.append(memoryview(data).itemsize)
        if self.on_write is not None:
            self.on_write()

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._connection_lost, None)

    def abort(self) -> None:
        self.was_aborted = True
        self.close()

    def pause_reading(self) -> None:
        self.is_reading_paused = True
        self.pauses += 1

    def resume_reading(self) -> None:
        self.is_reading_paused = False

    # --- what the peer does -------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.BufferedProtocol | asyncio.Protocol)
        self._protocol = protocol

    def attach(self, protocol: asyncio.BufferedProtocol) -> None:
        self._protocol = protocol
        protocol.connection_made(self)

    def receive(self, data: bytes) -> None:
        """Bytes arrive, in as many reads as the protocol's buffer makes of them."""
        assert not self.is_reading_paused, "bytes arrived while reading was paused"
        while data:
            protocol = self._protocol
            if isinstance(protocol, asyncio.Protocol):
                protocol.data_received(data)
                return
            buffer = memoryview(protocol.get_buffer(-1))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            protocol.buffer_updated(size)
            data = data[size:]

    def receive_eof(self) -> None:
        """The peer sends nothing more: as asyncio's transports, close then."""
        if not self._protocol.eof_received():
            self.close()

    def lose(self, error: Exception | None) -> None:
        """The connection breaks."""
        self._is_closing = True
        self._connection_lost(error)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self.unsent = 100_000
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self.unsent = 0
        self._protocol.resume_writing()

    def _connection_lost(self, error: Exception | None) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._protocol.connection_lost(error)


def connect(
    route: Route = ROUTE, timers: TimerLoop | None = None
) -> tuple[Http1Connection, FakeTransport]:
    """An HTTP/1.1 connection over a fake transport; it takes its timers from `timers`."""
    loop = asyncio.get_running_loop()
    connection = Http1Connection(route, timers or loop)  # type: ignore[arg-type]
    transport = FakeTransport(loop)
    transport.attach(TransportLink(connection, loop))
    return connection, transport


class Ends:
    """What an exchange said at its end: might the connection be used again?"""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def __call__(self, reusable: bool) -> None:
        self.told.append(reusable)


def new_exchange(ends: Ends | None = None) -> Exchange:
    """An exchange without time limits."""
    return Exchange(PromptFuture(asyncio.get_running_loop()), ends or Ends(), None)


def request_head(
    method: str = "GET",
    target: str = "/",
    *,
    body_length: int = NO_BODY,
    connection: str | None = None,
) -> RequestHead:
    """A request head with one field."""
    lines = write_field_lines((("Accept", "*/*"),))
    return RequestHead(method, target, "example.com", lines, body_length, connection)
