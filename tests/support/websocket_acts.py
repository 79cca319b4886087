"""Scenarios of WebSockets: what may happen to a request may happen to them, see `stage.py`.

What is received when somebody closes the session is no error, and so these raise one.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any, Final

from stage import Act, Scenario, Stage

from aioclient import ClientConnectionError, ClientTimeout, ClientWebSocketResponse, WSMsgType

#: More than the server's side of a connection holds.
LARGE: Final = os.urandom(200_000)
#: So much that it is compressed in a thread.
TEXT: Final = ("some words that are said " * 4000).encode()

WebSocket = ClientWebSocketResponse[Any]


async def _heard(ws: WebSocket) -> Any:
    message = await ws.receive()
    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
        return message.data
    raise ws.exception() or ClientConnectionError(f"received {message.type.name}")


def _url(stage: Stage, where: str, path: str) -> str:
    return str(getattr(stage.servers, where).url(path))


async def small(ws: WebSocket) -> None:
    for number in range(3):
        await ws.send_str(f"hello {number}")
        assert await _heard(ws) == f"hello {number}"


async def large(ws: WebSocket) -> None:
    await ws.send_bytes(LARGE)
    assert await _heard(ws) == LARGE


async def words(ws: WebSocket) -> None:
    for _ in range(2):
        await ws.send_bytes(TEXT)
        assert await _heard(ws) == TEXT


async def again(ws: WebSocket) -> None:
    """Receive, and if that is cancelled, receive all the same: nothing got lost."""
    await ws.send_bytes(LARGE)
    try:
        assert await _heard(ws) == LARGE
    except asyncio.CancelledError:
        assert await _heard(ws) == LARGE
        raise


async def words_again(ws: WebSocket) -> None:
    await ws.send_bytes(TEXT)
    try:
        assert await _heard(ws) == TEXT
    except asyncio.CancelledError:
        assert await _heard(ws) == TEXT
        raise


async def _pieces() -> AsyncIterator[bytes]:
    for at in range(0, len(LARGE), 50_000):
        yield LARGE[at : at + 50_000]
        await asyncio.sleep(0)


async def pieces(ws: WebSocket) -> None:
    await ws.send_stream(_pieces())
    got = [piece async for piece in ws.receive_stream()]
    if b"".join(got) != LARGE:  # it may end without an error only if somebody closes
        raise ws.exception() or ClientConnectionError("the message was cut off")


async def limited(ws: WebSocket) -> None:
    """A limit that does not pass, and one that does."""
    await ws.ping()
    try:
        await ws.receive(timeout=0.002)
    except TimeoutError:
        await ws.send_str("hello")
        assert await _heard(ws) == "hello"
        return
    raise ws.exception() or ClientConnectionError("the WebSocket was closed")


async def to_the_end(ws: WebSocket) -> None:
    await ws.send_str("hello")
    assert [message async for message in ws] == []


def talk(way: Any, path: str = "/ws", where: str = "peer", **options: Any) -> Act:
    """A WebSocket in a block, which closes it."""

    async def act(stage: Stage) -> None:
        context = stage.servers.trusting if where == "tls" else True
        url = _url(stage, where, path)
        async with stage.session.ws_connect(url, ssl=context, **options) as ws:
            await way(ws)

    return act


def left_open(way: Any, path: str = "/ws", **options: Any) -> Act:
    """A WebSocket that is dropped when all is said."""

    async def act(stage: Stage) -> None:
        ws = await stage.session.ws_connect(_url(stage, "peer", path), **options)
        await way(ws)

    return act


async def kept(stage: Stage) -> None:
    """What goes ahead: a connection is kept."""
    async with stage.session.get(stage.url("/echo"), timeout=ClientTimeout()) as response:
        await response.read()


async def kept_for_one(stage: Stage) -> None:
    """What goes ahead: a connection is kept that the server closes when it is asked again."""
    async with stage.session.get(stage.url("/last"), timeout=ClientTimeout()) as response:
        await response.read()


#: Their coroutines await when they are closed, which Python does not allow.
CLOSING: Final = {
    "ws": Scenario(talk(small)),
    "ws-tls": Scenario(talk(small, where="tls")),
    "ws-kept": Scenario(talk(small), kept),
    "ws-stale": Scenario(talk(small), kept_for_one),
    "ws-large": Scenario(talk(large)),
    "ws-large-tls": Scenario(talk(large, where="tls")),
    "ws-again": Scenario(talk(again)),
    "ws-pieces": Scenario(talk(pieces)),
    "ws-limited": Scenario(talk(limited)),
    "ws-to-the-end": Scenario(talk(to_the_end, "/ws/closing")),
    "ws-heartbeat": Scenario(talk(large, heartbeat=30)),
    "ws-deflate": Scenario(talk(words, compress=15)),
    "ws-deflate-again": Scenario(talk(words_again, compress=15)),
}
#: These do not. An error that somebody has holds them, too, so they are for who leaves without one.
LEFT_OPEN: Final = {
    "ws-left": Scenario(left_open(small)),
    "ws-left-large": Scenario(left_open(large)),
    "ws-left-heartbeat": Scenario(left_open(small, heartbeat=30)),
    "ws-left-deflate": Scenario(left_open(words, compress=15)),
}
