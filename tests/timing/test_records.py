"""What is recorded of requests, of which there is a record, and when it is finished."""

import asyncio
import gc
import weakref
from typing import Any

import pytest
from pages import OK, Pages, page
from running import asynchronous, closed_port, until
from scripted import ScriptedServer, answers, head_of

import aioclient
from aioclient.timing import TimingConfig, TimingRecord

SECRET = "xyzzy"


def session(timing: TimingConfig, **options: Any) -> aioclient.ClientSession:
    return aioclient.ClientSession(trace_configs=[timing], **options)


async def get(client: aioclient.ClientSession, url: str, **options: Any) -> None:
    async with client.get(url, **options) as response:
        await response.read()


# --- what is recorded ----------------------------------------------------------------------------


@asynchronous
async def test_a_record_says_what_was_asked_and_answered() -> None:
    timing = TimingConfig()
    async with (
        Pages(a=page(b"four", "X-Answer: 1", status="404 Not Here")) as server,
        session(timing) as client,
    ):
        url = server.url("/a?b=c")
        login = url.replace("//", f"//me:{SECRET}@")
        async with client.put(f"{login}#d", data=b"abc", headers={"X-Asked": "2"}) as response:
            await response.read()
            connection = response.connection
    (record,) = timing.records
    assert (record.method, record.url) == ("PUT", url)
    assert (record.status, record.reason) == (404, "Not Here")
    assert (record.request_version, record.response_version) == ("1.1", "1.1")
    assert (record.sent_bytes, record.received_bytes) == (3, 4)
    assert ("X-Asked", "2") in record.request_headers
    assert ("X-Answer", "1") in record.response_headers
    assert record.remote_address == ("127.0.0.1", server.port) == connection.peername
    assert (record.connection_id, record.is_reused) == (connection.id, False)
    assert (record.error_type, record.error, record.tls_version) == (None, None, None)
    assert (record.request_body, record.response_body) == (None, None)


@asynchronous
async def test_versions_of_http_are_those_that_were_spoken() -> None:
    timing = TimingConfig()
    async with (
        ScriptedServer(answers(b"HTTP/1.0 200 OK\r\n\r\n")) as server,
        session(timing, version=aioclient.HttpVersion10) as client,
    ):
        await get(client, server.url())
    (record,) = timing.records
    assert (record.request_version, record.response_version) == ("1.0", "1.0")


@asynchronous
async def test_a_kept_connection_is_reused() -> None:
    timing = TimingConfig()
    async with Pages() as server, session(timing) as client:
        await get(client, server.url())
        await get(client, server.url())
    first, second = timing.records
    assert (first.is_reused, second.is_reused) == (False, True)
    assert first.connection_id == second.connection_id
    assert first.call != second.call
    assert second.phases.connect_s is None


@asynchronous
async def test_each_redirect_has_a_record_of_its_own() -> None:
    timing = TimingConfig()
    async with Pages().redirect("a", "/b", 303).redirect("b", "/c") as server:
        async with session(timing) as client, client.post(server.url("/a"), data=b"1") as response:
            await response.read()
        urls = [server.url(path) for path in ("/a", "/b", "/c")]
    assert [record.url for record in timing.records] == urls
    assert [record.method for record in timing.records] == ["POST", "GET", "GET"]
    assert [record.status for record in timing.records] == [303, 302, 200]
    assert len({record.call for record in timing.records}) == 1
    assert all(record.is_finished for record in timing.records)


@asynchronous
async def test_the_second_sending_after_a_closed_connection_has_a_record_of_its_own() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await head_of(reader)

    timing = TimingConfig()
    async with ScriptedServer(handler) as server, session(timing) as client:
        await get(client, server.url())
        await get(client, server.url())
    first, closed, second = timing.records
    assert (closed.error_type, closed.status) == ("ServerDisconnectedError", None)
    assert closed.is_reused
    assert closed.connection_id == first.connection_id
    assert (second.error_type, second.status, second.is_reused) == (None, 200, False)
    assert closed.call == second.call


@asynchronous
async def test_bodies_are_recorded_if_that_is_wished() -> None:
    timing = TimingConfig(bodies=True, max_body_bytes=5)
    async with Pages(a=page(b"answered")) as server, session(timing) as client:
        async with client.post(server.url("/a"), data=b"asked") as response:
            assert await response.read() == b"answered"
        await get(client, server.url())
    first, second = timing.records
    assert first.request_body is not None
    assert first.response_body is not None
    assert (first.request_body.content, first.request_body.is_cut) == (b"asked", False)
    assert (first.response_body.content, first.response_body.is_cut) == (b"answe", True)
    assert second.request_body is None
    assert second.response_body is not None
    assert second.response_body.content == b"ok"


@asynchronous
async def test_concurrent_requests_of_several_sessions_are_kept_apart() -> None:
    timing = TimingConfig()
    async with Pages() as server, session(timing) as one, session(timing) as other:
        urls = [server.url(f"/{number}") for number in range(40)]
        await asyncio.gather(*(get(one if at % 2 else other, url) for at, url in enumerate(urls)))
    assert sorted(record.url for record in timing.records) == sorted(urls)
    assert len({record.call for record in timing.records}) == 40
    for record in timing.records:
        assert (record.status, record.received_bytes, record.is_finished) == (200, 2, True)


# --- how many are kept, and who is told ----------------------------------------------------------


@asynchronous
async def test_the_last_records_are_kept() -> None:
    timing = TimingConfig(max_records=3)
    async with Pages() as server, session(timing) as client:
        for number in range(5):
            await get(client, server.url(f"/{number}"))
    assert [record.url[-1] for record in timing.records] == ["2", "3", "4"]


@asynchronous
async def test_each_record_is_told_of_once_when_it_is_finished() -> None:
    told: list[TimingRecord] = []
    timing = TimingConfig(on_record=told.append)
    async with Pages().redirect("a", "/b") as server, session(timing) as client:
        async with client.get(server.url("/a")) as response:
            await response.read()
        with pytest.raises(aioclient.ClientConnectorError):
            await client.get(f"http://127.0.0.1:{closed_port()}/")
    assert told == timing.records
    assert [record.is_finished for record in told] == [True, True, True]


@asynchronous
async def test_a_record_that_is_pushed_out_is_told_of_unfinished_and_never_again() -> None:
    told: list[tuple[str, bool]] = []
    timing = TimingConfig(
        max_records=1, on_record=lambda record: told.append((record.url[-1], record.is_finished))
    )
    async with (
        Pages() as quick,
        ScriptedServer(answers(OK[:-1], stays_open=True)) as server,
        session(timing) as client,
    ):
        response = await client.get(server.url("/1"))
        await get(client, quick.url("/2"))
        response.close()
    assert told == [("1", False), ("2", True)]


@asynchronous
async def test_the_error_of_who_is_told_is_none_of_the_request() -> None:
    def fails(record: TimingRecord) -> None:
        raise LookupError("of the function")

    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: unheard.append(what))
    timing = TimingConfig(on_record=fails)
    async with Pages() as server, session(timing) as client:
        await get(client, server.url())
    assert [type(what["exception"]) for what in unheard] == [LookupError]


@asynchronous
async def test_a_response_that_is_dropped_ends_its_record() -> None:
    timing = TimingConfig()
    async with (
        ScriptedServer(answers(OK[:-1], stays_open=True)) as server,
        session(timing) as client,
    ):
        response = await client.get(server.url())
        (record,) = timing.records
        assert not record.is_finished
        del response
        gc.collect()
        await until(lambda: record.is_finished)
    assert (record.status, record.error_type) == (200, "ClientConnectionError")


@asynchronous
async def test_records_keep_nothing_of_the_session_and_its_responses() -> None:
    timing = TimingConfig()
    async with Pages() as server, session(timing) as client:
        response = await client.get(server.url())
        await response.read()
        seen = [weakref.ref(response), weakref.ref(client)]
    del response, client
    await asyncio.sleep(0)
    gc.collect()
    assert [each() for each in seen] == [None, None]
    assert len(timing.records) == 1


@asynchronous
async def test_what_is_under_way_when_all_is_forgotten_is_not_recorded() -> None:
    told: list[TimingRecord] = []
    timing = TimingConfig(on_record=told.append)
    async with (
        ScriptedServer(answers(OK[:-1], stays_open=True)) as server,
        session(timing) as client,
    ):
        response = await client.get(server.url())
        timing.clear()
        response.close()
    assert timing.records == []
    assert told == []


@pytest.mark.parametrize("name", ["max_records", "max_body_bytes"])
@pytest.mark.parametrize("number", [0, -1])
def test_limits_are_above_0(name: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0, not {number}"):
        TimingConfig(**{name: number})  # type: ignore[arg-type] # one of several
