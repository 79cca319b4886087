"""The floor of the WebSocket workloads: what any client on asyncio's transports has to spend.

A bare protocol on one connection. It writes a prebuilt frame and counts bytes up to the end of the
answer, whose length it knows, in one buffer of 256 KiB. It makes no str or bytes of what comes,
looks at no frame and masks nothing.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

import bodies
import socket_server
from floor import Request
from workloads import Site, Workload

_READ_BUFFER_BYTES = 256 * 1024
_KEY = b"\x37\xfa\x21\x3d"


class _BareSocket(asyncio.BufferedProtocol):
    """Counts what arrives, after the head of the handshake's answer."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_READ_BUFFER_BYTES))
        self._missing = 0  # of the answer; 0 until the handshake is done
        self._waiter = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if not self._missing:
            if bytes(self._buffer[nbytes - 4 : nbytes]) != b"\r\n\r\n":
                raise RuntimeError("the answer to the handshake should come in one piece")
            self._waiter.set_result(None)
            return
        self._missing -= nbytes
        if not self._missing:
            self._waiter.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("closed"))

    async def open(self, head: bytes) -> None:
        self._transport.write(head)
        await self._waiter

    async def ask(self, frame: bytes, answer_bytes: int) -> None:
        """Send a frame, wait for so many bytes."""
        self._missing = answer_bytes
        self._waiter = self._loop.create_future()
        self._transport.write(frame)
        await self._waiter

    def close(self) -> None:
        self._transport.close()


class FloorSocketDriver:
    """The bare protocol on one connection."""

    def __init__(self, workload: Workload, site: Site) -> None:
        self._workload = workload
        self._site = site
        is_text = workload.does != "echo bytes"
        payload = bodies.text_message().encode("ascii")
        if not is_text:
            payload = bodies.binary_message(workload.message_bytes)
        self._frame = socket_server.frame(1 if is_text else 2, payload, _KEY)
        answer = len(socket_server.frame(1 if is_text else 2, payload))
        self._answer_bytes = answer * workload.units
        self.requests: Sequence[Request] = [self._ask]

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._bare = await loop.create_connection(_BareSocket, "127.0.0.1", self._site.port)
        await self._bare.open(
            f"GET {self._workload.path} HTTP/1.1\r\n"
            f"Host: {self._workload.host}:{self._site.port}\r\n"
            "Connection: Upgrade\r\n"
            "Upgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "\r\n".encode("ascii")
        )
        await self._ask()

    async def close(self) -> None:
        self._bare.close()

    async def _ask(self) -> None:
        await self._bare.ask(self._frame, self._answer_bytes)
