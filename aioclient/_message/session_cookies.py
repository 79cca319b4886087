"""The cookies of a session: of its jar, and those that it was given for one origin.

A jar is made when the first response sets a cookie or somebody asks for it. Until then, and while
it is empty, a request costs a look at a number.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from yarl import URL

from aioclient._http.events import FieldLines
from aioclient._http1.head_writer import write_field_lines

if TYPE_CHECKING:
    from aioclient._cookies.abstract import AbstractCookieJar
    from aioclient._cookies.jar import CookieJar

_NO_LINE: Final = FieldLines(b"")


class _Store(Protocol):
    """How many cookies there may be for a request."""

    @property
    def count(self) -> int: ...


class _Fixed:
    """Always so many."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count


class SessionCookies:
    """What requests of a session are sent, and what becomes of the cookies of responses.

    Arguments: `given`, names and values for the session's own origin, as they are sent; `jar`, None
    for a `CookieJar` of the session's own.
    """

    __slots__ = ("_given", "_jar", "_own", "store")

    def __init__(
        self,
        given: Sequence[tuple[str, str]] | None = None,
        jar: "AbstractCookieJar | None" = None,
    ) -> None:
        self._given = given or ()
        self._jar: AbstractCookieJar | None = None
        # The same, if it is ours, and not a kind of it that gives something else.
        self._own: CookieJar | None = None
        #: Is there something in the jar?
        self.store: _Store = _Fixed(0)
        if jar is not None:
            self._use(jar)

    @property
    def jar(self) -> "AbstractCookieJar":
        """The jar, made now if there was none."""
        if self._jar is None:
            from aioclient._cookies.jar import CookieJar  # late: not before there are cookies

            jar = CookieJar()
            self._use(jar)
            return jar
        return self._jar

    def _use(self, jar: "AbstractCookieJar") -> None:
        from aioclient._cookies.dummy_jar import DummyCookieJar  # late, too
        from aioclient._cookies.jar import CookieJar

        self._jar = jar
        if isinstance(jar, CookieJar) and type(jar).filter_cookies is CookieJar.filter_cookies:
            self._own = jar
            self.store = jar.store
        else:
            self.store = _Fixed(0 if type(jar) is DummyCookieJar else 1)

    @property
    def quotes(self) -> bool:
        """Are values of a program put in quotes where they need it?"""
        return self._jar is None or self._jar.quote_cookie

    def keep(self, fields: Sequence[str], url: URL) -> None:
        """Keep what a response from this URL set."""
        self.jar.update_cookies_from_headers(fields, url)

    def line(
        self, url: URL, own: str | None, gets_given: bool, follows: bool = False
    ) -> FieldLines:
        """The Cookie field of a request to this URL, or nothing.

        `own` is what the request says: it replaces cookies of the jar with the same names, and both
        those that were given to the session, which count if `gets_given`. `follows` says that a
        server chose this URL. Raises ValueError for what cannot be sent.
        """
        given = self._given if gets_given else ()
        if not given and not self.store.count:
            return _NO_LINE if own is None else write_field_lines((("Cookie", own),))
        if self._own is not None and not given and own is None:
            return self._own.line_for(url, follows=follows)
        from aioclient._cookies.pairs import header_pairs, joined, merged  # late: rarely needed

        pairs = merged(given, self._of_jar(url, follows))
        text = joined(merged(pairs, header_pairs(own or "")))
        return _NO_LINE if text is None else write_field_lines((("Cookie", text),))

    def _of_jar(self, url: URL, follows: bool) -> Sequence[tuple[str, str]]:
        if not self.store.count or self._jar is None:
            return ()
        if self._own is not None:
            return self._own.pairs_for(url, follows=follows)
        from aioclient._cookies.morsels import sent_pairs  # late: only for jars of others

        return sent_pairs(self._jar.filter_cookies(url), self._jar.quote_cookie)
