"""The Cookie header of a request, from the cookies that the caller gave.

This module loads ``http.cookies``, and so ``http``: import it when there are cookies.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import BaseCookie, Morsel
from typing import Final

from aioclient._aliases import LooseCookies

from .pairs import joined
from .quote import is_quoted, quote_value

# RFC 6265bis section 4.1.1 asks for tokens. Servers use more than that, but with these in it a name
# would be read as something else.
_UNFIT_FOR_NAMES: Final = re.compile(r"[\x00-\x20=;,\x7f]")
_UNFIT_FOR_VALUES: Final = re.compile(r"[\x00-\x1f;\x7f]")

_SHOWN_CHARACTERS: Final = 100


def cookie_header(cookies: LooseCookies, *, quote: bool = True) -> str | None:
    """The value of a Cookie header for `cookies`; None if there are none.

    The arguments and the errors are those of `cookie_pairs`.
    """
    return joined(cookie_pairs(cookies, quote=quote))


def cookie_pairs(cookies: LooseCookies, *, quote: bool = True) -> list[tuple[str, str]]:
    """Names and values as they are sent, in the caller's order, the last value of each name.

    Values are quoted where `quote_value` does so; a Morsel's coded value that is in quotes already
    stays as it is. Without `quote` they are sent raw. A Morsel goes under the name that the caller
    gave it, which need not be its own; a BaseCookie as a value stands for all cookies in it.

    Raises TypeError for names and values that are not str, and ValueError for a name that is empty
    or has blanks, control characters, "=", ";" or ",", for a raw value with control characters or
    ";", and for what is no Unicode text. Messages have the name and not the value.
    """
    coded: dict[str, str] = {}
    for name, value in items_of(cookies):
        inside = value.items() if isinstance(value, BaseCookie) else [(name, value)]
        for own_name, own_value in inside:
            checked = checked_name(own_name)
            coded[checked] = coded_value(checked, own_value, quote)
    return list(coded.items())


def items_of(cookies: LooseCookies) -> Iterator[tuple[object, object]]:
    """Names and values; TypeError for what has none."""
    if isinstance(cookies, Mapping):
        yield from cookies.items()
        return
    pairs: Iterable[object] = cookies
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise TypeError(f"cookies must be a mapping or pairs, not {type(cookies).__name__}")
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError("cookies must be a mapping or pairs of a name and a value")
        yield pair[0], pair[1]


def checked_name(name: object) -> str:
    """The name of a cookie; TypeError and ValueError for what cannot be one."""
    if not isinstance(name, str):
        raise TypeError(f"name of a cookie must be str, not {type(name).__name__}")
    if not name or _UNFIT_FOR_NAMES.search(name):
        raise ValueError(f"not the name of a cookie: {_shown(name)}")
    return _checked_text(name, name)


def coded_value(name: str, value: object, quote: bool) -> str:
    """A value as it is sent."""
    if isinstance(value, Morsel):
        coded: object = value.coded_value
        value = value.value
        if (
            quote
            and isinstance(coded, str)
            and is_quoted(coded)
            and not _UNFIT_FOR_VALUES.search(coded)
        ):
            return _checked_text(name, coded)
    if not isinstance(value, str):
        raise TypeError(f"cookie {_shown(name)} must be str, not {type(value).__name__}")
    if quote:
        value = quote_value(value)
    elif _UNFIT_FOR_VALUES.search(value):
        raise ValueError(f'cookie {_shown(name)} has a control character or ";" in its value')
    return _checked_text(name, value)


def _checked_text(name: str, text: str) -> str:
    """`text`, if it can be encoded as header values are: what the message names is the cookie."""
    if not text.isascii() and not _is_unicode(text):
        raise ValueError(f"cookie {_shown(name)} is not Unicode text")
    return text


def _is_unicode(text: str) -> bool:
    # A function of its own: an error raised while this one is handled would lead to the value.
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    return repr(name[:_SHOWN_CHARACTERS])
