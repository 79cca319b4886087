"""Request heads -> bytes: the Python twin.

Every byte that a caller can put into a head passes here, and what could end a line or split a
request is refused: a method and a field name are tokens (RFC 9110 sections 9.1 and 5.1), a target
and a Host are visible ASCII, a value has no control characters but HTAB (section 5.5).
"""

import re
from collections.abc import Iterable

from aioclient._http.events import FieldLines
from aioclient._http1.diagnosis import bad_field_name, bad_field_value

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_FORBIDDEN_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS = b" \t"


def write_field_lines(fields: Iterable[tuple[str, str]]) -> FieldLines:
    """Each name and value as a line, values in UTF-8 (surrogate escapes become their bytes).

    White space around a value is cut off: it is no part of it (RFC 9110 section 5.5).

    Raises ValueError for a name that is not a token, and for a control character or what is no
    Unicode text in a value; TypeError for anything but strings.
    """
    lines = []
    for name, value in fields:
        _require_text(name, value)
        if _TOKEN.fullmatch(name) is None:
            raise bad_field_name(name)
        try:
            value_bytes = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # it has the value
            value_bytes = None
        if value_bytes is None or _FORBIDDEN_IN_VALUE.search(value_bytes):
            raise bad_field_value(name, value_bytes)
        lines.append(b"%b: %b\r\n" % (name.encode("ascii"), value_bytes.strip(_BLANKS)))
    return FieldLines(b"".join(lines))


def _require_text(name: object, value: object) -> None:
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(
            f"header names and values must be str, got {type(name).__name__} and "
            f"{type(value).__name__} for {name!r}"
        )


def write_request_head(
    method: str,
    target: str,
    authority: str,
    field_lines: FieldLines,
    framing_lines: bytes,
    minor_version: int = 1,
) -> bytes:
    """The whole head: request line, Host, the given lines, and the empty line (RFC 9112 section 3).

    `field_lines` come from `write_field_lines`, `framing_lines` from `machine`.

    Raises ValueError for a method that is not a token, for a target or authority with anything but
    visible ASCII characters, and for a version that is neither HTTP/1.0 nor HTTP/1.1.
    """
    if _TOKEN.fullmatch(method) is None:
        raise ValueError(f"invalid character in method {method!r}")
    if _VISIBLE.fullmatch(target) is None:
        raise ValueError(f"invalid character in request target {target!r}")
    if _VISIBLE.fullmatch(authority) is None:
        raise ValueError(f"invalid character in Host {authority!r}")
    if minor_version == 1:
        start = f"{method} {target} HTTP/1.1\r\nHost: {authority}\r\n"
    elif minor_version == 0:
        start = f"{method} {target} HTTP/1.0\r\nHost: {authority}\r\n"
    else:
        raise ValueError(f"HTTP/1 has the minor versions 0 and 1, not {minor_version!r}")
    return b"".join((start.encode("ascii"), field_lines, framing_lines, b"\r\n"))
