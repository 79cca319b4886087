"""Which requests may share a connection: only those that would connect, and shake hands, alike.

Every option of requests and of connectors is in one of the tables, so that a new one makes a test
fail until somebody has thought about it.
"""

import inspect
import socket
import ssl
from hashlib import sha256
from typing import Any

import pytest
from fake_connector import FakeConnector
from preparing import prepared
from running import asynchronous

from aioclient import (
    BaseConnector,
    BasicAuth,
    ClientTimeout,
    Fingerprint,
    NamedPipeConnector,
    ProxyDigestAuth,
    TCPConnector,
    UnixConnector,
    UploadTracker,
)
from aioclient._message.options import RequestOptions
from aioclient._net.route import Route

URL = "https://example.com/"
DIGEST = sha256(b"certificate").digest()

#: Options that say how to connect or to shake hands, with values that must not share connections.
#: A value of None is the option left out.
OF_HANDSHAKE: dict[str, list[Any]] = {
    "ssl": [
        None,
        False,
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        Fingerprint(DIGEST),
        Fingerprint(bytes(32)),
    ],
    "server_hostname": [None, "a.example", "b.example"],
    "verify_ssl": [None, False],
    "ssl_context": [
        None,
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    ],
    "fingerprint": [None, DIGEST, bytes(32)],
    "proxy": [
        None,
        "http://a.example:1",
        "http://b.example:1",
        "http://a.example:2",
        "https://a.example:1",
        "socks4://a.example:1",
        "socks4a://a.example:1",
        "socks5://a.example:1",
        "socks5h://a.example:1",
        "http://me:secret@a.example:1",
        "http://me:other@a.example:1",
        "http://you:secret@a.example:1",
        "socks5://me:secret@a.example:1",
    ],
    "proxy_auth": [
        None,
        BasicAuth("me", "secret"),
        BasicAuth("me", "other"),
        BasicAuth("you"),
        ProxyDigestAuth("me", "secret"),
        ProxyDigestAuth("me", "other"),
        ProxyDigestAuth("you", "secret"),
    ],
    "proxy_headers": [None, {"X-A": "b"}, {"X-A": "c"}, {"Proxy-Authorization": "Bearer a"}],
    "proxy_ssl": [
        None,
        False,
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        Fingerprint(DIGEST),
    ],
}
#: What these are about.
PROXY = {"proxy": "https://proxy.example:3128"}

#: Options that say something of the request or of its response only, with a value for each.
OF_REQUEST: dict[str, Any] = {
    "params": {"a": "b"},
    "headers": {"Host": "other.example"},
    "skip_auto_headers": ["User-Agent"],
    "cookies": {"a": "b"},
    "auth": BasicAuth("user", "secret"),
    "data": b"body",
    "json": [1],
    "timeout": ClientTimeout(sock_connect=1, tls=1),
    "raise_for_status": True,
    "compress": "gzip",
    "chunked": True,
    "allow_redirects": False,
    "max_redirects": 3,
    "redirect_policy": lambda _response, following: following,
    "cross_origin_headers": ["X-A"],
    "expect100": True,
    "expect100_timeout": 3.0,
    "upload_tracker": UploadTracker,  # made by the test, because it wants a loop
    "middlewares": [lambda request, handler: handler(request)],
    "trace_request_ctx": object(),
    "retry_on_stale": False,
    "read_until_eof": False,
    "on_informational": lambda _status, _headers: None,
    "read_bufsize": 1000,
    "auto_decompress": False,
    "max_body_size": 1000,
    "max_decode_ratio": 5,
    "max_error_body_size": 1000,
    "max_line_size": 1000,
    "max_field_size": 1000,
    "max_headers": 10,
    "max_head_size": 1000,
    "max_empty_lines": 1,
    "max_informational": 1,
    "max_chunk_line_size": 1000,
    "max_chunk_ext_size": 100,
    "max_trailer_size": 100,
}
#: What goes with others only.
NEEDS: dict[str, dict[str, Any]] = {
    "compress": {"data": b"body"},
    "chunked": {"data": b"body"},
    "expect100": {"data": b"body"},
    "proxy_auth": PROXY,
    "proxy_headers": PROXY,
    "proxy_ssl": PROXY,
}

#: Options of connectors. A connector has its own connections, and its options cannot be changed, so
#: none of them need be in the key; those of the handshake are here for whoever would change that.
OF_CONNECTOR_HANDSHAKE = {
    "allowed_addresses",
    "family",
    "fingerprint",
    "local_addr",
    "path",
    "resolver",
    "socket_factory",
    "socket_options",
    "ssl",
    "ssl_context",
    "verify_ssl",
}
OF_CONNECTOR = {
    "dns_cache_max_size",
    "enable_cleanup_closed",
    "force_close",
    "happy_eyeballs_delay",
    "interleave",
    "keepalive_timeout",
    "limit",
    "limit_per_host",
    "loop",
    "max_connection_age",
    "shutdown_timeout",
    "ssl_shutdown_timeout",
    "tls_resumption",
    "timeout_ceil_threshold",
    "ttl_dns_cache",
    "use_dns_cache",
}
CONNECTORS: list[type[BaseConnector]] = [
    BaseConnector,
    TCPConnector,
    UnixConnector,
    NamedPipeConnector,
]


def route_with(url: str = URL, **options: Any) -> Route:
    """Where a request with these options goes; those that are None are left out."""
    return prepared(url, "POST", **{k: v for k, v in options.items() if v is not None}).route


# --- requests ------------------------------------------------------------------------------------


def test_every_option_of_a_request_is_in_a_table() -> None:
    tables = [set(OF_HANDSHAKE), set(OF_REQUEST)]
    assert set(RequestOptions.__annotations__) == set().union(*tables)
    assert sum(map(len, tables)) == len(RequestOptions.__annotations__)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("url", "name"),
    [(URL, name) for name in OF_HANDSHAKE]
    + [("http://example.com/", name) for name in OF_HANDSHAKE if name.startswith("proxy")],
)
def test_requests_that_shake_hands_otherwise_share_no_connection(url: str, name: str) -> None:
    values, needs = OF_HANDSHAKE[name], NEEDS.get(name, {})
    routes = {route_with(url, **needs | {name: value}) for value in values}
    assert len(routes) == len(values)
    again = {route_with(url, **needs | {name: value}) for value in values}
    assert again == routes


@pytest.mark.parametrize("url", [URL, "http://example.com/"])
def test_logins_for_digest_that_are_equal_share_connections(url: str) -> None:
    routes = {route_with(url, **PROXY, proxy_auth=ProxyDigestAuth("me", "a")) for _ in range(2)}
    assert len(routes) == 1


def test_requests_that_a_proxy_forwards_share_its_connections() -> None:
    routes = {route_with(f"http://{host}/", **PROXY) for host in ("a.example", "b.example:81")}
    assert len(routes) == 1


@pytest.mark.parametrize("name", OF_REQUEST)
@asynchronous
async def test_requests_that_differ_in_nothing_else_share_their_connections(name: str) -> None:
    value = OF_REQUEST[name]
    options = {name: value() if value is UploadTracker else value} | NEEDS.get(name, {})
    assert route_with(**options) == route_with()


@pytest.mark.parametrize(
    "other",
    [
        "http://example.com:443/",
        "https://example.com:8443/",
        "https://www.example.com/",
        "https://example.com./",
        "https://[::1]/",
        "https://[::1%25lo]/",
        "https://93.184.216.34/",
    ],
)
def test_another_scheme_host_or_port_is_another_connection(other: str) -> None:
    assert route_with(other) != route_with()


@pytest.mark.parametrize(
    "same",
    [
        "https://example.com:443/",
        "https://EXAMPLE.com/",
        "https://example.com/path?query#fragment",
        "https://user:secret@example.com/",
    ],
)
def test_other_parts_of_a_url_make_no_difference(same: str) -> None:
    assert route_with(same) == route_with()


# --- connectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CONNECTORS)
def test_every_option_of_a_connector_is_in_a_table(kind: type[BaseConnector]) -> None:
    names = set(inspect.signature(kind).parameters)
    assert names <= OF_CONNECTOR | OF_CONNECTOR_HANDSHAKE
    assert not OF_CONNECTOR & OF_CONNECTOR_HANDSHAKE


def test_the_tables_name_no_option_that_is_gone() -> None:
    names = {name for kind in CONNECTORS for name in inspect.signature(kind).parameters}
    assert names == OF_CONNECTOR | OF_CONNECTOR_HANDSHAKE


@pytest.mark.parametrize("kind", [TCPConnector, UnixConnector])
def test_options_of_a_connector_cannot_be_changed(kind: type[BaseConnector]) -> None:
    if kind is UnixConnector and not hasattr(socket, "AF_UNIX"):
        pytest.skip("this system has no UNIX domain sockets")
    connector = UnixConnector("/nowhere") if kind is UnixConnector else kind()
    for name in inspect.signature(type(connector)).parameters:
        if hasattr(connector, name):
            with pytest.raises(AttributeError):
                setattr(connector, name, getattr(connector, name))


@asynchronous
async def test_two_connectors_share_nothing() -> None:
    route = Route("example.com", 443, True, True)
    async with FakeConnector() as one, FakeConnector() as two:
        (await one.lease(route, ClientTimeout(), lambda _: None)).give_back(True)
        assert two.lease_idle(route, 0.0) is None
        kept = one.lease_idle(route, 0.0)
        assert kept is not None
        kept.give_back(True)


@pytest.mark.parametrize("one", range(6))
@asynchronous
async def test_a_kept_connection_serves_its_own_route_only(one: int) -> None:
    routes = [route_with(ssl=value) for value in OF_HANDSHAKE["ssl"]]
    async with FakeConnector() as connector:
        (await connector.lease(routes[one], ClientTimeout(), lambda _: None)).give_back(True)
        for number, route in enumerate(routes):
            found = connector.lease_idle(route, 0.0)
            assert (found is not None) == (number == one)
            if found is not None:
                found.give_back(True)
