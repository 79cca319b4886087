"""The ledger: who holds a slot, who waits, what is idle."""

from dataclasses import dataclass
from math import inf

import pytest

from aioclient._net.route import Route
from aioclient._pool.ledger import Grant, Ledger

A = Route("a.example", 80, False, True)
B = Route("b.example", 80, False, True)


@dataclass(eq=False)
class Kept:
    """A connection, as far as a ledger knows."""

    route: Route
    expires_at: float = 10.0


@dataclass(eq=False)
class Waits:
    """Somebody who waits."""

    route: Route
    is_waiting: bool = True


Books = Ledger[Kept, Waits]


@pytest.mark.parametrize(
    ("limit", "limit_per_host", "taken", "route", "has_room"),
    [
        (0, 0, [], A, True),
        (0, 0, [A] * 500, A, True),
        (2, 0, [A], B, True),
        (2, 0, [A, B], A, False),
        (2, 0, [A, A], B, False),
        (0, 1, [A], A, False),
        (0, 1, [A], B, True),
        (3, 2, [A, A], A, False),
        (3, 2, [A, A], B, True),
        (3, 2, [A, A, B], B, False),
        (1, 5, [A], B, False),
    ],
)
def test_a_slot_is_free_below_both_limits(
    limit: int, limit_per_host: int, taken: list[Route], route: Route, has_room: bool
) -> None:
    books = Books(limit, limit_per_host)
    for each in taken:
        books.take_slot(each)
    assert books.has_room(route) is has_room


def test_a_freed_slot_is_free_again() -> None:
    books = Books(1, 1)
    books.take_slot(A)
    books.free_slot(A)
    assert books.in_use == 0
    assert books.has_room(A)


def test_an_idle_connection_holds_no_slot() -> None:
    books = Books(1, 0)
    books.take_slot(A)
    books.free_slot(A)
    books.keep(Kept(A))
    assert books.has_room(B)
    assert books.idle_count == 1


def test_taking_an_idle_connection_takes_a_slot() -> None:
    books = Books(1, 1)
    kept = Kept(A)
    books.keep(kept)
    assert books.take_idle(A, 0.0) is kept
    assert books.in_use == 1
    assert books.idle_count == 0


def test_no_idle_connection_without_a_free_slot() -> None:
    books = Books(1, 0)
    books.keep(Kept(A))
    books.take_slot(B)
    assert books.take_idle(A, 0.0) is None
    assert books.idle_count == 1


def test_the_connection_used_last_is_taken_first() -> None:
    books = Books(0, 0)
    kept = [Kept(A) for _ in range(3)]
    for each in kept:
        books.keep(each)
    assert [books.take_idle(A, 0.0) for _ in range(4)] == [kept[2], kept[1], kept[0], None]


def test_a_connection_of_another_route_is_not_taken() -> None:
    books = Books(0, 0)
    books.keep(Kept(A))
    assert books.take_idle(B, 0.0) is None


@pytest.mark.parametrize(("now", "is_taken"), [(9.99, True), (10.0, False), (10.01, False)])
def test_a_connection_that_has_expired_is_not_taken(now: float, is_taken: bool) -> None:
    books = Books(0, 0)
    books.keep(Kept(A, 10.0))
    assert (books.take_idle(A, now) is not None) is is_taken
    assert books.idle_count == 0


def test_one_that_was_kept_earlier_but_lasts_longer_is_taken() -> None:
    books = Books(0, 0)
    lasting, short = Kept(A, 9.0), Kept(A, 3.0)
    books.keep(lasting)
    books.keep(short)
    assert books.take_idle(A, 5.0) is lasting
    assert books.take_expired(5.0) == [short]


def test_expired_connections_are_given_out_once_and_forgotten() -> None:
    books = Books(0, 0)
    old, fresh, other = Kept(A, 1.0), Kept(A, 5.0), Kept(B, 2.0)
    for each in (old, fresh, other):
        books.keep(each)
    assert books.next_expiry == 1.0
    assert set(books.take_expired(3.0)) == {old, other}
    assert books.take_expired(3.0) == []
    assert books.next_expiry == 5.0
    assert books.take_idle(A, 3.0) is fresh
    assert books.idle_count == 0
    assert books.next_expiry == inf


def test_forget_tells_whether_the_connection_was_idle() -> None:
    books = Books(0, 0)
    kept, in_use = Kept(A), Kept(A)
    books.keep(kept)
    assert books.forget(in_use) is False
    assert books.forget(kept) is True
    assert books.forget(kept) is False
    assert books.take_idle(A, 0.0) is None


def test_nobody_is_granted_anything_without_a_free_slot() -> None:
    books = Books(1, 0)
    books.take_slot(A)
    books.wait(Waits(A))
    assert books.grant(0.0) is None
    assert books.waiting_count == 1


def test_a_grant_takes_the_slot() -> None:
    books = Books(1, 1)
    first, second = Waits(A), Waits(A)
    books.wait(first)
    books.wait(second)
    assert books.grant(0.0) == Grant(first, None)
    assert books.in_use == 1
    assert books.grant(0.0) is None


def test_slots_are_granted_first_come_first_served() -> None:
    books = Books(0, 0)
    waiters = [Waits(A), Waits(B), Waits(A)]
    for waiter in waiters:
        books.wait(waiter)
    granted = [books.grant(0.0) for _ in range(4)]
    assert [grant and grant.waiter for grant in granted] == [*waiters, None]


def test_a_waiter_whose_host_is_full_lets_others_pass() -> None:
    books = Books(0, 1)
    books.take_slot(A)
    blocked, other = Waits(A), Waits(B)
    books.wait(blocked)
    books.wait(other)
    grant = books.grant(0.0)
    assert grant is not None
    assert grant.waiter is other
    assert list(books.waiting()) == [blocked]


def test_a_grant_brings_an_idle_connection_along() -> None:
    books = Books(1, 0)
    kept = Kept(A, 5.5)
    books.keep(kept)
    waiter = Waits(A)
    books.wait(waiter)
    assert books.grant(5.0) == Grant(waiter, kept)
    assert books.in_use == 1
    assert books.idle_count == 0


def test_a_grant_brings_no_connection_that_has_expired() -> None:
    books = Books(1, 0)
    books.keep(Kept(A, 5.0))
    waiter = Waits(A)
    books.wait(waiter)
    assert books.grant(6.0) == Grant(waiter, None)
    assert books.in_use == 1


def test_one_who_left_is_not_granted_anything() -> None:
    books = Books(0, 0)
    waiter = Waits(A)
    books.wait(waiter)
    assert books.withdraw(waiter)
    assert not books.withdraw(waiter)
    assert books.grant(0.0) is None


def test_one_who_has_given_up_but_not_yet_left_is_passed_over() -> None:
    books = Books(1, 0)
    gone, second = Waits(A), Waits(A)
    books.wait(gone)
    books.wait(second)
    gone.is_waiting = False
    assert books.grant(0.0) == Grant(second, None)
    assert not books.waiting_count


def test_those_who_queue_up_for_a_route_are_counted() -> None:
    books = Books(0, 0)
    waiter, other = Waits(A), Waits(A)
    assert books.count_waiting(A) == 0
    books.wait(waiter)
    books.wait(other)
    assert books.count_waiting(A) == 2
    assert books.count_waiting(B) == 0
    books.withdraw(waiter)
    books.grant(0.0)
    assert books.count_waiting(A) == 0


def test_a_host_s_limit_counts_all_its_tls_settings_together() -> None:
    books = Books(0, 1)
    books.take_slot(A)
    assert not books.has_room(A._replace(ssl=False))
    assert books.has_room(A._replace(is_ssl=True))
    assert books.has_room(A._replace(port=81))


def test_those_who_leave_a_full_pool_leave_nothing_behind() -> None:
    books = Books(1, 1)
    books.take_slot(A)
    routes = [A._replace(host=f"{number}.example") for number in range(1000)]
    for route in routes:
        waiter = Waits(route)
        books.wait(waiter)
        books.withdraw(waiter)
    assert books.lined_up < 50
    first, second = Waits(routes[0]), Waits(routes[1])
    books.wait(first)
    books.wait(second)
    books.free_slot(A)
    assert books.grant(0.0) == Grant(first, None)
