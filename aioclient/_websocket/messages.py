"""What comes out of a WebSocket: messages as the caller sees them, and the reader's other events.

Each kind of message is a NamedTuple of its own with the fields that users of aiohttp know. `type`
comes first and says which one it is, to a program as to a type checker: after
``if message.type is WSMsgType.TEXT`` both know that `data` is a str. What the reader gives beside
them, compressed messages and pieces, looks the same, so that one field tells all events apart.

They are made on the hot path, by ``tuple.__new__``, which takes half as long as their constructors.
"""

import json
from enum import IntEnum
from typing import Any, Literal, NamedTuple, TypeAlias

from aioclient._aliases import JSONBytesDecoder, JSONDecoder
from aioclient.errors import WebSocketError


class WSMsgType(IntEnum):
    """What a message is: an opcode (RFC 6455 section 5.2), or one of three that are never sent."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    ping = PING
    pong = PONG
    close = CLOSE
    closing = CLOSING
    closed = CLOSED
    error = ERROR


class WSCloseCode(IntEnum):
    """Why a WebSocket is closed (RFC 6455 section 7.4.1 and the registry that it began)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006  # never in a frame: the connection was lost
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


# --- messages -------------------------------------------------------------------------------------


class WSMessageText(NamedTuple):
    """A text message."""

    type: Literal[WSMsgType.TEXT]
    data: str
    extra: str | None = ""

    def json(self, *, loads: JSONDecoder = json.loads) -> Any:
        """The value that `loads` makes of the text."""
        return loads(self.data)


class WSMessageTextBytes(NamedTuple):
    """A text message as the bytes of its UTF-8, for who asked not to have it decoded."""

    type: Literal[WSMsgType.TEXT]
    data: bytes
    extra: str | None = ""

    def json(self, *, loads: JSONBytesDecoder = json.loads) -> Any:
        """The value that `loads` makes of the bytes."""
        return loads(self.data)


class WSMessageBinary(NamedTuple):
    """A binary message."""

    type: Literal[WSMsgType.BINARY]
    data: bytes
    extra: str | None = ""

    def json(self, *, loads: JSONBytesDecoder = json.loads) -> Any:
        """The value that `loads` makes of the bytes."""
        return loads(self.data)


class WSMessageContinuation(NamedTuple):
    """Never received: fragments are put together before anybody sees them."""

    type: Literal[WSMsgType.CONTINUATION]
    data: bytes
    extra: str | None = ""


class WSMessagePing(NamedTuple):
    """A ping, with up to 125 bytes that the pong must have."""

    type: Literal[WSMsgType.PING]
    data: bytes
    extra: str | None = ""


class WSMessagePong(NamedTuple):
    """A pong, with the bytes of its ping."""

    type: Literal[WSMsgType.PONG]
    data: bytes
    extra: str | None = ""


class WSMessageClose(NamedTuple):
    """The peer closes: `data` is the code, 1005 if it gave none, and `extra` its reason."""

    type: Literal[WSMsgType.CLOSE]
    data: int
    extra: str = ""


class WSMessageClosing(NamedTuple):
    """We are closing the connection."""

    type: Literal[WSMsgType.CLOSING]
    data: None = None
    extra: None = None


class WSMessageClosed(NamedTuple):
    """The connection is closed."""

    type: Literal[WSMsgType.CLOSED]
    data: None = None
    extra: None = None


class WSMessageError(NamedTuple):
    """Something went wrong: `data` is the exception."""

    type: Literal[WSMsgType.ERROR]
    data: Exception
    extra: str | None = None


WSMessage: TypeAlias = (
    WSMessageText
    | WSMessageBinary
    | WSMessagePing
    | WSMessagePong
    | WSMessageClose
    | WSMessageClosing
    | WSMessageClosed
    | WSMessageError
    | WSMessageContinuation
)
#: Of a WebSocket with ``decode_text=False``.
WSMessageNoDecodeText: TypeAlias = (
    WSMessageTextBytes
    | WSMessageBinary
    | WSMessagePing
    | WSMessagePong
    | WSMessageClose
    | WSMessageClosing
    | WSMessageClosed
    | WSMessageError
    | WSMessageContinuation
)


# --- what else the reader reports -----------------------------------------------------------------


class EventType(IntEnum):
    """What an event of the reader is that is no message yet."""

    COMPRESSED = 0x200
    FRAGMENT = 0x201


class CompressedMessage(NamedTuple):
    """A whole message as it was compressed (RFC 7692); nothing but its framing was checked."""

    type: Literal[EventType.COMPRESSED]
    data: bytes
    is_text: bool


class Fragment(NamedTuple):
    """A piece of a message that was asked for in pieces, of no particular size.

    Text that is not compressed is a str, or bytes if it is not to be decoded; characters are whole
    in a str only. Of a compressed message `data` is what was compressed, of a text, too.
    """

    type: Literal[EventType.FRAGMENT]
    data: str | bytes
    is_text: bool
    is_final: bool
    is_compressed: bool


class ReaderError(NamedTuple):
    """The peer broke a rule: the last event. `data` has the code to close with."""

    type: Literal[WSMsgType.ERROR]
    data: WebSocketError


DataEvent: TypeAlias = (
    WSMessageText | WSMessageTextBytes | WSMessageBinary | CompressedMessage | Fragment
)
ReaderEvent: TypeAlias = DataEvent | WSMessagePing | WSMessagePong | WSMessageClose | ReaderError
