"""Servers at UNIX domain sockets."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Iterator

from pages import Pages
from scripted import Handler, ScriptedServer


class UnixPages(Pages):
    """`Pages` that listens at a path, or at an abstract name after a null character."""

    def __init__(
        self, path: str | os.PathLike[str], ssl_context: ssl.SSLContext | None = None, /
    ) -> None:
        super().__init__(ssl_context)
        self.path = os.fspath(path)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, self.path, ssl=self._ssl_context)


class UnixServer(ScriptedServer):
    """A `ScriptedServer` that listens at a path."""

    def __init__(self, handler: Handler, path: str | os.PathLike[str]) -> None:
        super().__init__(handler)
        self.path = os.fspath(path)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, self.path)


@contextlib.contextmanager
def full_queue(path: str) -> Iterator[socket.socket]:
    """A listening socket that accepts nobody, and in whose queue there is no room."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(path)
        server.listen(0)
        while True:
            client = opened.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            try:
                client.connect(path)
            except BlockingIOError:
                break
        yield server
