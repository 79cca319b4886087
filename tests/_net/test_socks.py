"""Connecting through SOCKS proxies, against servers that answer what a test says."""

import asyncio
import errno
import random
import socket
import sys
import types
from collections.abc import Sequence
from typing import Any, Final

import pytest
from harmful_server import LINGER_NOT
from running import (
    Watching,
    asynchronous,
    cancelled,
    closed_port,
    has_addresses,
    settled,
    started,
    until,
)
from scripted import ScriptedServer
from socks_server import (
    ACCEPTED,
    ANONYMOUS,
    AUTH,
    CONNECTED,
    CONNECTED_4,
    CREDENTIALS,
    HELLO,
    HELLO_WITH_AUTH,
    LOGIN,
    PASSWORD,
    TO_THE_ADDRESS,
    WANTED,
    SocksClient,
    SocksServer,
    assert_is_free_of_credentials,
)

from aioclient import (
    AddressNotAllowedError,
    BasicAuth,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
)
from aioclient._net.names import AddrInfo
from aioclient._net.route import Proxy, Route
from aioclient._net.socks import MAX_TRIES, SocksDialer, check_socks_auth


async def echoed(sock: socket.socket, data: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, data)
    return await loop.sock_recv(sock, 100)


# --- what is sent --------------------------------------------------------------------------------


IPV6_BYTES: Final = b"\x20\x01\x0d\xb8" + bytes(11) + b"\1"


@pytest.mark.parametrize(
    ("scheme", "host", "sent"),
    [
        ("socks5", "a.example", b"\5\1\0\1\xc0\0\2\1\0\x50"),
        ("socks5", "192.0.2.7", b"\5\1\0\1\xc0\0\2\7\0\x50"),
        ("socks5", "2001:db8::1", b"\5\1\0\4" + IPV6_BYTES + b"\0\x50"),
        ("socks5h", "a.example", b"\5\1\0\3\x09a.example\0\x50"),
        ("socks5h", "localhost", b"\5\1\0\3\x09localhost\0\x50"),
        ("socks5h", "a.example.", b"\5\1\0\3\x0aa.example.\0\x50"),
        ("socks5h", "xn--bcher-kva.example", b"\5\1\0\3\x15xn--bcher-kva.example\0\x50"),
        ("socks5h", "192.0.2.7", b"\5\1\0\1\xc0\0\2\7\0\x50"),
        ("socks5h", "2001:db8::1", b"\5\1\0\4" + IPV6_BYTES + b"\0\x50"),
        ("socks5h", "::ffff:192.0.2.7", b"\5\1\0\4" + bytes(10) + b"\xff\xff\xc0\0\2\7\0\x50"),
        ("socks5h", "::", b"\5\1\0\4" + bytes(16) + b"\0\x50"),
        ("socks4", "a.example", b"\4\1\0\x50\xc0\0\2\1\0"),
        ("socks4", "192.0.2.7", b"\4\1\0\x50\xc0\0\2\7\0"),
        ("socks4a", "a.example", b"\4\1\0\x50\0\0\0\1\0a.example\0"),
        ("socks4a", "192.0.2.7", b"\4\1\0\x50\xc0\0\2\7\0"),
    ],
)
@asynchronous
async def test_a_name_or_an_address_is_sent(scheme: str, host: str, sent: bytes) -> None:
    answers = [CONNECTED_4] if scheme.startswith("socks4") else [ANONYMOUS, CONNECTED]
    async with SocksServer(answers) as server:
        client = SocksClient(server.port, scheme)
        with await client.dial(host):
            assert server.got[0][-1] == sent
            is_resolved_here = host == "a.example" and scheme in ("socks4", "socks5")
            assert client.resolver.asked == (["a.example"] if is_resolved_here else [])


@asynchronous
async def test_the_port_is_sent() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port).dial(port=0xFEDC):
            assert server.got[0][-1].endswith(b"\xfe\xdc")


@pytest.mark.parametrize("scheme", ["socks4", "socks5h"])
@asynchronous
async def test_what_follows_the_handshake_is_for_the_host(scheme: str) -> None:
    answers = [CONNECTED_4 + b"early"] if scheme == "socks4" else [ANONYMOUS, CONNECTED + b"early"]
    async with SocksServer(answers) as server:
        with await SocksClient(server.port, scheme).dial() as sock:
            assert await asyncio.get_running_loop().sock_recv(sock, 100) == b"early"
            assert await echoed(sock, b"hello") == b"hello"


@asynchronous
async def test_the_socket_can_be_handed_to_a_transport() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED + b"early"]) as server:
        sock = await SocksClient(server.port).dial()
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(b" and late")
        assert await reader.readexactly(14) == b"early and late"
        writer.close()
        await writer.wait_closed()


@pytest.mark.skipif(not has_addresses("::1"), reason="no IPv6")
@asynchronous
async def test_the_proxy_may_have_an_ipv6_address() -> None:
    async with SocksServer([ANONYMOUS, b"\5\5\0\1" + bytes(6)], host="::1") as server:
        error = await SocksClient(server.port, proxy_host="::1").failure()
        assert f"the SOCKS proxy [::1]:{server.port} says: connection refused" in str(error)


# --- credentials ---------------------------------------------------------------------------------


@asynchronous
async def test_login_and_password_are_sent_to_a_server_that_wants_them() -> None:
    async with SocksServer([WANTED, ACCEPTED, CONNECTED]) as server:
        with await SocksClient(server.port, auth=AUTH).dial():
            assert server.got == [[HELLO_WITH_AUTH, CREDENTIALS, TO_THE_ADDRESS]]


@asynchronous
async def test_login_and_password_are_not_sent_to_a_server_that_does_not_want_them() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port, auth=AUTH).dial():
            assert server.got == [[HELLO_WITH_AUTH, TO_THE_ADDRESS]]


@asynchronous
async def test_without_credentials_none_are_offered() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port).dial():
            assert server.got == [[HELLO, TO_THE_ADDRESS]]


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ("socks4", b"\4\1\0\x50\xc0\0\2\1a-login\0"),
        ("socks4a", b"\4\1\0\x50\0\0\0\1a-login\0a.example\0"),
    ],
)
@asynchronous
async def test_socks4_has_a_user_id(scheme: str, sent: bytes) -> None:
    async with SocksServer([CONNECTED_4]) as server:
        with await SocksClient(server.port, scheme, BasicAuth(LOGIN)).dial():
            assert server.got == [[sent]]


@pytest.mark.parametrize(
    ("auth", "answers", "words"),
    [
        (None, [b"\5\xff"], r"No acceptable.*\(it may want a login and a password\)"),
        (None, [WANTED], r"method: 2 \(it may want a login and a password\)"),
        (None, [b"\5\1"], "method: 1"),
        (AUTH, [b"\5\xff"], "No acceptable authentication methods were offered$"),
        (AUTH, [b"\5\1"], "method: 1$"),
        (AUTH, [WANTED, b"\1\1"], "Username and password authentication failure$"),
        (AUTH, [WANTED, b"\1\xff"], "Username and password authentication failure$"),
        (AUTH, [WANTED, b"\5\0"], "Invalid authentication response"),
    ],
)
@asynchronous
async def test_a_server_that_does_not_authenticate_is_an_error_of_the_proxy(
    auth: BasicAuth | None, answers: list[bytes], words: str
) -> None:
    async with SocksServer(answers) as server:
        error = await SocksClient(server.port, auth=auth).failure()
        assert isinstance(error, ClientProxyConnectionError)
        assert (error.host, error.port) == ("127.0.0.1", server.port)
        with pytest.raises(
            ClientProxyConnectionError, match="the SOCKS5 handshake failed: .*" + words
        ):
            raise error


LONGEST: Final = "x" * 255


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize(
    ("auth", "what"),
    [
        (BasicAuth("", PASSWORD), "login"),
        (BasicAuth(LOGIN, ""), "password"),
        (BasicAuth(LOGIN + "x" * (256 - len(LOGIN)), PASSWORD), "login"),
        (BasicAuth(LOGIN, PASSWORD + "x" * (256 - len(PASSWORD))), "password"),
        (BasicAuth(LOGIN + "\xe4", PASSWORD), "login"),
        (BasicAuth(LOGIN, PASSWORD + "\xe4"), "password"),
    ],
)
def test_credentials_that_socks5_cannot_say_are_refused(
    scheme: str, auth: BasicAuth, what: str
) -> None:
    rule = f"the {what} for {scheme} must be 1 to 255 characters of ASCII .RFC 1929"
    with pytest.raises(ValueError, match=rule) as raised:
        check_socks_auth(Proxy(scheme, "127.0.0.1", 1080, auth=auth))
    assert_is_free_of_credentials(raised.value)


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        (BasicAuth(LOGIN, PASSWORD), "has no passwords, only a user id"),
        (BasicAuth("", PASSWORD), "has no passwords, only a user id"),
        (BasicAuth(LOGIN + "\0"), "must be ASCII, without a zero byte"),
        (BasicAuth(LOGIN + "\xe4"), "must be ASCII, without a zero byte"),
    ],
)
@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
def test_credentials_that_socks4_cannot_say_are_refused(
    scheme: str, auth: BasicAuth, words: str
) -> None:
    with pytest.raises(ValueError, match=f"{scheme} {words}") as raised:
        check_socks_auth(Proxy(scheme, "127.0.0.1", 1080, auth=auth))
    assert_is_free_of_credentials(raised.value)


@pytest.mark.parametrize(
    ("scheme", "auth"),
    [
        ("socks5", None),
        ("socks5h", BasicAuth("x", LONGEST)),
        ("socks5", BasicAuth(LONGEST, "x")),
        ("socks4", None),
        ("socks4", BasicAuth("")),
        ("socks4a", BasicAuth(LONGEST * 2)),
    ],
)
def test_other_credentials_are_accepted(scheme: str, auth: BasicAuth | None) -> None:
    check_socks_auth(Proxy(scheme, "127.0.0.1", 1080, auth=auth))


@asynchronous
async def test_the_longest_credentials_are_sent() -> None:
    async with SocksServer([WANTED, ACCEPTED, CONNECTED]) as server:
        with await SocksClient(server.port, auth=BasicAuth(LONGEST, LONGEST)).dial():
            long = b"\xff" + b"x" * 255
            assert server.got[0][1] == b"\1" + long + long


@asynchronous
async def test_with_impossible_credentials_nothing_is_connected() -> None:
    client = SocksClient(closed_port(), auth=BasicAuth(LOGIN))
    with pytest.raises(ValueError, match="password for socks5"):
        await client.dial()
    assert not client.made


# --- what the proxy says -------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize(
    ("code", "number", "words"),
    [
        (3, errno.ENETUNREACH, "network unreachable"),
        (4, errno.EHOSTUNREACH, "host unreachable"),
        (5, errno.ECONNREFUSED, "connection refused"),
        (6, errno.ETIMEDOUT, "TTL expired"),
    ],
)
@asynchronous
async def test_a_reply_about_the_host_is_an_error_of_the_host(
    scheme: str, code: int, number: int, words: str
) -> None:
    async with SocksServer([WANTED, ACCEPTED, bytes([5, code, 0, 1]) + bytes(6)]) as server:
        error = await SocksClient(server.port, scheme, AUTH).failure()
        assert type(error) is ClientConnectorError
        assert (error.host, error.port, error.errno) == ("a.example", 80, number)
        said = f"cannot connect to a.example:80: the SOCKS proxy 127.0.0.1:{server.port} says: "
        assert str(error).startswith(said + words)
        asked = "192.0.2.1" if scheme == "socks5" else "a.example"
        assert [attempt[:2] for attempt in error.attempts] == [(asked, 80)]
        assert error.attempts[0].error.errno == number
        assert len(server.got) == 1


@pytest.mark.parametrize(
    ("code", "number", "words"),
    [
        (1, None, "it does not connect to 192.0.2.1:80: general failure of the proxy"),
        (2, errno.EACCES, "it does not connect to 192.0.2.1:80: not allowed by its rules"),
        (7, errno.EOPNOTSUPP, "it does not know the command to connect"),
        (8, errno.EAFNOSUPPORT, "it does not support this type of address"),
        (9, None, "the SOCKS5 handshake failed: Invalid reply code"),
        (255, None, "the SOCKS5 handshake failed: Invalid reply code"),
    ],
)
@asynchronous
async def test_any_other_reply_is_an_error_of_the_proxy(
    code: int, number: int | None, words: str
) -> None:
    async with SocksServer([WANTED, ACCEPTED, bytes([5, code, 0, 1]) + bytes(6)]) as server:
        error = await SocksClient(server.port, auth=AUTH).failure()
        assert isinstance(error, ClientProxyConnectionError)
        assert (error.host, error.port, error.errno) == ("127.0.0.1", server.port, number)
        assert words in str(error)
        assert error.attempts == ()


@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (91, ":80: rejected or failed"),
        (92, "it cannot ask identd"),
        (93, "identd on this machine reports another user id"),
        (94, "the SOCKS4 handshake failed: Invalid reply code"),
        (0, "the SOCKS4 handshake failed: Invalid reply code"),
    ],
)
@asynchronous
async def test_a_refusal_of_socks4_is_an_error_of_the_proxy(
    scheme: str, code: int, words: str
) -> None:
    async with SocksServer([bytes([0, code]) + bytes(6)]) as server:
        error = await SocksClient(server.port, scheme, BasicAuth(LOGIN)).failure()
        assert isinstance(error, ClientProxyConnectionError)
        assert (error.host, error.port) == ("127.0.0.1", server.port)
        assert words in str(error)


FROM: Final = [
    b"\1\x7f\0\0\1\x04\xd2",
    b"\4" + IPV6_BYTES + b"\x04\xd2",
    b"\3\x09b.example\x04\xd2",
    b"\3\0\x04\xd2",
]
ACCEPTING: Final = [
    *(("socks5", (WANTED, ACCEPTED, b"\5\0\0" + address)) for address in FROM),
    ("socks4", (CONNECTED_4,)),
]


@pytest.mark.parametrize(("scheme", "answers"), ACCEPTING)
@asynchronous
async def test_answers_may_come_byte_by_byte(scheme: str, answers: tuple[bytes, ...]) -> None:
    auth = AUTH if scheme == "socks5" else None
    async with SocksServer(answers, slowly=True) as server:
        with await SocksClient(server.port, scheme, auth).dial() as sock:
            assert await echoed(sock, b"hello") == b"hello"


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize(("scheme", "answers"), ACCEPTING)
@asynchronous
async def test_an_answer_that_is_cut_off_is_an_error_of_the_proxy(
    scheme: str, answers: tuple[bytes, ...], ending: str
) -> None:
    auth = AUTH if scheme == "socks5" else BasicAuth(LOGIN)
    for index, answer in enumerate(answers):
        for length in range(len(answer)):
            script = [*answers[:index], answer[:length]]
            server = SocksServer(script, then="close") if ending == "close" else resetting(script)
            async with server:
                error = await SocksClient(server.port, scheme, auth).failure()
                assert isinstance(error, ClientProxyConnectionError)
                assert f"the {scheme.upper()} handshake failed: " in str(error)


def resetting(script: list[bytes]) -> ScriptedServer:
    """A server that answers so, and then resets the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in script:
            await reader.read(65536)
            writer.write(answer)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()

    return ScriptedServer(handler)


@pytest.mark.parametrize(
    ("scheme", "answers", "words"),
    [
        ("socks5", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "it may not be a SOCKS5 proxy"),
        ("socks5", [b"\0\x5b" + bytes(6)], "it may not be a SOCKS5 proxy"),
        ("socks5", [ANONYMOUS, b"\4\0\0\1" + bytes(6)], "it may not be a SOCKS5 proxy"),
        ("socks5", [ANONYMOUS, b"\5\0\1\1" + bytes(6)], "reserved byte"),
        ("socks5", [ANONYMOUS, b"\5\0\0\2" + bytes(6)], "Invalid address type"),
        ("socks5", [ANONYMOUS, b"\5\0\0\3\2\xff\xff\0\0"], "its answer makes no sense"),
        ("socks4", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "it may not be a SOCKS4 proxy"),
        ("socks4", [b"\5\xff" + bytes(6)], "it may not be a SOCKS4 proxy"),
    ],
)
@asynchronous
async def test_an_answer_that_makes_no_sense_is_an_error_of_the_proxy(
    scheme: str, answers: list[bytes], words: str
) -> None:
    async with SocksServer(answers) as server:
        error = await SocksClient(server.port, scheme).failure()
        assert isinstance(error, ClientProxyConnectionError)
        assert words in str(error)


@asynchronous
async def test_whatever_a_proxy_answers_either_connects_or_raises_what_is_documented() -> None:
    chance = random.Random(1)
    ends = [b"\5\0\0" + address for address in FROM]
    for _ in range(150):
        answers = chance.choice([[CONNECTED_4], [ANONYMOUS, chance.choice(ends)]])
        scheme = "socks4" if len(answers) == 1 else "socks5"
        async with SocksServer(with_errors(answers, chance), then="close") as server:
            client = SocksClient(server.port, scheme)
            try:
                (await client.dial()).close()
            except ClientConnectorError:
                assert client.all_closed


def with_errors(answers: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """Answers with one to three bytes that anything may have been made of."""
    changed = [bytearray(answer) for answer in answers]
    for _ in range(chance.randrange(1, 4)):
        answer = chance.choice(changed)
        answer[chance.randrange(len(answer))] = chance.randrange(256)
    return [bytes(answer) for answer in changed]


class LostSocket(socket.socket):
    """Its peer does not even acknowledge any more."""

    def recv(self, *args: Any) -> bytes:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")


@pytest.mark.skipif(sys.platform == "win32", reason="the loop asks the system, not the socket")
@asynchronous
async def test_a_connection_that_the_system_gives_up_is_an_error_of_the_proxy() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        error = await SocksClient(server.port, auth=AUTH, kind=LostSocket).failure()
        assert isinstance(error, ClientProxyConnectionError)
        assert error.errno == errno.ETIMEDOUT
        assert str(error).endswith("the SOCKS5 handshake failed: Connection timed out")


# --- several addresses ---------------------------------------------------------------------------


def refusing(code: int) -> list[bytes]:
    return [ANONYMOUS, bytes([5, code, 0, 1]) + bytes(6)]


@pytest.mark.parametrize("code", [3, 4, 5, 8])
@asynchronous
async def test_the_next_address_is_tried_over_a_new_connection(code: int) -> None:
    async with SocksServer(refusing(code), [ANONYMOUS, CONNECTED]) as server:
        client = SocksClient(server.port, addresses=["192.0.2.1", "192.0.2.2"])
        with await client.dial() as sock:
            assert await echoed(sock, b"hello") == b"hello"
            assert [got[1][4:8] for got in server.got] == [b"\xc0\0\2\1", b"\xc0\0\2\2"]
            first, second = client.made
            assert (first.fileno(), second) == (-1, sock)


@pytest.mark.parametrize("code", [1, 2, 6, 7])
@asynchronous
async def test_no_other_address_is_tried_after_another_refusal(code: int) -> None:
    async with SocksServer(refusing(code), [ANONYMOUS, CONNECTED]) as server:
        await SocksClient(server.port, addresses=["192.0.2.1", "192.0.2.2"]).failure()
        assert len(server.got) == 1


@asynchronous
async def test_so_many_addresses_are_tried_and_no_more() -> None:
    addresses = [f"192.0.2.{number}" for number in range(1, MAX_TRIES + 2)]
    async with SocksServer(refusing(5)) as server:
        error = await SocksClient(server.port, addresses=addresses).failure()
        assert len(server.got) == MAX_TRIES == 4
        assert [attempt.address for attempt in error.attempts] == addresses[:MAX_TRIES]
        assert str(error).endswith(
            "connection refused (192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4)"
        )


@asynchronous
async def test_addresses_of_both_families_take_turns() -> None:
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"]
    async with SocksServer(refusing(3)) as server:
        error = await SocksClient(server.port, addresses=addresses).failure()
        tried = ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]
        assert [attempt.address for attempt in error.attempts] == tried


@asynchronous
async def test_what_is_said_of_the_host_counts_more_than_what_is_said_of_the_proxy() -> None:
    async with SocksServer(refusing(5), refusing(8)) as server:
        error = await SocksClient(server.port, addresses=["192.0.2.1", "2001:db8::1"]).failure()
        assert type(error) is ClientConnectorError
        assert error.errno == errno.ECONNREFUSED
        assert [attempt.error.errno for attempt in error.attempts] == [
            errno.ECONNREFUSED,
            errno.EAFNOSUPPORT,
        ]


# --- what cannot be asked for --------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
@asynchronous
async def test_socks4_has_no_ipv6_addresses(scheme: str) -> None:
    client = SocksClient(closed_port(), scheme, addresses=["2001:db8::1"])
    for host in ["2001:db8::1", *(["a.example"] if scheme == "socks4" else [])]:
        error = await client.failure(host)
        assert type(error) is ClientConnectorError
        assert (error.host, error.errno) == (host, errno.EAFNOSUPPORT)
        assert "SOCKS4 has no IPv6 addresses" in str(error)
    assert not client.made


@asynchronous
async def test_socks4_takes_the_ipv4_addresses_of_a_host() -> None:
    async with SocksServer([CONNECTED_4]) as server:
        addresses = ["2001:db8::1", "192.0.2.1"]
        with await SocksClient(server.port, "socks4", addresses=addresses).dial():
            assert server.got == [[b"\4\1\0\x50\xc0\0\2\1\0"]]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "socks4a"])
@pytest.mark.parametrize("zone", ["1", "an-interface"])
@asynchronous
async def test_an_address_with_a_zone_is_refused(scheme: str, zone: str) -> None:
    client = SocksClient(closed_port(), scheme)
    error = await client.failure(f"fe80::1%{zone}")
    assert type(error) is ClientConnectorError
    assert "the zone of the address has a meaning on this machine only" in str(error)
    assert not client.made


@asynchronous
async def test_an_address_with_a_zone_that_a_resolver_gives_is_left_out() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port, addresses=["fe80::1%1", "192.0.2.1"]).dial():
            assert [got[1] for got in server.got] == [TO_THE_ADDRESS]
    error = await SocksClient(closed_port(), addresses=["fe80::1%1"]).failure()
    assert "each address of the host has a zone" in str(error)


@pytest.mark.parametrize("scheme", ["socks4a", "socks5h"])
@pytest.mark.parametrize(
    "name",
    [
        ".".join(["x" * 63] * 4) + ".",
        "x" * 64 + ".example",
        "a..example",
        "a\0.example",
        "",
        "\u20ac" * 60,
    ],
)
@asynchronous
async def test_a_name_that_the_protocol_cannot_say_is_refused(scheme: str, name: str) -> None:
    client = SocksClient(closed_port(), scheme)
    error = await client.failure(name)
    assert isinstance(error, ClientProxyConnectionError)
    assert "it cannot be told the host name" in str(error)
    assert not client.made


@asynchronous
async def test_the_longest_name_is_sent() -> None:
    name = ".".join(["x" * 63] * 4)
    assert len(name) == 255
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port, "socks5h").dial(name):
            assert server.got[0][1] == b"\5\1\0\3\xff" + name.encode() + b"\0\x50"


@asynchronous
async def test_a_name_that_does_not_resolve_is_an_error_of_the_name() -> None:
    client = SocksClient(closed_port())
    error = await client.failure("b.example")
    assert isinstance(error, ClientConnectorDNSError)
    assert error.host == "b.example"
    assert not client.made


@pytest.mark.parametrize("proxy", [None, Proxy("http", "127.0.0.1", 1)])
@asynchronous
async def test_a_route_without_a_socks_proxy_is_refused(proxy: Proxy | None) -> None:
    async def no_socket(route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        raise AssertionError

    async def no_addresses(host: str, port: int) -> list[AddrInfo]:
        raise AssertionError

    route = Route("a.example", 80, False, True, None, proxy)
    with pytest.raises(ValueError, match="a SOCKS proxy is needed"):
        await SocksDialer(no_socket, no_addresses).connect(route, asyncio.get_running_loop())


# --- which addresses are allowed -----------------------------------------------------------------


def all_but_192_0_2_1(address: object) -> bool:
    return str(address) != "192.0.2.1"


@asynchronous
async def test_only_allowed_addresses_are_asked_for() -> None:
    async with SocksServer(refusing(5)) as server:
        addresses = ["192.0.2.1", "192.0.2.2"]
        client = SocksClient(server.port, addresses=addresses, guard=all_but_192_0_2_1)
        assert [each.address for each in (await client.failure()).attempts] == ["192.0.2.2"]


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "socks5", "socks5h"])
@asynchronous
async def test_an_address_that_is_not_allowed_is_refused(scheme: str) -> None:
    client = SocksClient(closed_port(), scheme, guard=all_but_192_0_2_1)
    for host in ["192.0.2.1", *(["a.example"] if scheme in ("socks4", "socks5") else [])]:
        error = await client.failure(host)
        assert isinstance(error, AddressNotAllowedError)
        assert (error.host, error.addresses) == (host, ("192.0.2.1",))
    assert not client.made


@asynchronous
async def test_an_allowed_literal_is_asked_for() -> None:
    async with SocksServer([ANONYMOUS, CONNECTED]) as server:
        with await SocksClient(server.port, "socks5h", guard=all_but_192_0_2_1).dial("192.0.2.2"):
            assert server.got[0][1][4:8] == b"\xc0\0\2\2"


@pytest.mark.parametrize("scheme", ["socks4a", "socks5h"])
@asynchronous
async def test_a_name_that_the_proxy_resolves_cannot_be_checked_and_is_refused(scheme: str) -> None:
    client = SocksClient(closed_port(), scheme, guard=lambda address: True)
    error = await client.failure()
    assert isinstance(error, AddressNotAllowedError)
    assert (error.host, error.addresses) == ("a.example", ())
    assert "the proxy would resolve the name" in str(error)
    assert not client.made


# --- the proxy itself ----------------------------------------------------------------------------


@asynchronous
async def test_a_proxy_that_cannot_be_reached_has_its_attempts() -> None:
    client = SocksClient(closed_port(), auth=AUTH)
    error = await client.failure()
    assert isinstance(error, ClientProxyConnectionError)
    assert (error.host, error.port) == ("127.0.0.1", client.proxy.port)
    assert error.errno == errno.ECONNREFUSED
    attempts = [attempt[:2] for attempt in error.attempts]
    assert attempts == [("127.0.0.1", client.proxy.port)]


@asynchronous
async def test_a_proxy_whose_name_does_not_resolve_is_an_error_of_the_proxy() -> None:
    error = await SocksClient(1080, auth=AUTH, proxy_host="proxy.example").failure()
    assert isinstance(error, ClientProxyConnectionError)
    assert error.host == "proxy.example"
    assert isinstance(error.os_error, socket.gaierror)


@asynchronous
async def test_the_guard_is_not_asked_about_the_proxy_itself() -> None:
    client = SocksClient(closed_port(), auth=AUTH, proxy_guard=lambda address: False)
    assert isinstance(await client.failure(), ClientProxyConnectionError)


# --- cancellation and time -----------------------------------------------------------------------


#: What the server answers before it keeps still, and how many messages it has got by then.
STEPS: Final = [
    ("socks5", AUTH, [], 1),
    ("socks5", AUTH, [WANTED], 2),
    ("socks5", AUTH, [WANTED, ACCEPTED], 3),
    *(("socks5", AUTH, [WANTED, ACCEPTED, CONNECTED[:length]], 3) for length in (1, 3, 4, 9)),
    ("socks5h", None, [ANONYMOUS[:1]], 1),
    ("socks4", None, [], 1),
    ("socks4a", None, [CONNECTED_4[:7]], 1),
]


@pytest.mark.parametrize(("scheme", "auth", "answers", "messages"), STEPS)
@asynchronous
async def test_cancelling_closes_the_socket_at_any_step(
    scheme: str, auth: BasicAuth | None, answers: list[bytes], messages: int
) -> None:
    async with SocksServer(answers, then="wait") as server:
        client = SocksClient(server.port, scheme, auth)
        task = await started(client.dial())
        await until(lambda: server.got and len(server.got[0]) == messages)
        await settled()
        assert not task.done()
        assert not client.all_closed
        await cancelled(task)
        assert client.all_closed
        await until(lambda: not server.open)  # it has seen the end


@asynchronous
async def test_cancelling_while_the_host_is_looked_up_connects_nothing() -> None:
    asked = asyncio.Event()

    async def lookup(host: str, port: int) -> list[AddrInfo]:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def connect(route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        raise AssertionError

    route = Route("a.example", 80, False, True, None, Proxy("socks5", "127.0.0.1", 1080))
    dialer = SocksDialer(connect, lookup)
    task = await started(dialer.connect(route, asyncio.get_running_loop()))
    assert asked.is_set()
    await cancelled(task)


@asynchronous
async def test_cancelling_in_any_turn_leaves_nothing_open() -> None:
    async with SocksServer([WANTED, ACCEPTED, CONNECTED]) as server:
        for turns in range(1, 40):
            client = SocksClient(server.port, auth=AUTH)
            task = await started(client.dial(), turns)
            if task.done():
                task.result().close()
            else:
                await cancelled(task)
            assert client.all_closed


@asynchronous
async def test_the_handshake_has_no_time_limit_of_its_own() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Watching)
    async with SocksServer([], then="wait") as server:
        task = await started(SocksClient(server.port).dial())
        await until(lambda: server.got and server.got[0])
        waiting = [handle for handle, _ in loop.waiting_timers()]
        # The patience of tests is shorter, and no matter of the handshake.
        assert not [handle for handle in waiting if 11 < handle.when() - loop.time() < 86400 * 30]
        await cancelled(task)


# --- the library ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, "2.8.2"])
def test_without_the_library_the_error_says_what_to_install(
    version: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = None
    if version is not None:
        there = types.ModuleType("python_socks")
        there.__version__ = version  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "python_socks", there)

    @asynchronous
    async def dial() -> None:
        client = SocksClient(closed_port())
        words = f"{version or 'not installed'}.*pip install 'aioclient-http.socks.'"
        with pytest.raises(RuntimeError, match=words):
            await client.dial()
        assert not client.made

    dial()


def test_the_socket_is_closed_if_the_library_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks.async_.asyncio", None)

    @asynchronous
    async def dial() -> None:
        async with SocksServer([ANONYMOUS, CONNECTED]) as server:
            client = SocksClient(server.port)
            with pytest.raises(ImportError):
                await client.dial()
            assert len(client.made) == 1
            assert client.all_closed

    dial()


def test_credentials_can_be_checked_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    check_socks_auth(Proxy("socks5", "127.0.0.1", 1080, auth=AUTH))
