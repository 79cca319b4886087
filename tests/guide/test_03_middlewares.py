"""The guide, "Client Middleware" with its parts.

The code is that of the guide with `aioclient` as `aiohttp`; its `http://example.com` is a server of
the tests. What a block takes for granted (`my_middleware`, `get_auth_header`) is made up here.
"""

import pytest
from pages import OK, Pages, page
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import (
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
)


def get_auth_header() -> str:
    return "Bearer of-the-guide"


async def auth_middleware(req: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    req.headers["Authorization"] = get_auth_header()
    return await handler(req)


def noting(notes: list[str], name: str) -> ClientMiddlewareType:
    """A middleware that prints where it is, as it were."""

    async def middleware(req: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        notes.append(f"enter {name}")
        response = await handler(req)
        notes.append(f"exit {name}: {response.status}")
        return response

    return middleware


# --- Client Middleware ---------------------------------------------------------------------------


@asynchronous
async def test_a_middleware_intercepts_requests_and_responses() -> None:
    async def moving(req: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        req.url = req.url.with_path("/new")
        response = await handler(req)
        if response.status == 404:
            raise LookupError(str(response.url.path))
        return response

    async with Pages(new=[OK, page(status="404 Not Found")]) as server:
        async with ClientSession(middlewares=(moving,)) as session:
            async with session.get(server.url("/old")) as resp:
                assert await resp.text() == "ok"
            with pytest.raises(LookupError, match="/new"):
                await session.get(server.url("/old"))
    assert [seen.target for seen in server.seen] == ["/new", "/new"]


# --- Creating a middleware -----------------------------------------------------------------------


@asynchronous
async def test_a_function_is_a_middleware() -> None:
    async with Pages() as server, ClientSession(middlewares=(auth_middleware,)) as session:
        resp = await session.get(server.url())
        assert await resp.text() == "ok"
    assert server.last.headers["Authorization"] == "Bearer of-the-guide"


@asynchronous
async def test_an_object_that_can_be_called_is_a_middleware() -> None:
    class AuthMiddleware:
        async def __call__(self, req: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            return await auth_middleware(req, handler)

    middleware: ClientMiddlewareType = AuthMiddleware()
    async with Pages() as server, ClientSession(middlewares=(middleware,)) as session:
        await session.get(server.url())
    assert server.last.headers["Authorization"] == "Bearer of-the-guide"


# --- Using Middlewares ---------------------------------------------------------------------------


@asynchronous
async def test_middlewares_of_a_session_are_for_all_its_requests() -> None:
    notes: list[str] = []
    my_middleware = noting(notes, "mine")
    async with Pages() as server:
        # Apply to all requests in a session
        async with ClientSession(middlewares=(my_middleware,)) as session:
            for _ in range(2):
                resp = await session.get(server.url())
                assert await resp.text() == "ok"
    assert notes == ["enter mine", "exit mine: 200"] * 2


@asynchronous
async def test_middlewares_of_a_request_are_for_that_request() -> None:
    notes: list[str] = []
    my_middleware = noting(notes, "mine")
    async with Pages() as server:
        # Apply to a specific request
        async with ClientSession() as session:
            resp = await session.get(server.url(), middlewares=(my_middleware,))
            assert await resp.text() == "ok"
            await session.get(server.url())
    assert notes == ["enter mine", "exit mine: 200"]
    assert len(server.seen) == 2


# --- Middleware Chaining -------------------------------------------------------------------------


@asynchronous
async def test_middlewares_are_applied_in_the_order_of_the_list() -> None:
    notes: list[str] = []
    logging_middleware = noting(notes, "logging")
    async with Pages() as server:
        # Middlewares are applied in order: logging -> auth -> request
        async with ClientSession(middlewares=(logging_middleware, auth_middleware)) as session:
            async with session.get(server.url()) as resp:
                assert resp.status == 200
    assert notes == ["enter logging", "exit logging: 200"]
    assert server.last.headers["Authorization"] == "Bearer of-the-guide"


@asynchronous
async def test_the_execution_follows_the_pattern_of_an_onion() -> None:
    notes: list[str] = []
    middleware1, middleware2 = noting(notes, "1"), noting(notes, "2")

    async def handler_of_the_request(
        req: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        notes.append("request")
        return await handler(req)

    chain = (middleware1, middleware2, handler_of_the_request)
    async with Pages() as server, ClientSession(middlewares=chain) as session:
        await session.get(server.url())
    assert notes == ["enter 1", "enter 2", "request", "exit 2: 200", "exit 1: 200"]


async def retry_mw(req: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    for _ in range(3):
        resp = await handler(req)
        if resp.ok:
            break
    return resp


@pytest.mark.parametrize(
    ("first", "logged"),
    [
        (
            "retry",
            ["enter logging", "exit logging: 503"] * 2 + ["enter logging", "exit logging: 200"],
        ),
        ("logging", ["enter logging", "exit logging: 200"]),
    ],
)
@asynchronous
async def test_the_order_decides_whether_each_attempt_is_logged(
    first: str, logged: list[str]
) -> None:
    async def failing_twice(reader, writer) -> None:
        for answer in (page(status="503 X"), page(status="503 X"), OK):
            await head_of(reader)
            writer.write(answer)

    notes: list[str] = []
    logging_mw = noting(notes, "logging")
    chain = (retry_mw, logging_mw) if first == "retry" else (logging_mw, retry_mw)
    async with ScriptedServer(failing_twice) as server, ClientSession(middlewares=chain) as session:
        resp = await session.get(server.url())
        assert resp.attempts == 3
    assert notes == logged


@asynchronous
async def test_a_middleware_is_applied_to_each_sending_of_a_request() -> None:
    """Also when the session itself sends again, because a kept connection was closed."""

    async def closing(reader, writer) -> None:
        for answer in (OK, b""):
            await head_of(reader)
            writer.write(answer)

    notes: list[str] = []
    async with ScriptedServer(closing) as server:
        async with ClientSession(middlewares=(noting(notes, "mine"),)) as session:
            await session.get(server.url())
            notes.clear()
            resp = await session.get(server.url())
            assert resp.attempts == 2
    assert notes == ["enter mine", "enter mine", "exit mine: 200"]
