"""Cookies of a response as the standard library's objects, which its users know.

This module loads ``http.cookies``, and so ``http``: import it when somebody asks for cookies.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from email.utils import formatdate
from http.cookies import CookieError, Morsel, SimpleCookie
from math import inf
from typing import Final

from aioclient._aliases import LooseCookies

from .cookie import Cookie
from .header import checked_name, coded_value, items_of
from .parse import SetCookie, parse_set_cookies
from .quote import unquote_value

_FLAGS: Final = frozenset(("httponly", "partitioned", "secure"))
# Newer patch releases of Python refuse these in a Morsel, tabs included. So that all give the same,
# none of them gets there.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def response_cookies(values: Sequence[str]) -> SimpleCookie:
    """The cookies in the values of a response's Set-Cookie fields; see `simple_cookie`.

    What has to be ignored is left out.
    """
    return simple_cookie(parse_set_cookies(values))


def simple_cookie(cookies: Iterable[SetCookie]) -> SimpleCookie:
    """Cookies by their names, the last of each name, with any name that a server may choose.

    ``coded_value`` is what came. ``value`` is that, without quotes and escapes where it has them;
    with them if there are control characters behind the escapes. Of repeated attributes the last
    counts; those that Morsel does not know are left out. Flags are True.

    Cookies without a name are left out, and those with a tab in them: Morsel refuses the latter.
    """
    found = SimpleCookie()
    for cookie in cookies:
        if cookie.name and not _CONTROL.search(cookie.name + cookie.value):
            try:
                found[cookie.name] = _morsel(cookie)
            except CookieError:  # a Python that is stricter than those which we know
                continue
    return found


def has_control(text: str) -> bool:
    """Is there something in it that no Morsel is given?"""
    return _CONTROL.search(text) is not None


def kept_morsel(cookie: Cookie) -> Morsel[str]:
    """A cookie of a jar as a Morsel, with all that the jar knows of it.

    Raises CookieError for a name or value that Morsels do not take, such as one with a tab.
    """
    if _CONTROL.search(cookie.name + cookie.value):
        raise CookieError("a Morsel cannot have control characters")
    morsel = _bare_morsel(cookie.name, cookie.value)
    morsel["domain"] = cookie.domain
    morsel["path"] = cookie.path
    if cookie.expires_at < inf:
        morsel["expires"] = http_date(cookie.expires_at)
    if cookie.is_secure:
        morsel["secure"] = True
    if cookie.is_http_only:
        morsel["httponly"] = True
    if cookie.same_site:
        morsel["samesite"] = cookie.same_site
    if cookie.is_partitioned and "partitioned" in morsel:  # from Python 3.14 on
        morsel["partitioned"] = True
    return morsel


def kept_morsels(cookies: Iterable[Cookie]) -> Iterator[Morsel[str]]:
    """The same for many, without those that Morsels do not take."""
    for cookie in cookies:
        try:
            yield kept_morsel(cookie)
        except CookieError:
            continue


def any_morsel(cookie: Cookie) -> Morsel[str]:
    """A Morsel for every cookie; one that Morsels do not take has no value there."""
    try:
        return kept_morsel(cookie)
    except CookieError:
        name = _CONTROL.sub("?", cookie.name)
        plain = Cookie(name, "", cookie.domain, cookie.path, expires_at=cookie.expires_at)
        return kept_morsel(plain)


def sent_pairs(cookies: LooseCookies | None, quote: bool) -> list[tuple[str, str]]:
    """Names and values as they are sent, of a jar of somebody else.

    It should give a BaseCookie; what the option `cookies` of requests takes will do, and None.
    Raises TypeError and ValueError as `cookie_pairs`, without quoting what a Morsel left unquoted.
    """
    pairs = []
    for given, value in items_of(cookies or {}):
        name = checked_name(given)
        if isinstance(value, Morsel):
            pairs.append((name, coded_value(name, value.coded_value, quote=False)))
        else:
            pairs.append((name, coded_value(name, value, quote)))
    return pairs


def http_date(seconds: float) -> str:
    """A time since the epoch as RFC 9110 section 5.6.7 writes it."""
    return formatdate(seconds, usegmt=True)


def _bare_morsel(name: str, coded: str) -> Morsel[str]:
    return with_value(Morsel(), name, coded)


def with_value(morsel: Morsel[str], name: str, coded: str) -> Morsel[str]:
    """A new Morsel, given a name and a value as it is on the wire."""
    value = unquote_value(coded)
    if _CONTROL.search(value):
        value = coded
    # The protocol of pickle, since Morsel.set() refuses names that servers do use: "a[b]", "path".
    state = {"key": name, "value": value, "coded_value": coded}
    morsel.__setstate__(state)  # type: ignore[attr-defined]  # typeshed lacks it
    return morsel


def _morsel(cookie: SetCookie) -> Morsel[str]:
    morsel = _bare_morsel(cookie.name, cookie.value)
    for attribute, coded in cookie.attributes:
        name = attribute.lower()
        if name not in morsel:  # a new one has all the attributes that it can have, empty
            continue
        text = unquote_value(coded)
        if name in _FLAGS:
            morsel[name] = True
        elif not _CONTROL.search(text):
            morsel[name] = text
    return morsel
