"""Resolves names with c-ares, by way of aiodns: no threads that wait, name servers of one's choice.

c-ares runs a thread of its own for all look-ups of one underlying resolver. The plain ones, made
without arguments, therefore share one for each event loop; it is closed with the last of them.
"""

import asyncio
import errno
import socket
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary, ref

from aioclient._caller import warn_deprecated
from aioclient._net.names import (
    AbstractResolver,
    ResolveResult,
    loopback_results,
    no_address,
    resolve_result,
    text_of,
)

if TYPE_CHECKING:
    import aiodns

#: The first version on pycares 5, whose `close` leaves no sockets and no threads, and which takes
#: name servers with a port.
_MIN_AIODNS: Final = 4


class AsyncResolver(AbstractResolver):
    """Asks name servers itself, without threads that wait (c-ares, by way of aiodns).

    Arguments: `loop`, deprecated, has no effect; all others go to `aiodns.DNSResolver`, for
    instance `nameservers`, a list of addresses, each "192.0.2.1", "192.0.2.1:5353", "2001:db8::1"
    or "[2001:db8::1]:5353"; `timeout`, seconds to wait for an answer before the question is
    repeated; `tries`, how often a server is asked. Without arguments it works as resolv.conf and
    the hosts file say, and shares what it holds with all others of the loop.

    `localhost` and names below it are loopback addresses (RFC 6761 section 6.3), without a look-up.
    c-ares itself keeps answers for as long as their TTL says.

    It belongs to the loop of its first look-up until it is closed, and whoever made it closes it.
    Raises RuntimeError without aiodns 4 (the extra `aioclient-http[dns]`). Impossible arguments are
    a TypeError or ValueError, at once if a loop is running, else of the first look-up.
    """

    __slots__ = ("_arguments", "_channel", "_is_closed", "_options")

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, *args: object, **kwargs: object
    ) -> None:
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")
        _check_aiodns()
        self._arguments = args
        self._options = kwargs
        self._channel: _Channel | None = None
        self._is_closed = False
        if args or kwargs:
            try:
                running = asyncio.get_running_loop()
            except RuntimeError:
                return
            self._channel = _Channel(running, args, kwargs)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, in the order of RFC 6724.

        Arguments as in `AbstractResolver.resolve`. Raises `socket.gaierror` for a name that does
        not resolve, or is none, and if no name server answers; OSError if the resolver is closed
        meanwhile; RuntimeError if it is closed already, or belongs to another loop.
        """
        known = loopback_results(host, port, family)
        if known is not None:
            return known
        if "\0" in host:  # c-ares would look no further
            raise socket.gaierror(socket.EAI_NONAME, "not a host name: there is a NUL in it")
        return await self._running_channel().resolve(host, port, family)

    async def close(self) -> None:
        """Give everything back. Further calls do nothing.

        What is still being looked up fails, but for what goes on in an underlying resolver that
        others use, too.
        """
        self._is_closed = True
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.release()

    def _running_channel(self) -> "_Channel":
        """What does the work, for the running loop."""
        if self._is_closed:
            raise RuntimeError("the resolver is closed")
        loop = asyncio.get_running_loop()
        channel = self._channel
        if channel is None:
            if self._arguments or self._options:
                channel = _Channel(loop, self._arguments, self._options)
            else:
                channel = _shared_channel(loop)
            self._channel = channel
        if channel.loop is not loop:
            raise RuntimeError("the resolver belongs to another event loop")
        return channel


class _Channel:
    """A resolver of aiodns, and how many of ours use it."""

    __slots__ = ("__weakref__", "_resolver", "loop", "users")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        arguments: tuple[object, ...],
        options: dict[str, object],
    ) -> None:
        import aiodns  # late: optional, and takes 20 ms
        import pycares

        try:
            self._resolver = aiodns.DNSResolver(*arguments, loop=loop, **options)  # type: ignore[arg-type, misc]  # it checks them
        except pycares.AresError as error:
            if arguments or options:
                raise ValueError(f"aiodns cannot use {options or arguments}: {error}") from error
            raise OSError(None, f"c-ares cannot be used: {error}") from error
        self.loop = loop
        self.users = 1

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily
    ) -> list[ResolveResult]:
        from aiodns.error import DNSError  # late: see above

        try:
            found = await self._resolver.getaddrinfo(
                host, family=family, port=port, type=socket.SOCK_STREAM
            )
        except DNSError as error:
            raise _plain(error) from None
        except ValueError as error:  # UnicodeError, too
            raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {error}") from error
        if not found.nodes:
            raise no_address(family)
        return [
            resolve_result(host, text_of(node.addr), port, int(node.family)) for node in found.nodes
        ]

    async def release(self) -> None:
        """One user less; the last one closes."""
        self.users -= 1
        if not self.users:
            await self._resolver.close()


#: By loop, and weakly: resolvers that nobody closed shall not keep their loop alive.
_shared: "WeakKeyDictionary[asyncio.AbstractEventLoop, ref[_Channel]]" = WeakKeyDictionary()


def _shared_channel(loop: asyncio.AbstractEventLoop) -> _Channel:
    known = _shared.get(loop)
    channel = None if known is None else known()
    if channel is None or not channel.users:
        channel = _Channel(loop, (), {})
        _shared[loop] = ref(channel)
    else:
        channel.users += 1
    return channel


def _check_aiodns() -> None:
    try:
        import aiodns  # late: optional, and takes 20 ms
    except ImportError as error:
        raise RuntimeError(_needs("is not installed")) from error
    if int(aiodns.__version__.partition(".")[0]) < _MIN_AIODNS:
        raise RuntimeError(_needs(f"is {aiodns.__version__}"))


def _needs(what_there_is: str) -> str:
    return (
        f"AsyncResolver needs aiodns {_MIN_AIODNS} or newer, which {what_there_is}: "
        "pip install 'aioclient-http[dns]'"
    )


def _plain(error: "aiodns.error.DNSError") -> OSError:
    """An error of c-ares as the system's resolver would have it."""
    from aiodns import error as codes  # late: see above

    code, words = error.args
    if code == codes.ARES_ECANCELLED:
        return OSError(errno.ECANCELED, "the resolver was closed during the look-up")
    if code in (codes.ARES_ENOTFOUND, codes.ARES_ENODATA, codes.ARES_EBADNAME):
        return socket.gaierror(socket.EAI_NONAME, words)
    # The name may be there; who knows is out of reach, or out of order.
    if code in (
        codes.ARES_ESERVFAIL,
        codes.ARES_EREFUSED,
        codes.ARES_ECONNREFUSED,
        codes.ARES_ETIMEOUT,
    ):
        return socket.gaierror(socket.EAI_AGAIN, words)
    return socket.gaierror(socket.EAI_FAIL, words)
