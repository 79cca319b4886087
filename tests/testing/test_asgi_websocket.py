"""WebSockets of an ASGI app."""

import asyncio
import subprocess
import sys

import pytest
from running import asynchronous, until

import aioclient
from aioclient import WSMsgType
from aioclient.testing import ASGIConnector

pytest.importorskip("wsproto")

URL = "wss://a.example/path?q=1"


def session(app, **options):
    connector = ASGIConnector(app, lifespan="off", **options)
    return aioclient.ClientSession(connector=connector)


async def echo(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


@asynchronous
async def test_app_is_told_of_the_handshake():
    scopes = []

    async def app(scope, receive, send):
        scopes.append(scope)
        await receive()
        headers = [(b"x-own", b"1")]
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": headers})
        await send({"type": "websocket.close", "code": 4000, "reason": "enough"})

    async with session(app) as http, http.ws_connect(URL, protocols=["a", "b"]) as ws:
        assert ws.protocol == "b"
        assert ws.response.headers["X-Own"] == "1"
        message = await ws.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 4000, "enough")
    (scope,) = scopes
    assert scope["type"] == "websocket"
    assert scope["scheme"] == "wss"
    assert (scope["path"], scope["query_string"]) == ("/path", b"q=1")
    assert scope["subprotocols"] == ["a", "b"]
    assert "method" not in scope


@pytest.mark.parametrize("compress", [0, 15])
@asynchronous
async def test_messages_go_both_ways(compress):
    async with session(echo) as http, http.ws_connect(URL, compress=compress) as ws:
        assert ws.compress == compress
        for size in 0, 10, 100_000, 1_000_000:
            await ws.send_str("\u00fc" * size)
            assert await ws.receive_str() == "\u00fc" * size
            await ws.send_bytes(b"x" * size)
            assert await ws.receive_bytes() == b"x" * size


@asynchronous
async def test_pings_are_answered_while_the_app_does_something_else():
    ended = asyncio.Event()

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await ended.wait()

    async with session(app) as http, http.ws_connect(URL, autoping=False) as ws:
        await ws.ping(b"are you there")
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.PONG, b"are you there")
        ended.set()
        assert (await ws.receive()).data == 1000


@asynchronous
async def test_app_is_told_of_the_end():
    told = []

    async def app(scope, receive, send):
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
        told.append(message)
        assert await receive() == message
        with pytest.raises(OSError, match="closed"):
            await send({"type": "websocket.send", "text": "x"})

    async with session(app) as http:
        async with http.ws_connect(URL) as ws:
            await ws.send_str("x")
            await ws.close(code=4001, message=b"bye")
            assert ws.close_code == 4001
        await until(lambda: told)
        lost = await http.ws_connect(URL)
        lost.connection.transport.abort()
        await until(lambda: len(told) == 2)
    assert [(m["code"], m["reason"]) for m in told] == [(4001, "bye"), (1006, "")]


@asynchronous
async def test_messages_that_nobody_receives_do_not_hold_up_the_end():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(0.005)

    async with session(app) as http, http.ws_connect(URL) as ws:
        for number in range(100):
            await ws.send_str(str(number))
        assert (await ws.receive()).data == 1000


@asynchronous
async def test_app_can_refuse():
    async def app(scope, receive, send):
        await receive()
        if scope["path"] == "/close":
            await send({"type": "websocket.close"})
            return
        start = {"status": 401, "headers": [(b"x-own", b"1")]}
        await send({"type": "websocket.http.response.start", **start})
        for body, more in (b"go ", True), (b"away", False):
            message = {"type": "websocket.http.response.body", "body": body, "more_body": more}
            await send(message)

    async with session(app) as http:
        with pytest.raises(aioclient.WSServerHandshakeError) as caught:
            await http.ws_connect("ws://a.example/close")
        assert caught.value.status == 403
        with pytest.raises(aioclient.WSServerHandshakeError) as caught:
            await http.ws_connect("ws://a.example/refuse")
        assert (caught.value.status, caught.value.body) == (401, b"go away")


async def fails_at_once(scope, receive, send):
    raise ZeroDivisionError


async def fails_later(scope, receive, send):
    await send({"type": "websocket.accept"})
    raise ZeroDivisionError


async def says_nothing(scope, receive, send):
    pass


@asynchronous
async def test_error_of_the_app_is_that_of_the_handshake():
    async with session(fails_at_once) as http:
        with pytest.raises(ZeroDivisionError):
            await http.ws_connect(URL)
    async with session(says_nothing) as http:
        with pytest.raises(RuntimeError, match="has not accepted the WebSocket /path"):
            await http.ws_connect(URL)


@asynchronous
async def test_error_after_the_handshake_closes_and_is_raised_by_close():
    http = session(fails_later)
    async with http.ws_connect(URL) as ws:
        assert (await ws.receive()).data == 1011
    with pytest.raises(ZeroDivisionError):
        await http.close()


@asynchronous
async def test_errors_can_be_those_of_a_server(caplog):
    async with session(fails_at_once, raise_app_exceptions=False) as http:
        with pytest.raises(aioclient.WSServerHandshakeError) as caught:
            await http.ws_connect(URL)
        assert caught.value.status == 500
    http = session(fails_later, raise_app_exceptions=False)
    async with http, http.ws_connect(URL) as ws:
        assert (await ws.receive()).data == 1011
    assert [r.message for r in caplog.records] == ["the app failed in WebSocket /path"] * 2


@pytest.mark.parametrize("kind", ["websocket.http.response.body", "websocket.unknown"])
@asynchronous
async def test_app_that_breaks_the_rules_is_told_so(kind):
    async def app(scope, receive, send):
        await send({"type": kind})

    async with session(app) as http:
        with pytest.raises(RuntimeError, match=f"unexpected message '{kind}'"):
            await http.ws_connect(URL)


@asynchronous
async def test_nothing_is_sent_after_a_close():
    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        await send({"type": "websocket.send", "text": "x"})

    http = session(app)
    async with http.ws_connect(URL) as ws:
        assert (await ws.receive()).data == 1000
    with pytest.raises(RuntimeError, match="it has sent a Close"):
        await http.close()


def test_missing_package_is_named():
    script = """
import asyncio, sys
sys.modules["wsproto"] = None
import aioclient
from aioclient.testing import ASGIConnector

async def app(scope, receive, send):
    pass

async def main():
    async with aioclient.ClientSession(connector=ASGIConnector(app)) as session:
        await session.ws_connect("ws://a.example/")

try:
    asyncio.run(main())
except RuntimeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True
    )
    assert "pip install 'aioclient-http[testing]'" in done.stdout, done.stderr
