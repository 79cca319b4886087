"""Names and addresses."""

import asyncio
import socket

import pytest
from running import result_of

from aioclient._net.resolver import AddrInfo, resolve


class NoLookups:
    """A loop on which nothing may be looked up."""

    async def getaddrinfo(self, *args: object, **kwargs: object) -> list[AddrInfo]:
        raise AssertionError("an address was looked up")


def resolved(host: str, loop: object = None) -> list[AddrInfo]:
    async def main() -> list[AddrInfo]:
        return await resolve(host, 80, loop or asyncio.get_running_loop())  # type: ignore[arg-type]

    return result_of(main())


def test_an_ipv4_address_is_not_looked_up() -> None:
    assert resolved("127.0.0.1", NoLookups()) == [
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))
    ]


def test_an_ipv6_address_is_not_looked_up() -> None:
    assert resolved("::1", NoLookups()) == [
        (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("::1", 80, 0, 0))
    ]


def test_a_name_is_looked_up() -> None:
    addresses = resolved("localhost")
    assert addresses
    assert all(kind == socket.SOCK_STREAM for _, kind, _, _, _ in addresses)
    assert {address[4][0] for address in addresses} <= {"127.0.0.1", "::1"}


def test_a_name_that_does_not_exist_is_an_oserror() -> None:
    with pytest.raises(socket.gaierror):
        resolved("nosuch.invalid")


@pytest.mark.parametrize("host", ["127.1", "1.2.3.4.5", "127.0.0.1\0", "::1%"])
def test_what_only_looks_like_an_address_is_a_name(host: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        resolved(host, NoLookups())


def test_no_address_at_all_is_an_oserror() -> None:
    class NoAddresses:
        async def getaddrinfo(self, *args: object, **kwargs: object) -> list[AddrInfo]:
            return []

    with pytest.raises(socket.gaierror):
        resolved("example.com", NoAddresses())
