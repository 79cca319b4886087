"""Section 9 of the reference: WebSocket."""

from typing import Any

import pytest
from reference import Call, Line, Names
from running import asynchronous
from server_frames import TEXT, frame
from websocket_site import WebSocketSite, listening, opened, sending

import aioclient
from aioclient import (
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageTypeError,
    WSMsgType,
)

_HANDSHAKE = "tests/loopback/test_websocket_handshake.py::"
_MESSAGES = "tests/loopback/test_websocket_messages.py::"
_CLOSING = "tests/loopback/test_websocket_closing.py::"
_DEFLATE = "tests/loopback/test_websocket_deflate.py::"

ROWS = (
    Call(
        "ClientSession.ws_connect",
        """url, *, method=SENT, protocols=SENT, timeout=SENT, receive_timeout=SENT, autoclose=SENT,
        autoping=SENT, heartbeat=SENT, auth=SENT, origin=SENT, params=SENT, headers=SENT,
        proxy=SENT, proxy_auth=SENT, ssl=SENT, verify_ssl=SENT, fingerprint=SENT,
        ssl_context=SENT, server_hostname=SENT, proxy_headers=SENT, compress=SENT,
        max_msg_size=SENT, decode_text=True""",
    ),
    Line("the URL may be one of ws, wss, http and https", f"{_HANDSHAKE}test_a_websocket_over_tls"),
    Line("the defaults of ws_connect", "test_the_defaults_are_those_of_the_reference"),
    Line(
        "a number for timeout, and receive_timeout, are deprecated",
        "test_deprecated_limits_are_understood",
    ),
    Line(
        "compress 9 to 15 is the window of permessage-deflate, 0 is none",
        f"{_HANDSHAKE}test_an_option_of_the_handshake_is_sent "
        f"{_HANDSHAKE}test_a_wrong_option_is_refused_before_anything_is_sent",
    ),
    Line(
        "a message of max_msg_size or more is refused with 1009; 0 is no limit",
        f"{_MESSAGES}test_a_message_may_have_as_many_bytes_as_max_msg_size "
        f"{_MESSAGES}test_a_message_that_is_too_large_is_refused "
        f"{_MESSAGES}test_a_max_msg_size_of_0_is_no_limit",
        "A message may have `max_msg_size` bytes",
    ),
    Line(
        "there is no cookies=, handshake timeout, middlewares= or trace_request_ctx=",
        f"{_HANDSHAKE}test_a_server_that_does_not_answer_meets_the_total_limit "
        f"{_HANDSHAKE}test_a_middleware_may_ask_again",
        "New: `handshake_timeout`, `cookies`, `middlewares`",
    ),
    Line(
        "redirects are followed by the ordinary rules",
        f"{_HANDSHAKE}test_each_kind_of_redirect_is_followed_by_a_get "
        f"{_HANDSHAKE}test_a_redirect_to_another_origin_takes_the_handshake_along_and_no_secret",
    ),
    Line(
        "status 101, Upgrade, Connection and Accept are checked",
        f"{_HANDSHAKE}test_an_answer_that_opens_no_websocket "
        f"{_HANDSHAKE}test_another_status_is_an_error_with_headers_and_body",
    ),
    Line(
        "Connection: keep-alive, Upgrade is refused",
        f"{_HANDSHAKE}test_an_answer_that_opens_a_websocket",
        "An answer whose Connection field has more than `Upgrade` in its list opens a WebSocket.",
    ),
    Line(
        "heartbeat: a ping after so much silence, and half of it for the answer",
        f"{_CLOSING}test_a_silent_server_is_pinged "
        f"{_CLOSING}test_a_server_that_does_not_answer_a_ping_is_given_up",
    ),
    Line(
        "without decode_text text is bytes",
        f"{_MESSAGES}test_without_decoding_text_is_bytes",
    ),
    Names(
        "ClientWebSocketResponse",
        """closed close_code protocol compress client_notakeover get_extra_info exception
        __aiter__ __anext__ __aenter__ __aexit__""",
    ),
    Call("ClientWebSocketResponse.get_extra_info", "name, default=None"),
    Call("ClientWebSocketResponse.exception"),
    Call("ClientWebSocketResponse.ping", 'message=b""', is_async=True),
    Call("ClientWebSocketResponse.pong", 'message=b""', is_async=True),
    Call("ClientWebSocketResponse.send_str", "data, compress=None", is_async=True),
    Call("ClientWebSocketResponse.send_bytes", "data, compress=None", is_async=True),
    Call(
        "ClientWebSocketResponse.send_json",
        "data, compress=None, *, dumps=json.dumps",
        is_async=True,
    ),
    Call("ClientWebSocketResponse.send_json_bytes", "data, compress=None, *, dumps", is_async=True),
    Call("ClientWebSocketResponse.send_frame", "message, opcode, compress=None", is_async=True),
    Call("ClientWebSocketResponse.close", '*, code=1000, message=b""', is_async=True),
    Call("ClientWebSocketResponse.receive", "timeout=None", is_async=True),
    Call("ClientWebSocketResponse.receive_str", "*, timeout=None", is_async=True),
    Call("ClientWebSocketResponse.receive_bytes", "*, timeout=None", is_async=True),
    Call(
        "ClientWebSocketResponse.receive_json",
        "*, loads=json.loads, timeout=None",
        is_async=True,
    ),
    Line(
        "receive gives CLOSE, CLOSED and ERROR as messages",
        f"{_CLOSING}test_a_close_is_answered_and_received "
        f"{_CLOSING}test_a_lost_connection_is_the_end "
        f"{_MESSAGES}test_who_breaks_the_rules_is_told_so_and_an_error_is_received",
    ),
    Line(
        "a second coroutine that receives is a RuntimeError",
        f"{_MESSAGES}test_a_second_coroutine_must_not_receive",
    ),
    Line(
        "the helpers raise WSMessageTypeError for other types",
        f"{_MESSAGES}test_a_helper_refuses_a_message_of_another_type "
        "test_the_error_of_the_helpers_is_a_type_error",
    ),
    Line(
        "async for stops at CLOSE, CLOSING and CLOSED",
        f"{_MESSAGES}test_a_loop_over_messages_ends_with_the_close "
        f"{_CLOSING}test_a_loop_over_messages_ends_when_another_closes",
    ),
    Line("close gives whether it has closed", f"{_CLOSING}test_to_close_twice_is_harmless"),
    Line(
        "compress of a message chooses for this one",
        f"{_DEFLATE}test_each_message_may_say_how_it_is_compressed",
        "`compress=` of a message is a level of zlib",
    ),
    Line(
        "WSMessage is a tuple of type, data and extra, with json()",
        "test_a_message_is_a_tuple_of_three",
        "`WSMessage` is a union of named tuples",
    ),
    Line(
        "ws_response_class is what WebSockets are made of",
        "test_a_session_makes_websockets_of_its_own_class",
    ),
    Call("ClientWSTimeout", "ws_receive=None, ws_close=None"),
    Names("ClientWSTimeout", "ws_receive ws_close"),
    Names("WSMsgType", "CONTINUATION TEXT BINARY PING PONG CLOSE CLOSING CLOSED ERROR"),
    Line("its names in lower case", "test_types_have_names_in_lower_case"),
    Names(
        "WSCloseCode",
        """OK GOING_AWAY PROTOCOL_ERROR UNSUPPORTED_DATA ABNORMAL_CLOSURE INVALID_TEXT
        POLICY_VIOLATION MESSAGE_TOO_BIG MANDATORY_EXTENSION INTERNAL_ERROR SERVICE_RESTART
        TRY_AGAIN_LATER BAD_GATEWAY""",
    ),
    Line("their numbers", "test_types_and_codes_have_the_numbers_of_the_reference"),
    Line("WebSocketError has a code and a message", "test_a_websocket_error_has_its_code"),
)


def test_types_and_codes_have_the_numbers_of_the_reference() -> None:
    assert [int(kind) for kind in WSMsgType] == [0, 1, 2, 8, 9, 10, 0x100, 0x101, 0x102]
    assert [int(code) for code in WSCloseCode] == [*range(1000, 1004), *range(1006, 1015)]


def test_types_have_names_in_lower_case() -> None:
    for kind in set(WSMsgType) - {WSMsgType.CONTINUATION}:
        assert getattr(WSMsgType, kind.name.lower()) is kind


def test_a_websocket_error_has_its_code() -> None:
    error = WebSocketError(WSCloseCode.PROTOCOL_ERROR, "a reason")
    assert (error.code, str(error)) == (1002, "a reason")


def test_the_error_of_the_helpers_is_a_type_error() -> None:
    assert issubclass(WSMessageTypeError, TypeError)


@asynchronous
async def test_a_message_is_a_tuple_of_three() -> None:
    async with opened(sending(frame(TEXT, b"[1]"))) as ws:
        message = await ws.receive()
        assert isinstance(message, WSMessage)
        kind, data, extra = message
        assert (kind, data, extra) == (WSMsgType.TEXT, "[1]", "")
        assert message.json() == message.json(loads=lambda text: [len(text) - 2]) == [1]


@asynchronous
async def test_the_defaults_are_those_of_the_reference() -> None:
    async with opened(sending(frame(TEXT, b"x" * 2**22) + frame(TEXT, b"x" * (2**22 + 1)))) as ws:
        assert type(ws) is ClientWebSocketResponse
        assert len(await ws.receive_str()) == 4 * 2**20
        assert (await ws.receive()).type is WSMsgType.ERROR
        assert (ws.compress, ws.protocol) == (0, None)


@pytest.mark.parametrize(
    ("options", "receives_s"),
    [({"timeout": 0.05}, None), ({"receive_timeout": 0.05}, 0.05)],
)
@asynchronous
async def test_deprecated_limits_are_understood(
    options: dict[str, Any], receives_s: float | None
) -> None:
    async with WebSocketSite(listening) as site, ClientSession() as session:
        with pytest.warns(DeprecationWarning, match="ClientWSTimeout"):
            ws = await session.ws_connect(site.url(), **options)
        if receives_s is not None:
            with pytest.raises(TimeoutError):
                await ws.receive()
        await ws.close()


@asynchronous
async def test_a_session_makes_websockets_of_its_own_class() -> None:
    class Mine(ClientWebSocketResponse[Any]):
        """With something of one's own."""

    async with WebSocketSite(listening) as site, ClientSession(ws_response_class=Mine) as session:
        ws = await session.ws_connect(site.url(), timeout=ClientWSTimeout(ws_close=1))
        assert type(ws) is Mine
        await ws.close()
    wrong: Any = Mine.__name__
    with pytest.raises(TypeError, match="ws_response_class"):
        aioclient.ClientSession(ws_response_class=wrong)
