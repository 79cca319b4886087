"""Where the time of requests went, with servers and resolvers that take a known time.

What a phase took is only compared with what it must have taken at least.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from fake_resolver import FakeResolver
from multidict import CIMultiDict
from pages import OK, Pages
from recording_proxy import RecordingProxy
from running import asynchronous, until
from scripted import Handler, ScriptedServer, head_of
from tls_site import TlsSite
from yarl import URL

import aioclient
from aioclient._tracing.trace import Trace
from aioclient.timing import TimingConfig, TimingRecord

#: What somebody takes his time for, and what is then seen at least: clocks have a resolution.
DELAY_S = 0.05
# Some of a delay may pass before what is measured begins.
SEEN_S = 0.02


def session(
    timing: TimingConfig, *others: aioclient.TraceConfig[Any], **options: Any
) -> aioclient.ClientSession:
    return aioclient.ClientSession(trace_configs=[timing, *others], **options)


def telling(name: str, event: asyncio.Event) -> aioclient.TraceConfig[Any]:
    """Sets an event when this is told: before it, no server should begin to take its time."""
    config = aioclient.TraceConfig()

    async def handler(*args: object) -> None:
        event.set()

    getattr(config, f"on_{name}").append(handler)
    return config


async def timed(url: str, *others: aioclient.TraceConfig[Any], **options: Any) -> TimingRecord:
    """The record of one request."""
    timing = TimingConfig()
    async with session(timing, *others, **options) as client, client.get(url) as response:
        await response.read()
    (record,) = timing.records
    return record


def names(record: TimingRecord) -> list[str]:
    return [phase for phase, _ in record.phases.items()]


def slow(
    *, before_head_s: float = 0.0, before_body_s: float = 0.0, before_reading_s: float = 0.0
) -> Handler:
    """Answers each request of a connection, and takes its time."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            await asyncio.sleep(before_reading_s)
            size = int((head.lower().partition(b"content-length:")[2] or b"0").split()[0])
            await reader.readexactly(size)
            await asyncio.sleep(before_head_s)
            writer.write(OK[:-2])
            await asyncio.sleep(before_body_s)
            writer.write(OK[-2:])

    return handler


def after_chunks(delay_s: float) -> Handler:
    """Takes its time when a chunked body has come."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        await asyncio.sleep(delay_s)
        writer.write(OK)

    return handler


# --- each phase ----------------------------------------------------------------------------------


@asynchronous
async def test_a_plain_request_connects_sends_waits_and_receives() -> None:
    before = time.time()
    async with Pages() as server:
        record = await timed(server.url())
    assert names(record) == ["queue", "connect", "send", "wait", "receive"]
    assert before - 0.01 <= record.started_at <= time.time()
    assert record.is_finished
    assert record.phases.total_s > 0


@asynchronous
async def test_waiting_is_until_the_head_comes() -> None:
    async with ScriptedServer(slow(before_head_s=DELAY_S)) as server:
        record = await timed(server.url())
    assert (record.phases.wait_s or 0) >= SEEN_S


@asynchronous
async def test_receiving_is_until_the_body_ends() -> None:
    has_head = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK[:-2])
        await has_head.wait()
        await asyncio.sleep(DELAY_S)
        writer.write(OK[-2:])

    async with ScriptedServer(handler) as server:
        record = await timed(server.url(), telling("request_end", has_head))
    assert (record.phases.receive_s or 0) >= SEEN_S
    assert record.received_bytes == 2


@asynchronous
async def test_sending_is_until_the_body_is_out() -> None:
    timing = TimingConfig()
    body = bytes(16 * 2**20)
    async with (
        ScriptedServer(slow(before_reading_s=DELAY_S)) as server,
        session(timing) as client,
        client.post(server.url(), data=body) as response,
    ):
        await response.read()
    (record,) = timing.records
    assert (record.phases.send_s or 0) >= SEEN_S
    assert record.sent_bytes == len(body)


class SlowResolver(FakeResolver):
    async def resolve(self, *args: object, **kwargs: object) -> list[aioclient.ResolveResult]:
        await asyncio.sleep(DELAY_S)
        return await super().resolve(*args, **kwargs)  # type: ignore[arg-type] # as they came


@asynchronous
async def test_waiting_begins_when_the_body_is_out() -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(1000)

    timing = TimingConfig()
    async with (
        ScriptedServer(after_chunks(DELAY_S)) as server,
        session(timing) as client,
        client.post(server.url(), data=body()) as response,
    ):
        await response.read()
    assert (timing.records[0].phases.wait_s or 0) >= SEEN_S


@asynchronous
async def test_asking_for_addresses_is_a_phase_of_its_own() -> None:
    connector = aioclient.TCPConnector(resolver=SlowResolver({"service.example": ["127.0.0.1"]}))
    async with Pages() as server:
        record = await timed(server.url(host="service.example"), connector=connector)
    assert names(record) == ["queue", "dns", "connect", "send", "wait", "receive"]
    assert (record.phases.dns_s or 0) >= SEEN_S


@asynchronous
async def test_waiting_for_the_addresses_that_another_asks_for_is_the_same_phase() -> None:
    class Later(SlowResolver):
        async def resolve(self, *args: object, **kwargs: object) -> list[aioclient.ResolveResult]:
            await until(lambda: len(timing.records) == 2)
            return await super().resolve(*args, **kwargs)

    timing = TimingConfig()
    connector = aioclient.TCPConnector(resolver=Later({"service.example": ["127.0.0.1"]}))
    async with Pages() as server, session(timing, connector=connector) as client:

        async def one() -> None:
            async with client.get(server.url(host="service.example")) as response:
                await response.read()

        await asyncio.gather(one(), one())
    assert [(record.phases.dns_s or 0) >= SEEN_S for record in timing.records] == [True, True]


@asynchronous
async def test_a_handshake_is_a_phase_of_its_own(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    begins = asyncio.Event()

    class Slow(TlsSite):
        async def _play(self, *args: asyncio.StreamReader | asyncio.StreamWriter) -> None:
            await begins.wait()
            await asyncio.sleep(DELAY_S)
            await super()._play(*args)  # type: ignore[arg-type] # as they came

    async with Slow(server_tls) as server:
        record = await timed(server.url(), telling("tls_handshake_start", begins), ssl=trusting)
    assert names(record) == ["queue", "connect", "tls", "send", "wait", "receive"]
    assert (record.phases.tls_s or 0) >= SEEN_S
    assert record.tls_version == "TLSv1.3"


@asynchronous
async def test_a_tunnel_is_a_part_of_connecting(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    class Slow(RecordingProxy):
        async def _tunnel(self, *args: object) -> None:
            await asyncio.sleep(DELAY_S)
            await super()._tunnel(*args)  # type: ignore[arg-type] # as they came

    async with Pages(server_tls) as server, Slow() as proxy:
        record = await timed(server.url(), ssl=trusting, proxy=proxy.url())
    assert names(record) == ["queue", "connect", "tls", "send", "wait", "receive"]
    assert (record.phases.connect_s or 0) >= SEEN_S


@asynchronous
async def test_queueing_is_until_another_request_ends() -> None:
    timing = TimingConfig()
    connector = aioclient.TCPConnector(limit=1)
    async with (
        ScriptedServer(slow(before_head_s=DELAY_S)) as server,
        session(timing, connector=connector) as client,
    ):

        async def one() -> None:
            async with client.get(server.url()) as response:
                await response.read()

        await asyncio.gather(one(), one())
    first, second = timing.records
    assert names(second) == ["queue", "send", "wait", "receive"]
    assert (second.phases.queue_s or 0) >= SEEN_S
    assert second.is_reused
    assert second.connection_id == first.connection_id


@asynchronous
async def test_an_answer_that_comes_before_the_body_is_out_is_not_waited_for() -> None:
    is_answered = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await reader.read()

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        await is_answered.wait()

    timing = TimingConfig()
    async with (
        ScriptedServer(handler) as server,
        session(timing) as client,
        client.post(server.url(), data=body()) as response,
    ):
        await response.read()
        is_answered.set()
    (record,) = timing.records
    assert record.phases.wait_s == 0.0
    assert (record.phases.send_s or 0) > 0


@asynchronous
async def test_waiting_for_the_rest_of_a_redirect_is_queueing() -> None:
    left_at: list[float] = []
    is_followed = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 302 Moved\r\nLocation: /b\r\nContent-Length: 4\r\n\r\n")
        await is_followed.wait()
        await asyncio.sleep(DELAY_S)
        left_at.append(time.time())
        writer.write(b"left")
        await head_of(reader)
        writer.write(OK)

    timing = TimingConfig()
    async with (
        ScriptedServer(handler) as server,
        session(timing, telling("request_redirect", is_followed)) as client,
        client.get(server.url()) as response,
    ):
        await response.read()
    first, second = timing.records
    assert first.received_bytes == 0  # it was not wanted any more
    assert (second.phases.queue_s or 0) >= SEEN_S
    assert second.started_at <= left_at[0]
    assert second.is_reused


@asynchronous
async def test_what_is_told_of_a_connection_that_goes_to_another_request_is_no_phase() -> None:
    timing = TimingConfig()
    timing.freeze()  # as a session does
    trace = Trace(SimpleNamespace(version=aioclient.HttpVersion11), [timing])
    url = URL("http://service.example/")
    await trace.request_start("GET", url, CIMultiDict())
    await trace.dns_resolvehost_start("service.example")
    assert timing.records == []
    await trace.connection_create_start()
    await trace.reuseconn(7)
    await trace.tls_handshake_start("service.example")
    await trace.dns_cache_hit("service.example")
    (record,) = timing.records
    assert record.course.phase == "send"
    assert [phase for phase, _ in record.course.spans()] == ["queue", "connect"]


# --- what middlewares do is no phase of a request -------------------------------------------------


@pytest.mark.parametrize("before_body_s", [0.0, 0.01])
@asynchronous
async def test_the_time_of_a_middleware_is_not_counted(before_body_s: float) -> None:
    async def sleeps(
        request: aioclient.ClientRequest, handler: aioclient.ClientHandlerType
    ) -> aioclient.ClientResponse:
        await asyncio.sleep(DELAY_S)
        response = await handler(request)
        await response.read()
        await asyncio.sleep(DELAY_S)
        return response

    timing = TimingConfig()
    begun_at = time.monotonic()
    async with (
        ScriptedServer(slow(before_body_s=before_body_s)) as server,
        session(timing, middlewares=[sleeps]) as client,
    ):
        async with client.get(server.url()):
            pass
        whole_s = time.monotonic() - begun_at
    (record,) = timing.records
    # Not a matter of speed: it slept so long outside of them.
    assert record.phases.total_s <= whole_s - 2 * SEEN_S


@asynchronous
async def test_what_a_middleware_sends_again_is_a_record_of_its_own() -> None:
    async def twice(
        request: aioclient.ClientRequest, handler: aioclient.ClientHandlerType
    ) -> aioclient.ClientResponse:
        await handler(request)
        return await handler(request)

    timing = TimingConfig()
    async with (
        Pages() as server,
        session(timing, middlewares=[twice]) as client,
        client.get(server.url()) as response,
    ):
        await response.read()
    first, second = timing.records
    assert first.call == second.call
    assert [each.status for each in (first, second)] == [200, 200]
    assert all(each.is_finished for each in (first, second))
