r"""Cookie values in quotes, both ways, as ``http.cookies`` does it.

RFC 6265bis knows no quoting: to it a quote is a character like others. Servers written in Python,
and those that still follow RFC 2109, read ``"a\054b"`` as ``a,b``.
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

_ESCAPED: Final = re.compile(r"\\([0-3][0-7][0-7]|.)")
_FROM_OCTAL: Final = {f"{n:03o}": chr(n) for n in range(256)}


def quote_value(value: str) -> str:
    r"""`value` as it is sent: in quotes, unless it has nothing but characters of a token or ":".

    In quotes, ``\`` and ``"`` get a backslash in front; of all other characters up to U+00FF those
    that are no ASCII text, and ``,`` and ``;``, become a backslash and three octal digits.
    """
    if _PLAIN.fullmatch(value):
        return value
    return f'"{value.translate(_ESCAPES)}"'


def is_quoted(text: str) -> bool:
    """Does it begin with a quote, and end with another?"""
    return len(text) >= 2 and text[0] == text[-1] == '"'


def unquote_value(text: str) -> str:
    """The value that `text` stands for; `text` itself if it is not in quotes."""
    if not is_quoted(text):
        return text
    return _ESCAPED.sub(lambda found: _FROM_OCTAL.get(found[1], found[1]), text[1:-1])
