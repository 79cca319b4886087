"""Sec-WebSocket-Extensions: which extensions, with which parameters (RFC 6455 section 9.1).

The grammar only; what a parameter means is for the extension to say. Text is what came over the
wire, decoded as UTF-8 with surrogateescape.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from aioclient.errors import shown

_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
# What a quoted value holds must be a token, too, so no blank or comma can be in it. All quantifiers
# are possessive: no input makes a search go back.
_QUOTED: Final = rf'"((?:{_WORD}|\\[!#$%&\'*+\-.^_`|~0-9A-Za-z])++)"'
_NAME: Final = re.compile(rf"[ \t]*+({_WORD})[ \t]*+")
_PARAMETER: Final = re.compile(
    rf";[ \t]*+({_WORD})[ \t]*+(?:=[ \t]*+(?:({_WORD})|{_QUOTED})[ \t]*+)?"
)
_EMPTY: Final = re.compile(r"[ \t]*+(?:,|\Z)")
_ESCAPED: Final = re.compile(r"\\(.)")


class Extension(NamedTuple):
    """One extension. Names are as received; a parameter without a value has None."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]


def parse_extensions(values: Iterable[str]) -> list[Extension]:
    """The extensions of all fields, in their order; empty list elements are left out.

    Raises ValueError if anything in them is malformed.
    """
    return [extension for value in values for extension in _extensions(value)]


def _extensions(value: str) -> list[Extension]:
    extensions = []
    position = 0
    while position < len(value):
        # RFC 9110 section 5.6.1.2: a reader takes empty elements of a list for nothing.
        if empty := _EMPTY.match(value, position):
            position = empty.end()
            continue
        extension, position = _extension(value, position)
        extensions.append(extension)
        if position < len(value) and value[position] != ",":
            raise _malformed(value)
        position += 1
    return extensions


def _extension(value: str, position: int) -> tuple[Extension, int]:
    found = _NAME.match(value, position)
    if found is None:
        raise _malformed(value)
    name = found[1]
    parameters: list[tuple[str, str | None]] = []
    while parameter := _PARAMETER.match(value, found.end()):
        found = parameter
        plain, quoted = parameter[2], parameter[3]
        text = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        parameters.append((parameter[1], text))
    return Extension(name, tuple(parameters)), found.end()


def _malformed(value: str) -> ValueError:
    return ValueError(
        f"Sec-WebSocket-Extensions is malformed: {shown(value.encode('utf-8', 'surrogateescape'))}"
    )
