"""How long a caller is willing to wait, and how a request's wish overrides the session's."""

from math import inf
from typing import TYPE_CHECKING, Final, TypeAlias

_NAMES: Final = (
    "total",
    "connect",
    "sock_read",
    "sock_connect",
    "ceil_threshold",
    "pool",
    "tls",
    "write",
)


class ClientTimeout:
    """Time limits of a request, in seconds; None or 0 means no limit. Immutable.

    Each passed limit raises an error that is a `ClientError` and a `TimeoutError` and says which.

    Arguments:
        total: from the call to the end of the body: waiting for a connection, connecting, sending,
            reading.
        connect: waiting for a free connection or making one, together.
        sock_read: between two arrivals of bytes, counted from the moment the request was sent.
        sock_connect: making one new connection: name, TCP and TLS.
        pool: waiting for a free connection, where the pool has no room for another.
        tls: for the TLS handshake of a new connection.
        write: in which the server takes none of the request's body that waits to be sent. What it
            takes is looked at when this passes, so the error may come up to twice as late.
        ceil_threshold: a total of at least this many seconds may pass up to one second late, so
            that many requests share a timer.

    Raises TypeError for a limit that is not a number, ValueError for a negative one.
    """

    # Written out: a dataclass would add its module and its generator to everybody's start-up time.
    __slots__ = _NAMES

    if TYPE_CHECKING:  # attributes for reading, as slots cannot say

        @property
        def total(self) -> float | None:
            """From the call to the end of the body."""
            ...

        @property
        def connect(self) -> float | None:
            """For a connection, a free one or a new one."""
            ...

        @property
        def sock_read(self) -> float | None:
            """Between two arrivals of bytes."""
            ...

        @property
        def sock_connect(self) -> float | None:
            """For making a new connection."""
            ...

        @property
        def ceil_threshold(self) -> float:
            """From which total on timers are shared."""
            ...

        @property
        def pool(self) -> float | None:
            """For a free connection where there is no room for another."""
            ...

        @property
        def tls(self) -> float | None:
            """For the TLS handshake."""
            ...

        @property
        def write(self) -> float | None:
            """In which nothing of the body that waits is taken."""
            ...

    def __init__(
        self,
        total: float | None = None,
        connect: float | None = None,
        sock_read: float | None = None,
        sock_connect: float | None = None,
        ceil_threshold: float = 5.0,
        *,
        pool: float | None = None,
        tls: float | None = None,
        write: float | None = None,
    ) -> None:
        object.__setattr__(self, "total", _checked("total", total))
        object.__setattr__(self, "connect", _checked("connect", connect))
        object.__setattr__(self, "sock_read", _checked("sock_read", sock_read))
        object.__setattr__(self, "sock_connect", _checked("sock_connect", sock_connect))
        object.__setattr__(self, "ceil_threshold", ceil_threshold)
        object.__setattr__(self, "pool", _checked("pool", pool))
        object.__setattr__(self, "tls", _checked("tls", tls))
        object.__setattr__(self, "write", _checked("write", write))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"ClientTimeout cannot be changed, make another with {name}={value!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("ClientTimeout cannot be changed")

    def __replace__(self, **changes: float | None) -> "ClientTimeout":
        return ClientTimeout(**(dict(self._items()) | changes))  # type: ignore[arg-type]  # checked when called

    def __reduce__(self) -> tuple[object, tuple[dict[str, float | None]]]:
        return _restored, (dict(self._items()),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClientTimeout):
            return NotImplemented
        return self._items() == other._items()

    def __hash__(self) -> int:
        return hash(self._items())

    def __repr__(self) -> str:
        return f"ClientTimeout({', '.join(f'{name}={value}' for name, value in self._items())})"

    def _items(self) -> tuple[tuple[str, float | None], ...]:
        return tuple((name, getattr(self, name)) for name in _NAMES)

    def with_total(self, total: float | None) -> "ClientTimeout":
        """The same limits with another `total`."""
        return self.__replace__(total=total)


def _restored(values: dict[str, float]) -> ClientTimeout:
    """For pickle and copy."""
    return ClientTimeout(**values)


def _checked(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"ClientTimeout {name} must be seconds or None, not {value!r}")
    if not value >= 0:  # NaN too
        raise ValueError(f"ClientTimeout {name} must not be negative, got {value!r}")
    return None if value == inf else value


DEFAULT_TIMEOUT: Final = ClientTimeout(total=300.0, sock_connect=30.0)


class Unset:
    """The type of "not given", where None means something else."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()

TimeoutWish: TypeAlias = ClientTimeout | float | Unset | None


def session_timeout(wish: TimeoutWish) -> ClientTimeout:
    """The limits of a session: the default for None, `total` alone for a number."""
    if wish is None or isinstance(wish, Unset):
        return DEFAULT_TIMEOUT
    return request_timeout(wish, DEFAULT_TIMEOUT)


def request_timeout(wish: TimeoutWish, session: ClientTimeout) -> ClientTimeout:
    """The limits of one request: a number or None replaces the session's `total` only."""
    if isinstance(wish, ClientTimeout):
        return wish
    if isinstance(wish, Unset):
        return session
    if hasattr(wish, "sock_connect"):  # that of aiohttp: of a library that brings it
        names = _NAMES[: _NAMES.index("pool")]
        return ClientTimeout(*(getattr(wish, name) for name in names))
    return session.with_total(wish)
