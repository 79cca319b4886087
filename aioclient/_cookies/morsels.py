"""Cookies of a response as the standard library's objects, which its users know.

This module loads ``http.cookies``, and so ``http``: import it when somebody asks for cookies.
"""

import re
from collections.abc import Iterable, Sequence
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Final

from .parse import SetCookie, parse_set_cookies
from .quote import unquote_value

_FLAGS: Final = frozenset(("httponly", "partitioned", "secure"))
# Newer patch releases of Python refuse these in a Morsel, tabs included. So that all give the same,
# none of them gets there.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def response_cookies(values: Sequence[str]) -> SimpleCookie:
    """The cookies in the values of a response's Set-Cookie fields; see `simple_cookie`.

    What has to be ignored is left out, with one warning logged, as `parse_set_cookies` says.
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


def _morsel(cookie: SetCookie) -> Morsel[str]:
    morsel: Morsel[str] = Morsel()
    value = unquote_value(cookie.value)
    if _CONTROL.search(value):
        value = cookie.value
    # The protocol of pickle, since Morsel.set() refuses names that servers do use: "a[b]", "path".
    state = {"key": cookie.name, "value": value, "coded_value": cookie.value}
    morsel.__setstate__(state)  # type: ignore[attr-defined]  # typeshed lacks it
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
