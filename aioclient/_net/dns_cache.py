"""Keeps what a resolver answered, and asks it once for all who ask at the same time.

A look-up is a task that belongs to the cache, not to who asked first: askers only wait for it, so
one that is cancelled disturbs nobody. It never fails: its outcome, addresses or an error, is what
is kept, and each asker gets a list or an exception of its own out of it.

When all of its askers are gone, a look-up goes on and its outcome is kept, so that a retry finds
it; how many and how old such look-ups may be has a limit.
"""

import asyncio
import errno
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, TypeAlias

from aioclient._net.names import (
    FAMILY_NAMES,
    AbstractResolver,
    AddrInfo,
    SockAddr,
    no_address,
    numeric_address,
)
from aioclient._observer import OBSERVING, Observer, current_observer

#: How long it is kept, at most, that a name does not resolve.
NEGATIVE_TTL_S: Final = 1.0
#: How many addresses of a name are kept, the first ones: nobody tries more.
MAX_ADDRESSES: Final = 64
#: How many look-ups may go on that nobody waits for. The oldest of more is broken off.
MAX_ABANDONED: Final = 64
#: A look-up that is older is not joined any more: it hangs.
MAX_LOOK_UP_AGE_S: Final = 30.0

_Key: TypeAlias = tuple[str, int]


class DnsCache:
    """The addresses of hosts, from a resolver or from the last time it was asked.

    Arguments: `resolver`, asked for names, and closed by whoever made it; `family`, AF_INET or
    AF_INET6 for these addresses only, AF_UNSPEC for both; `is_used`, False to keep nothing, so that
    askers share no more than a look-up under way; `ttl_s`, for how many seconds answers are kept,
    None for ever, failures 1 second at most; `max_size`, how many names are kept, of which the one
    that was not asked for the longest time goes first; `clock`, gives the time in seconds.

    Raises ValueError for a negative `ttl_s` or a `max_size` below 1.
    """

    __slots__ = (
        "_abandoned",
        "_clock",
        "_family",
        "_is_closed",
        "_is_used",
        "_max_size",
        "_outcomes",
        "_resolver",
        "_tasks",
        "_ttl_s",
        "_under_way",
    )

    def __init__(
        self,
        resolver: AbstractResolver,
        *,
        family: int = socket.AF_UNSPEC,
        is_used: bool = True,
        ttl_s: float | None = 10.0,
        max_size: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if ttl_s is not None and not ttl_s >= 0:
            raise ValueError(f"the time to keep addresses must not be negative, got {ttl_s!r}")
        if max_size < 1:
            raise ValueError(f"the number of names to keep must be at least 1, got {max_size!r}")
        self._resolver = resolver
        self._family = socket.AddressFamily(family)
        self._is_used = is_used
        self._ttl_s = ttl_s
        self._max_size = max_size
        self._clock = clock
        self._outcomes: OrderedDict[_Key, _Outcome] = OrderedDict()  # last used last
        self._under_way: dict[_Key, _LookUp] = {}
        self._abandoned: OrderedDict[_LookUp, None] = OrderedDict()
        # All of them, those that `clear` made nobody join any more included.
        self._tasks: set[asyncio.Task[_Outcome]] = set()
        self._is_closed = False

    async def lookup(self, host: str, port: int) -> list[AddrInfo]:
        """The addresses of a host, those to be tried first at the front.

        An address is its own answer, without a look-up. Addresses of a name take turns in being the
        first of their family; those that `demote` was told of come last. Raises OSError,
        `socket.gaierror` for a name that does not resolve. Whoever is cancelled here leaves the
        look-up to others.
        """
        if self._is_closed:
            raise _closed()
        literal = numeric_address(host, port)
        if literal is not None:
            self._check_family(host, literal)
            return [literal]
        key = (host, port)
        observer = current_observer()
        if observer is not None:
            return (await self._observed(key, observer)).addresses()
        outcome = self._known(key)
        if outcome is None:
            outcome = await self._looked_up(key)
        return outcome.addresses()

    def demote(self, host: str, port: int, sockaddr: SockAddr) -> None:
        """Put an address of a host behind all others until the host is looked up again."""
        outcome = self._outcomes.get((host, port))
        if outcome is not None:
            outcome.demote(sockaddr)

    def clear(self, host: str | None = None, port: int | None = None) -> None:
        """Forget a host and port, or all of them: whoever asks from now on gets a new answer.

        Raises ValueError for one without the other.
        """
        if host is None and port is None:
            self._outcomes.clear()
            self._under_way.clear()
        elif host is None or port is None:
            raise ValueError("either both host and port are given, or none of them")
        else:
            self._outcomes.pop((host, port), None)
            self._under_way.pop((host, port), None)

    async def close(self) -> None:
        """Forget everything and break off the look-ups under way: their askers get an OSError.

        The resolver stays open. May be called more than once.
        """
        self._is_closed = True
        self.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _check_family(self, host: str, literal: AddrInfo) -> None:
        if self._family not in (socket.AF_UNSPEC, literal[0]):
            wanted = FAMILY_NAMES.get(self._family, str(self._family))
            raise OSError(
                errno.EAFNOSUPPORT,
                f"{host!r} is an {FAMILY_NAMES[literal[0]]} address, but family allows {wanted} "
                "only",
            )

    def _known(self, key: _Key) -> "_Outcome | None":
        """What was kept of this key and is still good."""
        outcome = self._outcomes.get(key)
        if outcome is None or self._clock() >= outcome.good_until:
            return None
        self._outcomes.move_to_end(key)
        return outcome

    async def _observed(self, key: _Key, observer: Observer) -> "_Outcome":
        """The outcome for this key, while somebody hears where it comes from."""
        host, _ = key
        outcome = self._known(key)
        if outcome is not None:
            await observer.dns_cache_hit(host)
            return outcome
        if self._is_used and self._is_under_way(key):
            outcome = await self._looked_up(key)
            if outcome.failure is None:
                await observer.dns_cache_hit(host)
            return outcome
        if self._is_used:
            await observer.dns_cache_miss(host)
        await observer.dns_resolvehost_start(host)
        # In the meantime much may have happened.
        if self._is_closed:
            raise _closed()
        outcome = self._known(key) or await self._looked_up(key)
        if outcome.failure is None:
            await observer.dns_resolvehost_end(host)
        return outcome

    def _is_under_way(self, key: _Key) -> bool:
        look_up = self._under_way.get(key)
        return look_up is not None and not self._hangs(look_up)

    async def _looked_up(self, key: _Key) -> "_Outcome":
        """The outcome of the look-up for this key that is under way, or else of a new one."""
        look_up = self._under_way.get(key)
        if look_up is None or self._hangs(look_up):
            look_up = self._started(key)
        look_up.askers += 1
        self._abandoned.pop(look_up, None)
        task = look_up.task
        try:
            # Not `await task`: that would hand on our cancellation.
            await asyncio.wait((task,))
        finally:
            look_up.askers -= 1
            if not look_up.askers and not task.done():
                self._abandon(look_up)
        if task.cancelled():
            raise _closed()
        return task.result()

    def _hangs(self, look_up: "_LookUp") -> bool:
        return self._clock() - look_up.started_at > MAX_LOOK_UP_AGE_S

    def _abandon(self, look_up: "_LookUp") -> None:
        self._abandoned[look_up] = None
        if len(self._abandoned) > MAX_ABANDONED:
            oldest, _ = self._abandoned.popitem(last=False)
            oldest.task.cancel()
            self._ended(oldest)

    def _started(self, key: _Key) -> "_LookUp":
        look_up = _LookUp(key, self._clock())
        self._under_way[key] = look_up  # before an eager task is at its end already
        look_up.task = asyncio.get_running_loop().create_task(self._ask(look_up))
        self._tasks.add(look_up.task)
        look_up.task.add_done_callback(lambda task: self._forget(look_up, task))
        return look_up

    def _forget(self, look_up: "_LookUp", task: "asyncio.Task[_Outcome]") -> None:
        self._tasks.discard(task)
        self._abandoned.pop(look_up, None)
        self._ended(look_up)

    def _ended(self, look_up: "_LookUp") -> bool:
        """Nobody can join it any more. Was that possible until now?"""
        if self._under_way.get(look_up.key) is not look_up:
            return False
        del self._under_way[look_up.key]
        return True

    async def _ask(self, look_up: "_LookUp") -> "_Outcome":
        """Ask the resolver, and keep what it said."""
        OBSERVING.set(None)  # who asked first: others may join, and what a resolver does is its own
        host, port = look_up.key
        try:
            results = await self._resolver.resolve(host, port, family=self._family)
            found = self._checked(results)
        except Exception as error:  # a resolver is foreign code
            outcome = _Outcome([], _Failure(error))
        else:
            outcome = _Outcome(found)
        if self._ended(look_up) and self._is_used:
            self._keep(look_up.key, outcome)
        return outcome

    def _keep(self, key: _Key, outcome: "_Outcome") -> None:
        ttl_s = self._ttl_s
        if outcome.failure is not None:
            ttl_s = NEGATIVE_TTL_S if ttl_s is None else min(ttl_s, NEGATIVE_TTL_S)
        if ttl_s is not None:
            outcome.good_until = self._clock() + ttl_s
        self._outcomes[key] = outcome
        self._outcomes.move_to_end(key)
        if len(self._outcomes) > self._max_size:
            self._outcomes.popitem(last=False)

    def _checked(self, results: object) -> list[AddrInfo]:
        """What a resolver gave, as what can be connected to."""
        if not isinstance(results, list | tuple):
            raise self._nonsense(results)
        found = dict.fromkeys(map(self._checked_result, results[:MAX_ADDRESSES]))
        if not found:
            raise no_address(self._family)
        return list(found)

    def _checked_result(self, result: object) -> AddrInfo:
        match result:
            case {"host": str(host), "port": int(port), "family": int(family), "proto": int(proto)}:
                pass
            case _:
                raise self._nonsense(result)
        literal = numeric_address(host, port)
        if literal is None or not 0 < port < 1 << 16:
            raise self._nonsense(result)
        kind, type_, _, name, address = literal
        # Some hand on the family that they were asked for, AF_UNSPEC included.
        if family not in (kind, socket.AF_UNSPEC) or self._family not in (kind, socket.AF_UNSPEC):
            raise self._nonsense(result)
        return kind, type_, proto, name, address

    def _nonsense(self, given: object) -> OSError:
        wanted = FAMILY_NAMES.get(self._family, "IPv4 or IPv6")
        return OSError(
            None,
            f"{type(self._resolver).__name__} gave {repr(given)[:100]}, expected ResolveResults "
            f"with {wanted} addresses",
        )


class _LookUp:
    """A question to the resolver that is under way."""

    __slots__ = ("askers", "key", "started_at", "task")

    task: "asyncio.Task[_Outcome]"

    def __init__(self, key: _Key, started_at: float) -> None:
        self.key = key
        self.started_at = started_at
        #: How many wait for it.
        self.askers = 0


class _Outcome:
    """What a look-up found."""

    __slots__ = ("_demoted", "_found", "failure", "good_until")

    def __init__(self, found: list[AddrInfo], failure: "_Failure | None" = None) -> None:
        self._found = found
        self._demoted: list[AddrInfo] = []
        self.failure = failure
        #: By the cache's clock.
        self.good_until = float("inf")

    def addresses(self) -> list[AddrInfo]:
        """The addresses, in another order the next time; or raise the error there was."""
        if self.failure is not None:
            raise self.failure.error()
        addresses = [*self._found, *self._demoted]
        self._found = _turned(self._found)
        return addresses

    def demote(self, sockaddr: SockAddr) -> None:
        """Put an address behind all others."""
        for addresses in (self._found, self._demoted):
            for address in addresses:
                if address[4] == sockaddr:
                    addresses.remove(address)
                    self._demoted.append(address)
                    return


def _turned(addresses: list[AddrInfo]) -> list[AddrInfo]:
    """The first of each family behind the others of its family.

    Load spreads over equals; the preference for a family (RFC 6724) stays what it was.
    """
    by_family: dict[int, deque[AddrInfo]] = {}
    for address in addresses:
        by_family.setdefault(address[0], deque()).append(address)
    for family in by_family.values():
        family.rotate(-1)
    return [by_family[address[0]].popleft() for address in addresses]


class _Failure:
    """An error that many get, each one of its own."""

    __slots__ = ("_cause", "_errno", "_is_about_name", "_words")

    def __init__(self, error: Exception) -> None:
        self._is_about_name = isinstance(error, socket.gaierror)
        # A name that does not exist is no bug to be traced.
        self._cause = None if self._is_about_name else error
        self._errno = error.errno if isinstance(error, OSError) else None
        words = error.strerror if isinstance(error, OSError) else None
        self._words = words or str(error) or type(error).__name__

    def error(self) -> OSError:
        """An exception to raise."""
        kind = socket.gaierror if self._is_about_name else OSError
        error = kind(self._errno, self._words)
        error.__cause__ = self._cause
        return error


def _closed() -> OSError:
    return OSError(errno.ECANCELED, "the look-up was broken off")
