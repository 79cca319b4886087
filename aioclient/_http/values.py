"""Field values: token lists and media types (RFC 9110 sections 5.6 and 8.3)."""

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


@lru_cache(maxsize=256)
def media_type(value: bytes | None) -> MediaType:
    """The media type of a Content-Type value; that of plain bytes for none or a broken one.

    Several Content-Type lines arrive joined by commas; the first one counts.
    """
    if not value:
        return DEFAULT_MEDIA_TYPE
    text = value.decode("utf-8", "surrogateescape")
    essence, _, parameters = text.partition(";")
    essence = essence.partition(",")[0].strip().lower()
    if "/" not in essence:
        return DEFAULT_MEDIA_TYPE
    for name, parameter in parse_parameters(parameters):
        if name == "charset":
            return MediaType(essence, parameter)
    return MediaType(essence, None)


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """``a=b; c="d;e"`` as lower-case names and unquoted values (RFC 9110 section 5.6.6)."""
    parameters = []
    rest = text
    while rest:
        name, equals, rest = rest.partition("=")
        if not equals:
            break
        name = name.rpartition(";")[2]
        rest = rest.lstrip(" \t")
        if rest.startswith('"'):
            value, rest = _quoted_string(rest)
        else:
            value, _, rest = rest.partition(";")
            value = value.partition(",")[0].strip()
        parameters.append((name.strip().lower(), value))
    return parameters


def _quoted_string(text: str) -> tuple[str, str]:
    """The value of the quoted-string that `text` begins with, and the rest (section 5.6.4)."""
    value = []
    position = 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        value.append(text[position])
        position += 1
    return "".join(value), text[position + 1 :].partition(";")[2]


def tokens(value: bytes) -> list[bytes]:
    """The members of a comma-separated list in lower case, empty ones left out (section 5.6.1)."""
    return [token for part in value.lower().split(b",") if (token := part.strip(b" \t"))]
