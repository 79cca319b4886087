"""Who holds what, who waits, what is idle. Bookkeeping only: no clock, no loop, no I/O.

A slot is the right to one connection in use (being made counts as in use); idle connections hold
none. Slots are limited in all and for each host. Whoever finds no slot free waits; slots go to
waiters in the order in which they came, except that those whose host is full let others pass.

Each operation costs the same with one host and with ten thousand. Waiters queue per host, in the
order of their tickets, and hosts that have both a waiter and room stand in a line, a heap by the
ticket of their first waiter. An entry of the line may be outdated, because that waiter left or the
host is full again; that shows when it comes to the front.

The connector acts on what the ledger decides: it opens and closes connections, and tells waiters.
"""

from collections import OrderedDict
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from math import inf
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from aioclient._net.route import Route

#: What `limit_per_host` counts by: host, port, and whether it is TLS.
HostKey: TypeAlias = tuple[str, int, bool]


class Keepable(Protocol):
    """What the ledger knows of a connection."""

    #: When an idle one may not be used any more.
    expires_at: float

    @property
    def route(self) -> Route: ...


C = TypeVar("C", bound=Keepable)


class Waiter(Protocol):
    """Whoever waits for a slot."""

    @property
    def route(self) -> Route: ...
    @property
    def is_waiting(self) -> bool:
        """Not given up in the meantime."""


W = TypeVar("W", bound=Waiter)


class Grant(NamedTuple, Generic[C, W]):
    """A slot for a waiter: with an idle connection, or to make a new one for."""

    waiter: W
    connection: C | None


class _Host(Generic[W]):
    """The slots and waiters of one host, or of all together if hosts have no limit of their own."""

    __slots__ = ("in_use", "is_in_line", "waiting")

    def __init__(self) -> None:
        self.in_use = 0
        # Not a dict: that takes the longer to find its first the more were taken from its front.
        self.waiting: OrderedDict[W, int] = OrderedDict()
        self.is_in_line = False


class Ledger(Generic[C, W]):
    """The books of one connector; 0 is no limit."""

    __slots__ = (
        "_hosts",
        "_idle",
        "_last_ticket",
        "_line",
        "_outdated",
        "_waiting_by_route",
        "idle_count",
        "in_use",
        "limit",
        "limit_per_host",
        "waiting_count",
    )

    def __init__(self, limit: int, limit_per_host: int) -> None:
        self.limit = limit
        self.limit_per_host = limit_per_host
        #: Slots taken.
        self.in_use = 0
        #: Connections kept, but for those that were passed over because they have expired.
        self.idle_count = 0
        #: Waiters in the queues, perhaps some that gave up and have not left yet.
        self.waiting_count = 0
        self._idle: dict[Route, dict[C, None]] = {}  # of a route, the one used last is the last
        self._outdated: dict[C, None] = {}  # not lent any more, for `take_expired`
        self._hosts: dict[HostKey | None, _Host[W]] = {}  # those with a waiter or a count
        self._line: list[tuple[int, _Host[W]]] = []
        self._last_ticket = 0
        self._waiting_by_route: dict[Route, int] = {}

    # --- slots ---------------------------------------------------------------------------------

    def has_room(self, route: Route) -> bool:
        """Is a slot free for this route?"""
        if self.limit and self.in_use >= self.limit:
            return False
        if not self.limit_per_host:
            return True
        host = self._hosts.get(route[:3])
        return host is None or host.in_use < self.limit_per_host

    def take_slot(self, route: Route) -> None:
        """Count a slot as taken."""
        self.in_use += 1
        if self.limit_per_host:
            self._host_of(route).in_use += 1

    def free_slot(self, route: Route) -> None:
        """Count a slot as free again."""
        self.in_use -= 1
        if self.limit_per_host:
            host = self._host_of(route)
            host.in_use -= 1
            self._line_up(host)
            self._forget_if_empty(route, host)

    # --- idle connections ------------------------------------------------------------------------

    def take_idle(self, route: Route, now: float) -> C | None:
        """The route's connection that became idle last and has not expired, and a slot for it.

        None if there is none or no slot is free.
        """
        connections = self._idle.get(route)
        if connections is None or not self.has_room(route):
            return None
        found = None
        while connections:
            connection, _ = connections.popitem()
            self.idle_count -= 1
            if connection.expires_at > now:
                found = connection
                self.take_slot(route)
                break
            self._outdated[connection] = None
        if not connections:
            del self._idle[route]
        return found

    def keep(self, connection: C) -> None:
        """Keep a connection that has no slot any more; `expires_at` is set."""
        route = connection.route
        connections = self._idle.get(route)
        if connections is None:
            self._idle[route] = {connection: None}
        else:
            connections[connection] = None
        self.idle_count += 1

    def forget(self, connection: C) -> bool:
        """Keep it no longer; was it idle?"""
        if connection in self._outdated:
            del self._outdated[connection]
            return True
        route = connection.route
        connections = self._idle.get(route)
        if connections is None or connection not in connections:
            return False
        del connections[connection]
        self.idle_count -= 1
        if not connections:
            del self._idle[route]
        return True

    def take_expired(self, now: float) -> list[C]:
        """All that have expired by now; they are kept no longer."""
        expired = [c for c in self.idle() if c.expires_at <= now]
        for connection in expired:
            self.forget(connection)
        return expired

    def idle(self) -> Iterator[C]:
        """All that are kept, expired or not; nothing may be kept or taken meanwhile."""
        yield from self._outdated
        for connections in self._idle.values():
            yield from connections

    @property
    def next_expiry(self) -> float:
        """When the first of those that are kept expires; `inf` if none is."""
        return min((connection.expires_at for connection in self.idle()), default=inf)

    # --- waiters -----------------------------------------------------------------------------

    def wait(self, waiter: W) -> None:
        """Queue up."""
        self._last_ticket += 1
        host = self._host_of(waiter.route)
        host.waiting[waiter] = self._last_ticket
        self.waiting_count += 1
        route = waiter.route
        self._waiting_by_route[route] = self._waiting_by_route.get(route, 0) + 1
        self._line_up(host)

    def withdraw(self, waiter: W) -> bool:
        """Leave the queue; was it in there?"""
        host = self._hosts.get(self._key(waiter.route))
        if host is None or waiter not in host.waiting:
            return False
        self._leave(waiter, host)
        self._forget_if_empty(waiter.route, host)
        self._compact()
        return True

    def count_waiting(self, route: Route) -> int:
        """How many queue up for this route?"""
        return self._waiting_by_route.get(route, 0)

    def waiting(self) -> Iterator[W]:
        """All who queue up; nobody may come or leave meanwhile."""
        for host in self._hosts.values():
            yield from host.waiting

    @property
    def lined_up(self) -> int:
        """How long the line of hosts is, outdated entries included."""
        return len(self._line)

    def grant(self, now: float) -> Grant[C, W] | None:
        """Take a slot for the first waiter who can have one; None if nobody can."""
        line = self._line
        while line and not (self.limit and self.in_use >= self.limit):
            ticket, host = heappop(line)
            host.is_in_line = False
            waiter = self._first_of(host)
            if waiter is None or not self._host_has_room(host):
                continue  # it stands in line again with its next waiter, or its next free slot
            if host.waiting[waiter] != ticket:
                self._line_up(host)
                continue
            self._leave(waiter, host)
            connection = self.take_idle(waiter.route, now)
            if connection is None:
                self.take_slot(waiter.route)
            self._line_up(host)
            self._forget_if_empty(waiter.route, host)
            return Grant(waiter, connection)
        return None

    # --- hosts -----------------------------------------------------------------------------------

    def _key(self, route: Route) -> HostKey | None:
        return route[:3] if self.limit_per_host else None

    def _host_of(self, route: Route) -> _Host[W]:
        key = self._key(route)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host()
        return host

    def _host_has_room(self, host: _Host[W]) -> bool:
        return not self.limit_per_host or host.in_use < self.limit_per_host

    def _first_of(self, host: _Host[W]) -> W | None:
        """The first who still waits; those in front who gave up leave the queue."""
        while host.waiting:
            waiter = next(iter(host.waiting))
            if waiter.is_waiting:
                return waiter
            self._leave(waiter, host)
            self._forget_if_empty(waiter.route, host)
        return None

    def _leave(self, waiter: W, host: _Host[W]) -> None:
        del host.waiting[waiter]
        self.waiting_count -= 1
        route = waiter.route
        left = self._waiting_by_route[route] - 1
        if left:
            self._waiting_by_route[route] = left
        else:
            del self._waiting_by_route[route]

    def _line_up(self, host: _Host[W]) -> None:
        if host.waiting and not host.is_in_line and self._host_has_room(host):
            host.is_in_line = True
            heappush(self._line, (next(iter(host.waiting.values())), host))

    def _forget_if_empty(self, route: Route, host: _Host[W]) -> None:
        if not host.waiting and not host.in_use:
            self._hosts.pop(self._key(route), None)

    def _compact(self) -> None:
        """Drop hosts from the line whose waiters have all left, before they are many."""
        if len(self._line) > 2 * len(self._hosts) + 16:
            for _, host in self._line:
                host.is_in_line = bool(host.waiting)
            self._line = [entry for entry in self._line if entry[1].is_in_line]
            heapify(self._line)
