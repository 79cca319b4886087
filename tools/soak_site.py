"""The servers of the soak test, in a process of their own: right ones, broken ones, and proxies.

    python tools/soak_site.py FOLDER RESTART_SECONDS

It writes `ca.pem`, which signed its certificate, into the folder, prints where it listens as JSON,
serves until its input ends, and prints what it has seen.
"""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import json
import logging
import random
import resource
import signal
import socket
import ssl
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import trustme
import websockets
from origin import Origin
from origin_replies import ROUTES, Framing, Reply, Request, json_reply, reply_sample

HOST = "127.0.0.1"
#: What is read of a client that is not listened to.
PIECE_BYTES = 2**16
LINGER_NOT = struct.pack("ii", 1, 0)
#: For how long the server that is restarted is away.
AWAY_S = 0.2
PROXY_LOGIN = "Basic " + base64.b64encode(b"soak:secret").decode()
WORDS = b" ".join(b"word%d" % number for number in range(2000))
BOMB_BYTES = 64 * 2**20
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# --- what the right server answers, besides the paths of origin.py -------------------------------


def reply_gzip(request: Request, count: str) -> Reply:
    body = gzip.compress(WORDS * int(count), 1)
    return Reply(200, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], body)


def reply_sum(request: Request) -> Reply:
    """Say what arrived; whoever asked knows what was sent."""
    digest = hashlib.sha256(request.body).hexdigest()
    return json_reply({"size": len(request.body), "sha256": digest})


def reply_coded_sum(request: Request) -> Reply:
    request.body = gzip.decompress(request.body)
    return reply_sum(request)


def reply_cookie(request: Request, name: str, value: str) -> Reply:
    reply = json_reply({"set": name})
    reply.fields.append(("Set-Cookie", f"{name}={value}; Path=/; Max-Age=60; SameSite=Lax"))
    return reply


def reply_cookies(request: Request) -> Reply:
    return json_reply(sorted(value for key, value in request.headers if key.lower() == "cookie"))


def reply_to_elsewhere(request: Request) -> Reply:
    reply = json_reply({}, status=307)
    reply.fields.append(("Location", unquote(request.query)))
    return reply


ROUTES.update(
    {
        ("gzip", 1): reply_gzip,
        ("sum", 0): reply_sum,
        ("coded-sum", 0): reply_coded_sum,
        ("cookie", 2): reply_cookie,
        ("cookies", 0): reply_cookies,
        ("to", 0): reply_to_elsewhere,
        ("until-close", 1): reply_sample(Framing.CLOSE),
    }
)

# --- what the broken server answers ---------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
CODED = gzip.compress(WORDS)
BOMB = gzip.compress(bytes(BOMB_BYTES), 9)


def counted(body: bytes, more: bytes = b"", size: int | None = None) -> bytes:
    """A response with Content-Length, right or wrong."""
    length = len(body) if size is None else size
    return OK + more + b"Content-Length: %d\r\n\r\n" % length + body


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
#: By path, what is sent, and how the connection ends: closed, reset, or kept open.
FAULTS: dict[str, tuple[bytes, str]] = {
    "reset": (b"", "reset"),
    "closed": (b"", "close"),
    "reset-in-head": (OK + b"Server: brok", "reset"),
    "reset-in-body": (counted(b"x" * 5000, size=100_000), "reset"),
    "truncated": (counted(b"x" * 500, size=1000), "close"),
    "truncated-chunked": (CHUNKED + b"64\r\n" + b"x" * 50, "close"),
    "truncated-gzip": (counted(CODED[:-20], GZIP), "keep"),
    "no-gzip": (counted(WORDS, GZIP), "keep"),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00" + b"\xff" * 100, "close"),
    "bad-field": (OK + b"Bad Field: x\r\nContent-Length: 0\r\n\r\n", "keep"),
    "bare-cr": (OK + b"A: b\rc\r\nContent-Length: 0\r\n\r\n", "keep"),
    "both-lengths": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "keep"),
    "two-lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "keep"),
    "bad-chunk": (CHUNKED + b"5\r\nhelloXX", "keep"),
    "chunk-extensions": (CHUNKED + b"1;" + b"e" * 5000 + b"\r\nx\r\n0\r\n\r\n", "keep"),
    "long-head": (OK + b"A: " + b"x" * 70_000 + b"\r\n\r\n", "keep"),
    "many-fields": (OK + b"A: b\r\n" * 300 + b"\r\n", "keep"),
    "many-hints": (HINT * 20 + counted(b"hello"), "keep"),
    "bomb": (counted(BOMB, GZIP), "keep"),
    "loop": (b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", "keep"),
    "nowhere": (b"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n", "keep"),
    "early-answer": (b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", "close"),
    # These are right, and rare.
    "hints": (HINT * 3 + counted(b"hello"), "keep"),
    "surplus": (counted(b"hello") + b"HTTP/1.1 200 OK\r\n", "keep"),
    "trailers": (CHUNKED + b"5;ext=1\r\nhello\r\n0\r\nA: b\r\n\r\n", "keep"),
}
FRAMES: dict[str, tuple[bytes, str]] = {
    "ws-bad-frame": (b"\x83\x00", "keep"),
    "ws-bad-text": (b"\x81\x01\xff", "keep"),
    "ws-too-large": (b"\x82\x7f" + (2**40).to_bytes(8, "big"), "keep"),
    "ws-cut": (b"\x81\x05hel", "close"),
    "ws-reset": (b"\x81\x05hello", "reset"),
}


async def answer_wrongly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Do what the path of each request says."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        name = head.split(" ", 2)[1].lstrip("/")
        if name == "silent":
            while await reader.read(PIECE_BYTES):
                pass
            return
        if name == "drip":
            writer.write(counted(b"", size=40))
            for _ in range(40):
                writer.write(b".")
                await asyncio.sleep(0.05)
            continue
        if name in FRAMES:
            sent, end = FRAMES[name]
            sent = switched(head) + sent
        else:
            sent, end = FAULTS[name]
        writer.write(sent)
        await writer.drain()
        if end == "reset":
            reset(writer)
        if end != "keep":
            return
        if name in FRAMES:
            while await reader.read(PIECE_BYTES):
                pass
            return


def switched(head: str) -> bytes:
    """What accepts the handshake of a WebSocket."""
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    key = next(
        line.split(": ")[1] for line in head.split("\r\n") if "-websocket-key" in line.lower()
    )
    assert fields["upgrade"] == "websocket"
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest())
    fields_sent = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
    return b"HTTP/1.1 101 Switching Protocols\r\n" + fields_sent + b"\r\n\r\n"


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    writer.transport.abort()


# --- proxies --------------------------------------------------------------------------------------


async def proxy_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Make a tunnel, or pass on one GET."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, target, _ = head.split(" ", 2)
    if f"proxy-authorization: {PROXY_LOGIN}".lower() not in head.lower():
        refusal = "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        writer.write(refusal.encode())
        return
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        first, answer = b"", b"HTTP/1.1 200 OK\r\n\r\n"
    else:
        url = urlsplit(target)
        host, port = url.hostname or "", str(url.port)
        wanted = f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        first, answer = f"{wanted}Connection: close\r\n\r\n".encode(), b""
    await tunnel(host, int(port), first, answer, reader, writer)


async def proxy_socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SOCKS5 without a login (RFC 1928), to addresses and names."""
    _, count = await reader.readexactly(2)
    await reader.readexactly(count)
    writer.write(b"\5\0")
    kind = (await reader.readexactly(4))[3]
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    else:
        family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
        host = socket.inet_ntop(family, await reader.readexactly(size))
    port = int.from_bytes(await reader.readexactly(2), "big")
    address = b"\0\1\0\0\0\0\0\0"
    try:
        await tunnel(host, port, b"", b"\5\0" + address, reader, writer)
    except ConnectionRefusedError:
        writer.write(b"\5\5" + address)


async def tunnel(
    host: str,
    port: int,
    first: bytes,
    answer: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Pass bytes on both ways until either end has had enough."""
    there_reader, there_writer = await asyncio.open_connection(host, port)
    there_writer.write(first)
    writer.write(answer)
    ways = [
        asyncio.ensure_future(pump(reader, there_writer)),
        asyncio.ensure_future(pump(there_reader, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        there_writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(PIECE_BYTES):
        writer.write(data)
        await writer.drain()


# --- serving --------------------------------------------------------------------------------------


async def echo(connection: "websockets.ServerConnection") -> None:
    """Give each message back; the word `close` ends it, `burst` is answered by many."""
    async for message in connection:
        if message == "close":
            return
        if message == "burst":
            for number in range(100):
                await connection.send(f"{number} " * 20)
        else:
            await connection.send(message)


class Listening:
    """Calls a handler for each connection, and counts those that are open."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.open = 0
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, HOST, 0, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self._handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or the other end of a tunnel is not there
        finally:
            self.open -= 1
            if not writer.transport.is_closing():
                writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Restarted:
    """An origin that goes away from time to time, with all its connections, and comes back."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self.port = 0
        self.count = 0

    async def serve(self) -> None:
        chance = random.Random(1)
        while True:
            async with Origin(host=HOST, port=self.port) as origin:
                self.port = origin.port
                await asyncio.sleep(self._every_s * chance.uniform(0.5, 1.5))
            self.count += 1
            await asyncio.sleep(AWAY_S)


@contextlib.asynccontextmanager
async def serving(folder: Path, restart_s: float) -> AsyncIterator[dict[str, Listening | Origin]]:
    """Run all the servers; those of the dict count their connections."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "one.localhost", "two.localhost").configure_cert(context)
    handlers = {"broken": answer_wrongly, "proxy": proxy_http, "socks": proxy_socks}
    listening: dict[str, Listening | Origin] = {n: Listening(h) for n, h in handlers.items()}
    restarted = Restarted(restart_s)
    task = asyncio.create_task(restarted.serve())
    async with (
        Origin() as origin,
        Origin(context) as tls,
        websockets.serve(echo, HOST, 0, max_size=2**24) as ws,
        websockets.serve(echo, HOST, 0, max_size=2**24, ssl=context) as wss,
        contextlib.AsyncExitStack() as stack,
    ):
        for each in listening.values():
            assert isinstance(each, Listening)
            await stack.enter_async_context(await each.start())
        await asyncio.sleep(0.01)
        ports = {name: each.port for name, each in listening.items()}
        ports |= {"plain": origin.port, "tls": tls.port, "restarted": restarted.port}
        sockets = {"ws": ws.sockets, "wss": wss.sockets}
        ports |= {name: next(iter(each)).getsockname()[1] for name, each in sockets.items()}
        print(json.dumps(ports), flush=True)
        yield {**listening, "plain": origin, "tls": tls}
    task.cancel()


async def main(folder: Path, restart_s: float) -> None:
    """Serve until the input ends."""
    async with serving(folder, restart_s) as servers:
        await asyncio.to_thread(sys.stdin.read)
        until = time.monotonic() + 5
        while any(each.open for each in servers.values()) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        used = resource.getrusage(resource.RUSAGE_SELF)
        seen = {
            "open": {name: each.open for name, each in servers.items() if each.open},
            "accepted": sum(e.accepted for e in servers.values() if isinstance(e, Origin)),
            "served": sum(e.served for e in servers.values() if isinstance(e, Origin)),
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        }
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when whoever started it does
    logging.disable()  # clients that leave are what this is about
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
