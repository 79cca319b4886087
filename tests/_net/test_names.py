"""What is an address, and what is a name that nobody needs to be asked for."""

import socket

import pytest

from aioclient._net.names import loopback_results, numeric_address, text_of

LOOPBACK = socket.if_nameindex()[0]


def test_an_ipv4_address_is_its_own_answer() -> None:
    assert numeric_address("127.0.0.1", 80) == (
        socket.AF_INET,
        socket.SOCK_STREAM,
        socket.IPPROTO_TCP,
        "",
        ("127.0.0.1", 80),
    )


@pytest.mark.parametrize(
    ("host", "sockaddr"),
    [
        ("::1", ("::1", 80, 0, 0)),
        ("::ffff:127.0.0.1", ("::ffff:127.0.0.1", 80, 0, 0)),
        ("fe80::1%7", ("fe80::1", 80, 0, 7)),
        ("fe80::1%0", ("fe80::1", 80, 0, 0)),
        (f"fe80::1%{LOOPBACK[1]}", ("fe80::1", 80, 0, LOOPBACK[0])),
    ],
)
def test_an_ipv6_address_is_its_own_answer(host: str, sockaddr: tuple[object, ...]) -> None:
    address = numeric_address(host, 80)
    assert address is not None
    assert address[0] == socket.AF_INET6
    assert address[4] == sockaddr


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "127.1",
        "1.2.3.4.5",
        "0x7f.0.0.1",
        "127.0.0.1\0",
        "127.0.0.1%1",
        "::1%",
        "[::1]",
        "a%1",
        "::1 ",
        "\u0661.1.1.1",
    ],
)
def test_what_only_looks_like_an_address_is_a_name(host: str) -> None:
    assert numeric_address(host, 80) is None


@pytest.mark.parametrize("zone", ["nosuch0", "99999999999", "4294967296", "\u0661", "a\0", "%1"])
def test_an_interface_that_does_not_exist_is_an_oserror(zone: str) -> None:
    with pytest.raises(OSError, match="no network interface"):
        numeric_address(f"fe80::1%{zone}", 80)


@pytest.mark.parametrize(
    ("sockaddr", "text"),
    [
        (("127.0.0.1", 80), "127.0.0.1"),
        ((b"127.0.0.1", 80), "127.0.0.1"),
        (("::1", 80, 0, 0), "::1"),
        (("fe80::1", 80, 0, 7), "fe80::1%7"),
        (("fe80::1%lo", 80, 0, 7), "fe80::1%lo"),
        ((b"fe80::1", 80, 0, 7), "fe80::1%7"),
    ],
)
def test_an_address_keeps_its_scope_as_text(sockaddr: tuple[object, ...], text: str) -> None:
    assert text_of(sockaddr) == text


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "localhost.", "a.b.localhost"])
@pytest.mark.parametrize(
    ("family", "addresses"),
    [
        (socket.AF_UNSPEC, ["::1", "127.0.0.1"]),
        (socket.AF_INET, ["127.0.0.1"]),
        (socket.AF_INET6, ["::1"]),
    ],
)
def test_names_below_localhost_are_loopback_addresses(
    host: str, family: int, addresses: list[str]
) -> None:
    results = loopback_results(host, 80, family)
    assert results is not None
    assert [result["host"] for result in results] == addresses
    assert {result["hostname"] for result in results} == {host}
    assert {result["port"] for result in results} == {80}


@pytest.mark.parametrize("host", ["localhost.example", "mylocalhost", "localhost..", ""])
def test_other_names_have_to_be_looked_up(host: str) -> None:
    assert loopback_results(host, 80, socket.AF_UNSPEC) is None


def test_localhost_has_no_address_of_another_family() -> None:
    with pytest.raises(socket.gaierror, match="no address"):
        loopback_results("localhost", 80, 99)
