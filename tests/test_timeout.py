"""Time limits: what may be said, and how a request's wish overrides the session's."""

import copy
import math
import pickle
from fractions import Fraction

import aiohttp
import pytest

from aioclient import ClientTimeout
from aioclient._timeout import DEFAULT_TIMEOUT, UNSET, request_timeout, session_timeout

FIELDS = ["total", "connect", "sock_read", "sock_connect", "pool", "tls", "write"]


def test_nothing_is_limited_unless_it_is_said():
    timeout = ClientTimeout()
    assert [getattr(timeout, name) for name in FIELDS] == [None] * 7


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [None, 0, 0.0, 1, 0.001, 1e9])
def test_limit_is_seconds_or_none(name, value):
    assert getattr(ClientTimeout(**{name: value}), name) == value


@pytest.mark.parametrize("name", FIELDS)
def test_infinite_limit_is_none(name):
    assert getattr(ClientTimeout(**{name: math.inf}), name) is None


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", ["5", b"5", True, False, [5], 5j, Fraction(5), object()])
def test_limit_of_another_type_is_refused(name, value):
    with pytest.raises(TypeError, match=f"ClientTimeout {name} must be seconds or None"):
        ClientTimeout(**{name: value})


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [-1, -0.001, -math.inf, math.nan])
def test_limit_that_is_not_an_amount_of_time_is_refused(name, value):
    with pytest.raises(ValueError, match=f"ClientTimeout {name} must not be negative"):
        ClientTimeout(**{name: value})


def test_limits_do_not_change():
    timeout = ClientTimeout()
    with pytest.raises(AttributeError):
        timeout.total = 5
    with pytest.raises(AttributeError):
        del timeout.total
    assert timeout == ClientTimeout()


def test_equal_limits_are_equal():
    assert ClientTimeout(total=5) == ClientTimeout(total=5.0)
    assert len({ClientTimeout(total=5), ClientTimeout(total=5), ClientTimeout()}) == 2


def test_limits_differ_from_other_things():
    assert ClientTimeout(total=5) != ClientTimeout(total=6)
    assert ClientTimeout(total=5) != ClientTimeout(total=5, ceil_threshold=1)
    assert ClientTimeout(total=5) != 5


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda timeout: pickle.loads(pickle.dumps(timeout))]
)
def test_limits_can_be_copied_and_pickled(duplicate):
    timeout = ClientTimeout(total=5, connect=4, sock_read=3, sock_connect=2, ceil_threshold=1)
    assert duplicate(timeout) == timeout


def test_limits_are_shown_by_their_names():
    shown = repr(ClientTimeout(total=5, sock_read=3))
    assert shown.startswith("ClientTimeout(")
    assert "total=5" in shown
    assert "sock_read=3" in shown


def test_default_of_a_session():
    assert session_timeout(None) == DEFAULT_TIMEOUT == ClientTimeout(total=300, sock_connect=30)


@pytest.mark.parametrize("wish", [ClientTimeout(), ClientTimeout(total=1, sock_read=2)])
def test_limits_of_a_session_replace_the_default_as_a_whole(wish):
    assert session_timeout(wish) is wish


def test_number_for_a_session_is_its_total():
    assert session_timeout(5) == ClientTimeout(total=5, sock_connect=30)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (ClientTimeout(), ClientTimeout()),
        (ClientTimeout(connect=1), ClientTimeout(connect=1)),
        (5, ClientTimeout(total=5, sock_read=2)),
        (0, ClientTimeout(total=0, sock_read=2)),
        (None, ClientTimeout(sock_read=2)),
    ],
)
def test_wish_of_a_request_overrides_the_session(wish, expected):
    assert request_timeout(wish, ClientTimeout(total=1, sock_read=2)) == expected


@pytest.mark.parametrize("wish", ["5", True, object()])
def test_wish_of_another_type_is_refused(wish):
    for apply in (session_timeout, lambda wish: request_timeout(wish, ClientTimeout())):
        with pytest.raises(TypeError, match="total must be seconds or None"):
            apply(wish)


@pytest.mark.parametrize("wish", [-1, math.nan])
def test_wish_that_is_not_an_amount_of_time_is_refused(wish):
    for apply in (session_timeout, lambda wish: request_timeout(wish, ClientTimeout())):
        with pytest.raises(ValueError, match="total must not be negative"):
            apply(wish)


def test_limits_of_aiohttp_are_taken_for_ours() -> None:
    theirs = aiohttp.ClientTimeout(
        total=1, connect=2, sock_read=3, sock_connect=4, ceil_threshold=6
    )
    assert request_timeout(theirs, DEFAULT_TIMEOUT) == ClientTimeout(1, 2, 3, 4, 6)  # type: ignore[arg-type]


def test_a_limit_that_is_not_given_is_the_session_s() -> None:
    session = ClientTimeout(1, sock_read=2)
    assert request_timeout(UNSET, session) is session
    assert session_timeout(UNSET) is DEFAULT_TIMEOUT
