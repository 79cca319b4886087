"""The exception that all others are, what they know of requests and places, and what they show."""

import re
from typing import Final, Protocol

SHOWN_BYTES: Final = 100


def shown(data: bytes) -> str:
    """The `repr` of what a peer sent, cut after its first 100 bytes."""
    if len(data) <= SHOWN_BYTES:
        return repr(data)
    return f"{data[:SHOWN_BYTES]!r}..."


def without_user_info(url: str) -> str:
    """A URL, valid or not, without login and password."""
    start = url.find("//") + 2
    if start > 1:
        authority = re.split(r"[/?#]", url[start:], maxsplit=1)[0]
        host = authority.rpartition("@")[2]
        port = host.rpartition(":")[2] if ":" in host else ""
        if port and not port.isdigit() and not host.endswith("]"):
            # No port, so it may be a password that has a "/", "?" or "#" in it.
            return url[:start] + url[start:].rpartition("@")[2]
    return re.sub(r"(^|//)[^/?#]*@", r"\1", url)


def printable(text: str) -> str:
    """Words with what would move a terminal, or begin a line of a log, as escapes."""
    if text.isprintable():
        return text
    # \x9b is a control character for some terminals; the last two end a line for some readers.
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: repr(found[0])[1:-1], text)


def without_credentials(text: str) -> str:
    """Words with URLs among them, these without login and password."""
    return re.sub(r"//[^\s/?#]*@", "//", text)


def reason(error: OSError) -> str:
    """What the system or a library said."""
    return without_credentials(error.strerror or str(error)) or type(error).__name__


class Endpoint(Protocol):
    """What an error needs to know of the place that could not be reached."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def is_ssl(self) -> bool: ...
    @property
    def ssl(self) -> object: ...


class RequestFacts(Protocol):
    """What an error needs to know of the request that was answered: `RequestInfo` has it."""

    @property
    def url(self) -> object: ...
    @property
    def real_url(self) -> object: ...
    @property
    def method(self) -> str: ...


class ClientError(Exception):
    """The root: whatever goes wrong with a request is one of these.

    URLs are shown without login and password, also if they were given as arguments.
    """

    def __str__(self) -> str:
        return without_credentials(super().__str__())

    def __repr__(self) -> str:
        return without_credentials(super().__repr__())
