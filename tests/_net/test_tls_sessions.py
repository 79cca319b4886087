"""TLS sessions that are kept to be resumed."""

import ssl
from typing import cast

from aioclient._net.route import Route
from aioclient._net.tls_sessions import MAX_SESSIONS, TlsSessions

A = Route("a.example", 443, True, True)


def session() -> ssl.SSLSession:
    return cast("ssl.SSLSession", object())


def test_a_session_is_taken_once() -> None:
    sessions, kept = TlsSessions(), session()
    sessions.keep(A, kept)
    assert sessions.take(A) is kept
    assert sessions.take(A) is None


def test_the_last_session_of_a_route_is_kept() -> None:
    sessions, last = TlsSessions(), session()
    sessions.keep(A, session())
    sessions.keep(A, last)
    assert len(sessions) == 1
    assert sessions.take(A) is last


def test_another_wish_has_no_part_in_a_session() -> None:
    sessions = TlsSessions()
    sessions.keep(A, session())
    for other in (
        A._replace(ssl=False),
        A._replace(server_hostname="b.example"),
        A._replace(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        A._replace(port=444),
    ):
        assert sessions.take(other) is None


def test_no_more_than_so_many_are_kept_and_the_oldest_goes_first() -> None:
    sessions = TlsSessions()
    for number in range(MAX_SESSIONS + 2):
        sessions.keep(A._replace(port=number), session())
    assert len(sessions) == MAX_SESSIONS
    assert sessions.take(A._replace(port=1)) is None
    assert sessions.take(A._replace(port=2)) is not None
