"""WebSockets through proxies: in tunnels only, of the proxy that is for them."""

import ssl
from typing import Any

import pytest
from pages import Pages
from recording_proxy import RecordingProxy
from running import asynchronous
from server_frames import TEXT, frame
from websocket_site import WebSocketSite, echo, sending

from aioclient import ClientHttpProxyError, ClientSession

NAMES = tuple(f"{scheme}_proxy" for scheme in ("http", "https", "ws", "wss", "all", "no"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One that names no proxy yet."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def talk(session: ClientSession, url: str, **options: Any) -> None:
    async with session.ws_connect(url, **options) as ws:
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@pytest.mark.parametrize("proxy_is_tls", [False, True])
@pytest.mark.parametrize("site_is_tls", [False, True])
@asynchronous
async def test_a_websocket_goes_through_a_tunnel(
    proxy_is_tls: bool,
    site_is_tls: bool,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    async with (
        RecordingProxy(server_tls if proxy_is_tls else None) as proxy,
        WebSocketSite(echo, ssl_context=server_tls if site_is_tls else None) as site,
        ClientSession(ssl=trusting, proxy_ssl=trusting) as session,
    ):
        await talk(session, site.url(), proxy=proxy.url())
        (head,) = proxy.heads
        assert head.startswith(f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n")
        assert "websocket" not in head.lower()
        assert (b"Upgrade: websocket" in proxy.passed_on) is not site_is_tls
        assert "proxy" not in site.heads[0].decode().lower()


@asynchronous
async def test_what_comes_with_the_101_through_a_tunnel_is_the_first_message() -> None:
    async with (
        RecordingProxy() as proxy,
        WebSocketSite(sending(frame(TEXT, b"hello"))) as site,
        ClientSession(proxy=proxy.url()) as session,
        session.ws_connect(site.url()) as ws,
    ):
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_a_proxy_that_makes_no_tunnel_is_its_error() -> None:
    async with (
        RecordingProxy(connect_answer=b"HTTP/1.1 403 No\r\n\r\n") as proxy,
        ClientSession(proxy=proxy.url()) as session,
    ):
        with pytest.raises(ClientHttpProxyError):
            await session.ws_connect("ws://127.0.0.1:1/")


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("lower", [False, True])
@asynchronous
async def test_the_environment_has_proxies_for_websockets(
    is_tls: bool,
    lower: bool,
    environment: pytest.MonkeyPatch,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    async with (
        RecordingProxy() as right,
        RecordingProxy() as wrong,
        WebSocketSite(echo, ssl_context=server_tls if is_tls else None) as site,
        ClientSession(trust_env=True, ssl=trusting) as session,
    ):
        ours = "wss_proxy" if is_tls else "ws_proxy"
        for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy"):
            url = (right if name == ours else wrong).url()
            environment.setenv(name if lower else name.upper(), url)
        await talk(session, site.url())
        assert (right.accepted, wrong.accepted) == (1, 0)


@asynchronous
async def test_a_proxy_for_http_is_none_for_websockets(environment: pytest.MonkeyPatch) -> None:
    async with (
        RecordingProxy() as wrong,
        WebSocketSite(echo) as site,
        ClientSession(trust_env=True) as session,
    ):
        environment.setenv("http_proxy", wrong.url())
        await talk(session, site.url())
        await talk(session, site.http_url())
        assert wrong.accepted == 0


@asynchronous
async def test_a_redirected_handshake_goes_through_the_proxy_for_websockets(
    environment: pytest.MonkeyPatch,
) -> None:
    async with (
        RecordingProxy() as right,
        RecordingProxy() as wrong,
        WebSocketSite(echo) as site,
        Pages().redirect("old", site.http_url("/new")) as pages,
        ClientSession(trust_env=True) as session,
    ):
        environment.setenv("http_proxy", wrong.url())
        environment.setenv("ws_proxy", right.url())
        await talk(session, pages.url("/old"))
        assert (right.accepted, wrong.accepted) == (2, 0)
