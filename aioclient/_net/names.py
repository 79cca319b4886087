"""Host names and addresses: what resolving means, and what needs nobody to be asked.

`AbstractResolver` is the interface that a caller may implement. Addresses written as such are no
names; `localhost` and names below it are loopback addresses by definition (RFC 6761 section 6.3).
"""

import errno
import socket
from abc import ABC, abstractmethod
from typing import Final, TypeAlias, TypedDict

#: What `connect` takes: host and port; for IPv6 the flow label and the index of the interface, too.
SockAddr: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
#: What `socket.getaddrinfo` gives: family, type, protocol, canonical name, address.
AddrInfo: TypeAlias = tuple[int, int, int, str, SockAddr]

#: In the order of RFC 6724 section 2.1: `::1` has the highest precedence of all.
_LOOPBACK: Final = (
    *(((socket.AF_INET6, "::1"),) if socket.has_ipv6 else ()),
    (socket.AF_INET, "127.0.0.1"),
)
FAMILY_NAMES: Final = {int(socket.AF_INET): "IPv4", int(socket.AF_INET6): "IPv6"}


class ResolveResult(TypedDict):
    """One address of a name.

    `hostname` is the name; `host` the address as text, of an IPv6 address with a scope
    `address%zone`, where the zone is the name or the index of an interface (RFC 4007 section 11);
    `port`, `family` and `proto` as `socket.socket` and its `connect` take them; `flags` as those of
    `socket.getaddrinfo` that fit: `AI_NUMERICHOST | AI_NUMERICSERV`.
    """

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class AbstractResolver(ABC):
    """Finds the addresses of hosts. Subclass it to find them in a way of your own.

    A connector asks one for names only: addresses in URLs are used as they are. It keeps the
    answers and closes the resolver if it made it; whoever else made one closes it.
    """

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, those to be tried first at the front.

        Arguments: `host`, a name in ASCII (IDNA has been applied); `port`, to be in the results;
        `family`, AF_INET, AF_INET6, or AF_UNSPEC for both. Raises OSError, `socket.gaierror` for a
        name that has no such address. May be cancelled, and is called for several hosts at once.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back what the resolver holds. May be called more than once."""


def resolve_result(hostname: str, host: str, port: int, family: int) -> ResolveResult:
    """A result for TCP."""
    return ResolveResult(
        hostname=hostname,
        host=host,
        port=port,
        family=family,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def no_address(family: int = socket.AF_UNSPEC) -> socket.gaierror:
    """The error for a name without an address."""
    kind = FAMILY_NAMES.get(family, "")
    return socket.gaierror(socket.EAI_NONAME, f"no {kind} address for this name".replace("  ", " "))


def numeric_address(host: str, port: int) -> AddrInfo | None:
    """The address that `host` is, or None if it is a name.

    An IPv6 address may have a zone: the name or index of an interface (RFC 4007 section 11).
    Raises OSError if there is no such interface.
    """
    if _is_written_as(socket.AF_INET, host):
        return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)
    address, percent, zone = host.partition("%")
    if not _is_written_as(socket.AF_INET6, address) or (percent and not zone):
        return None
    sockaddr = (address, port, 0, _index_of(zone) if zone else 0)
    return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", sockaddr


def text_of(sockaddr: tuple[object, ...]) -> str:
    """The address in what `getaddrinfo` gives, with the index of its interface if it has one."""
    address = sockaddr[0]
    # c-ares has bytes.
    host = address.decode("ascii") if isinstance(address, bytes) else str(address)
    if len(sockaddr) > 3 and sockaddr[3] and "%" not in host:
        return f"{host}%{sockaddr[3]}"
    return host


def _is_written_as(family: socket.AddressFamily, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True


def _index_of(zone: str) -> int:
    if zone.isascii() and zone.isdigit() and len(zone) <= 10 and int(zone) < 1 << 32:
        return int(zone)
    try:
        return socket.if_nametoindex(zone)
    except (OSError, ValueError):
        raise OSError(errno.ENODEV, f"no network interface {zone[:100]!r}") from None


def loopback_results(host: str, port: int, family: int) -> list[ResolveResult] | None:
    """The addresses of `localhost` and of names below it; None for any other name.

    RFC 6761 section 6.3: they are loopback addresses, and no name server is asked for them.
    """
    name = host.lower().removesuffix(".")
    if name != "localhost" and not name.endswith(".localhost"):
        return None
    results = [
        resolve_result(host, address, port, kind)
        for kind, address in _LOOPBACK
        if family in (kind, socket.AF_UNSPEC)
    ]
    if not results:
        raise no_address(family)
    return results
