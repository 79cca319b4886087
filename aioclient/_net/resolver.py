"""Host names -> addresses."""

import asyncio
import socket
from typing import TypeAlias

#: What `socket.getaddrinfo` gives: family, type, protocol, canonical name, address.
AddrInfo: TypeAlias = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


async def resolve(
    host: str, port: int, loop: asyncio.AbstractEventLoop, family: int = socket.AF_UNSPEC
) -> list[AddrInfo]:
    """The addresses of a host, in the order in which the system prefers them.

    A name is looked up in a thread of the loop's default executor; an address is not looked up.
    Raises OSError (`socket.gaierror` for a name that does not resolve).
    """
    found = _as_address(host, port)
    if found is not None:
        return [found]
    results = await loop.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    if not results:
        raise socket.gaierror(socket.EAI_NONAME, "no address for this name")
    return [(int(f), int(t), p, name, address) for f, t, p, name, address in results]  # type: ignore[misc]  # typeshed types the address loosely


def _as_address(host: str, port: int) -> AddrInfo | None:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        address = (host, port) if family == socket.AF_INET else (host, port, 0, 0)
        return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)
    return None
