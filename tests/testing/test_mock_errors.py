"""Errors and delays of a `MockConnector` are met as those of a network are."""

import asyncio
import math

import pytest
from running import asynchronous, cancelled, started

import aioclient
from aioclient.testing import MockConnector

URL = "http://a.example/"


def session(mock, **options):
    return aioclient.ClientSession(connector=mock, **options)


async def pieces(*data, before=None, after=None):
    for piece in data:
        yield piece
        if before is not None:
            await before.wait()
    if after is not None:
        raise after


# --- errors ---------------------------------------------------------------------------------------

ERRORS = {
    "refused": aioclient.ClientConnectorError,
    "dns": aioclient.ClientConnectorDNSError,
    "connect_timeout": aioclient.ConnectionTimeoutError,
    "read_timeout": aioclient.SocketTimeoutError,
    "reset": aioclient.ClientOSError,
}


@pytest.mark.parametrize("error", ERRORS)
@asynchronous
async def test_error_has_the_class_that_it_would_have(error):
    mock = MockConnector().get("/", error=error)
    mock.get("/body", body=b"abc", error=error, cut_after=2)
    async with session(mock) as client:
        with pytest.raises(ERRORS[error]) as caught:
            await client.get(URL)
        assert type(caught.value) is ERRORS[error]
        async with client.get(f"{URL}body") as response:
            assert await response.content.readany() == b"ab"
            with pytest.raises(ERRORS[error]):
                await response.read()


@asynchronous
async def test_server_can_close_without_an_answer_and_in_the_middle_of_one():
    mock = MockConnector().get("/", error="disconnect")
    mock.get("/body", body=b"abc", cut_after=2).get(
        "/pieces", body=pieces(b"ab", b"c"), cut_after=1
    )
    async with session(mock) as client:
        with pytest.raises(aioclient.ServerDisconnectedError):
            await client.get(URL)
        for path in "body", "pieces":
            async with client.get(URL + path) as response:
                with pytest.raises(aioclient.ClientPayloadError):
                    await response.read()


@pytest.mark.parametrize("error", [ValueError("mine"), ZeroDivisionError, aioclient.ClientError])
@asynchronous
async def test_exception_is_raised_as_it_is(error):
    mock = MockConnector().get("/", error=error)
    async with session(mock) as client:
        with pytest.raises(error if isinstance(error, type) else type(error)) as caught:
            await client.get(URL)
    assert isinstance(error, type) or caught.value is error


@asynchronous
async def test_error_of_a_handler_is_that_of_the_request():
    async def handler(request):
        assert request.url.path == "/good"

    async with session(MockConnector(handler)) as client:
        with pytest.raises(AssertionError):
            await client.get(URL)


@pytest.mark.parametrize(
    ("error", "seen"),
    [(ValueError("mine"), ValueError), (ConnectionResetError(), aioclient.ClientOSError)],
)
@asynchronous
async def test_error_in_the_middle_of_a_body_is_that_of_its_reader(error, seen):
    go_on = asyncio.Event()
    mock = MockConnector().get("/", body=pieces(b"one", before=go_on, after=error))
    async with session(mock) as client, client.get(URL) as response:
        assert await response.content.readany() == b"one"
        go_on.set()
        with pytest.raises(seen):
            await response.content.read()


@asynchronous
async def test_lost_connection_of_a_kept_one_is_met_by_asking_again():
    mock = MockConnector().get("/", text="1").get("/", error="disconnect", times=1)
    mock.get("/", text="2")
    async with session(mock) as client:
        for text in "12":
            async with client.get(URL) as response:
                assert await response.text() == text
    assert [request.connection for request in mock.requests] == [1, 1, 2]


@asynchronous
async def test_middleware_tries_again():
    mock = MockConnector().get("/", status=503, times=2).get("/", text="at last")
    retry = aioclient.RetryMiddleware(attempts=3, backoff=0.001)
    async with session(mock, middlewares=[retry]) as client, client.get(URL) as response:
        assert await response.text() == "at last"
    mock.assert_sent("GET", URL, times=3)


# --- time -----------------------------------------------------------------------------------------


@asynchronous
async def test_answer_is_delayed():
    mock = MockConnector().get("/", text="late", delay=0.005)
    async with session(mock) as client:
        asking = await started(client.get(URL), turns=20)
        assert not asking.done()
        async with await asking as response:
            assert await response.text() == "late"


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (aioclient.ClientTimeout(total=0.01), aioclient.TotalTimeoutError),
        (aioclient.ClientTimeout(sock_read=0.01), aioclient.SocketTimeoutError),
    ],
)
@asynchronous
async def test_time_limits_work_against_a_delay(timeout, error):
    mock = MockConnector().get("/", delay=math.inf)
    mock.get("/body", body=pieces(b"one", before=asyncio.Event()))
    async with session(mock, timeout=timeout) as client:
        with pytest.raises(error):
            await client.get(URL)
        async with client.get(f"{URL}body") as response:
            with pytest.raises(error):
                await response.read()


@asynchronous
async def test_time_limit_for_a_connection_works_against_a_full_pool():
    mock = MockConnector(limit=1).get("/", delay=math.inf)
    async with session(mock, timeout=aioclient.ClientTimeout(connect=0.01)) as client:
        first = await started(client.get(URL))
        with pytest.raises(aioclient.ConnectionTimeoutError):
            await client.get(URL)
        await cancelled(first)


@asynchronous
async def test_time_limit_for_writing_works_against_who_does_not_read():
    async def handler(request):
        await asyncio.Event().wait()

    mock = MockConnector(handler, stream_requests=True)
    async with session(mock, timeout=aioclient.ClientTimeout(write=0.01)) as client:
        with pytest.raises(aioclient.SocketTimeoutError, match="write limit"):
            await client.put(URL, data=bytes(1_000_000))


@asynchronous
async def test_request_that_is_cancelled_ends_its_handler():
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(request):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with session(MockConnector(handler)) as client:
        asking = await started(client.get(URL))
        await begun.wait()
        await cancelled(asking)
        await asyncio.wait_for(ended.wait(), 5)


@asynchronous
async def test_response_that_is_closed_ends_its_body():
    ended = asyncio.Event()

    async def endless():
        try:
            while True:
                yield bytes(100_000)
        finally:
            ended.set()

    async with session(MockConnector().get("/", body=endless)) as client:
        response = await client.get(URL)
        response.close()
        await asyncio.wait_for(ended.wait(), 5)


@asynchronous
async def test_place_where_a_handler_failed_is_noted():
    async def handler(request):
        raise ZeroDivisionError("here")

    async with session(MockConnector(handler)) as client:
        with pytest.raises(ZeroDivisionError) as caught:
            await client.get(URL)
    (note,) = caught.value.__notes__
    assert "the server's side raised it here:" in note
    assert 'raise ZeroDivisionError("here")' in note


@asynchronous
async def test_handler_can_let_the_test_fail():
    async def handler(request):
        pytest.fail("no request wanted")

    async with session(MockConnector(handler)) as client:
        with pytest.raises(pytest.fail.Exception, match="no request wanted"):
            await client.get(URL)


@asynchronous
async def test_body_can_be_cut_before_its_beginning():
    async def never():
        await asyncio.Event().wait()
        yield b""

    mock = MockConnector().get("/", body=never, cut_after=0).get("/b", body=b"abc", cut_after=0)
    async with session(mock) as client:
        for path in "", "b":
            async with client.get(URL + path) as response:
                with pytest.raises(aioclient.ClientPayloadError):
                    await response.read()


@asynchronous
async def test_piece_that_is_no_bytes_is_the_error_of_the_reader():
    mock = MockConnector().get("/", body=lambda: pieces(bytearray(b"a"), memoryview(b"b"), "c"))
    async with session(mock) as client, client.get(URL) as response:
        assert await response.content.readexactly(2) == b"ab"
        with pytest.raises(TypeError, match="must be bytes, not str"):
            await response.read()
