"""What is told of requests, and in which order."""

import asyncio
import ssl

import pytest
from fake_resolver import FakeResolver
from pages import OK, Pages
from recording_proxy import RecordingProxy
from running import asynchronous, settled, started
from scripted import Handler, ScriptedServer, answers, head_of
from told import (
    ADDED,
    ANSWERED,
    CREATED,
    HANDSHAKE,
    LOOKED_UP,
    NAME,
    READ,
    REUSED,
    SENT,
    TRIED,
    Told,
    created,
    get,
    session,
)

from aioclient import ClientHandlerType, ClientRequest, ClientResponse


@asynchronous
async def test_a_get_to_an_address() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        assert await get(client, server.url()) == b"ok"
        assert told.names == created()


@asynchronous
async def test_a_post_with_a_redirect_is_told_in_the_order_of_the_reference() -> None:
    told = Told()
    async with Pages().redirect("a", "/b") as server, session(told) as client:
        response = await client.post(server.url("/a", NAME), data=b"hello")
        await response.read()
    assert [name for name in told.names if name not in ADDED] == [
        "request_start",
        "connection_create_start",
        "dns_cache_miss",
        "dns_resolvehost_start",
        "dns_resolvehost_end",
        "connection_create_end",
        "request_headers_sent",
        "request_chunk_sent",
        "request_redirect",
        "connection_reuseconn",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]
    # Each response has its end, the one that is left behind first.
    assert told.names.index("response_end") == told.names.index("request_redirect") + 1
    assert told.names.count("response_end") == 2


@asynchronous
async def test_a_kept_connection_is_used_again() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        for expected in (created(), list(REUSED)):
            await get(client, server.url())
            assert told.take() == expected


@asynchronous
async def test_the_number_of_a_connection_is_that_of_its_responses() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        for _ in range(2):
            async with client.get(server.url()) as response:
                number = response.connection.id
    numbers = {
        params.connection_id for name, params in told.all if hasattr(params, "connection_id")
    }
    assert numbers == {number}
    assert told.param("connection_reuseconn").connection_id == number


@asynchronous
async def test_a_name_is_looked_up_the_first_time_and_then_known() -> None:
    told = Told()
    async with Pages() as server, session(told, force_close=True) as client:
        for expected in (created(*LOOKED_UP), created("dns_cache_hit")):
            await get(client, server.url("/", NAME))
            assert told.names == expected
            assert {params.host for name, params in told.all if "dns" in name} == {NAME}
            told.take()


@asynchronous
async def test_without_the_cache_nothing_is_told_of_it() -> None:
    told = Told()
    async with Pages() as server, session(told, force_close=True, use_dns_cache=False) as client:
        for _ in range(2):
            await get(client, server.url("/", NAME))
            assert told.take() == created("dns_resolvehost_start", "dns_resolvehost_end")


def holding(gate: asyncio.Event) -> Handler:
    """Answers the first request of each connection at length, the next at once."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe")
        await gate.wait()
        writer.write(b"ld")
        while await head_of(reader):
            writer.write(OK)

    return handler


@asynchronous
async def test_a_request_that_queues_gets_the_connection_of_the_one_before() -> None:
    told, gate = Told(), asyncio.Event()
    async with ScriptedServer(holding(gate)) as server, session(told, limit=1) as client:
        async with client.get(server.url(), middlewares=()) as holder:
            told.take()
            task = await started(get(client, server.url()))
            await settled()
            assert told.take() == ["request_start", "connection_queued_start"]
            gate.set()
            assert await holder.read() == b"held"
        assert await task == b"ok"
    first = told.names.index("connection_queued_end")
    assert told.names[first:] == ["connection_queued_end", *REUSED[1:]]


@asynchronous
async def test_a_request_that_queues_gets_a_connection_of_its_own() -> None:
    told = Told("request_start", "connection_queued_start", "connection_queued_end", *CREATED)
    async with (
        ScriptedServer(holding(asyncio.Event())) as other,
        Pages() as server,
        session(told, limit=1) as client,
    ):
        holder = await client.get(other.url())
        told.take()
        task = await started(get(client, server.url()))
        await settled()
        assert told.names == ["request_start", "connection_queued_start"]
        holder.close()
        assert await task == b"ok"
    assert told.names == [
        "request_start",
        "connection_queued_start",
        "connection_queued_end",
        *CREATED,
    ]


@asynchronous
async def test_https_has_a_handshake(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    told = Told()
    async with Pages(server_tls) as server, session(told) as client:
        await get(client, server.url("/", "localhost"), ssl=trusting)
        assert told.names == created(*LOOKED_UP, *HANDSHAKE)
        assert told.param("tls_handshake_start").host == "localhost"
        ended = told.param("tls_handshake_end")
        assert (ended.host, ended.version) == ("localhost", "TLSv1.3")
        assert ended.cipher.startswith("TLS_")


PROXIED = {
    "http, by a proxy that forwards": ("http", False, LOOKED_UP),
    "http, by an https proxy": ("http", True, (*LOOKED_UP, *HANDSHAKE)),
    "https, through a tunnel": ("https", False, (*LOOKED_UP, *HANDSHAKE)),
    "https, through a tunnel by an https proxy": (
        "https",
        True,
        (*LOOKED_UP, *HANDSHAKE, *HANDSHAKE),
    ),
}


@pytest.mark.parametrize(("scheme", "is_secure", "between"), PROXIED.values(), ids=PROXIED)
@asynchronous
async def test_through_a_proxy_its_name_is_looked_up(
    scheme: str,
    is_secure: bool,
    between: tuple[str, ...],
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    told = Told()
    proxy_tls = server_tls if is_secure else None
    async with (
        Pages(server_tls) as server,
        RecordingProxy(proxy_tls, destination=("127.0.0.1", server.port)) as proxy,
        session(told, resolver=FakeResolver({"localhost": ["127.0.0.1"]})) as client,
    ):
        url = f"{scheme}://127.0.0.1:{server.port}/"
        options = {"proxy": proxy.url("/", "localhost"), "ssl": trusting, "proxy_ssl": trusting}
        await get(client, url, **options)
        assert told.names == created(*between)
        assert told.param("dns_cache_miss").host == "localhost"
        handshakes = [params.host for params in told.params("tls_handshake_end")]
        secure = (["localhost"] if is_secure else []) + (["127.0.0.1"] if scheme == "https" else [])
        assert handshakes == secure


@asynchronous
async def test_a_request_that_met_a_closed_connection_is_sent_again_on_a_new_one() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (OK, b""):
            await head_of(reader)
            writer.write(answer)

    told = Told()
    async with ScriptedServer(closing) as server, session(told) as client:
        await get(client, server.url())
        told.take()
        await get(client, server.url())
    assert told.names == [
        "request_start",
        "connection_reuseconn",
        SENT,
        TRIED,
        *CREATED,
        SENT,
        *ANSWERED,
        READ,
    ]


@asynchronous
async def test_each_sending_of_a_middleware_is_told_once() -> None:
    async def twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        return await handler(request)

    told = Told()
    async with Pages() as server, session(told, middlewares=[twice]) as client:
        await get(client, server.url())
    assert told.names == [
        "request_start",
        *CREATED,
        SENT,
        TRIED,
        "response_end",
        "connection_reuseconn",
        SENT,
        *ANSWERED,
        READ,
    ]


@asynchronous
async def test_what_a_middleware_answers_by_itself_is_not_sent() -> None:
    kept: list[ClientResponse] = []

    async def caching(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if not kept:
            kept.append(await handler(request))
        return kept[0]

    told = Told()
    async with Pages() as server, session(told, middlewares=[caching]) as client:
        await get(client, server.url())
        told.take()
        await get(client, server.url())
    assert told.names == ["request_start", "request_end"]


@asynchronous
async def test_a_response_without_a_body_ends_and_is_not_read() -> None:
    told = Told()
    async with Pages(a=b"HTTP/1.1 204 X\r\n\r\n") as server, session(told) as client:
        await get(client, server.url("/a"))
    assert told.names == created()[:-1]


@asynchronous
async def test_informational_responses_are_told_with_their_headers() -> None:
    told = Told()
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    async with ScriptedServer(answers(hints, OK)) as server, session(told) as client:
        await get(client, server.url())
    expected = created()
    expected.insert(expected.index(SENT) + 1, "response_informational")
    assert told.names == expected
    hint = told.param("response_informational")
    assert (hint.status, hint.headers["Link"]) == (103, "</a.css>")


@asynchronous
async def test_informational_responses_are_told_with_the_request_that_they_answer() -> None:
    """After a redirect, and after a middleware that sends something else."""

    async def elsewhere(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.follows_redirect:
            request.url = request.url.with_path("/c")
        return await handler(request)

    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    told = Told()
    async with (
        Pages(c=hints + OK).redirect("a", "/b", 303) as server,
        session(told, middlewares=[elsewhere]) as client,
        client.post(server.url("/a"), data=b"x") as response,
    ):
        await response.read()
    hint = told.param("response_informational")
    assert (hint.method, hint.url.path) == ("GET", "/c")
