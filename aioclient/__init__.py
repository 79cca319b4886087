"""aioclient: an HTTP client for asyncio, with the names that users of aiohttp's client know."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._auth.basic import BasicAuth, encode_basic_auth
from ._http.request_info import RequestInfo
from ._http.version import HttpVersion, HttpVersion10, HttpVersion11
from ._message.response import ClientResponse
from ._net.route import Fingerprint
from ._pages import PAGES as _PAGES
from ._pool.connector import BaseConnector
from ._pool.tcp import TCPConnector
from ._session.session import ClientSession
from ._speedups import extensions_active
from ._timeout import ClientTimeout
from ._version import __version__
from .errors import (
    AddressNotAllowedError,
    BodyLimitError,
    BodyTooLargeError,
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
    ClientTimeoutError,
    ConnectionTimeoutError,
    ContentTypeError,
    EofStream,
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
    ServerFingerprintMismatch,
    ServerProtocolError,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
    UnixClientConnectorError,
    UnknownEncodingError,
    UploadAbortedError,
    WebSocketError,
    WSMessageTypeError,
    WSServerHandshakeError,
)

if _TYPE_CHECKING:
    from . import hdrs
    from ._auth.proxy_digest import ProxyDigestAuth
    from ._body.content_disposition import (
        BadContentDispositionHeader,
        BadContentDispositionParam,
        ContentDisposition,
        content_disposition_filename,
        parse_content_disposition,
    )
    from ._body.form import FormData
    from ._body.multipart_reader import (
        BodyPartReader,
        MultipartReader,
        MultipartResponseWrapper,
    )
    from ._body.multipart_writer import MultipartWriter
    from ._body.payload import AsyncIterablePayload, BytesPayload, Payload
    from ._body.payloads import (
        PAYLOAD_REGISTRY,
        BufferedReaderPayload,
        BytesIOPayload,
        IOBasePayload,
        JsonBytesPayload,
        JsonPayload,
        StringIOPayload,
        StringPayload,
        TextIOPayload,
        get_payload,
        payload_type,
    )
    from ._body.streamer import streamer
    from ._body.zlib_backend import set_zlib_backend
    from ._connection.upload_tracker import UploadTracker
    from ._cookies.abstract import AbstractCookieJar
    from ._cookies.dummy_jar import DummyCookieJar
    from ._cookies.jar import CookieJar
    from ._message.client_request import ClientRequest, ConnectionKey
    from ._message.connection_info import ConnectionInfo
    from ._message.handler import ClientHandlerType, ClientMiddlewareType
    from ._message.redirect import NextRequest
    from ._message.stream_reader import StreamReader
    from ._middlewares.bearer_auth import BearerAuthMiddleware
    from ._middlewares.digest_auth import DigestAuthMiddleware
    from ._middlewares.logging import LoggingMiddleware
    from ._middlewares.rate_limit import RateLimitMiddleware
    from ._middlewares.retry import RetryAttempt, RetryMiddleware
    from ._net.async_resolver import AsyncResolver
    from ._net.names import AbstractResolver, ResolveResult
    from ._net.resolver import DefaultResolver, ThreadedResolver
    from ._net.tcp import AddrInfoType, SocketFactoryType
    from ._pool.named_pipe import NamedPipeConnector
    from ._pool.stats import ConnectorStats, HostStats
    from ._pool.unix import UnixConnector
    from ._session.reconnect import reconnect
    from ._session.request import request
    from ._session.websocket import ClientWebSocketResponse, ClientWSTimeout
    from ._tracing.config import TraceConfig
    from ._tracing.params import (
        TraceConnectionCreateEndParams,
        TraceConnectionCreateStartParams,
        TraceConnectionQueuedEndParams,
        TraceConnectionQueuedStartParams,
        TraceConnectionReuseconnParams,
        TraceDnsCacheHitParams,
        TraceDnsCacheMissParams,
        TraceDnsResolveHostEndParams,
        TraceDnsResolveHostStartParams,
        TraceRequestAttemptEndParams,
        TraceRequestChunkSentParams,
        TraceRequestEndParams,
        TraceRequestExceptionParams,
        TraceRequestHeadersSentParams,
        TraceRequestRedirectParams,
        TraceRequestStartParams,
        TraceResponseChunkReceivedParams,
        TraceResponseEndParams,
        TraceResponseInformationalParams,
        TraceTlsHandshakeEndParams,
        TraceTlsHandshakeStartParams,
    )
    from ._websocket.messages import (
        WSCloseCode,
        WSMessage,
        WSMessageBinary,
        WSMessageClose,
        WSMessageClosed,
        WSMessageClosing,
        WSMessageError,
        WSMessagePing,
        WSMessagePong,
        WSMessageText,
        WSMessageTextBytes,
        WSMsgType,
    )
    from .compat.helpers import ChainMapProxy, ETag
    from .compat.streams import EMPTY_PAYLOAD, DataQueue, FlowControlDataQueue
    from .errors import ConnectAttempt
    from .errors._tls import CertificateFacts

#: Names that a program may do without, and where they are: loaded when they are asked for.
_LATE = {
    "ChainMapProxy": "aioclient.compat.helpers",
    "DataQueue": "aioclient.compat.streams",
    "EMPTY_PAYLOAD": "aioclient.compat.streams",
    "ETag": "aioclient.compat.helpers",
    "FlowControlDataQueue": "aioclient.compat.streams",
    "WSMessageBinary": "aioclient._websocket.messages",
    "WSMessageClose": "aioclient._websocket.messages",
    "WSMessageClosed": "aioclient._websocket.messages",
    "WSMessageClosing": "aioclient._websocket.messages",
    "WSMessageError": "aioclient._websocket.messages",
    "WSMessagePing": "aioclient._websocket.messages",
    "WSMessagePong": "aioclient._websocket.messages",
    "WSMessageText": "aioclient._websocket.messages",
    "WSMessageTextBytes": "aioclient._websocket.messages",
    "reconnect": "aioclient._session.reconnect",
    "ClientWebSocketResponse": "aioclient._session.websocket",
    "ClientWSTimeout": "aioclient._session.websocket",
    "WSMsgType": "aioclient._websocket.messages",
    "WSCloseCode": "aioclient._websocket.messages",
    "WSMessage": "aioclient._websocket.messages",
    "ConnectAttempt": "aioclient.errors",
    "CertificateFacts": "aioclient.errors._tls",
    "UnixConnector": "aioclient._pool.unix",
    "HostStats": "aioclient._pool.stats",
    "ConnectorStats": "aioclient._pool.stats",
    "SocketFactoryType": "aioclient._net.tcp",
    "AddrInfoType": "aioclient._net.tcp",
    "AbstractCookieJar": "aioclient._cookies.abstract",
    "AbstractResolver": "aioclient._net.names",
    "CookieJar": "aioclient._cookies.jar",
    "DigestAuthMiddleware": "aioclient._middlewares.digest_auth",
    "DummyCookieJar": "aioclient._cookies.dummy_jar",
    "AsyncIterablePayload": "aioclient._body.payload",
    "AsyncResolver": "aioclient._net.async_resolver",
    "BadContentDispositionHeader": "aioclient._body.content_disposition",
    "BadContentDispositionParam": "aioclient._body.content_disposition",
    "BodyPartReader": "aioclient._body.multipart_reader",
    "BufferedReaderPayload": "aioclient._body.payloads",
    "BearerAuthMiddleware": "aioclient._middlewares.bearer_auth",
    "BytesIOPayload": "aioclient._body.payloads",
    "BytesPayload": "aioclient._body.payload",
    "ClientHandlerType": "aioclient._message.handler",
    "ClientMiddlewareType": "aioclient._message.handler",
    "ClientRequest": "aioclient._message.client_request",
    "ConnectionInfo": "aioclient._message.connection_info",
    "ConnectionKey": "aioclient._message.client_request",
    "ProxyDigestAuth": "aioclient._auth.proxy_digest",
    "ContentDisposition": "aioclient._body.content_disposition",
    "DefaultResolver": "aioclient._net.resolver",
    "FormData": "aioclient._body.form",
    "IOBasePayload": "aioclient._body.payloads",
    "JsonBytesPayload": "aioclient._body.payloads",
    "JsonPayload": "aioclient._body.payloads",
    "LoggingMiddleware": "aioclient._middlewares.logging",
    "MultipartReader": "aioclient._body.multipart_reader",
    "MultipartResponseWrapper": "aioclient._body.multipart_reader",
    "MultipartWriter": "aioclient._body.multipart_writer",
    "NamedPipeConnector": "aioclient._pool.named_pipe",
    "NextRequest": "aioclient._message.redirect",
    "PAYLOAD_REGISTRY": "aioclient._body.payloads",
    "Payload": "aioclient._body.payload",
    "RateLimitMiddleware": "aioclient._middlewares.rate_limit",
    "ResolveResult": "aioclient._net.names",
    "RetryAttempt": "aioclient._middlewares.retry",
    "RetryMiddleware": "aioclient._middlewares.retry",
    "StreamReader": "aioclient._message.stream_reader",
    "UploadTracker": "aioclient._connection.upload_tracker",
    "StringIOPayload": "aioclient._body.payloads",
    "StringPayload": "aioclient._body.payloads",
    "ThreadedResolver": "aioclient._net.resolver",
    "TextIOPayload": "aioclient._body.payloads",
    "TraceConfig": "aioclient._tracing.config",
    "TraceConnectionCreateEndParams": "aioclient._tracing.params",
    "TraceConnectionCreateStartParams": "aioclient._tracing.params",
    "TraceConnectionQueuedEndParams": "aioclient._tracing.params",
    "TraceConnectionQueuedStartParams": "aioclient._tracing.params",
    "TraceConnectionReuseconnParams": "aioclient._tracing.params",
    "TraceDnsCacheHitParams": "aioclient._tracing.params",
    "TraceDnsCacheMissParams": "aioclient._tracing.params",
    "TraceDnsResolveHostEndParams": "aioclient._tracing.params",
    "TraceDnsResolveHostStartParams": "aioclient._tracing.params",
    "TraceRequestAttemptEndParams": "aioclient._tracing.params",
    "TraceRequestChunkSentParams": "aioclient._tracing.params",
    "TraceRequestEndParams": "aioclient._tracing.params",
    "TraceRequestExceptionParams": "aioclient._tracing.params",
    "TraceRequestHeadersSentParams": "aioclient._tracing.params",
    "TraceRequestRedirectParams": "aioclient._tracing.params",
    "TraceRequestStartParams": "aioclient._tracing.params",
    "TraceResponseChunkReceivedParams": "aioclient._tracing.params",
    "TraceResponseEndParams": "aioclient._tracing.params",
    "TraceResponseInformationalParams": "aioclient._tracing.params",
    "TraceTlsHandshakeEndParams": "aioclient._tracing.params",
    "TraceTlsHandshakeStartParams": "aioclient._tracing.params",
    "content_disposition_filename": "aioclient._body.content_disposition",
    "get_payload": "aioclient._body.payloads",
    "parse_content_disposition": "aioclient._body.content_disposition",
    "payload_type": "aioclient._body.payloads",
    "request": "aioclient._session.request",
    "set_zlib_backend": "aioclient._body.zlib_backend",
    "streamer": "aioclient._body.streamer",
}

__all__ = (
    "EMPTY_PAYLOAD",
    "PAYLOAD_REGISTRY",
    "AbstractCookieJar",
    "AbstractResolver",
    "AddrInfoType",
    "AddressNotAllowedError",
    "AsyncIterablePayload",
    "AsyncResolver",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BaseConnector",
    "BasicAuth",
    "BearerAuthMiddleware",
    "BodyLimitError",
    "BodyPartReader",
    "BodyTooLargeError",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "CertificateFacts",
    "ChainMapProxy",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHandlerType",
    "ClientHttpProxyError",
    "ClientMiddlewareType",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientTimeoutError",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "ConnectAttempt",
    "ConnectionInfo",
    "ConnectionKey",
    "ConnectionTimeoutError",
    "ConnectorStats",
    "ContentDisposition",
    "ContentTypeError",
    "CookieJar",
    "DataQueue",
    "DefaultResolver",
    "DigestAuthMiddleware",
    "DummyCookieJar",
    "ETag",
    "EofStream",
    "Fingerprint",
    "FlowControlDataQueue",
    "FormData",
    "HeadLimitError",
    "HostStats",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "IOBasePayload",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "JsonBytesPayload",
    "JsonPayload",
    "LineTooLong",
    "LoggingMiddleware",
    "MultipartError",
    "MultipartReader",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "NamedPipeConnector",
    "NextRequest",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "PartTooLargeError",
    "Payload",
    "ProxyDigestAuth",
    "RateLimitMiddleware",
    "RedirectClientError",
    "RequestInfo",
    "ResolveResult",
    "RetryAttempt",
    "RetryMiddleware",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerProtocolError",
    "ServerTimeoutError",
    "SocketFactoryType",
    "SocketTimeoutError",
    "StreamReader",
    "StringIOPayload",
    "StringPayload",
    "TCPConnector",
    "TextIOPayload",
    "ThreadedResolver",
    "TooManyRedirects",
    "TotalTimeoutError",
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestAttemptEndParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
    "TraceResponseEndParams",
    "TraceResponseInformationalParams",
    "TraceTlsHandshakeEndParams",
    "TraceTlsHandshakeStartParams",
    "UnixClientConnectorError",
    "UnixConnector",
    "UnknownEncodingError",
    "UploadAbortedError",
    "UploadTracker",
    "WSCloseCode",
    "WSMessage",
    "WSMessageBinary",
    "WSMessageClose",
    "WSMessageClosed",
    "WSMessageClosing",
    "WSMessageError",
    "WSMessagePing",
    "WSMessagePong",
    "WSMessageText",
    "WSMessageTextBytes",
    "WSMessageTypeError",
    "WSMsgType",
    "WSServerHandshakeError",
    "WebSocketError",
    "__version__",
    "content_disposition_filename",
    "encode_basic_auth",
    "extensions_active",
    "get_payload",
    "hdrs",
    "parse_content_disposition",
    "payload_type",
    "reconnect",
    "request",
    "set_zlib_backend",
    "streamer",
)


def __getattr__(name: str) -> object:
    module = _LATE.get(name)
    if name in _PAGES:
        return _import_module(f"{__name__}.{name}")
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE, *_PAGES})
