"""The peers doing the WebSocket workloads, each as its users would.

* ``aiohttp`` and ``aioclient``, by the very same code: ``session.ws_connect(url)``, then
  ``ws.send_str`` or ``ws.send_bytes`` and ``ws.receive``, and ``async for`` for the stream;
* ``websockets``: ``connect(url)``, then ``send`` and ``recv``, and ``async for``. It is told not
  to compress and not to ping by itself, as the others do neither;
* ``picows``: ``ws_connect``, a listener that is called with each frame, and a future for the
  answer, for there is nothing to await. The listener makes a str or bytes of each payload, as the
  others do. It is told to use asyncio's transports, as the others do;
* ``floor``: a bare protocol, in socket_floor.py.

Each has one connection, opened before the warm-up. What comes back is compared once at the start;
afterwards only its length is, or the length of all messages of a stream.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import bodies
from floor import Request
from socket_floor import FloorSocketDriver
from workloads import STREAM_MESSAGES, Site, Workload

#: Peers that do nothing but WebSockets.
SOCKET_LIBRARIES = ("picows", "websockets")


class SocketDriver:
    """What all of them have in common."""

    def __init__(self, workload: Workload, site: Site) -> None:
        self._text = bodies.text_message()
        self._binary = bodies.binary_message(workload.message_bytes)
        self._sent: str | bytes = self._binary if workload.does == "echo bytes" else self._text
        self._came: str | bytes | None = None  # the last message
        self._size = workload.message_bytes
        self._site = site
        self._workload = workload
        self._url = f"ws://{workload.host}:{site.port}{workload.path}"
        one: Request = {
            "echo text": self._echo_text,
            "echo bytes": self._echo_bytes,
            "stream": self._stream,
        }[workload.does]
        self.requests: Sequence[Request] = [one]

    async def open(self) -> None:
        await self._connect()
        await self.requests[0]()
        if self._came != self._sent:
            raise RuntimeError(f"sent {self._sent[:100]!r}, got {self._came!r:.100}")

    async def _connect(self) -> None:
        raise NotImplementedError

    async def _echo_text(self) -> None:
        raise NotImplementedError

    async def _echo_bytes(self) -> None:
        raise NotImplementedError

    async def _stream(self) -> None:
        raise NotImplementedError

    def _expect(self, size: int, count: int = 1) -> None:
        if size != self._size * count:
            raise RuntimeError(f"{size} bytes instead of {self._size * count}")


class SessionSocketDriver(SocketDriver):
    """aiohttp, or a client with the same API."""

    def __init__(self, module: Any, workload: Workload, site: Site) -> None:
        super().__init__(workload, site)
        self._module = module

    async def _connect(self) -> None:
        self._session = self._module.ClientSession()
        self._ws = await self._session.ws_connect(self._url)

    async def close(self) -> None:
        await self._ws.close()
        await self._session.close()

    async def _echo_text(self) -> None:
        await self._ws.send_str(self._text)
        message = await self._ws.receive()
        self._came = message.data
        self._expect(len(message.data))

    async def _echo_bytes(self) -> None:
        await self._ws.send_bytes(self._binary)
        message = await self._ws.receive()
        self._came = message.data
        self._expect(len(message.data))

    async def _stream(self) -> None:
        await self._ws.send_str(self._text)
        size = 0
        left = STREAM_MESSAGES
        async for message in self._ws:
            size += len(message.data)
            left -= 1
            if not left:
                break
        self._came = message.data
        self._expect(size, STREAM_MESSAGES)


class WebsocketsDriver(SocketDriver):
    """websockets."""

    def __init__(self, module: Any, workload: Workload, site: Site) -> None:
        super().__init__(workload, site)
        self._module = module

    async def _connect(self) -> None:
        self._ws = await self._module.connect(
            self._url, compression=None, ping_interval=None, proxy=None
        )

    async def close(self) -> None:
        await self._ws.close()

    async def _echo_text(self) -> None:
        await self._ws.send(self._text)
        self._came = data = await self._ws.recv()
        self._expect(len(data))

    async def _echo_bytes(self) -> None:
        await self._ws.send(self._binary)
        self._came = data = await self._ws.recv()
        self._expect(len(data))

    async def _stream(self) -> None:
        await self._ws.send(self._text)
        size = 0
        left = STREAM_MESSAGES
        async for data in self._ws:
            size += len(data)
            left -= 1
            if not left:
                break
        self._came = data
        self._expect(size, STREAM_MESSAGES)


class PicowsDriver(SocketDriver):
    """picows."""

    def __init__(self, module: Any, workload: Workload, site: Site) -> None:
        super().__init__(workload, site)
        self._module = module
        self._message_type = module.WSMsgType

    async def _connect(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport, self._listener = await self._module.ws_connect(
            _listener_class(self._module, self._workload), self._url, use_aiofastnet=False
        )

    async def close(self) -> None:
        self._transport.disconnect()
        await self._transport.wait_disconnected()

    async def _echo_text(self) -> None:
        self._listener.waiter = waiter = self._loop.create_future()
        self._transport.send(self._message_type.TEXT, self._text.encode())
        self._came = data = await waiter
        self._expect(len(data))

    async def _echo_bytes(self) -> None:
        self._listener.waiter = waiter = self._loop.create_future()
        self._transport.send(self._message_type.BINARY, self._binary)
        self._came = data = await waiter
        self._expect(len(data))

    async def _stream(self) -> None:
        listener = self._listener
        listener.waiter = waiter = self._loop.create_future()
        listener.size = 0
        listener.left = STREAM_MESSAGES
        self._transport.send(self._message_type.TEXT, self._text.encode())
        self._came = await waiter
        self._expect(listener.size, STREAM_MESSAGES)


def _listener_class(picows: Any, workload: Workload) -> Any:
    """A listener that does no more than the workload needs."""
    is_text = workload.does != "echo bytes"

    class _Echo(picows.WSListener):  # type: ignore[misc]  # known when picows is loaded
        waiter: "asyncio.Future[str | bytes]"

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if is_text:
                self.waiter.set_result(frame.get_payload_as_utf8_text())
            else:
                self.waiter.set_result(frame.get_payload_as_bytes())

    class _Stream(picows.WSListener):  # type: ignore[misc]  # as above
        waiter: "asyncio.Future[str | bytes]"
        size: int
        left: int

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            data = frame.get_payload_as_utf8_text()
            self.size += len(data)
            self.left -= 1
            if not self.left:
                self.waiter.set_result(data)

    return _Stream if workload.does == "stream" else _Echo


def make_socket_driver(
    peer: str, module: Any, workload: Workload, site: Site
) -> SessionSocketDriver | WebsocketsDriver | PicowsDriver | FloorSocketDriver:
    """The driver of a peer; `module` is None for the floor."""
    if module is None:
        return FloorSocketDriver(workload, site)
    if peer == "picows":
        return PicowsDriver(module, workload, site)
    if peer == "websockets":
        return WebsocketsDriver(module, workload, site)
    return SessionSocketDriver(module, workload, site)
