"""The session, and all that is used with it."""

from yarl import URL

from aioclient._connection.upload_tracker import UploadTracker
from aioclient._http.request_info import RequestInfo
from aioclient._message.client_request import ClientRequest
from aioclient._message.options import RequestOptions as _RequestOptions
from aioclient._message.response import ClientResponse
from aioclient._net.route import Fingerprint
from aioclient._pool.connector import BaseConnector
from aioclient._pool.named_pipe import NamedPipeConnector
from aioclient._pool.tcp import TCPConnector
from aioclient._pool.unix import UnixConnector
from aioclient._session.pending import Pending as _BaseRequestContextManager
from aioclient._session.pending import Pending as _RequestContextManager
from aioclient._session.request import OneRequest as _SessionRequestContextManager
from aioclient._session.request import request
from aioclient._session.session import ClientSession
from aioclient._session.websocket import DEFAULT_WS_TIMEOUT as DEFAULT_WS_CLIENT_TIMEOUT
from aioclient._session.websocket import ClientWebSocketResponse, ClientWSTimeout
from aioclient._session.ws_connect import PendingWebSocket as _WSRequestContextManager
from aioclient._session.ws_connect import WSConnectOptions as _WSConnectOptions
from aioclient._timeout import DEFAULT_TIMEOUT, ClientTimeout
from aioclient._timeout import UNSET as sentinel
from aioclient._timeout import Unset as _SENTINEL
from aioclient.errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    ContentTypeError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    UploadAbortedError,
    WSMessageTypeError,
    WSServerHandshakeError,
)

__all__ = (
    "DEFAULT_TIMEOUT",
    "DEFAULT_WS_CLIENT_TIMEOUT",
    "URL",
    "_SENTINEL",
    "BaseConnector",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHttpProxyError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "Fingerprint",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NamedPipeConnector",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "RedirectClientError",
    "RequestInfo",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TCPConnector",
    "TooManyRedirects",
    "UnixConnector",
    "UploadAbortedError",
    "UploadTracker",
    "WSMessageTypeError",
    "WSServerHandshakeError",
    "_BaseRequestContextManager",
    "_RequestContextManager",
    "_RequestOptions",
    "_SessionRequestContextManager",
    "_WSConnectOptions",
    "_WSRequestContextManager",
    "request",
    "sentinel",
)
