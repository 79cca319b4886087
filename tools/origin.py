"""A small, correct HTTP/1.1 origin server, for the demo and for tests over loopback.

One task for each connection reads a request whole, asks `reply_to` for a `Reply`, and writes it
with the framing that the reply wants. What RFC 9112 calls ambiguous in a request is refused.

    async with Origin() as origin:
        origin.url("/json")

    with origin_in_thread() as origin:      # the same, on an event loop of its own
        origin.url("/json")

    python tools/origin.py                  # prints its URL, ends when standard input does

Paths: /json, /echo, /bytes/N, /chunked/N, /close/N, /status/CODE, /delay/SECONDS,
/headers/COUNT, /redirect/COUNT, /slow-body/N/SECONDS; see `origin_replies.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from origin_replies import (
    FIXED_JSON,
    Fields,
    Framing,
    Refusal,
    Reply,
    Request,
    json_reply,
    reply_to,
    sample_bytes,
    sample_sha256,
)

__all__ = ["FIXED_JSON", "Origin", "origin_in_thread", "sample_bytes", "sample_sha256"]

HEAD_LIMIT_BYTES = 256 * 1024  # a request head; also the buffer of one connection
BODY_LIMIT_BYTES = 64 * 1024 * 1024  # a request body, which is held in memory

_TOKEN_CHARS = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


def parse_head(head: bytes) -> Request:
    """Cut a request head, its empty line included, into its parts. RFC 9112 sections 2 to 5."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    parts = first.split(" ")
    if (
        len(parts) != 3
        or not parts[0]
        or not _TOKEN_CHARS.issuperset(parts[0])
        or not parts[1].isascii()
    ):
        raise Refusal(400, f"bad request line: {first[:100]!r}")
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refusal(
            505 if parts[2].startswith("HTTP/") else 400, f"bad version: {parts[2][:100]!r}"
        )
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if (
            not colon
            or not name
            or not _TOKEN_CHARS.issuperset(name)
            or any(c in value for c in "\r\n\0")
        ):
            raise Refusal(400, f"bad field line: {line[:100]!r}")
        headers.append((name, value.strip(" \t")))
    target = urlsplit(parts[1]) if parts[1].startswith(("http://", "https://")) else None
    path, _, query = (target.path or "/", "", target.query) if target else parts[1].partition("?")
    request = Request(parts[0], path, query, parts[2], headers)
    hosts = sum(name.lower() == "host" for name, _ in headers)
    if hosts > 1 or (hosts == 0 and request.version == "HTTP/1.1"):
        raise Refusal(400, f"expected one Host, got {hosts}")  # RFC 9112 section 3.2
    return request


def body_length(request: Request) -> int | None:
    """How long is the request's body? None means chunked. RFC 9112 section 6.3."""
    codings, lengths = request.values("transfer-encoding"), request.values("content-length")
    if codings:
        if lengths or request.version == "HTTP/1.0":
            raise Refusal(400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0")
        if codings != ["chunked"]:
            raise Refusal(501, f"unknown transfer coding: {codings!r}")
        return None
    if len(set(lengths)) > 1 or not all(
        length.isascii() and length.isdigit() for length in lengths
    ):
        raise Refusal(400, f"bad Content-Length: {lengths!r}")
    return int(lengths[0][:20]) if lengths else 0


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a chunked body with its trailers, which are dropped. RFC 9112 section 7.1."""
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        digits = line.partition(b";")[0].strip(b" \t\r\n")
        if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 15:
            raise Refusal(400, f"bad chunk size: {line[:100]!r}")
        size = int(digits, 16)
        if len(body) + size > BODY_LIMIT_BYTES:
            raise Refusal(413, f"body over {BODY_LIMIT_BYTES} bytes")
        if size == 0:
            break
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise Refusal(400, "chunk without its end")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    """Read one request whole, answering 100 (Continue) when it is asked for."""
    try:
        request = parse_head(await reader.readuntil(b"\r\n\r\n"))
        length = body_length(request)
        if length is not None and length > BODY_LIMIT_BYTES:
            raise Refusal(413, f"body over {BODY_LIMIT_BYTES} bytes")
        if length != 0 and "100-continue" in request.values("expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = (
            await read_chunks(reader) if length is None else await reader.readexactly(length)
        )
    except asyncio.LimitOverrunError:
        raise Refusal(431, f"head or line over {HEAD_LIMIT_BYTES} bytes") from None
    return request


def head_bytes(reply: Reply, framing: Framing | None, closes: bool) -> bytes:
    """Write the head of a reply; no framing means a status that has no body."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = ""
    length = len(reply.body) if reply.pieces is None else reply.length
    fields: Fields = [("Date", formatdate(usegmt=True)), *(reply.fields if framing else [])]
    if framing is Framing.COUNTED:
        fields.append(("Content-Length", str(length)))
    elif framing is Framing.CHUNKED:
        fields.append(("Transfer-Encoding", "chunked"))
    fields.append(("Connection", "close" if closes else "keep-alive"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {reply.status} {phrase}\r\n{lines}\r\n".encode("latin-1")


async def send_reply(writer: asyncio.StreamWriter, reply: Reply, request: Request) -> bool:
    """Write one reply, as fast as the client reads; tell if the connection persists."""
    framing: Framing | None = reply.framing
    if reply.status in (204, 304):
        framing = None
    elif framing is Framing.CHUNKED and request.version == "HTTP/1.0":
        framing = Framing.CLOSE  # RFC 9112 section 6.1: not to a client that speaks HTTP/1.0
    persists = request.persists() and framing is not Framing.CLOSE
    head = head_bytes(reply, framing, closes=not persists)
    if framing is None or request.method == "HEAD":
        writer.write(head)
    elif reply.pieces is None:
        writer.write(head + reply.body)
    else:
        writer.write(head)
        chunked = framing is Framing.CHUNKED
        async with contextlib.aclosing(reply.pieces) as pieces:
            async for piece in pieces:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")
    await writer.drain()
    return persists


class Origin:
    """The server, listening from `async with` on and closed with every connection at its end.

    `accepted` counts the connections so far, `served` the requests answered, `open` the
    connections open now.
    """

    def __init__(
        self, ssl_context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.accepted = 0
        self.served = 0
        self.port = port
        self._host = host
        self._ssl_context = ssl_context
        self._acceptor: asyncio.Task[None] | None = None
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """Count the connections that are open now."""
        return len(self._tasks)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """Give the URL of a path; `host` is another name of this address, such as localhost."""
        scheme = "https" if self._ssl_context else "http"
        literal = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host or literal}:{self.port}{path}"

    async def start(self) -> None:
        """Listen; the port is known from here on."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.create_server((self._host, self.port), family=family, backlog=512)
        listening.setblocking(False)
        self._address = listening.getsockname()
        self.port = self._address[1]
        self._acceptor = asyncio.create_task(self._accept(listening))

    async def stop(self) -> None:
        """Stop listening and close every connection at once."""
        assert self._acceptor is not None, "stopped before it was started"
        # A connection of our own wakes the acceptor, and so one that it has just taken is not
        # lost, as it could be if the task were cancelled, or were asyncio's own server.
        self._stopping = True
        with socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET) as waker:
            waker.setblocking(False)
            with contextlib.suppress(OSError):  # another connection was the acceptor's last
                await asyncio.get_running_loop().sock_connect(waker, self._address)
            await self._acceptor
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                client, _ = await loop.sock_accept(listening)
                if self._stopping:
                    client.close()
                    return
                self.accepted += 1
                # A head and a body that come in two writes would wait for each other's ACK.
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                task = asyncio.create_task(self._serve(client))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: socket.socket) -> None:
        """Answer the requests of one connection until one side wants its end."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(HEAD_LIMIT_BYTES, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, client, ssl=self._ssl_context
            )
        except (OSError, ssl.SSLError):
            return  # the TLS handshake failed
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            while await self._answer(reader, writer):
                pass
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away, which is its right
        except RuntimeError:  # which uvloop says so, when it is written to
            if not transport.is_closing():
                raise
        finally:
            transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        closing = Request("GET", "/", "", "HTTP/1.1", [("Connection", "close")])
        try:
            request = await read_request(reader, writer)
        except Refusal as refusal:
            await send_reply(
                writer, json_reply({"error": str(refusal)}, status=refusal.status), closing
            )
            return False
        try:
            reply = reply_to(request)
        except Refusal as refusal:
            reply = json_reply({"error": str(refusal)}, status=refusal.status)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        persists = await send_reply(writer, reply, request)
        self.served += 1
        return persists


@contextlib.contextmanager
def origin_in_thread(ssl_context: ssl.SSLContext | None = None) -> Iterator[Origin]:
    """Run an origin on an event loop in a thread of its own, for as long as the `with` lasts."""
    loop, origin = asyncio.new_event_loop(), Origin(ssl_context)
    thread = threading.Thread(target=loop.run_forever, name="origin")

    def wait_for(step: Callable[[], Coroutine[None, None, None]]) -> None:
        asyncio.run_coroutine_threadsafe(step(), loop).result()

    thread.start()
    try:
        wait_for(origin.start)
        yield origin
    finally:
        wait_for(origin.stop)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def serve_until_input_ends(arguments: argparse.Namespace) -> None:
    """Print the URL, then serve until standard input ends: none outlives who started it."""
    context = None
    if arguments.cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.cert)
    async with Origin(context, port=arguments.port) as origin:
        print(origin.url(""), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A small HTTP/1.1 origin server on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="the port; by default any free one")
    parser.add_argument(
        "--cert", metavar="PEM", help="certificate chain with its key: serve over TLS"
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_until_input_ends(parser.parse_args()))
