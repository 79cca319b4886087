"""A request as middlewares see it: they may change it, and send it, as often as they like.

It stands in front of a `Request`, which is never changed. What a middleware asks for is made when
it asks; if it changes nothing, what was prepared is sent as it is.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple, Protocol, Self

from multidict import CIMultiDict, getversion
from yarl import URL

from aioclient._aliases import BodyData, LooseCookies, LooseHeaders, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._body.payload import BytesPayload, Payload, body_payload
from aioclient._http.events import NO_BODY, FieldLines
from aioclient._http.header_names import (
    AUTHORIZATION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    COOKIE,
    HOST,
    PROXY_AUTHORIZATION,
    TRANSFER_ENCODING,
)
from aioclient._http.request_info import RequestInfo
from aioclient._http.version import HttpVersion
from aioclient._http1.head_writer import write_field_lines
from aioclient._message.option_checks import checked_auth, lower_names
from aioclient._message.options import RequestOptions
from aioclient._message.prepare import Preparer, request_head, target_form
from aioclient._message.request import Request
from aioclient._message.request_headers import (
    add_auto_headers,
    add_cookies,
    checked_headers,
    compressed,
    field_lines,
)
from aioclient._message.response import ClientResponse
from aioclient._message.target import Target, origin_of
from aioclient._net.route import Proxy, Route, TlsWish

if TYPE_CHECKING:
    from aioclient._auth.proxy_digest import ProxyDigestAuth
    from aioclient._connection.upload_observer import UploadObserver
    from aioclient._session.session import ClientSession

#: A body is read into memory for a middleware up to this size.
_MAX_READ_BODY_BYTES: Final = 64 * 2**20
#: Headers that a new body has nothing to do with.
_OF_REQUEST: Final = frozenset({"accept", "accept-encoding", "user-agent"})
#: multidict's own annotation takes no CIMultiDict[str].
_version: Final[Callable[[CIMultiDict[str]], int]] = getversion  # type: ignore[assignment]  # see above


class ConnectionKey(NamedTuple):
    """Requests with equal keys may share a connection."""

    host: str
    port: int
    is_ssl: bool
    ssl: TlsWish
    proxy: URL | None
    proxy_auth: "BasicAuth | ProxyDigestAuth | None"
    proxy_headers_hash: int | None
    server_hostname: str | None = None

    def __repr__(self) -> str:
        return f"<ConnectionKey {self.host}:{self.port}>"  # without what may be credentials


class Origin(NamedTuple):
    """What credentials belong to (RFC 9110 section 4.3.1)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, target: Target) -> Self:
        """That of a URL."""
        route = target.route
        return cls(target.url.scheme, route.host, route.port)


class CallFacts(Protocol):
    """What all requests of one call of the session have in common."""

    @property
    def session(self) -> "ClientSession":
        """The session that was called."""

    @property
    def preparer(self) -> Preparer:
        """What makes its requests."""

    @property
    def options(self) -> RequestOptions:
        """What the caller asked for."""

    @property
    def first(self) -> Request:
        """The first of them, as the caller asked for it."""

    def is_sent_again_after(self, error: BaseException) -> bool:
        """Is one of them sent once more, because this error says that its connection was closed?"""


class ClientRequest:
    """One sending of a request: what middlewares are given, and give to their handler.

    Each redirect, and each automatic second sending, has one of its own; a middleware that calls
    its handler several times gives it the same one, with what was changed in it.

    Attributes:
        method: in capitals; may be set.
        original_url: the URL as it was asked for, with its fragment.
        session: the session that sends it. Requests that a middleware makes by it should say
            ``middlewares=()``, or they come to it, too.
    """

    GET_METHODS: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
    POST_METHODS: ClassVar[frozenset[str]] = frozenset({"PATCH", "POST", "PUT"})
    ALL_METHODS: ClassVar[frozenset[str]] = GET_METHODS | POST_METHODS | {"DELETE"}

    __slots__ = (
        "_cookies",
        "_direct",
        "_facts",
        "_headers",
        "_headers_version",
        "_payload",
        "_request",
        "_target",
        "_upload_observer",
        "follows_redirect",
        "method",
        "proxy_lines",
    )

    def __init__(self, request: Request, facts: CallFacts, follows_redirect: bool = False) -> None:
        self._request = request
        self._facts = facts
        self._target = request.target
        self._direct = request.direct
        self._payload = request.payload
        self._upload_observer = request.wishes.upload_observer
        self._headers: CIMultiDict[str] | None = None
        self._headers_version = 0
        # The Cookie header as the session made it.
        self._cookies: list[str] = []
        self.method: str = request.head.method
        #: Did a server choose its URL?
        self.follows_redirect: bool = follows_redirect
        #: What the proxy that forwards it is told besides, once: in no header that anybody sees.
        self.proxy_lines: FieldLines = FieldLines(b"")

    # --- where to --------------------------------------------------------------------------------

    @property
    def url(self) -> URL:
        """The URL, without fragment and user-info. May be set: before the headers.

        With another URL, the Cookie header becomes that of this URL. With one of another origin,
        the Authorization and Proxy-Authorization headers go, and what the session has for the new
        one comes in their place: credentials stay with their origin. A relative URL is relative to
        the session's base URL. Raises InvalidURL or NonHttpUrlClientError for one that no request
        can go to.
        """
        return self._target.url

    @url.setter
    def url(self, given: StrOrURL) -> None:
        preparer = self._facts.preparer
        before, target = self._target, preparer.target(given)
        headers = self.headers
        if headers.get(HOST) == before.authority:
            headers[HOST] = target.authority
        crosses = origin_of(target.url) != origin_of(before.url)
        if crosses:
            headers.popall(AUTHORIZATION, None)
            headers.popall(PROXY_AUTHORIZATION, None)
        if target.authorization is not None:
            headers[AUTHORIZATION] = target.authorization
        elif crosses:
            preparer.add_secrets(headers, target, follows=True, was_secure=self._request.was_secure)
        self._target = target
        self._put_cookies(headers)
        self._direct = target.route._replace(
            ssl=self._direct.ssl,
            # The name was meant for the server that was asked first.
            server_hostname=(target.route if crosses else self._direct).server_hostname,
        )

    def _put_cookies(self, headers: CIMultiDict[str]) -> None:
        """Let the Cookie header be that of the URL, with what the jar has now."""
        request, target = self._request, self._target
        is_own = origin_of(target.url) == origin_of(request.target.url)
        line = self._facts.preparer.cookie_line(
            target, request.cookie if is_own else None, self.follows_redirect
        )
        value = line.decode("utf-8", "surrogateescape").partition(":")[2].strip()
        self._cookies = [value] if value else []
        if headers.getall(COOKIE, []) != self._cookies:
            headers.popall(COOKIE, None)
            headers.extend([(COOKIE, value)] if value else [])

    @property
    def original_url(self) -> URL:
        """The URL with its fragment."""
        return self._target.real_url

    @property
    def host(self) -> str:
        """The host of the URL."""
        return self._target.url.host or ""

    @property
    def port(self) -> int:
        """The port of the URL, or of its scheme."""
        return self._direct.port

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the URL: credentials for it belong to these."""
        return Origin.of(self._target)

    @property
    def first_origin(self) -> Origin:
        """The same for the URL that the caller asked for: the origin that he trusts."""
        return Origin.of(self._facts.first.target)

    @property
    def is_downgraded(self) -> bool:
        """Is it an http URL, behind a redirect from an https one?"""
        return self._request.was_secure and not self.is_ssl()

    def is_ssl(self) -> bool:
        """Is the URL an https one?"""
        return self._direct.is_ssl

    @property
    def request_target(self) -> str:
        """What the first line says: path and query, or the whole URL to a proxy that forwards."""
        return target_form(self._target, self._route())

    # --- headers and body ------------------------------------------------------------------------

    @property
    def headers(self) -> CIMultiDict[str]:
        """All that are sent, those of the jar's cookies and of the body's length, too.

        What is changed in them is sent. Without Content-Length and Transfer-Encoding, they come by
        themselves.
        """
        headers = self._headers
        if headers is None:
            self._headers = headers = self._request.sent_headers()
            self._cookies = headers.getall(COOKIE, [])
            self._headers_version = _version(headers)
        return headers

    @property
    def body(self) -> Payload | Literal[b""]:
        """The body, before content coding; ``b""`` without one. May be set, as by `update_body`."""
        payload = self._payload
        if payload is None:
            return b""
        from aioclient._body.content_encoders import CompressedPayload  # late: rarely needed

        return payload.inner if isinstance(payload, CompressedPayload) else payload

    @body.setter
    def body(self, data: BodyData | None) -> None:
        self.update_body_from_data(data)

    async def update_body(self, body: BodyData | None) -> None:
        """Send another body, whatever `data` of a request may be; None or ``b""`` for none.

        Content-Length and Transfer-Encoding become those of the new body; Content-Type and the
        like stay if they are there. It is compressed if the request wished so. What the old one
        opened is closed when the whole call is over.
        """
        self.update_body_from_data(body)

    def update_body_from_data(self, body: BodyData | None) -> None:
        """The same, without waiting."""
        headers = self.headers
        headers.popall(CONTENT_LENGTH, None)
        headers.popall(TRANSFER_ENCODING, None)
        if body is None or body == b"":
            self._payload = None
            headers.popall(CONTENT_TYPE, None)
            return
        payload: Payload | None = body_payload(body)
        if self.compress:
            headers.popall(CONTENT_ENCODING, None)
            payload = compressed(payload, self.compress, headers)
        self._payload = payload
        if payload is None:
            return
        add_auto_headers(headers, payload, _OF_REQUEST | self.skip_auto_headers)
        if payload.size is None or self.chunked:
            headers[TRANSFER_ENCODING] = "chunked"
        else:
            headers[CONTENT_LENGTH] = str(payload.size)
        if not payload.autoclose:
            from aioclient._connection.payload_closer import PayloadCloser  # late: rarely needed

            self._upload_observer = PayloadCloser(payload, self._upload_observer)

    @property
    def can_be_sent_again(self) -> bool:
        """Is there all of the body still, if there is one?"""
        return self._payload is None or not self._payload.consumed

    def is_sent_again_after(self, error: BaseException) -> bool:
        """Will the session send it again by itself, if it gets this error of the handler?

        It does if the server had closed a kept connection (`retry_on_stale`). All middlewares run
        again then; one that sends again by itself should let the error pass.
        """
        return self._facts.is_sent_again_after(error)

    async def sent_body(self) -> bytes | None:
        """The body as it is sent, in its content coding; ``b""`` without one.

        None if it cannot be had without using it up: an async iterable, or if it has been used up
        already; and if it is larger than 64 MiB or does not say how large it is, unless it is in
        memory.
        """
        payload, body = self._payload, self.body
        if payload is None or not isinstance(body, Payload):
            return b""
        if not self.can_be_sent_again:
            return None
        if body.at_hand is None and (body.size is None or body.size > _MAX_READ_BODY_BYTES):
            return None
        data = await payload.as_bytes()
        if payload.consumed:  # it was there once
            self._payload = BytesPayload(data, payload.headers)
        return data

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Let these replace those of the same names."""
        if headers:
            self.headers.update(checked_headers(headers))

    def update_cookies(self, cookies: LooseCookies | None) -> None:
        """Add cookies; each replaces those of its name."""
        if cookies:
            add_cookies(self.headers, cookies)

    def update_auth(self, auth: BasicAuth | None) -> None:
        """Send this login and password; None changes nothing."""
        auth = checked_auth(auth)
        if auth is not None:
            self.headers[AUTHORIZATION] = auth.encode()

    # --- what else is known of it ----------------------------------------------------------------

    @property
    def session(self) -> "ClientSession":
        """The session that sends it."""
        return self._facts.session

    @property
    def request_info(self) -> RequestInfo:
        """URL, method and headers as they would be sent now."""
        return self.to_send().info()

    @property
    def version(self) -> HttpVersion:
        """The version of HTTP that it is sent in."""
        return HttpVersion(1, self._request.head.minor_version)

    @property
    def auth(self) -> BasicAuth | None:
        """What the Authorization header says, if that is Basic authentication."""
        value = self.headers.get(AUTHORIZATION, "")
        try:
            return BasicAuth.decode(value, "utf-8")
        except ValueError:
            return None

    @property
    def chunked(self) -> bool:
        """Did the caller wish a body in chunks?"""
        return bool(self._facts.options.get("chunked"))

    @property
    def compress(self) -> bool | str | None:
        """The content coding that the caller wished."""
        return self._facts.options.get("compress")

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names, in lower case, of headers that are not added by themselves."""
        names = self._facts.options.get("skip_auto_headers")
        return self._facts.preparer.skip_auto_headers | lower_names(names or ())

    @property
    def ssl(self) -> TlsWish:
        """What is wished of TLS with the server."""
        return self._direct.ssl

    @property
    def server_hostname(self) -> str | None:
        """The name to ask for and to verify in TLS, if it is not the host's."""
        return self._direct.server_hostname

    @property
    def proxy(self) -> URL | None:
        """The proxy that it goes through, without login and password."""
        proxy = self._route().proxy
        if proxy is None:
            return None
        return URL.build(scheme=proxy.scheme, host=proxy.host, port=proxy.port)

    @property
    def forwarding_proxy(self) -> Proxy | None:
        """The proxy that it is sent to with its whole URL, if there is one."""
        route = self._route()
        return route.proxy if route.is_to_proxy else None

    @property
    def proxy_auth(self) -> "BasicAuth | ProxyDigestAuth | None":
        """Login and password for the proxy."""
        proxy = self._route().proxy
        return None if proxy is None else proxy.auth

    @property
    def proxy_headers(self) -> CIMultiDict[str] | None:
        """Headers for the proxy; a copy."""
        headers = self._facts.options.get("proxy_headers")
        return None if headers is None else CIMultiDict(headers)

    @property
    def response_class(self) -> type[ClientResponse]:
        """What its response is made of."""
        kind = self._request.wishes.response_class
        return kind if isinstance(kind, type) else ClientResponse

    @property
    def trace_request_ctx(self) -> object:
        """What the caller gave for whoever traces it."""
        return self._facts.options.get("trace_request_ctx")

    @property
    def connection_key(self) -> ConnectionKey:
        """What decides which connections it may go on."""
        route = self._route()
        lines = None if route.proxy is None else route.proxy.field_lines
        return ConnectionKey(
            self._direct.host,
            self._direct.port,
            self._direct.is_ssl,
            self._direct.ssl,
            self.proxy,
            self.proxy_auth,
            hash(lines) if lines else None,
            self._direct.server_hostname,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self._target.url}>"

    # --- for the session -------------------------------------------------------------------------

    def renew_cookies(self) -> None:
        """Take what the jar has got in the meantime, unless a middleware changed the Cookie header.

        A server may tie what it asks for, a challenge say, to a cookie.
        """
        headers = self.headers
        if headers.getall(COOKIE, []) == self._cookies:
            self._put_cookies(headers)

    def to_send(self) -> Request:
        """It as it is to be sent now.

        Raises ValueError and TypeError for what cannot be sent.
        """
        request, headers = self._request, self._headers
        if (
            self._target is request.target
            and self._payload is request.payload
            and self.method == request.head.method
            and (headers is None or _version(headers) == self._headers_version)
        ):
            return request
        return self._changed(CIMultiDict(self.headers))

    def _changed(self, headers: CIMultiDict[str]) -> Request:
        """A request of what the middlewares have made of it."""
        before, target, payload = self._request, self._target, self._payload
        route = self._route()
        chunked = headers.get(TRANSFER_ENCODING, "").lower() == "chunked" and payload is not None
        if chunked:
            del headers[TRANSFER_ENCODING]
        if before.proxying is not None:
            before.proxying.settle_headers(headers, route)
        if headers.get(HOST) == target.authority:
            del headers[HOST]
        fields = field_lines(headers)
        cookie = fields.cookie
        head = request_head(
            self.method,
            target,
            route,
            fields,
            payload,
            chunked,
            before.head.minor_version,
            FieldLines(b"") if cookie is None else write_field_lines(((COOKIE, cookie),)),
        )
        wishes = before.wishes
        expects_100 = fields.expects_100 and payload is not None and head.body_length != NO_BODY
        if expects_100 != (wishes.expect_100_s is not None):
            seconds = self._facts.preparer.expect_100_s if expects_100 else None
            wishes = wishes.replaced(expect_100_s=seconds)
        if self._upload_observer is not wishes.upload_observer:
            wishes = wishes.replaced(upload_observer=self._upload_observer)
        return Request(
            target,
            route,
            head,
            payload,
            wishes,
            before.was_secure,
            self._direct,
            before.proxying,
            before.cookie,
        )

    @property
    def upload_observer(self) -> "UploadObserver | None":
        """Who is told how its body leaves."""
        return self._upload_observer

    def _route(self) -> Route:
        proxying = self._request.proxying
        if self._target is self._request.target:
            return self._request.route
        if proxying is None:
            return self._direct
        upgrades = self._request.wishes.reading.upgrades
        return proxying.route(self._target, self._direct, tunnels=upgrades)
