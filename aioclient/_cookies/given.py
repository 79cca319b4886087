"""Cookies that a program gives to a jar, as if a server had sent them.

This module loads ``http.cookies``, and so ``http``: import it when there are cookies.
"""

from http.cookies import BaseCookie, Morsel
from typing import Final

from aioclient._aliases import LooseCookies

from .header import checked_name, coded_value, items_of
from .parse import SetCookie

#: Attributes of a Morsel that are flags.
_FLAGS: Final = frozenset({"httponly", "partitioned", "secure"})


def given_cookies(cookies: LooseCookies, *, quote: bool) -> list[SetCookie]:
    """Each cookie, with its attributes if it is a Morsel, with its value as it is sent.

    Raises TypeError and ValueError as `cookie_pairs`.
    """
    found = []
    for name, value in items_of(cookies):
        inside = value.items() if isinstance(value, BaseCookie) else [(name, value)]
        for own_name, own_value in inside:
            checked = checked_name(own_name)
            coded = coded_value(checked, own_value, quote)
            attributes = _attributes(own_value) if isinstance(own_value, Morsel) else []
            found.append(SetCookie(checked, coded, attributes))
    return found


def _attributes(morsel: "Morsel[str]") -> list[tuple[str, str]]:
    """Those that are set; `version` and `comment` mean nothing any more."""
    return [
        (name, "" if name in _FLAGS else str(value))
        for name, value in morsel.items()
        if value and name not in ("comment", "version")
    ]
