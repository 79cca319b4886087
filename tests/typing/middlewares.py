"""What a type checker knows of middlewares and of what they see: read by it, and never run."""

import logging
from typing import assert_type

from multidict import CIMultiDict
from yarl import URL

from aioclient import (
    BasicAuth,
    BearerAuthMiddleware,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ConnectionKey,
    DigestAuthMiddleware,
    HttpVersion,
    LoggingMiddleware,
    RateLimitMiddleware,
    RequestInfo,
    RetryAttempt,
    RetryMiddleware,
)


async def own(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    request.headers["X-Own"] = "1"
    response = await handler(request)
    assert_type(response, ClientResponse)
    return response


class Own:
    """One that is an object."""

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        return await handler(request)


async def any_of_them_is_taken(session: ClientSession) -> None:
    one: ClientMiddlewareType = own
    ClientSession(middlewares=(one, Own(), RetryMiddleware(), LoggingMiddleware()))
    ClientSession(middlewares=[own])
    await session.get("https://a/", middlewares=[Own()])
    await session.get("https://a/", middlewares=None)
    await session.ws_connect("wss://a/", middlewares=[own])


def a_request_says_what_is_sent(request: ClientRequest) -> None:
    assert_type(request.method, str)
    assert_type(request.url, URL)
    assert_type(request.original_url, URL)
    assert_type(request.headers, CIMultiDict[str])
    assert_type(request.headers["Accept"], str)
    assert_type(request.auth, BasicAuth | None)
    assert_type(request.host, str)
    assert_type(request.port, int)
    assert_type(request.is_ssl(), bool)
    assert_type(request.version, HttpVersion)
    assert_type(request.session, ClientSession)
    assert_type(request.request_info, RequestInfo)
    assert_type(request.connection_key, ConnectionKey)
    assert_type(request.compress, bool | str | None)
    assert_type(request.chunked, bool)
    assert_type(request.proxy, URL | None)
    assert_type(request.server_hostname, str | None)
    assert_type(request.can_be_sent_again, bool)
    assert_type(request.trace_request_ctx, object)


async def a_request_is_changed(request: ClientRequest) -> None:
    request.url = "https://b/"
    request.update_headers({"A": "b"})
    request.update_cookies({"a": "b"})
    request.update_auth(BasicAuth("me"))
    await request.update_body(b"a")


def heard(attempt: RetryAttempt) -> None:
    assert_type(attempt.number, int)
    assert_type(attempt.request, ClientRequest)
    assert_type(attempt.reason, str)
    assert_type(attempt.status, int | None)
    assert_type(attempt.exception, Exception | None)
    assert_type(attempt.delay_s, float)


async def token() -> str:
    return "secret"


def those_that_are_here_have_options() -> None:
    RetryMiddleware(attempts=5, statuses=[503], exceptions=(OSError,), on_retry=heard)
    RetryMiddleware(methods={"GET"}, max_total=None, budget_ratio=None)
    RateLimitMiddleware(requests_per_second=1.5, burst=2, max_concurrent=3, per="all")
    assert_type(RateLimitMiddleware(max_concurrent=1).origins_known, int)
    BearerAuthMiddleware("secret")
    BearerAuthMiddleware(lambda: "secret", origins="https://a")
    BearerAuthMiddleware(token, origins=["https://a", URL("https://b")])
    DigestAuthMiddleware("me", "secret", preemptive=False)
    LoggingMiddleware(logger=logging.getLogger("a"), level=logging.DEBUG, headers=True)
    LoggingMiddleware(logger="a", show_url=str, redact=["X-Key"])


def wrong(request: ClientRequest) -> None:
    ClientSession(middlewares=own)  # type: ignore[arg-type]
    ClientSession(middlewares=[heard])  # type: ignore[list-item]
    RetryMiddleware(attempts="5")  # type: ignore[arg-type]
    RetryMiddleware(on_retry=own)  # type: ignore[arg-type]
    RateLimitMiddleware(per="host")  # type: ignore[arg-type]
    BearerAuthMiddleware(1)  # type: ignore[arg-type]
    DigestAuthMiddleware("me")  # type: ignore[call-arg]
    request.method = 1  # type: ignore[assignment]
    request.headers["A"] = 1  # type: ignore[assignment]
    request.headers = CIMultiDict({"A": "b"})  # type: ignore[misc]
