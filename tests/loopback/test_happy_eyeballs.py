"""Several addresses of one host, some of them dead: which are tried when, and what becomes of each.

RFC 8305. A dead address is a listening socket whose backlog is full: Linux drops what asks it for a
connection, so it never answers.
"""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fake_resolver import FakeResolver
from running import asynchronous, closed_port, settled, until
from scripted import ScriptedServer, head_of, silent

from aioclient import (
    AddrInfoType,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ResolveResult,
    TCPConnector,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
V4, V6 = "127.0.0.1", "::1"
#: How much later than it should something may happen on a busy machine.
LATE_S = 0.2
NEVER = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems answer when a backlog is full"
)


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of a connection."""
    while True:
        await head_of(reader)
        writer.write(OK)


class Sockets:
    """Makes sockets, and remembers them with the address that each is for, and when it was made."""

    def __init__(self) -> None:
        self.made: list[socket.socket] = []
        self.hosts: list[str] = []
        self.times: list[float] = []

    def __call__(self, addr_info: AddrInfoType) -> socket.socket:
        sock = socket.socket(*addr_info[:3])
        self.made.append(sock)
        self.hosts.append(addr_info[4][0])
        self.times.append(asyncio.get_running_loop().time())
        return sock

    @property
    def open(self) -> list[str]:
        """The addresses whose sockets are open."""
        return [
            host for host, sock in zip(self.hosts, self.made, strict=True) if sock.fileno() != -1
        ]


@contextlib.contextmanager
def dead(host: str, port: int) -> Iterator[None]:
    """Let nobody answer at this address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket(family))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket(family))
            client.setblocking(False)
            client.connect_ex((host, port))
        yield


def session_for(addresses: Sequence[str], sockets: Sockets, **options: Any) -> ClientSession:
    """A session for which the name `both` has these addresses."""
    resolver = FakeResolver({"both": addresses})
    options = {"socket_factory": sockets} | options
    return ClientSession(connector=TCPConnector(resolver=resolver, **options))


async def get(session: ClientSession, server: ScriptedServer, **options: Any) -> None:
    async with session.get(server.url(host="both"), **options) as response:
        assert await response.read() == b"ok"


# --- when ----------------------------------------------------------------------------------------


@NEVER
@pytest.mark.parametrize(("live", "first"), [(V4, V6), (V6, V4)])
@pytest.mark.parametrize(("options", "delay_s"), [({"happy_eyeballs_delay": 0.1}, 0.1), ({}, 0.25)])
@asynchronous
async def test_the_next_address_is_tried_after_the_delay(
    live: str, first: str, options: dict[str, Any], delay_s: float
) -> None:
    sockets = Sockets()
    async with ScriptedServer(answers, host=live) as server:
        with dead(first, server.port):
            async with session_for([first, live], sockets, **options) as session:
                await get(session, server)
                assert sockets.hosts == [first, live]
                begun, next_begun = sockets.times
                assert delay_s - 0.002 <= next_begun - begun < delay_s + LATE_S


@NEVER
@asynchronous
async def test_each_of_several_addresses_has_its_delay() -> None:
    sockets = Sockets()
    first, second = "127.0.0.2", "127.0.0.3"
    async with ScriptedServer(answers) as server:
        with dead(first, server.port), dead(second, server.port):
            async with session_for(
                [first, second, V4], sockets, happy_eyeballs_delay=0.05
            ) as session:
                await get(session, server)
        a, b, c = sockets.times
        assert b - a >= 0.048
        assert c - b >= 0.048


@pytest.mark.parametrize("delay_s", [0.25, None])
@asynchronous
async def test_the_next_address_is_tried_at_once_after_a_refusal(delay_s: float | None) -> None:
    sockets = Sockets()
    async with (
        ScriptedServer(answers) as server,
        session_for([V6, V4], sockets, happy_eyeballs_delay=delay_s) as session,
    ):
        await get(session, server)
        assert sockets.hosts == [V6, V4]
        assert sockets.times[1] - sockets.times[0] < 0.2


@asynchronous
async def test_an_address_that_answers_in_time_is_the_only_one_that_is_tried() -> None:
    sockets = Sockets()
    async with (
        ScriptedServer(answers) as server,
        session_for([V4, V6], sockets, happy_eyeballs_delay=0.01) as session,
    ):
        await get(session, server)
        await asyncio.sleep(0.03)
        assert sockets.hosts == [V4]


@NEVER
@asynchronous
async def test_with_a_delay_of_nothing_all_are_tried_at_once() -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        with dead(V6, server.port):
            async with session_for([V6, V4], sockets, happy_eyeballs_delay=0) as session:
                await get(session, server)
                assert sockets.times[1] - sockets.times[0] < LATE_S


@NEVER
@asynchronous
async def test_without_a_delay_the_next_address_waits_for_the_end_of_the_first() -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        with dead(V6, server.port):
            async with session_for([V6, V4], sockets, happy_eyeballs_delay=None) as session:
                with pytest.raises(ConnectionTimeoutError) as caught:
                    await get(session, server, timeout=ClientTimeout(sock_connect=0.4))
                assert caught.value.limit == "sock_connect"
                assert sockets.hosts == [V6]
                await until(lambda: not sockets.open)


# --- in which order -------------------------------------------------------------------------------

A4, B4, C4 = "127.0.0.1", "127.0.0.2", "127.0.0.3"


@pytest.mark.parametrize(
    ("given", "options", "tried"),
    [
        # RFC 8305 section 4: families take turns, beginning with that of the first address.
        ([A4, B4, C4, V6], {}, [A4, V6, B4, C4]),
        ([V6, A4, B4], {}, [V6, A4, B4]),
        ([A4, B4, C4, V6], {"interleave": 2}, [A4, B4, V6, C4]),
        ([A4, B4, C4, V6], {"interleave": 3}, [A4, B4, C4, V6]),
        ([A4, B4, C4, V6], {"interleave": 0}, [A4, B4, C4, V6]),
        ([A4, B4, C4, V6], {"happy_eyeballs_delay": None}, [A4, B4, C4, V6]),
        ([A4, B4, C4, V6], {"happy_eyeballs_delay": None, "interleave": 1}, [A4, V6, B4, C4]),
    ],
)
@asynchronous
async def test_families_take_turns(
    given: list[str], options: dict[str, Any], tried: list[str]
) -> None:
    sockets = Sockets()
    port = closed_port()
    async with session_for(given, sockets, **options) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://both:{port}/")
    assert sockets.hosts == tried
    assert [attempt.address for attempt in caught.value.attempts] == tried
    assert sockets.open == []


# --- what becomes of the others -------------------------------------------------------------------


@NEVER
@asynchronous
async def test_the_socket_of_the_loser_is_closed() -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        with dead(V6, server.port):
            async with session_for([V6, V4], sockets, happy_eyeballs_delay=0.02) as session:
                await get(session, server)
                assert sockets.open == [V4]
        assert sockets.open == []


@asynchronous
async def test_one_who_answers_too_late_is_closed_too() -> None:
    """Both are connected to in the same turn: one wins, the other is not left open."""
    sockets = Sockets()
    async with (
        ScriptedServer(answers) as server,
        session_for([V4, B4], sockets, happy_eyeballs_delay=0.0) as session,
    ):
        second = socket.create_server((B4, server.port))
        with second:
            await get(session, server)
            await settled()
            assert len(sockets.open) == 1


@NEVER
@asynchronous
async def test_the_dead_address_comes_last_for_the_next_connection() -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        with dead(V6, server.port):
            async with session_for(
                [V6, V4], sockets, happy_eyeballs_delay=0.05, force_close=True
            ) as session:
                for _ in range(3):
                    await get(session, server)
                assert sockets.hosts == [V6, V4, V4, V4]


@asynchronous
async def test_an_address_that_refuses_comes_last_for_the_next_connection() -> None:
    sockets = Sockets()
    async with (
        ScriptedServer(answers) as server,
        session_for([V6, V4], sockets, force_close=True) as session,
    ):
        for _ in range(3):
            await get(session, server)
        assert sockets.hosts == [V6, V4, V4, V4]


@asynchronous
async def test_the_error_says_what_became_of_each_address() -> None:
    sockets = Sockets()
    port = closed_port()
    async with session_for([V6, A4, B4], sockets) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://both:{port}/")
    error = caught.value
    assert (error.host, error.port, error.errno) == ("both", port, errno.ECONNREFUSED)
    for attempt, address in zip(error.attempts, [V6, A4, B4], strict=True):
        assert (attempt.address, attempt.port) == (address, port)
        assert isinstance(attempt.error, ConnectionRefusedError)
    assert str(error) == (
        f"cannot connect to both:{port}: Connection refused (::1, 127.0.0.1, 127.0.0.2)"
    )


@asynchronous
async def test_the_error_keeps_different_reasons_apart() -> None:
    port = closed_port()

    def refuses_v6(addr_info: AddrInfoType) -> socket.socket:
        if addr_info[0] == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return socket.socket(*addr_info[:3])

    sockets = Sockets()
    async with session_for([V6, V4], sockets, socket_factory=refuses_v6) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://both:{port}/")
    error = caught.value
    assert [attempt.address for attempt in error.attempts] == [V6, V4]
    assert str(error) == (
        f"cannot connect to both:{port}: Address family not supported by protocol (::1), "
        "Connection refused (127.0.0.1)"
    )


@NEVER
@pytest.mark.parametrize("delay_s", [0.02, None])
@asynchronous
async def test_giving_up_closes_every_socket(delay_s: float | None) -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        with dead(V6, server.port), dead(B4, server.port):
            async with session_for([V6, B4], sockets, happy_eyeballs_delay=delay_s) as session:
                with pytest.raises(TimeoutError):
                    await get(session, server, timeout=ClientTimeout(total=0.1))
                await until(lambda: not sockets.open)
                assert sockets.hosts == [V6, B4] if delay_s else [V6]


@pytest.mark.parametrize("delay_s", [0.0, 0.25, None])
@pytest.mark.parametrize("addresses", [[V4], [V4, B4], [V6, V4]])
@asynchronous
async def test_cancelling_in_any_turn_leaves_no_socket_open(
    addresses: list[str], delay_s: float | None
) -> None:
    async with ScriptedServer(answers) as server:
        with socket.create_server((B4, server.port)):
            for turns in range(25):
                sockets = Sockets()
                async with session_for(
                    addresses, sockets, happy_eyeballs_delay=delay_s, keepalive_timeout=0
                ) as session:
                    task = asyncio.ensure_future(get(session, server))
                    await settled(turns)
                    task.cancel()
                    await asyncio.wait([task])
                    await until(lambda: not sockets.open)  # noqa: B023


@pytest.mark.asyncio_only(reason="what it does in which turn is its own")
@NEVER
@asynchronous
async def test_cancelling_while_the_loser_ends_does_not_go_unnoticed() -> None:
    async with ScriptedServer(silent) as server:
        with dead(V6, server.port):
            for turns in range(30):
                sockets = Sockets()
                async with session_for([V6, V4], sockets, happy_eyeballs_delay=1e-6) as session:
                    url = f"https://both:{server.port}/"
                    task = asyncio.ensure_future(session.get(url, ssl=False))
                    while len(sockets.made) < 2:  # noqa: ASYNC110 - turns count
                        await asyncio.sleep(0)
                    await settled(turns)
                    task.cancel()
                    await asyncio.wait([task])
                    await settled()
                    assert sockets.open == []


# --- what a connector can say of sockets ---------------------------------------------------------


@asynchronous
async def test_local_addr_is_where_connections_come_from() -> None:
    seen = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        await answers(reader, writer)

    async with ScriptedServer(handler) as server:
        for addresses in ([V4], [V6, V4]):
            sockets = Sockets()
            async with session_for(addresses, sockets, local_addr=("127.0.0.5", 0)) as session:
                await get(session, server)
                assert sockets.open == [V4]
        assert seen == ["127.0.0.5", "127.0.0.5"]


@asynchronous
async def test_local_addr_of_no_family_of_the_host_is_an_error() -> None:
    sockets = Sockets()
    async with session_for([V6], sockets, local_addr=("127.0.0.5", 0)) as session:
        with pytest.raises(ClientConnectorError, match="cannot connect to both:80") as caught:
            await session.get("http://both/")
    assert str(caught.value).endswith(
        "local_addr 127.0.0.5 is an IPv4 address, and the host has none"
    )
    assert sockets.made == []


@asynchronous
async def test_local_addr_that_is_taken_is_an_error() -> None:
    sockets = Sockets()
    async with ScriptedServer(answers) as server:
        taken = ("127.0.0.1", server.port)
        async with session_for([V4], sockets, local_addr=taken) as session:
            with pytest.raises(ClientConnectorError) as caught:
                await get(session, server)
    assert caught.value.errno == errno.EADDRINUSE
    words = "" if sys.platform == "win32" else "Address"
    assert f"cannot bind to local_addr 127.0.0.1 port {taken[1]}: {words}" in str(caught.value)
    assert sockets.open == []


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, V4), (socket.AF_INET6, V6), (socket.AF_UNSPEC, V6)]
)
@asynchronous
async def test_family_decides_which_addresses_of_localhost_are_tried(
    family: int, host: str
) -> None:
    sockets = Sockets()
    connector = TCPConnector(family=family, socket_factory=sockets)
    async with (
        ScriptedServer(answers, host=host) as server,
        ClientSession(connector=connector) as session,
    ):
        async with session.get(server.url(host="localhost")) as response:
            assert response.status == 200
        assert sockets.hosts == [host]


@asynchronous
async def test_an_address_of_another_family_is_not_connected_to() -> None:
    sockets = Sockets()
    connector = TCPConnector(family=socket.AF_INET6, socket_factory=sockets)
    async with ScriptedServer(answers) as server, ClientSession(connector=connector) as session:
        with pytest.raises(ClientConnectorDNSError, match="IPv4 address, but family allows IPv6"):
            await session.get(server.url())
        assert sockets.made == []


@asynchronous
async def test_a_socket_factory_that_refuses_an_address_leads_to_the_next() -> None:
    asked = []

    def factory(addr_info: AddrInfoType) -> socket.socket:
        asked.append(addr_info)
        if addr_info[0] == socket.AF_INET6:
            raise OSError(errno.EPERM, "not this one")
        return socket.socket(*addr_info[:3])

    async with ScriptedServer(answers) as server:
        async with session_for([V6, V4], Sockets(), socket_factory=factory) as session:
            await get(session, server)
        tcp = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        assert asked == [
            (socket.AF_INET6, *tcp, (V6, server.port, 0, 0)),
            (socket.AF_INET, *tcp, (V4, server.port)),
        ]


@pytest.mark.parametrize("addresses", [[V4], [V6, V4]])
@asynchronous
async def test_a_socket_factory_that_is_broken_fails_the_request(addresses: list[str]) -> None:
    def factory(addr_info: AddrInfoType) -> socket.socket:
        raise LookupError("a bug in the factory")

    async with (
        ScriptedServer(answers) as server,
        session_for(addresses, Sockets(), socket_factory=factory, limit=1) as session,
    ):
        for _ in range(2):
            with pytest.raises(LookupError, match="a bug in the factory"):
                await get(session, server)


@pytest.mark.parametrize("addresses", [[V4], [V6, V4]])
@asynchronous
async def test_a_socket_that_is_no_stream_is_an_error_and_closed(addresses: list[str]) -> None:
    made = []

    def factory(addr_info: AddrInfoType) -> socket.socket:
        made.append(socket.socket(addr_info[0], socket.SOCK_DGRAM))
        return made[-1]

    async with (
        ScriptedServer(answers) as server,
        session_for(addresses, Sockets(), socket_factory=factory, limit=1) as session,
    ):
        for _ in range(2):
            with pytest.raises(ValueError, match="must make stream sockets"):
                await get(session, server)
        assert all(sock.fileno() == -1 for sock in made)


@pytest.mark.parametrize("addresses", [[V4], [V6, V4]])
@asynchronous
async def test_socket_options_are_set(addresses: list[str]) -> None:
    sockets = Sockets()
    async with (
        ScriptedServer(answers) as server,
        session_for(
            addresses,
            sockets,
            socket_options=[
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                (socket.SOL_SOCKET, socket.SO_RCVBUF, (20_000).to_bytes(4, sys.byteorder)),
            ],
        ) as session,
    ):
        await get(session, server)
        used = sockets.made[-1]
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 40_000


@asynchronous
async def test_a_socket_option_that_the_system_refuses_is_an_error() -> None:
    sockets = Sockets()
    options = [(socket.SOL_SOCKET, 12345, 1)]
    async with (
        ScriptedServer(answers) as server,
        session_for([V4], sockets, socket_options=options) as session,
    ):
        with pytest.raises(ClientConnectorError) as caught:
            await get(session, server)
    assert caught.value.errno == errno.ENOPROTOOPT
    assert sockets.open == []


class ProtoLess(FakeResolver):
    """As resolvers are that say nothing of the protocol."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await super().resolve(host, port, family)
        return [ResolveResult(**(result | {"proto": 0})) for result in results]


@pytest.mark.parametrize("addresses", [[V4], [V6, V4]])
@pytest.mark.parametrize("resolver", [FakeResolver, ProtoLess])
@pytest.mark.parametrize("says_protocol", [True, False])
@asynchronous
async def test_small_writes_leave_at_once(
    addresses: list[str], resolver: type[FakeResolver], says_protocol: bool
) -> None:
    made = []

    def factory(addr_info: AddrInfoType) -> socket.socket:
        made.append(socket.socket(*addr_info[: 3 if says_protocol else 2]))
        return made[-1]

    connector = TCPConnector(resolver=resolver({"both": addresses}), socket_factory=factory)
    async with ScriptedServer(answers) as server, ClientSession(connector=connector) as session:
        await get(session, server)
        assert made[-1].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
