"""Digest for proxies together with middlewares and traces: who does what first, and who sees it."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from digest_proxy import DigestProxy
from digest_site import LOGIN, DigestSite
from pages import Pages
from running import asynchronous
from tls_site import TlsSite

from aioclient import (
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    DigestAuthMiddleware,
    ProxyDigestAuth,
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
        request.url = "http://b.example/changed"
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


@pytest.mark.parametrize("is_behind", [True, False], ids=["in a tunnel", "without a proxy"])
@asynchronous
async def test_a_middleware_that_goes_on_to_a_server_takes_no_answer_along(
    is_behind: bool,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def both(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        request.url = pages.url("/a")
        return await handler(request)

    async with Pages(server_tls if is_behind else None) as pages, DigestProxy() as proxy:
        monkeypatch.setenv("all_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "" if is_behind else "127.0.0.1")
        async with ClientSession(
            trust_env=True, proxy_auth=auth(), ssl=trusting, middlewares=[both]
        ) as session:
            assert await asked(session, HTTP) == 200
        assert [came.method for came in proxy.answered] == ["GET"] + ["CONNECT"] * is_behind
        (seen,) = pages.seen
        assert "Proxy-Authorization" not in seen.headers


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
