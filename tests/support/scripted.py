"""Servers that do what a test says, byte by byte."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from running import while_connected

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ScriptedServer:
    """Calls a coroutine function for each connection, from `async with` on; ends them all after."""

    def __init__(
        self, handler: Handler, ssl_context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._handler = handler
        self._ssl_context = ssl_context
        self._host = host
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        #: Connections so far, and requests whose head `head_of` has read.
        self.accepted = 0
        #: Connections whose handler runs.
        self.open = 0

    def url(self, path: str = "/", host: str | None = None) -> str:
        scheme = "https" if self._ssl_context else "http"
        name = host or (f"[{self._host}]" if ":" in self._host else self._host)
        return f"{scheme}://{name}:{self.port}{path}"

    async def __aenter__(self) -> Self:
        self._server = await self._listen()
        return self

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(
            self._serve, self._host, 0, ssl=self._ssl_context, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.accepted += 1
        self.open += 1
        try:
            with while_connected(writer):
                await self._handler(reader, writer)
                writer.close()
                await writer.wait_closed()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.open -= 1
            writer.transport.abort()
            self._tasks.discard(task)
            self._writers.discard(writer)


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """Read a request's head."""
    return await reader.readuntil(b"\r\n\r\n")


def answers(*pieces: bytes, stays_open: bool = False) -> Handler:
    """Answer each connection's first request with these bytes, then close or keep still."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if stays_open:
            await reader.read()

    return handler


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read, and never answer."""
    while await reader.read(65536):
        pass
