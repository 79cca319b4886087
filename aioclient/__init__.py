"""aioclient: an HTTP client for asyncio, with the names that users of aiohttp's client know."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._auth.basic import BasicAuth, encode_basic_auth
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
    InvalidUrlRedirectClientError,
    LineTooLong,
    MultipartError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    PartTooLargeError,
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerProtocolError,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
    UnknownEncodingError,
)

if _TYPE_CHECKING:
    from ._body.content_disposition import (
        BadContentDispositionHeader,
        BadContentDispositionParam,
        ContentDisposition,
        content_disposition_filename,
        parse_content_disposition,
    )
    from ._body.multipart_reader import (
        BodyPartReader,
        MultipartReader,
        MultipartResponseWrapper,
    )
    from ._body.zlib_backend import set_zlib_backend
    from ._message.connection_info import ConnectionInfo
    from ._message.redirect import NextRequest
    from ._message.stream_reader import StreamReader
    from ._session.request import request

#: Names that a program may do without, and where they are: loaded when they are asked for.
_LATE = {
    "BadContentDispositionHeader": "aioclient._body.content_disposition",
    "BadContentDispositionParam": "aioclient._body.content_disposition",
    "BodyPartReader": "aioclient._body.multipart_reader",
    "ConnectionInfo": "aioclient._message.connection_info",
    "ContentDisposition": "aioclient._body.content_disposition",
    "MultipartReader": "aioclient._body.multipart_reader",
    "MultipartResponseWrapper": "aioclient._body.multipart_reader",
    "NextRequest": "aioclient._message.redirect",
    "StreamReader": "aioclient._message.stream_reader",
    "content_disposition_filename": "aioclient._body.content_disposition",
    "parse_content_disposition": "aioclient._body.content_disposition",
    "request": "aioclient._session.request",
    "set_zlib_backend": "aioclient._body.zlib_backend",
}

__all__ = (
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BaseConnector",
    "BasicAuth",
    "BodyLimitError",
    "BodyPartReader",
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
    "ConnectionInfo",
    "ConnectionTimeoutError",
    "ContentDisposition",
    "ContentTypeError",
    "HeadLimitError",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "LineTooLong",
    "MultipartError",
    "MultipartReader",
    "MultipartResponseWrapper",
    "NextRequest",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "PartTooLargeError",
    "RedirectClientError",
    "RequestInfo",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerProtocolError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "StreamReader",
    "TCPConnector",
    "TooManyRedirects",
    "TotalTimeoutError",
    "UnknownEncodingError",
    "__version__",
    "content_disposition_filename",
    "encode_basic_auth",
    "extensions_active",
    "parse_content_disposition",
    "request",
    "set_zlib_backend",
)


def __getattr__(name: str) -> object:
    module = _LATE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
