"""aioclient: an HTTP client for asyncio, with the names that users of aiohttp's client know."""

from ._auth.basic import encode_basic_auth
from ._body.zlib_backend import set_zlib_backend
from ._message.request import RequestInfo
from ._message.response import ClientResponse, HttpVersion, HttpVersion10, HttpVersion11
from ._pool.connector import BaseConnector
from ._pool.tcp import TCPConnector
from ._session.session import ClientSession
from ._speedups import extensions_active
from ._timeout import ClientTimeout
from ._version import __version__
from .errors import (
    BodyLimitError,
    BodyTooLargeError,
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientResponseError,
    ClientSSLError,
    ClientTimeoutError,
    ConnectionTimeoutError,
    ContentTypeError,
    HeadLimitError,
    InvalidURL,
    InvalidUrlClientError,
    LineTooLong,
    NonHttpUrlClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerProtocolError,
    ServerTimeoutError,
    SocketTimeoutError,
    TotalTimeoutError,
)

__all__ = (
    "BaseConnector",
    "BodyLimitError",
    "BodyTooLargeError",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientTimeoutError",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "HeadLimitError",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "InvalidURL",
    "InvalidUrlClientError",
    "LineTooLong",
    "NonHttpUrlClientError",
    "RequestInfo",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerProtocolError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TCPConnector",
    "TotalTimeoutError",
    "__version__",
    "encode_basic_auth",
    "extensions_active",
    "set_zlib_backend",
)
