r"""Cookie values in quotes, both ways, as ``http.cookies`` does it: the Python twin.

RFC 6265bis knows no quoting: to it a quote is a character like others. Servers written in Python,
and those that still follow RFC 2109, read ``"a\054b"`` as ``a,b``.

All three take any str, also of a subclass, and raise TypeError for what is none; the message has
the type and not the value, which may be a secret. What needs no change is given back as it is.
"""

import re
import string
from typing import Final

# What needs no quotes: the characters of a token (RFC 9110 section 5.6.2), and ":".
_PLAIN: Final = re.compile(r"[!#$%&'*+\-.^_`|~:0-9A-Za-z]++")
_STANDS_FOR_ITSELF: Final = frozenset(
    string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~: ()/<=>?@[]{}"
)
# "," and ";" are among those that become octal: browsers and servers end a value there.
_ESCAPES: Final = {
    n: f"\\{n:03o}" for n in range(256) if chr(n) not in _STANDS_FOR_ITSELF
} | str.maketrans({'"': r"\"", "\\": r"\\"})

# A backslash in front of a line feed, or at the end, escapes nothing and stays.
_ESCAPED: Final = re.compile(r"\\([0-3][0-7][0-7]|.)")
_FROM_OCTAL: Final = {f"{n:03o}": chr(n) for n in range(256)}


def quote_value(value: str) -> str:
    r"""`value` as it is sent: in quotes, unless it has nothing but characters of a token or ":".

    In quotes, ``\`` and ``"`` get a backslash in front; of all other characters up to U+00FF those
    that are no ASCII text, and ``,`` and ``;``, become a backslash and three octal digits.

    `unquote_value` makes every value of it again, also one that had quotes around it before.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected str, got {type(value).__name__}")
    if _PLAIN.fullmatch(value):
        return value
    return f'"{value.translate(_ESCAPES)}"'


def is_quoted(text: str) -> bool:
    """Does it begin with a quote, and end with another?"""
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    return len(text) >= 2 and text[0] == text[-1] == '"'


def unquote_value(text: str) -> str:
    """The value that `text` stands for; `text` itself if it is not in quotes."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    # As `is_quoted` says; to ask it would take as long as all the rest for most values.
    if not text or text[0] != '"' or text[-1] != '"' or len(text) == 1:
        return text
    return _ESCAPED.sub(_meant, text[1:-1])


def _meant(found: re.Match[str]) -> str:
    escaped = found[1]
    return _FROM_OCTAL.get(escaped, escaped)
