"""Connecting to hosts: which address, from where, with what socket."""

import asyncio
import contextlib
import errno
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fake_resolver import FakeResolver
from running import asynchronous, cancelled, closed_port, started

from aioclient import ClientConnectorDNSError, ClientConnectorError
from aioclient._net.dns_cache import DnsCache
from aioclient._net.route import Route
from aioclient._net.tcp import AddrInfoType, TcpDialer

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only address of 127.0.0.0/8"
)


class Dialer(TcpDialer):
    """A dialer whose resolver knows one name, and that remembers the sockets it made."""

    def __init__(self, *addresses: str, **options: Any) -> None:
        self.resolver = FakeResolver({"a.example": addresses})
        self.made: list[socket.socket] = []
        super().__init__(DnsCache(self.resolver), socket_factory=self._make, **options)

    def _make(self, addr_info: AddrInfoType) -> socket.socket:
        self.made.append(socket.socket(*addr_info[:3]))
        return self.made[-1]

    async def dial(self, port: int, host: str = "a.example") -> socket.socket:
        return await self.connect(Route(host, port, False, True), asyncio.get_running_loop())

    async def failure(self, port: int, host: str = "a.example") -> ClientConnectorError:
        with pytest.raises(ClientConnectorError) as raised:
            await self.dial(port, host)
        assert {sock.fileno() for sock in self.made} <= {-1}
        return raised.value


@contextlib.contextmanager
def listening(address: str = "127.0.0.1", port: int = 0) -> Iterator[socket.socket]:
    with socket.create_server((address, port)) as server:
        yield server


@contextlib.contextmanager
def mute(address: str, port: int) -> Iterator[None]:
    """An address that takes no connections and refuses none: its backlog is full."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(socket.socket())
        server.bind((address, port))
        server.listen(0)
        for _ in range(4):
            client = opened.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex((address, port))
        yield


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


# --- which address -------------------------------------------------------------------------------


@linux_only
@asynchronous
async def test_the_next_address_is_tried_after_a_delay_and_the_loser_is_closed() -> None:
    dialer = Dialer("127.0.0.2", "127.0.0.1", happy_eyeballs_delay=0.05)
    with listening() as server, mute("127.0.0.2", port_of(server)):
        begun_at = time.monotonic()
        with await dialer.dial(port_of(server)) as sock:
            assert 0.05 <= time.monotonic() - begun_at < 1
            assert sock.getpeername() == server.getsockname()
            loser, winner = dialer.made
            assert (loser.fileno(), winner) == (-1, sock)


@linux_only
@asynchronous
async def test_an_address_that_was_overtaken_comes_last_from_then_on() -> None:
    dialer = Dialer("127.0.0.2", "127.0.0.1", happy_eyeballs_delay=0.05)
    with listening() as server, mute("127.0.0.2", port_of(server)):
        for sockets in (2, 3, 4):
            (await dialer.dial(port_of(server))).close()
            assert len(dialer.made) == sockets
        assert dialer.resolver.asked == ["a.example"]


@linux_only
@asynchronous
async def test_without_a_delay_the_next_address_has_to_wait_for_a_failure() -> None:
    dialer = Dialer("127.0.0.2", "127.0.0.1", happy_eyeballs_delay=None)
    with listening() as server:
        with mute("127.0.0.2", port_of(server)):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await dialer.dial(port_of(server))
            assert len(dialer.made) == 1
        # Nobody listens there any more.
        with await dialer.dial(port_of(server)) as sock:
            assert sock.getpeername() == server.getsockname()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
@linux_only
@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({}, ["127.0.0.2", "::1", "127.0.0.3"]),
        ({"interleave": 2}, ["127.0.0.2", "127.0.0.3", "::1"]),
        ({"happy_eyeballs_delay": None}, ["127.0.0.2", "127.0.0.3", "::1"]),
        ({"happy_eyeballs_delay": None, "interleave": 1}, ["127.0.0.2", "::1", "127.0.0.3"]),
    ],
)
@asynchronous
async def test_families_take_turns(options: dict[str, Any], order: list[str]) -> None:
    port = closed_port()
    error = await Dialer("127.0.0.2", "127.0.0.3", "::1", **options).failure(port)
    assert [attempt.address for attempt in error.attempts] == order
    assert {attempt.port for attempt in error.attempts} == {port}
    assert all(isinstance(attempt.error, OSError) for attempt in error.attempts)


# --- what goes wrong -----------------------------------------------------------------------------


@linux_only
@asynchronous
async def test_each_address_that_was_tried_has_its_reason() -> None:
    error = await Dialer("127.0.0.1", "127.0.0.2").failure(closed_port())
    assert error.errno == errno.ECONNREFUSED
    assert error.host == "a.example"
    assert [attempt.address for attempt in error.attempts] == ["127.0.0.1", "127.0.0.2"]
    assert {attempt.error.errno for attempt in error.attempts} == {errno.ECONNREFUSED}
    assert str(error).endswith("Connection refused (127.0.0.1, 127.0.0.2)")


@asynchronous
async def test_one_address_is_an_attempt_too() -> None:
    port = closed_port()
    for host, words in (("a.example", "refused (127.0.0.1)"), ("127.0.0.1", "refused")):
        error = await Dialer("127.0.0.1").failure(port, host)
        assert [attempt[:2] for attempt in error.attempts] == [("127.0.0.1", port)]
        assert str(error).endswith(words)


@asynchronous
async def test_a_name_that_does_not_resolve_is_a_dns_error_without_attempts() -> None:
    error = await Dialer("127.0.0.1").failure(80, "b.example")
    assert isinstance(error, ClientConnectorDNSError)
    assert isinstance(error.os_error, socket.gaierror)
    assert error.attempts == ()


@linux_only
@pytest.mark.parametrize("others", [[], ["127.0.0.3"]])
@asynchronous
async def test_connecting_can_be_cancelled(others: list[str]) -> None:
    port = closed_port()
    with contextlib.ExitStack() as silent:
        for address in ("127.0.0.2", *others):
            silent.enter_context(mute(address, port))
        dialer = Dialer("127.0.0.2", *others)
        await cancelled(await started(dialer.dial(port), turns=10))
        assert [sock.fileno() for sock in dialer.made] == [-1]


# --- from where ----------------------------------------------------------------------------------


@linux_only
@asynchronous
async def test_a_connection_comes_from_the_local_address() -> None:
    with listening() as server:
        for host in ("a.example", "127.0.0.1"):
            dialer = Dialer("127.0.0.1", local_addr=("127.0.0.3", 0))
            with await dialer.dial(port_of(server), host):
                accepted, address = server.accept()
                accepted.close()
                assert address[0] == "127.0.0.3"


@linux_only
@asynchronous
async def test_a_local_address_has_a_port_if_it_is_said() -> None:
    port = closed_port()
    dialer = Dialer("127.0.0.1", local_addr=("127.0.0.1", port))
    with listening() as server, await dialer.dial(port_of(server)):
        accepted, address = server.accept()
        accepted.close()
        assert address == ("127.0.0.1", port)


@linux_only
@asynchronous
async def test_a_local_address_that_is_not_ours_is_a_connector_error() -> None:
    error = await Dialer("127.0.0.1", local_addr=("192.0.2.1", 0)).failure(closed_port())
    assert error.errno == errno.EADDRNOTAVAIL


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
@asynchronous
async def test_a_local_address_of_another_family_is_a_connector_error() -> None:
    dialer = Dialer("::1", local_addr=("127.0.0.1", 0))
    with listening("127.0.0.1") as server:
        await dialer.failure(port_of(server))


@pytest.mark.parametrize("host", ["localhost", "eth0", ""])
def test_a_local_address_is_an_address(host: str) -> None:
    with pytest.raises(ValueError, match="local_addr must be an IP address and a port"):
        Dialer("127.0.0.1", local_addr=(host, 0))


# --- with what socket ----------------------------------------------------------------------------


@linux_only
@asynchronous
async def test_options_are_set_on_each_socket_before_it_connects() -> None:
    options = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
        (socket.SOL_SOCKET, socket.SO_LINGER, bytes(8)),
    ]
    dialer = Dialer("127.0.0.2", "127.0.0.1", socket_options=options, happy_eyeballs_delay=0.01)
    with listening() as server, mute("127.0.0.2", port_of(server)):
        sock = await dialer.dial(port_of(server))
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        sock.close()
        assert len(dialer.made) == 2


@pytest.mark.parametrize("others", [[], ["127.0.0.1"]])
@asynchronous
async def test_an_option_that_the_system_refuses_is_a_connector_error(others: list[str]) -> None:
    dialer = Dialer("127.0.0.1", *others, socket_options=[(-1, -1, 1)])
    with listening() as server:
        assert (await dialer.failure(port_of(server))).errno is not None
    assert dialer.made


@asynchronous
async def test_a_factory_is_given_what_getaddrinfo_gives() -> None:
    given: list[AddrInfoType] = []

    def factory(addr_info: AddrInfoType) -> socket.socket:
        given.append(addr_info)
        return socket.socket(*addr_info[:3])  # which blocks

    with listening() as server:
        names = DnsCache(FakeResolver({"a.example": ["127.0.0.1"]}))
        dialer = TcpDialer(names, socket_factory=factory)
        route = Route("a.example", port_of(server), False, True)
        with await dialer.connect(route, asyncio.get_running_loop()) as sock:
            assert not sock.getblocking()
        assert given == socket.getaddrinfo(
            "127.0.0.1", port_of(server), type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )


@linux_only
@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
@asynchronous
async def test_a_factory_that_fails_is_a_connector_error(addresses: list[str]) -> None:
    def factory(addr_info: AddrInfoType) -> socket.socket:
        raise PermissionError(errno.EPERM, "not allowed to make sockets")

    dialer = TcpDialer(DnsCache(FakeResolver({"a.example": addresses})), socket_factory=factory)
    with pytest.raises(ClientConnectorError, match="not allowed to make sockets"):
        await dialer.connect(Route("a.example", 80, False, True), asyncio.get_running_loop())
