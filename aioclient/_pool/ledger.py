"""Who holds what, who waits, what is idle. Bookkeeping only: no clock, no loop, no I/O.

A slot is the right to one connection in use (being made counts as in use); idle connections hold
none. Slots are limited in all and per route. Whoever finds no slot free waits; slots go to waiters
in the order in which they came, except that a waiter whose route is full lets others pass.

The connector acts on what the ledger decides: it opens and closes connections, and tells waiters.
"""

from typing import Generic, NamedTuple, Protocol, TypeVar

from aioclient._net.route import Route


class Keepable(Protocol):
    """What the ledger knows of a connection."""

    idle_since: float

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


class Ledger(Generic[C, W]):
    """The books of one connector; 0 is no limit."""

    __slots__ = ("_idle", "_in_use_by_route", "in_use", "limit", "limit_per_route", "waiting")

    def __init__(self, limit: int, limit_per_route: int) -> None:
        self.limit = limit
        self.limit_per_route = limit_per_route
        #: Slots taken.
        self.in_use = 0
        #: Who waits, first come first; a dict, so that one who gives up leaves at once.
        self.waiting: dict[W, None] = {}
        self._in_use_by_route: dict[Route, int] = {}  # kept only if there is a limit for it
        self._idle: dict[Route, list[C]] = {}

    # --- slots ---------------------------------------------------------------------------------

    def has_room(self, route: Route) -> bool:
        """Is a slot free for this route?"""
        if self.limit and self.in_use >= self.limit:
            return False
        return (
            not self.limit_per_route or self._in_use_by_route.get(route, 0) < self.limit_per_route
        )

    def take_slot(self, route: Route) -> None:
        """Count a slot as taken."""
        self.in_use += 1
        if self.limit_per_route:
            self._in_use_by_route[route] = self._in_use_by_route.get(route, 0) + 1

    def free_slot(self, route: Route) -> None:
        """Count a slot as free again."""
        self.in_use -= 1
        if self.limit_per_route:
            left = self._in_use_by_route[route] - 1
            if left:
                self._in_use_by_route[route] = left
            else:
                del self._in_use_by_route[route]

    # --- idle connections ------------------------------------------------------------------------

    def take_idle(self, route: Route, not_before: float) -> C | None:
        """The route's connection that became idle last, and a slot for it.

        None if no slot is free, or none of them has become idle since `not_before`.
        """
        connections = self._idle.get(route)
        if not connections or connections[-1].idle_since < not_before or not self.has_room(route):
            return None
        self.take_slot(route)
        connection = connections.pop()
        if not connections:
            del self._idle[route]
        return connection

    def keep(self, connection: C) -> None:
        """Keep a connection that has no slot any more; `idle_since` is set."""
        route = connection.route
        connections = self._idle.get(route)
        if connections is None:
            self._idle[route] = [connection]
        else:
            connections.append(connection)

    def forget(self, connection: C) -> bool:
        """Keep it no longer; was it idle?"""
        route = connection.route
        connections = self._idle.get(route)
        if connections is None or connection not in connections:
            return False
        connections.remove(connection)
        if not connections:
            del self._idle[route]
        return True

    def take_expired(self, not_before: float) -> list[C]:
        """All that became idle before `not_before`; they are kept no longer."""
        expired: list[C] = []
        for route, connections in list(self._idle.items()):
            fresh = [c for c in connections if c.idle_since >= not_before]
            expired += (c for c in connections if c.idle_since < not_before)
            if fresh:
                self._idle[route] = fresh
            else:
                del self._idle[route]
        return expired

    @property
    def idle_count(self) -> int:
        """How many connections are kept."""
        return sum(map(len, self._idle.values()))

    # --- waiters -----------------------------------------------------------------------------

    def wait(self, waiter: W) -> None:
        """Queue up."""
        self.waiting[waiter] = None

    def withdraw(self, waiter: W) -> None:
        """Leave the queue; harmless for one who is not in it."""
        self.waiting.pop(waiter, None)

    def count_waiting(self, route: Route) -> int:
        """How many wait for this route?"""
        return sum(waiter.route == route and waiter.is_waiting for waiter in self.waiting)

    def grant(self, not_before: float) -> Grant[C, W] | None:
        """Take a slot for the first waiter who can have one; None if nobody can.

        `not_before` as in `take_idle`.
        """
        waiter = self._next_to_serve()
        if waiter is None:
            return None
        del self.waiting[waiter]
        connection = self.take_idle(waiter.route, not_before)
        if connection is None:
            self.take_slot(waiter.route)
        return Grant(waiter, connection)

    def _next_to_serve(self) -> W | None:
        given_up = []
        found = None
        for waiter in self.waiting:
            if self.limit and self.in_use >= self.limit:
                break
            if not waiter.is_waiting:
                given_up.append(waiter)
            elif self.has_room(waiter.route):
                found = waiter
                break
        for waiter in given_up:
            del self.waiting[waiter]
        return found
