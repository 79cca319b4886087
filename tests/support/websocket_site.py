"""A WebSocket server of the tests' own: it shakes hands, and then a test's coroutine has the bytes.

    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"hello"))
        assert await peer.frame() == (0x88, b"\x03\xe8")

    async with WebSocketSite(talk) as site:
        ws = await session.ws_connect(site.url())

What it sends is not checked in any way, so that it can be as wrong as a test wants.
"""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from scripted import ScriptedServer, head_of
from server_frames import CLOSE, PING, PONG, frame

from aioclient import ClientSession, ClientWebSocketResponse

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """The server's end of one WebSocket."""

    def __init__(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.head = head
        self.reader = reader
        self.writer = writer

    @property
    def fields(self) -> dict[str, str]:
        """Those of the request, by their names in lower case; none comes twice."""
        return fields_of(self.head)

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    def send(self, *frames: bytes) -> None:
        """Send bytes, in one write."""
        self.writer.write(b"".join(frames))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its first byte and what it holds. Asserts that it is masked."""
        first, second = await self.reader.readexactly(2)
        assert second & 0x80, "not masked"
        size, form = second & 0x7F, {126: 2, 127: 8}.get(second & 0x7F, 0)
        if form:
            size = int.from_bytes(await self.reader.readexactly(form), "big")
        mask = await self.reader.readexactly(4)
        payload = await self.reader.readexactly(size)
        whole = int.from_bytes(payload, "big")
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        return first, (whole ^ key).to_bytes(size, "big")

    async def shut(self, payload: bytes = b"\x03\xe8") -> None:
        """Close and wait for the answer; what comes before that is skipped."""
        self.send(frame(CLOSE, payload))
        await self.closed()

    async def closed(self) -> bytes:
        """What the client's Close holds, whatever comes before it."""
        while True:
            first, payload = await self.frame()
            if first & 0x0F == CLOSE:
                return payload


Talk = Callable[[Peer], Awaitable[None]]
#: The server's answer to a request's head.
Answer = Callable[[bytes], bytes]


def fields_of(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    pairs = [line.split(": ", 1) for line in lines]
    fields = {name.lower(): value for name, value in pairs}
    assert len(fields) == len(pairs), "a field came twice"
    return fields


def accept_of(head: bytes) -> str:
    """What proves that somebody has read a request's key (RFC 6455 section 4.2.2)."""
    key = fields_of(head)["sec-websocket-key"].encode()
    return base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()


def switching(head: bytes, *lines: str) -> bytes:
    """The answer that opens a WebSocket, with more header lines."""
    fields = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_of(head)}",
        *lines,
    )
    return ("HTTP/1.1 101 Switching Protocols\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode()


def agreeing(*lines: str) -> Answer:
    """Opens each WebSocket, with more header lines, as `Sec-WebSocket-Protocol: chat`."""
    return lambda head: switching(head, *lines)


class WebSocketSite(ScriptedServer):
    """Opens WebSockets, from `async with` on; `talk` is played on each.

    An `answer` that is no 101 is the end of its connection. The loop hears of asserts that fail.
    """

    def __init__(
        self,
        talk: Talk,
        answer: Answer = switching,
        ssl_context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(self._open, ssl_context, host)
        self._talk = talk
        self._answer = answer
        #: The heads of all requests so far.
        self.heads: list[bytes] = []
        #: The server's ends of all WebSockets so far.
        self.peers: list[Peer] = []

    def url(self, path: str = "/", host: str | None = None) -> str:
        return super().url(path, host).replace("http", "ws", 1)

    def http_url(self, path: str = "/", host: str | None = None) -> str:
        return super().url(path, host)

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        self.heads.append(head)
        answer = self._answer(head)
        writer.write(answer)
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            await writer.drain()
            return
        peer = Peer(head, reader, writer)
        self.peers.append(peer)
        await self._talk(peer)


@asynccontextmanager
async def opened(
    talk: Talk, answer: Answer = switching, **options: Any
) -> AsyncIterator[ClientWebSocketResponse[Any]]:
    """A WebSocket of a session of its own to a `WebSocketSite`, with options of `ws_connect`."""
    async with WebSocketSite(talk, answer) as site, ClientSession() as session:
        yield await session.ws_connect(site.url(), **options)


# --- talks ---------------------------------------------------------------------------------------


async def echo(peer: Peer) -> None:
    """Give each message back as it came, answer pings, answer a Close."""
    while True:
        first, payload = await peer.frame()
        opcode = first & 0x0F
        if opcode == PING:
            peer.send(frame(PONG, payload))
        elif opcode == CLOSE:
            peer.send(frame(CLOSE, payload))
            return
        elif opcode != PONG:
            peer.send(bytes([first]) + frame(opcode, payload)[1:])
        await peer.writer.drain()


async def listening(peer: Peer) -> None:
    """Say nothing but the answer to a Close."""
    peer.send(frame(CLOSE, await peer.closed()))


async def deaf(peer: Peer) -> None:
    """Read, and never say a word, not even at the end."""
    while await peer.reader.read(65536):
        pass


async def blind(peer: Peer) -> None:
    """Read nothing."""
    peer.writer.transport.pause_reading()
    await asyncio.Event().wait()


def saying(*frames: bytes) -> Talk:
    """Send frames, then close, and wait for the answer."""

    async def talk(peer: Peer) -> None:
        peer.send(*frames)
        await peer.shut()

    return talk


def sending(*frames: bytes) -> Talk:
    """Send frames, then wait for the client's Close, and answer that."""

    async def talk(peer: Peer) -> None:
        peer.send(*frames)
        await listening(peer)

    return talk
