"""Content-Disposition, of parts and of responses: reading it, and writing it for parts.

A value is taken apart from left to right by patterns that never go back, so a long one costs no
more than its length. What was read is what the sender wrote: a file name may be absolute, as
``/etc/passwd``, lead elsewhere, as ``../../x``, be empty, or hold control characters that were
percent-encoded. Who uses one as a path has to make it a plain name first.

RFC 6266 (the field), RFC 2183 (in MIME), RFC 7578 section 4.2 (in forms), RFC 8187 (``filename*``)
and RFC 2231 section 3 (``filename*0``, continuations).
"""

import codecs
import re
import warnings
from collections.abc import Mapping
from itertools import count
from types import MappingProxyType
from typing import Final, NamedTuple, Self
from urllib.parse import quote, unquote_to_bytes

__all__ = (
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "content_disposition_filename",
    "content_disposition_header",
    "parse_content_disposition",
)

# RFC 9110 section 5.6.2. A possessive quantifier: what it took it does not give back.
_TCHARS: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_TYPE: Final = re.compile(rf"[ \t]*+({_TCHARS})[ \t]*+(?=;|\Z)")
# Up to the next ";" outside of quotes: a name, and after "=" a quoted string or something else.
_PARAMETER: Final = re.compile(
    r'[ \t]*+([^=;"]*+)(?:=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"[ \t]*+(?=;|\Z)|([^;]*+)))?+', re.DOTALL
)
_IS_TOKEN: Final = re.compile(_TCHARS)
_CONTINUATION: Final = re.compile(r"[^*]++\*[0-9]++\*?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# Codecs of Python that are no charsets: they are slow on long input, or run escapes.
_NOT_CHARSETS: Final = frozenset(
    ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
)


class BadContentDispositionHeader(RuntimeWarning):
    """A Content-Disposition value is malformed, and was ignored."""


class BadContentDispositionParam(RuntimeWarning):
    """A parameter of a Content-Disposition value is malformed, and was left out."""


class _Malformed(Exception):
    """Nothing of the value can be trusted."""


class _MalformedParameter(Exception):
    """One parameter says nothing, the others may be fine."""


# The texts of warnings do not quote the value: Python remembers each text that it has shown, and
# peers would decide how many of them there are.


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    """Take a Content-Disposition value apart.

    Returns the type in lower case and the parameters by lower-case name. ``name*`` (RFC 8187) is
    decoded and keeps its star; parts of a continuation (RFC 2231) are not put together, which
    `content_disposition_filename` does. Without a value: ``(None, {})``.

    Warns and does not raise: a malformed value is ``(None, {})`` with BadContentDispositionHeader;
    a malformed name, extended value or continuation is left out with BadContentDispositionParam.

    File names are as the sender wrote them: never open one as a path.
    """
    if not header:
        return None, {}
    try:
        disposition, parameters, has_malformed = _parse(header)
    except _Malformed as error:
        warnings.warn(f"Content-Disposition: {error}", BadContentDispositionHeader, stacklevel=2)
        return None, {}
    if has_malformed:  # one warning, however many there are
        warnings.warn(
            "Content-Disposition: a parameter is malformed",
            BadContentDispositionParam,
            stacklevel=2,
        )
    return disposition, parameters


def _parse(header: str) -> tuple[str, dict[str, str], bool]:
    found = _TYPE.match(header)
    if found is None:
        raise _Malformed("it does not begin with a type")
    disposition = found[1].lower()
    parameters: dict[str, str] = {}
    has_malformed = False
    position = found.end()
    while position < len(header):  # at a ";"
        match = _PARAMETER.match(header, position + 1)
        if match is None or header[match.end() : match.end() + 1] not in ("", ";"):
            raise _Malformed("a quote stands in the name of a parameter")
        position = match.end()
        name, quoted, plain = match[1].strip(" \t").lower(), match[2], match[3]
        if quoted is None and plain is None:
            if not name:
                continue  # RFC 9110 section 5.6.6: a parameter may be empty
            raise _Malformed("a parameter has no value")
        if name in parameters:
            raise _Malformed("a parameter occurs twice")  # RFC 6266 section 4.1
        try:
            parameters[name] = _value(name, quoted, plain)
        except _MalformedParameter:
            has_malformed = True
    return disposition, parameters, has_malformed


def _value(name: str, quoted: str | None, plain: str | None) -> str:
    if _IS_TOKEN.fullmatch(name) is None:
        raise _MalformedParameter
    text = (plain or "").rstrip(" \t")
    is_token = quoted is None and _IS_TOKEN.fullmatch(text) is not None
    if name.endswith("*") and _CONTINUATION.fullmatch(name) is None:
        if not is_token:
            raise _MalformedParameter
        return _decode_extended(text)
    if quoted is not None:
        # RFC 9110 section 5.6.4: a backslash quotes what follows it.
        return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    if is_token:
        return text
    if _CONTINUATION.fullmatch(name) is not None:
        raise _MalformedParameter
    raise _Malformed("a value is neither a token nor a quoted string")


def _decode_extended(text: str) -> str:
    """``charset'language'percent-encoded``, decoded (RFC 8187 section 3.2.1)."""
    charset, quote_mark, rest = text.partition("'")
    _, second_mark, value = rest.partition("'")
    if not quote_mark or not second_mark or "'" in value:
        raise _MalformedParameter
    # A "%" without two digits stands for itself, as users of this API are used to.
    return _decode(unquote_to_bytes(value), charset)


def _decode(data: bytes, charset: str) -> str:
    """`data` as text. An empty charset is UTF-8, which senders leave out."""
    try:
        codec = codecs.lookup(charset or "utf-8").name if len(charset) < 64 else "undefined"
        if codec.replace("_", "-") not in _NOT_CHARSETS:
            return str(data, codec)
    except (LookupError, ValueError):  # unknown, or not in it
        pass
    raise _MalformedParameter


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """The file name (or another parameter) among parsed parameters; None if there is none.

    The extended form counts more than the plain one (RFC 6266 section 4.3), that more than a
    continuation, which is put together and decoded; None if it cannot be.

    It is what the sender wrote: never open it as a path.
    """
    for key in (f"{name}*", name):
        if key in params:
            return params[key]
    return _join_continuation(params, name)


def _join_continuation(params: Mapping[str, str], name: str) -> str | None:
    # RFC 2231 sections 3 and 4.1: numbered from 0; those that end with a star are percent-encoded,
    # and the first of them says in which charset.
    charset = "utf-8"
    has_encoded = False
    texts: list[str] = []
    for number in count():
        plain = params.get(f"{name}*{number}")
        encoded = params.get(f"{name}*{number}*")
        if encoded is not None:
            if number == 0 and encoded.count("'") >= 2:
                charset, _, encoded = encoded.split("'", 2)
            if not has_encoded:  # those before it must not be decoded
                texts = [text.replace("%", "%25") for text in texts]
            has_encoded = True
            texts.append(encoded)
        elif plain is not None:
            texts.append(plain.replace("%", "%25") if has_encoded else plain)
        else:
            break
    if not has_encoded:
        return "".join(texts) if texts else None
    try:
        return _decode(unquote_to_bytes("".join(texts)), charset)
    except (_MalformedParameter, UnicodeEncodeError):  # the latter for bytes that were not UTF-8
        return None


def content_disposition_header(
    disptype: str,
    *,
    quote_fields: bool = True,
    charset: str = "utf-8",
    params: Mapping[str, str],
) -> str:
    """Write a Content-Disposition value.

    `disptype` is a token such as ``form-data``. With `quote_fields` file names are percent-encoded
    in `charset`, and have the form of RFC 8187 besides if they are not ASCII, except in forms;
    other values are quoted, or have that form if they are not ASCII, the name of a form's field
    both. Without `quote_fields` values are only quoted, and stay as they are otherwise.

    Raises ValueError for a type or name that is not a token, for control characters (which could
    begin another field) and for what cannot be encoded.
    """
    for token in (disptype, charset, *params):
        if _IS_TOKEN.fullmatch(token) is None:
            raise ValueError(f"not a token, as Content-Disposition needs it: {token[:100]!r}")
    parts = [disptype]
    for name, value in params.items():
        if _CONTROL.search(value):
            raise ValueError(f"control character in Content-Disposition: {name}={value[:100]!r}")
        parts += _written(disptype, name, value, charset if quote_fields else None)
    return "; ".join(parts)


def _written(disptype: str, name: str, value: str, charset: str | None) -> list[str]:
    """One parameter as it is sent, or both forms of one; `charset` is for percent-encoding."""
    quoted = value.replace("\\", r"\\").replace('"', r"\"")
    if charset is None:
        return [f'{name}="{quoted}"']
    if name.lower() == "filename":
        # RFC 7578 section 4.2. More is encoded than it asks for: receivers know it so.
        encoded = quote(value, safe="", encoding=charset)
        written = [f'{name}="{encoded}"']
        # RFC 7578 section 4.2: the other form must not be used in forms.
        if not value.isascii() and disptype.lower() != "form-data":
            written.append(f"{name}*={charset}''{encoded}")
        return written
    if value.isascii():
        return [f'{name}="{quoted}"']
    # RFC 8187 section 3.2. In forms, too: receivers of what this API sends know it so.
    extended = f"{name}*={charset}''{quote(value, safe='', encoding=charset)}"
    if name.lower() == "name" and disptype.lower() == "form-data":
        # RFC 7578 section 5.1: in UTF-8. There are servers that refuse a form without this one.
        return [f'{name}="{quoted}"', extended]
    return [extended]


class ContentDisposition(NamedTuple):
    """What a Content-Disposition field says: its type, its parameters, and the file name in them.

    A peer chose the name: it may have path separators in it, and must not be used as a path.
    """

    type: str | None
    parameters: Mapping[str, str]
    filename: str | None

    @classmethod
    def of(cls, header: str) -> Self:
        """The field's value, parsed as `parse_content_disposition` does."""
        disptype, parameters = parse_content_disposition(header)
        return cls(disptype, MappingProxyType(parameters), content_disposition_filename(parameters))
