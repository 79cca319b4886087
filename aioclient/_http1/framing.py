"""How long is this body, and does the connection persist? Pure functions (RFC 9112).

`body_length` is asked by both twins of the parser, so what a head means is decided in one place.
"""

from aioclient._http.events import CHUNKED, NO_BODY, UNTIL_CLOSE, RequestHead, ResponseHead
from aioclient._http.values import tokens
from aioclient.errors import ServerProtocolError, shown

#: More digits than any body has; keeps lengths within 64 bits.
MAX_LENGTH_DIGITS = 18

#: Stands for the method of a request that another protocol may answer (RFC 9110 section 7.8).
UPGRADE = "GET, upgrade"

_NEEDS_1_1 = "{} needs HTTP/1.1, but the request has version=HttpVersion10"
#: RFC 9110 section 8.6: without a body, requests of these say that its length is 0.
METHODS_EXPECTING_BODY = frozenset({"POST", "PUT", "PATCH"})


def body_length(head: ResponseHead, method: str) -> int:
    """The bytes of body that follow `head`, or CHUNKED, or UNTIL_CLOSE (RFC 9112 section 6.3).

    Raises ServerProtocolError if the fields contradict each other or cannot be understood.
    """
    status = head.status
    # Item 1: these have no body, whatever their fields say.
    if method == "HEAD" or status == 204 or status == 304 or status < 200:
        # RFC 9110 section 15.2.2: only in answer to an Upgrade field.
        if status == 101 and method != UPGRADE:
            raise ServerProtocolError("the server switched protocols (101) without being asked to")
        return 0
    # Item 2: a tunnel follows.
    if method == "CONNECT" and status < 300:
        return 0
    if head.transfer_encoding is not None:
        return _transfer_coded(head, head.transfer_encoding)
    value = head.content_length
    if value is None:
        return UNTIL_CLOSE  # item 8
    if value.isdigit() and len(value) <= MAX_LENGTH_DIGITS:
        return int(value)  # item 6
    return _repeated_length(value)


def _transfer_coded(head: ResponseHead, value: bytes) -> int:
    if head.content_length is not None:
        # Item 3 allows to let Transfer-Encoding win; it also says that this ought to be an error.
        raise ServerProtocolError(
            "response has both Transfer-Encoding and Content-Length: "
            f"{shown(value)} and {shown(head.content_length)}"
        )
    if tokens(value) != [b"chunked"]:  # item 4
        raise ServerProtocolError(f"unsupported Transfer-Encoding {shown(value)}")
    return CHUNKED


def _repeated_length(value: bytes) -> int:
    """Item 5: a list of equal lengths counts as one (RFC 9110 section 8.6)."""
    members = {member.strip(b" \t") for member in value.split(b",")}
    if len(members) == 1:
        (member,) = members
        digits = member.lstrip(b"0") or member[-1:]  # leading zeros are no overflow
        if member.isdigit() and len(digits) <= MAX_LENGTH_DIGITS:
            return int(digits)
    raise ServerProtocolError(f"invalid Content-Length {shown(value)}")


def says_length(head: ResponseHead) -> bool:
    """Does the head say how long the body is, so that it need not end with the connection?"""
    return head.content_length is not None or head.transfer_encoding is not None


def persists(head: ResponseHead, request_minor_version: int = 1) -> bool:
    """Does the server keep the connection open after this response (RFC 9112 section 9.3)?

    After a request of HTTP/1.0 only if it says so: appendix C.2.2 lets it ignore that it was asked.
    """
    connection = head.connection
    if head.minor_version >= 1 and request_minor_version >= 1:
        # The first two are what most servers say; it does not have to be taken apart.
        return (
            connection is None
            or connection == b"keep-alive"
            or (b"close" not in tokens(connection))
        )
    # A chunked answer from HTTP/1.0, or to it, is nobody's standard (section 6.1): its sender is
    # not trusted with another.
    if connection is None or head.transfer_encoding is not None:
        return False
    options = tokens(connection)
    return b"keep-alive" in options and b"close" not in options


def asks_to_close(head: RequestHead) -> bool:
    """Did the request itself say that the connection ends after it?

    One of HTTP/1.0 says so unless it asks for the contrary (RFC 9112 section 9.3).
    """
    if head.connection is None:
        return head.minor_version == 0
    options = tokens(head.connection.encode("latin-1"))
    return b"close" in options or (head.minor_version == 0 and b"keep-alive" not in options)


def check_minor_version(head: RequestHead) -> None:
    """Raise ValueError for a request that needs HTTP/1.1 and says that it is HTTP/1.0."""
    if head.minor_version == 0:
        if head.body_length == CHUNKED:
            raise ValueError(_NEEDS_1_1.format("a body in chunks"))
        # RFC 9110 section 10.1.1: a server must ignore it, so it would be waited for in vain.
        if b"\r\nexpect:" in b"\r\n" + head.field_lines.lower():
            raise ValueError(_NEEDS_1_1.format("Expect: 100-continue (expect100=True)"))


def request_body_length(
    method: str, size: int | None, chunked: bool, minor_version: int = 1
) -> int:
    """How a request's body is framed: a length, CHUNKED, or NO_BODY (RFC 9112 section 6.1).

    `size` is the payload's, -1 if there is a payload of unknown size, None if there is none.

    Raises ValueError for CHUNKED in HTTP/1.0, which has no such thing.
    """
    if size is None:
        return 0 if method in METHODS_EXPECTING_BODY else NO_BODY
    if minor_version == 0 and (chunked or size < 0):
        what = "chunked=True" if chunked else "a body of unknown size"
        raise ValueError(_NEEDS_1_1.format(what))
    return CHUNKED if chunked or size < 0 else size
