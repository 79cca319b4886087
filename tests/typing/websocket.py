"""What a type checker knows of WebSockets: read by it, and never run."""

from typing import Any, Literal, assert_type

from aioclient import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    ConnectionInfo,
    WSCloseCode,
    WSMessage,
    WSMsgType,
    reconnect,
)


async def a_websocket_knows_whether_it_decodes_text(session: ClientSession, wish: bool) -> None:
    assert_type(await session.ws_connect("ws://a"), ClientWebSocketResponse[Literal[True]])
    assert_type(
        await session.ws_connect("ws://a", decode_text=False),
        ClientWebSocketResponse[Literal[False]],
    )
    assert_type(await session.ws_connect("ws://a", decode_text=wish), ClientWebSocketResponse[bool])
    async with session.ws_connect("ws://a", heartbeat=20, protocols=["chat"]) as ws:
        assert_type(ws, ClientWebSocketResponse[Literal[True]])


async def the_type_of_a_message_tells_that_of_its_data(session: ClientSession) -> None:
    ws = await session.ws_connect("ws://a")
    message = await ws.receive()
    assert_type(message, WSMessage)
    if message.type is WSMsgType.TEXT:
        assert_type(message.data, str)
    elif message.type is WSMsgType.BINARY:
        assert_type(message.data, bytes)
    elif message.type is WSMsgType.CLOSE:
        assert_type(message.data, int)
        assert_type(message.extra, str)
    elif message.type is WSMsgType.ERROR:
        assert_type(message.data, Exception)
    elif message.type is WSMsgType.CLOSED:
        assert_type(message.data, None)


async def so_it_does_in_a_loop(session: ClientSession) -> None:
    async with session.ws_connect("ws://a") as ws:
        async for message in ws:
            if message.type == WSMsgType.TEXT:
                assert_type(message.data, str)
            if message.type is WSMsgType.PING:
                assert_type(message.data, bytes)


async def text_that_is_not_decoded_is_bytes(session: ClientSession) -> None:
    async with session.ws_connect("ws://a", decode_text=False) as ws:
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                assert_type(message.data, bytes)


async def so_it_does_in_a_match(session: ClientSession) -> None:
    ws = await session.ws_connect("ws://a")
    message = await ws.receive()
    match message.type:
        case WSMsgType.TEXT:
            assert_type(message.data, str)
        case WSMsgType.BINARY:
            assert_type(message.data, bytes)
        case _:
            pass


async def a_websocket_tells_what_was_agreed_on(ws: ClientWebSocketResponse[bool]) -> None:
    assert_type(ws.closed, bool)
    assert_type(ws.close_code, int | None)
    assert_type(ws.protocol, str | None)
    assert_type(ws.compress, int)
    assert_type(ws.client_notakeover, bool)
    assert_type(ws.latency, float | None)
    assert_type(ws.exception(), Exception | None)
    assert_type(ws.response, ClientResponse)
    assert_type(ws.response.headers["Upgrade"], str)
    assert_type(ws.connection, ConnectionInfo)


async def text_is_what_was_asked_for(
    decoded: ClientWebSocketResponse[Literal[True]], plain: ClientWebSocketResponse[Literal[False]]
) -> None:
    assert_type(await decoded.receive_str(), str)
    assert_type(await plain.receive_str(), bytes)
    assert_type(await decoded.receive(timeout=5), WSMessage)


async def text_is_decoded_unless_it_is_said(ws: ClientWebSocketResponse) -> None:
    assert_type(ws, ClientWebSocketResponse[Literal[True]])
    assert_type(await ws.receive_str(), str)
    one_of_any(ws)


def one_of_any(ws: ClientWebSocketResponse[bool]) -> None:
    pass


async def messages_are_sent(ws: ClientWebSocketResponse[Literal[True]]) -> None:
    assert_type(await ws.send_str("a", compress=15), None)
    await ws.send_bytes(bytearray(b"a"))
    await ws.send_json({"a": 1}, dumps=str)
    await ws.send_frame(b"a", WSMsgType.BINARY)
    await ws.ping()
    await ws.pong(b"a")
    await ws.close(code=WSCloseCode.GOING_AWAY, message=b"bye")


async def the_handshake_takes_options_of_a_request(session: ClientSession) -> None:
    await session.ws_connect(
        "ws://a",
        timeout=ClientWSTimeout(ws_receive=5, ws_close=None),
        handshake_timeout=ClientTimeout(total=5),
        cookies={"a": "b"},
        proxy=False,
        middlewares=(),
        headers={"A": "b"},
        ssl=False,
    )


async def it_is_opened_again(session: ClientSession) -> None:
    async for ws in reconnect(session, "ws://a", backoff=1, heartbeat=20):
        assert_type(ws, ClientWebSocketResponse[Literal[True]])
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                assert_type(message.data, str)
                assert_type(message.json(), Any)


async def helpers_give_the_data(ws: ClientWebSocketResponse[Literal[True]]) -> None:
    assert_type(await ws.receive_bytes(), bytes)
    assert_type(await ws.receive_json(), Any)
    assert_type(await ws.close(), bool)
    async for piece in ws.receive_stream():
        assert_type(piece, str | bytes)


async def wrong(session: ClientSession, ws: ClientWebSocketResponse[Any]) -> None:
    await session.ws_connect("ws://a", nonsense=1)  # type: ignore[call-overload]
    await session.ws_connect("ws://a", heartbeat="20")  # type: ignore[call-overload]
    await session.ws_connect("ws://a", cookies=1)  # type: ignore[call-overload]
    await session.ws_connect("ws://a", proxy=True)  # type: ignore[call-overload]
    await session.ws_connect("ws://a", middlewares=1)  # type: ignore[call-overload]
    await ws.send_str(b"bytes")  # type: ignore[arg-type]
    await ws.send_bytes("text")  # type: ignore[arg-type]
