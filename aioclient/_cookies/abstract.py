"""What a session needs of a cookie jar, and what users of jars see."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Final, TypeAlias

from yarl import URL

from aioclient._aliases import LooseCookies
from aioclient._caller import warn_deprecated

if TYPE_CHECKING:
    from http.cookies import BaseCookie, Morsel, SimpleCookie

#: Says of a cookie whether it is to be removed.
ClearCookiePredicate: TypeAlias = "Callable[[Morsel[str]], bool]"


#: What a default argument is that means "none".
NO_URL: Final = URL()


class AbstractCookieJar(Sized, Iterable["Morsel[str]"], ABC):
    """Keeps cookies of responses, and gives those for a request; for jars of one's own.

    A session calls `update_cookies_from_headers` with each response that sets cookies, redirects
    included, and `filter_cookies` before each request. Neither may block. `loop` is deprecated and
    has no effect.
    """

    def __init__(self, *, loop: object = None) -> None:
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")

    @property
    @abstractmethod
    def quote_cookie(self) -> bool:
        """Are values put in quotes that need it?"""

    @property
    @abstractmethod
    def unsafe(self) -> bool:
        """Are cookies kept of hosts that are IP addresses?"""

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        """Origins that count as secure although their URLs are of http."""
        return frozenset()

    @property
    @abstractmethod
    def cookies(self) -> "Mapping[tuple[str, str], SimpleCookie]":
        """All cookies, by domain and path."""

    @property
    @abstractmethod
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """Domain, path and name of the cookies that are for one host only."""

    @abstractmethod
    def clear(self, predicate: "ClearCookiePredicate | None" = None) -> None:
        """Remove all cookies, or those of which the function says True."""

    @abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of a domain and of all that is below it."""

    @abstractmethod
    def update_cookies(self, cookies: LooseCookies, response_url: URL = NO_URL) -> None:
        """Keep these cookies, as if a response from this URL had set them."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep the cookies in the values of a response's Set-Cookie fields."""
        from aioclient._cookies.morsels import response_cookies  # late: rarely needed

        found = response_cookies(headers)
        if found:
            self.update_cookies(found, response_url)

    @abstractmethod
    def filter_cookies(self, request_url: URL) -> "BaseCookie[str]":
        """The cookies for a request to this URL."""
