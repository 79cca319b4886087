"""A server that writes down each request exactly as it came, for tests of what is sent where."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS connection (RFC 8446 section 5.1)


@dataclass(slots=True)
class Arrived:
    """One request: by which way it came, and all that it said, fields in their order."""

    scheme: str
    port: int
    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes


class RecordingServer:
    """Answers each request by a function of it, from `async with` on; `arrived` lists them.

    With a TLS context the one port speaks http and https, as the client's first byte says: so two
    URLs can differ in their scheme and nothing else.
    """

    def __init__(
        self, answer: Callable[[Arrived], bytes], ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer
        self.arrived: list[Arrived] = []
        self.port = 0
        self.connections: set[asyncio.BaseTransport] = set()
        self._ssl_context = ssl_context
        self._listening: socket.socket
        self._acceptor: asyncio.Task[None]
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        self._acceptor = asyncio.get_running_loop().create_task(self._accept())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._acceptor.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(self._acceptor, *self._tasks, return_exceptions=True)
        self._listening.close()
        for transport in set(self.connections):
            transport.close()
        while self.connections:  # noqa: ASYNC110 - each is dropped when it is closed
            await asyncio.sleep(0)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listening)
            task = loop.create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            # Not every loop tells when there is one.
            while (first := _peeked(client)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0)
            is_tls = first == TLS_HANDSHAKE
            await loop.connect_accepted_socket(
                lambda: _Connection(self, "https" if is_tls else "http"),
                client,
                ssl=self._ssl_context if is_tls else None,
            )
        except (OSError, asyncio.CancelledError):  # the client does not trust us, or we end
            client.close()


def _peeked(client: socket.socket) -> bytes | None:
    """The next byte, which stays there; None if there is none yet."""
    try:
        return client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return None


class _Connection(asyncio.Protocol):
    """Reads requests and answers them, one after the other."""

    def __init__(self, server: RecordingServer, scheme: str) -> None:
        self._server = server
        self._scheme = scheme
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._server.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        server = self._server
        while self._unread and (first := first_request(self._unread, self._scheme, server.port)):
            request, self._unread = first
            server.arrived.append(request)
            self._transport.write(server.answer(request))


def first_request(data: bytes, scheme: str, port: int) -> tuple[Arrived, bytes] | None:
    """The first request, and what follows it; None before its end has come."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    start, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = start.split(" ")
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    said = {name.lower(): value for name, value in fields}
    if "transfer-encoding" in said:
        whole = unchunked(rest)
    else:
        size = int(said.get("content-length", "0"))
        whole = (rest[:size], rest[size:]) if len(rest) >= size else None
    if whole is None:
        return None
    body, left = whole
    return Arrived(scheme, port, method, target, fields, body), left


def unchunked(data: bytes) -> tuple[bytes, bytes] | None:
    """A chunked body without trailers, and what follows it; None before its end has come."""
    body = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        size = int(line, 16) if end else 0
        if not end or len(data) < size + 2:
            return None
        body += data[:size]
        data = data[size + 2 :]
        if size == 0:
            return body, data
