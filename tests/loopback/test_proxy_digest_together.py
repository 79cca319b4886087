"""Digest for proxies together with all else: redirects, other proxies, middlewares, traces.

What is answered, and how often, is in `test_proxy_digest.py`.
"""

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from digest_proxy import DigestProxy
from digest_site import LOGIN, DigestSite
from pages import Pages
from running import asynchronous, closed_port
from tls_site import TlsSite

from aioclient import (
    BasicAuth,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    DigestAuthMiddleware,
    ProxyDigestAuth,
    TCPConnector,
    TraceConfig,
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


@asynchronous
async def test_sessions_may_share_what_a_proxy_said() -> None:
    shared = auth()
    async with DigestProxy() as proxy:
        for _ in range(2):
            async with ClientSession(proxy=proxy.url(), proxy_auth=shared) as session:
                assert await asked(session, HTTP) == 200
        assert proxy.statuses == [407, 200, 200]


# --- middlewares ---------------------------------------------------------------------------------


class Noting:
    """Keeps what it sees, and lets the request be changed before."""

    def __init__(self, change: Callable[[ClientRequest], object] = lambda _request: None) -> None:
        self._change = change
        self.statuses: list[int] = []
        self.headers: list[str] = []

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self._change(request)
        response = await handler(request)
        self.statuses.append(response.status)
        self.headers += [*request.headers, *response.request_info.headers]
        return response


@pytest.mark.parametrize("is_of_request", [True, False])
@asynchronous
async def test_middlewares_of_the_caller_are_outside_of_it(is_of_request: bool) -> None:
    noting = Noting()
    async with (
        DigestProxy() as proxy,
        ClientSession(
            proxy=proxy.url(), proxy_auth=auth(), middlewares=[] if is_of_request else [noting]
        ) as session,
    ):
        options: Any = {"middlewares": [noting]} if is_of_request else {}
        assert [await asked(session, HTTP, **options) for _ in range(2)] == [200, 200]
        assert proxy.statuses == [407, 200, 200]
        assert noting.statuses == [200, 200]
        assert "Proxy-Authorization" not in noting.headers


@asynchronous
async def test_a_request_without_middlewares_is_answered_for() -> None:
    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth(), middlewares=[Noting()]) as session,
    ):
        assert await asked(session, HTTP, middlewares=()) == 200


@asynchronous
async def test_what_a_middleware_changes_is_answered_for() -> None:
    def change(request: ClientRequest) -> None:
        request.url = "http://b.example/changed"  # type: ignore[assignment]  # its setter takes it
        request.method = "PUT"
        request.headers["X-Own"] = "a"
        request.update_body_from_data(b"changed")

    async with (
        DigestProxy(qop="auth-int") as proxy,
        ClientSession(
            proxy=proxy.url(), proxy_auth=auth(), middlewares=[Noting(change)]
        ) as session,
    ):
        assert await asked(session, HTTP) == 200
        for came in proxy.came:
            assert came.target == "http://b.example/changed"
            assert (came.method, came.body, came.headers["X-Own"]) == ("PUT", b"changed", "a")


@asynchronous
async def test_a_request_that_comes_by_again_is_answered_for_again() -> None:
    async def twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        return await handler(request)

    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth(), middlewares=[twice]) as session,
    ):
        assert await asked(session, HTTP) == 200
        assert proxy.statuses == [407, 200, 200]
        assert [came.parameters["nc"] for came in proxy.answered] == ["00000001", "00000002"]


@asynchronous
async def test_the_server_behind_the_proxy_may_ask_for_digest_too(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    of_server = ("me", "another word")
    async with (
        DigestSite(ssl_context=server_tls, login=of_server) as site,
        DigestProxy() as proxy,
        ClientSession(
            proxy=proxy.url(),
            proxy_auth=auth(),
            ssl=trusting,
            middlewares=[DigestAuthMiddleware(*of_server)],
        ) as session,
    ):
        assert [await asked(session, site.url()) for _ in range(2)] == [200, 200]
        assert (proxy.statuses, site.statuses) == ([407, 200], [401, 200, 200])
        assert not any("Proxy-Authorization" in came.headers for came in site.came)


# --- what is shown -------------------------------------------------------------------------------


@asynchronous
async def test_the_answer_is_among_no_headers_that_are_shown() -> None:
    told: list[Any] = []
    config: TraceConfig[Any] = TraceConfig()

    async def keep(_session: ClientSession, _context: object, params: Any) -> None:
        told.append(params.headers)

    config.on_request_start.append(keep)
    config.on_request_headers_sent.append(keep)
    config.on_request_redirect.append(keep)
    config.on_request_end.append(keep)
    async with (
        DigestProxy() as proxy,
        ClientSession(proxy=proxy.url(), proxy_auth=auth(), trace_configs=[config]) as session,
    ):
        proxy.redirects[HTTP] = "http://b.example/c"
        async with session.get(HTTP) as response:
            told += [each.request_info.headers for each in (response, *response.history)]
        assert proxy.statuses == [407, 302, 200]
        assert len(told) == 1 + 3 + 1 + 1 + 2
        assert not any("Proxy-Authorization" in headers for headers in told)


@WAYS
@asynchronous
async def test_what_is_traced_is_answered_for(
    way: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    told: list[str] = []
    config: TraceConfig[Any] = TraceConfig()

    def keep(name: str) -> Any:
        async def note(_session: ClientSession, _context: object, _params: object) -> None:
            told.append(name)

        return note

    names = ("request_start", "connection_create_start", "connection_create_end")
    for name in (*names, "connection_reuseconn", "request_headers_sent", "request_end"):
        getattr(config, f"on_{name}").append(keep(name))
    async with (
        TlsSite(server_tls) as site,
        DigestProxy() as proxy,
        ClientSession(
            proxy=proxy.url(), proxy_auth=auth(), ssl=trusting, trace_configs=[config]
        ) as session,
    ):
        assert await asked(session, site.url() if way == "https" else HTTP) == 200
        assert proxy.statuses == [407, 200]
    again = ["connection_reuseconn", "request_headers_sent"] if way == "http" else []
    assert told == [*names, "request_headers_sent", *again, "request_end"]
