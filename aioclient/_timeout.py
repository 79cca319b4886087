"""How long a caller is willing to wait, and how a request's wish overrides the session's."""

from math import inf
from typing import Final, TypeAlias

_LIMITS: Final = ("total", "connect", "sock_read", "sock_connect")


class ClientTimeout:
    """Time limits of a request, in seconds; None or 0 means no limit. Immutable.

    Each passed limit raises an error that is a `ClientError` and a `TimeoutError` and says which.

    Arguments:
        total: from the call to the end of the body: waiting for a connection, connecting, sending,
            reading.
        connect: waiting for a free connection or making one, together.
        sock_read: between two arrivals of bytes, counted from the moment the request was sent.
        sock_connect: making one new connection: name, TCP and TLS.
        ceil_threshold: a total of at least this many seconds may pass up to one second late, so
            that many requests share a timer.

    Raises TypeError for a limit that is not a number, ValueError for a negative one.
    """

    # Written out: a dataclass would add its module and its generator to everybody's start-up time.
    __slots__ = ("ceil_threshold", "connect", "sock_connect", "sock_read", "total")

    total: float | None
    connect: float | None
    sock_read: float | None
    sock_connect: float | None
    ceil_threshold: float

    def __init__(
        self,
        total: float | None = None,
        connect: float | None = None,
        sock_read: float | None = None,
        sock_connect: float | None = None,
        ceil_threshold: float = 5.0,
    ) -> None:
        values = (total, connect, sock_read, sock_connect)
        for name, value in zip(_LIMITS, values, strict=True):
            object.__setattr__(self, name, _checked(name, value))
        object.__setattr__(self, "ceil_threshold", ceil_threshold)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"ClientTimeout cannot be changed, make another with {name}={value!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("ClientTimeout cannot be changed")

    def __replace__(self, **changes: float | None) -> "ClientTimeout":
        values = dict(zip((*_LIMITS, "ceil_threshold"), self._values(), strict=True))
        return ClientTimeout(**(values | changes))  # type: ignore[arg-type]  # checked when called

    def __reduce__(self) -> tuple[type["ClientTimeout"], tuple[float | None, ...]]:
        return ClientTimeout, self._values()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientTimeout):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        total, connect, sock_read, sock_connect, ceil_threshold = self._values()
        return (
            f"ClientTimeout(total={total}, connect={connect}, sock_read={sock_read}, "
            f"sock_connect={sock_connect}, ceil_threshold={ceil_threshold})"
        )

    def _values(self) -> tuple[float | None, ...]:
        return (
            self.total,
            self.connect,
            self.sock_read,
            self.sock_connect,
            self.ceil_threshold,
        )

    def with_total(self, total: float | None) -> "ClientTimeout":
        """The same limits with another `total`."""
        return ClientTimeout(
            total, self.connect, self.sock_read, self.sock_connect, self.ceil_threshold
        )


def _checked(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"ClientTimeout {name} must be seconds or None, not {value!r}")
    if not value >= 0:  # NaN too
        raise ValueError(f"ClientTimeout {name} must not be negative, got {value!r}")
    return None if value == inf else value


DEFAULT_TIMEOUT: Final = ClientTimeout(total=300.0, sock_connect=30.0)

TimeoutWish: TypeAlias = ClientTimeout | float | None


def session_timeout(wish: TimeoutWish) -> ClientTimeout:
    """The limits of a session: the default for None, `total` alone for a number."""
    if wish is None:
        return DEFAULT_TIMEOUT
    return request_timeout(wish, DEFAULT_TIMEOUT)


def request_timeout(wish: TimeoutWish, session: ClientTimeout) -> ClientTimeout:
    """The limits of one request: a number or None replaces the session's `total` only."""
    return wish if isinstance(wish, ClientTimeout) else session.with_total(wish)
