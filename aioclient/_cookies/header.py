"""The Cookie header of a request, from the cookies that the caller gave.

In between, cookies are pairs of a name and of a value as it is sent. This module loads
``http.cookies``, and so ``http``: import it when there are cookies.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http.cookies import BaseCookie, Morsel
from typing import Final

from aioclient._aliases import LooseCookies

from .quote import is_quoted, quote_value

# RFC 6265bis section 4.1.1 asks for tokens. Servers use more than that, but with these in it a name
# would be read as something else.
_UNFIT_FOR_NAMES: Final = re.compile(r"[\x00-\x20=;,\x7f]")
_UNFIT_FOR_VALUES: Final = re.compile(r"[\x00-\x1f;\x7f]")
_UNFIT_FOR_FIELDS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_BLANKS: Final = " \t"
_SHOWN_CHARACTERS: Final = 100
# One cookie of a header: up to ";", or a quoted string that is the whole value. The quantifiers are
# possessive, and no quoted string is looked at twice: time is linear.
_PAIR: Final = re.compile(
    r'([^=;]*+)(?:(=)[ \t]*+("(?:[^"\\]|\\.)*+"(?=[ \t]*+(?:;|\Z))|[^;]*+))?+[ \t]*+(?:;|\Z)'
)


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
    for name, value in _items(cookies):
        inside = value.items() if isinstance(value, BaseCookie) else [(name, value)]
        for own_name, own_value in inside:
            checked = _checked_name(own_name)
            coded[checked] = _coded(checked, own_value, quote)
    return list(coded.items())


def header_pairs(value: str) -> list[tuple[str, str]]:
    """The cookies in the value of a Cookie header, in order, as they stand there.

    A ";" inside of a quoted value ends no cookie: this is what the caller wrote. Text without "="
    is a value without a name. Several headers can be joined with "; ".

    Raises ValueError for control characters, which cannot be sent.
    """
    if _UNFIT_FOR_FIELDS.search(value):
        raise ValueError("the Cookie header has a control character")
    pairs = []
    for found in _PAIR.finditer(value):
        name, equals, text = found.groups("")
        if not equals:
            name, text = "", name
        name, text = name.strip(_BLANKS), text.strip(_BLANKS)
        if name or text:
            pairs.append((name, text))
    return pairs


def merged(
    first: Iterable[tuple[str, str]], second: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Both, where a name of `second` replaces all of that name in `first`."""
    replaced = {name for name, _ in second}
    return [pair for pair in first if pair[0] not in replaced] + list(second)


def joined(pairs: Iterable[tuple[str, str]]) -> str | None:
    """The value of a Cookie header with these cookies; None if there are none."""
    # RFC 6265bis section 5.8.3 step 4: without a name there is no "=", unless the value has one.
    texts = [f"{name}={value}" if name or "=" in value else value for name, value in pairs]
    return "; ".join(texts) or None


def _items(cookies: LooseCookies) -> Iterator[tuple[object, object]]:
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


def _checked_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"name of a cookie must be str, not {type(name).__name__}")
    if not name or _UNFIT_FOR_NAMES.search(name):
        raise ValueError(f"not the name of a cookie: {_shown(name)}")
    return _checked_text(name, name)


def _coded(name: str, value: object, quote: bool) -> str:
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
