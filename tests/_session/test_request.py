"""One request without a session of the caller's."""

import gc
import warnings

import pytest
from fake_connector import OK, FakeConnector
from running import asynchronous, until
from scripted import ScriptedServer, answers

import aioclient
from aioclient import ClientConnectorError, ClientPayloadError

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"


@asynchronous
async def test_a_request_in_a_block_leaves_nothing_open() -> None:
    async with ScriptedServer(answers(OK, stays_open=True)) as server:
        async with aioclient.request("get", server.url(), headers={"X-A": "b"}) as response:
            assert response.method == "GET"
            assert await response.read() == b"ok"
        async with aioclient.request("GET", server.url()) as response:
            assert response.status == 200  # and its body is not read


@asynchronous
async def test_a_request_can_be_awaited() -> None:
    async with ScriptedServer(answers(OK, stays_open=True)) as server:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            response = await aioclient.request("POST", server.url(), data=b"hello")
            assert await response.read() == b"ok"
            assert response.closed
            del response
            gc.collect()


@asynchronous
async def test_a_body_can_be_read_after_its_request_was_awaited() -> None:
    async with ScriptedServer(answers(HALF, b"hello", stays_open=True)) as server:
        response = await aioclient.request("GET", server.url())
        assert await response.read() == b"hellohello"


@asynchronous
async def test_a_response_that_is_released_closes_its_connection() -> None:
    async with ScriptedServer(answers(HALF, stays_open=True)) as server:
        response = await aioclient.request("GET", server.url())
        assert server.open == 1
        response.release()
        await until(lambda: not server.open)


@asynchronous
async def test_what_fails_leaves_nothing_open() -> None:
    async with ScriptedServer(answers(HALF)) as server:
        url = server.url()
        with pytest.raises(ClientPayloadError):
            async with aioclient.request("GET", url) as response:
                await response.read()
    with pytest.raises(ClientConnectorError):
        await aioclient.request("GET", url)
    with pytest.raises(TypeError, match="unknown request option"):
        await aioclient.request("GET", url, nonsense=1)


@asynchronous
async def test_a_connector_that_is_given_stays_open() -> None:
    connector = FakeConnector()
    connector.on_open = lambda transport: setattr(
        transport, "on_write", lambda: transport.receive(OK)
    )
    for _ in range(2):
        async with aioclient.request("GET", "http://a.example/", connector=connector) as response:
            assert await response.read() == b"ok"
    assert not connector.closed
    assert connector.begun == 1
    await connector.close()


def test_a_request_that_nobody_waits_for_opens_nothing() -> None:
    pending = aioclient.request("GET", "http://a.example/")
    pending.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del pending
        gc.collect()
