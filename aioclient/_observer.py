"""Who hears how a connection comes about, while that happens.

The rooms below the session tell it by this narrow interface, and know nothing of who listens. A
connection is made in a task of its own, whose context says who listens, so that nothing on the
way down has to hand it on. Where nobody does, nothing is called.
"""

from contextvars import ContextVar
from typing import Final, Protocol


class Observer(Protocol):
    """Hears of the connection that one request waits for.

    Each method is awaited where it is called, so a slow one makes the request wait. What it raises
    is what the request fails with.
    """

    async def queued_start(self) -> None:
        """The request has its place in the queue of the pool, which is full."""

    async def queued_end(self) -> None:
        """It need not queue any more."""

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""

    async def connection_create_end(self, connection_id: int) -> None:
        """It can be used, TLS and all."""

    async def reuseconn(self, connection_id: int) -> None:
        """A kept connection serves the request."""

    async def dns_resolvehost_start(self, host: str) -> None:
        """A resolver is about to be asked for the addresses of a name."""

    async def dns_resolvehost_end(self, host: str) -> None:
        """It gave some."""

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of a name are known, or another request had asked for them already."""

    async def dns_cache_miss(self, host: str) -> None:
        """They are not known."""

    async def tls_handshake_start(self, host: str) -> None:
        """A handshake has begun with a server, or with a proxy."""

    async def tls_handshake_end(self, host: str, version: str | None, cipher: str | None) -> None:
        """It is done, and agreed on a version, as "TLSv1.3", and a cipher suite."""


class Observing:
    """Who hears of a connection while it is being made.

    What a task begins keeps its context, a transport for as long as it is open. So the context has
    this, which lets go of the observer, and with it of a session, when the connection is made.
    """

    __slots__ = ("observer",)

    def __init__(self, observer: Observer | None) -> None:
        self.observer = observer


#: Of the connection that is being made in this task, or was made in one that this came from.
OBSERVING: Final[ContextVar[Observing | None]] = ContextVar("OBSERVING", default=None)


def current_observer() -> Observer | None:
    """Who hears of the connection that is being made in this task."""
    observing = OBSERVING.get()
    return None if observing is None else observing.observer
