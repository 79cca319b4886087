"""Section 5 of the reference: time limits."""

from typing import Any

import pytest
from reference import Call, Line, Names
from running import asynchronous
from scripted import ScriptedServer, silent

from aioclient import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ServerTimeoutError,
    SocketTimeoutError,
    TotalTimeoutError,
)

_TIMEOUTS = "tests/loopback/test_timeouts.py::"
_UNIT = "tests/test_timeout.py::"

ROWS = (
    Call(
        "ClientTimeout",
        "total=None, connect=None, sock_read=None, sock_connect=None, ceil_threshold=5",
    ),
    Names("ClientTimeout", "total connect sock_read sock_connect ceil_threshold"),
    Line(
        "it is a frozen class of attrs",
        f"{_UNIT}test_limits_do_not_change test_limits_cannot_be_set test_limits_can_be_replaced",
        "`ClientTimeout` is no attrs class",
    ),
    Line(
        "the default of a session is total 300 s, sock_connect 30 s",
        "tests/api/test_02_requests.py::test_no_timeout_is_the_default_timeout",
    ),
    Line(
        "total: from the pool to the end of the body",
        f"""{_TIMEOUTS}test_total_while_waiting_for_the_head
        {_TIMEOUTS}test_total_while_reading_the_body {_TIMEOUTS}test_total_while_waiting_for_a_slot
        {_TIMEOUTS}test_total_while_connecting
        tests/loopback/test_redirects.py::test_the_total_limit_is_for_the_whole_chain""",
    ),
    Line(
        "total raises a bare TimeoutError without a message",
        "test_error_of_total_says_what_happened",
        "aiohttp's `total` raises a bare TimeoutError.",
    ),
    Line(
        "connect: waiting for a free connection and making one, ConnectionTimeoutError",
        f"""{_TIMEOUTS}test_connect_while_waiting_for_a_slot
        {_TIMEOUTS}test_connect_and_sock_connect_while_connecting""",
    ),
    Line(
        "sock_connect: each new connection with TLS, ConnectionTimeoutError",
        f"""{_TIMEOUTS}test_connect_and_sock_connect_while_connecting
        {_TIMEOUTS}test_sock_connect_counts_the_handshake_of_tls
        {_TIMEOUTS}test_sock_connect_does_not_count_waiting_for_a_slot""",
    ),
    Line(
        "sock_read: the gap between reads, from the time the request is sent, SocketTimeoutError",
        f"""test_error_of_sock_read_is_what_it_was {_TIMEOUTS}test_sock_read_while_reading_the_body
        {_TIMEOUTS}test_sock_read_counts_from_the_end_of_the_upload""",
    ),
    Line(
        "limits of 5 s and more are rounded up to whole seconds",
        "tests/_net/test_deadline.py::test_long_deadlines_are_rounded_up_to_whole_seconds "
        "tests/_net/test_deadline.py::test_the_threshold_can_be_chosen",
    ),
    Line(
        "0 or None is no limit",
        f"test_zero_and_none_are_no_limit {_TIMEOUTS}test_no_limit_is_no_limit",
    ),
    Line(
        "a server that does not read is given up by total only",
        f"""tests/loopback/test_uploads.py::test_a_server_that_does_not_read_is_given_up
        {_TIMEOUTS}test_total_ends_an_upload_that_the_server_does_not_read""",
        "`ClientTimeout` has `pool`, `tls` and `write` besides.",
    ),
    Line(
        "there are no limits for the pool and for the handshake of TLS alone",
        f"""{_TIMEOUTS}test_pool_while_waiting_for_a_slot
        {_TIMEOUTS}test_tls_and_sock_connect_while_the_handshake_hangs""",
        "`ClientTimeout` has `pool`, `tls` and `write` besides.",
    ),
)


def test_limits_cannot_be_set() -> None:
    timeout = ClientTimeout(5)
    with pytest.raises(AttributeError):
        timeout.total = 6
    assert hash(timeout) == hash(ClientTimeout(total=5))


def test_limits_can_be_replaced() -> None:
    assert ClientTimeout(5, sock_read=1).__replace__(total=6) == ClientTimeout(6, sock_read=1)


@asynchronous
async def test_error_of_total_says_what_happened() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(TotalTimeoutError, match=r"total limit of 0.05 s.*127.0.0.1") as caught:
            await session.get(server.url(), timeout=0.05)
        assert isinstance(caught.value, TimeoutError)
        assert isinstance(caught.value, ClientError)


@asynchronous
async def test_error_of_sock_read_is_what_it_was() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(SocketTimeoutError) as caught:
            await session.get(server.url(), timeout=ClientTimeout(sock_read=0.05))
        assert isinstance(caught.value, ServerTimeoutError)


@pytest.mark.parametrize("limit", [0, None])
@asynchronous
async def test_zero_and_none_are_no_limit(limit: Any) -> None:
    timeout = ClientTimeout(limit, limit, limit, limit)
    async with ScriptedServer(silent) as server, ClientSession(timeout=timeout) as session:
        with pytest.raises(SocketTimeoutError):  # and nothing before
            await session.get(server.url(), timeout=ClientTimeout(limit, limit, 0.05, limit))
