"""A server with a route for each turn that a request can take, and with small buffers.

It has a task for each connection, reads bodies bit by bit, and sends them the same way, so that a
few hundred kilobytes keep both sides waiting for each other.
"""

import asyncio
import contextlib
import gzip
import json
import random
import socket
import ssl
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from running import settled, until, while_connected
from websocket_site import Peer as WebSocketPeer
from websocket_site import agreeing, echo

#: How much the system holds for a connection on its way here. The sender's part goes by the size
#: of segments: it would be megabytes on loopback.
RECEIVE_BYTES: Final = 16 * 1024
SEGMENT_BYTES: Final = 1000
#: How large a request's head may be.
HEAD_BYTES: Final = 256 * 1024

#: What /pieces and /counted send: lines.
LINES: Final = [block.hex().encode() for block in map(random.Random(1950).randbytes, [100] * 1500)]
BODY: Final = b"\n".join(LINES)
#: What /gzip sends: coded it is small, decoded it takes several steps.
SHRINKING_BODY: Final = b"".join(line * 20 for line in LINES[:300])
CODED: Final = gzip.compress(SHRINKING_BODY, 1)
PIECE_BYTES: Final = 40_000

_DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate"

MULTIPART_TYPE: Final = "Content-Type: multipart/mixed; boundary=between\r\n"
_PART: Final = b"--between\r\nContent-Type: text/plain\r\n\r\n" + BODY[:100_000] + b"\r\n"
#: What /multipart sends: two parts.
MULTIPART: Final = _PART + _PART + b"--between--\r\n"


class Asked(NamedTuple):
    """A request's head."""

    method: str
    path: str
    id: str
    fields: dict[str, str]


class Peer:
    """The server, from `async with` on."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, other_url: str = "", *, is_roomy: bool = False
    ) -> None:
        """`other_url` is where /away leads; a roomy one leaves the buffers as large as they are."""
        self._tls = tls
        self._is_roomy = is_roomy
        self._other_url = other_url
        self._server: asyncio.Server
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def open(self) -> int:
        """How many connections have a task here."""
        return len(self._writers)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}{path}"

    async def __aenter__(self) -> Self:
        # Named as TCP, so that asyncio sets TCP_NODELAY on what is accepted.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not self._is_roomy:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            with contextlib.suppress(OSError, AttributeError):  # not every system can do that
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        listening.bind(("127.0.0.1", 0))
        self._port = listening.getsockname()[1]
        self._server = await asyncio.start_server(
            self._serve, sock=listening, ssl=self._tls, limit=HEAD_BYTES
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await until(lambda: not self._writers)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with while_connected(writer):
                while await self._answer(reader, writer):
                    pass
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer a request; may another follow?"""
        head = await reader.readuntil(b"\r\n\r\n")
        asked = _parsed(head)
        route = asked.path.split("/")[1:]
        if route[0] == "ws":
            await _talk(head, route[1:], reader, writer)
            return False
        if route == ["early"]:
            await _let_arrive_unread(writer)
        early = _EARLY.get(route[0])
        if early is not None:
            writer.write(early)
        if route[0] in ("refuse", "half"):
            await reader.read()
            return False
        length = await _take_body(reader, asked)
        if route == ["cut"]:
            writer.write(_head(200, 10) + b"hello")
            return False
        if route[0] == "unfinished":
            writer.write(_head(int(route[1]), 10, "Location: /echo\r\n") + b"hello")
            await reader.read()
            return False
        if route == ["last"]:
            writer.write(_head(200, 2) + b"ok")
            await reader.readuntil(b"\r\n\r\n")
            return False
        await self._send_answer(writer, asked, route, length)
        return True

    async def _send_answer(
        self, writer: asyncio.StreamWriter, asked: Asked, route: list[str], length: int
    ) -> None:
        match route:
            case ["early"]:
                pass
            case ["meanwhile"]:
                writer.write(b"0\r\n\r\n")
            case ["pieces"]:
                await _send_chunked(writer, BODY)
            case ["gzip"]:
                fields = "Content-Encoding: gzip\r\n"
                await _send_chunked(writer, CODED, fields, size=len(CODED) // 3, pause_turns=5)
            case ["counted"]:
                writer.write(_head(200, len(BODY)))
                await _send(writer, b"" if asked.method == "HEAD" else BODY)
            case ["away"]:
                writer.write(_head(307, 2, f"Location: {self._other_url}\r\n") + b"->")
            case ["redirect", code]:
                writer.write(_head(int(code), 2, "Location: /echo\r\n") + b"->")
            case ["multipart"]:
                await _send_chunked(writer, MULTIPART, MULTIPART_TYPE)
            case ["status", code]:
                writer.write(_head(int(code), 2))
                await settled(2)  # so that the client sees this first
                writer.write(b"no")
            case _:
                echo = json.dumps({"id": asked.id, "length": length}).encode()
                fields = f"X-Id: {asked.id}\r\nContent-Type: application/json\r\n"
                writer.write(_head(200, len(echo), fields))
                if route == ["apart"]:
                    await settled(2)  # so that the client sees this first
                writer.write(echo)


def _parsed(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, url, _ = first.split(" ")
    target = urlsplit(url)
    pairs = (line.partition(":") for line in lines)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    return Asked(method, target.path, parse_qs(target.query).get("id", [""])[0], fields)


def _head(status: int, length: int, fields: str = "") -> bytes:
    return f"HTTP/1.1 {status} Said\r\n{fields}Content-Length: {length}\r\n\r\n".encode()


#: What is said before a body is read.
_EARLY: Final = {
    "early": _head(413, 2) + b"no",
    "refuse": _head(417, 2) + b"no",
    "half": _head(200, 10) + b"hello",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "meanwhile": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
}


async def _talk(
    head: bytes, route: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Open a WebSocket, and give each message back; /ws/closing closes after the first."""
    is_compressed = b"permessage-deflate" in head
    writer.write(agreeing(*[_DEFLATE] * is_compressed)(head))
    end = WebSocketPeer(head, reader, writer)
    if route == ["closing"]:
        await end.frame()
        await end.shut()
    else:
        await echo(end)


async def _take_body(reader: asyncio.StreamReader, asked: Asked) -> int:
    """Read a body; how long was it?"""
    if "transfer-encoding" in asked.fields:
        taken = 0
        while size := int(await reader.readuntil(b"\n"), 16):
            taken += await _take(reader, size)
            await reader.readuntil(b"\n")
        await reader.readuntil(b"\n")
        return taken
    return await _take(reader, int(asked.fields.get("content-length", "0")))


async def _take(reader: asyncio.StreamReader, size: int) -> int:
    left = size
    while left:
        got = len(await reader.read(min(left, 2**16)))
        if not got:
            raise asyncio.IncompleteReadError(b"", left)
        left -= got
    return size


async def _let_arrive_unread(writer: asyncio.StreamWriter) -> None:
    """Let the client send until nothing more fits into the system."""
    transport = writer.transport
    transport.pause_reading()
    await settled(15)
    transport.resume_reading()


async def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    for start in range(0, len(body), PIECE_BYTES):
        writer.write(body[start : start + PIECE_BYTES])
        await writer.drain()
        await asyncio.sleep(0)


async def _send_chunked(
    writer: asyncio.StreamWriter,
    body: bytes,
    fields: str = "",
    size: int = PIECE_BYTES,
    pause_turns: int = 0,
) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode())
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        await _send(writer, b"%x\r\n%b\r\n" % (len(piece), piece))
        await settled(pause_turns)
    writer.write(b"0\r\n\r\n")
