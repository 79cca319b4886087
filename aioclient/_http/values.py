"""Field values: token lists and media types (RFC 9110 sections 5.6 and 8.3)."""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple


class MediaType(NamedTuple):
    """A media type as received: lower-case type, and the charset parameter if there is one."""

    essence: str
    charset: str | None

    @property
    def is_json(self) -> bool:
        """``application/json`` or a ``+json`` type (RFC 6839 section 3.1)."""
        return self.essence == "application/json" or self.essence.endswith("+json")


DEFAULT_MEDIA_TYPE = MediaType("application/octet-stream", None)


def media_type(value: bytes | None) -> MediaType:
    """The media type of a Content-Type value; that of plain bytes for none or a broken one.

    Several Content-Type lines arrive joined by commas; the first one counts.
    """
    if not value:
        return DEFAULT_MEDIA_TYPE
    # The cache holds no more of what a peer sent than a few kilobytes.
    return _known_media_type(value) if len(value) <= 128 else _parse_media_type(value)


def _parse_media_type(value: bytes) -> MediaType:
    text = value.decode("utf-8", "surrogateescape")
    essence, semicolon, parameters = text.partition(";")
    essence, comma, _ = essence.partition(",")
    essence = essence.strip().lower()
    if "/" not in essence:
        return DEFAULT_MEDIA_TYPE
    if semicolon and not comma:
        for name, parameter in parse_parameters(parameters):
            if name == "charset":
                return MediaType(essence, parameter)
    return MediaType(essence, None)


_known_media_type = lru_cache(maxsize=256)(_parse_media_type)


def known_codec(charset: str | None) -> str | None:
    """Python's name for a charset; None for none, and for what is no encoding of text."""
    try:
        if charset is not None and len(charset) < 64 and str(b"0", charset, "replace"):
            return codecs.lookup(charset).name
    except (LookupError, ValueError):
        pass
    return None


def text_codec(charset: str | None) -> str:
    """The same, but ``utf-8`` instead of None."""
    return known_codec(charset) or "utf-8"


# Up to the next ";": a name and, after "=", a quoted string or what else stands there. The first
# quantifiers are possessive, so that no input makes the search go back.
_PARAMETER = (
    r'[ \t;]*+([^=;,"]++)(?:=[ \t]*+(?:"((?:[^"\\]|\\.)*+\\?)"?|([^;,"]*+)))?[ \t]*(?=[;,]|\Z)'
)


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """``a=b; c="d;e"`` as lower-case names and unquoted values (RFC 9110 section 5.6.6).

    A name without "=" is left out. Stops at a comma, which ends the member of a list, and at what
    is not a parameter.
    """
    match = re.compile(_PARAMETER).match  # compiled once, when it is first needed
    parameters = []
    position = 0
    while (found := match(text, position)) is not None:
        name, quoted, plain = found.groups()
        if quoted is not None:
            plain = re.sub(r"\\(.)", r"\1", quoted)
        if plain is not None:
            parameters.append((name.strip().lower(), plain.strip() if quoted is None else plain))
        position = found.end()
    return parameters


def tokens(value: bytes) -> list[bytes]:
    """The members of a comma-separated list in lower case, empty ones left out (section 5.6.1)."""
    return [token for part in value.lower().split(b",") if (token := part.strip(b" \t"))]
