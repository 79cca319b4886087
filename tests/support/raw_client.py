"""A client of proxies and origins that is but a few lines over a stream.

So what it finds says nothing of aioclient.
"""

import asyncio
import base64
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import Any

from proxy_names import Login
from proxy_servers import Entrance

#: What a SOCKS5 proxy says if it has connected (RFC 1928 section 6).
GRANTED = 0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(
    entrance: Entrance, trusting: ssl.SSLContext | None = None
) -> AsyncIterator[Streams]:
    tls = trusting if entrance.scheme == "https" else None
    reader, writer = await asyncio.open_connection(entrance.host, entrance.port, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def head_for(method: str, target: str, host: str, login: Login | None = None) -> bytes:
    fields = f"Host: {host}\r\n"
    if login:
        credentials = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        fields += f"Proxy-Authorization: Basic {credentials}\r\n"
    return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode()


async def ask(streams: Streams, head: bytes) -> tuple[int, str, bytes]:
    """The status, the other fields, and the body of an answer."""
    reader, writer = streams
    writer.write(head)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, _, fields = answer.partition("\r\n")
    said = dict(line.lower().split(": ", 1) for line in fields.splitlines() if line)
    body = await reader.readexactly(int(said.get("content-length", 0)))
    return int(start.split(" ")[1]), fields, body


async def ask_for_url(streams: Streams, url: str, login: Login | None = None) -> Any:
    """What the origin saw of a request that a proxy was asked to pass on."""
    status, _, body = await ask(streams, head_for("GET", url, url.split("/")[2], login))
    assert status == 200
    return json.loads(body)


async def tunnel(streams: Streams, host: str, port: int, login: Login | None = None) -> int:
    """The status with which a proxy answers CONNECT."""
    streams[1].write(head_for("CONNECT", f"{host}:{port}", f"{host}:{port}", login))
    answer = await streams[0].readuntil(b"\r\n\r\n")
    return int(answer.split(b" ")[1])


async def see(streams: Streams) -> Any:
    """What the origin saw of a request that was sent to itself."""
    status, _, body = await ask(streams, head_for("GET", "/seen", "origin.test"))
    assert status == 200
    return json.loads(body)


async def socks4(streams: Streams, address: str, port: int, name: str = "") -> tuple[int, bytes]:
    """The code of the answer, and the address in it; with a name it is SOCKS4a."""
    ending = name.encode() + b"\0" if name else b""
    where = struct.pack(">H4s", port, socket.inet_aton(address))
    streams[1].write(b"\x04\x01" + where + b"ann\0" + ending)
    answer = await streams[0].readexactly(8)
    assert answer[0] == 0
    return answer[1], answer[4:]


async def socks5(streams: Streams, host: str, port: int) -> tuple[int, bytes]:
    """The code of the answer, and the address in it (RFC 1928 section 6)."""
    reader, writer = streams
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        where = (b"\x04" if ":" in host else b"\x01") + socket.inet_pton(family, host)
    except OSError:
        where = b"\x03" + bytes([len(host)]) + host.encode()
    writer.write(b"\x05\x01\x00" + where + struct.pack(">H", port))
    version, code, _, kind = await reader.readexactly(4)
    assert version == 5
    size = {1: 4, 4: 16}[kind] if kind != 3 else (await reader.readexactly(1))[0]
    address = await reader.readexactly(size)
    await reader.readexactly(2)
    return code, address


async def greet(streams: Streams, method: int = 0) -> int:
    """The method that a SOCKS5 proxy chooses if it is offered one."""
    streams[1].write(bytes([5, 1, method]))
    version, chosen = await streams[0].readexactly(2)
    assert version == 5
    return chosen


async def lead(streams: Streams, scheme: str, host: str, port: int) -> None:
    """Let a proxy connect these streams to a host, as its scheme says."""
    match scheme:
        case "socks4":
            assert (await socks4(streams, host, port))[0] == 90
        case "socks4a":
            assert (await socks4(streams, "0.0.0.1", port, host))[0] == 90
        case "socks5" | "socks5h":
            assert await greet(streams) == 0
            assert (await socks5(streams, host, port))[0] == GRANTED
        case _:
            assert await tunnel(streams, in_url(host), port) == 200


async def log_in(streams: Streams, login: Login) -> int:
    """The status of a login at a SOCKS5 proxy (RFC 1929)."""
    user, password = login.user.encode(), login.password.encode()
    streams[1].write(b"\x01%c%b%c%b" % (len(user), user, len(password), password))
    return (await streams[0].readexactly(2))[1]
