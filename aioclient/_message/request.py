"""A request, ready to be sent."""

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from aioclient._body.payload import Payload
from aioclient._connection.exchange import DEFAULT_READING, Reading
from aioclient._http.events import CHUNKED, FieldLines, FieldSection, RequestHead
from aioclient._http.fields import to_multidict
from aioclient._http.header_names import (
    CONNECTION,
    CONTENT_LENGTH,
    COOKIE,
    HOST,
    TRANSFER_ENCODING,
)
from aioclient._http.request_info import RequestInfo
from aioclient._message.target import Target
from aioclient._net.route import Route
from aioclient._timeout import DEFAULT_TIMEOUT, ClientTimeout

if TYPE_CHECKING:
    from aioclient._connection.upload_observer import UploadObserver
    from aioclient._message.handler import ClientMiddlewareType
    from aioclient._message.proxying import Proxying

#: `RaiseForStatus` of the options; the response that it takes is above this module.
Judge: TypeAlias = bool | Callable[..., Awaitable[None]]
#: Takes the response, which is above this module, and its body; gives the name of a codec.
CharsetResolver: TypeAlias = Callable[[Any, bytes], str]


class Redirects(NamedTuple):
    """How redirects are followed."""

    #: How many; 0 is no limit.
    limit: int = 10
    #: Sees the response and the next request, which it may change, or refuse by None.
    policy: Callable[..., Any] | None = None
    #: Lower-case names of headers that go along to other origins.
    may_cross: frozenset[str] = frozenset()
    #: Percent-encode Location as other URLs.
    requote: bool = True


DEFAULT_REDIRECTS: Final = Redirects()


class Wishes:
    """How the caller wants a request to be sent, and its response to be received.

    Not to be changed: many requests share one; `replaced` makes another.
    """

    # No NamedTuple: every request asks for most of these, and a slot is found faster.
    __slots__ = (
        "charset_resolver",
        "expect_100_s",
        "middlewares",
        "raise_for_status",
        "reading",
        "redirects",
        "response_class",
        "retry_on_stale",
        "timeout",
        "upload_observer",
    )

    def __init__(
        self,
        timeout: ClientTimeout = DEFAULT_TIMEOUT,
        raise_for_status: Judge = False,
        reading: Reading = DEFAULT_READING,
        retry_on_stale: bool = True,
        redirects: Redirects | None = DEFAULT_REDIRECTS,
        charset_resolver: CharsetResolver | None = None,
        expect_100_s: float | None = None,
        upload_observer: "UploadObserver | None" = None,
        response_class: type[Any] | None = None,
        middlewares: "Sequence[ClientMiddlewareType]" = (),
    ) -> None:
        self.timeout: ClientTimeout = timeout
        self.raise_for_status: Judge = raise_for_status
        self.reading: Reading = reading
        #: Send it again if the kept connection turns out to be closed.
        self.retry_on_stale: bool = retry_on_stale
        #: None: a response that redirects is the answer.
        self.redirects: Redirects | None = redirects
        #: Guesses the encoding of a body that says none.
        self.charset_resolver: CharsetResolver | None = charset_resolver
        #: For how many seconds the body waits for a 100 response; None: not at all.
        self.expect_100_s: float | None = expect_100_s
        #: Follows the body on its way out.
        self.upload_observer: UploadObserver | None = upload_observer
        #: What the response is made of, which is above this module; None: ClientResponse.
        self.response_class: type[Any] | None = response_class
        #: What the request goes through before it is sent, the outermost first.
        self.middlewares: Sequence[ClientMiddlewareType] = middlewares

    def replaced(self, **changes: Any) -> "Wishes":
        """The same with other values for some of them."""
        return Wishes(**{name: getattr(self, name) for name in self.__slots__} | changes)


class Request:
    """One request: where to, what, and what the caller wishes for it."""

    __slots__ = (
        "cookie",
        "direct",
        "head",
        "payload",
        "proxying",
        "route",
        "target",
        "was_secure",
        "wishes",
    )

    def __init__(
        self,
        target: Target,
        route: Route,
        head: RequestHead,
        payload: Payload | None,
        wishes: Wishes,
        was_secure: bool = False,
        direct: Route | None = None,
        proxying: "Proxying | None" = None,
        cookie: str | None = None,
    ) -> None:
        #: Does it follow, on a way of redirects, one to an https URL?
        self.was_secure: bool = was_secure
        self.target: Target = target
        self.route: Route = route
        #: The way without a proxy.
        self.direct: Route = route if direct is None else direct
        #: What is wished of proxies, for this and those that follow it.
        self.proxying: Proxying | None = proxying
        #: Those of its cookies that the caller gave with it.
        self.cookie: str | None = cookie
        self.head: RequestHead = head
        self.payload: Payload | None = payload
        self.wishes: Wishes = wishes

    def with_lines(self, lines: FieldLines) -> "Request":
        """The same with more header lines, to be sent."""
        more = copy(self)
        more.head = self.head.with_lines(lines)
        return more

    def own_headers(self) -> CIMultiDict[str]:
        """The headers but those that follow from the URL and the body, and cookies of the jar."""
        head = self.head
        headers = to_multidict(FieldSection(head.field_lines + b"\r\n"))
        headers.popall(COOKIE, None)
        if self.cookie is not None:
            headers[COOKIE] = self.cookie
        if head.authority != self.target.authority:
            headers[HOST] = head.authority
        if head.connection is not None:
            headers[CONNECTION] = head.connection
        return headers

    def sent_headers(self) -> CIMultiDict[str]:
        """All headers as they are sent."""
        head = self.head
        headers: CIMultiDict[str] = CIMultiDict({HOST: head.authority})
        headers.extend(to_multidict(FieldSection(head.field_lines + b"\r\n")))
        if head.body_length >= 0:
            headers[CONTENT_LENGTH] = str(head.body_length)
        elif head.body_length == CHUNKED:
            headers[TRANSFER_ENCODING] = "chunked"
        if head.connection is not None:
            headers[CONNECTION] = head.connection
        return headers

    def upgrading(self) -> "Request":
        """The same, but the server may answer by speaking another protocol from then on."""
        changed = copy(self)
        reading = self.wishes.reading.replaced(upgrades=True)
        changed.wishes = self.wishes.replaced(reading=reading)
        return changed

    def info(self) -> RequestInfo:
        """What was asked, with all headers as they were sent."""
        target = self.target
        headers = CIMultiDictProxy(self.sent_headers())
        return RequestInfo(target.url, self.head.method, headers, target.real_url)
