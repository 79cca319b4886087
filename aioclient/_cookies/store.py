"""Cookies by domain, path and name, within limits. No clock, no URL: hosts, paths and times.

What a request costs depends on its own host and path: of each domain that the host may have cookies
of, only the paths that its own may begin with are looked at. Cookies that are over leave by a heap
of their times; a cookie that was replaced or removed stays in the heap, marked, until its time or
until those are in the majority.

RFC 6265bis sections 5.7 (the end of it) and 5.8.3.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from operator import attrgetter
from typing import Final

from .cookie import Cookie
from .matching import path_matches

#: Of one domain, and in all; of more, so many stay. Section 6.1 has smaller numbers as the least.
MAX_COOKIES_OF_DOMAIN: Final = 180
LEFT_OF_DOMAIN: Final = 150
MAX_COOKIES: Final = 3300
LEFT_IN_ALL: Final = 3000

#: Cookies by name and by whether they are for one host only.
_Named = dict[tuple[str, bool], Cookie]

_LEAST_WANTED: Final = attrgetter("is_secure", "used_at", "order")
_LEAST_RECENTLY_USED: Final = attrgetter("used_at", "order")
_IN_ORDER: Final = attrgetter("order")


class CookieStore:
    """Cookies that are kept."""

    __slots__ = (
        "_by_domain",
        "_counts",
        "_heap",
        "_order",
        "_pushed",
        "count",
        "secure",
        "version",
    )

    def __init__(self) -> None:
        self._by_domain: dict[str, dict[str, _Named]] = {}
        self._counts: dict[str, int] = {}
        #: Those that are for secure connections only, by name.
        self.secure: dict[str, dict[Cookie, None]] = {}
        #: How many there are, with those that were not yet seen to be over.
        self.count: int = 0
        self._order = 0
        # The second is another for each, so that no two cookies are ever compared.
        self._heap: list[tuple[float, int, Cookie]] = []
        self._pushed = 0
        #: Another number whenever a request may get other cookies than before.
        self.version: int = 0

    def __iter__(self) -> Iterator[Cookie]:
        """All, in the order in which they were created."""
        return iter(sorted(self._all(), key=_IN_ORDER))

    def _all(self) -> Iterator[Cookie]:
        for paths in self._by_domain.values():
            for named in paths.values():
                yield from named.values()

    # --- keeping ---------------------------------------------------------------------------------

    def get(self, cookie: Cookie) -> Cookie | None:
        """The one that `cookie` would replace."""
        named = self._by_domain.get(cookie.domain, {}).get(cookie.path)
        return None if named is None else named.get((cookie.name, cookie.is_host_only))

    def put(self, cookie: Cookie, now: float) -> None:
        """Keep a cookie, instead of the one that it replaces; one that is over removes that."""
        before = self.get(cookie)
        if cookie.expires_at <= now:
            if before is not None:
                self.remove(before)
            return
        if before is not None:
            # Step 23: it is as old as the one that it replaces.
            cookie.created_at, cookie.order = before.created_at, before.order
            self._replace(before, cookie)
        else:
            self._order += 1
            cookie.order = self._order
            self._insert(cookie)
        self._watch(cookie)
        if before is None:
            self._keep_limits(cookie.domain, now)

    def renew(self, cookie: Cookie, expires_at: float) -> None:
        """A cookie that is kept came again, and nothing is new but the time of its end."""
        before, cookie.expires_at = cookie.expires_at, expires_at
        if expires_at < before:
            self.version += 1
            self._watch(cookie)

    def _insert(self, cookie: Cookie) -> None:
        named = self._by_domain.setdefault(cookie.domain, {}).setdefault(cookie.path, {})
        named[cookie.name, cookie.is_host_only] = cookie
        self._counts[cookie.domain] = self._counts.get(cookie.domain, 0) + 1
        self.count += 1
        self._mark(cookie)
        self.version += 1

    def _replace(self, before: Cookie, cookie: Cookie) -> None:
        self._by_domain[cookie.domain][cookie.path][cookie.name, cookie.is_host_only] = cookie
        self._unmark(before)
        self._mark(cookie)
        if (
            cookie.value != before.value
            or cookie.is_secure != before.is_secure
            or cookie.expires_at < before.expires_at
        ):
            self.version += 1

    def remove(self, cookie: Cookie) -> None:
        """Remove a cookie that is kept."""
        paths = self._by_domain[cookie.domain]
        named = paths[cookie.path]
        del named[cookie.name, cookie.is_host_only]
        if not named:
            del paths[cookie.path]
        if not paths:
            del self._by_domain[cookie.domain]
        self._counts[cookie.domain] -= 1
        if not self._counts[cookie.domain]:
            del self._counts[cookie.domain]
        self.count -= 1
        self._unmark(cookie)
        self.version += 1

    def _mark(self, cookie: Cookie) -> None:
        cookie.is_kept = True
        if cookie.is_secure:
            self.secure.setdefault(cookie.name, {})[cookie] = None

    def _unmark(self, cookie: Cookie) -> None:
        cookie.is_kept = False
        if cookie.is_secure:
            named = self.secure[cookie.name]
            del named[cookie]
            if not named:
                del self.secure[cookie.name]

    def remove_if(self, is_unwanted: Callable[[Cookie], bool]) -> None:
        """Remove the cookies of which this is true."""
        for cookie in [cookie for cookie in self._all() if is_unwanted(cookie)]:
            self.remove(cookie)

    def clear(self) -> None:
        """Remove all."""
        for cookie in self._all():
            cookie.is_kept = False
        self._by_domain.clear()
        self._counts.clear()
        self.secure.clear()
        self._heap.clear()
        self.count = 0
        self.version += 1

    # --- limits ----------------------------------------------------------------------------------

    def remove_expired(self, now: float) -> None:
        """Remove what is over."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            cookie = heapq.heappop(heap)[2]
            if not cookie.is_kept:
                continue
            if cookie.expires_at <= now:
                self.remove(cookie)
            else:  # it was renewed
                self._watch(cookie)

    def _watch(self, cookie: Cookie) -> None:
        """Be reminded of a cookie's end."""
        if cookie.expires_at == inf:
            return
        heap = self._heap
        self._pushed += 1
        heapq.heappush(heap, (cookie.expires_at, self._pushed, cookie))
        if len(heap) > 2 * self.count + 100:
            # Most are of cookies that are not kept any more.
            heap[:] = [
                (cookie.expires_at, number, cookie)
                for number, cookie in enumerate(self._all())
                if cookie.expires_at < inf
            ]
            self._pushed = self.count
            heapq.heapify(heap)

    def _keep_limits(self, domain: str, now: float) -> None:
        """Section 5.7: first what is over, then those that may go over plain HTTP, then others."""
        if self._counts.get(domain, 0) > MAX_COOKIES_OF_DOMAIN:
            self.remove_expired(now)
            cookies = sorted(self.of_domain(domain), key=_LEAST_WANTED)
            for cookie in cookies[: max(0, len(cookies) - LEFT_OF_DOMAIN)]:
                self.remove(cookie)
        if self.count > MAX_COOKIES:
            self.remove_expired(now)
            cookies = sorted(self._all(), key=_LEAST_RECENTLY_USED)
            for cookie in cookies[: max(0, len(cookies) - LEFT_IN_ALL)]:
                self.remove(cookie)

    # --- finding ---------------------------------------------------------------------------------

    def matching(
        self, domains: Sequence[str], path: str, is_secure: bool, now: float
    ) -> list[Cookie]:
        """Those for a request, in the order in which they are sent (section 5.8.3).

        `domains` are those that the host may have cookies of, itself first.
        """
        self.remove_expired(now)
        host = domains[0]
        found = []
        for domain in domains:
            paths = self._by_domain.get(domain)
            if paths is None:
                continue
            is_host = domain == host
            for named in _at_paths(paths, path):
                for cookie in named.values():
                    if (is_host or not cookie.is_host_only) and (is_secure or not cookie.is_secure):
                        cookie.used_at = now
                        found.append(cookie)
        # Step 2: longer paths first, then those that were created first.
        found.sort(key=lambda cookie: (-len(cookie.path), cookie.order))
        return found

    def secure_of_name(self, name: str) -> Iterable[Cookie]:
        """Those of a name that are for secure connections only."""
        return self.secure.get(name, ())

    def of_domain(self, domain: str) -> Iterator[Cookie]:
        """All cookies of a domain."""
        for named in self._by_domain.get(domain, {}).values():
            yield from named.values()

    def domains(self) -> Iterator[str]:
        """Those that have cookies."""
        return iter(self._by_domain)


def _at_paths(paths: dict[str, _Named], path: str) -> Iterator[_Named]:
    """The cookies whose path matches a request's (section 5.1.4).

    By the shorter way: either the paths of cookies, or the beginnings of the request's, are tried.
    """
    if len(paths) <= 2 * path.count("/"):
        return (named for prefix, named in paths.items() if path_matches(path, prefix))
    return (paths[prefix] for prefix in _beginnings(path) if prefix in paths)


def _beginnings(path: str) -> Iterator[str]:
    """All paths of cookies that match a request's path."""
    yield path
    end = len(path)
    while (end := path.rfind("/", 0, end)) >= 0:
        if end + 1 < len(path):
            yield path[: end + 1]
        if end:
            yield path[:end]
