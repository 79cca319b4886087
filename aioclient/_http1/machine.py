"""What may be sent and received now on one connection, and whether it may carry another request.

The machine turns a `RequestHead` into bytes and bytes into events; it neither reads nor writes.
"""

from math import inf

from aioclient._http.events import CHUNKED, RequestHead, ResponseHead
from aioclient._http1.framing import (
    UPGRADE,
    asks_to_close,
    check_minor_version,
    persists,
    says_length,
)
from aioclient._http1.head_writer import write_field_lines, write_request_head
from aioclient._http1.keep_alive import seconds_to_keep
from aioclient._http1.limits import DEFAULT_LIMITS, Limits
from aioclient._http1.parser import ResponseParser


class Http1Machine:
    """The rules of HTTP/1.1 for one connection: one exchange at a time (RFC 9112 section 9.3)."""

    __slots__ = (
        "_lengths_needed",
        "_parser",
        "_request_is_sent",
        "_request_minor_version",
        "closes",
        "gather",
        "peer_keeps_s",
        "receive",
        "receive_eof",
        "room",
        "stop_gathering",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._parser = ResponseParser(limits)
        #: Did the request itself say that the connection ends after it?
        self.closes = False
        #: For how many seconds the server keeps the idle connection, as far as it said.
        self.peer_keeps_s = inf
        self._lengths_needed = False
        self._request_is_sent = True
        self._request_minor_version = 1
        #: Bytes that arrived -> events; the parser's own, so that nothing stands in between.
        self.receive = self._parser.feed
        #: The end of the connection -> events.
        self.receive_eof = self._parser.feed_eof
        #: Bytes of a large body can be put together where they are received: see the parser.
        self.gather = self._parser.gather
        self.room = self._parser.room
        self.stop_gathering = self._parser.stop_gathering

    def request(
        self,
        head: RequestHead,
        limits: Limits | None = None,
        read_until_eof: bool = True,
        is_last: bool = False,
        upgrades: bool = False,
    ) -> bytes:
        """Begin an exchange; the bytes of the request's head.

        `limits` for its response, those from before for None. Without `read_until_eof` a response
        that says nothing of its length has no body, and ends the connection. `is_last` if the
        connection will carry no other: the server is told so (RFC 9112 section 9.6), unless the
        head says something of it. With `upgrades` 101 is an answer: what comes after its head is of
        another protocol.

        Raises ValueError, and has changed nothing, if a part of the head has forbidden characters,
        or needs HTTP/1.1 where the head says 1.0.
        """
        minor_version = head.minor_version
        if minor_version != 1:
            check_minor_version(head)
        length = head.body_length
        if length >= 0:
            framing = b"Content-Length: %d\r\n" % length
        else:
            framing = b"Transfer-Encoding: chunked\r\n" if length == CHUNKED else b""
        if head.connection is not None:
            framing += write_field_lines((("Connection", head.connection),))
        elif is_last and minor_version:
            framing += b"Connection: close\r\n"
        data = write_request_head(
            head.method, head.target, head.authority, head.field_lines, framing, minor_version
        )
        # After CONNECT the bytes belong to a tunnel (RFC 9110 section 9.3.6).
        self.closes = (
            is_last
            or head.method == "CONNECT"
            or ((head.connection is not None or minor_version == 0) and asks_to_close(head))
        )
        self._request_is_sent = length <= 0 and length != CHUNKED
        self._request_minor_version = minor_version
        self._parser.start(UPGRADE if upgrades else head.method, limits, read_until_eof)
        self._lengths_needed = not read_until_eof
        return data

    @property
    def surplus(self) -> int:
        """How many bytes came after the end of the response."""
        return self._parser.surplus

    @property
    def gathered(self) -> int:
        """How much of a body that is put together is there."""
        return self._parser.gathered

    def request_sent(self) -> None:
        """The last byte of the request's body has been handed to the link."""
        self._request_is_sent = True

    def may_persist(self, head: ResponseHead) -> bool:
        """May the connection carry another exchange after the one with this head, once it ended?

        Not if either side said that it closes, if the request is not out yet, or if the server sent
        more than its response: who those bytes belong to is unknowable (RFC 9112 section 6.3).
        """
        if head.keep_alive is not None:
            self.peer_keeps_s = seconds_to_keep(head.keep_alive)
        return (
            self._request_is_sent
            and not self.closes
            and not self._parser.surplus
            and persists(head, self._request_minor_version)
            and not (self._lengths_needed and not says_length(head))
        )
