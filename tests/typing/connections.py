"""What a type checker knows of limits, connectors and resolvers: read by it, and never run."""

import socket
import ssl
from collections.abc import Mapping
from typing import assert_type

import aioclient
from aioclient import (
    AbstractResolver,
    AsyncResolver,
    BaseConnector,
    ClientSession,
    ClientTimeout,
    ConnectorStats,
    DefaultResolver,
    Fingerprint,
    HostStats,
    NamedPipeConnector,
    ResolveResult,
    TCPConnector,
    ThreadedResolver,
    UnixConnector,
)


def limits_are_seconds_or_none(timeout: ClientTimeout) -> None:
    assert_type(timeout.total, float | None)
    assert_type(timeout.connect, float | None)
    assert_type(timeout.sock_read, float | None)
    assert_type(timeout.sock_connect, float | None)
    assert_type(timeout.pool, float | None)
    assert_type(timeout.tls, float | None)
    assert_type(timeout.write, float | None)
    assert_type(timeout.ceil_threshold, float)
    assert_type(timeout.with_total(5), ClientTimeout)
    assert_type(timeout.__replace__(total=None), ClientTimeout)
    ClientTimeout(5, 1.5, None, sock_connect=1, pool=2, tls=3, write=4)


def wrong_limits(timeout: ClientTimeout) -> None:
    timeout.total = 5  # type: ignore[misc]
    ClientTimeout(total="5")  # type: ignore[arg-type]
    ClientTimeout(nonsense=5)  # type: ignore[call-arg]
    timeout.with_total("5")  # type: ignore[arg-type]


async def a_connector_says_what_it_does(connector: BaseConnector) -> None:
    assert_type(connector.limit, int)
    assert_type(connector.limit_per_host, int)
    assert_type(connector.force_close, bool)
    assert_type(connector.closed, bool)
    assert_type(connector.close_idle(), int)
    assert_type(connector.allowed_protocol_schema_set, frozenset[str])
    stats = connector.stats()
    assert_type(stats, ConnectorStats)
    assert_type(stats.active, int)
    assert_type(stats.closed, Mapping[str, int])
    for (host, port, is_tls), each in stats.per_host.items():
        assert_type(host, str)
        assert_type(port, int)
        assert_type(is_tls, bool)
        assert_type(each, HostStats)
        assert_type(each.waiting, int)
    assert_type(await connector.close(), None)
    await connector.close(drain=1)


async def one_of_tcp_has_options_of_its_own(context: ssl.SSLContext) -> None:
    connector = TCPConnector(
        limit=None,
        limit_per_host=4,
        ssl=context,
        family=socket.AF_INET,
        local_addr=("127.0.0.1", 0),
        resolver=ThreadedResolver(),
        ttl_dns_cache=None,
        keepalive_timeout=30,
        happy_eyeballs_delay=0.25,
    )
    async with connector as same:
        assert_type(same, TCPConnector)
    assert_type(connector.family, socket.AddressFamily)
    assert_type(connector.use_dns_cache, bool)
    assert_type(connector.clear_dns_cache("a", 80), None)
    TCPConnector(ssl=False)
    TCPConnector(ssl=Fingerprint(b"0" * 32, b"1" * 32, verify=True))


def others_have_paths() -> None:
    assert_type(UnixConnector("/run/a").path, str)
    assert_type(NamedPipeConnector(r"\\.\pipe\a").path, str)
    ClientSession(connector=UnixConnector("/run/a"))


def fingerprints_are_bytes(fingerprint: Fingerprint) -> None:
    assert_type(fingerprint.fingerprint, bytes)
    assert_type(fingerprint.fingerprints, tuple[bytes, ...])


def make_socket(info: aioclient.AddrInfoType) -> socket.socket:
    family, kind, protocol, name, address = info
    assert_type(family, int)
    assert_type(name, str)
    assert_type(address, tuple[str, int] | tuple[str, int, int, int])
    return socket.socket(family, kind, protocol)


def a_socket_factory_is_a_function() -> None:
    factory: aioclient.SocketFactoryType = make_socket
    TCPConnector(socket_factory=factory)


async def resolvers_give_addresses(resolver: AbstractResolver) -> None:
    results = await resolver.resolve("a", 80, socket.AF_INET6)
    assert_type(results, list[ResolveResult])
    assert_type(results[0]["host"], str)
    assert_type(results[0]["port"], int)
    assert_type(await resolver.close(), None)
    for each in (DefaultResolver(), AsyncResolver(nameservers=["127.0.0.1"])):
        TCPConnector(resolver=each)


class OwnResolver(AbstractResolver):
    """One of a program."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


def wrong_connectors() -> None:
    TCPConnector(resolver=OwnResolver())
    BaseConnector()  # type: ignore[abstract]
    AbstractResolver()  # type: ignore[abstract]
    TCPConnector(limit="1")  # type: ignore[arg-type]
    TCPConnector(nonsense=1)  # type: ignore[call-arg]
    TCPConnector(ssl="no")  # type: ignore[arg-type]
    TCPConnector(resolver=OwnResolver)  # type: ignore[arg-type]
    UnixConnector()  # type: ignore[call-arg]
    TCPConnector().limit = 1  # type: ignore[misc]
