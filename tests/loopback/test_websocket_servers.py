"""WebSockets to servers that others wrote, plain and over TLS, through nginx and squid."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from nginx import NGINX, nginx_running
from proxy_servers import Proxies
from running import asynchronous, closed_port, open_sockets, until
from websocket_servers import SERVERS

from aioclient import (
    ClientSession,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)

WebSocket = ClientWebSocketResponse[Any]

#: How a server is reached: directly or through nginx, each with TLS or not; by CONNECT through
#: squid.
WAYS: Final = ("plain", "tls", "nginx", "nginx-tls", "squid", "squid-tls")

BEHIND_NGINX: Final = """
    server {{
        listen 127.0.0.1:{port}{tls};
        {certificate}
        location / {{
            proxy_pass http://127.0.0.1:{server};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            client_max_body_size 0;
        }}
    }}
"""
CERTIFICATE: Final = "ssl_certificate {0}/cert.pem; ssl_certificate_key {0}/key.pem;"

Open = Callable[..., Any]


class Reach:
    """What a test needs to reach a server in each of the ways."""

    def __init__(
        self,
        proxies: Proxies,
        server_tls: ssl.SSLContext,
        trusting: ssl.SSLContext,
        certificate: Path,
        folder: Path,
    ) -> None:
        self._proxies = proxies
        self._server_tls = server_tls
        self._trusting = trusting
        self._certificate = certificate
        self._folder = folder

    @asynccontextmanager
    async def to(self, name: str, way: str) -> AsyncIterator[Open]:
        """A function that opens a WebSocket with options, as `ws_connect`."""
        program, _, tls = way.rpartition("-") if way.endswith("-tls") else (way, "", "")
        is_tls = bool(tls) or way == "tls"
        options: dict[str, Any] = {"ssl": self._trusting}
        before = open_sockets()
        async with AsyncExitStack() as stack:
            ends_here = is_tls and program != "nginx"
            serving = SERVERS[name](self._server_tls if ends_here else None)
            port = await stack.enter_async_context(serving)
            if program == "nginx":
                port = await self._through_nginx(stack, port, is_tls)
            elif program == "squid":
                entrance = await asyncio.to_thread(self._proxies.entrance, "squid", "http")
                options["proxy"] = entrance.url()
            session = await stack.enter_async_context(ClientSession())
            url = f"{'wss' if is_tls else 'ws'}://127.0.0.1:{port}/chat"
            yield lambda **more: session.ws_connect(url, **options, **more)
        # The others may need a moment more: for the end of TLS, or until a proxy has passed it on.
        await until(lambda: open_sockets() <= before)

    async def _through_nginx(self, stack: AsyncExitStack, server: int, is_tls: bool) -> int:
        if NGINX is None:
            pytest.skip("no nginx on PATH")
        port = closed_port()
        servers = BEHIND_NGINX.format(
            port=port,
            server=server,
            tls=" ssl" if is_tls else "",
            certificate=CERTIFICATE.format(self._certificate) if is_tls else "",
        )
        running = nginx_running(self._folder, port, servers)
        await asyncio.to_thread(running.__enter__)
        stack.push(running)
        return port


@pytest.fixture
def reach(
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
    certificate_files: Path,
    tmp_path: Path,
) -> Reach:
    if sys.platform == "win32":
        pytest.skip("the proxies are programs of other systems")
    return Reach(proxies, server_tls, trusting, certificate_files, tmp_path)


each = pytest.mark.parametrize(("name", "way"), [(name, way) for name in SERVERS for way in WAYS])

#: Around each size at which a frame's header, a buffer or a way of sending is another.
SIZES: Final = (0, 1, 125, 126, 65_535, 65_536, 262_144, 1_000_000, 3_000_000)


@each
@asynchronous
async def test_messages_of_all_sizes_come_back(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect() as ws:
        for size in SIZES:
            text = ("naïve " * (size // 7 + 1))[:size]
            await ws.send_str(text)
            await ws.send_bytes(b"\xff" * size)
            assert await ws.receive_str() == text
            assert await ws.receive_bytes() == b"\xff" * size


@each
@asynchronous
async def test_many_messages_come_back_in_their_order(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect() as ws:

        async def send() -> None:
            for number in range(2000):
                await ws.send_str(str(number))

        sending = asyncio.ensure_future(send())
        assert [await ws.receive_str() for _ in range(2000)] == [str(n) for n in range(2000)]
        await sending


@each
@asynchronous
async def test_compressed_messages_come_back(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect(compress=15) as ws:
        assert bool(ws.compress) is (name != "picows")
        for size in SIZES:
            text = ("some words " * (size // 11 + 1))[:size]
            await ws.send_str(text)
            assert await ws.receive_str() == text


@each
@asynchronous
async def test_a_server_that_closes_is_understood(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect() as ws:
        await ws.send_str("close")
        assert await ws.receive() == (WSMsgType.CLOSE, 4001, "bye")
        assert ws.close_code == 4001


@each
@asynchronous
async def test_a_close_of_ours_is_answered(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect() as ws:
        assert await ws.close(code=4002, message=b"enough")
        # aiohttp answers with a code of its own.
        assert ws.close_code == (1000 if name == "aiohttp" else 4002)
        assert ws.exception() is None


@each
@asynchronous
async def test_pings_go_both_ways(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect(heartbeat=10) as ws:
        await ws.ping(b"abc")
        await ws.send_str("ping")
        assert await ws.receive_str() == "ping"
        assert ws.latency is not None


@each
@asynchronous
async def test_a_message_in_pieces_comes_back(name: str, way: str, reach: Reach) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(20):
            yield bytes([number]) * 5000

    async with reach.to(name, way) as connect, connect() as ws:
        await ws.send_stream(pieces())
        got = b"".join([piece async for piece in ws.receive_stream()])
        assert got == b"".join([piece async for piece in pieces()])


@pytest.mark.parametrize("name", [name for name in SERVERS if name != "picows"])
@pytest.mark.parametrize("way", ["plain", "nginx"])
@asynchronous
async def test_a_subprotocol_is_agreed_on(name: str, way: str, reach: Reach) -> None:
    async with reach.to(name, way) as connect, connect(protocols=["other", "chat"]) as ws:
        assert ws.protocol == "chat"


@pytest.mark.parametrize("name", SERVERS)
@asynchronous
async def test_what_is_no_handshake_is_refused(name: str, reach: Reach) -> None:
    async with reach.to(name, "plain") as connect:
        with pytest.raises(WSServerHandshakeError) as caught:
            await connect(method="POST")
        assert caught.value.status >= 400
