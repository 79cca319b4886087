"""For how long idle connections are kept, and the one timer that closes those that expired."""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final
from weakref import ref

from aioclient._connection.interface import Connection
from aioclient._pool import reasons
from aioclient._pool.ledger import Ledger
from aioclient._pool.waiter import LeaseWaiter

#: Idle connections are looked at no more often, so that ten thousand of them cost no attention.
_GRAIN_S: Final = 0.25


class IdleConnections:
    """Those that the ledger has as idle. `discard` closes one, for a reason.

    The timer runs only while there is something to close some time, and does not keep this alive.
    """

    __slots__ = ("__weakref__", "_discard", "_ledger", "_look_at", "_timer", "keep_s", "max_age_s")

    def __init__(
        self,
        ledger: Ledger[Connection, LeaseWaiter],
        discard: Callable[[Connection, str], None],
        keep_s: float,
        max_age_s: float,
    ) -> None:
        self._ledger = ledger
        self._discard = discard
        #: For how many seconds a connection is kept without being used.
        self.keep_s = keep_s
        #: How old one may become.
        self.max_age_s = max_age_s
        self._timer: asyncio.TimerHandle | None = None
        self._look_at = inf

    def keep(self, connection: Connection) -> None:
        """Keep a connection that was given back, as long as it and its server last."""
        now = connection.idle_since = monotonic()
        keep_s = self.keep_s
        if connection.peer_keeps_s < keep_s:
            keep_s = connection.peer_keeps_s
        expires_at = now + keep_s
        if connection.opened_at + self.max_age_s < expires_at:
            expires_at = connection.opened_at + self.max_age_s
        connection.expires_at = expires_at
        if expires_at <= now:
            self._discard(connection, self._why_expired(connection))
            return
        self._ledger.keep(connection)
        if expires_at < self._look_at:
            self._look_later(expires_at, now)

    def look(self) -> None:
        """Close what has expired, and look again when the next does."""
        self._timer = None
        self._look_at = inf
        now = monotonic()
        for connection in self._ledger.take_expired(now):
            self._discard(connection, self._why_expired(connection))
        if self._ledger.idle_count:
            self._look_later(max(self._ledger.next_expiry, now + _GRAIN_S), now)

    def close_all(self, reason: str) -> int:
        """Keep none of them; how many there were."""
        connections = self._ledger.take_expired(inf)
        for connection in connections:
            self._discard(connection, reason)
        self.drop_timer()
        return len(connections)

    def drop_timer(self) -> None:
        """Look no more, until one is kept again."""
        self._look_at = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _why_expired(self, connection: Connection) -> str:
        if connection.peer_keeps_s <= 0:
            return reasons.NOT_PERSISTENT
        is_old = connection.expires_at == connection.opened_at + self.max_age_s
        return reasons.TOO_OLD if is_old else reasons.IDLE_TOO_LONG

    def _look_later(self, at: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._look_at = at
        self._timer = asyncio.get_running_loop().call_later(at - now, _look, ref(self))


def _look(idle_ref: "ref[IdleConnections]") -> None:
    idle = idle_ref()
    if idle is not None:
        idle.look()
