"""Every exception a caller can catch, as one tree under `ClientError`.

Messages say what happened, where, and which limit was at work; they never carry credentials. Names
and bases are those that users of aiohttp's client know; what is new says so in its docstring.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Final, Protocol, Self

__all__ = (
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
    "ClientResponseError",
    "ClientSSLError",
    "ClientTimeoutError",
    "ConnectionTimeoutError",
    "ContentTypeError",
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
    "ServerProtocolError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TooManyRedirects",
    "TotalTimeoutError",
    "UnknownEncodingError",
)

SHOWN_BYTES = 100
_USER_INFO = r"//[^/?#]*@"


def shown(data: bytes) -> str:
    """The `repr` of what a peer sent, cut after its first 100 bytes."""
    if len(data) <= SHOWN_BYTES:
        return repr(data)
    return f"{data[:SHOWN_BYTES]!r}..."


def without_user_info(url: str) -> str:
    """A URL, valid or not, without login and password."""
    return re.sub(_USER_INFO, "//", url)


class Endpoint(Protocol):
    """What an error needs to know of the place that could not be reached."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def is_ssl(self) -> bool: ...
    @property
    def ssl(self) -> object: ...


class RequestFacts(Protocol):
    """What an error needs to know of the request that was answered: `RequestInfo` has it."""

    @property
    def url(self) -> object: ...
    @property
    def real_url(self) -> object: ...
    @property
    def method(self) -> str: ...


class ClientError(Exception):
    """The root: whatever goes wrong with a request is one of these."""


# --- the response was understood, but is not what the caller asked for -------------------------


class ClientResponseError(ClientError):
    """The server answered, and the answer counts as an error.

    Attributes: `request_info` (URL, method and headers sent), `history` (earlier responses of a
    redirect chain), `status` (0 if there is none), `message`, the response's `headers`, and `body`
    (new here: how the body begins, as far as it was read; empty if it was not).
    """

    def __init__(
        self,
        request_info: RequestFacts,
        history: tuple[object, ...],
        *,
        status: int | None = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(request_info, history)
        self.request_info = request_info
        self.history = history
        self.status = status or 0
        self.message = message
        self.headers = headers
        self.body = body

    def __str__(self) -> str:
        info = self.request_info
        return f"{self.status}, message={self.message!r}, url={str(info.real_url)!r}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class ContentTypeError(ClientResponseError):
    """The response's media type is not the one that was expected."""


class TooManyRedirects(ClientResponseError):
    """`max_redirects` were followed, and the last response redirects again.

    `history` has all responses; `status` is 0.
    """


# --- the connection --------------------------------------------------------------------------


class ClientConnectionError(ClientError):
    """Something about the connection: making it, keeping it, or using it after its end."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The connection is closed, so nothing more can be written to it."""


class ClientOSError(ClientConnectionError, OSError):
    """The operating system refused something: `errno` and `strerror` are its own."""


class ClientConnectorError(ClientOSError):
    """No connection could be made. `host`, `port` and `ssl` say where, `os_error` why."""

    def __init__(self, connection_key: Endpoint, os_error: OSError) -> None:
        super().__init__(os_error.errno, os_error.strerror or str(os_error))
        self.args = (connection_key, os_error)
        self.connection_key = connection_key
        self.os_error = os_error

    @property
    def host(self) -> str:
        """The host name or address of the URL."""
        return self.connection_key.host

    @property
    def port(self) -> int:
        """The port."""
        return self.connection_key.port

    @property
    def ssl(self) -> object:
        """The TLS wish of the request: True, False or an `ssl.SSLContext`."""
        return self.connection_key.ssl

    def __str__(self) -> str:
        return f"cannot connect to {_where(self.connection_key)}: {_reason(self.os_error)}"


class ClientConnectorDNSError(ClientConnectorError):
    """The host's name could not be resolved."""

    def __str__(self) -> str:
        return f"cannot resolve host {self.host!r}: {_reason(self.os_error)}"


class ClientSSLError(ClientConnectorError):
    """TLS could not be set up."""


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed."""

    def __str__(self) -> str:
        return f"TLS handshake with {_where(self.connection_key)} failed: {_reason(self.os_error)}"


class ClientConnectorCertificateError(ClientSSLError, ssl.CertificateError):
    """The server's certificate is not valid for this host, or nobody we trust vouches for it."""

    @property
    def certificate_error(self) -> OSError:
        """What the TLS library said."""
        return self.os_error

    def __str__(self) -> str:
        error = self.os_error
        reason = getattr(error, "verify_message", "") or _reason(error)
        return f"certificate of {_where(self.connection_key)} was not accepted: {reason}"


class ServerConnectionError(ClientConnectionError):
    """The server ended the connection, or did not use it in time."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed the connection before its response had begun or its head was complete."""

    def __init__(self, message: str = "server disconnected") -> None:
        super().__init__(message)
        self.message = message


# --- time ------------------------------------------------------------------------------------


class ClientTimeoutError(ClientError, TimeoutError):
    """A limit of `ClientTimeout` passed; the message says which, for which host, after how long.

    New here: every time limit raises an error that is both a `ClientError` and a `TimeoutError`.

    Attributes: `limit` (the field of `ClientTimeout`), `limit_s` (its value in seconds),
    `elapsed_s` (how long it took in fact), `phase` (what the request was waiting for: "pool",
    "connect", "tls", "request", "response" or "body") and `host`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        limit: str = "",
        limit_s: float = 0.0,
        elapsed_s: float = 0.0,
        phase: str = "",
        host: str = "",
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.limit_s = limit_s
        self.elapsed_s = elapsed_s
        self.phase = phase
        self.host = host

    @classmethod
    def passed(
        cls, limit: str, limit_s: float, elapsed_s: float, phase: str, endpoint: Endpoint
    ) -> Self:
        """The error for a limit that passed in this phase, with all of it in the message."""
        return cls(
            f"{limit} limit of {limit_s:g} s passed while {_DOING[phase]} {_where(endpoint)} "
            f"(after {elapsed_s:.3g} s)",
            limit=limit,
            limit_s=limit_s,
            elapsed_s=elapsed_s,
            phase=phase,
            host=endpoint.host,
        )


class TotalTimeoutError(ClientTimeoutError):
    """`ClientTimeout.total` passed: the whole request, body included, took too long."""


class ServerTimeoutError(ServerConnectionError, ClientTimeoutError):
    """The server took too long for one step."""


class ConnectionTimeoutError(ServerTimeoutError):
    """`ClientTimeout.connect`, `pool`, `sock_connect` or `tls` passed."""


class SocketTimeoutError(ServerTimeoutError):
    """`ClientTimeout.sock_read` or `write` passed: the server gave or took nothing for too long."""


# --- bytes -----------------------------------------------------------------------------------


class ClientPayloadError(ClientError):
    """A body is broken: cut off, wrongly framed, or the caller's own could not be sent."""


class BodyLimitError(ClientPayloadError):
    """A body, or what frames it, passed a limit; `limit` is its name, `limit_value` its value.

    New here.
    """

    def __init__(self, message: str = "", *, limit: str = "", limit_value: float = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.limit_value = limit_value


class BodyTooLargeError(BodyLimitError):
    """A body that was read whole passed `max_body_size`, or grew too much in decompression."""


class PartTooLargeError(BodyTooLargeError, ValueError):
    """A part of a multipart body that was read whole passed `client_max_size`. New here."""


class MultipartError(ClientPayloadError, ValueError):
    """A multipart body, or one of its parts, is malformed or cut off. New here."""


class UnknownEncodingError(MultipartError, RuntimeError):
    """A part has a Content-Encoding or Content-Transfer-Encoding that is not known. New here."""


class LineTooLong(BodyLimitError):
    """A line of a body is longer than the reader allows."""


class ServerProtocolError(ClientError):
    """The server's bytes are not HTTP/1.1 as RFC 9112 has it, or exceed a limit.

    New here: such bytes never look like a response with status 400.
    """


class HeadLimitError(ServerProtocolError):
    """A response head passed a limit; `limit` is its name, `limit_value` its value. New here."""

    def __init__(self, message: str = "", *, limit: str = "", limit_value: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.limit_value = limit_value


# --- URLs ------------------------------------------------------------------------------------


class InvalidURL(ClientError, ValueError):
    """The URL cannot be used: `url` is what was given, `description` why."""

    def __init__(self, url: object, description: str | None = None) -> None:
        super().__init__(url, description)
        self.url = url
        self.description = description

    def __str__(self) -> str:
        url = without_user_info(str(self.url))
        return f"{url}: {self.description}" if self.description else url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class InvalidUrlClientError(InvalidURL):
    """The URL given to a request is not valid."""


class NonHttpUrlClientError(ClientError):
    """The URL's scheme is not one of HTTP."""


class RedirectClientError(ClientError):
    """A server redirected to where no request can go."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """A server redirected to a URL that is not valid; `url` is the part of it that may be shown."""


class NonHttpUrlRedirectClientError(RedirectClientError, NonHttpUrlClientError):
    """A server redirected to a URL whose scheme is not one of HTTP."""


_DOING: Final = {
    "pool": "waiting for a free connection to",
    "connect": "connecting to",
    "tls": "waiting for the TLS handshake with",
    "request": "sending the request to",
    "response": "waiting for the response of",
    "body": "reading the body from",
}


def _where(endpoint: Endpoint) -> str:
    return f"{endpoint.host}:{endpoint.port}"


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
