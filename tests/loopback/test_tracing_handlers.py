"""Who is told of requests with what, and what handlers may change."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from pages import Pages
from running import asynchronous
from told import SENT, Told, created, get, session

from aioclient import (
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientTimeout,
    TraceConfig,
    UploadTracker,
    request,
)

# --- whom, and with what -------------------------------------------------------------------------


@asynchronous
async def test_configs_are_told_one_after_the_other() -> None:
    told: list[str] = []

    def config(name: str) -> TraceConfig[Any]:
        made = TraceConfig()

        async def handler(session: Any, context: Any, params: Any) -> None:
            told.append(f"{name} {type(params).__name__}")
            await asyncio.sleep(0)
            told.append(name)

        made.on_request_start.append(handler)
        made.on_request_end.append(handler)
        return made

    async with Pages() as server, session(config("a"), config("b")) as client:
        await get(client, server.url())
    start, end = "TraceRequestStartParams", "TraceRequestEndParams"
    assert told == [f"a {start}", "a", f"b {start}", "b", f"a {end}", "a", f"b {end}", "b"]


@asynchronous
async def test_each_config_has_a_context_for_each_request() -> None:
    one, other = Told(), Told(trace_config_ctx_factory=lambda **given: given)
    async with Pages().redirect("a", "/b") as server, session(one, other) as client:
        for number in (1, 2):
            await get(client, server.url("/a"), trace_request_ctx=number)
            assert set(map(id, one.contexts)) == {id(one.contexts[0])}
            assert one.contexts[0] == SimpleNamespace(trace_request_ctx=number)
            assert other.contexts[0] == {"trace_request_ctx": number}
            one.take()
            other.take()


@asynchronous
async def test_a_factory_that_fails_fails_the_request() -> None:
    def failing(**given: object) -> None:
        raise LookupError("no context")

    async with Pages() as server, session(Told(trace_config_ctx_factory=failing)) as client:
        with pytest.raises(LookupError, match="no context"):
            await client.get(server.url())
        tracker = UploadTracker()
        with pytest.raises(LookupError, match="no context"):
            await client.post(server.url(), data=b"x", upload_tracker=tracker)
        with pytest.raises(LookupError, match="no context"):
            await tracker.upload_complete
        assert server.accepted == 0


@asynchronous
async def test_events_say_what_was_asked_and_answered() -> None:
    told = Told()
    async with Pages().redirect("a", "/b") as server, session(told) as client:
        response = await client.post(server.url("/a#part"), data=b"hello", headers={"X-Own": "1"})
        start, redirect = told.param("request_start"), told.param("request_redirect")
        end = told.param("request_end")
        assert (start.method, str(start.url)) == ("POST", server.url("/a#part"))
        assert start.headers["X-Own"] == "1"
        assert (redirect.method, str(redirect.url)) == ("POST", server.url("/a"))
        assert redirect.response.status == 302
        assert (end.method, str(end.url)) == ("GET", server.url("/b"))
        assert end.response is response
        first, last = told.params(SENT)
        assert (first.headers["Content-Length"], first.headers["Host"]) == (
            "5",
            start.url.authority,
        )
        assert "Content-Length" not in last.headers


@asynchronous
async def test_a_request_without_a_session_of_ones_own_is_not_traced() -> None:
    async with Pages() as server, request("GET", server.url(), trace_request_ctx=1) as response:
        assert response.status == 200


@asynchronous
async def test_requests_at_the_same_time_are_told_apart_by_their_contexts() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        await asyncio.gather(
            *(get(client, server.url(), trace_request_ctx=number) for number in range(5))
        )
    for number in range(5):
        names = [
            name
            for (name, _), context in zip(told.all, told.contexts, strict=True)
            if context.trace_request_ctx == number
        ]
        assert names == created()


# --- what handlers may change --------------------------------------------------------------------


def adding(**headers: str) -> TraceConfig[Any]:
    config = TraceConfig()

    async def add(session: Any, context: Any, params: Any) -> None:
        for name, value in headers.items():
            params.headers[name.replace("_", "-")] = value

    config.on_request_start.append(add)
    return config


@asynchronous
async def test_headers_that_are_changed_at_the_start_are_sent_also_after_a_redirect() -> None:
    config = adding(Traceparent="00-1", User_Agent="mine")
    async with Pages().redirect("a", "/b") as server, session(config) as client:
        await get(client, server.url("/a"), headers={"Traceparent": "of the caller"})
    for seen in server.seen:
        assert seen.headers.getall("Traceparent") == ["00-1"]
        assert seen.headers["User-Agent"] == "mine"


@asynchronous
async def test_headers_that_are_added_do_not_cross_to_another_origin() -> None:
    config = adding(Authorization="Bearer 1", X_Own="1")
    async with (
        Pages() as other,
        Pages().redirect("a", other.url("/b")) as server,
        session(config) as client,
    ):
        await get(client, server.url("/a"))
        assert server.last.headers["Authorization"] == "Bearer 1"
        assert not {"Authorization", "X-Own"} & set(other.last.headers)


@asynchronous
async def test_middlewares_see_headers_that_are_added() -> None:
    seen: list[str] = []

    async def look(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        seen.append(request.headers["X-Own"])
        return await handler(request)

    async with Pages() as server, session(adding(X_Own="1"), middlewares=[look]) as client:
        await get(client, server.url())
    assert seen == ["1"]


@asynchronous
async def test_headers_that_cannot_be_sent_fail_the_request() -> None:
    told = Told()
    async with Pages() as server, session(adding(X_Own="a\r\nb"), told) as client:
        with pytest.raises(ValueError, match="header"):
            await get(client, server.url(), timeout=ClientTimeout(total=5))
    assert told.names == ["request_start", "request_exception"]
    assert server.seen == []
