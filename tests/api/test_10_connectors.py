"""Section 10 of the reference: connectors, the pool, the DNS cache, TLS."""

import asyncio
import inspect
import socket
import ssl
import subprocess
import sys
from typing import Any

import pytest
from fake_resolver import FakeResolver
from origin import Origin
from pages import Pages, page
from reference import Call, Line, Missing, Names
from running import asynchronous
from scripted import ScriptedServer

from aioclient import (
    BaseConnector,
    ClientConnectorError,
    ClientSession,
    Fingerprint,
    TCPConnector,
    UnixConnector,
)

_CACHE = "tests/_net/test_dns_cache.py::"
_CLOSING = "tests/loopback/test_closing.py::"
_CONNECTOR = "tests/_pool/test_connector.py::"
_LEDGER = "tests/_pool/test_ledger.py::"
_POOL = "tests/loopback/test_pool.py::"
_ROUTE = "tests/_net/test_route.py::"
_STATS = "tests/loopback/test_connector_stats.py::"
_TARGET = "tests/_message/test_target.py::"
_TCP = "tests/_net/test_tcp.py::"
_TIMEOUTS = "tests/loopback/test_timeouts.py::"
_TLS = "tests/loopback/test_tls.py::"
_UNIX = "tests/loopback/test_unix_sockets.py::"

_BASE = """keepalive_timeout=SENT, force_close=False, limit=100, limit_per_host=0,
    enable_cleanup_closed=False, loop=None, timeout_ceil_threshold=5"""

ROWS = (
    Call("BaseConnector", f"*, {_BASE}"),
    Call(
        "TCPConnector",
        f"""*, verify_ssl=True, fingerprint=None, use_dns_cache=True, ttl_dns_cache=10,
        dns_cache_max_size=1000, family={int(socket.AF_UNSPEC)}, ssl_context=None, ssl=True,
        local_addr=None, resolver=None, {_BASE}, happy_eyeballs_delay=0.25, interleave=None,
        socket_factory=None, ssl_shutdown_timeout=SENT""",
    ),
    Call(
        "UnixConnector",
        """path, force_close=False, keepalive_timeout=SENT, limit=100, limit_per_host=0,
        loop=None""",
    ),
    Call(
        "NamedPipeConnector",
        """path, force_close=False, keepalive_timeout=SENT, limit=100, limit_per_host=0,
        loop=None""",
    ),
    # Members.
    Names(
        "BaseConnector",
        """closed force_close limit limit_per_host close allowed_protocol_schema_set __aenter__
        __aexit__ __enter__ __exit__""",
    ),
    Names("TCPConnector", "family use_dns_cache clear_dns_cache"),
    Names("UnixConnector", "path"),
    Names("NamedPipeConnector", "path"),
    Call("BaseConnector.close", "*, abort_ssl=False", is_async=True),
    Call("TCPConnector.clear_dns_cache", "host=None, port=None"),
    Missing(
        "BaseConnector",
        "connect",
        "Connections are lent to requests only: there is neither `connector.connect()` nor a "
        "class `Connection`.",
    ),
    Missing("aioclient", "Connection", "nor a class `Connection`"),
    Line(
        "a closed connector says so",
        f"{_CONNECTOR}test_a_closed_connector_lends_nothing {_CLOSING}"
        "test_sessions_that_share_a_connector_leave_it_open",
    ),
    Line("limits and force_close can be read", f"{_CONNECTOR}test_settings_can_be_read"),
    Line("family and use_dns_cache can be read", "test_settings_of_tcp_can_be_read"),
    Line("path can be read", f"{_UNIX}test_a_path_is_text_or_an_object_that_has_one"),
    Line(
        'schemes are "", http, https, ws, wss, of TCP also tcp, of UNIX sockets also unix',
        f"test_schemes_of_each_connector {_TARGET}test_schemes_of_a_connector_are_http_at_port_80 "
        f"{_UNIX}test_the_host_of_a_url_is_only_what_host_says "
        f"{_UNIX}test_urls_of_unix_sockets_are_for_unix_connectors_only",
        '`allowed_protocol_schema_set` has no "", and not yet ws and wss.',
    ),
    Line(
        "close() begins to close even if nobody awaits it",
        "test_close_is_a_coroutine",
        "`close()` is a coroutine: nothing is closed before it is awaited.",
    ),
    Line(
        "closing twice does no harm",
        f"{_CLOSING}test_closing_twice_and_at_the_same_time_does_no_harm",
    ),
    Line(
        "a connector is for async with", f"{_CONNECTOR}test_a_connection_given_back_is_lent_again"
    ),
    Line(
        "with is deprecated",
        f"{_CLOSING}test_with_is_deprecated_and_cuts_the_connections",
        "A connector in a plain `with`, which is deprecated, cuts its connections.",
    ),
    Line(
        "an unclosed connector with connections is a ResourceWarning",
        f"{_CONNECTOR}test_an_unclosed_connector_warns_and_cuts_its_connections "
        f"{_CONNECTOR}test_an_unused_connector_needs_no_close",
    ),
    # Arguments.
    Line(
        "loop is deprecated",
        "test_deprecated_arguments_of_every_connector_have_no_effect",
    ),
    Line(
        "enable_cleanup_closed has no effect on fixed Pythons, and is deprecated there",
        "test_deprecated_arguments_of_every_connector_have_no_effect",
        "`enable_cleanup_closed` and `loop`, both deprecated, and `timeout_ceil_threshold` have no "
        "effect",
    ),
    Line(
        "from timeout_ceil_threshold on, limits end on whole seconds",
        "test_the_threshold_of_a_connector_has_no_effect",
        "that of `ClientTimeout` counts",
    ),
    Line(
        "verify_ssl, ssl_context and fingerprint are deprecated, for ssl",
        "test_older_ways_to_say_ssl_are_deprecated",
    ),
    Line(
        "ssl_shutdown_timeout is deprecated",
        "test_ssl_shutdown_timeout_is_deprecated",
        "`shutdown_timeout` (0.5 seconds)",
    ),
    Line(
        "force_close excludes keepalive_timeout",
        f"{_CONNECTOR}test_settings_that_make_no_sense_are_refused",
    ),
    Line(
        "force_close says nothing to the server",
        f"test_force_close_tells_the_server {_POOL}test_force_close_closes_each_connection",
        "With `force_close=True` requests say `Connection: close`.",
    ),
    # The pool.
    Line(
        "every input of a handshake is in the key of a connection",
        f"""{_ROUTE}test_every_input_of_a_handshake_makes_another_route
        {_TLS}test_an_unverified_connection_is_not_used_for_a_request_that_verifies""",
    ),
    Line(
        "idle connections take turns",
        f"{_CONNECTOR}test_the_connection_used_last_is_lent_first "
        f"{_LEDGER}test_the_connection_used_last_is_taken_first",
        "The idle connection that was used last is used first",
    ),
    Line(
        "what a server says in Keep-Alive is ignored",
        "tests/_http1/test_keep_alive.py::test_a_server_s_time_is_used_less_a_margin "
        "test_a_connection_is_kept_no_longer_than_its_server_keeps_it",
        "What a server says in `Keep-Alive: timeout` counts if it is less than "
        "`keepalive_timeout`: less one second, but at least half of it.",
    ),
    Line(
        "a kept connection that the server closed is not used, once the loop has heard of it",
        f"""{_POOL}test_a_connection_that_the_server_closed_while_idle_is_not_used
        {_POOL}test_a_connection_on_which_the_server_spoke_unasked_is_not_used
        {_CONNECTOR}test_a_connection_on_which_bytes_came_unasked_is_not_lent""",
        "A connection that is at its end, or on which something came unasked, is not used, even "
        "if the loop has not heard of it yet.",
    ),
    Line(
        "keepalive_timeout ends it", f"{_POOL}test_an_idle_connection_is_closed_when_its_time_is_up"
    ),
    Line("limit=0 is no limit", f"{_POOL}test_no_limit_means_none"),
    Line(
        "limit counts connections in use, not idle ones",
        f"{_LEDGER}test_an_idle_connection_holds_no_slot "
        f"{_CONNECTOR}test_a_slot_of_another_route_makes_room_for_a_new_connection",
    ),
    Line(
        "limit_per_host counts by all that is in the key",
        f"{_LEDGER}test_a_host_s_limit_counts_all_its_tls_settings_together "
        f"{_POOL}test_limit_per_host_counts_each_host_for_itself",
        "`limit_per_host` counts by host, port and whether it is TLS, as the guide there says.",
    ),
    Line(
        "waiters are served in their order within a key, and keys in any order",
        f"""{_CONNECTOR}test_those_who_wait_are_served_in_their_order
        {_LEDGER}test_slots_are_granted_first_come_first_served
        {_LEDGER}test_a_waiter_whose_host_is_full_lets_others_pass""",
        "Requests that wait are served first come, first served, whatever their host",
    ),
    Line(
        "waiting counts to connect and total",
        f"{_TIMEOUTS}test_connect_while_waiting_for_a_slot "
        f"{_TIMEOUTS}test_total_while_waiting_for_a_slot",
    ),
    Line(
        "nothing tells what a connector has",
        f"{_STATS}test_gauges_show_each_connection_once "
        f"{_STATS}test_a_closed_connection_is_counted_once_with_its_reason",
        "`connector.stats()` gives a `ConnectorStats`",
    ),
    Line(
        "idle connections cannot be closed by themselves",
        f"{_STATS}test_close_idle_leaves_connections_in_use_and_the_connector_open",
        "`connector.close_idle()` closes what no request uses",
    ),
    Line(
        "connections become as old as they like",
        f"{_STATS}test_a_connection_that_became_too_old_in_use_is_not_kept",
        "`max_connection_age=` ends the use of a connection",
    ),
    Line(
        "close waits for the ends of all connections, and cuts TLS",
        f"""{_CLOSING}test_100_tls_connections_are_closed_when_close_returns
        {_CLOSING}test_the_server_hears_the_goodbye_of_tls
        {_CLOSING}test_a_server_without_a_goodbye_is_cut_off_after_the_limit
        {_CLOSING}test_a_program_that_closes_its_session_may_end_at_once""",
        "`close()` waits for the end of every connection. TLS says goodbye",
    ),
    Line(
        "abort_ssl=True cuts TLS",
        f"{_CLOSING}test_abort_ssl_says_no_goodbye",
        "or not at all with `close(abort_ssl=True)`",
    ),
    Line(
        "requests under way end with the connector",
        f"""{_CLOSING}test_a_request_under_way_is_told_that_the_session_was_closed
        {_CLOSING}test_drain_lets_requests_under_way_end
        {_CLOSING}test_what_is_not_drained_in_time_is_broken_off""",
        "`close(drain=)`, of a session, too, gives requests under way so many seconds to end",
    ),
    # Names and addresses.
    Line(
        "addresses are kept for ttl_dns_cache seconds, None is for ever",
        f"{_CACHE}test_answers_are_kept_for_their_time {_CACHE}test_answers_can_be_kept_for_ever",
    ),
    Line(
        "dns_cache_max_size is how many names are kept",
        f"{_CACHE}test_the_name_that_was_not_used_for_the_longest_time_is_forgotten_first",
    ),
    Line("addresses take turns", f"{_CACHE}test_addresses_take_turns_in_being_the_first"),
    Line(
        "look-ups of one host at the same time are one, whoever of them is cancelled",
        f"{_CACHE}test_many_askers_are_one_look_up "
        f"{_CACHE}test_an_asker_that_is_cancelled_disturbs_no_other",
    ),
    Line(
        "clear_dns_cache forgets a host and port, or all; one without the other is a ValueError",
        f"test_the_cache_of_a_connector_can_be_cleared {_CACHE}"
        "test_one_host_and_port_or_all_of_them_can_be_forgotten",
    ),
    Line(
        "a resolver that was given is not closed with the connector",
        "test_a_resolver_that_was_given_stays_open",
    ),
    Line("a family is the only one", f"{_CACHE}test_the_resolver_is_asked_for_the_family"),
    Line(
        "happy_eyeballs_delay is when the next address is tried, None: after a failure",
        f"""{_TCP}test_the_next_address_is_tried_after_a_delay_and_the_loser_is_closed
        {_TCP}test_without_a_delay_the_next_address_has_to_wait_for_a_failure""",
    ),
    Line(
        "interleave is how many addresses of a family come first, 1 with a delay",
        f"{_TCP}test_families_take_turns",
    ),
    Line("local_addr is connected from", f"{_TCP}test_a_connection_comes_from_the_local_address"),
    Line(
        "socket_factory makes sockets, which may block, from what getaddrinfo gives",
        f"{_TCP}test_a_factory_is_given_what_getaddrinfo_gives",
    ),
    Line(
        "options of sockets need a factory",
        f"{_TCP}test_options_are_set_on_each_socket_before_it_connects",
        "`socket_options=` are arguments of `setsockopt`",
    ),
    Line("TCP_NODELAY is set", "test_nothing_waits_to_be_sent_together"),
    Line(
        "errors of connecting have the last reason",
        f"{_TCP}test_each_address_that_was_tried_has_its_reason",
        "have in `attempts` each address that was tried, with its own error",
    ),
    Line(
        "numbers that are no canonical IPv4 address are refused as hosts",
        f"{_TARGET}test_a_host_that_some_take_for_an_ipv4_address_is_refused",
        "so are all hosts whose last label is a number",
    ),
    # TLS.
    Line(
        "ssl=True verifies, False does not, a context does as it says",
        f"""{_TLS}test_a_certificate_of_an_unknown_authority_is_refused
        {_TLS}test_a_certificate_for_another_host_is_refused
        {_TLS}test_without_verification_any_certificate_will_do
        {_TLS}test_a_context_that_trusts_the_authority_is_used""",
    ),
    Line(
        "the default context is made at import",
        "test_to_import_is_not_to_read_certificates",
        "The default TLS contexts are made when they are first needed, in a thread.",
    ),
    Line(
        "a Fingerprint is a digest of SHA-256, others are a ValueError",
        f"{_ROUTE}test_digest_of_another_length_is_refused",
    ),
    Line(
        "a Fingerprint takes the place of verification",
        f"{_TLS}test_a_certificate_with_the_digest_is_accepted_whoever_signed_it",
    ),
    Line("ALPN offers http/1.1", "test_http_1_1_is_offered"),
    Line(
        "https over a UNIX socket is sent in clear text",
        f"{_UNIX}test_https_is_never_sent_in_clear_text "
        f"{_UNIX}test_https_is_tls_for_the_host_of_the_url",
        "https over a UNIX socket is TLS, with the certificate of the URL's host.",
    ),
    Line(
        "a path where nobody listens is a UnixClientConnectorError",
        f"{_UNIX}test_a_missing_socket_is_an_error_with_its_path",
    ),
)

unix_only = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")


# --- members -------------------------------------------------------------------------------------


@unix_only
def test_schemes_of_each_connector() -> None:
    usual = {"http", "https"}
    assert usual == BaseConnector.allowed_protocol_schema_set
    assert usual | {"tcp"} == TCPConnector.allowed_protocol_schema_set
    assert usual | {"unix"} == UnixConnector.allowed_protocol_schema_set


def test_settings_of_tcp_can_be_read() -> None:
    usual = TCPConnector()
    assert (usual.family, usual.use_dns_cache) == (socket.AF_UNSPEC, True)
    other = TCPConnector(family=socket.AF_INET, use_dns_cache=False)
    assert (other.family, other.use_dns_cache) == (socket.AF_INET, False)


@asynchronous
async def test_close_is_a_coroutine() -> None:
    connector = TCPConnector()
    closing = connector.close()
    assert inspect.iscoroutine(closing)
    assert not connector.closed
    await closing
    assert connector.closed


# --- arguments -----------------------------------------------------------------------------------


@unix_only
def test_deprecated_arguments_of_every_connector_have_no_effect() -> None:
    loop = asyncio.new_event_loop()
    for make in (lambda: TCPConnector(loop=loop), lambda: UnixConnector("/nothing", loop=loop)):
        with pytest.warns(DeprecationWarning, match="loop is deprecated and has no effect"):
            make()
    loop.close()
    with pytest.warns(DeprecationWarning, match="enable_cleanup_closed is deprecated"):
        TCPConnector(enable_cleanup_closed=True)


@asynchronous
async def test_the_threshold_of_a_connector_has_no_effect() -> None:
    connector = TCPConnector(timeout_ceil_threshold=0)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        loop = asyncio.get_running_loop()
        begun_at = loop.time()
        with pytest.raises(TimeoutError):
            await session.get(origin.url("/delay/2"), timeout=0.05)
        assert loop.time() - begun_at < 0.5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"verify_ssl": False}, False),
        ({"ssl_context": ssl.create_default_context()}, ...),
        ({"fingerprint": bytes(32)}, Fingerprint(bytes(32))),
    ],
    ids=["verify_ssl", "ssl_context", "fingerprint"],
)
@asynchronous
async def test_older_ways_to_say_ssl_are_deprecated(old: dict[str, Any], new: object) -> None:
    ((name, value),) = old.items()
    with pytest.warns(DeprecationWarning, match=f"{name} is deprecated, use ssl"):
        TCPConnector(**old)
    other: Any = value if new is ... else new
    with (
        pytest.warns(DeprecationWarning, match=name),
        pytest.raises(ValueError, match="exclude each other"),
    ):
        TCPConnector(ssl=other, **old)


def test_ssl_shutdown_timeout_is_deprecated() -> None:
    for seconds in (0, 0.5, None):
        with pytest.warns(DeprecationWarning, match="use shutdown_timeout"):
            TCPConnector(ssl_shutdown_timeout=seconds)
    with pytest.raises(ValueError, match="shutdown_timeout must not be negative"):
        TCPConnector(shutdown_timeout=-1)


@asynchronous
async def test_force_close_tells_the_server() -> None:
    for force_close, says in ((True, "close"), (False, None)):
        connector = TCPConnector(force_close=force_close)
        async with Pages() as server, ClientSession(connector=connector) as session:
            await session.get(server.url())
            assert server.last.headers.get("Connection") == says


# --- the pool ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "connections"),
    [("timeout=0", 3), ("max=0", 3), ("timeout=100", 1), ("max=100", 1)],
)
@asynchronous
async def test_a_connection_is_kept_no_longer_than_its_server_keeps_it(
    field: str, connections: int
) -> None:
    async with Pages(index=page(b"ok", f"Keep-Alive: {field}")) as server:
        async with ClientSession() as session:
            for _ in range(3):
                await session.get(server.url("/index"))
        assert server.accepted == connections


# --- names and addresses -------------------------------------------------------------------------


@asynchronous
async def test_the_cache_of_a_connector_can_be_cleared() -> None:
    resolver = FakeResolver({"a.example": ["127.0.0.1"]})
    connector = TCPConnector(resolver=resolver, force_close=True)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        for clear in (
            lambda: None,
            lambda: None,
            lambda: connector.clear_dns_cache("a.example", 1),
            lambda: connector.clear_dns_cache("a.example", origin.port),
            connector.clear_dns_cache,
        ):
            clear()
            await session.get(origin.url("/json", host="a.example"))
        assert len(resolver.asked) == 3
    with pytest.raises(ValueError, match="both host and port"):
        connector.clear_dns_cache("a.example")
    with pytest.raises(ValueError, match="both host and port"):
        connector.clear_dns_cache(port=80)


@asynchronous
async def test_a_resolver_that_was_given_stays_open() -> None:
    resolver = FakeResolver({"a.example": ["127.0.0.1"]})
    async with Origin() as origin:
        for _ in range(2):
            async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
                await session.get(origin.url("/json", host="a.example"))
            assert not resolver.closed


@asynchronous
async def test_nothing_waits_to_be_sent_together() -> None:
    made = []

    def factory(addr_info: Any) -> socket.socket:
        made.append(socket.socket(*addr_info[:3]))
        return made[-1]

    connector = TCPConnector(socket_factory=factory)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        await session.get(origin.url("/json"))
        assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- TLS -----------------------------------------------------------------------------------------


def test_to_import_is_not_to_read_certificates() -> None:
    no_context = "import ssl; ssl.SSLContext.__new__ = None"
    script = f"{no_context}; import aioclient; aioclient.TCPConnector()"
    subprocess.run([sys.executable, "-c", script], check=True)


@asynchronous
async def test_http_1_1_is_offered() -> None:
    heard = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65536))

    async with ScriptedServer(listens) as server, ClientSession() as session:
        with pytest.raises(ClientConnectorError):
            await session.get(server.url().replace("http:", "https:"))
    # RFC 7301 section 3.1: in the first message, in clear text.
    assert b"\x00\x09\x08http/1.1" in heard[0]
