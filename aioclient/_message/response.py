"""The response as the caller sees it."""

import json as json_module
import re
import warnings
from collections.abc import Generator
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy, MultiMapping
from yarl import URL

from aioclient._aliases import JSONDecoder, RawHeaders
from aioclient._caller import warn_deprecated
from aioclient._connection.exchange import Exchange, Reading
from aioclient._http.events import ResponseHead
from aioclient._http.fields import raw_pairs, to_multidict
from aioclient._http.header_names import REFUSED_IN_TRAILERS
from aioclient._http.request_info import RequestInfo
from aioclient._http.values import MediaType, known_codec, media_type, text_codec
from aioclient._http.version import HttpVersion
from aioclient._http1.framing import MAX_LENGTH_DIGITS
from aioclient._message.request import CharsetResolver, Request
from aioclient.errors import (
    ClientConnectionError,
    ClientPayloadError,
    ClientResponseError,
    ContentTypeError,
)

if TYPE_CHECKING:
    import asyncio
    from datetime import timedelta
    from http.cookies import SimpleCookie

    from aioclient._body.content_disposition import ContentDisposition
    from aioclient._connection.switched_link import SwitchedLink
    from aioclient._message.connection_info import ConnectionInfo
    from aioclient._message.stream_reader import StreamReader

# As lenient as users of this API are used to: what follows "json" is not looked at.
_JSON_TYPE: Final = r"application/(?:[\w.+-]+?\+)?json"
#: Below this size decoded, no body is too much larger than what came.
_RATIO_FLOOR_BYTES: Final = 16 * 2**20
_DECODE_JSON: Final = json_module.JSONDecoder().raw_decode


class _Done:
    """Something to await that has happened already."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_DONE: Final = _Done()


class _Unfinished:
    """Held by a response whose body is still arriving: dropped with it, it ends the exchange."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __del__(self) -> None:
        if not self._exchange.has_ended:  # perhaps in another thread, where garbage is collected
            self._exchange.abandon_soon(ClientConnectionError("the response was dropped"))


class ClientResponse:
    """A response: its head is here, its body is here or arriving.

    Read the body to its end, leave an ``async with`` block, or call `release`: then the connection
    can serve the next request.
    """

    __slots__ = (
        "__weakref__",
        "_body",
        "_connection",
        "_content",
        "_cookies",
        "_exchange",
        "_fields",
        "_head",
        "_history",
        "_request",
        "_unfinished",
        "attempts",
        "is_entered",
        "method",
        "reason",
        "status",
    )

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        writer: object,
        continue100: object,
        timer: object,
        request_info: RequestInfo,
        traces: object,
        loop: "asyncio.AbstractEventLoop",
        session: object,
        stream_writer: object = None,
    ) -> None:
        """Make one by hand, for programs that stand in for a server, which set the rest of it.

        As in aiohttp, what it is made of is set afterwards: `status`, `reason`, `content` or
        `_body`, `_headers`, `_history`. Only `method`, `url`, `request_info` and `loop` count here.
        """
        from aioclient._message.response_by_hand import parts_by_hand  # late: of tests

        self.take(*parts_by_hand(method, url, request_info, loop))

    def take(
        self,
        request: Request,
        head: ResponseHead,
        exchange: Exchange,
        attempts: int = 1,
        history: "tuple[ClientResponse, ...]" = (),
    ) -> None:
        """Be the response to a request, whose head has come: for the session, once."""
        self._request = request
        self._history = history
        self._head = head
        self._exchange = exchange
        self._connection: ConnectionInfo | None = None
        self._fields: CIMultiDictProxy[str] | None = None
        self._body: bytes | None = None
        self._content: StreamReader | None = None
        self._cookies: SimpleCookie | None = None
        self._unfinished = None if exchange.has_ended else _Unfinished(exchange)
        #: How often the request was sent: 2 if a kept connection had been closed (new here).
        self.attempts: int = attempts
        #: Is it in the hands of an ``async with`` block, which will release it?
        self.is_entered: bool = False
        #: The method of the request.
        self.method: str = request.head.method
        #: The status code, 100 to 999.
        self.status: int = head.status
        #: The reason phrase as the server wrote it; may be empty.
        self.reason: str = head.reason

    # --- head ------------------------------------------------------------------------------------

    @property
    def version(self) -> HttpVersion:
        """The HTTP version of the response."""
        return HttpVersion(1, self._head.minor_version)

    @property
    def ok(self) -> bool:
        """Is the status below 400?"""
        return self.status < 400

    @property
    def url(self) -> URL:
        """The URL that was requested, without its fragment."""
        return self._request.target.url

    @property
    def url_obj(self) -> URL:
        """The deprecated name of `url`."""
        warnings.warn("url_obj is deprecated, use url", DeprecationWarning, stacklevel=2)
        return self.url

    @property
    def real_url(self) -> URL:
        """The URL that was requested, with its fragment."""
        return self._request.target.real_url

    @property
    def host(self) -> str | None:
        """The host of the URL."""
        return self._request.target.url.host

    @property
    def request_info(self) -> RequestInfo:
        """What was asked: URL, method and headers sent."""
        return self._request.info()

    @property
    def connection(self) -> "ConnectionInfo":
        """The connection that it came on: addresses, TLS, whether it was used before."""
        info = self._connection
        if info is None:
            from aioclient._message.connection_info import ConnectionInfo  # late: rarely asked for

            self._connection = info = ConnectionInfo(self._exchange.facts, self._exchange)
        return info

    @property
    def elapsed(self) -> "timedelta":
        """How long it took from the beginning of the request to the arrival of this head.

        That includes the waiting for a connection; of a redirect each response has its own.
        """
        from datetime import timedelta  # late: rarely asked for

        return timedelta(seconds=self._exchange.head_at - self._exchange.begun_at)

    @property
    def history(self) -> "tuple[ClientResponse, ...]":
        """The responses that redirected here, in order; released, their heads can be read."""
        return tuple(self._history)  # some programs set a list

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields, case-insensitive; values decoded as UTF-8 with surrogateescape."""
        headers = self._fields
        if headers is None:
            self._fields = headers = CIMultiDictProxy(to_multidict(self._head.field_section))
        return headers

    @property
    def raw_headers(self) -> RawHeaders:
        """Names and values as they came, in their order."""
        return raw_pairs(self._head.field_section)

    @property
    def cookies(self) -> "SimpleCookie":
        """The cookies of the Set-Cookie fields, by name; of this response only."""
        cookies = self._cookies
        if cookies is None:
            from aioclient._cookies.morsels import response_cookies  # late: rarely asked for

            fields = self.headers.getall("Set-Cookie", ()) if self._head.has_set_cookie else ()
            self._cookies = cookies = response_cookies(fields)
        return cookies

    @cookies.setter
    def cookies(self, cookies: "SimpleCookie") -> None:
        """Let others be the cookies of this response."""
        self._cookies = cookies

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The fields that followed a chunked body; empty before its end, and for most responses.

        Fields that a trailer must not carry are left out (RFC 9110 section 6.5.1).
        """
        trailers = self._exchange.trailers
        fields: CIMultiDict[str] = CIMultiDict()
        if trailers is not None:
            for name, value in to_multidict(trailers.field_section).items():
                if name.lower() not in REFUSED_IN_TRAILERS:
                    fields.add(name, value)
        return CIMultiDictProxy(fields)

    @property
    def content_type(self) -> str:
        """The media type in lower case; ``application/octet-stream`` if the server named none."""
        return media_type(self._head.content_type).essence

    @property
    def charset(self) -> str | None:
        """The charset parameter of the content type."""
        return media_type(self._head.content_type).charset

    @property
    def content_length(self) -> int | None:
        """The Content-Length field as a number; None without a valid one."""
        value = (self._head.content_length or b"").partition(b",")[0]
        return int(value) if value.isdigit() and len(value) <= MAX_LENGTH_DIGITS else None

    # --- body ------------------------------------------------------------------------------------

    @property
    def content_disposition(self) -> "ContentDisposition | None":
        """What the Content-Disposition field says, file name included; None without one."""
        value = self.headers.get("Content-Disposition")
        if value is None:
            return None
        from aioclient._body.content_disposition import ContentDisposition  # late: rarely asked

        return ContentDisposition.of(value)

    @property
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """The links of the Link fields by their relation; each has its absolute ``url``."""
        from aioclient._message.links import parse_links  # late: rarely asked for

        return parse_links(", ".join(self.headers.getall("Link", ())), self.url)

    @property
    def content(self) -> "StreamReader":
        """The body as a stream, its content codings undone."""
        reader = self._content
        if reader is None:
            # Late: most responses come whole and plain, and start-up need not wait for this.
            from aioclient._body.content_coding import decoder_for
            from aioclient._message.stream_reader import StreamReader

            exchange = self._exchange
            stream = exchange.stream
            if stream is None:
                from aioclient._connection.body_stream import BodyStream

                stream = BodyStream(None, 0)
                if self._body is None and exchange.body:  # it came whole and was not read yet
                    stream.feed(exchange.body)
                    stream.mark_chunk_ends(exchange.chunk_ends)
                stream.end()
            decoder = None
            if exchange.reading.auto_decompress and self._body is None:
                decoder = decoder_for(self._head.content_encoding)
            self._content = reader = StreamReader.over(stream, decoder)
        return reader

    @content.setter
    def content(self, content: "StreamReader") -> None:
        """Let this be the body: for programs that stand in for a server, or record it."""
        self._content = content

    async def read(self) -> bytes:
        """The whole body, or what `content` has left of it; kept, so it can be read again.

        Raises BodyTooLargeError above the limits of the session or request, ClientPayloadError if
        the body breaks off or cannot be decoded, and the error of a time limit that passes.
        Cancelling leaves everything in the stream.
        """
        body = self._body
        if body is None:
            exchange = self._exchange
            reading = exchange.reading
            if self._content is None and exchange.stream is None and self._is_plain(reading):
                body = exchange.body
            else:
                body = await self.content.read_all(
                    reading.max_body_bytes, reading.max_decode_ratio, _RATIO_FLOOR_BYTES
                )
            self._body = body
        return body

    def _is_plain(self, reading: Reading) -> bool:
        """Is the body that came whole the body to give, without decoding or limits?"""
        limit = reading.max_body_bytes
        return (self._head.content_encoding is None or not reading.auto_decompress) and (
            limit is None or len(self._exchange.body) <= limit
        )

    def get_encoding(self) -> str:
        """The codec for the body's text.

        It is that of the charset parameter if Python knows it, UTF-8 for JSON, else what the
        session's `fallback_charset_resolver` says of the body, and UTF-8 without one.
        Raises RuntimeError if that has to be asked and the body was not read yet.
        """
        codec = known_codec(self.charset)
        resolver = self._request.wishes.charset_resolver
        if codec is not None or resolver is None or media_type(self._head.content_type).is_json:
            return codec or "utf-8"
        if self._body is None:
            raise RuntimeError("the body must be read before its encoding can be guessed")
        return resolver(self, self._body)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """The whole body as text; raises as `read` does, and UnicodeDecodeError."""
        body = self._body
        if body is None:
            body = await self.read()
        return str(body, encoding or self.get_encoding(), errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: JSONDecoder = json_module.loads,
        content_type: str | None = "application/json",
    ) -> Any:  # whatever JSON holds
        """The whole body as JSON; None for an empty body.

        Raises ContentTypeError if the response's media type is not `content_type` (any JSON type
        for the default; None accepts all), ValueError for a body that is not JSON, and as `read`.
        """
        body = self._body
        if body is None:
            body = await self.read()
        kind = media_type(self._head.content_type)
        if content_type and kind.essence != content_type and not _is_expected(kind, content_type):
            raise ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=f"expected {content_type}, got {kind.essence}",
                headers=self.headers,
            )
        text = str(body, encoding or (text_codec(kind.charset) if kind.charset else "utf-8"))
        if loads is json_module.loads:
            # The decoder itself, without the calls around it that look for white space.
            try:
                value, end = _DECODE_JSON(text)
                if end == len(text):
                    return value
            except ValueError:
                pass  # white space before it, or an error, for which `loads` finds the words
        text = text.strip()
        return loads(text) if text else None

    # --- what there was before UploadTracker ----------------------------------------------------

    @property
    def output_size(self) -> int:
        """Deprecated, use UploadTracker: how many bytes of the request's body were sent."""
        warn_deprecated("output_size is deprecated, use UploadTracker")
        upload = self._exchange.upload
        return self._exchange.sent_bytes if upload is None else upload.taken_bytes()

    @property
    def upload_complete(self) -> "asyncio.Future[None]":
        """Deprecated, use UploadTracker: done when no more of the request's body is sent."""
        warn_deprecated("upload_complete is deprecated, use UploadTracker")
        exchange = self._exchange
        if exchange.upload is not None:
            return exchange.upload.over()
        over: asyncio.Future[None] = exchange.waiter.loop.create_future()
        over.set_result(None)
        return over

    # --- the end ---------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Does nothing more come: is the body complete, broken off, or not wanted any more?"""
        return self._exchange.has_ended

    def release(self) -> _Done:
        """Have no more use for the body; what has not been read of it is gone, unless all came.

        If a little is missing, it is discarded as it comes, and the connection is kept; if it is
        more than 64 KiB or takes longer than half a second, the connection is closed. Until then it
        counts to the limits of the connector. May be awaited; there is nothing to wait for.
        """
        if not self._exchange.has_ended:
            self._exchange.release(ClientConnectionError("the response was released"))
        return _DONE

    def close(self) -> None:
        """Have no more use for the body, nor for the connection unless all has arrived."""
        self._exchange.abandon(ClientConnectionError("the response was released"))

    async def wait_for_close(self) -> None:
        """Wait until the connection is given back or closed, whoever does it and why.

        A large body arrives only while somebody reads it.
        """
        await self._exchange.wait_given_back()

    def raise_for_status(self) -> None:
        """Raise ClientResponseError if the status is 400 or above.

        The error has how the body begins, up to 64 KiB of what has arrived and was not read yet. In
        an ``async with`` block the body can be read all the same; elsewhere the response is
        released.
        """
        if self.status < 400:
            return
        body = self.peek_body(self._exchange.reading.max_error_body_bytes)
        if not self.is_entered:
            _ = self.release()  # nothing to wait for
        raise ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason,
            headers=self.headers,
            body=body,
        )

    def switched_link(self) -> "SwitchedLink":
        """The link, from a 101 response on; for whoever speaks the new protocol."""
        switched = self._exchange.switched
        if switched is None:
            raise RuntimeError("the server did not switch protocols")
        return switched

    def peek_body(self, n: int) -> bytes:
        """What has arrived of the body, up to `n` bytes as `read` would give them."""
        exchange = self._exchange
        if self._body is not None:
            return self._body[:n]
        if self._content is None and exchange.stream is None and self._is_plain(exchange.reading):
            return exchange.body[:n]
        try:
            return self.content.peek_nowait(n) if n else b""
        except ClientPayloadError:  # it has too many content codings
            return b""

    async def __aenter__(self) -> Self:
        self.is_entered = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _ = self.release()  # nothing to wait for

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url} [{self.status} {self.reason}]>"

    # --- what programs that stand in for a server set: see docs/compatibility.md -----------------

    @property
    def _headers(self) -> CIMultiDictProxy[str]:
        return self.headers

    @_headers.setter
    def _headers(self, headers: MultiMapping[str]) -> None:
        from aioclient._message.response_by_hand import head_of  # late: of tests

        self._head = head_of(self.status, self.reason, headers)
        self._fields = (
            headers
            if isinstance(headers, CIMultiDictProxy)
            else CIMultiDictProxy(CIMultiDict(headers))
        )

    @property
    def _raw_headers(self) -> RawHeaders:
        return self.raw_headers

    @_raw_headers.setter
    def _raw_headers(self, pairs: RawHeaders) -> None:
        decoded = [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in pairs
        ]
        self._headers = CIMultiDict(decoded)

    @property
    def _resolve_charset(self) -> CharsetResolver:
        return self._request.wishes.charset_resolver or _utf_8

    @_resolve_charset.setter
    def _resolve_charset(self, resolver: CharsetResolver) -> None:
        self._request = copy(self._request)
        self._request.wishes = self._request.wishes.replaced(charset_resolver=resolver)

    @property
    def _cache(self) -> dict[str, object]:
        return {}  # nothing is kept that would have to be forgotten


def new_response(
    kind: type[Any],
    request: Request,
    head: ResponseHead,
    exchange: Exchange,
    attempts: int,
    history: tuple[ClientResponse, ...] = (),
) -> ClientResponse:
    """A response of a class that the caller may have made, with a constructor of its own."""
    made_of: type[ClientResponse] = kind
    try:
        if made_of.__init__ is ClientResponse.__init__:
            response = made_of.__new__(made_of)
        else:
            response = made_of(
                request.head.method,
                request.target.url,
                writer=None,
                continue100=None,
                timer=None,
                request_info=request.info(),
                traces=[],
                loop=exchange.waiter.loop,
                session=None,
                stream_writer=None,
            )
        response.take(request, head, exchange, attempts, history)
    except BaseException:  # nobody else would end the exchange
        exchange.abandon(ClientConnectionError("no response could be made"))
        raise
    return response


def _utf_8(response: object, body: bytes) -> str:
    return "utf-8"


def _is_expected(kind: MediaType, expected: str) -> bool:
    if expected == "application/json":
        return kind.is_json or re.match(_JSON_TYPE, kind.essence, re.ASCII) is not None
    return expected.lower() in kind.essence
