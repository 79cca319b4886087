"""Messages of WebSockets."""

from typing import TYPE_CHECKING, Final, TypeAlias

from aioclient._websocket.messages import (
    WSCloseCode,
    WSMessage,
    WSMessageClosed,
    WSMessageClosing,
    WSMessageTextBytes,
    WSMsgType,
)
from aioclient.errors import WebSocketError

from ._missing import refuses

#: What the answer to a handshake is made with (RFC 6455 section 1.3).
WS_KEY: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WS_CLOSED_MESSAGE: Final = WSMessageClosed(WSMsgType.CLOSED)
WS_CLOSING_MESSAGE: Final = WSMessageClosing(WSMsgType.CLOSING)
WSMessageDecodeText: TypeAlias = WSMessage
WSMessageNoDecodeText: TypeAlias = WSMessage

__all__ = (
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketError",
)

if not TYPE_CHECKING:
    __getattr__ = refuses(__name__)
