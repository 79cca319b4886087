"""A server that answers when it is told to, for memory.py.

An asyncio server in a process of its own on a free port of 127.0.0.1:

* ``/hold``: no answer until it is released;
* ``/when/N``: answered as soon as N requests are held;
* ``/release``: lets go all that are held: each gets 200 bytes of JSON.

Connections are kept. It takes the requests of the clients that are measured and no others: without
a body, and each in one piece or at least never two in one.
"""

import asyncio
import contextlib
import sys

import descriptors
import nginx
import server_process

_BACKLOG = 4096


def _answer(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Server: holding_server\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        "\r\n"
    ).encode("ascii")
    return head + body


class _Holder:
    """The requests that are held, and who wants to know when there are enough of them."""

    def __init__(self) -> None:
        self._held: list[asyncio.Transport] = []
        self._enough: tuple[int, asyncio.Transport] | None = None

    def asked(self, path: str, transport: asyncio.Transport) -> None:
        if path == "/hold":
            self._held.append(transport)
        elif path.startswith("/when/"):
            self._enough = int(path.removeprefix("/when/")), transport
        else:
            response = _answer(nginx.small_document().encode("ascii"))
            for held in self._held:
                held.write(response)
            self._held.clear()
            transport.write(_answer(b""))
        if self._enough is not None and len(self._held) >= self._enough[0]:
            self._enough[1].write(_answer(b""))
            self._enough = None


class _Connection(asyncio.Protocol):
    _transport: asyncio.Transport

    def __init__(self, holder: _Holder) -> None:
        self._holder = holder
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n"):
            path = self._received.split(b" ", 2)[1].decode("ascii")
            self._received = b""
            self._holder.asked(path, self._transport)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    holder = _Holder()
    server = await loop.create_server(lambda: _Connection(holder), "127.0.0.1", 0, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started this closes it
    server.close()


def serve() -> contextlib.AbstractContextManager[int]:
    """Run the server; yields its port."""
    return server_process.running(__file__)


if __name__ == "__main__":
    descriptors.raise_limit()
    asyncio.run(_serve())
