"""Messages have the names, fields and values that users of aiohttp know, and tell their types."""

import json
from typing import Literal, get_args, get_type_hints

import pytest

from aioclient._websocket import messages
from aioclient._websocket.messages import (
    WSCloseCode,
    WSMessage,
    WSMessageBinary,
    WSMessageClose,
    WSMessageClosed,
    WSMessageNoDecodeText,
    WSMessageText,
    WSMessageTextBytes,
    WSMsgType,
)

MESSAGES = sorted({*get_args(WSMessage), *get_args(WSMessageNoDecodeText)}, key=repr)


def test_types_have_the_values_of_aiohttp():
    assert {name: int(member) for name, member in WSMsgType.__members__.items()} == {
        "CONTINUATION": 0,
        "TEXT": 1,
        "BINARY": 2,
        "CLOSE": 8,
        "PING": 9,
        "PONG": 10,
        "CLOSING": 0x100,
        "CLOSED": 0x101,
        "ERROR": 0x102,
        "text": 1,
        "binary": 2,
        "close": 8,
        "ping": 9,
        "pong": 10,
        "closing": 0x100,
        "closed": 0x101,
        "error": 0x102,
    }


def test_close_codes_have_the_names_of_aiohttp():
    assert {member.name: int(member) for member in WSCloseCode} == {
        "OK": 1000,
        "GOING_AWAY": 1001,
        "PROTOCOL_ERROR": 1002,
        "UNSUPPORTED_DATA": 1003,
        "ABNORMAL_CLOSURE": 1006,
        "INVALID_TEXT": 1007,
        "POLICY_VIOLATION": 1008,
        "MESSAGE_TOO_BIG": 1009,
        "MANDATORY_EXTENSION": 1010,
        "INTERNAL_ERROR": 1011,
        "SERVICE_RESTART": 1012,
        "TRY_AGAIN_LATER": 1013,
        "BAD_GATEWAY": 1014,
    }


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_has_the_fields_of_aiohttp_in_their_order(kind):
    assert kind._fields == ("type", "data", "extra")


def test_names_and_fields_are_those_of_aiohttp_where_it_is_installed():
    aiohttp = pytest.importorskip("aiohttp")
    for ours, theirs in ((WSMsgType, aiohttp.WSMsgType), (WSCloseCode, aiohttp.WSCloseCode)):
        assert {n: int(m) for n, m in ours.__members__.items()} == {
            n: int(m) for n, m in theirs.__members__.items()
        }
    if hasattr(aiohttp.WSMessage, "_fields"):  # before version 4
        assert all(kind._fields == aiohttp.WSMessage._fields for kind in MESSAGES)


@pytest.mark.parametrize("kind", MESSAGES)
def test_each_message_has_a_type_of_its_own(kind):
    (member,) = get_args(get_type_hints(kind)["type"])
    assert get_type_hints(kind)["type"] == Literal[member]
    name = f"WSMessage{member.name.title()}"
    assert kind.__name__ in (name, f"{name}Bytes")
    assert getattr(messages, kind.__name__) is kind


def test_messages_of_both_kinds_are_instances_of_their_unions():
    closed = WSMessageClosed(WSMsgType.CLOSED)
    assert isinstance(WSMessageText(WSMsgType.TEXT, "a"), WSMessage)
    assert isinstance(WSMessageTextBytes(WSMsgType.TEXT, b"a"), WSMessageNoDecodeText)
    assert isinstance(closed, WSMessage)
    assert closed == (WSMsgType.CLOSED, None, None)


@pytest.mark.parametrize(
    "message",
    [
        WSMessageText(WSMsgType.TEXT, '{"a": 1}'),
        WSMessageTextBytes(WSMsgType.TEXT, b'{"a": 1}'),
        WSMessageBinary(WSMsgType.BINARY, b'{"a": 1}'),
    ],
)
def test_data_may_be_read_as_json(message):
    assert message.json() == {"a": 1}
    assert message.json(loads=lambda data: (type(data), json.loads(data))) == (
        type(message.data),
        {"a": 1},
    )


def test_a_message_may_be_matched():
    match WSMessageClose(WSMsgType.CLOSE, 1000, "bye"):
        case WSMessageClose(data=1000, extra=reason):
            assert reason == "bye"
        case _:
            pytest.fail("no match")


TYPED = """
from typing import assert_type
from aioclient._websocket.messages import *
from aioclient._websocket.messages import WSMessageNoDecodeText

def one(msg: WSMessage) -> None:
    if msg.type is WSMsgType.TEXT:
        assert_type(msg.data, str)
        msg.json()
    elif msg.type is WSMsgType.BINARY:
        assert_type(msg.data, bytes)
    elif msg.type is WSMsgType.CLOSE:
        assert_type(msg.data, int)
        assert_type(msg.extra, str)
    elif msg.type is WSMsgType.ERROR:
        assert_type(msg.data, Exception)

def other(msg: WSMessageNoDecodeText) -> None:
    if msg.type is WSMsgType.TEXT:
        assert_type(msg.data, bytes)

def matched(msg: WSMessage) -> None:
    match msg:
        case WSMessageText(data=text):
            assert_type(text, str)
        case WSMessageClose(data=code):
            assert_type(code, int)
        case WSMessageBinary():
            assert_type(msg.data, bytes)

def by_type(msg: WSMessage) -> None:
    match msg.type:
        case WSMsgType.TEXT:
            assert_type(msg.data, str)
        case WSMsgType.CLOSE:
            assert_type(msg.data, int)
"""


def test_type_checkers_know_the_data_by_the_type(tmp_path):
    pytest.importorskip("mypy")
    from mypy import api

    source = tmp_path / "typed.py"
    source.write_text(TYPED)
    said, errors, status = api.run(["--strict", str(source)])
    assert status == 0, said + errors
