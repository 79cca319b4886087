"""Resolvers that need nothing but the standard library, and the one that is used by default."""

import asyncio
import socket

from aioclient._caller import warn_deprecated
from aioclient._net.names import (
    AbstractResolver,
    AddrInfo,
    ResolveResult,
    loopback_results,
    no_address,
    resolve_result,
    text_of,
)

__all__ = (
    "AbstractResolver",
    "AddrInfo",
    "DefaultResolver",
    "ResolveResult",
    "ThreadedResolver",
)


def checked_resolver(resolver: object) -> AbstractResolver:
    """A `resolver`; raises TypeError for anything else."""
    if not isinstance(resolver, AbstractResolver):
        raise TypeError(f"resolver must be an AbstractResolver, not {type(resolver).__name__}")
    return resolver


class ThreadedResolver(AbstractResolver):
    """Asks the operating system (`getaddrinfo`), in a thread of the loop's default executor.

    Arguments: `loop`, deprecated, has no effect.

    Of a host with both kinds of addresses it gives those that this machine has addresses of its own
    for (AI_ADDRCONFIG), in the order of RFC 6724. `localhost` and names below it are loopback
    addresses (RFC 6761 section 6.3), without a look-up. A look-up that is cancelled goes on in its
    thread, unheard. There is nothing to close.
    """

    __slots__ = ()

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, in the order in which the system prefers them.

        Arguments as in `AbstractResolver.resolve`. Raises `socket.gaierror` for a name that does
        not resolve, or is none.
        """
        known = loopback_results(host, port, family)
        if known is not None:
            return known
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host,
                port,
                family=family,
                type=socket.SOCK_STREAM,
                proto=socket.IPPROTO_TCP,
                # Who asks for one family wants that one.
                flags=socket.AI_ADDRCONFIG if family == socket.AF_UNSPEC else 0,
            )
        except ValueError as error:  # UnicodeError, too
            raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {error}") from error
        if not found:
            raise no_address(family)
        return [
            resolve_result(host, text_of(address), port, int(kind))
            for kind, _, _, _, address in found
        ]

    async def close(self) -> None:
        """Does nothing."""


class DefaultResolver(AbstractResolver):
    """What a connector resolves with if it is not told.

    Arguments: `loop`, deprecated, has no effect.

    With aiodns 4 installed (the extra `aioclient-http[dns]`) it is an `AsyncResolver`, otherwise a
    `ThreadedResolver`; which one is decided by the first look-up. `close` closes that.
    """

    __slots__ = ("_resolver",)

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")
        self._resolver: AbstractResolver | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host; arguments and errors as in `AbstractResolver.resolve`."""
        known = loopback_results(host, port, family)
        if known is not None:
            return known
        resolver = self._resolver
        if resolver is None:
            resolver = self._resolver = _best_resolver()
        return await resolver.resolve(host, port, family)

    async def close(self) -> None:
        """Close what was made for look-ups; another look-up makes another."""
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()


def _best_resolver() -> AbstractResolver:
    from aioclient._net.async_resolver import AsyncResolver  # late: only if something is looked up

    try:
        return AsyncResolver()
    except RuntimeError:
        return ThreadedResolver()
