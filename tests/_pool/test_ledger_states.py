"""The ledger against a simple model, through any sequence of events."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from aioclient._net.route import Route
from aioclient._pool.ledger import Ledger

ROUTES = [Route(f"{name}.example", 80, False, True) for name in "abc"]
routes = st.sampled_from(ROUTES)
KEEPALIVE_S = 10


@dataclass(eq=False)
class Kept:
    """A connection, as far as a ledger knows."""

    route: Route
    idle_since: float = 0.0


@dataclass(eq=False)
class Waits:
    """Somebody who waits."""

    route: Route
    is_waiting: bool = True


class LedgerStates(RuleBasedStateMachine):
    """What a connector may do with its ledger, in any order."""

    waiters = Bundle("waiters")

    @initialize(limit=st.integers(0, 4), limit_per_route=st.integers(0, 3))
    def begin(self, limit: int, limit_per_route: int) -> None:
        self.limit, self.limit_per_route = limit, limit_per_route
        self.ledger: Ledger[Kept, Waits] = Ledger(limit, limit_per_route)
        self.now = 100
        self.in_use: list[Kept] = []
        self.idle: list[Kept] = []  # the one used last is the last
        self.queue: list[Waits] = []

    # --- the model ----------------------------------------------------------------------------

    def is_free(self, route: Route) -> bool:
        used = sum(each.route == route for each in self.in_use)
        return (not self.limit or len(self.in_use) < self.limit) and (
            not self.limit_per_route or used < self.limit_per_route
        )

    def best_idle(self, route: Route) -> Kept | None:
        fitting = [each for each in self.idle if each.route == route]
        if not fitting or fitting[-1].idle_since < self.now - KEEPALIVE_S:
            return None
        return fitting[-1]

    def serve(self) -> None:
        """As a connector does after every slot that came free."""
        while True:
            grant = self.ledger.grant(self.now - KEEPALIVE_S)
            expected = next((w for w in self.queue if w.is_waiting and self.is_free(w.route)), None)
            if grant is None:
                assert expected is None, "somebody waits although a slot is free for him"
                return
            assert grant.waiter is expected, "not the first of those who can be served"
            best = self.best_idle(expected.route)
            assert grant.connection is best
            self.queue.remove(expected)
            if best is not None:
                self.idle.remove(best)
            self.in_use.append(best or Kept(expected.route))

    # --- what happens ---------------------------------------------------------------------------

    @rule(target=waiters, route=routes)
    def ask(self, route: Route) -> Waits | None:
        """A request: takes an idle connection, else a slot for a new one, else waits."""
        best, free = self.best_idle(route), self.is_free(route)
        taken = self.ledger.take_idle(route, self.now - KEEPALIVE_S)
        assert taken is (best if free else None), "not the connection that was used last"
        waiter = Waits(route)
        if taken is not None:
            self.idle.remove(taken)
            self.in_use.append(taken)
        elif self.ledger.has_room(route):
            assert free
            self.ledger.take_slot(route)
            self.in_use.append(Kept(route))
        else:
            assert not free
            self.ledger.wait(waiter)
            self.queue.append(waiter)
        return waiter

    @rule(waiter=consumes(waiters))
    def give_up(self, waiter: Waits) -> None:
        self.ledger.withdraw(waiter)
        if waiter in self.queue:
            self.queue.remove(waiter)

    @rule(waiter=waiters)
    def give_up_without_leaving_yet(self, waiter: Waits) -> None:
        waiter.is_waiting = False

    @rule(data=st.data(), is_kept=st.booleans())
    def give_back(self, data: st.DataObject, is_kept: bool) -> None:
        if not self.in_use:
            return
        connection = data.draw(st.sampled_from(self.in_use), "given back")
        self.in_use.remove(connection)
        self.ledger.free_slot(connection.route)
        if is_kept:
            connection.idle_since = self.now
            self.ledger.keep(connection)
            self.idle.append(connection)
        self.serve()

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """The server closes a connection."""
        if not self.idle and not self.in_use:
            return
        connection = data.draw(st.sampled_from(self.idle + self.in_use), "lost")
        assert self.ledger.forget(connection) is (connection in self.idle)
        if connection in self.idle:
            self.idle.remove(connection)

    @rule(seconds=st.integers(1, 7))
    def let_time_pass(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        expired = self.ledger.take_expired(self.now - KEEPALIVE_S)
        expected = [each for each in self.idle if each.idle_since < self.now - KEEPALIVE_S]
        assert Counter(map(id, expired)) == Counter(map(id, expected))
        self.idle = [each for each in self.idle if each not in expected]

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def no_limit_is_passed(self) -> None:
        assert self.ledger.in_use == len(self.in_use)
        assert not self.limit or self.ledger.in_use <= self.limit
        if self.limit_per_route:
            counts = Counter(each.route for each in self.in_use)
            assert all(count <= self.limit_per_route for count in counts.values())

    @invariant()
    def nobody_waits_while_a_slot_is_free_for_him(self) -> None:
        waiting = [waiter for waiter in self.ledger.waiting if waiter.is_waiting]
        assert not any(self.ledger.has_room(waiter.route) for waiter in waiting)

    @invariant()
    def the_queue_keeps_its_order(self) -> None:
        waiting = [waiter for waiter in self.ledger.waiting if waiter.is_waiting]
        assert waiting == [waiter for waiter in self.queue if waiter.is_waiting]

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.ledger.idle_count == len(self.idle)
        for route in ROUTES:
            assert self.ledger.has_room(route) == self.is_free(route)
            waiting = [w for w in self.queue if w.route == route and w.is_waiting]
            assert self.ledger.count_waiting(route) == len(waiting)


LedgerStates.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, database=None
)
TestLedgerStates = LedgerStates.TestCase
