"""What the record of a request that failed says, and when there is one at all."""

import asyncio
from typing import Any

import pytest
from fake_resolver import FakeResolver
from pages import OK, Pages, page
from running import asynchronous, closed_port, until
from scripted import ScriptedServer, answers, head_of, silent

import aioclient
from aioclient.timing import TimingConfig, TimingRecord

SECRET = "xyzzy"


def session(timing: TimingConfig, **options: Any) -> aioclient.ClientSession:
    return aioclient.ClientSession(trace_configs=[timing], **options)


async def get(client: aioclient.ClientSession, url: str, **options: Any) -> None:
    async with client.get(url, **options) as response:
        await response.read()


async def failed(url: str, **options: Any) -> tuple[TimingRecord, Exception]:
    """The record of a request that fails, and what it failed with."""
    timing = TimingConfig()
    async with session(timing, **options) as client:
        with pytest.raises(aioclient.ClientError) as caught:
            await get(client, url)
    (record,) = timing.records
    assert record.is_finished
    assert record.error_type == type(caught.value).__name__
    assert record.error == str(caught.value)
    return record, caught.value


def last_phase(record: TimingRecord) -> str:
    return record.course.phase


@asynchronous
async def test_a_name_that_is_not_found_fails_while_addresses_are_asked_for() -> None:
    connector = aioclient.TCPConnector(resolver=FakeResolver({}))
    record, _ = await failed("http://nowhere.example/", connector=connector)
    assert last_phase(record) == "dns"
    assert record.status is None


@asynchronous
async def test_a_closed_port_fails_while_it_connects() -> None:
    record, _ = await failed(f"http://127.0.0.1:{closed_port()}/")
    assert last_phase(record) == "connect"
    assert record.connection_id == 0


@asynchronous
async def test_a_certificate_that_is_not_trusted_fails_in_the_handshake(server_tls: Any) -> None:
    async with Pages(server_tls) as server:
        record, _ = await failed(server.url())
    assert last_phase(record) == "tls"


@asynchronous
async def test_a_server_that_hangs_up_fails_what_waits() -> None:
    async with ScriptedServer(answers()) as server:
        record, _ = await failed(server.url())
    assert last_phase(record) == "wait"
    assert record.connection_id > 0


@asynchronous
async def test_a_body_that_breaks_off_fails_while_it_is_received() -> None:
    async with ScriptedServer(answers(OK[:-1])) as server:
        record, _ = await failed(server.url())
    assert last_phase(record) == "receive"
    assert (record.status, record.received_bytes) == (200, 1)


@asynchronous
async def test_a_limit_that_passes_in_the_queue_fails_there() -> None:
    timing = TimingConfig()
    connector = aioclient.TCPConnector(limit=1)
    async with ScriptedServer(silent) as server, session(timing, connector=connector) as client:
        first = asyncio.ensure_future(client.request("GET", server.url()).__aenter__())
        await until(lambda: connector.stats().active)
        with pytest.raises(aioclient.ConnectionTimeoutError):
            await client.get(server.url(), timeout=aioclient.ClientTimeout(pool=0.01))
        first.cancel()
        await asyncio.wait([first])
    cancelled, record = timing.records
    assert record.error_type == "ConnectionTimeoutError"
    assert [phase for phase, _ in record.phases.items()] == ["queue"]
    assert cancelled.error_type == "CancelledError"


@asynchronous
async def test_the_total_limit_is_told_by_its_name() -> None:
    async with ScriptedServer(silent) as server:
        record, _ = await failed(server.url(), timeout=aioclient.ClientTimeout(total=0.02))
    assert record.error_type == "TotalTimeoutError"


@asynchronous
async def test_a_status_that_is_an_error_for_the_caller_is_one_of_the_record() -> None:
    async with Pages(a=page(status="500 Broken")) as server:
        record, _ = await failed(server.url("/a"), raise_for_status=True)
    assert (record.status, record.error_type) == (500, "ClientResponseError")


@asynchronous
async def test_a_redirect_that_is_one_too_many_is_an_error_of_its_record() -> None:
    timing = TimingConfig()
    async with Pages().redirect("a", "/a") as server, session(timing) as client:
        with pytest.raises(aioclient.TooManyRedirects):
            await client.get(server.url("/a"), max_redirects=1)
    assert [record.error_type for record in timing.records] == [None, "TooManyRedirects"]


# --- middlewares ---------------------------------------------------------------------------------


@asynchronous
async def test_a_middleware_that_fails_before_anything_is_sent_leaves_a_record() -> None:
    async def fails(request: Any, handler: Any) -> aioclient.ClientResponse:
        raise LookupError(f"see http://me:{SECRET}@a.example/")

    timing = TimingConfig()
    async with session(timing, middlewares=[fails]) as client:
        with pytest.raises(LookupError):
            await client.get(f"http://me:{SECRET}@a.example/")
    (record,) = timing.records
    assert (record.error_type, record.error) == ("LookupError", "see http://a.example/")
    assert record.url == "http://a.example/"


@asynchronous
async def test_what_a_middleware_answers_by_itself_leaves_no_record() -> None:
    kept: list[aioclient.ClientResponse] = []

    async def remembers(request: Any, handler: Any) -> aioclient.ClientResponse:
        if not kept:
            kept.append(await handler(request))
        return kept[0]

    timing = TimingConfig()
    async with Pages() as server, session(timing, middlewares=[remembers]) as client:
        await get(client, server.url())
        await get(client, server.url())
    assert len(timing.records) == 1


@asynchronous
async def test_a_failure_that_a_middleware_overcomes_is_finished() -> None:
    async def overcomes(request: Any, handler: Any) -> aioclient.ClientResponse:
        try:
            response: aioclient.ClientResponse = await handler(request)
        except aioclient.ServerDisconnectedError:
            response = await handler(request)
        return response

    is_first = True

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        await head_of(reader)
        if not is_first:
            writer.write(OK)
        is_first = False

    timing = TimingConfig()
    async with ScriptedServer(handler) as server, session(timing, middlewares=[overcomes]) as one:
        await get(one, server.url())
    failure, record = timing.records
    assert (failure.error_type, failure.is_finished) == ("ServerDisconnectedError", True)
    assert (record.status, record.error_type) == (200, None)


@asynchronous
async def test_a_failure_instead_of_which_a_middleware_answers_is_finished() -> None:
    kept: list[aioclient.ClientResponse] = []

    async def answers_all_the_same(request: Any, handler: Any) -> aioclient.ClientResponse:
        try:
            kept.append(await handler(request))
        except aioclient.ClientConnectorError:
            pass
        return kept[0]

    timing = TimingConfig()
    async with Pages() as server, session(timing, middlewares=[answers_all_the_same]) as client:
        await get(client, server.url())
        await get(client, f"http://127.0.0.1:{closed_port()}/")
    assert [record.error_type for record in timing.records] == [None, "ClientConnectorError"]
    assert [record.is_finished for record in timing.records] == [True, True]


@asynchronous
async def test_a_middleware_that_fails_after_a_redirect_leaves_that_as_it_was() -> None:
    async def fails_once_followed(request: Any, handler: Any) -> aioclient.ClientResponse:
        if request.follows_redirect:
            raise LookupError("of the middleware")
        response: aioclient.ClientResponse = await handler(request)
        return response

    timing = TimingConfig()
    async with (
        Pages().redirect("a", "/b") as server,
        session(timing, middlewares=[fails_once_followed]) as client,
    ):
        with pytest.raises(LookupError):
            await client.get(server.url("/a"))
    (record,) = timing.records
    assert (record.status, record.error_type, record.is_finished) == (302, None, True)
