"""A connection could not be made or used, or something took too long."""

import errno
import ssl
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from ._root import ClientError, Endpoint, reason

if TYPE_CHECKING:
    from ._tls import CertificateFacts


class ClientConnectionError(ClientError):
    """Something about the connection: making it, keeping it, or using it after its end."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The connection is closed, so nothing more can be written to it."""


class ClientOSError(ClientConnectionError, OSError):
    """The operating system refused something: `errno` and `strerror` are its own."""


class ConnectAttempt(NamedTuple):
    """One address that was tried, and what became of it."""

    address: str
    port: int
    error: OSError


class ClientConnectorError(ClientOSError):
    """No connection could be made. `host`, `port` and `ssl` say where, `os_error` why.

    `attempts` has each address that was tried, in order, with its own error, if TCP failed.
    `connection_key` may lead to credentials for a proxy: it shows them to nobody, and they are in
    no pickle.
    """

    attempts: tuple[ConnectAttempt, ...] = ()

    def __init__(self, connection_key: Endpoint, os_error: OSError) -> None:
        super().__init__(os_error.errno, os_error.strerror or str(os_error))
        self.args: tuple[Any, ...] = (connection_key, os_error)
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
        return f"cannot connect to {_where(self.connection_key)}: {self._reason}"

    @property
    def _reason(self) -> str:
        """The reason, or each with the addresses that it is about, unless that is the host."""
        reasons: dict[str, list[str]] = {}
        for attempt in self.attempts:
            if attempt.address != self.host:
                reasons.setdefault(reason(attempt.error), []).append(attempt.address)
        if not reasons:
            return reason(self.os_error)
        return ", ".join(f"{why} ({', '.join(where)})" for why, where in reasons.items())

    def __repr__(self) -> str:
        # Without the key: there may be credentials for a proxy in it.
        return f"{type(self).__name__}({self})"


class ClientConnectorDNSError(ClientConnectorError):
    """The host's name could not be resolved."""

    def __str__(self) -> str:
        return f"cannot resolve host {self.host!r}: {reason(self.os_error)}"


class AddressNotAllowedError(ClientConnectorError):
    """The host has no address that `allowed_addresses` of the connector lets pass.

    New here. `addresses` are those that it has; none if a proxy would resolve its name, so that
    nobody here can know them.
    """

    def __init__(self, connection_key: Endpoint, addresses: tuple[str, ...]) -> None:
        super().__init__(connection_key, PermissionError(errno.EACCES, "address is not allowed"))
        self.args: tuple[Any, ...] = (connection_key, addresses)
        self.addresses = addresses

    def __str__(self) -> str:
        where = _where(self.connection_key)
        if _is_to_proxy(self.connection_key):
            return f"allowed_addresses cannot check what {where} would connect to"
        if not self.addresses:
            return (
                f"addresses of {where} cannot be checked by allowed_addresses: the proxy would "
                "resolve the name"
            )
        return f"no address of {where} is allowed: {', '.join(self.addresses)}"


class ClientProxyConnectionError(ClientConnectorError):
    """No connection to the proxy could be made: `host` and `port` are those of the proxy."""

    def __str__(self) -> str:
        return f"cannot connect to proxy {self.host}:{self.port}: {self._reason}"


class UnixClientConnectorError(ClientConnectorError):
    """No connection to a UNIX socket could be made."""

    def __init__(self, path: str, connection_key: Endpoint, os_error: OSError) -> None:
        super().__init__(connection_key, os_error)
        self.args: tuple[Any, ...] = (path, connection_key, os_error)
        self._path = path

    @property
    def path(self) -> str:
        """Where the socket was looked for in the file system."""
        return self._path

    def __str__(self) -> str:
        return f"cannot connect to UNIX socket {self.path!r}: {reason(self.os_error)}"


class ClientSSLError(ClientConnectorError):
    """TLS could not be set up."""


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed."""

    def __str__(self) -> str:
        from ._tls import handshake_reason  # late: for messages only

        why = handshake_reason(self.os_error)
        return f"TLS handshake with {_where(self.connection_key)} failed: {why}"


class ClientConnectorCertificateError(ClientSSLError, ssl.CertificateError):
    """The server's certificate is not valid for this host, or nobody we trust vouches for it.

    `certificate` is what it says of itself, and None before Python 3.13, which does not tell it.
    """

    certificate: "CertificateFacts | None" = None

    def __init__(self, connection_key: Endpoint, certificate_error: OSError) -> None:
        super().__init__(connection_key, certificate_error)

    @property
    def certificate_error(self) -> OSError:
        """What the TLS library said."""
        return self.os_error

    def __str__(self) -> str:
        from ._tls import certificate_reason  # late: for messages only

        option = "proxy_ssl" if _is_to_proxy(self.connection_key) else "ssl"
        why = certificate_reason(self.os_error, self.certificate, option)
        return f"certificate of {_where(self.connection_key)} was not accepted: {why}"


class ServerConnectionError(ClientConnectionError):
    """The server ended the connection, or did not use it in time."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed the connection before its response had begun or its head was complete."""

    def __init__(self, message: str | None = None) -> None:
        if message is None:
            message = "server disconnected"
        super().__init__(message)
        self.message = message


class ServerFingerprintMismatch(ServerConnectionError):
    """The server's certificate is none of those that were pinned.

    Attributes: `expected` and `got` (the SHA-256 digests), `host` and `port`; `others`, more
    digests of which any would have done.
    """

    def __init__(
        self, expected: bytes, got: bytes, host: str, port: int, others: tuple[bytes, ...] = ()
    ) -> None:
        super().__init__(expected, got, host, port, *((others,) if others else ()))
        self.expected = expected
        self.others = others
        self.got = got
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return (
            f"certificate of {self.host}:{self.port} has the fingerprint {self.got.hex()}, "
            f"expected {' or '.join(digest.hex() for digest in (self.expected, *self.others))}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


# --- time ------------------------------------------------------------------------------------


class ClientTimeoutError(ClientError, TimeoutError):
    """A limit of `ClientTimeout` passed; the message says which, for which host, after how long.

    New here: every time limit raises an error that is both a `ClientError` and a `TimeoutError`.

    Attributes: `limit` (the field of `ClientTimeout`), `limit_s` (its value in seconds),
    `elapsed_s` (how long it took in fact), `phase` (what the request was waiting for: "pool",
    "connect", "tls", "request", "response", "body", or a "middleware") and `host`.
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
            f"{limit} limit of {limit_s:g} s passed while {_DOING[phase]} {_where(endpoint)}"
            f"{_through(endpoint)} (after {elapsed_s:.3g} s)",
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


_DOING: Final = {
    "pool": "waiting for a free connection to",
    "connect": "connecting to",
    "tls": "waiting for the TLS handshake with",
    "request": "sending the request to",
    "response": "waiting for the response of",
    "middleware": "a middleware was at work on the request to",
    "body": "reading the body from",
}


def _is_to_proxy(endpoint: Endpoint) -> bool:
    return getattr(endpoint, "is_to_proxy", False)


def _through(endpoint: Endpoint) -> str:
    proxy = getattr(endpoint, "proxy", None)
    if proxy is None or _is_to_proxy(endpoint):
        return ""
    return f" through proxy {proxy.host}:{proxy.port}"


def _where(endpoint: Endpoint) -> str:
    what = "proxy " if _is_to_proxy(endpoint) else ""
    return f"{what}{endpoint.host}:{endpoint.port}"
