"""Who hears how a connection comes about, while that happens.

The rooms below the session tell it by this narrow interface, and know nothing of who listens. A
connection is made in a task of its own; there `OBSERVER` says who listens, so that nothing on the
way down has to hand it on. Where nobody does, it is None, and nothing is called.
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


#: Of the connection that is being made in this task.
OBSERVER: Final[ContextVar[Observer | None]] = ContextVar("OBSERVER", default=None)
