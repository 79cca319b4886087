"""How WebSockets end: by either side, by accident, by nobody (RFC 6455 section 7)."""

import asyncio
import gc
import ssl
import struct
import sys
import time
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import pytest
from running import asynchronous, cancelled, settled, started, until
from server_frames import BINARY, CLOSE, PING, TEXT, frame
from websocket_site import (
    Peer,
    WebSocketSite,
    blind,
    deaf,
    echo,
    listening,
    opened,
    saying,
    sending,
)

from aioclient import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientOSError,
    ClientSession,
    ClientWSTimeout,
    ServerTimeoutError,
    TCPConnector,
    WSCloseCode,
    WSMsgType,
)

#: The server has little time to answer our Close.
SHORT = ClientWSTimeout(ws_close=0.1)

# --- we close ------------------------------------------------------------------------------------

CLOSES: dict[str, tuple[dict[str, Any], bytes]] = {
    "default": ({}, b"\x03\xe8"),
    "code": ({"code": 1001}, b"\x03\xe9"),
    "code of the enumeration": ({"code": WSCloseCode.GOING_AWAY}, b"\x03\xe9"),
    "code of one's own": ({"code": 4999}, b"\x13\x87"),
    "reason": ({"code": 1001, "message": "☃".encode()}, b"\x03\xe9\xe2\x98\x83"),
    "longest reason": ({"message": b"x" * 123}, b"\x03\xe8" + b"x" * 123),
}


@pytest.mark.parametrize("name", CLOSES)
@asynchronous
async def test_the_server_is_told_why(name: str) -> None:
    options, payload = CLOSES[name]

    async def talk(peer: Peer) -> None:
        assert await peer.closed() == payload
        peer.send(frame(CLOSE, payload[:2]))
        assert not await peer.reader.read()

    async with opened(talk) as ws:
        assert await ws.close(**options)
        assert ws.closed
        assert ws.close_code == int.from_bytes(payload[:2], "big")
        assert ws.exception() is None


@asynchronous
async def test_close_waits_for_the_server_s_answer() -> None:
    may_answer = asyncio.Event()

    async def talk(peer: Peer) -> None:
        payload = await peer.closed()
        await may_answer.wait()
        peer.send(frame(CLOSE, payload))

    async with opened(talk) as ws:
        task = await started(ws.close(), 20)
        assert not task.done()
        assert ws.closed
        may_answer.set()
        assert await task is True


@asynchronous
async def test_to_close_twice_is_harmless() -> None:
    async with opened(listening) as ws:
        assert await ws.close() is True
        assert await ws.close() is False
        assert await ws.close(code=1001) is False


@asynchronous
async def test_two_may_close_at_a_time() -> None:
    async with opened(listening) as ws:
        assert sorted(await asyncio.gather(ws.close(), ws.close())) == [False, True]


@asynchronous
async def test_a_block_closes_at_its_end() -> None:
    async with opened(listening) as ws:
        async with ws:
            assert not ws.closed
        assert ws.closed
        assert ws.close_code == 1000


@asynchronous
async def test_a_block_around_the_connecting_closes_at_its_end() -> None:
    async with WebSocketSite(listening) as site, ClientSession() as session:
        with pytest.raises(ValueError, match="of the block"):
            async with session.ws_connect(site.url()) as ws:
                raise ValueError("of the block")
        assert ws.close_code == 1000


@asynchronous
async def test_nothing_can_be_sent_once_it_is_closed() -> None:
    async with opened(listening) as ws:
        await ws.close()
        for call in (ws.send_str("x"), ws.send_bytes(b"x"), ws.ping(), ws.pong(), ws.send_json(1)):
            with pytest.raises(ClientConnectionResetError, match="closing or closed"):
                await call


@asynchronous
async def test_nothing_is_received_once_it_is_closed() -> None:
    async with opened(sending(frame(TEXT, b"unread"))) as ws:
        await settled(50)
        await ws.close()
        for _ in range(2):
            assert (await ws.receive()).type is WSMsgType.CLOSED
        assert [message async for message in ws] == []


@asynchronous
async def test_who_is_receiving_hears_that_we_close() -> None:
    async with opened(listening) as ws:
        receiving = await started(ws.receive())
        await ws.close()
        assert (await receiving).type is WSMsgType.CLOSING
        assert (await ws.receive()).type is WSMsgType.CLOSED


@asynchronous
async def test_a_loop_over_messages_ends_when_another_closes() -> None:
    async with opened(listening) as ws:

        async def loop() -> list[Any]:
            return [message async for message in ws]

        task = await started(loop())
        await ws.close()
        assert await task == []


@asynchronous
async def test_a_server_that_does_not_answer_has_no_longer_than_the_limit() -> None:
    async with opened(deaf, timeout=SHORT) as ws:
        begin = time.monotonic()
        assert await ws.close()
        assert 0.09 < time.monotonic() - begin < 1
        assert ws.close_code == 1006
        assert isinstance(ws.exception(), ServerTimeoutError)


@asynchronous
async def test_a_server_that_does_not_read_has_no_longer_than_the_limit() -> None:
    async with opened(blind, timeout=SHORT) as ws:
        sender = await started(ws.send_bytes(b"x" * 20_000_000))
        assert not sender.done()
        begin = time.monotonic()
        assert await ws.close()
        assert time.monotonic() - begin < 1
        with pytest.raises(ClientConnectionResetError):
            await sender


@asynchronous
async def test_a_server_that_goes_on_sending_has_no_longer_than_the_limit() -> None:
    sent = 0

    async def endless(peer: Peer) -> None:
        nonlocal sent
        while True:
            peer.send(frame(BINARY, b"x" * 1000))
            await peer.writer.drain()
            await asyncio.sleep(0.001)
            sent += 1

    async with opened(endless, timeout=SHORT) as ws:
        await ws.receive()
        begin = time.monotonic()
        await ws.close()
        assert time.monotonic() - begin < 1
        assert ws.close_code == 1006
        assert sent > 10


@asynchronous
async def test_a_server_that_sends_very_much_instead_of_closing_is_cut_off() -> None:
    async def endless(peer: Peer) -> None:
        data = frame(BINARY, b"x" * 60_000)
        while True:
            peer.send(data)
            await peer.writer.drain()

    async with opened(endless, timeout=ClientWSTimeout(ws_close=60)) as ws:
        await ws.receive()
        await ws.close()
        assert ws.close_code == 1006
        assert isinstance(ws.exception(), ClientConnectionError)


@asynchronous
async def test_what_was_sent_before_is_discarded_and_the_answer_is_found() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"x" * 1000) * 2000)  # so much that reading has stopped
        await listening(peer)

    async with opened(talk) as ws:
        await asyncio.sleep(0.05)
        assert await ws.close()
        assert ws.close_code == 1000


@asynchronous
async def test_who_wants_pieces_meanwhile_does_not_hold_up_the_closing() -> None:
    has_come, may_answer = asyncio.Event(), asyncio.Event()

    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"x" * 600_000, fin=False), frame(PING, b"?"))
        assert await peer.frame() == (0x8A, b"?")
        has_come.set()
        payload = await peer.closed()
        await may_answer.wait()
        peer.send(frame(CLOSE, payload))

    async with opened(talk, timeout=ClientWSTimeout(ws_close=1)) as ws:
        await has_come.wait()
        closing = await started(ws.close())
        assert [piece async for piece in ws.receive_stream()] == []
        may_answer.set()
        assert await closing
        assert ws.close_code == 1000
        assert [message async for message in ws] == []


@asynchronous
async def test_who_is_cancelled_while_it_closes_has_cut_the_connection() -> None:
    async with opened(deaf) as ws:
        await cancelled(await started(ws.close(), 20))
        await until(lambda: ws.exception() is not None or ws.close_code is not None)
        assert ws.close_code == 1006
        assert not await ws.close()


@asynchronous
async def test_a_lost_connection_ends_the_closing() -> None:
    async def gone(peer: Peer) -> None:
        await peer.closed()

    async with opened(gone) as ws:
        assert await ws.close()
        assert ws.close_code == 1006


# --- the server closes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "code", "reason", "answer"),
    [
        (b"", 1005, "", b""),
        (b"\x03\xe8", 1000, "", b"\x03\xe8"),
        (b"\x03\xe9" + "leaving ☃".encode(), 1001, "leaving ☃", b"\x03\xe9"),
    ],
)
@asynchronous
async def test_a_close_is_answered_and_received(
    payload: bytes, code: int, reason: str, answer: bytes
) -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(CLOSE, payload))
        assert await peer.closed() == answer
        assert not await peer.reader.read()

    async with opened(talk) as ws:
        assert not ws.closed
        assert await ws.receive() == (WSMsgType.CLOSE, code, reason)
        assert ws.closed
        assert ws.close_code == code
        assert ws.exception() is None
        assert (await ws.receive()).type is WSMsgType.CLOSED


@asynchronous
async def test_a_close_is_answered_though_nobody_receives() -> None:
    async with opened(saying(frame(TEXT, b"last words"))) as ws:
        await until(lambda: ws.close_code is not None)
        assert await ws.receive_str() == "last words"
        assert (await ws.receive()).type is WSMsgType.CLOSE


@asynchronous
async def test_nothing_can_be_sent_after_the_server_s_close() -> None:
    async with opened(saying()) as ws:
        await ws.receive()
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("too late")


@asynchronous
async def test_to_close_what_the_server_closed_is_harmless() -> None:
    async with opened(saying()) as ws:
        await ws.receive()
        await ws.close()
        assert ws.close_code == 1000
        assert not await ws.close()


@asynchronous
async def test_what_comes_behind_a_close_is_not_received() -> None:
    async with opened(sending(frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"more"))) as ws:
        assert [message async for message in ws] == []
        assert ws.close_code == 1000


@asynchronous
async def test_without_autoclose_the_program_answers_the_close() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(CLOSE, b"\x03\xe9"))
        assert await peer.frame() == (0x81, b"not yet")
        assert await peer.closed() == b"\x0f\xa0"

    async with opened(talk, autoclose=False) as ws:
        assert (await ws.receive()).type is WSMsgType.CLOSE
        assert not ws.closed
        await ws.send_str("not yet")
        assert await ws.close(code=4000)
        assert ws.close_code == 1001


@asynchronous
async def test_a_server_that_waits_for_the_answer_to_its_close_is_not_pinged() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(CLOSE, b"\x03\xe9"))
        assert await peer.frame() == (0x88, b"\x03\xe8")

    async with opened(talk, autoclose=False, heartbeat=0.02) as ws:
        assert (await ws.receive()).type is WSMsgType.CLOSE
        await asyncio.sleep(0.1)  # more than the server would have to answer a ping
        assert await ws.close()
        assert ws.close_code == 1001
        assert ws.exception() is None


@asynchronous
async def test_both_close_at_a_time() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x81, b"go")
        peer.send(frame(CLOSE, b"\x03\xe9"))  # not the answer to ours, which is on its way
        assert await peer.closed() == b"\x03\xe8"
        assert not await peer.reader.read()

    async with opened(talk) as ws:
        await ws.send_str("go")
        assert await ws.close()
        assert ws.close_code == 1001


# --- the connection is lost ----------------------------------------------------------------------


def reset(peer: Peer) -> None:
    """Break the connection off, so that the other side hears of an error."""
    sock = peer.writer.get_extra_info("socket")
    sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()


@pytest.mark.parametrize("is_reset", [False, True])
@asynchronous
async def test_a_lost_connection_is_the_end(is_reset: bool) -> None:
    async def gone(peer: Peer) -> None:
        peer.send(frame(TEXT, b"last words"))
        if is_reset:
            assert await peer.frame() == (0x81, b"heard")
            reset(peer)

    async with opened(gone) as ws:
        assert await ws.receive_str() == "last words"
        if is_reset:
            await ws.send_str("heard")
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.closed
        assert ws.close_code == 1006
        error = ws.exception()
        # On Windows a reset may be heard as an end.
        is_told = is_reset and sys.platform != "win32"
        assert isinstance(error, ClientOSError if is_told else ClientConnectionError)
        assert (await ws.receive()).type is WSMsgType.CLOSED
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("anybody?")
        await ws.close()
        assert ws.close_code == 1006


@asynchronous
async def test_a_connection_that_is_lost_within_a_frame_gives_no_message() -> None:
    async def gone(peer: Peer) -> None:
        peer.send(frame(TEXT, b"whole"), frame(TEXT, b"not whole")[:-1])

    async with opened(gone) as ws:
        assert [message.data async for message in ws] == ["whole"]
        assert ws.close_code == 1006


@asynchronous
async def test_a_connection_over_tls_that_is_cut_is_lost(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def gone(peer: Peer) -> None:
        await peer.frame()
        reset(peer)

    async with (
        WebSocketSite(gone, ssl_context=server_tls) as site,
        ClientSession() as session,
        session.ws_connect(site.url(), ssl=trusting) as ws,
    ):
        await ws.send_str("x")
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.close_code == 1006


# --- the session closes --------------------------------------------------------------------------


@asynchronous
async def test_a_session_that_closes_says_so() -> None:
    said = []

    async def talk(peer: Peer) -> None:
        said.append(await peer.closed())

    async with WebSocketSite(talk) as site:
        session = ClientSession()
        sockets = [await session.ws_connect(site.url()) for _ in range(5)]
        receiving = [await started(ws.receive()) for ws in sockets]
        begin = time.monotonic()
        await session.close()
        assert time.monotonic() - begin < 1
        for task in receiving:
            assert (await task).type is WSMsgType.CLOSED
        assert [ws.close_code for ws in sockets] == [1006] * 5
        assert isinstance(sockets[0].exception(), ClientConnectionError)
        await until(lambda: len(said) == 5)
        assert set(said) == {b"\x03\xe9"}


@asynchronous
async def test_a_session_that_closes_does_not_wait_for_a_server_that_does_not_read() -> None:
    async with WebSocketSite(blind) as site:
        session = ClientSession()
        ws = await session.ws_connect(site.url(), heartbeat=30)
        sender = await started(ws.send_bytes(b"x" * 20_000_000))
        begin = time.monotonic()
        await session.close()
        assert time.monotonic() - begin < 5
        with pytest.raises(ClientConnectionResetError):
            await sender


@asynchronous
async def test_to_close_a_websocket_of_a_closed_session_is_harmless() -> None:
    async with WebSocketSite(listening) as site:
        session = ClientSession()
        ws = await session.ws_connect(site.url())
        await session.close()
        await ws.close()
        assert ws.closed


@asynchronous
async def test_a_websocket_lives_as_long_as_the_session_that_is_left_open() -> None:
    async with WebSocketSite(echo) as site, TCPConnector() as connector:
        async with ClientSession(connector=connector, connector_owner=False) as session:
            ws = await session.ws_connect(site.url(), heartbeat=0.05)
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"
        await ws.close()


# --- nobody closes -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_busy", [False, True])
@asynchronous
async def test_a_websocket_that_nobody_has_any_more_is_closed(is_busy: bool) -> None:
    frames = [frame(TEXT, b"x" * 60_000)] * 10 if is_busy else []

    async def talk(peer: Peer) -> None:
        peer.send(*frames)
        await peer.reader.read()

    async with WebSocketSite(talk) as site, ClientSession() as session:
        gc.collect()
        gc.disable()
        try:
            ws = await session.ws_connect(site.url(), heartbeat=30)
            await ws.send_str("hello")
            assert site.open == 1
            del ws
            await until(lambda: site.open == 0)
        finally:
            gc.enable()
        assert session.connector is not None
        assert session.connector.stats().active == 0


# --- the heartbeat -------------------------------------------------------------------------------


@asynchronous
async def test_a_silent_server_is_pinged() -> None:
    pings: list[float] = []

    async def talk(peer: Peer) -> None:
        while True:
            first, payload = await peer.frame()
            if first & 0x0F == CLOSE:
                peer.send(frame(CLOSE, payload))
                return
            assert (first, payload) == (0x89, b"")
            pings.append(time.monotonic())
            peer.send(frame(10, payload))

    async with opened(talk, heartbeat=0.1) as ws:
        receiving = await started(ws.receive())
        await asyncio.sleep(0.6)
        assert 3 <= len(pings) <= 6
        assert not receiving.done()
        assert ws.latency is not None
        await ws.close()
        await receiving


@asynchronous
async def test_a_server_that_does_not_answer_a_ping_is_given_up() -> None:
    async with opened(deaf, heartbeat=0.1) as ws:
        begin = time.monotonic()
        message = await ws.receive()
        assert 0.14 < time.monotonic() - begin < 0.5
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, ServerTimeoutError)
        assert ws.exception() is message.data
        assert ws.close_code == 1006
        assert ws.closed
        assert (await ws.receive()).type is WSMsgType.CLOSED
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("anybody?")


@asynchronous
async def test_a_dropped_link_is_noticed_though_nobody_receives() -> None:
    async with opened(deaf, heartbeat=0.1) as ws:
        await until(lambda: ws.exception() is not None)
        assert isinstance(ws.exception(), ServerTimeoutError)
        assert (await ws.receive()).type is WSMsgType.ERROR


@asynchronous
async def test_messages_from_before_a_link_was_dropped_are_received() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"before"))
        await deaf(peer)

    async with opened(talk, heartbeat=0.1) as ws:
        await until(lambda: ws.exception() is not None)
        assert await ws.receive_str() == "before"
        assert (await ws.receive()).type is WSMsgType.ERROR


@pytest.mark.parametrize("what", [frame(TEXT, b"x"), frame(PING), frame(10, b"unasked"), b"\x82"])
@asynchronous
async def test_any_arrival_counts_as_a_sign_of_life(what: bytes) -> None:
    pings = 0

    async def talk(peer: Peer) -> None:
        nonlocal pings
        whole = frame(BINARY, b"x" * 100)
        for number in range(30):
            # A frame in single bytes counts, too.
            peer.send(whole[number : number + 1] if what == b"\x82" else what)
            await asyncio.sleep(0.02)
        if what == b"\x82":
            peer.send(whole[30:])
        peer.send(frame(TEXT, b"end"))
        while (got := await peer.frame())[0] & 0x0F != CLOSE:
            pings += got[0] == 0x89
        peer.send(frame(CLOSE))

    async with opened(talk, heartbeat=0.2) as ws:
        while (await ws.receive()).data != "end":
            pass
        await ws.close()
        assert pings <= 1


@asynchronous
async def test_nobody_is_given_up_because_we_do_not_receive() -> None:
    async def talk(peer: Peer) -> None:
        # More than waits to be received, so that a pong would be stuck behind it.
        peer.send(frame(BINARY, b"x" * 100_000) * 300)
        while True:
            first, payload = await peer.frame()
            if first & 0x0F == PING:
                peer.send(frame(10, payload))
            elif first & 0x0F == CLOSE:
                peer.send(frame(CLOSE, payload))
                return

    async with opened(talk, heartbeat=0.1) as ws:
        await asyncio.sleep(0.5)
        assert ws.exception() is None
        for _ in range(300):
            assert len(await ws.receive_bytes()) == 100_000
        await asyncio.sleep(0.3)
        assert ws.exception() is None
        await ws.close()


@pytest.mark.skipif(sys.platform == "win32", reason="of one large write nobody sees the progress")
@asynchronous
async def test_a_server_that_takes_its_time_to_read_a_large_message_is_not_given_up() -> None:
    async def slowly(peer: Peer) -> None:
        taken = 0
        while taken < 20_000_000:
            taken += len(await peer.reader.read(200_000))
            await asyncio.sleep(0.01)
        peer.send(frame(TEXT, b"done"))
        await deaf(peer)

    async with opened(slowly, heartbeat=0.2, timeout=SHORT) as ws:
        begin = time.monotonic()
        await ws.send_bytes(b"x" * 20_000_000)
        assert await ws.receive_str() == "done"
        assert time.monotonic() - begin > 0.6
        await ws.close()


@asynchronous
async def test_a_server_that_stops_reading_a_large_message_is_given_up() -> None:
    async with opened(blind, heartbeat=0.2) as ws:
        with pytest.raises(ClientConnectionResetError):
            await ws.send_bytes(b"x" * 20_000_000)
        assert isinstance(ws.exception(), ServerTimeoutError)


# --- the pool ------------------------------------------------------------------------------------


@asynchronous
async def test_a_websocket_holds_a_slot_until_it_is_closed() -> None:
    async with (
        WebSocketSite(listening) as site,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        ws = await session.ws_connect(site.url())
        other = await started(session.ws_connect(site.url()))
        await asyncio.sleep(0.05)
        assert not other.done()
        await ws.close()
        await (await other).close()
        assert site.accepted == 2


@asynchronous
async def test_a_closed_websocket_leaves_nothing_to_use_again() -> None:
    async with WebSocketSite(listening) as site, ClientSession() as session:
        for _ in range(3):
            await (await session.ws_connect(site.url())).close()
        assert session.connector is not None
        await until(lambda: session.connector.stats().active == 0)  # type: ignore[union-attr]
        stats = session.connector.stats()
        assert (stats.idle, stats.created, stats.reused) == (0, 3, 0)
