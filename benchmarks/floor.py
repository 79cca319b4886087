"""The floor: what any client on asyncio's transports has to spend on a workload.

One bare protocol on as many kept connections as the workload has concurrent requests. It
writes prebuilt request bytes and looks for the end of the answer. It parses no fields, has
no timeouts, no cookies, no pool and hardly any checks.

* json and field: looks for the end of the head and for Content-Length, and resolves one
  future per request with the body (which goes through json.loads if wanted);
* send json: the same, with head and body in one write, both prebuilt (the body goes through
  json.dumps, and is appended to its head, if wanted);
* pieces and read: a BufferedProtocol with one buffer of 256 KiB that counts what arrives there. It
  makes no bytes objects, which a client has to, and wakes nobody up before the end;
* whole: collects what arrives up to the last chunk, takes the chunks' framing off, and
  has zlib decode the rest in one call that knows the size of the text beforehand;
* send pieces: writes the piece with the framing of a chunk around it, prebuilt, and waits
  while the transport says so;
* send file: opens the file and gives it to ``loop.sendfile``;
* a new connection for every request: ``loop.create_connection`` with an address, the request
  when that returns, ``transport.close`` after the answer. The request says that it closes.

With TLS the protocol is the same, and so is asyncio's TLS under it.
"""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import bodies
import certificates
from workloads import BIG_BYTES, PIECE_BYTES, TEXT_BYTES, Site, Workload

Request = Callable[[], Awaitable[None]]

_READ_BUFFER_BYTES = 256 * 1024
_LAST_CHUNK = b"\r\n0\r\n\r\n"


def request_head(workload: Workload, port: int, framing: str = "") -> bytes:
    """The head of a request, with the field lines a client sends by default.

    So the server has as much to do as with the others.
    """
    closing = "Connection: close\r\n" if workload.is_new else ""
    return (
        f"{'POST' if framing else 'GET'} {workload.path} HTTP/1.1\r\n"
        f"Host: {workload.host}:{port}\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: gzip, deflate\r\n"
        "User-Agent: Python/3 floor\r\n"
        f"{closing}"
        f"{framing}"
        "\r\n"
    ).encode("ascii")


class SmallConnection(asyncio.Protocol):
    """One kept connection for answers with Content-Length, in nginx' spelling of it."""

    _transport: asyncio.Transport
    _waiter: "asyncio.Future[bytes]"

    def __init__(self, request: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        head = data.find(b"\r\n\r\n")
        if head >= 0:
            start = data.find(b"Content-Length: ", 0, head) + 16
            length = int(data[start : data.find(b"\r\n", start)])
            if len(data) >= head + 4 + length:
                self._received = b""
                self._waiter.set_result(data[head + 4 :])
                return
        self._received = data

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_waiter") and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("closed"))

    async def get(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        await self._waiter

    async def get_json(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        json.loads(await self._waiter)

    def close(self) -> None:
        self._transport.close()


class PostConnection(SmallConnection):
    """One kept connection for requests with a small JSON document."""

    def __init__(self, head: bytes, document: dict[str, object]) -> None:
        super().__init__(head + json.dumps(document).encode("ascii"))
        self._head = head
        self._document = document

    async def post_json(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._head + json.dumps(self._document).encode("ascii"))
        json.loads(await self._waiter)


class UploadConnection(SmallConnection):
    """One kept connection for requests with a body."""

    def __init__(self, request: bytes, path: Path) -> None:
        super().__init__(request)
        self._chunk = b"%x\r\n%b\r\n" % (PIECE_BYTES, bodies.piece())
        self._path = path
        self._drained: asyncio.Future[None] | None = None

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None:
            drained.set_result(None)

    async def post_pieces(self) -> None:
        self._waiter = self._loop.create_future()
        write = self._transport.write
        write(self._request)
        for _ in range(BIG_BYTES // PIECE_BYTES):
            write(self._chunk)
            if self._drained is not None:
                await self._drained
        write(b"0\r\n\r\n")
        self._check(await self._waiter)

    async def post_file(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        with self._path.open("rb") as file:
            await self._loop.sendfile(self._transport, file)
        self._check(await self._waiter)

    def _check(self, answer: bytes) -> None:
        if int(answer) != BIG_BYTES:
            raise RuntimeError(f"sent {BIG_BYTES} bytes, the server got {answer!r}")


class DownloadConnection(asyncio.BufferedProtocol):
    """One kept connection for a large answer with Content-Length."""

    _transport: asyncio.Transport
    _waiter: "asyncio.Future[None]"

    def __init__(self, request: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._buffer = memoryview(bytearray(_READ_BUFFER_BYTES))
        self._expected = 0  # with the head; 0 until that is here
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if not self._expected:  # nginx sends its head in one piece
            piece = bytes(self._buffer[:nbytes])
            head = piece.index(b"\r\n\r\n")
            start = piece.index(b"Content-Length: ", 0, head) + 16
            self._expected = head + 4 + int(piece[start : piece.index(b"\r\n", start)])
        self._received += nbytes
        if self._received == self._expected:
            self._waiter.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_waiter") and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("closed"))

    async def get(self) -> None:
        self._expected = self._received = 0
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        await self._waiter

    def close(self) -> None:
        self._transport.close()


class ChunkedConnection(SmallConnection):
    """One kept connection for a large answer in chunks."""

    def __init__(self, request: bytes) -> None:
        super().__init__(request)
        self._pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        end = data if len(data) >= len(_LAST_CHUNK) else b"".join(self._pieces[-2:])
        if end.endswith(_LAST_CHUNK):
            pieces, self._pieces = self._pieces, []
            self._waiter.set_result(b"".join(pieces))

    async def get(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        message = await self._waiter
        pieces = []
        at = message.index(b"\r\n\r\n") + 4
        while size := int(message[at : (end := message.index(b"\r\n", at))], 16):
            pieces.append(message[end + 2 : end + 2 + size])
            at = end + size + 4
        zlib.decompress(b"".join(pieces), 31, TEXT_BYTES)


Connection = SmallConnection | DownloadConnection


def _same(connection: Connection) -> Connection:
    return connection


class FloorDriver:
    """The bare protocol of a workload, one connection per concurrent request."""

    requests: Sequence[Request]

    def __init__(self, workload: Workload, site: Site, decode: bool, path: Path) -> None:
        self._workload = workload
        self._site = site
        self._decode = decode  # JSON
        self._path = path  # of the file to send
        self._connections: list[Connection] = []

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        authority = self._site.authority
        self._tls = None if authority is None else certificates.trusting(authority)
        if self._workload.is_new:
            self.requests = [self._get_on_new] * self._workload.concurrency
            return
        self.requests = requests = []
        for _ in range(self._workload.concurrency):
            connection, request = self._make()
            await self._connect(connection)
            self._connections.append(connection)
            requests.append(request)

    async def _get_on_new(self) -> None:
        connection, request = self._make()
        await self._connect(connection)
        await request()
        connection.close()

    async def _connect(self, connection: Connection) -> None:
        factory = partial(_same, connection)
        await self._loop.create_connection(factory, "127.0.0.1", self._site.port, ssl=self._tls)

    async def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def _make(self) -> tuple[Connection, Request]:
        workload, port = self._workload, self._site.port
        does = workload.does
        if does in ("pieces", "read"):
            download = DownloadConnection(request_head(workload, port))
            return download, download.get
        if does == "whole":
            chunked = ChunkedConnection(request_head(workload, port))
            return chunked, chunked.get
        if does == "send pieces":
            head = request_head(workload, port, "Transfer-Encoding: chunked\r\n")
            upload = UploadConnection(head, self._path)
            return upload, upload.post_pieces
        if does == "send file":
            head = request_head(workload, port, f"Content-Length: {BIG_BYTES}\r\n")
            upload = UploadConnection(head, self._path)
            return upload, upload.post_file
        if does == "send json":
            document = bodies.item()
            length = len(json.dumps(document))
            framing = f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
            post = PostConnection(request_head(workload, port, framing), document)
            return post, post.post_json if self._decode else post.get
        small = SmallConnection(request_head(workload, port))
        return small, small.get_json if self._decode else small.get
