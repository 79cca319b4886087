"""Messages over WebSockets, both ways: whole, in pieces, and of each type."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from running import asynchronous, cancelled, settled, started, until
from server_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame
from websocket_site import Peer, WebSocketSite, deaf, echo, listening, opened, saying, sending

from aioclient import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WebSocketError,
    WSMessageTypeError,
    WSMsgType,
)

WebSocket = ClientWebSocketResponse[Any]

# --- received ------------------------------------------------------------------------------------

RECEIVED: dict[str, tuple[bytes, WSMsgType, object]] = {
    "text": (frame(TEXT, b"hello"), WSMsgType.TEXT, "hello"),
    "empty text": (frame(TEXT), WSMsgType.TEXT, ""),
    "text beyond ASCII": (frame(TEXT, "naïve ☃".encode()), WSMsgType.TEXT, "naïve ☃"),
    "binary": (frame(BINARY, b"\0\xff"), WSMsgType.BINARY, b"\0\xff"),
    "large": (frame(BINARY, b"x" * 3_000_000), WSMsgType.BINARY, b"x" * 3_000_000),
    "close": (frame(CLOSE, b"\x03\xe9bye"), WSMsgType.CLOSE, 1001),
    "close without a code": (frame(CLOSE), WSMsgType.CLOSE, 1005),
    "fragments": (
        frame(TEXT, b"he", fin=False) + frame(0, b"ll", fin=False) + frame(0, b"o"),
        WSMsgType.TEXT,
        "hello",
    ),
    "a character in two fragments": (
        frame(TEXT, b"\xe2\x98", fin=False) + frame(0, b"\x83"),
        WSMsgType.TEXT,
        "☃",
    ),
    "a ping between fragments": (
        frame(TEXT, b"he", fin=False) + frame(PING, b"?") + frame(0, b"llo"),
        WSMsgType.TEXT,
        "hello",
    ),
}


@pytest.mark.parametrize("name", RECEIVED)
@asynchronous
async def test_a_message_is_received_as_what_it_is(name: str) -> None:
    frames, kind, data = RECEIVED[name]
    async with opened(sending(frames)) as ws:
        message = await ws.receive()
        assert (message.type, message.data) == (kind, data)
        assert type(message.data) is type(data)


@pytest.mark.parametrize("step", [1, 7])
@asynchronous
async def test_a_message_that_arrives_in_parts_is_received_whole(step: int) -> None:
    async def slowly(peer: Peer) -> None:
        data = frame(TEXT, b"one" * 50, fin=False) + frame(0, b"two") + frame(BINARY, b"three")
        for at in range(0, len(data), step):
            peer.send(data[at : at + step])
            await asyncio.sleep(0)
        await listening(peer)

    async with opened(slowly) as ws:
        assert await ws.receive_str() == "one" * 50 + "two"
        assert await ws.receive_bytes() == b"three"


@asynchronous
async def test_messages_come_in_their_order() -> None:
    frames = [frame(TEXT, b"%d" % number) for number in range(10_000)]
    async with opened(saying(*frames)) as ws:
        assert [message.data async for message in ws] == [str(number) for number in range(10_000)]


@asynchronous
async def test_without_decoding_text_is_bytes() -> None:
    async with opened(saying(frame(TEXT, "☃".encode())), decode_text=False) as ws:
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.TEXT, "☃".encode())


@asynchronous
async def test_without_decoding_text_that_is_none_is_refused_all_the_same() -> None:
    async def wrong(peer: Peer) -> None:
        peer.send(frame(TEXT, b"\xff"))
        assert await peer.closed() == b"\x03\xef"

    async with opened(wrong, decode_text=False) as ws:
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert ws.close_code == 1007


@asynchronous
async def test_the_helpers_give_the_data() -> None:
    frames = frame(TEXT, b"text"), frame(BINARY, b"bytes"), frame(TEXT, b'{"a": 1}')
    async with opened(saying(*frames)) as ws:
        assert await ws.receive_str() == "text"
        assert await ws.receive_bytes() == b"bytes"
        assert await ws.receive_json() == {"a": 1}


@asynchronous
async def test_a_message_is_json_for_who_asks() -> None:
    async with opened(saying(frame(TEXT, b"[1]"), frame(BINARY, b"[2]"))) as ws:
        assert (await ws.receive()).json() == [1]
        assert (await ws.receive()).json(loads=json.loads) == [2]


@asynchronous
async def test_json_is_read_by_a_function_of_the_caller_s() -> None:
    async with opened(saying(frame(TEXT, b"abc"))) as ws:
        assert await ws.receive_json(loads=str.upper) == "ABC"


WANTS: dict[str, Callable[[WebSocket], Awaitable[Any]]] = {
    "receive_str": lambda ws: ws.receive_str(),
    "receive_bytes": lambda ws: ws.receive_bytes(),
    "receive_json": lambda ws: ws.receive_json(),
}
OF_ANOTHER_TYPE = [
    ("receive_str", frame(BINARY, b"x"), "BINARY"),
    ("receive_str", frame(CLOSE), "CLOSE"),
    ("receive_bytes", frame(TEXT, b"x"), "TEXT"),
    ("receive_bytes", frame(CLOSE), "CLOSE"),
    ("receive_json", frame(BINARY, b"x"), "BINARY"),
    ("receive_json", frame(TEXT, b"\xff"), "ERROR"),
]


@pytest.mark.parametrize(("helper", "sent", "words"), OF_ANOTHER_TYPE)
@asynchronous
async def test_a_helper_refuses_a_message_of_another_type(
    helper: str, sent: bytes, words: str
) -> None:
    async with opened(sending(sent)) as ws:
        with pytest.raises(WSMessageTypeError, match=words):
            await WANTS[helper](ws)


@asynchronous
async def test_a_loop_over_messages_ends_with_the_close() -> None:
    async with opened(saying(frame(TEXT, b"a"), frame(BINARY, b"b"))) as ws:
        assert [message.data async for message in ws] == ["a", b"b"]
        assert ws.closed
        assert ws.close_code == 1000
        assert (await ws.receive()).type is WSMsgType.CLOSED


@asynchronous
async def test_a_second_coroutine_must_not_receive() -> None:
    async with opened(listening) as ws:
        first = await started(ws.receive())
        with pytest.raises(RuntimeError, match="receiving"):
            await ws.receive()
        await cancelled(first)


@asynchronous
async def test_who_must_not_receive_pieces_leaves_the_message_to_the_other() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x81, b"now")
        peer.send(frame(TEXT, b"he", fin=False))
        await asyncio.sleep(0.01)
        peer.send(frame(0, b"llo"))
        await listening(peer)

    async with opened(talk) as ws:
        first = await started(ws.receive())
        with pytest.raises(RuntimeError, match="receiving"):
            await anext(ws.receive_stream())
        await ws.send_str("now")
        assert (await first).data == "hello"


@asynchronous
async def test_who_receives_after_another_was_cancelled_gets_the_message() -> None:
    may_send = asyncio.Event()

    async def later(peer: Peer) -> None:
        await may_send.wait()
        await sending(frame(TEXT, b"hello"))(peer)

    async with opened(later) as ws:
        await cancelled(await started(ws.receive()))
        may_send.set()
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_a_limit_of_receive_loses_nothing() -> None:
    may_send = asyncio.Event()

    async def later(peer: Peer) -> None:
        await may_send.wait()
        await sending(frame(TEXT, b"hello"))(peer)

    async with opened(later, timeout=ClientWSTimeout(ws_receive=5, ws_close=10)) as ws:
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.02)
        may_send.set()
        assert await ws.receive_str() == "hello"
        assert not ws.closed


@asynchronous
async def test_the_limit_of_the_websocket_is_for_each_receive() -> None:
    async with opened(listening, timeout=ClientWSTimeout(ws_receive=0.02)) as ws:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await ws.receive()


# --- wrong ---------------------------------------------------------------------------------------

WRONG: dict[str, tuple[bytes, int]] = {
    "masked": (frame(TEXT, b"x", mask=b"abcd"), 1002),
    "unknown opcode": (frame(3), 1002),
    "reserved bit": (frame(TEXT, b"x", rsv=2), 1002),
    "compressed without an agreement": (frame(TEXT, b"x", rsv=4), 1002),
    "nothing to continue": (frame(CONTINUATION, b"x"), 1002),
    "a message within another": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
    "ping in fragments": (frame(PING, fin=False), 1002),
    "large ping": (frame(PING, b"x" * 126), 1002),
    "text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "reason that is no UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "code that may not be sent": (frame(CLOSE, b"\x03\xee"), 1002),
    "half a code": (frame(CLOSE, b"\x03"), 1002),
}


@pytest.mark.parametrize("name", WRONG)
@asynchronous
async def test_who_breaks_the_rules_is_told_so_and_an_error_is_received(name: str) -> None:
    frames, code = WRONG[name]

    async def wrong(peer: Peer) -> None:
        peer.send(frame(TEXT, b"good"), frames)
        assert await peer.closed() == code.to_bytes(2, "big")
        assert not await peer.reader.read()

    async with opened(wrong) as ws:
        assert await ws.receive_str() == "good"
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, WebSocketError)
        assert message.data.code == ws.close_code == code
        assert ws.closed
        assert ws.exception() is message.data
        assert (await ws.receive()).type is WSMsgType.CLOSED
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("more")


@asynchronous
async def test_a_loop_over_messages_gives_an_error_and_ends() -> None:
    async with opened(sending(frame(TEXT, b"good"), frame(3))) as ws:
        kinds = [message.type async for message in ws]
        assert kinds == [WSMsgType.TEXT, WSMsgType.ERROR]


@pytest.mark.parametrize("limit", [100, 70_000])
@asynchronous
async def test_a_message_may_have_as_many_bytes_as_max_msg_size(limit: int) -> None:
    data = b"x" * limit
    frames = frame(BINARY, data), frame(BINARY, data[1:], fin=False), frame(0, b"x")
    async with opened(saying(*frames), max_msg_size=limit) as ws:
        assert await ws.receive_bytes() == data
        assert await ws.receive_bytes() == data


TOO_LARGE = {
    "in one frame": frame(BINARY, b"x" * 101),
    "announced": frame(BINARY, b"", length=2**40),
    "in fragments": frame(BINARY, b"x" * 100, fin=False) + frame(0, b"x"),
    "in many fragments": frame(BINARY, b"x", fin=False) + frame(0, b"x", fin=False) * 100,
}


@pytest.mark.parametrize("name", TOO_LARGE)
@asynchronous
async def test_a_message_that_is_too_large_is_refused(name: str) -> None:
    async def large(peer: Peer) -> None:
        peer.send(TOO_LARGE[name])
        assert await peer.closed() == b"\x03\xf1"

    async with opened(large, max_msg_size=100) as ws:
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert ws.close_code == 1009
        assert "100" in str(message.data)


@asynchronous
async def test_a_max_msg_size_of_0_is_no_limit() -> None:
    async with opened(saying(frame(BINARY, b"x" * 5_000_000)), max_msg_size=0) as ws:
        assert len(await ws.receive_bytes()) == 5_000_000


# --- sent ----------------------------------------------------------------------------------------

SENT: dict[str, tuple[Callable[[WebSocket], Awaitable[None]], tuple[int, bytes]]] = {
    "send_str": (lambda ws: ws.send_str("☃"), (0x81, "☃".encode())),
    "send_bytes": (lambda ws: ws.send_bytes(b"\0\xff"), (0x82, b"\0\xff")),
    "send_bytes of a bytearray": (lambda ws: ws.send_bytes(bytearray(b"ab")), (0x82, b"ab")),
    "send_bytes of a view": (lambda ws: ws.send_bytes(memoryview(b"abc")[1:]), (0x82, b"bc")),
    "send_json": (lambda ws: ws.send_json({"a": [1]}), (0x81, b'{"a": [1]}')),
    "send_json with dumps": (lambda ws: ws.send_json(7, dumps=lambda _: "abc"), (0x81, b"abc")),
    "send_json with dumps to bytes": (
        lambda ws: ws.send_json(7, dumps=lambda _: b"abc"),
        (0x81, b"abc"),
    ),
    "send_json_bytes": (
        lambda ws: ws.send_json_bytes([1], dumps=lambda value: json.dumps(value).encode()),
        (0x82, b"[1]"),
    ),
    "send_frame of text": (lambda ws: ws.send_frame(b"abc", WSMsgType.TEXT), (0x81, b"abc")),
    "send_frame of binary": (lambda ws: ws.send_frame(b"abc", WSMsgType.BINARY), (0x82, b"abc")),
    "send_frame of a ping": (lambda ws: ws.send_frame(b"abc", WSMsgType.PING), (0x89, b"abc")),
    "ping": (lambda ws: ws.ping(b"abc"), (0x89, b"abc")),
    "ping without data": (lambda ws: ws.ping(), (0x89, b"")),
    "ping of text": (lambda ws: ws.ping("abc"), (0x89, b"abc")),
    "pong": (lambda ws: ws.pong(b"abc"), (0x8A, b"abc")),
    "126 bytes": (lambda ws: ws.send_bytes(b"x" * 126), (0x82, b"x" * 126)),
    "65536 bytes": (lambda ws: ws.send_bytes(b"x" * 65536), (0x82, b"x" * 65536)),
    "2 MB": (lambda ws: ws.send_bytes(b"x" * 2_000_000), (0x82, b"x" * 2_000_000)),
}


@pytest.mark.parametrize("name", SENT)
@asynchronous
async def test_what_is_sent_arrives(name: str) -> None:
    send, expected = SENT[name]

    async def talk(peer: Peer) -> None:
        assert await peer.frame() == expected
        await listening(peer)

    async with opened(talk) as ws, ws:
        await send(ws)


NOT_SENT: dict[str, tuple[Callable[[Any], Awaitable[None]], type[Exception]]] = {
    "send_str of bytes": (lambda ws: ws.send_str(b"abc"), TypeError),
    "send_bytes of text": (lambda ws: ws.send_bytes("abc"), TypeError),
    "send_json_bytes of text": (lambda ws: ws.send_json_bytes(1, dumps=str), TypeError),
    "ping that is too long": (lambda ws: ws.ping(b"x" * 126), ValueError),
    "pong that is too long": (lambda ws: ws.pong(b"x" * 126), ValueError),
    "a lone surrogate": (lambda ws: ws.send_str("\ud800"), ValueError),
    "a frame that goes on with nothing": (
        lambda ws: ws.send_frame(b"x", WSMsgType.CONTINUATION),
        ValueError,
    ),
    "a frame of no type": (lambda ws: ws.send_frame(b"x", WSMsgType.CLOSED), ValueError),
    "a close by hand": (lambda ws: ws.send_frame(b"x", WSMsgType.CLOSE), ValueError),
    "close with a code that may not be sent": (lambda ws: ws.close(code=1006), ValueError),
    "close with a long reason": (lambda ws: ws.close(message=b"x" * 124), ValueError),
}


@pytest.mark.parametrize("name", NOT_SENT)
@asynchronous
async def test_what_cannot_be_sent_is_refused_and_harms_nothing(name: str) -> None:
    send, error = NOT_SENT[name]
    async with opened(echo) as ws:
        with pytest.raises(error):
            await send(ws)
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"
        assert await ws.close()


@asynchronous
async def test_two_may_send_at_a_time() -> None:
    async with opened(echo) as ws:
        words = [str(number) * 20_000 for number in range(20)]
        sending = asyncio.gather(*(ws.send_str(word) for word in words))
        assert sorted([await ws.receive_str() for _ in words]) == sorted(words)
        await sending


@asynchronous
async def test_sending_waits_while_the_server_does_not_read() -> None:
    may_read = asyncio.Event()

    async def later(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        await may_read.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        for _ in range(sent):
            assert await peer.frame() == (0x82, b"x" * 100_000)
        await listening(peer)

    sent = 0
    async with opened(later) as ws:
        async with asyncio.timeout(5):
            while True:
                task = await started(ws.send_bytes(b"x" * 100_000))
                sent += 1
                if not task.done():
                    await asyncio.sleep(0.05)
                    if not task.done():
                        break
                await task
        may_read.set()
        await task
        assert await ws.close()


@asynchronous
async def test_who_waits_to_send_hears_that_the_connection_is_lost() -> None:
    may_go = asyncio.Event()

    async def gone(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        await may_go.wait()
        peer.writer.transport.abort()

    async with opened(gone) as ws:
        task = await started(ws.send_bytes(b"x" * 20_000_000))
        assert not task.done()
        may_go.set()
        with pytest.raises(ClientConnectionResetError):
            await task


# --- in pieces -----------------------------------------------------------------------------------


async def given(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


@asynchronous
async def test_a_message_may_be_sent_in_pieces() -> None:
    async def talk(peer: Peer) -> None:
        assert [await peer.frame() for _ in range(4)] == [
            (TEXT, b"he"),
            (CONTINUATION, "☃".encode()),
            (CONTINUATION, b"o"),
            (0x80 | CONTINUATION, b""),
        ]
        assert await peer.frame() == (0x82, b"")
        await listening(peer)

    async with opened(talk) as ws, ws:
        await ws.send_stream(given("he", "☃", "o"))
        await ws.send_stream(given())


@asynchronous
async def test_other_messages_wait_for_one_that_is_sent_in_pieces_and_pings_do_not() -> None:
    may_go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await may_go_on.wait()
        yield b"two"

    async def talk(peer: Peer) -> None:
        frames = [await peer.frame() for _ in range(5)]
        assert [first & 0x0F for first, _ in frames] == [BINARY, PING, 0, 0, TEXT]
        await listening(peer)

    async with opened(talk) as ws, ws:
        stream = await started(ws.send_stream(pieces()))
        other = await started(ws.send_str("other"))
        await ws.ping()
        assert not other.done()
        may_go_on.set()
        await asyncio.gather(stream, other)


@asynchronous
async def test_pieces_of_two_kinds_are_refused() -> None:
    async with opened(deaf) as ws:
        with pytest.raises(TypeError, match="all str, or all bytes"):
            await ws.send_stream(given("a", b"b"))
        await until(lambda: ws.close_code is not None)
        assert ws.close_code == 1006


@asynchronous
async def test_an_iterable_that_fails_at_its_beginning_harms_nothing() -> None:
    async def failing() -> AsyncIterator[bytes]:
        raise ValueError("of the iterable")
        yield b""

    async with opened(echo) as ws:
        with pytest.raises(ValueError, match="of the iterable"):
            await ws.send_stream(failing())
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_an_iterable_that_fails_within_its_message_cuts_the_connection() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise ValueError("of the iterable")

    async with opened(deaf) as ws:
        with pytest.raises(ValueError, match="of the iterable"):
            await ws.send_stream(failing())
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("more")


@asynchronous
async def test_a_stream_that_is_cancelled_while_its_first_piece_waits_cuts_the_connection() -> None:
    async def still(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        await asyncio.Event().wait()

    async with opened(still) as ws:
        await cancelled(await started(ws.send_stream(given(b"x" * 20_000_000)), 20))
        await settled()
        with pytest.raises(ClientConnectionResetError):
            await ws.send_str("more")


@asynchronous
async def test_to_close_within_a_message_that_is_sent_in_pieces_is_a_close_all_the_same() -> None:
    may_go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await may_go_on.wait()
        yield b"two"

    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (BINARY, b"one")
        assert await peer.closed() == b"\x03\xe8"
        may_go_on.set()
        await asyncio.sleep(0.05)
        peer.send(frame(CLOSE, b"\x03\xe8"))

    async with opened(talk) as ws:
        sending = await started(ws.send_stream(pieces()), 20)
        assert await ws.close()
        assert ws.close_code == 1000
        with pytest.raises(ClientConnectionResetError):
            await sending


@asynchronous
async def test_a_message_may_be_received_in_pieces() -> None:
    may_go_on = asyncio.Event()

    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, "he☃".encode()[:4], fin=False))
        await may_go_on.wait()
        peer.send(frame(0, "he☃".encode()[4:], fin=False), frame(PING), frame(0, b"o"))
        await sending(frame(TEXT, b"next"))(peer)

    async with opened(talk) as ws:
        pieces = []
        async for piece in ws.receive_stream():
            pieces.append(piece)
            may_go_on.set()
        assert "".join(pieces) == "he☃o"
        assert pieces[0] == "he"
        assert await ws.receive_str() == "next"


@pytest.mark.parametrize("decode_text", [True, False])
@asynchronous
async def test_a_message_that_is_there_already_is_one_piece(decode_text: bool) -> None:
    async with opened(
        saying(frame(TEXT, b"one"), frame(BINARY, b"two")), decode_text=decode_text
    ) as ws:
        await settled(50)
        one = "one" if decode_text else b"one"
        assert [piece async for piece in ws.receive_stream()] == [one]
        assert [piece async for piece in ws.receive_stream()] == [b"two"]
        assert [piece async for piece in ws.receive_stream()] == []


@asynchronous
async def test_a_message_received_in_pieces_may_be_larger_than_the_limit() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x81, b"now")
        await saying(frame(BINARY, b"x" * 3_000_000))(peer)

    async with opened(talk, max_msg_size=1000) as ws:
        stream = ws.receive_stream()
        first = await started(anext(stream))  # so that it is known how the message is wanted
        await ws.send_str("now")
        assert len(await first) + sum([len(piece) async for piece in stream]) == 3_000_000


@asynchronous
async def test_an_error_within_a_message_in_pieces_is_raised() -> None:
    async with opened(sending(frame(TEXT, b"he", fin=False) + frame(3))) as ws:
        with pytest.raises(WebSocketError) as caught:
            assert [piece async for piece in ws.receive_stream()] == []
        assert caught.value.code == ws.close_code == 1002
        assert ws.closed


@asynchronous
async def test_pieces_that_nobody_takes_stop_the_server() -> None:
    sent = 0

    async def talk(peer: Peer) -> None:
        nonlocal sent
        peer.send(frame(BINARY, b"", length=1_000_000_000))
        while True:
            peer.send(b"x" * 60_000)
            await peer.writer.drain()
            sent += 60_000

    async with opened(talk, max_msg_size=0) as ws:
        stream = ws.receive_stream()
        assert await anext(stream)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
            assert sent < 50_000_000
        await stream.aclose()


@asynchronous
async def test_a_connection_that_is_lost_within_a_message_is_an_error_of_its_pieces() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"he", fin=False))

    async with opened(talk) as ws:
        with pytest.raises(ClientConnectionError):
            assert [piece async for piece in ws.receive_stream()] == []


@asynchronous
async def test_a_message_in_pieces_that_was_left_is_no_other_message() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(TEXT, b"he", fin=False))
        assert (await peer.frame())[1] == b"go on"
        peer.send(frame(0, b"llo"))
        await listening(peer)

    async with opened(talk) as ws:
        stream = ws.receive_stream()
        assert await anext(stream) == "he"
        await stream.aclose()
        await ws.send_str("go on")
        with pytest.raises(RuntimeError, match="in pieces"):
            await ws.receive()


@asynchronous
async def test_a_message_that_was_wanted_in_pieces_waits_for_who_takes_them() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x81, b"now")
        peer.send(frame(TEXT, b"he", fin=False))
        await asyncio.sleep(0.01)
        peer.send(frame(0, b"llo"), frame(TEXT, b"next"))
        await listening(peer)

    async with opened(talk) as ws:
        await cancelled(await started(anext(ws.receive_stream())))
        await ws.send_str("now")
        for _ in range(2):
            with pytest.raises(RuntimeError, match="in pieces"):
                await ws.receive()
        assert "".join([str(piece) async for piece in ws.receive_stream()]) == "hello"
        assert await ws.receive_str() == "next"


# --- pings ---------------------------------------------------------------------------------------


@asynchronous
async def test_a_ping_is_answered_though_nobody_receives() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(PING, b"abc"))
        assert await peer.frame() == (0x8A, b"abc")
        answered.set()
        await listening(peer)

    answered = asyncio.Event()
    async with opened(talk):
        await answered.wait()


@asynchronous
async def test_pings_and_pongs_are_no_messages_as_a_rule() -> None:
    frames = frame(PING, b"a"), frame(PONG, b"b"), frame(TEXT, b"c")
    async with opened(saying(*frames)) as ws:
        assert [message.data async for message in ws] == ["c"]


@asynchronous
async def test_without_autoping_pings_and_pongs_are_messages_and_nobody_answers() -> None:
    async def talk(peer: Peer) -> None:
        peer.send(frame(PING, b"a"), frame(PONG, b"b"))
        assert await peer.frame() == (0x81, b"first")
        await listening(peer)

    async with opened(talk, autoping=False) as ws:
        messages = [await ws.receive() for _ in range(2)]
        assert messages == [(WSMsgType.PING, b"a", ""), (WSMsgType.PONG, b"b", "")]
        await ws.send_str("first")
        await ws.close()


@asynchronous
async def test_latency_is_what_the_last_ping_took() -> None:
    async def talk(peer: Peer) -> None:
        _, payload = await peer.frame()
        await asyncio.sleep(0.05)
        peer.send(frame(PONG, payload), frame(TEXT, b"pong"))
        await listening(peer)

    async with opened(talk) as ws:
        assert ws.latency is None
        await ws.ping(b"abc")
        await ws.receive()
        assert ws.latency is not None
        assert 0.04 < ws.latency < 1


@asynchronous
async def test_a_pong_that_answers_no_ping_says_nothing_of_latency() -> None:
    async def talk(peer: Peer) -> None:
        await peer.frame()
        peer.send(frame(PONG, b"other"), frame(TEXT, b"x"))
        await listening(peer)

    async with opened(talk) as ws:
        await ws.ping(b"abc")
        await ws.receive()
        assert ws.latency is None


@asynchronous
async def test_of_a_flood_of_pings_by_a_server_that_does_not_read_the_last_is_answered() -> None:
    may_read = asyncio.Event()
    count = 300_000

    async def flood(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        for begin in range(0, count, 1000):
            peer.send(*(frame(PING, b"%125d" % number) for number in range(begin, begin + 1000)))
            await peer.writer.drain()
        peer.send(frame(TEXT, b"done"))
        await may_read.wait()
        peer.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        answers, payload = 0, b""
        while int(payload or b"0") != count - 1:
            first, payload = await peer.frame()
            assert first == 0x8A
            answers += 1
        assert answers < count
        await peer.shut()

    async with opened(flood) as ws:
        assert await ws.receive_str() == "done"
        may_read.set()
        assert (await ws.receive()).data == 1000


@asynchronous
async def test_two_sessions_share_nothing() -> None:
    async with (
        WebSocketSite(echo) as site,
        ClientSession() as one,
        ClientSession() as two,
        one.ws_connect(site.url()) as first,
        two.ws_connect(site.url()) as second,
    ):
        await first.send_str("one")
        await second.send_str("two")
        assert (await second.receive_str(), await first.receive_str()) == ("two", "one")
