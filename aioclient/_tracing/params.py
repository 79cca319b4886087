"""What the handlers of a `TraceConfig` are told of each event.

The names and fields are those of aiohttp; fields that were added come after them and have a
default. What is printed of them shows neither a header's value nor the content of a body, which may
be secrets: only names and lengths. They are not to be changed, but the headers of a request that
has not been sent may be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient._message.response import ClientResponse
from aioclient.errors import without_user_info


def _named(value: object) -> str:
    return f"<{type(value).__name__}>"


def _shown_response(value: object) -> str:
    status = f" [{value.status}]" if isinstance(value, ClientResponse) else ""
    return f"<{type(value).__name__}{status}>"


def _shown_headers(value: object) -> str:
    names = ", ".join(value) if isinstance(value, Mapping) else type(value).__name__
    return f"<{names}>"


def _shown_chunk(value: object) -> str:
    size = len(value) if isinstance(value, bytes | bytearray | memoryview) else "?"
    return f"<{size} bytes>"


#: How fields are shown that may hold what others must not see.
_SHOWN: Final[Mapping[str, Callable[[object], str]]] = {
    "url": lambda url: repr(without_user_info(str(url))),
    "headers": _shown_headers,
    "chunk": _shown_chunk,
    "response": _shown_response,
    "exception": lambda error: "None" if error is None else _named(error),
}


class _Params:
    """What all of them have in common."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = []
        for field in fields(self):  # type: ignore[arg-type] # those of the dataclass it is one of
            value: object = getattr(self, field.name)
            shown.append(f"{field.name}={_SHOWN.get(field.name, repr)(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestStartParams(_Params):
    """A request begins, before a connection is looked for; its headers can be changed still."""

    method: str
    url: URL
    headers: CIMultiDict[str]


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestHeadersSentParams(_Params):
    """The head of a request was given to a connection: on which, by `ConnectionInfo.id`."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    connection_id: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestChunkSentParams(_Params):
    """A piece of a request's body was given to a connection."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True, repr=False)
class TraceResponseChunkReceivedParams(_Params):
    """A piece of a response's body, or all of it, was read."""

    method: str
    url: URL
    chunk: bytes


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestRedirectParams(_Params):
    """A response sends the request on to another place."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestEndParams(_Params):
    """The head of the response is there; its body may not be."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestExceptionParams(_Params):
    """A request failed."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    exception: BaseException


@dataclass(frozen=True, slots=True, repr=False)
class TraceRequestAttemptEndParams(_Params):
    """One sending of a request has led to the head of a response, or has failed. Not in aiohttp.

    There is one for each time that it is sent: redirects, what middlewares send again, and the
    second time after a kept connection was found closed. Either `response` or `exception` is None.
    `begun_at` is when a connection was looked for, `sent_at` when all of the request was out, in
    seconds of `time.monotonic`; the latter is None if it never was, or not before the answer came.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    response: ClientResponse | None
    exception: BaseException | None
    begun_at: float
    sent_at: float | None


@dataclass(frozen=True, slots=True, repr=False)
class TraceConnectionQueuedStartParams(_Params):
    """A request waits for a connection, because there are as many as allowed."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceConnectionQueuedEndParams(_Params):
    """It has waited."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceConnectionCreateStartParams(_Params):
    """A new connection is about to be made."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceConnectionCreateEndParams(_Params):
    """It can be used, TLS included; `connection_id` is its `ConnectionInfo.id`."""

    connection_id: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class TraceConnectionReuseconnParams(_Params):
    """A kept connection serves the request."""

    connection_id: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class TraceDnsResolveHostStartParams(_Params):
    """A resolver is about to be asked for the addresses of a name."""

    host: str


@dataclass(frozen=True, slots=True, repr=False)
class TraceDnsResolveHostEndParams(_Params):
    """It gave some."""

    host: str


@dataclass(frozen=True, slots=True, repr=False)
class TraceDnsCacheHitParams(_Params):
    """The addresses of a name are known, or were being asked for already."""

    host: str


@dataclass(frozen=True, slots=True, repr=False)
class TraceDnsCacheMissParams(_Params):
    """The addresses of a name are not known."""

    host: str


@dataclass(frozen=True, slots=True, repr=False)
class TraceTlsHandshakeStartParams(_Params):
    """A TLS handshake has begun, with a server or with a proxy. Not in aiohttp."""

    host: str


@dataclass(frozen=True, slots=True, repr=False)
class TraceTlsHandshakeEndParams(_Params):
    """It is done: with which version, as "TLSv1.3", and which cipher suite. Not in aiohttp."""

    host: str
    version: str | None
    cipher: str | None


@dataclass(frozen=True, slots=True, repr=False)
class TraceResponseInformationalParams(_Params):
    """An informational response has come, as 103 (Early Hints). Not in aiohttp."""

    method: str
    url: URL
    status: int
    headers: CIMultiDictProxy[str]


@dataclass(frozen=True, slots=True, repr=False)
class TraceResponseEndParams(_Params):
    """A response is over: no more of it comes. Not in aiohttp.

    `sent_bytes` and `received_bytes` count the bodies as they went over the wire; `exception` is
    None if the response arrived whole. `response` is None if nobody had it any more. `ended_at` is
    when that was, in seconds of `time.monotonic`.
    """

    method: str
    url: URL
    response: ClientResponse | None
    sent_bytes: int
    received_bytes: int
    exception: BaseException | None
    ended_at: float = 0.0
