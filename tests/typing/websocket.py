"""What a type checker knows of WebSockets: read by it, and never run."""

from typing import Any, Literal, assert_type

from aioclient import ClientSession, ClientWebSocketResponse, WSMessage, WSMsgType


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


async def helpers_give_the_data(ws: ClientWebSocketResponse[Literal[True]]) -> None:
    assert_type(await ws.receive_bytes(), bytes)
    assert_type(await ws.receive_json(), Any)
    assert_type(await ws.close(), bool)
    async for piece in ws.receive_stream():
        assert_type(piece, str | bytes)


async def wrong(session: ClientSession, ws: ClientWebSocketResponse[Any]) -> None:
    await session.ws_connect("ws://a", nonsense=1)  # type: ignore[call-overload]
    await session.ws_connect("ws://a", heartbeat="20")  # type: ignore[call-overload]
    await ws.send_str(b"bytes")  # type: ignore[arg-type]
    await ws.send_bytes("text")  # type: ignore[arg-type]
