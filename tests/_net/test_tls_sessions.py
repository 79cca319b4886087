"""TLS sessions that are kept to be resumed."""

import itertools
import ssl
from typing import cast

import pytest

from aioclient._net import tls_sessions
from aioclient._net.route import Route
from aioclient._net.tls_sessions import MAX_PAUSE, MAX_SESSIONS, RouteSession, TlsSessions

A = Route("a.example", 443, True, True)


class Session:
    """What is asked of a session of TLS."""

    def __init__(self, has_ticket: bool = True, name: bytes = b"") -> None:
        self.has_ticket = has_ticket
        self.id = name


class Handshake:
    """What is asked of a handshake that is done."""

    def __init__(self, session: Session | None = None, session_reused: bool = False) -> None:
        self._session = session
        self.session_reused = session_reused
        self.readings = 0

    @property
    def session(self) -> Session | None:
        self.readings += 1
        return self._session


def shake(route: RouteSession, done: Handshake) -> bool:
    """A connection with this outcome; was a session offered?"""
    was_offered = route.offer() is not None
    route.agreed(cast("ssl.SSLObject", done), was_offered)
    return was_offered


def test_a_session_is_read_when_it_is_wanted_and_once() -> None:
    route, full = RouteSession(), Handshake(Session())
    assert not shake(route, full)
    assert full.readings == 0
    resumed = [Handshake(Session(), session_reused=True) for _ in range(3)]
    assert all(shake(route, done) for done in resumed)
    assert full.readings == 1
    assert not any(done.readings for done in resumed)


def test_connections_at_a_time_are_offered_the_same() -> None:
    route, kept = RouteSession(), Session()
    shake(route, Handshake(kept))
    assert [route.offer() for _ in range(3)] == [kept] * 3


def test_what_was_refused_after_it_served_is_replaced_at_once() -> None:
    route, fresh = RouteSession(), Session()
    shake(route, Handshake(Session()))
    shake(route, Handshake(Session(), session_reused=True))
    assert shake(route, Handshake(fresh))
    assert cast("Session", route.offer()) is fresh


@pytest.mark.parametrize(
    ("session", "is_offered"),
    [
        pytest.param(Session(has_ticket=True), True, id="ticket"),
        pytest.param(Session(has_ticket=False, name=b"name"), True, id="name of TLS 1.2"),
        pytest.param(Session(has_ticket=False), False, id="neither"),
        pytest.param(None, False, id="no session"),
    ],
)
def test_only_what_the_server_can_find_again_is_offered(
    session: Session | None, is_offered: bool
) -> None:
    route = RouteSession()
    shake(route, Handshake(session))
    assert shake(route, Handshake()) is is_offered


@pytest.mark.parametrize("session", [Session(), Session(has_ticket=False)], ids=["refused", "none"])
def test_a_server_that_resumes_nothing_is_seldom_tried(session: Session) -> None:
    route = RouteSession()
    handshakes = [Handshake(session) for _ in range(3 * MAX_PAUSE)]
    offered = [shake(route, done) for done in handshakes]
    readings = [number for number, done in enumerate(handshakes) if done.readings]
    assert readings == [0, 2, 6, 14, 30, 62, 126, 254, 510, 1022, 2046]
    assert sum(offered) == (len(readings) if session.has_ticket else 0)


def test_a_server_that_resumes_again_is_offered_each_time() -> None:
    route = RouteSession()
    for _ in range(20):
        shake(route, Handshake(Session()))
    resumed = Handshake(Session(), session_reused=True)
    while route.offer() is None:
        pass
    route.agreed(cast("ssl.SSLObject", resumed), was_offered=True)
    assert all(shake(route, resumed) for _ in range(5))


class Shown:
    """What is asked of a handshake about the server's certificate."""

    def __init__(self, der: bytes | None) -> None:
        self._der = der
        self.parsings = 0

    def getpeercert(self, binary_form: bool = False) -> bytes | dict[str, object] | None:
        if binary_form:
            return self._der
        self.parsings += 1
        return None if self._der is None else {"serialNumber": self._der}


def test_a_certificate_is_parsed_when_it_is_another() -> None:
    route = RouteSession()
    handshakes = [Shown(der) for der in (b"1", b"1", b"2", b"1", None, None, b"1")]
    told = [route.certificate(cast("ssl.SSLObject", shown)) for shown in handshakes]
    numbers = [None if facts is None else facts["serialNumber"] for facts in told]
    assert numbers == [b"1", b"1", b"2", b"1", None, None, b"1"]
    assert [shown.parsings for shown in handshakes] == [1, 0, 1, 1, 1, 1, 1]


def test_what_failed_is_forgotten() -> None:
    route = RouteSession()
    shake(route, Handshake(Session()))
    route.forget()
    assert route.offer() is None


def test_another_wish_has_no_part_in_a_session() -> None:
    sessions = TlsSessions()
    mine = sessions.of(A)
    assert sessions.of(A) is mine
    for other in (
        A._replace(ssl=False),
        A._replace(server_hostname="b.example"),
        A._replace(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        A._replace(port=444),
    ):
        assert sessions.of(other) is not mine


def test_no_more_than_so_many_are_kept_and_the_longest_unused_goes_first() -> None:
    sessions = TlsSessions()
    first, second, *_ = (sessions.of(A._replace(port=n)) for n in range(MAX_SESSIONS))
    assert sessions.of(A._replace(port=0)) is first
    sessions.of(A._replace(port=MAX_SESSIONS))
    assert len(sessions) == MAX_SESSIONS
    assert sessions.of(A._replace(port=0)) is first
    assert sessions.of(A._replace(port=1)) is not second


@pytest.mark.parametrize(
    ("version", "is_lost"),
    [
        ((3, 11, 0), True),
        ((3, 11, 99), True),
        ((3, 12, 7), True),
        ((3, 12, 8), False),
        ((3, 13, 0), True),
        ((3, 13, 1), False),
        ((3, 14, 0), False),
    ],
)
def test_memory_of_what_is_read_is_lost_before_these_versions(
    version: tuple[int, int, int], is_lost: bool
) -> None:
    assert tls_sessions.loses_what_is_read(version) == is_lost


def test_where_memory_is_lost_only_so_many_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_sessions, "_readings", itertools.repeat(None, 2))
    routes = [RouteSession() for _ in range(3)]
    done = [Handshake(Session()) for _ in routes]
    for route, handshake in zip(routes, done, strict=True):
        shake(route, handshake)
    assert [route.offer() is not None for route in routes] == [True, True, False]
    assert [handshake.readings for handshake in done] == [1, 1, 0]
    assert [route.offer() is not None for route in routes] == [True, True, False]
