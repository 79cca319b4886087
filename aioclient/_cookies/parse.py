"""Set-Cookie fields, taken apart (RFC 6265bis section 5.6).

What a field says is cut at ";" and at the first "=", and nothing else has a meaning: quotes, commas
and blanks inside of a name or a value are part of it. Whether a cookie is kept, and for whom, is
not decided here; attributes are as they came, in their order, known or not.

Lengths are those of what came over the wire: text is decoded as UTF-8 with surrogateescape.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: Octets of a name and its value together (RFC 6265bis section 5.6); a larger cookie is ignored.
MAX_PAIR_BYTES: Final = 4096
#: Octets of an attribute's value (section 5.6); a longer attribute is ignored.
MAX_ATTRIBUTE_VALUE_BYTES: Final = 1024
#: Attributes of one cookie that are looked at, empty ones counted. Cookies have up to nine. This
#: limit and the next are none of RFC 6265bis: what one response costs must have an end.
MAX_ATTRIBUTES: Final = 32
#: Set-Cookie fields of one response that are looked at.
MAX_FIELDS: Final = 50

#: Longer attributes are taken apart each time: what is remembered must not take much room.
MAX_KNOWN_CHARACTERS: Final = 256

_BLANKS: Final = " \t"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SHOWN_CHARACTERS: Final = 40


class CookieRefused(ValueError):
    """A Set-Cookie field has to be ignored. The text says why, without the cookie's value."""


class SetCookie:
    """A cookie as a server sent it.

    The name may be empty, or the value, but not both. Attributes are pairs of name and value, in
    the case and the order in which they came; the value of one without "=" is empty.
    """

    __slots__ = ("attributes", "has_short_attributes", "name", "value")

    def __init__(
        self,
        name: str,
        value: str,
        attributes: Sequence[tuple[str, str]] = (),
        has_short_attributes: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.attributes = attributes
        #: So short that what they come to may be remembered.
        self.has_short_attributes = has_short_attributes

    def __repr__(self) -> str:  # without the value: it may be a secret
        return f"<SetCookie {self.name!r} {list(self.attributes)!r}>"


def parse_set_cookies(fields: Sequence[str]) -> list[SetCookie]:
    """The cookies of a response, from the values of all its Set-Cookie fields, in their order.

    Fields that must be ignored are left out, and those after the first `MAX_FIELDS`.
    """
    cookies = []
    for field in fields[:MAX_FIELDS]:
        try:
            cookies.append(parse_set_cookie(field))
        except CookieRefused:  # who keeps cookies says so in the log
            continue
    return cookies


def parse_set_cookie(field: str) -> SetCookie:
    """The cookie in the value of one Set-Cookie field.

    Raises CookieRefused where the algorithm says that the field has to be ignored: it has a control
    character other than a tab, or more than `MAX_PAIR_BYTES`, or neither a name nor a value; and
    for text that no response can have, as it could not be sent.
    """
    # The steps are those of RFC 6265bis section 5.6.
    if _CONTROL.search(field):  # step 1
        raise CookieRefused(f"{_shown(field)} has a control character")
    pair, _, rest = field.partition(";")  # step 2
    name, equals, value = pair.partition("=")
    if not equals:  # step 3: all of it is the value
        name, value = "", pair
    name = name.strip(_BLANKS)  # step 4
    value = value.strip(_BLANKS)
    if _octets(name) + _octets(value) > MAX_PAIR_BYTES:  # step 5
        raise CookieRefused(f"{_shown(field)} has more than {MAX_PAIR_BYTES} bytes")
    if not pair.isascii() and not _came_as_octets(pair):
        raise CookieRefused(f"{_shown(field)} is not Unicode text")
    if not name and not value:  # section 5.7 step 2
        raise CookieRefused("a cookie has neither name nor value")
    if not rest:
        return SetCookie(name, value)
    if len(rest) <= MAX_KNOWN_CHARACTERS:
        return SetCookie(name, value, _known_attributes(rest), has_short_attributes=True)
    return SetCookie(name, value, _attributes(rest))


def _attributes(text: str) -> tuple[tuple[str, str], ...]:
    """What follows the first ";" (the second list of steps of section 5.6)."""
    found = []
    for attribute in text.split(";", MAX_ATTRIBUTES)[:MAX_ATTRIBUTES]:
        name, _, value = attribute.partition("=")  # step 4
        name = name.strip(_BLANKS)  # step 5
        value = value.strip(_BLANKS)
        if (name or value) and _octets(value) <= MAX_ATTRIBUTE_VALUE_BYTES:  # step 6
            found.append((name, value))
    return tuple(found)


# A server says the same of most of its cookies.
_known_attributes = lru_cache(maxsize=256)(_attributes)


def _octets(text: str) -> int:
    """The length of `text` on the wire, where what is a lone surrogate here was one octet."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _came_as_octets(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _shown(field: str) -> str:
    """What a message may say of a cookie: the beginning of its name, escaped."""
    name, equals, _ = field.partition(";")[0].partition("=")
    return f"cookie {name.strip(_BLANKS)[:_SHOWN_CHARACTERS]!a}" if equals else "a cookie"
