"""All kinds of messages through real proxies: large, empty, redirected, many at once."""

import asyncio
import hashlib
import re
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from proxy_servers import WAYS, Entrance, Proxies
from recording import Arrived, RecordingServer
from running import asynchronous, run
from scripted import ScriptedServer, head_of
from wiretap import Wiretap

from aioclient import ClientSession

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

EVERY_WAY = pytest.mark.parametrize(("program", "proxy_scheme"), WAYS)
EVERY_SCHEME = pytest.mark.parametrize("scheme", ["http", "https"])

LARGE: Final = bytes(range(256)) * 20_000
UPLOAD: Final = LARGE[:1_000_000]
OK: Final = b"HTTP/1.1 200 OK\r\n"


def answer(request: Arrived) -> bytes:
    match request.method, request.target:
        case "POST", _:
            digest = hashlib.sha256(request.body).hexdigest().encode()
            fields = b"X-Digest: %b\r\nContent-Length: %d\r\n\r\n" % (digest, len(LARGE))
            return OK + fields + LARGE
        case "HEAD", _:
            return OK + b"Content-Length: %d\r\n\r\n" % len(LARGE)
        case _, "/same":
            return b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
        case _, "/to-https":
            where = b"https://127.0.0.1:%d/here" % request.port
            return b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % where
    body = f"{request.scheme} {request.target}".encode()
    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def through(entrance: Entrance, trusting: ssl.SSLContext) -> dict[str, Any]:
    return {"proxy": entrance.url(), "ssl": trusting, "proxy_ssl": trusting}


@EVERY_SCHEME
@EVERY_WAY
@asynchronous
async def test_messages_of_every_shape_go_over_one_connection(
    program: str,
    proxy_scheme: str,
    scheme: str,
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    entrance = proxies.entrance(program, proxy_scheme)
    async with (
        RecordingServer(answer, server_tls) as origin,
        Wiretap(entrance) as tap,
        ClientSession() as session,
    ):
        url = f"{scheme}://127.0.0.1:{origin.port}"
        options = through(tap.entrance, trusting)
        async with session.post(f"{url}/up", data=UPLOAD, **options) as response:
            assert response.headers["X-Digest"] == hashlib.sha256(UPLOAD).hexdigest()
            assert await response.read() == LARGE
        async with session.head(f"{url}/large", **options) as response:
            assert response.headers["Content-Length"] == str(len(LARGE))
            assert await response.read() == b""
        same = session.get(f"{url}/same", headers={"If-None-Match": '"a"'}, **options)
        async with same as response:
            assert (response.status, await response.read()) == (304, b"")
        async with session.get(f"{url}/last", **options) as response:
            assert await response.text() == f"{scheme} /last"
        assert len(tap.overheard) == 1


@EVERY_WAY
@asynchronous
async def test_a_redirect_leads_from_http_to_https(
    program: str,
    proxy_scheme: str,
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    entrance = proxies.entrance(program, proxy_scheme)
    async with (
        RecordingServer(answer, server_tls) as origin,
        Wiretap(entrance) as tap,
        ClientSession() as session,
    ):
        url = f"http://127.0.0.1:{origin.port}/to-https"
        async with session.get(url, **through(tap.entrance, trusting)) as response:
            assert await response.text() == "https /here"
            assert response.history[0].status == 302
        assert [each.scheme for each in origin.arrived] == ["http", "https"]
        assert len(tap.overheard) == 2


@EVERY_SCHEME
@EVERY_WAY
@asynchronous
async def test_many_requests_at_once_get_their_own_answers(
    program: str,
    proxy_scheme: str,
    scheme: str,
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    entrance = proxies.entrance(program, proxy_scheme)
    async with RecordingServer(answer, server_tls) as origin, ClientSession() as session:

        async def ask(number: int) -> None:
            url = f"{scheme}://127.0.0.1:{origin.port}/{number}"
            async with session.get(url, **through(entrance, trusting)) as response:
                assert await response.text() == f"{scheme} /{number}"

        await asyncio.gather(*map(ask, range(50)))
        assert len(origin.arrived) == 50


@EVERY_SCHEME
@pytest.mark.parametrize("proxy_scheme", ["http", "https"])
@asynchronous
async def test_a_body_waits_for_leave_through_squid(
    proxy_scheme: str,
    scheme: str,
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    heads: list[bytes] = []

    async def give_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(len(UPLOAD)) == UPLOAD
        writer.write(OK + b"Content-Length: 4\r\n\r\ndone")

    entrance = proxies.entrance("squid", proxy_scheme)
    origin_tls = server_tls if scheme == "https" else None
    async with ScriptedServer(give_leave, origin_tls) as origin, ClientSession() as session:
        leave = {"expect100": True, "expect100_timeout": 60}
        posted = session.post(origin.url(), data=UPLOAD, **leave, **through(entrance, trusting))
        async with posted as response:
            assert await response.text() == "done"
        assert b"\r\nexpect: 100-continue\r\n" in heads[0].lower()


# --- TLS in TLS ----------------------------------------------------------------------------------

PIECE: Final = bytes(range(256)) * 4096
PIECES: Final = 100
MAX_GROWTH_BYTES: Final = 30_000_000


def resident_bytes() -> int:
    (kib,) = re.findall(r"VmRSS:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) * 1024


async def send_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One for a first request, and a hundred for the second."""
    for pieces in (1, PIECES):
        await head_of(reader)
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % (len(PIECE) * pieces))
        for _ in range(pieces):
            writer.write(PIECE)
            await writer.drain()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked how large we are")
def test_a_hundred_megabytes_through_squid_take_little_memory(
    proxies: Proxies, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance("squid", "https")

    async def download(session: ClientSession, url: str, tell: Callable[[], None]) -> str:
        digest = hashlib.sha256()
        async with session.get(url, **through(entrance, trusting)) as response:
            async for piece in response.content.iter_any():
                digest.update(piece)
                tell()
        return digest.hexdigest()

    async def main() -> None:
        sizes: list[int] = []
        async with ScriptedServer(send_pieces, server_tls) as origin, ClientSession() as session:
            expected = hashlib.sha256(PIECE).hexdigest()
            assert await download(session, origin.url(), lambda: None) == expected
            before = resident_bytes()
            digest = await download(
                session, origin.url(), lambda: sizes.append(resident_bytes() - before)
            )
            assert digest == hashlib.sha256(PIECE * PIECES).hexdigest()
            assert origin.accepted == 1
        assert max(sizes) < MAX_GROWTH_BYTES

    run(main(), patience_s=40)
