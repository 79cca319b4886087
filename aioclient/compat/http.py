"""HTTP and WebSocket as such."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aioclient._http.user_agent import USER_AGENT_VALUE as SERVER_SOFTWARE
from aioclient._http.version import HttpVersion, HttpVersion10, HttpVersion11

from ._missing import refuses
from .http_exceptions import HttpProcessingError
from .http_websocket import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WS_KEY,
    WebSocketError,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMessageTextBytes,
    WSMsgType,
)

#: Of a status: its phrase, and what it means.
RESPONSES: Final = {int(status): (status.phrase, status.description) for status in HTTPStatus}

__all__ = (
    "RESPONSES",
    "SERVER_SOFTWARE",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "HttpProcessingError",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
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
