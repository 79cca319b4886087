"""The ledger against a simple model, through any sequence of events."""

from collections import Counter
from dataclasses import dataclass
from math import inf

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

# Two of them are one host, with different wishes.
ROUTES = [Route(f"{name}.example", 80, False, True) for name in "abc"]
ROUTES.append(ROUTES[0]._replace(ssl=False))
routes = st.sampled_from(ROUTES)


@dataclass(eq=False)
class Kept:
    """A connection, as far as a ledger knows."""

    route: Route
    expires_at: float = 0.0


@dataclass(eq=False)
class Waits:
    """Somebody who waits."""

    route: Route
    is_waiting: bool = True


class LedgerStates(RuleBasedStateMachine):
    """What a connector may do with its ledger, in any order."""

    waiters = Bundle("waiters")

    @initialize(limit=st.integers(0, 4), limit_per_host=st.integers(0, 3))
    def begin(self, limit: int, limit_per_host: int) -> None:
        self.limit, self.limit_per_host = limit, limit_per_host
        self.ledger: Ledger[Kept, Waits] = Ledger(limit, limit_per_host)
        self.now = 100
        self.in_use: list[Kept] = []
        self.idle: list[Kept] = []  # the one used last is the last
        self.outdated: list[Kept] = []  # to be closed at the next sweep
        self.queue: list[Waits] = []

    # --- the model ----------------------------------------------------------------------------

    def is_free(self, route: Route) -> bool:
        used = sum(each.route[:3] == route[:3] for each in self.in_use)
        return (not self.limit or len(self.in_use) < self.limit) and (
            not self.limit_per_host or used < self.limit_per_host
        )

    def best_idle(self, route: Route) -> Kept | None:
        """The one used last of those that have not expired."""
        fitting = (c for c in self.idle if c.route == route and c.expires_at > self.now)
        return max(fitting, key=self.idle.index, default=None)

    def drop_those_passed_over(self, route: Route, taken: Kept | None) -> None:
        """Looking for a connection takes those that expired and were used later out of the way."""
        later = self.idle[self.idle.index(taken) :] if taken is not None else self.idle
        gone = [c for c in later if c.route == route and c.expires_at <= self.now]
        self.outdated += gone
        self.idle = [each for each in self.idle if each not in gone]

    def serve(self) -> None:
        """As a connector does after every slot that came free."""
        while True:
            grant = self.ledger.grant(self.now)
            expected = next((w for w in self.queue if w.is_waiting and self.is_free(w.route)), None)
            if grant is None:
                assert expected is None, "somebody waits although a slot is free for him"
                return
            assert grant.waiter is expected, "not the first of those who can be served"
            best = self.best_idle(expected.route)
            assert grant.connection is best
            self.queue.remove(expected)
            self.drop_those_passed_over(expected.route, best)
            if best is not None:
                self.idle.remove(best)
            self.in_use.append(best or Kept(expected.route))

    # --- what happens ---------------------------------------------------------------------------

    @rule(target=waiters, route=routes)
    def ask(self, route: Route) -> Waits | None:
        """A request: takes an idle connection, else a slot for a new one, else waits."""
        best, free = self.best_idle(route), self.is_free(route)
        taken = self.ledger.take_idle(route, self.now)
        assert taken is (best if free else None), "not the connection that was used last"
        waiter = Waits(route)
        if free:
            self.drop_those_passed_over(route, best)
        if taken is not None:
            self.idle.remove(taken)
            self.in_use.append(taken)
        elif self.ledger.has_room(route):
            assert free
            self.ledger.take_slot(route)
            self.in_use.append(Kept(route))  # being made
        else:
            assert not free
            self.ledger.wait(waiter)
            self.queue.append(waiter)
        return waiter

    @rule(waiter=consumes(waiters))
    def give_up(self, waiter: Waits) -> None:
        was_there = self.ledger.withdraw(waiter)
        # One who gave up before may have been put out of the queue already.
        assert was_there is (waiter in self.queue) or not waiter.is_waiting
        if waiter in self.queue:
            self.queue.remove(waiter)

    @rule(waiter=waiters)
    def give_up_without_leaving_yet(self, waiter: Waits) -> None:
        waiter.is_waiting = False

    @rule(data=st.data(), keep_s=st.integers(0, 12))
    def give_back(self, data: st.DataObject, keep_s: int) -> None:
        """A request ends, or a connection could not be made: with 0, nothing is kept."""
        if not self.in_use:
            return
        connection = data.draw(st.sampled_from(self.in_use), "given back")
        self.in_use.remove(connection)
        self.ledger.free_slot(connection.route)
        if keep_s:
            connection.expires_at = self.now + keep_s
            self.ledger.keep(connection)
            self.idle.append(connection)
        self.serve()

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """The server closes a connection."""
        known = self.idle + self.outdated + self.in_use
        if not known:
            return
        connection = data.draw(st.sampled_from(known), "lost")
        assert self.ledger.forget(connection) is (connection not in self.in_use)
        for kept in (self.idle, self.outdated):
            if connection in kept:
                kept.remove(connection)

    @rule(seconds=st.integers(1, 7))
    def let_time_pass(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.take_expired_by(self.now)

    @rule()
    def close_idle(self) -> None:
        self.take_expired_by(inf)

    @rule()
    def close(self) -> None:
        """All who wait are turned away, nothing stays idle; what is in use comes back later."""
        for waiter in list(self.ledger.waiting()):
            assert self.ledger.withdraw(waiter)
        assert self.ledger.grant(self.now) is None
        self.queue.clear()
        self.take_expired_by(inf)

    def take_expired_by(self, moment: float) -> None:
        expired = self.ledger.take_expired(moment)
        expected = [each for each in self.idle if each.expires_at <= moment]
        assert Counter(map(id, expired)) == Counter(map(id, expected + self.outdated))
        self.idle = [each for each in self.idle if each not in expected]
        self.outdated.clear()

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def no_limit_is_passed(self) -> None:
        assert self.ledger.in_use == len(self.in_use)
        assert not self.limit or self.ledger.in_use <= self.limit
        if self.limit_per_host:
            counts = Counter(each.route[:3] for each in self.in_use)
            assert all(count <= self.limit_per_host for count in counts.values())

    @invariant()
    def nobody_waits_while_a_slot_is_free_for_him(self) -> None:
        waiting = [waiter for waiter in self.ledger.waiting() if waiter.is_waiting]
        assert not any(self.ledger.has_room(waiter.route) for waiter in waiting)

    @invariant()
    def the_queue_keeps_its_order(self) -> None:
        for route in ROUTES:  # that it does so among hosts, too, shows when they are served
            waiting = [w for w in self.ledger.waiting() if w.is_waiting and w.route == route]
            assert waiting == [w for w in self.queue if w.is_waiting and w.route == route]

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.ledger.idle_count == len(self.idle)
        for route in ROUTES:
            assert self.ledger.has_room(route) == self.is_free(route)
            assert self.ledger.count_waiting(route) >= sum(
                w.route == route and w.is_waiting for w in self.queue
            )
        kept = self.idle + self.outdated
        assert Counter(map(id, self.ledger.idle())) == Counter(map(id, kept))
        assert self.ledger.next_expiry == min((c.expires_at for c in kept), default=inf)
        assert self.ledger.waiting_count == len(list(self.ledger.waiting()))
        assert self.ledger.lined_up <= 2 * len(ROUTES) + 16


LedgerStates.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, database=None
)
TestLedgerStates = LedgerStates.TestCase
