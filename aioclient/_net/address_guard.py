"""Which addresses may be connected to: a guard against requests into private networks.

A service that fetches URLs which others give it must not fetch those of its own network for them
(server-side request forgery). Looking at the URL does not help: any name can have any address, and
another one the next time. So what is looked at is the address that is connected to, each time.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal, TypeAlias

from aioclient._net.names import AddrInfo
from aioclient._net.route import Route
from aioclient.errors import AddressNotAllowedError

IpAddress: TypeAlias = IPv4Address | IPv6Address
#: May this address be connected to?
AddressGuard: TypeAlias = Callable[[IpAddress], bool]

#: RFC 6052 section 2.1: the IPv4 address that a translator connects to is in the last four bytes.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
#: RFC 8215: for translators inside of networks, which not every Python knows.
_TRANSLATED_INSIDE: Final = IPv6Network("64:ff9b:1::/48")


def address_guard(wish: AddressGuard | Literal["public"] | None) -> AddressGuard | None:
    """What `allowed_addresses` stands for; raises TypeError for anything else."""
    if wish is None or callable(wish):
        return wish
    if wish == "public":
        return is_public
    raise TypeError(f'allowed_addresses must be "public" or a function, not {wish!r}')


def is_public(address: IpAddress) -> bool:
    """Is this an address of the public Internet, by IANA's registries of special ones?

    An IPv6 address that stands for an IPv4 address is what that is.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if address in _TRANSLATED_INSIDE:
            return False
    return address.is_global and not address.is_multicast


def is_allowed(guard: AddressGuard, host: str) -> bool:
    """May this address, a text as in a socket's address, be connected to?"""
    return bool(guard(ip_address(host.partition("%")[0])))


def only_allowed(guard: AddressGuard, addresses: list[AddrInfo], route: Route) -> list[AddrInfo]:
    """Those that may be connected to; raises AddressNotAllowedError if there are none."""
    allowed = [address for address in addresses if is_allowed(guard, address[4][0])]
    if not allowed:
        raise AddressNotAllowedError(route, tuple(address[4][0] for address in addresses))
    return allowed
