"""What handlers that fail, or hang, do to the requests that they are told of.

Whatever happens, nothing is left of it, and the next request gets its connection.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from fake_resolver import FakeResolver
from pages import OK, page
from running import asynchronous, cancelled, settled, started, until
from scripted import ScriptedServer, answers, head_of
from told import READ, Told, assert_healthy, session

from aioclient import (
    ClientPayloadError,
    ClientResponse,
    ClientSession,
    ServerDisconnectedError,
    TCPConnector,
    TotalTimeoutError,
)
from aioclient._tracing.config import EVENTS

END = "response_end"
FAILED = "request_exception"


async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that gives its clients something to tell of."""
    while True:
        head = await head_of(reader)
        line = head.split(b"\r\n")[0]
        if b"chunked" in head:
            await reader.readuntil(b"0\r\n\r\n")
        if b"/gone" in line:
            return
        if b"/redirect" in line:
            writer.write(page(b"", "Location: /slow", status="302 X"))
            continue
        if b"/hint" in line:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        if b"/slow" in line or b"/held" in line:
            writer.write(OK[:-1])
            await asyncio.sleep(0.01 if b"/slow" in line else 0.06)
            writer.write(OK[-1:])
        else:
            writer.write(OK)


class Scene:
    """A request of which a signal tells, on a connector that makes one connection at a time."""

    def __init__(self, event: str, server: ScriptedServer, told: Told, other: ClientSession):
        self.event = event
        self.server = server
        self.told = told
        self.other = other
        self.holder: ClientResponse | None = None

    async def begin(self) -> None:
        """Do before the request what there is to tell of."""
        if self.event in ("connection_queued_start", "connection_queued_end"):
            self.holder = await self.other.get(self.url("/held"))
        if self.event == "connection_reuseconn":
            await self.other.get(self.url("/"))
        if self.event == "dns_cache_hit":
            await self.other.get(self.url("/"), headers={"Connection": "close"})

    def url(self, path: str) -> str:
        return self.server.url(path, "localhost")

    async def ask(self, client: ClientSession, **options: Any) -> None:
        path = {
            "request_redirect": "/redirect",
            "request_exception": "/gone",
            "response_informational": "/hint",
            "response_end": "/",
        }.get(self.event, "/slow")
        data = pieces() if self.event == "request_chunk_sent" else None
        method = "POST" if data else "GET"
        async with client.request(method, self.url(path), data=data, **options) as response:
            await response.read()


async def pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


@asynccontextmanager
async def scene(
    event: str, told: Told, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> AsyncIterator[tuple[Scene, ClientSession]]:
    server_tls, trusting = contexts
    connector = TCPConnector(
        resolver=FakeResolver({"localhost": ["127.0.0.1"]}), limit=1, ssl=trusting
    )
    async with (
        ScriptedServer(busy, server_tls) as server,
        ClientSession(connector=connector, trace_configs=[told]) as client,
        ClientSession(connector=connector, connector_owner=False) as other,
    ):
        made = Scene(event, server, told, other)
        await made.begin()
        yield made, client
        assert event in told.names
        await until(lambda: not connector.stats().active)
        await assert_healthy(other)
        async with other.get(made.url("/"), timeout=2) as response:
            assert await response.read() == b"ok"


#: Nobody waits for what is told of these while the connection receives.
ASIDE: Final = "response_informational"


@pytest.mark.parametrize("event", [each for each in EVENTS if each != ASIDE])
@asynchronous
async def test_a_request_fails_with_the_error_of_a_handler(
    event: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    told = Told(*EVENTS, fail=event)
    async with scene(event, told, (server_tls, trusting)) as (made, client):
        with pytest.raises((RuntimeError, ClientPayloadError)) as caught:
            await made.ask(client)
        error = caught.value
        if event == "request_chunk_sent":  # as whatever goes wrong while a body is made
            assert isinstance(error, ClientPayloadError)
            assert error.__cause__ is told.error
        else:
            assert error is told.error
        if event in (READ, END):  # the request itself has not failed
            assert FAILED not in told.names
        else:
            assert [name for name in told.names if name != END][-1] == FAILED
            assert told.names.count(FAILED) == 1


@pytest.mark.parametrize(
    "event",
    [
        "request_start",
        "request_headers_sent",
        "request_end",
    ],
)
@asynchronous
async def test_other_configs_are_told_that_a_request_fails_with_the_error_of_a_handler(
    event: str,
) -> None:
    first, last = Told(fail=event), Told("request_end", FAILED)
    async with ScriptedServer(busy) as server, session(first, last) as client:
        with pytest.raises(RuntimeError):
            await client.get(server.url())
    assert last.names == [FAILED]
    assert last.param(FAILED).exception is first.error


@asynchronous
async def test_the_handler_of_an_error_that_fails_hides_no_error() -> None:
    told = Told(fail=FAILED)
    async with ScriptedServer(answers()) as server, session(told) as client:
        with pytest.raises(RuntimeError) as caught:
            await client.get(server.url())
    assert caught.value is told.error
    assert isinstance(caught.value.__context__, ServerDisconnectedError)


@pytest.mark.parametrize("event", ["response_informational", END])
@asynchronous
async def test_the_loop_hears_of_the_error_of_a_handler_that_nobody_waits_for(event: str) -> None:
    told = Told(fail=event)
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    hint = [b"HTTP/1.1 103 Early Hints\r\n\r\n"] if event == "response_informational" else []

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        for piece in (*hint, OK[:-1], OK[-1:]):
            writer.write(piece)
            await asyncio.sleep(0.01)

    async with ScriptedServer(slowly) as server, session(told) as client:
        async with client.get(server.url()) as response:
            assert await response.read() == b"ok"
        await settled()
    assert [context["exception"] for context in heard] == [told.error]


@pytest.mark.parametrize("event", [each for each in EVENTS if each != ASIDE])
@asynchronous
async def test_a_request_can_be_cancelled_while_a_handler_is_at_work(
    event: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    told = Told(*EVENTS)
    has_begun, has_ended = asyncio.Event(), asyncio.Event()

    async def hang(session: Any, context: Any, params: Any) -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()

    told.signal(event).append(hang)
    async with scene(event, told, (server_tls, trusting)) as (made, client):
        task = await started(made.ask(client))
        await asyncio.wait_for(has_begun.wait(), 2)
        await settled()
        await cancelled(task)
        await asyncio.wait_for(has_ended.wait(), 2)


#: Events while a total limit can pass.
LIMITED: Final = [event for event in EVENTS if event not in (ASIDE, END, READ, FAILED)]


@pytest.mark.parametrize("event", LIMITED)
@asynchronous
async def test_the_total_limit_counts_what_handlers_take(
    event: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    told = Told(*EVENTS)

    async def hang(session: Any, context: Any, params: Any) -> None:
        await asyncio.Event().wait()

    told.signal(event).append(hang)
    async with scene(event, told, (server_tls, trusting)) as (made, client):
        with pytest.raises(TotalTimeoutError):
            await asyncio.wait_for(made.ask(client, timeout=0.1), 1)
