"""The WebSocket of a client."""

from aioclient._session.websocket import DEFAULT_WS_TIMEOUT as DEFAULT_WS_CLIENT_TIMEOUT
from aioclient._session.websocket import ClientWebSocketResponse, ClientWSTimeout

__all__ = ("DEFAULT_WS_CLIENT_TIMEOUT", "ClientWSTimeout", "ClientWebSocketResponse")
