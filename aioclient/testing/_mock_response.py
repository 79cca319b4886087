"""What a `MockConnector` answers."""

import asyncio
import errno
import json as json_module
import socket
from collections.abc import AsyncIterable, Callable
from math import inf
from typing import Final, Literal, TypeAlias, TypedDict, cast, get_args

from multidict import CIMultiDict

from aioclient._aliases import LooseHeaders
from aioclient._net.route import Route
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ConnectionTimeoutError,
    SocketTimeoutError,
)

#: What may go wrong, by name; see `MockResponse`.
ErrorKind: TypeAlias = Literal[
    "connect_timeout", "disconnect", "dns", "read_timeout", "refused", "reset"
]
ErrorWish: TypeAlias = Exception | type[Exception] | ErrorKind
#: How the end of a body is told: by its length, by chunks, or by the end of the connection.
Framing: TypeAlias = Literal["counted", "chunked", "close"]
BodyPieces: TypeAlias = AsyncIterable[bytes]
ResponseBody: TypeAlias = bytes | BodyPieces | Callable[[], BodyPieces]

_KINDS: Final = get_args(ErrorKind)


class _NoJSON:
    """The type of "no JSON", where None means null."""


NO_JSON: Final = _NoJSON()


class AnswerOptions(TypedDict, total=False):
    """The arguments of `MockResponse`, for those who hand them on."""

    status: int
    reason: str | None
    headers: LooseHeaders | None
    body: ResponseBody | None
    text: str | None
    json: object
    delay: float
    error: ErrorWish | None
    cut_after: int | None
    framing: Framing | None


class MockResponse:
    """An answer: a response, or an error in the place of one.

    Arguments, all optional:
        status, reason: of the status line (200, and what the status is called).
        headers: a mapping or pairs. What the framing needs is added: Content-Length or
            Transfer-Encoding, and Connection. A Content-Length of yours has the last word: the
            connection ends if the body is shorter.
        body: bytes; or an async iterable of bytes, for one use; or a function without arguments,
            as an async generator function, that gives one for each use.
        text: a body in UTF-8, with the Content-Type text/plain.
        json: a body from `json.dumps`, with the Content-Type application/json.
        delay: for how many seconds nothing comes (0); `math.inf` is for ever.
        error: what the request fails with, in the place of an answer. An exception, or a class of
            one that needs no arguments, is raised as it is; but a ConnectionError of Python's
            breaks the connection off: the request fails with a ClientOSError. By name:
            "refused" is a ClientConnectorError, "dns" a ClientConnectorDNSError, "connect_timeout"
            a ConnectionTimeoutError, "read_timeout" a SocketTimeoutError. "reset" breaks the
            connection off and "disconnect" closes it, as a server would do it.
        cut_after: the error comes after so many bytes of the body; "disconnect" if there is none.
        framing: how the end of the body is told: "counted" for bytes, "chunked" for what comes in
            pieces, "close" for neither.

    Raises ValueError for what excludes each other or is out of range, TypeError for a wrong type.
    """

    __slots__ = ("body", "cut_after", "delay", "error", "framing", "headers", "reason", "status")

    def __init__(
        self,
        status: int = 200,
        *,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
        body: ResponseBody | None = None,
        text: str | None = None,
        json: object = NO_JSON,
        delay: float = 0.0,
        error: ErrorWish | None = None,
        cut_after: int | None = None,
        framing: Framing | None = None,
    ) -> None:
        if (body is not None) + (text is not None) + (json is not NO_JSON) > 1:
            raise ValueError("body, text and json exclude each other")
        if not 200 <= status <= 999:
            raise ValueError(f"status must be from 200 to 999, not {status}")
        if not delay >= 0:
            raise ValueError(f"delay must not be negative, got {delay}")
        if cut_after is not None and cut_after < 0:
            raise ValueError(f"cut_after must not be negative, got {cut_after}")
        if framing is not None and framing not in get_args(Framing):
            raise ValueError(f"framing must be one of {get_args(Framing)}, not {framing!r}")
        self.status: Final = status
        self.reason: Final = reason
        self.headers: Final[CIMultiDict[str]] = CIMultiDict(headers or ())
        self.delay: Final = delay
        self.error: Final = _checked_error(error)
        self.cut_after: Final = cut_after
        self.framing: Final = framing
        kind = None
        if text is not None:
            body, kind = text.encode(), "text/plain; charset=utf-8"
        elif json is not NO_JSON:
            body, kind = json_module.dumps(json).encode(), "application/json"
        if kind is not None:
            self.headers.setdefault("Content-Type", kind)
        if not (body is None or isinstance(body, bytes | AsyncIterable) or callable(body)):
            raise TypeError(
                f"body must be bytes or an async iterable of bytes, not {type(body).__name__}"
            )
        if framing == "counted" and not isinstance(body or b"", bytes):
            raise ValueError('framing="counted" needs a body of bytes, or a Content-Length')
        self.body: Final[ResponseBody] = b"" if body is None else body

    def __repr__(self) -> str:
        if self.error is not None and self.cut_after is None:
            return f"<{type(self).__name__} error {_named(self.error)}>"
        return f"<{type(self).__name__} {self.status}>"


def _checked_error(error: ErrorWish | None) -> ErrorWish | None:
    if isinstance(error, str):
        if error not in _KINDS:
            raise ValueError(f"error must be one of {_KINDS}, or an exception, not {error!r}")
    elif isinstance(error, type) and issubclass(error, Exception):
        try:
            error()
        except TypeError:
            raise TypeError(
                f"error must be an exception: {error.__name__} cannot be made without arguments"
            ) from None
    elif error is not None and not isinstance(error, Exception):
        raise TypeError(f"error must be an exception or a name, not {error!r}")
    return error


def _named(error: ErrorWish) -> str:
    return error if isinstance(error, str) else getattr(error, "__name__", type(error).__name__)


def exception_for(error: ErrorWish, route: Route, timeout: ClientTimeout, phase: str) -> Exception:
    """What the request is to fail with; an OSError that is no ClientError breaks the connection.

    `phase` is that in which the request is: "response" or "body".
    """
    if error == "reset":
        return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    if error == "refused":
        refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return ClientConnectorError(route, refused)
    if error == "dns":
        unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ClientConnectorDNSError(route, unknown)
    if error == "connect_timeout":
        limit_s = timeout.sock_connect or timeout.connect or timeout.total or 0.0
        return ConnectionTimeoutError.passed("connect", limit_s, limit_s, "connect", route)
    if error == "read_timeout":
        limit_s = timeout.sock_read or timeout.total or 0.0
        return SocketTimeoutError.passed("sock_read", limit_s, limit_s, phase, route)
    if isinstance(error, type):
        return error()
    return cast("Exception", error)  # `_checked_error` has let nothing else pass


def breaks_connection(error: Exception) -> bool:
    """Does a server bring this about by breaking off the connection?"""
    return isinstance(error, ConnectionError) and not isinstance(error, ClientError)


async def pause(seconds: float) -> None:
    """Wait, also for ever."""
    if seconds == inf:
        await asyncio.get_running_loop().create_future()
    elif seconds > 0:
        await asyncio.sleep(seconds)
