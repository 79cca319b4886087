"""Which answer a request gets: those that were registered, in their order."""

import re
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from yarl import URL

from ._errors import NoAnswerError
from ._mock_request import MockRequest
from ._mock_response import MockResponse
from ._showing import numbered, shown_url

Handler: TypeAlias = Callable[[MockRequest], Awaitable[MockResponse]]
Answer: TypeAlias = MockResponse | Handler
#: A URL, or the path of one for any host; a pattern for the whole URL; or a function that says.
UrlPattern: TypeAlias = str | URL | re.Pattern[str] | Callable[[MockRequest], bool]

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SCHEMES: Final = {"ws": "http", "wss": "https"}


class RequestPattern:
    """Which requests are meant: by method, `"*"` for any, and URL."""

    __slots__ = ("_ignore_query", "_parts", "_wanted", "key", "method")

    def __init__(self, method: str, url: UrlPattern, *, ignore_query: bool = False) -> None:
        self.method: Final = method.upper()
        self._wanted = URL(url) if isinstance(url, str) else url
        self._ignore_query = ignore_query
        self._parts: object = None
        if isinstance(self._wanted, URL):
            self._parts = _parts(self._wanted, ignore_query, self._wanted.absolute)
        elif not isinstance(self._wanted, re.Pattern) and not callable(self._wanted):
            raise TypeError(f"url must be a URL, a pattern or a function, not {url!r}")
        #: Equal patterns have equal keys.
        self.key: Final = (self.method, ignore_query, self._parts or self._wanted)

    def matches(self, request: MockRequest) -> bool:
        """Is this request meant?"""
        return self.method in ("*", request.method) and self.matches_url(request)

    def matches_url(self, request: MockRequest) -> bool:
        """Is it, whatever its method?"""
        wanted = self._wanted
        if isinstance(wanted, URL):
            return _parts(request.url, self._ignore_query, wanted.absolute) == self._parts
        if isinstance(wanted, re.Pattern):
            url = request.url.with_query(None) if self._ignore_query else request.url
            return wanted.fullmatch(str(url)) is not None
        return bool(wanted(request))

    def __str__(self) -> str:
        wanted = self._wanted
        if isinstance(wanted, URL):
            shown = shown_url(wanted)
        elif isinstance(wanted, re.Pattern):
            shown = f"/{wanted.pattern}/"
        else:
            shown = getattr(wanted, "__name__", repr(wanted))
        return f"{self.method} {shown}{' (any query)' if self._ignore_query else ''}"


def _parts(url: URL, ignore_query: bool, has_host: bool) -> tuple[object, ...]:
    """What of a URL counts: neither login nor fragment nor the order of its parameters."""
    query = () if ignore_query else tuple(sorted(url.query.items(), key=lambda pair: pair[0]))
    scheme = _SCHEMES.get(url.scheme, url.scheme)
    place = (scheme, url.raw_host, url.explicit_port or _PORTS.get(scheme)) if has_host else ()
    return (*place, url.raw_path or "/", query)


class _Registered:
    """One answer, and how often it is to be given."""

    __slots__ = ("answer", "left", "used")

    def __init__(self, answer: Answer, times: int | None) -> None:
        self.answer: Final = answer
        #: How often it may still be given; None: as long as no other comes after it.
        self.left = times
        self.used = 0

    def is_over(self, is_last: bool) -> bool:
        """Will it not be given any more?"""
        return self.left == 0 or (self.left is None and self.used > 0 and not is_last)

    @property
    def is_unused(self) -> bool:
        return bool(self.left) if self.left is not None else not self.used


class _Entry:
    """The answers to the requests of one pattern."""

    __slots__ = ("_waiting", "pattern")

    def __init__(self, pattern: RequestPattern) -> None:
        self.pattern: Final = pattern
        self._waiting: deque[_Registered] = deque()

    def add(self, registered: _Registered) -> None:
        self._waiting.append(registered)

    def take(self) -> Answer | None:
        waiting = self._waiting
        while waiting and waiting[0].is_over(is_last=len(waiting) == 1):
            waiting.popleft()
        if not waiting:
            return None
        first = waiting[0]
        first.used += 1
        if first.left is not None:
            first.left -= 1
        return first.answer

    @property
    def unused(self) -> int:
        """How many answers are still to be given, at least."""
        return sum(each.left or 1 for each in self._waiting if each.is_unused)

    def __str__(self) -> str:
        used_up = all(each.left == 0 for each in self._waiting)  # also if there are none
        return f"{self.pattern}{' (all its answers were given)' if used_up else ''}"


class Answers:
    """All that was registered; `fallback` answers what is left."""

    def __init__(self, fallback: Handler | None = None) -> None:
        self.fallback = fallback
        self._entries: dict[object, _Entry] = {}

    def add(self, pattern: RequestPattern, answer: Answer, times: int | None) -> None:
        """Register another."""
        if times is not None and times < 1:
            raise ValueError(f"times must be above 0, not {times}")
        entry = self._entries.setdefault(pattern.key, _Entry(pattern))
        entry.add(_Registered(answer, times))

    def take(self, request: MockRequest) -> Answer:
        """The answer for a request, which counts as given. Raises NoAnswerError."""
        for entry in self._entries.values():
            if entry.pattern.matches(request):
                answer = entry.take()
                if answer is not None:
                    return answer
        if self.fallback is not None:
            return self.fallback
        there_are = numbered(map(str, self._entries.values()))
        raise NoAnswerError(
            f"no answer for {request}; there are answers for:{there_are}",
            request.method,
            shown_url(request.url),
        )

    def unused(self) -> list[str]:
        """Those that were not given, or not often enough."""
        return [
            f"{entry.pattern} ({entry.unused} of its answers)"
            for entry in self._entries.values()
            if entry.unused
        ]

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()
