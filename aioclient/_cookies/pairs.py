"""Cookies as pairs of a name and of a value as it is sent, and the Cookie header of such."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_UNFIT_FOR_FIELDS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS: Final = " \t"
# One cookie of a header: up to ";", or a quoted string that is the whole value. The quantifiers are
# possessive, and no quoted string is looked at twice: time is linear.
_PAIR: Final = re.compile(
    r'([^=;]*+)(?:(=)[ \t]*+("(?:[^"\\]|\\.)*+"(?=[ \t]*+(?:;|\Z))|[^;]*+))?+[ \t]*+(?:;|\Z)'
)


def header_pairs(value: str) -> list[tuple[str, str]]:
    """The cookies in the value of a Cookie header, in order, as they stand there.

    A ";" inside of a quoted value ends no cookie: this is what the caller wrote. Text without "="
    is a value without a name, and so is what begins with it; that keeps it if there is another, as
    its beginning would become a name. Several headers can be joined with "; ".

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
        if not name and "=" in text:
            text = f"={text}"
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
    # RFC 6265bis section 5.8.3 step 6: without a name there is no "=".
    texts = [f"{name}={value}" if name else value for name, value in pairs]
    return "; ".join(texts) or None
