"""Every exception a caller can catch: one tree under `ClientError`, and three beside it.

Messages say what happened, where, and which limit was at work; they never carry credentials. Names
and bases are those that users of aiohttp's client know; what is new says so in its docstring.

All can be copied and pickled, with their attributes. A pickle is not for everybody's eyes: the
headers of a request are in it, as they were sent.
"""

from ._connection import (
    AddressNotAllowedError,
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientOSError,
    ClientProxyConnectionError,
    ClientSSLError,
    ClientTimeoutError,
    ConnectionTimeoutError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TotalTimeoutError,
    UnixClientConnectorError,
)
from ._connection import ConnectAttempt as ConnectAttempt
from ._content import (
    BodyLimitError,
    BodyTooLargeError,
    ClientPayloadError,
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
    ServerProtocolError,
    UnknownEncodingError,
    UploadAbortedError,
    WebSocketError,
    WSMessageTypeError,
)
from ._response import (
    ClientHttpProxyError,
    ClientResponseError,
    ContentTypeError,
    TooManyRedirects,
    WSServerHandshakeError,
)
from ._root import SHOWN_BYTES as SHOWN_BYTES
from ._root import ClientError
from ._root import shown as shown
from ._root import without_credentials as without_credentials
from ._root import without_user_info as without_user_info

__all__ = (
    "AddressNotAllowedError",
    "BodyLimitError",
    "BodyTooLargeError",
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
    "ClientResponseError",
    "ClientSSLError",
    "ClientTimeoutError",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "EofStream",
    "HeadLimitError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "LineTooLong",
    "MultipartError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "PartTooLargeError",
    "RedirectClientError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerProtocolError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TooManyRedirects",
    "TotalTimeoutError",
    "UnixClientConnectorError",
    "UnknownEncodingError",
    "UploadAbortedError",
    "WSMessageTypeError",
    "WSServerHandshakeError",
    "WebSocketError",
)

# Tracebacks and pickles name the place where an exception is public.
for _name in __all__:
    globals()[_name].__module__ = __name__
