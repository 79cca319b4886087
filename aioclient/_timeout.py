"""How long a caller is willing to wait, and how a request's wish overrides the session's."""

from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ClientTimeout:
    """Time limits of a request, in seconds; None or 0 means no limit.

    Each passed limit raises an error that is a `ClientError` and a `TimeoutError` and says which.
    """

    #: From the call to the end of the body: waiting for a connection, connecting, sending, reading.
    total: float | None = None
    #: Waiting for a free connection or making one, together.
    connect: float | None = None
    #: Between two arrivals of bytes, counted from the moment the request was sent.
    sock_read: float | None = None
    #: Making one new connection, TLS included.
    sock_connect: float | None = None
    #: Limits of at least this many seconds may pass up to one second late (timers are shared).
    ceil_threshold: float = 5.0

    def __post_init__(self) -> None:
        for name in ("total", "connect", "sock_read", "sock_connect"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"ClientTimeout {name} must be seconds or None, not {value!r}")
            if not value >= 0:  # NaN too
                raise ValueError(f"ClientTimeout {name} must not be negative, got {value!r}")


DEFAULT_TIMEOUT = ClientTimeout(total=300.0, sock_connect=30.0)

TimeoutWish: TypeAlias = ClientTimeout | float | None


def session_timeout(wish: TimeoutWish) -> ClientTimeout:
    """The limits of a session: the default for None, `total` alone for a number."""
    if wish is None:
        return DEFAULT_TIMEOUT
    if isinstance(wish, ClientTimeout):
        return wish
    return replace(DEFAULT_TIMEOUT, total=wish)


def request_timeout(wish: TimeoutWish, session: ClientTimeout) -> ClientTimeout:
    """The limits of one request: a number or None replaces the session's `total` only."""
    if isinstance(wish, ClientTimeout):
        return wish
    return replace(session, total=wish)
