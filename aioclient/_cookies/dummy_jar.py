"""A jar for sessions without cookies."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from yarl import URL

from aioclient._aliases import LooseCookies

from .abstract import NO_URL, AbstractCookieJar

if TYPE_CHECKING:
    from http.cookies import BaseCookie, Morsel, SimpleCookie

    from .abstract import ClearCookiePredicate


class DummyCookieJar(AbstractCookieJar):
    """A jar that keeps nothing, for sessions without cookies."""

    @property
    def quote_cookie(self) -> bool:
        """True."""
        return True

    @property
    def unsafe(self) -> bool:
        """False."""
        return False

    @property
    def cookies(self) -> "Mapping[tuple[str, str], SimpleCookie]":
        """None."""
        return MappingProxyType({})

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """None."""
        return frozenset()

    def __iter__(self) -> "Iterator[Morsel[str]]":
        return iter(())

    def __len__(self) -> int:
        return 0

    def clear(self, predicate: "ClearCookiePredicate | None" = None) -> None:
        """Change nothing."""

    def clear_domain(self, domain: str) -> None:
        """Change nothing."""

    def update_cookies(self, cookies: LooseCookies, response_url: URL = NO_URL) -> None:
        """Keep nothing."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep nothing."""

    def filter_cookies(self, request_url: URL) -> "BaseCookie[str]":
        """None."""
        from http.cookies import SimpleCookie  # late: not at start-up

        return SimpleCookie()
