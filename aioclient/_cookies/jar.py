"""The cookie jar: what responses set, kept as RFC 6265bis says, and given to requests.

The jar knows URLs and the time; which cookie is kept instead of which, and which are for a request,
is decided below (`storing`, `store`). Two things are remembered because a server says the same with
each response: what became of a Set-Cookie field of a host, so that it is not taken apart again; and
the Cookie field of a URL, until a cookie changes or one of these is over.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from yarl import URL

from aioclient._aliases import LooseCookies, StrOrURL
from aioclient._http.events import FieldLines

from .abstract import NO_URL, AbstractCookieJar, ClearCookiePredicate
from .cookie import Cookie
from .expiry import Lifetime
from .matching import canonical_host, domain_matches, is_ip, parents
from .parse import MAX_FIELDS, CookieRefused, SetCookie, parse_set_cookie
from .refusals import RefusalLog
from .sending import SentCookies
from .store import CookieStore
from .storing import Source, is_overlaid, stored_cookie, terms_of

if TYPE_CHECKING:
    from http.cookies import BaseCookie, Morsel, SimpleCookie

#: Of so many URLs and Set-Cookie fields it is remembered what they came to.
MAX_REMEMBERED_URLS: Final = 512
MAX_REMEMBERED_FIELDS: Final = 512
#: Longer fields are taken apart each time.
_MAX_REMEMBERED_CHARS: Final = 1024

_SECURE_SCHEMES: Final = frozenset({"https", "wss"})
#: A field, and what else decides what becomes of it.
_FieldKey: TypeAlias = tuple[str, str, str, bool]


class CookieJar(AbstractCookieJar):
    """Keeps the cookies of responses and gives them to requests, as browsers do (RFC 6265bis).

    Arguments:
        unsafe: keep cookies of hosts that are IP addresses, too (False).
        quote_cookie: put values that a program gives into quotes where they need it (True), as
            `http.cookies` does; else they are sent as they are. What a server has set is sent back
            as it came.
        treat_as_secure_origin: URLs of http whose origins count as secure, so that cookies which
            are for secure connections are kept from there, and sent there.
        loop: deprecated, has no effect.
        clock: gives the seconds since the epoch.

    A jar keeps 180 cookies of a domain and 3300 in all; of more, those that were not used for the
    longest time go first. It may be shared by sessions of one thread.
    """

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = True,
        treat_as_secure_origin: StrOrURL | Iterable[StrOrURL] | None = None,
        loop: object = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(loop=loop)
        self._unsafe = unsafe
        self._quote_cookie = quote_cookie
        self._secure_urls = _origins(treat_as_secure_origin)
        self._secure_origins: Final = frozenset(map(_origin, self._secure_urls))
        self._clock = clock
        #: What is in it; for sessions.
        self.store: Final = CookieStore()
        self._refusals = RefusalLog()
        # Whom cookies are for that a program gave without a URL: the first host that is asked then.
        self._own_host: str | None = None
        self._has_unowned = False
        self._sent: dict[tuple[str, str, bool], SentCookies] = {}
        self._fields: dict[_FieldKey, tuple[Cookie, Lifetime] | str] = {}
        self._last_source: tuple[URL | None, Source | None] = (None, None)

    # --- what it is ------------------------------------------------------------------------------

    @property
    def unsafe(self) -> bool:
        """Are cookies kept of hosts that are IP addresses?"""
        return self._unsafe

    @property
    def quote_cookie(self) -> bool:
        """Are values that a program gives put in quotes where they need it?"""
        return self._quote_cookie

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        """Origins that count as secure although their URLs are of http."""
        return self._secure_urls

    @property
    def cookies(self) -> "Mapping[tuple[str, str], SimpleCookie]":
        """All cookies by domain and path; a copy, without those that have no name."""
        from http.cookies import CookieError, SimpleCookie  # late: rarely asked for

        from .morsels import kept_morsel

        found: dict[tuple[str, str], SimpleCookie] = {}
        for cookie in self._current():
            named = found.setdefault((cookie.domain, cookie.path), SimpleCookie())
            if cookie.name:
                try:
                    named[cookie.name] = kept_morsel(cookie)
                except CookieError:
                    continue
        return MappingProxyType(found)

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """Domain, path and name of the cookies that are for one host only."""
        return frozenset(
            (cookie.domain, cookie.path, cookie.name)
            for cookie in self._current()
            if cookie.is_host_only
        )

    def __len__(self) -> int:
        """How many cookies there are that are not over."""
        self.store.remove_expired(self._clock())
        return self.store.count

    def __iter__(self) -> "Iterator[Morsel[str]]":
        """All cookies in the order in which they were set, with domain and path."""
        from .morsels import kept_morsels  # late: rarely asked for

        return kept_morsels(self._current())

    def _current(self) -> CookieStore:
        self.store.remove_expired(self._clock())
        return self.store

    # --- removing --------------------------------------------------------------------------------

    def clear(self, predicate: "ClearCookiePredicate | None" = None) -> None:
        """Remove all cookies, or those of which the function says True; it gets Morsels."""
        if predicate is None:
            self.store.clear()
            # Nothing in memory, or in a copy of the jar, shall have them any more.
            self._sent.clear()
            self._fields.clear()
            return
        from .morsels import any_morsel  # late: rarely asked for

        self.store.remove_if(lambda cookie: bool(predicate(any_morsel(cookie))))

    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of a domain and of all that is below it."""
        wanted = canonical_host(domain).removeprefix(".")
        self.store.remove_if(lambda cookie: domain_matches(cookie.domain, wanted))

    # --- keeping ---------------------------------------------------------------------------------

    def update_cookies(self, cookies: LooseCookies, response_url: URL = NO_URL) -> None:
        """Keep cookies that a program has, as if a response from this URL had set them.

        Without a URL those that name no domain are for the first host that the jar is asked about
        from then on, and no other; redirects do not count. Raises TypeError and ValueError as the
        option `cookies` of requests.
        """
        from .given import given_cookies  # late: rarely needed

        now = self._clock()
        self.store.remove_expired(now)
        reason, ignored = None, 0
        given = given_cookies(cookies, quote=self._quote_cookie)
        for cookie in given:
            source = self._source(response_url) if response_url.raw_host else self._owner(cookie)
            if source is None:
                continue
            try:
                self._keep(stored_cookie(cookie, source, now), source, now)
            except CookieRefused as refused:
                reason = reason or str(refused)
                ignored += 1
        self._note_unowned()
        self._refusals.add("cookies given to the jar", ignored, len(given), reason)

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep the cookies in the values of a response's Set-Cookie fields.

        What has to be ignored is, with one line in the log for all, which shows no values: a
        warning, if the jar has not yet warned of the same.
        """
        source = self._source(response_url)
        if source is None:
            return
        now = self._clock()
        # What is over hides nothing, and has no age that another could take over.
        self.store.remove_expired(now)
        reason, ignored = None, max(0, len(headers) - MAX_FIELDS)
        for field in headers[:MAX_FIELDS]:
            try:
                self._receive(field, source, now)
            except CookieRefused as refused:
                reason = reason or str(refused)
                ignored += 1
        self._refusals.add("Set-Cookie", ignored, len(headers), reason)

    def _source(self, url: URL) -> Source | None:
        """Where a response came from; None if nothing is kept of there.

        Remembered for the last URL: of requests to one of them all, the object is the same.
        """
        last_url, source = self._last_source
        if url is last_url:
            return source
        host = canonical_host(url.raw_host or "")
        is_address = is_ip(host)
        source = None
        if host and (self._unsafe or not is_address):
            source = Source(host, url.raw_path, self._is_secure(url), is_address)
        self._last_source = url, source
        return source

    def _owner(self, cookie: SetCookie) -> Source | None:
        """Whom a cookie is for that a program gave without a URL."""
        domain = ""
        for name, value in cookie.attributes:
            if name == "domain":
                domain = canonical_host(value).removeprefix(".")
        host = domain or self._own_host or ""
        return Source(host, "/", True, is_ip(host))

    def _is_secure(self, url: URL) -> bool:
        if url.scheme in _SECURE_SCHEMES:
            return True
        return bool(self._secure_origins) and _origin(url) in self._secure_origins

    def _receive(self, field: str, source: Source, now: float) -> None:
        """Keep the cookie of a Set-Cookie field, or raise CookieRefused."""
        key = (field, source.host, source.path, source.is_secure)
        known = self._fields.get(key)
        if known is not None:
            if isinstance(known, str):
                raise CookieRefused(known)
            cookie, lifetime = known
            if cookie.is_kept:
                if self.store.secure:
                    self._check_hiding(cookie, source)
                cookie.used_at = now
                ends_at = lifetime.ends_at(now)
                if ends_at is not None:
                    self.store.renew(cookie, ends_at)
                return
        try:
            received = parse_set_cookie(field)
            cookie = stored_cookie(received, source, now)
        except CookieRefused as refused:
            self._remember(key, str(refused))
            raise
        self._keep(cookie, source, now)
        self._remember(key, (cookie, terms_of(received).lifetime))

    def _remember(self, key: _FieldKey, outcome: tuple[Cookie, Lifetime] | str) -> None:
        if len(key[0]) + len(key[2]) <= _MAX_REMEMBERED_CHARS:
            if len(self._fields) >= MAX_REMEMBERED_FIELDS:
                del self._fields[next(iter(self._fields))]  # the oldest
            self._fields[key] = outcome

    def _keep(self, cookie: Cookie, source: Source, now: float) -> None:
        self._check_hiding(cookie, source)
        self.store.put(cookie, now)

    def _check_hiding(self, cookie: Cookie, source: Source) -> None:
        """Section 5.7 step 16: raise CookieRefused if it would hide a secure one."""
        if not source.is_secure and not cookie.is_secure:
            for old in self.store.secure_of_name(cookie.name):
                if is_overlaid(old, cookie):
                    raise CookieRefused(
                        f"cookie {cookie.name[:40]!a} would hide one that is for secure connections"
                    )

    # --- giving ----------------------------------------------------------------------------------

    def filter_cookies(self, request_url: URL = NO_URL) -> "BaseCookie[str]":
        """The cookies for a request to this URL, by name: of several with one, the first sent."""
        return self._sent_to(URL(request_url)).by_name()

    def pairs_for(self, url: URL, *, follows: bool = False) -> Sequence[tuple[str, str]]:
        """Names and values for a request to this URL, as they are sent, in that order.

        `follows` says that a server chose the URL: it gets nothing that is for the first who asks.
        """
        return self._sent_to(url, follows).pairs

    def line_for(self, url: URL, *, follows: bool = False) -> FieldLines:
        """The Cookie field for a request to this URL; nothing if there are no cookies for it."""
        return self._sent_to(url, follows).line

    def _sent_to(self, url: URL, follows: bool = False) -> SentCookies:
        host = url.raw_host or ""
        if self._has_unowned and host and not follows:
            self._bind(host)
        key = (host, url.raw_path, self._is_secure(url))
        sent = self._sent.get(key)
        now = self._clock()
        if sent is None or not sent.is_valid(self.store.version, now):
            sent = self._find(key, now)
        return sent

    def _find(self, key: tuple[str, str, bool], now: float) -> SentCookies:
        host, path, is_secure = key
        host = canonical_host(host)
        found = self.store.matching(tuple(parents(host)), path, is_secure, now) if host else []
        if len(self._sent) >= MAX_REMEMBERED_URLS:
            del self._sent[next(iter(self._sent))]  # the oldest
        sent = self._sent[key] = SentCookies(found, self.store.version, now)
        return sent

    def _note_unowned(self) -> None:
        """Are there cookies that wait for the first host that is asked?"""
        self._has_unowned = any(True for _ in self.store.of_domain(""))

    def _bind(self, host: str) -> None:
        """This is the host that cookies are for which a program gave without a URL."""
        self._note_unowned()
        if not self._has_unowned:  # they were removed
            return
        self._has_unowned = False
        self._own_host = canonical_host(host)
        now = self._clock()
        for cookie in list(self.store.of_domain("")):
            self.store.remove(cookie)
            cookie.domain = self._own_host
            self.store.put(cookie, now)

    # --- files -----------------------------------------------------------------------------------

    def save(self, file_path: str | os.PathLike[str]) -> None:
        """Write all cookies to a file, which only its owner may read.

        JSON; the file is replaced as a whole, and a symbolic link by a file. What could not be
        loaded again is left out, with a warning logged. Raises OSError, and ValueError if it is too
        much. Blocks while it writes.
        """
        from .jar_file import save_cookies  # late: rarely needed

        save_cookies(file_path, self._current())

    def load(self, file_path: str | os.PathLike[str]) -> None:
        """Put the cookies of a file that `save` wrote in the place of those that are there.

        Files that aiohttp wrote, in JSON, are read, too. What is over by now is left out, and so
        are cookies that no server could set, with a warning logged. Raises OSError, also for a
        symbolic link, and ValueError for another file; then nothing has changed. Blocks while it
        reads.
        """
        from .jar_file import load_cookies  # late: rarely needed

        self._replace(load_cookies(file_path, now=self._clock()))

    def save_cookies_txt(self, file_path: str | os.PathLike[str]) -> None:
        """Write all cookies in Netscape's format, which curl, wget and browsers' extensions read.

        Otherwise as `save`. It has no room for SameSite and Partitioned, nor for tabs.
        """
        from .cookies_txt import save_cookies_txt  # late: rarely needed

        save_cookies_txt(file_path, self._current())

    def load_cookies_txt(self, file_path: str | os.PathLike[str]) -> None:
        """The same as `load`, for a file in Netscape's format."""
        from .cookies_txt import load_cookies_txt  # late: rarely needed

        self._replace(load_cookies_txt(file_path, now=self._clock()))

    def _replace(self, cookies: Iterable[Cookie]) -> None:
        now = self._clock()
        self.store.clear()
        for cookie in cookies:
            cookie.domain = cookie.domain or self._own_host or ""
            if self._unsafe or not is_ip(cookie.domain):
                self.store.put(cookie, now)
        self._note_unowned()


def _origins(given: StrOrURL | Iterable[StrOrURL] | None) -> frozenset[URL]:
    """Raises TypeError and ValueError for what are no absolute URLs."""
    if given is None:
        return frozenset()
    urls = [given] if isinstance(given, str | URL) else list(given)
    return frozenset(URL(url).origin() for url in urls)


def _origin(url: URL) -> tuple[str, str, int | None]:
    """To `URL.origin` a port that was written is another than the same one that was not."""
    return url.scheme, canonical_host(url.raw_host or ""), url.port
