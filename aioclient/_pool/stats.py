"""What a connector tells of itself, for metrics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._pool import reasons
from aioclient._pool.ledger import HostKey, Ledger
from aioclient._pool.waiter import LeaseWaiter


class HostStats(NamedTuple):
    """One host's part of the gauges in `ConnectorStats`."""

    active: int = 0
    connecting: int = 0
    idle: int = 0
    waiting: int = 0


class ConnectorStats(NamedTuple):
    """What a connector has and did, at one moment.

    Gauges: `active`, connections lent to requests; `connecting`, those being made; `idle`, those
    kept for the next request; `waiting`, requests that wait because of a limit; `per_host`, the
    same four by host, port and whether it is TLS.

    Counters, since the connector was made: `created`, connections made; `failed`, those that could
    not be made, or were given up meanwhile; `reused`, how often a kept one served a request;
    `closed`, connections closed, by reason: "idle_too_long" (unused for `keepalive_timeout`, or for
    as long as the server keeps it), "too_old" (`max_connection_age`), "closed_by_server" (while
    no request was on it), "close_idle" (by that method), "not_persistent" (request or response said
    that it is the last), "force_close", "broken_off" (the request failed, was given up, or its
    response not read) and "connector_closed".
    """

    active: int
    connecting: int
    idle: int
    waiting: int
    created: int
    failed: int
    reused: int
    closed: Mapping[str, int]
    per_host: Mapping[HostKey, HostStats]


class Counts:
    """The counters of one connector."""

    __slots__ = ("closed", "created", "failed", "reused")

    def __init__(self) -> None:
        self.created = 0
        self.failed = 0
        self.reused = 0
        self.closed = dict.fromkeys(reasons.ALL, 0)


def stats_of(
    ledger: Ledger[Connection, LeaseWaiter],
    connections: Iterable[Connection],
    connecting: Iterable[Route],
    counts: Counts,
) -> ConnectorStats:
    """The stats of a connector that has these books, open connections, and some in the making."""
    idle = Counter(connection.route[:3] for connection in ledger.idle())
    active = Counter(c.route[:3] for c in connections if c.closed_because is None)
    active.subtract(idle)
    being_made = Counter(route[:3] for route in connecting)
    waiting = Counter(waiter.route[:3] for waiter in ledger.waiting() if waiter.is_waiting)
    hosts = dict.fromkeys((*active, *being_made, *waiting))
    return ConnectorStats(
        active.total(),
        being_made.total(),
        idle.total(),
        waiting.total(),
        counts.created,
        counts.failed,
        counts.reused,
        dict(counts.closed),
        {h: HostStats(active[h], being_made[h], idle[h], waiting[h]) for h in hosts},
    )
