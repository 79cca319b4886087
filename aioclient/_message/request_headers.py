"""The headers of a request: what the caller, the session and the body say, put together.

What is put together is a multidict at first and lines at last (`field_lines`): without the four
fields that follow from the connection and the body's framing, which the HTTP/1 rooms write.
"""

from typing import Final

from multidict import CIMultiDict

from aioclient._aliases import LooseCookies, LooseHeaders
from aioclient._body.payload import Payload
from aioclient._http.events import NO_BODY, FieldLines
from aioclient._http.header_names import (
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    COOKIE,
    EXPECT,
    HOST,
    TRANSFER_ENCODING,
    USER_AGENT,
)
from aioclient._http.user_agent import USER_AGENT_VALUE
from aioclient._http1.head_writer import write_field_lines

_OF_FRAMING: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})


class Fields:
    """Header lines, and apart from them what has to be known of the rest; not to be changed."""

    __slots__ = ("connection", "content_length", "cookie", "expects_100", "host", "lines")

    def __init__(
        self,
        lines: FieldLines,
        host: str | None,
        connection: str | None,
        content_length: str | None,
        cookie: str | None,
        expects_100: bool,
    ) -> None:
        self.lines = lines
        #: Not among the lines: cookies of other places are put to it.
        self.cookie = cookie
        self.host = host
        self.connection = connection
        self.content_length = content_length
        self.expects_100 = expects_100


def merged_headers(
    session: CIMultiDict[str],
    own: LooseHeaders | None,
    authorization: str | None,
) -> CIMultiDict[str]:
    """All headers of a request that somebody gave: its own replace the session's of that name."""
    if CONTENT_LENGTH in session:
        raise ValueError("Content-Length cannot be a header of the session")
    headers = CIMultiDict(session)
    if authorization is not None:
        headers[AUTHORIZATION] = authorization
    if own:
        own_headers = checked_headers(own)
        if authorization is not None and AUTHORIZATION in own_headers:
            raise ValueError("an Authorization header excludes auth and user-info in the URL")
        headers.update(own_headers)
    return headers


def checked_headers(given: LooseHeaders) -> CIMultiDict[str]:
    """The `headers` of a session or request; their values are looked at when they are written.

    Raises TypeError and ValueError for what is no mapping and no pairs.
    """
    try:
        return CIMultiDict(given)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"headers must be a mapping or pairs of str: {error}") from None


def add_auto_headers(
    headers: CIMultiDict[str], payload: Payload | None, skip: frozenset[str]
) -> None:
    """Add what is said unless the caller says something else, or wishes nothing of it."""
    if ACCEPT not in headers and "accept" not in skip:
        headers[ACCEPT] = "*/*"
    if ACCEPT_ENCODING not in headers and "accept-encoding" not in skip:
        from aioclient._body.content_coding import accept_encoding  # late: not at start-up

        headers[ACCEPT_ENCODING] = accept_encoding()
    if USER_AGENT not in headers and "user-agent" not in skip:
        headers[USER_AGENT] = USER_AGENT_VALUE
    if payload is None:
        return
    if not payload.has_plain_headers:
        _add_payload_headers(headers, payload.headers, skip)
    elif CONTENT_TYPE not in headers and "content-type" not in skip:
        headers[CONTENT_TYPE] = payload.content_type


def _add_payload_headers(
    headers: CIMultiDict[str], own: CIMultiDict[str], skip: frozenset[str]
) -> None:
    """Add what a payload says of itself, but nothing of the framing, which is decided here."""
    left_out = {name.lower() for name in headers} | skip | _OF_FRAMING
    for name, value in own.items():
        if name.lower() not in left_out:
            headers.add(name, value)


def add_cookies(headers: CIMultiDict[str], cookies: LooseCookies, quote: bool = True) -> None:
    """Add cookies to what a Cookie header says already; each replaces those of its name."""
    from aioclient._cookies.header import cookie_pairs  # late
    from aioclient._cookies.pairs import header_pairs, joined, merged

    pairs = cookie_pairs(cookies, quote=quote)
    if pairs:
        given = header_pairs("; ".join(headers.popall(COOKIE, ())))
        headers[COOKIE] = joined(merged(given, pairs)) or ""


def compressed(payload: Payload | None, wish: object, headers: CIMultiDict[str]) -> Payload | None:
    """The payload with a content coding, and the header that says so; an empty one stays as it is.

    Raises ValueError for a coding that is not available, and beside a Content-Encoding or
    Content-Length header.
    """
    from aioclient._body.content_encoders import CompressedPayload, checked_coding  # late

    coding = checked_coding(wish)
    if coding is None or payload is None or payload.size == 0:
        return payload
    for name in (CONTENT_ENCODING, CONTENT_LENGTH):
        if name in headers:
            raise ValueError(f"compress and a {name!s} header exclude each other")
    headers[CONTENT_ENCODING] = coding
    return CompressedPayload(payload, coding)


def field_lines(headers: CIMultiDict[str]) -> Fields:
    """Headers as lines; takes the ones out that the HTTP/1 rooms write.

    Raises ValueError for headers that cannot be sent.
    """
    host = headers.popone(HOST, None)
    connection = headers.popone(CONNECTION, None)
    content_length = headers.popone(CONTENT_LENGTH, None)
    cookies = headers.popall(COOKIE, None)
    for name in (HOST, CONNECTION, CONTENT_LENGTH):
        if name in headers:
            raise ValueError(f"header {name!s} was given more than once")
    if TRANSFER_ENCODING in headers:
        raise ValueError("Transfer-Encoding cannot be set as a header, use chunked=True")
    # RFC 9110 section 10.1.1: the one expectation there is, in any case of letters.
    expects_100 = headers.get(EXPECT, "").lower() == "100-continue"
    lines = write_field_lines(headers.items())
    cookie = None if cookies is None else "; ".join(cookies)
    return Fields(lines, host, connection, content_length, cookie, expects_100)


def check_framing(fields: Fields, length: int, chunked: bool) -> None:
    """A Content-Length of the caller's own must be the truth, or say what nobody else can know."""
    value = fields.content_length
    if value is None:
        return
    if chunked:
        raise ValueError("chunked=True and a Content-Length header exclude each other")
    if not (value.isascii() and value.isdigit()):
        raise ValueError(f"invalid Content-Length header {value!r}")
    size = 0 if length == NO_BODY else length
    if size >= 0 and int(value) != size:
        raise ValueError(f"Content-Length header says {value}, but the body has {size} bytes")
