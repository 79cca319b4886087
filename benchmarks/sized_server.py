"""A server for many connections and for bodies of any size, for scale.py and workers.py.

``GET /N`` is answered with N bytes, words of text, and Content-Length, whatever the host is called.
Connections are kept. An asyncio server in a process of its own on a free port of 127.0.0.1; it
takes requests without a body, and of each connection one at a time.
"""

import asyncio
import contextlib
import sys

import descriptors
import server_process

_BACKLOG = 4096
_PIECE = b"".join(b"word%03d " % (7 * number % 1000) for number in range(32 * 1024))
_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Server: sized_server\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: {}\r\n"
    "\r\n"
)


class _Connection(asyncio.Protocol):
    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = b""
        self._left = 0  # of a body
        self._may_write = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        size = int(self._received.split(b" ", 2)[1][1:])
        self._received = b""
        head = _HEAD.format(size).encode("ascii")
        if size <= len(_PIECE):
            self._transport.write(head + _PIECE[:size])
        else:
            self._transport.write(head)
            self._left = size
            self._go_on()

    def _go_on(self) -> None:
        while self._left and self._may_write:
            piece = _PIECE if self._left >= len(_PIECE) else _PIECE[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        self._go_on()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started this closes it
    server.close()


def serve(core: int | None = None) -> contextlib.AbstractContextManager[int]:
    """Run the server, pinned to `core` if given; yields its port."""
    return server_process.running(__file__, core)


if __name__ == "__main__":
    descriptors.raise_limit()
    asyncio.run(_serve())
