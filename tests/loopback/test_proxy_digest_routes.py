"""Which proxy is answered, and who sees that: redirects, the environment, shared connections.

What is answered, and how often, is in `test_proxy_digest.py`.
"""

import asyncio
import ssl
from typing import Any

import pytest
from digest_proxy import DigestProxy
from digest_site import LOGIN
from pages import Pages, page
from running import asynchronous, closed_port
from tls_site import TlsSite

from aioclient import (
    BasicAuth,
    ClientSession,
    ProxyDigestAuth,
    TCPConnector,
)

HTTP = "http://a.example/"
WAYS = pytest.mark.parametrize("way", ["http", "https"])


def auth() -> ProxyDigestAuth:
    return ProxyDigestAuth(*LOGIN)


async def asked(session: ClientSession, url: str, **options: Any) -> int:
    async with session.get(url, **options) as response:
        await response.read()
        return response.status


# --- redirects -----------------------------------------------------------------------------------


@asynchronous
async def test_a_redirect_to_another_host_is_answered_for_in_advance() -> None:
    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth()) as session,
    ):
        proxy.redirects[HTTP] = "http://b.example/c"
        async with session.get(HTTP) as response:
            assert (response.status, len(response.history)) == (200, 1)
        assert proxy.statuses == [407, 302, 200]
        assert proxy.came[-1].parameters["uri"] == "http://b.example/c"
        assert len(proxy.came[-1].headers.getall("Proxy-Authorization")) == 1


@asynchronous
async def test_a_redirect_into_a_tunnel_is_answered_for_to_the_proxy_alone(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        TlsSite(server_tls) as site,
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth(), ssl=trusting) as session,
    ):
        proxy.redirects[HTTP] = site.url("/c")
        assert await asked(session, HTTP) == 200
        assert proxy.statuses == [407, 302, 200]
        assert proxy.came[-1].method == "CONNECT"
        assert b"Digest" not in site.seen


@asynchronous
async def test_a_redirect_out_of_a_tunnel_is_answered_for(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        Pages(server_tls).redirect("a", HTTP) as pages,
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth(), ssl=trusting) as session,
    ):
        assert await asked(session, pages.url("/a")) == 200
        assert [came.method for came in proxy.came] == ["CONNECT", "CONNECT", "GET"]
        assert proxy.statuses == [407, 200, 200]
        assert "Proxy-Authorization" not in pages.last.headers


@pytest.mark.parametrize("is_first", [True, False])
@asynchronous
async def test_a_host_that_needs_no_proxy_hears_nothing_of_it(
    is_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Pages() as pages, DigestProxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        proxy.redirects[HTTP] = pages.url()
        async with ClientSession(trust_env=True, proxy_auth=auth()) as session:
            if not is_first:
                assert await asked(session, HTTP + "before") == 200
            assert await asked(session, HTTP) == 200
        (seen,) = pages.seen
        assert "Proxy-Authorization" not in seen.headers


CHALLENGE = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
REFUSAL = page(b"", f"Proxy-Authenticate: {CHALLENGE}", status="407 X")


@asynchronous
async def test_a_server_that_asks_as_a_proxy_does_gets_no_answer(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        Pages(server_tls, a=REFUSAL) as behind,
        Pages(a=REFUSAL) as beside,
        DigestProxy() as proxy,
    ):
        monkeypatch.setenv("all_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", f"127.0.0.1:{beside.port}")
        async with ClientSession(trust_env=True, proxy_auth=auth(), ssl=trusting) as session:
            assert await asked(session, behind.url("/a")) == 407
            assert await asked(session, beside.url("/a")) == 407
        assert proxy.statuses == [407, 200]
        for seen in behind.seen + beside.seen:
            assert "Proxy-Authorization" not in seen.headers
        assert len(behind.seen) == len(beside.seen) == 1


# --- which proxy ---------------------------------------------------------------------------------


@asynchronous
async def test_a_proxy_of_the_environment_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DigestProxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        async with ClientSession(trust_env=True, proxy_auth=auth()) as session:
            assert [await asked(session, HTTP) for _ in range(2)] == [200, 200]
        assert proxy.statuses == [407, 200, 200]


@asynchronous
async def test_user_info_of_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DigestProxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url().replace("://", "://me:secret@"))
        async with ClientSession(trust_env=True, proxy_auth=auth()) as session:
            assert await asked(session, HTTP) == 407
        (came,) = proxy.came
        assert came.headers["Proxy-Authorization"] == BasicAuth("me", "secret").encode()


@asynchronous
async def test_another_proxy_that_a_request_names_is_told_nothing() -> None:
    async with (
        DigestProxy() as proxy,
        DigestProxy() as other,
        ClientSession(proxy=proxy.url(), proxy_auth=auth()) as session,
    ):
        assert await asked(session, HTTP) == 200
        assert await asked(session, HTTP, proxy=other.url()) == 407
        assert not any("Proxy-Authorization" in came.headers for came in other.came)
        assert await asked(session, HTTP, proxy=proxy.url()) == 200
        assert await asked(session, HTTP, proxy=other.url(), proxy_auth=auth()) == 200


@asynchronous
async def test_a_request_may_have_a_login_of_its_own() -> None:
    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=ProxyDigestAuth("other", "other")) as session,
    ):
        assert await asked(session, HTTP, proxy_auth=auth()) == 200
        assert await asked(session, HTTP) == 407


@pytest.mark.parametrize("scheme", ["socks4", "socks5h"])
@asynchronous
async def test_a_socks_proxy_is_refused(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"{scheme}://127.0.0.1:{closed_port()}"
    with pytest.raises(ValueError, match="HTTP proxies"):
        ClientSession(proxy=proxy, proxy_auth=auth())
    monkeypatch.setenv("http_proxy", proxy)
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="HTTP proxies"):
            await session.get(HTTP, proxy=proxy, proxy_auth=auth())
    async with ClientSession(trust_env=True, proxy_auth=auth()) as session:
        with pytest.raises(ValueError, match="HTTP proxies"):
            await session.get(HTTP)


@asynchronous
async def test_credentials_are_not_said_in_two_ways() -> None:
    proxy, own = "http://127.0.0.1:1", {"Proxy-Authorization": "Bearer abc"}
    with pytest.raises(ValueError, match="excludes proxy_auth"):
        ClientSession(proxy=proxy, proxy_auth=auth(), proxy_headers=own)
    with pytest.raises(ValueError, match="exclude each other"):
        ClientSession(proxy="http://me:secret@127.0.0.1:1", proxy_auth=auth())


@asynchronous
async def test_a_header_of_the_request_does_not_come_beside_it() -> None:
    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth()) as session,
    ):
        own = {"Proxy-Authorization": "Bearer abc"}
        assert await asked(session, HTTP, headers=own) == 200
        assert "Proxy-Authorization" not in proxy.came[0].headers
        assert len(proxy.came[1].headers.getall("Proxy-Authorization")) == 1


# --- who shares connections ----------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("login", [LOGIN, ("other", "word")], ids=["equal", "different"])
@asynchronous
async def test_sessions_share_connections_of_a_connector_if_their_logins_are_equal(
    way: str, login: tuple[str, str], server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        TlsSite(server_tls) as site,
        DigestProxy() as proxy,
        TCPConnector(ssl=trusting) as connector,
    ):
        url = site.url() if way == "https" else HTTP
        options: Any = {"connector": connector, "connector_owner": False, "proxy": proxy.url()}
        async with (
            ClientSession(proxy_auth=ProxyDigestAuth(*LOGIN), **options) as one,
            ClientSession(proxy_auth=ProxyDigestAuth(*login), **options) as other,
        ):
            assert await asked(one, url) == 200
            before = proxy.accepted
            proxy.login = login
            assert await asked(other, url) == 200
        assert (proxy.accepted == before) == (login == LOGIN)
        assert len({came.use for came in proxy.answered}) == len(proxy.answered)


@WAYS
@asynchronous
async def test_one_connection_at_a_time_is_enough(
    way: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        TlsSite(server_tls) as site,
        DigestProxy() as proxy,
        ClientSession(
            proxy=proxy.url(),
            proxy_auth=auth(),
            connector=TCPConnector(ssl=trusting, limit=1, limit_per_host=1),
        ) as session,
    ):
        url = site.url() if way == "https" else HTTP
        assert await asyncio.gather(*(asked(session, url) for _ in range(5))) == [200] * 5


@asynchronous
async def test_sessions_may_share_what_a_proxy_said() -> None:
    shared = auth()
    async with DigestProxy() as proxy:
        for _ in range(2):
            async with ClientSession(proxy=proxy.url(), proxy_auth=shared) as session:
                assert await asked(session, HTTP) == 200
        assert proxy.statuses == [407, 200, 200]
