"""What a connection is told to send, and what it reports to have received.

The same for every version of HTTP. A response arrives as `ResponseHead`, then pieces of body as
plain `bytes`, perhaps `Trailers`, then `END_OF_MESSAGE`; where the peer breaks the rules, the last
event of a batch is the exception that says so.
"""

from enum import Enum
from typing import Final, NamedTuple, NewType, TypeAlias

#: Field lines to send, ``Name: value`` CRLF each: checked when they were written.
FieldLines = NewType("FieldLines", bytes)
#: Field lines received, with the empty line that ends them: checked when they were cut off.
FieldSection = NewType("FieldSection", bytes)

#: Instead of a length: the body comes in chunks, or ends with the connection.
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2
#: Instead of a length: no body, and no framing field for it either.
NO_BODY: Final = -3


class EndOfMessage(Enum):
    """The response is complete; its connection may carry another."""

    END = "end of message"


END_OF_MESSAGE: Final = EndOfMessage.END


class RequestHead:
    """A request without its body: what to write, no matter how it is written."""

    __slots__ = (
        "authority",
        "body_length",
        "connection",
        "field_lines",
        "method",
        "minor_version",
        "target",
    )

    def __init__(
        self,
        method: str,
        target: str,
        authority: str,
        field_lines: FieldLines,
        body_length: int = NO_BODY,
        connection: str | None = None,
        minor_version: int = 1,
    ) -> None:
        self.method: str = method
        #: Path and query, already percent-encoded.
        self.target: str = target
        #: The value of Host: host name and, if it is not the default one, port.
        self.authority: str = authority
        #: All fields but those that belong to the connection and the body's framing.
        self.field_lines: FieldLines = field_lines
        #: Bytes of body, or CHUNKED, or NO_BODY.
        self.body_length: int = body_length
        #: The value of Connection, if the request has one.
        self.connection: str | None = connection
        #: Of HTTP/1: 1, or 0 for a server that knows no better.
        self.minor_version: int = minor_version

    def with_lines(self, more: bytes) -> "RequestHead":
        """The same with more field lines."""
        return RequestHead(
            self.method,
            self.target,
            self.authority,
            FieldLines(self.field_lines + more),
            self.body_length,
            self.connection,
            self.minor_version,
        )


class ResponseHead:
    """Status and fields of a response, with the fields that every client looks at singled out.

    The singled-out ones are the field's value as bytes, None if absent; of several lines with the
    same name the values are joined with ", " (RFC 9110 section 5.3). What they mean is not decided
    here. `field_section` has everything; it is cut into pieces only when somebody asks.
    """

    __slots__ = (
        "connection",
        "content_encoding",
        "content_length",
        "content_type",
        "field_section",
        "has_set_cookie",
        "keep_alive",
        "location",
        "minor_version",
        "reason",
        "status",
        "transfer_encoding",
    )

    def __init__(
        self,
        status: int,
        reason: str,
        minor_version: int,
        field_section: FieldSection,
        content_length: bytes | None,
        transfer_encoding: bytes | None,
        connection: bytes | None,
        content_type: bytes | None,
        content_encoding: bytes | None,
        location: bytes | None,
        keep_alive: bytes | None,
        has_set_cookie: bool,
    ) -> None:
        self.status: int = status
        self.reason: str = reason
        self.minor_version: int = minor_version
        self.field_section: FieldSection = field_section
        self.content_length: bytes | None = content_length
        self.transfer_encoding: bytes | None = transfer_encoding
        self.connection: bytes | None = connection
        self.content_type: bytes | None = content_type
        self.content_encoding: bytes | None = content_encoding
        self.location: bytes | None = location
        self.keep_alive: bytes | None = keep_alive
        self.has_set_cookie: bool = has_set_cookie


class Trailers(NamedTuple):
    """The fields that followed a chunked body; checked, like those of a head."""

    field_section: FieldSection


class ChunkEnds(NamedTuple):
    """Where chunks of HTTP/1.1 ended in the piece of body before: offsets from its start."""

    offsets: tuple[int, ...]


Event: TypeAlias = ResponseHead | bytes | Trailers | ChunkEnds | EndOfMessage | Exception
