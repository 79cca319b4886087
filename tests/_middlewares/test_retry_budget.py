"""How many retries an origin gets, by seconds that are told."""

import pytest

from aioclient._middlewares.retry_budget import WINDOW_S, RetryBudget

A = ("http", "a.example", 80)
B = ("http", "b.example", 80)


def taken(budget, tries, origin=A, now=100.0):
    """How many of so many retries are granted."""
    return sum(budget.take(origin, now) for _ in range(tries))


@pytest.mark.parametrize(
    ("ratio", "minimum", "requests", "retries"),
    [
        (0.2, 10, 0, 10),
        (0.2, 10, 200, 50),
        (0.2, 0, 4, 0),
        (0.2, 0, 5, 1),
        (0.2, 0, 9, 1),
        (0, 3, 1000, 3),
        (0, 0, 1000, 0),
        (1, 0, 7, 7),
        (2.5, 1, 2, 6),
    ],
)
def test_retries_are_a_share_of_the_requests_and_a_minimum(ratio, minimum, requests, retries):
    budget = RetryBudget(ratio, minimum)
    for _ in range(requests):
        budget.count_request(A, 100.0)
    assert taken(budget, requests + 100) == retries


def test_retries_count_for_ten_seconds():
    budget = RetryBudget(0.2, 2)
    assert taken(budget, 5, now=100.0) == 2
    assert taken(budget, 5, now=100.0 + WINDOW_S - 1) == 0
    assert taken(budget, 5, now=100.0 + WINDOW_S) == 2


def test_requests_earn_for_ten_seconds():
    budget = RetryBudget(0.5, 0)
    for _ in range(10):
        budget.count_request(A, 100.0)
    assert taken(budget, 2, now=100.0 + WINDOW_S - 1) == 2
    assert taken(budget, 9, now=100.0 + WINDOW_S) == 0


def test_seconds_leave_the_window_one_by_one():
    budget = RetryBudget(0, 4)
    assert taken(budget, 2, now=100.0) == 2
    assert taken(budget, 9, now=105.0) == 2
    assert taken(budget, 9, now=110.0) == 2
    assert taken(budget, 9, now=115.0) == 2


def test_each_origin_has_its_own():
    budget = RetryBudget(0.2, 1)
    for _ in range(100):
        budget.count_request(A, 100.0)
    assert taken(budget, 5, B) == 1
    assert taken(budget, 50, A) == 21


def test_state_of_an_origin_without_requests_is_dropped():
    budget = RetryBudget(0.2, 1)
    for second in range(1000):
        budget.count_request(("http", f"{second}.example", 80), float(second))
        assert len(budget) <= WINDOW_S
    budget.count_request(A, 2000.0)
    assert len(budget) == 1


def test_origin_in_use_does_not_keep_the_state_of_others():
    budget = RetryBudget(0.2, 1)
    for second in range(1000):
        budget.count_request(A, float(second))
        budget.count_request(("http", f"{second}.example", 80), float(second))
        assert len(budget) <= WINDOW_S + 1


def test_state_of_an_origin_that_is_used_is_kept():
    budget = RetryBudget(0, 1)
    assert taken(budget, 1, A, now=100.0) == 1
    budget.count_request(B, 104.0)
    budget.count_request(A, 105.0)
    budget.count_request(B, 109.0)
    assert len(budget) == 2
    assert taken(budget, 1, A, now=109.0) == 0
