"""Middlewares: what they see and may change, when they run, and what is left of what they drop."""

import asyncio
import gc
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from pages import OK, Pages
from running import asynchronous
from scripted import ScriptedServer, answers, head_of, silent
from yarl import URL

from aioclient import (
    BasicAuth,
    BytesPayload,
    ClientConnectionError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    CookieJar,
    InvalidURL,
    JsonPayload,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    TCPConnector,
    TooManyRedirects,
    TotalTimeoutError,
    TraceConfig,
    TraceResponseEndParams,
    UploadTracker,
    request,
)

Changes = Callable[[ClientRequest], Awaitable[None] | None]


def changing(change: Changes) -> ClientMiddlewareType:
    """A middleware that changes requests."""

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        changed = change(request)
        if changed is not None:
            await changed
        return await handler(request)

    return middleware


def noting(notes: list[str], name: str) -> ClientMiddlewareType:
    """One that notes when it is entered and left."""

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        notes.append(f"enter {name}")
        response = await handler(request)
        notes.append(f"exit {name}")
        return response

    return middleware


async def twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    await handler(request)
    return await handler(request)


class Status:
    """A callable object that keeps the statuses that it saw."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        self.seen.append(response.status)
        return response


# --- order, and which ones ------------------------------------------------------------------------


@asynchronous
async def test_the_first_middleware_is_the_outermost() -> None:
    notes: list[str] = []
    chain = (noting(notes, "a"), noting(notes, "b"))
    async with Pages() as server, ClientSession(middlewares=chain) as session:
        assert await (await session.get(server.url())).read() == b"ok"
    assert notes == ["enter a", "enter b", "exit b", "exit a"]


@asynchronous
async def test_middlewares_of_a_request_replace_those_of_the_session() -> None:
    notes: list[str] = []
    async with Pages() as server, ClientSession(middlewares=[noting(notes, "session")]) as session:
        await session.get(server.url(), middlewares=[noting(notes, "request")])
        assert notes == ["enter request", "exit request"]
        await session.get(server.url(), middlewares=())
        assert len(notes) == 2
        await session.get(server.url(), middlewares=None)
    assert notes[2:] == ["enter session", "exit session"]


@asynchronous
async def test_a_request_without_a_session_takes_middlewares() -> None:
    status = Status()
    async with Pages() as server, request("GET", server.url(), middlewares=[status]) as response:
        assert response.status == 200
    assert status.seen == [200]


@asynchronous
async def test_middlewares_run_for_each_redirect() -> None:
    status = Status()
    hops: list[tuple[str, bool]] = []

    def note(request: ClientRequest) -> None:
        hops.append((request.url.path, request.follows_redirect))

    async with (
        Pages().redirect("a", "/b").redirect("b", "/c") as server,
        ClientSession(middlewares=[status, changing(note)]) as session,
    ):
        response = await session.get(server.url("/a"))
    assert status.seen == [302, 302, 200]
    assert hops == [("/a", False), ("/b", True), ("/c", True)]
    assert [each.status for each in response.history] == [302, 302]
    assert response.url.path == "/c"


@asynchronous
async def test_a_redirect_goes_on_from_the_caller_s_request() -> None:
    """What a middleware added for one server is not sent to the next by itself."""

    def add(request: ClientRequest) -> None:
        if not request.follows_redirect:
            request.headers["X-Added"] = "1"

    async with (
        Pages().redirect("a", "/b") as server,
        ClientSession(middlewares=[changing(add)]) as session,
    ):
        await session.get(server.url("/a"), headers={"X-Own": "2"})
    first, second = server.seen
    assert first.headers["X-Added"] == "1"
    assert "X-Added" not in second.headers
    assert second.headers["X-Own"] == "2"


@asynchronous
async def test_middlewares_run_again_when_a_kept_connection_was_closed() -> None:
    heads: list[bytes] = []
    status = Status()
    errors: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(OK)
        if len(heads) == 1:
            heads.append(await head_of(reader))  # and the connection ends
            return
        await reader.read()

    async def watch(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        try:
            return await handler(request)
        except ServerDisconnectedError as error:
            errors.append(error)
            raise

    async with ScriptedServer(serve) as server, ClientSession() as session:
        await (await session.get(server.url())).read()
        response = await session.get(server.url(), middlewares=[status, watch])
        assert response.status == 200
        assert response.attempts == 2
    assert len(heads) == 3
    assert len(errors) == 1
    assert status.seen == [200]


@asynchronous
async def test_what_is_not_to_be_sent_again_is_not_because_of_middlewares() -> None:
    status = Status()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await head_of(reader)

    async with ScriptedServer(serve) as server, ClientSession(middlewares=[status]) as session:
        await (await session.get(server.url())).read()
        with pytest.raises(ServerDisconnectedError):
            await session.post(server.url())
        assert server.accepted == 1


@asynchronous
async def test_a_handler_may_be_called_many_times() -> None:
    async def thrice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        for number in (1, 2):
            request.headers["X-Number"] = str(number)
            await handler(request)
        return await handler(request)

    async with Pages() as server, ClientSession(middlewares=[thrice]) as session:
        response = await session.post(server.url(), data=b"body")
        assert response.attempts == 3
    assert [seen.headers["X-Number"] for seen in server.seen] == ["1", "2", "2"]
    assert [seen.body for seen in server.seen] == [b"body"] * 3
    assert server.accepted == 1


# --- what they see, and may change ----------------------------------------------------------------


@asynchronous
async def test_a_middleware_sees_what_is_sent() -> None:
    seen: list[dict[str, str]] = []

    def look(request: ClientRequest) -> None:
        seen.append(dict(request.headers))
        assert request.method == "POST"
        assert str(request.original_url).endswith("?q=1#part")
        assert request.url == request.original_url.with_fragment(None)
        assert request.request_target == "/a?q=1"
        assert request.host == "127.0.0.1"
        assert request.port == request.url.port == server.port
        assert not request.is_ssl()
        assert request.origin == request.first_origin == ("http", "127.0.0.1", server.port)
        assert request.session is session
        assert request.version == (1, 1)
        assert request.auth == BasicAuth("me", "secret", "utf-8")
        assert request.response_class is ClientResponse
        assert request.trace_request_ctx == {"a": 1}
        assert request.skip_auto_headers == frozenset({"user-agent", "accept"})
        assert request.proxy is None
        assert request.connection_key.port == server.port
        assert request.request_info.method == "POST"

    async with (
        Pages() as server,
        ClientSession(
            middlewares=[changing(look)], cookies={"c": "d"}, skip_auto_headers=["Accept"]
        ) as session,
    ):
        await session.post(
            server.url("/a?q=1#part"),
            json=[1],
            auth=BasicAuth("me", "secret"),
            skip_auto_headers=["User-Agent"],
            trace_request_ctx={"a": 1},
        )
    assert seen == [dict(server.last.headers)]


@asynchronous
async def test_a_request_that_nobody_changes_is_sent_as_it_was_prepared() -> None:
    def look(request: ClientRequest) -> None:
        assert request.headers
        assert request.body

    async with Pages() as server, ClientSession() as session:
        for middlewares in ((), [changing(look)]):
            await session.put(server.url("/a"), data=b"x", compress=True, middlewares=middlewares)
    assert server.seen[0] == server.seen[1]


@asynchronous
async def test_headers_may_be_added_replaced_and_taken_out() -> None:
    def change(request: ClientRequest) -> None:
        request.headers["Authorization"] = "Bearer token"
        request.headers["Accept"] = "text/plain"
        del request.headers["User-Agent"]
        request.headers.add("X-Many", "1")
        request.headers.add("X-Many", "2")
        request.headers["Host"] = "other.example"
        request.update_cookies({"b": "2"})
        request.update_headers({"X-Own": "3"})

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        await session.get(server.url(), cookies={"a": "1"})
    headers = server.last.headers
    assert headers["Authorization"] == "Bearer token"
    assert headers.getall("Accept") == ["text/plain"]
    assert "User-Agent" not in headers
    assert headers.getall("X-Many") == ["1", "2"]
    assert headers.getall("Host") == ["other.example"]
    assert headers.getall("Cookie") == ["a=1; b=2"]
    assert headers["X-Own"] == "3"


@asynchronous
async def test_headers_that_cannot_be_sent_are_refused() -> None:
    def change(request: ClientRequest) -> None:
        request.headers["X-Bad"] = "a\r\nX-Evil: b"

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        with pytest.raises(ValueError, match="X-Bad"):
            await session.get(server.url())
        assert server.accepted == 0


@pytest.mark.parametrize(
    ("body", "kwargs", "expected"),
    [
        (b"new", {"data": b"longer than that"}, b"new"),
        ("text", {}, b"text"),
        (JsonPayload({"a": 1}), {"json": 5}, b'{"a": 1}'),
        (None, {"data": b"old"}, b""),
        (b"", {"data": b"old"}, b""),
        ({"a": "b"}, {"data": b"old"}, b"a=b"),
        (io.BytesIO(b"file"), {"data": b"old"}, b"file"),
        (b"in chunks", {"data": b"old", "chunked": True}, b"in chunks"),
    ],
)
@asynchronous
async def test_the_body_may_be_replaced(body: Any, kwargs: Any, expected: bytes) -> None:
    async def change(request: ClientRequest) -> None:
        await request.update_body(body)

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        await session.post(server.url(), **kwargs)
    assert server.last.body == expected
    headers = server.last.headers
    if "Transfer-Encoding" not in headers:
        assert headers.getall("Content-Length") == [str(len(expected))]


@asynchronous
async def test_the_media_type_stays_when_the_body_is_replaced() -> None:
    async def change(request: ClientRequest) -> None:
        body = request.body
        assert not isinstance(body, bytes)
        await request.update_body(await body.as_bytes() + b" ")

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        await session.post(server.url(), json=[1])
        assert server.last.headers["Content-Type"] == "application/json"
        assert server.last.body == b"[1] "


@asynchronous
async def test_a_body_is_compressed_as_the_caller_wished_whoever_replaced_it() -> None:
    import gzip

    bodies: list[bytes | None] = []

    async def change(request: ClientRequest) -> None:
        body = request.body
        assert not isinstance(body, bytes)
        assert await body.as_bytes() == b"old"
        request.body = b"new"
        bodies.append(await request.sent_body())

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        await session.post(server.url(), data=b"old", compress="gzip")
    assert gzip.decompress(server.last.body) == b"new"
    assert server.last.headers.getall("Content-Encoding") == ["gzip"]
    assert bodies == [server.last.body]


@asynchronous
async def test_a_stream_is_not_read_to_show_it() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"a"

    async def look(request: ClientRequest) -> None:
        assert await request.sent_body() is None
        assert request.can_be_sent_again

    async with Pages() as server, ClientSession(middlewares=[changing(look)]) as session:
        await session.post(server.url(), data=stream())
    assert server.last.body == b"a"


@asynchronous
async def test_a_body_is_shown_and_still_sent() -> None:
    async def look(request: ClientRequest) -> None:
        assert await request.sent_body() == b"file"

    async with Pages() as server, ClientSession(middlewares=[changing(look)]) as session:
        await session.post(server.url(), data=io.BytesIO(b"file"))
    assert server.last.body == b"file"


@asynchronous
async def test_a_payload_that_replaces_the_body_is_closed_at_the_end() -> None:
    class Closing(BytesPayload):
        closed = 0

        async def close(self) -> None:
            self.closed += 1

    payloads = [Closing(b"a"), Closing(b"b")]

    async def change(request: ClientRequest) -> None:
        for payload in payloads:
            await request.update_body(payload)

    async with Pages() as server, ClientSession(middlewares=[changing(change), twice]) as session:
        await session.post(server.url())
        await asyncio.sleep(0)
        assert [payload.closed for payload in payloads] == [1, 1]
    assert [seen.body for seen in server.seen] == [b"b", b"b"]


@asynchronous
async def test_the_method_may_be_changed() -> None:
    def change(request: ClientRequest) -> None:
        request.method = "PUT"

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        response = await session.post(server.url(), data=b"x")
    assert server.last.method == response.method == "PUT"


# --- another URL ----------------------------------------------------------------------------------


@asynchronous
async def test_the_url_may_be_changed_within_the_origin() -> None:
    def change(request: ClientRequest) -> None:
        request.url = request.url.with_path("/b").with_query(q=1)

    async with (
        Pages(
            a=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: p=a; Path=/a\r\n\r\n"
        ) as site,
        ClientSession() as session,
    ):
        await session.get(site.url("/a"))
        await session.get(
            site.url("/a"),
            auth=BasicAuth("me", "secret"),
            cookies={"own": "1"},
            middlewares=[changing(change)],
        )
    assert site.last.target == "/b?q=1"
    assert site.last.headers["Authorization"].startswith("Basic")
    assert site.last.headers["Cookie"] == "own=1"  # the jar's is for another path


@asynchronous
async def test_credentials_do_not_go_along_to_another_origin() -> None:
    async with Pages() as first, Pages() as second:

        def change(request: ClientRequest) -> None:
            request.url = second.url("/b")

        async with ClientSession(
            middlewares=[changing(change)],
            auth=BasicAuth("me", "secret"),
            cookies={"session": "1"},
        ) as session:
            await session.get(first.url(), cookies={"own": "1"}, headers={"X-Api-Key": "key"})
    assert first.seen == []
    headers = second.last.headers
    assert headers.getall("Host") == [f"127.0.0.1:{second.port}"]
    assert "Authorization" not in headers
    assert "Cookie" not in headers
    assert headers["X-Api-Key"] == "key"


@asynchronous
async def test_user_info_of_another_url_becomes_a_header() -> None:
    def change(request: ClientRequest) -> None:
        request.url = server.url("/b").replace("://", "://me:secret@")
        assert request.url.user is None

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        await session.get(server.url())
    assert server.last.headers["Authorization"] == BasicAuth("me", "secret").encode()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://a.example/", NonHttpUrlClientError),
        ("/relative", InvalidURL),
        ("http://", InvalidURL),
    ],
)
@asynchronous
async def test_a_url_that_nothing_can_go_to_is_refused(url: str, error: type[Exception]) -> None:
    def change(request: ClientRequest) -> None:
        request.url = url  # type: ignore[assignment]  # the setter takes text

    async with Pages() as server, ClientSession(middlewares=[changing(change)]) as session:
        with pytest.raises(error):
            await session.get(server.url())


@asynchronous
async def test_a_relative_redirect_is_relative_to_what_was_asked() -> None:
    async with Pages() as first, Pages().redirect("a", "b") as second:

        def change(request: ClientRequest) -> None:
            if not request.follows_redirect:
                request.url = second.url("/a")

        async with ClientSession(middlewares=[changing(change)]) as session:
            response = await session.get(first.url("/x"))
            assert str(response.url) == second.url("/b")
    assert first.seen == []


@asynchronous
async def test_limits_of_a_session_to_one_origin_hold_for_middlewares() -> None:
    def change(request: ClientRequest) -> None:
        request.url = "http://other.example/"  # type: ignore[assignment]  # as above

    async with (
        Pages() as server,
        ClientSession(
            server.url(), base_url_origin_only=True, middlewares=[changing(change)]
        ) as session,
    ):
        with pytest.raises(InvalidURL, match="base_url_origin_only"):
            await session.get("a")


# --- responses ------------------------------------------------------------------------------------


@asynchronous
async def test_a_middleware_may_answer_by_itself() -> None:
    cached: list[ClientResponse] = []

    async def cache(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if not cached:
            cached.append(await handler(request))
            await cached[0].read()
        return cached[0]

    async with Pages() as server, ClientSession(middlewares=[cache]) as session:
        for _ in range(3):
            async with session.get(server.url()) as response:
                assert await response.text() == "ok"
    assert len(server.seen) == 1


@asynchronous
async def test_redirects_out_of_a_cache_do_not_go_round_for_ever() -> None:
    cache: dict[URL, ClientResponse] = {}

    async def caching(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url not in cache:
            cache[request.url] = await handler(request)
        return cache[request.url]

    async with (
        Pages().redirect("a", "/b").redirect("b", "/a") as server,
        ClientSession(middlewares=[caching]) as session,
    ):
        with pytest.raises(TooManyRedirects) as caught:
            await session.get(server.url("/a"))
        assert len(server.seen) == 2
        assert len(caught.value.history) == 11


@pytest.mark.parametrize("answer", [None, b"ok", 200])
@asynchronous
async def test_what_is_no_response_is_a_type_error(answer: Any) -> None:
    async def wrong(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        return answer  # type: ignore[no-any-return]  # it is wrong

    async with Pages() as server, ClientSession(middlewares=[wrong]) as session:
        with pytest.raises(TypeError, match="must return a ClientResponse"):
            await session.get(server.url())


@pytest.mark.parametrize("middlewares", ["abc", 5, [5], lambda request, handler: handler(request)])
def test_what_is_no_middleware_is_a_type_error(middlewares: Any) -> None:
    with pytest.raises(TypeError, match="middleware"):
        ClientSession(middlewares=middlewares)


@asynchronous
async def test_what_is_no_middleware_is_a_type_error_in_a_request() -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="middlewares must be a sequence"):
            await session.get("http://a.example/", middlewares=5)  # type: ignore[arg-type]


@asynchronous
async def test_a_handler_takes_no_other_object() -> None:
    async def wrong(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        return await handler("request")  # type: ignore[arg-type]  # it is wrong

    async with ClientSession(middlewares=[wrong]) as session:
        with pytest.raises(TypeError, match="takes a ClientRequest"):
            await session.get("http://a.example/")


@asynchronous
async def test_a_dropped_response_does_not_hold_its_connection() -> None:
    """Its body is too large to have arrived; there is one connection for both."""
    large = b"HTTP/1.1 503 No\r\nContent-Length: 5000000\r\n\r\n" + bytes(5_000_000)

    async def retry(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if response.status == 503:
            server.pages.clear()
            again = await handler(request)  # `response` is still there, unread
            assert response.status == 503
            return again
        return response

    async with (
        Pages(a=large) as server,
        ClientSession(connector=TCPConnector(limit=1), middlewares=[retry]) as session,
    ):
        response = await session.get(server.url("/a"))
        assert await response.read() == b"ok"
        assert session.connector is not None
        assert session.connector.stats().active == 0


@pytest.mark.parametrize("is_traced", [False, True])
@pytest.mark.parametrize("keeps_the_request", [False, True])
@asynchronous
async def test_a_response_that_the_caller_drops_is_over_at_once(
    keeps_the_request: bool, is_traced: bool
) -> None:
    """Without the garbage collector."""
    ends: list[TraceResponseEndParams] = []

    async def note_end(_session: Any, _context: Any, params: TraceResponseEndParams) -> None:
        ends.append(params)

    config = TraceConfig()
    config.on_response_end.append(note_end)
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"
    kept: list[ClientRequest] = []

    def keep(request: ClientRequest) -> None:
        if keeps_the_request:
            kept.append(request)

    async def drop() -> None:
        response = await session.get(server.url("/a"))
        assert response.status == 200

    gc.disable()
    try:
        async with (
            Pages(a=large) as server,
            ClientSession(
                middlewares=[changing(keep)], trace_configs=[config] if is_traced else None
            ) as session,
        ):
            await drop()
            await asyncio.sleep(0)
            assert session.connector is not None
            assert session.connector.stats().active == 0
            await asyncio.sleep(0)
        assert [(end.response, type(end.exception)) for end in ends] == (
            [(None, ClientConnectionError)] if is_traced else []
        )
    finally:
        gc.enable()


@pytest.mark.parametrize("is_caught", [False, True])
@asynchronous
async def test_a_dropped_response_is_over_at_once_behind_a_closed_connection(
    is_caught: bool,
) -> None:
    """Without the garbage collector: the error of the first sending holds nothing."""

    async def again(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        try:
            return await handler(request)
        except ServerDisconnectedError:
            if not is_caught:
                raise
        return await handler(request)

    async def drop() -> None:
        response = await session.get(server.url("/b"))
        assert response.attempts == 2

    large = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"
    gc.disable()
    try:
        async with (
            Pages(b=[None, large]) as server,
            ClientSession(middlewares=[again]) as session,
        ):
            async with session.get(server.url("/a")) as response:
                await response.read()
            await drop()
            await asyncio.sleep(0)
            assert session.connector is not None
            assert session.connector.stats().active == 0
    finally:
        gc.enable()


@asynchronous
async def test_a_middleware_that_fails_leaves_no_connection_in_use() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + bytes(5_000_000)
    kept: list[ClientResponse] = []

    async def fail(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        kept.append(await handler(request))
        raise LookupError("own")

    async with Pages(a=large) as server, ClientSession(middlewares=[fail]) as session:
        with pytest.raises(LookupError, match="own"):
            await session.get(server.url("/a"))
        await kept[0].wait_for_close()
        assert session.connector is not None
        assert session.connector.stats().active == 0


@pytest.mark.parametrize("middlewares", [(), [Status()]])
@asynchronous
async def test_a_response_class_that_fails_leaves_no_connection_in_use(middlewares: Any) -> None:
    class Failing(ClientResponse):
        def __init__(self, *_: Any, **__: Any) -> None:
            raise LookupError("own")

    start = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
    async with (
        ScriptedServer(answers(start, stays_open=True)) as server,
        ClientSession(middlewares=middlewares, response_class=Failing) as session,
    ):
        with pytest.raises(LookupError, match="own"):
            await session.get(server.url())
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_a_body_that_was_sent_and_is_gone_is_not_sent_again() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"a"

    async with Pages() as server, ClientSession(middlewares=[twice]) as session:
        with pytest.raises(ClientPayloadError, match="cannot be sent again"):
            await session.post(server.url(), data=stream())
    assert [seen.body for seen in server.seen] == [b"a"]


@asynchronous
async def test_cookies_of_each_response_are_kept() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: n=%d\r\n\r\n"

    async def again(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        return await handler(request)

    async with (
        Pages(a=page % 1) as server,
        ClientSession(middlewares=[again], cookie_jar=CookieJar(unsafe=True)) as session,
    ):
        await session.get(server.url("/a"))
        assert [cookie.value for cookie in session.cookie_jar] == ["1"]


@asynchronous
async def test_what_is_sent_again_has_the_cookies_that_were_set_meanwhile() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: n=1\r\n\r\n"
    jar = CookieJar(unsafe=True)
    async with Pages(a=page) as server, ClientSession(cookie_jar=jar) as session:
        await session.get(server.url("/a"), cookies={"own": "2"}, middlewares=[twice])
        assert [seen.headers.get("Cookie") for seen in server.seen] == ["own=2", "n=1; own=2"]


@asynchronous
async def test_cookies_that_a_middleware_set_are_left_alone() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: n=1\r\n\r\n"

    def change(request: ClientRequest) -> None:
        request.headers["Cookie"] = "mine=3"

    jar = CookieJar(unsafe=True)
    async with Pages(a=page) as server, ClientSession(cookie_jar=jar) as session:
        await session.get(server.url("/a"), middlewares=[changing(change), twice])
        assert [seen.headers["Cookie"] for seen in server.seen] == ["mine=3", "mine=3"]


@asynchronous
async def test_raise_for_status_judges_what_the_middlewares_return() -> None:
    bad = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"

    async def mend(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if response.status == 500:
            request.url = server.url("/good")
            return await handler(request)
        return response

    async with (
        Pages(bad=bad) as server,
        ClientSession(middlewares=[mend], raise_for_status=True) as session,
    ):
        assert (await session.get(server.url("/bad"))).status == 200


@asynchronous
async def test_an_upload_tracker_follows_all_sendings() -> None:
    async with Pages() as server, ClientSession(middlewares=[twice]) as session:
        tracker = UploadTracker()
        await session.post(server.url(), data=b"body", upload_tracker=tracker)
        await tracker.upload_complete
        assert tracker.attempts == 2


# --- time and cancellation ------------------------------------------------------------------------


@asynchronous
async def test_the_total_limit_counts_what_middlewares_take() -> None:
    async def slow(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await asyncio.sleep(30)
        return await handler(request)

    async with ClientSession(middlewares=[slow], timeout=ClientTimeout(total=0.05)) as session:
        with pytest.raises(TotalTimeoutError, match="middleware") as caught:
            await session.get("http://a.example/")
    assert caught.value.phase == "middleware"


@asynchronous
async def test_the_total_limit_counts_all_sendings_together() -> None:
    async def again(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        assert response.status == 200
        request.url = quiet.url()
        return await handler(request)

    async with (
        ScriptedServer(silent) as quiet,
        Pages() as server,
        ClientSession(middlewares=[again], timeout=ClientTimeout(total=0.1)) as session,
    ):
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url())
        assert caught.value.phase == "response"
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_the_total_limit_goes_on_with_the_body() -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
    async with (
        ScriptedServer(answers(start, stays_open=True)) as server,
        ClientSession(middlewares=[Status()], timeout=ClientTimeout(total=0.1)) as session,
    ):
        response = await session.get(server.url())
        with pytest.raises(TotalTimeoutError) as caught:
            await response.read()
        assert caught.value.phase == "body"


@asynchronous
async def test_the_total_limit_is_over_for_the_body_when_a_middleware_did_not_care() -> None:
    async def stubborn(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        return response

    start = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
    async with (
        ScriptedServer(answers(start, stays_open=True)) as server,
        ClientSession(middlewares=[stubborn], timeout=ClientTimeout(total=0.05)) as session,
    ):
        response = await session.get(server.url())
        assert response.status == 200
        with pytest.raises(TotalTimeoutError) as caught:
            await response.read()
        assert caught.value.phase == "body"


@asynchronous
async def test_a_middleware_cannot_go_on_after_the_total_limit() -> None:
    async def stubborn(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        try:
            return await handler(request)
        except asyncio.CancelledError:
            return await handler(request)

    async with (
        ScriptedServer(silent) as server,
        ClientSession(middlewares=[stubborn], timeout=ClientTimeout(total=0.05)) as session,
    ):
        with pytest.raises(TotalTimeoutError):
            await session.get(server.url())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0  # else a TaskGroup around it would cancel itself
        assert server.accepted == 1


@asynchronous
async def test_an_error_that_a_middleware_makes_of_the_total_limit_is_no_cancellation() -> None:
    async def other(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        try:
            return await handler(request)
        except asyncio.CancelledError:
            raise LookupError("own") from None

    async with (
        ScriptedServer(silent) as server,
        ClientSession(middlewares=[other], timeout=ClientTimeout(total=0.05)) as session,
    ):
        with pytest.raises(LookupError, match="own"):
            await session.get(server.url())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


@asynchronous
async def test_who_cancels_gets_a_cancellation() -> None:
    async def slow(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        begun.set()
        return await handler(request)

    begun = asyncio.Event()
    async with ScriptedServer(silent) as server, ClientSession(middlewares=[slow]) as session:
        task = asyncio.ensure_future(session.get(server.url()))
        await begun.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_handlers_may_run_at_the_same_time() -> None:
    """As of a middleware that asks a second time if the first answer takes long."""

    async def hedge(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        tasks = [asyncio.ensure_future(handler(request)) for _ in range(2)]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.wait(tasks)
        return done.pop().result()

    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await head_of(reader)
        if count == 1:
            await reader.read()
        writer.write(OK)
        await reader.read()

    async with ScriptedServer(serve) as server, ClientSession(middlewares=[hedge]) as session:
        response = await session.get(server.url())
        assert await response.read() == b"ok"
        assert session.connector is not None
        assert session.connector.stats().active == 0


@asynchronous
async def test_an_error_of_the_connection_passes_through_the_middlewares() -> None:
    seen: list[BaseException] = []

    async def watch(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        try:
            return await handler(request)
        except ClientConnectionError as error:
            seen.append(error)
            raise

    async with (
        ScriptedServer(answers(b"")) as server,
        ClientSession(middlewares=[watch]) as session,
    ):
        with pytest.raises(ServerDisconnectedError) as caught:
            await session.get(server.url())
    assert seen == [caught.value]
