"""Who receives goes on while the arrival of its message is being handled, and may do anything.

Each of these does something there that changes what is handled, or ends it.
"""

import asyncio
import contextvars
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from running import asynchronous, cancelled, settled, started, until
from server_frames import TEXT, frame
from websocket_site import Peer, WebSocketSite, echo, opened, sending

from aioclient import ClientConnectionResetError, ClientSession, ClientWebSocketResponse, WSMsgType

WebSocket = ClientWebSocketResponse[Any]

#: In one packet.
THREE = frame(TEXT, b"one") + frame(TEXT, b"two") + frame(TEXT, b"three")


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, server_tls: ssl.SSLContext) -> ssl.SSLContext | None:
    return server_tls if request.param == "tls" else None


async def three_when_told(peer: Peer) -> None:
    assert await peer.frame() == (0x81, b"now")
    await sending(THREE)(peer)


@asynccontextmanager
async def told(
    talk: Callable[[Peer], Awaitable[None]],
    tls: ssl.SSLContext | None,
    trusting: ssl.SSLContext,
    way: Callable[[ClientSession, WebSocket], Awaitable[Any]],
) -> AsyncIterator[tuple[WebSocket, Any]]:
    """A WebSocket, and what `way` gave, which received before the server was told to send."""
    async with WebSocketSite(talk, ssl_context=tls) as site, ClientSession(ssl=trusting) as session:
        ws = await session.ws_connect(site.url())
        task = await started(way(session, ws))
        await ws.send_str("now")
        yield ws, await task


async def closes(_session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    return await ws.close()


async def cuts(_session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    ws.response.close()
    await until(lambda: ws.close_code == 1006)
    return True


async def closes_the_session(session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    await session.close()
    return True


async def receives_more(_session: ClientSession, ws: WebSocket) -> bool:
    assert [await ws.receive_str() for _ in range(3)] == ["one", "two", "three"]
    return await ws.close()


async def receives_pieces(_session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    for words in "two", "three":
        assert [piece async for piece in ws.receive_stream()] == [words]
    return await ws.close()


async def sends_much(_session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    await ws.send_bytes(b"x" * 3_000_000)
    assert await ws.receive_str() == "two"
    return await ws.close()


async def begins_another(session: ClientSession, ws: WebSocket) -> bool:
    assert await ws.receive_str() == "one"
    url = str(ws.response.url)
    async with session.ws_connect(url) as other:
        await other.send_str("now")
        assert await other.receive_str() == "one"
    assert await ws.receive_str() == "two"
    return await ws.close()


async def hands_over(_session: ClientSession, ws: WebSocket) -> bool:
    """To a task that receives what is there already, while this one has not gone on yet."""
    assert await ws.receive_str() == "one"
    assert (await asyncio.ensure_future(ws.receive())).data == "two"
    return await ws.close()


WAYS = [
    closes,
    cuts,
    closes_the_session,
    receives_more,
    receives_pieces,
    sends_much,
    begins_another,
    hands_over,
]


@pytest.mark.parametrize("way", WAYS)
@asynchronous
async def test_who_has_received_may_do_anything(
    way: Callable[[ClientSession, WebSocket], Awaitable[Any]],
    tls: ssl.SSLContext | None,
    trusting: ssl.SSLContext,
) -> None:
    async with told(three_when_told, tls, trusting, way) as (_, outcome):
        assert outcome is True


@asynchronous
async def test_who_fails_when_it_has_received_harms_nobody(
    tls: ssl.SSLContext | None, trusting: ssl.SSLContext
) -> None:
    async def fails(_session: ClientSession, ws: WebSocket) -> bool:
        async def receive() -> None:
            raise ValueError(await ws.receive_str())

        with pytest.raises(ValueError, match="one"):
            await asyncio.ensure_future(receive())
        return True

    async with told(three_when_told, tls, trusting, fails) as (ws, _):
        assert [await ws.receive_str() for _ in range(2)] == ["two", "three"]
        await ws.close()


@asynchronous
async def test_who_has_received_is_the_task_that_it_was() -> None:
    number: contextvars.ContextVar[int] = contextvars.ContextVar("number", default=0)

    async def receive(ws: WebSocket, mine: int) -> tuple[int, Any]:
        number.set(mine)
        await ws.receive()
        return number.get(), asyncio.current_task()

    async with opened(echo) as one, opened(echo) as two:
        tasks = [await started(receive(one, 1)), await started(receive(two, 2))]
        await two.send_str("x")
        await one.send_str("x")
        assert [await task for task in tasks] == [(1, tasks[0]), (2, tasks[1])]


@asynchronous
async def test_one_that_has_received_may_cancel_another_whose_message_has_come_too() -> None:
    async with opened(echo) as one, opened(echo) as two:
        other: asyncio.Task[Any]

        async def first() -> None:
            await one.receive()
            other.cancel()

        task = await started(first())
        other = await started(two.receive())
        # Both answers are here before the loop looks again.
        await one.send_str("x")
        await two.send_str("y")
        await task
        await asyncio.wait([other])
        if other.cancelled():  # else its message came first
            assert await two.receive_str() == "y"
        else:
            assert other.result().data == "y"
        await one.close()
        await two.close()


@pytest.mark.parametrize("turns", range(12))
@asynchronous
async def test_a_message_is_received_once_whenever_who_waits_for_it_is_cancelled(
    turns: int,
) -> None:
    async with opened(echo) as ws:
        for number in range(20):
            task = await started(ws.receive())
            await ws.send_str(str(number))
            await settled(turns)
            task.cancel()
            await asyncio.wait([task])
            message = await ws.receive() if task.cancelled() else task.result()
            assert message.data == str(number)
        await ws.close()


@asynchronous
async def test_a_message_is_received_once_whenever_the_limit_of_receive_passes() -> None:
    async with opened(echo) as ws:
        for number in range(100):
            await ws.send_str(str(number))
            try:
                message = await ws.receive(timeout=number / 100_000)
            except TimeoutError:
                message = await ws.receive()
            assert message.data == str(number)
        await ws.close()


@asynchronous
async def test_who_waits_is_woken_by_a_close_of_ours_once() -> None:
    async with opened(echo) as ws:
        task = await started(ws.receive())
        closing = await started(ws.close(), 1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.result().type is WSMsgType.CLOSING
        await closing
        assert (await ws.receive()).type is WSMsgType.CLOSED


@asynchronous
async def test_a_limit_around_receive_is_kept_when_nothing_comes() -> None:
    async with opened(echo) as ws:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ws.receive(), 0.01)
        await cancelled(await started(asyncio.shield(asyncio.ensure_future(_ended(ws)))))
        await ws.close()
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("x")


async def _ended(ws: WebSocket) -> None:
    assert (await ws.receive()).type is WSMsgType.CLOSING


@asynchronous
async def test_two_that_answer_each_other_leave_time_for_others() -> None:
    async def answer(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send_str(message.data)

    async with opened(echo) as one, opened(echo) as two:
        tasks = [await started(answer(ws)) for ws in (one, two)]
        await one.send_str("x")
        await two.send_str("x")
        turns = 0
        async with asyncio.timeout(2):
            for _ in range(200):
                await asyncio.sleep(0)
                turns += 1
        assert turns == 200
        await one.close()
        await two.close()
        await asyncio.gather(*tasks, return_exceptions=True)
