"""What the caller said -> a request. Pure: no clock, no loop, nothing is sent.

What does not change from one request to the next is made once: the parts of a URL, and the block of
default header lines, without a body and with one of each media type. They are kept here, bounded,
and made anew when what they came from changes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from multidict import CIMultiDict, getversion
from yarl import URL

from aioclient._aliases import JSONEncoder, Query, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._body.payload import Payload, body_payload, json_payload
from aioclient._http.events import CHUNKED, NO_BODY, FieldLines, RequestHead
from aioclient._http.header_names import AUTHORIZATION, CONTENT_LENGTH, EXPECT
from aioclient._http1.framing import (
    METHODS_EXPECTING_BODY,
    check_minor_version,
    request_body_length,
)
from aioclient._message.defaults import Defaults
from aioclient._message.option_checks import (
    FLAGS,
    OLD_TLS_OPTIONS,
    check_flags,
    checked_expect_100_s,
    checked_host_name,
    checked_judge,
    checked_middlewares,
    lower_names,
    parsed_url,
    reading_with,
    redirects_with,
    tls_wish,
)
from aioclient._message.options import OF_PROXIES, RequestOptions
from aioclient._message.request import Request, Wishes
from aioclient._message.request_headers import (
    Fields,
    add_auto_headers,
    add_cookies,
    check_framing,
    compressed,
    field_lines,
    merged_headers,
)
from aioclient._message.session_cookies import SessionCookies
from aioclient._message.target import Target, origin_of, split_credentials, target_of
from aioclient._net.route import Route
from aioclient._timeout import request_timeout
from aioclient.errors import ClientPayloadError, InvalidUrlClientError

if TYPE_CHECKING:
    from aioclient._connection.upload_observer import UploadObserver
    from aioclient._message.proxying import Proxying
    from aioclient._message.redirect import NextRequest

#: How many URLs are kept taken apart.
_MAX_TARGETS: Final = 512
#: For how many media types of bodies the header lines are kept. Those of multipart bodies never
#: come again: they must not take much room.
_MAX_MEDIA_TYPES: Final = 8
# multidict's own annotation takes no CIMultiDict[str].
_version: Final[Callable[[CIMultiDict[str]], int]] = getversion  # type: ignore[assignment]  # see above
#: Options of which `Wishes` are made; others change nothing in them.
_WISHES: Final = frozenset(RequestOptions.__annotations__) - {
    "params",
    "headers",
    "skip_auto_headers",
    "auth",
    "cookies",
    "data",
    "json",
    "compress",
    "chunked",
    "ssl",
    "server_hostname",
    *OLD_TLS_OPTIONS,
    "expect100",
    "expect100_timeout",
    "trace_request_ctx",
    *OF_PROXIES,
}
_OF_TLS: Final = frozenset({"ssl", "server_hostname", *OLD_TLS_OPTIONS})
#: With none of these, and no credentials, the header lines are the default ones.
_OF_HEADERS: Final = frozenset(
    {"auth", "compress", "cookies", "expect100", "headers", "skip_auto_headers"}
)
_OPTION_NAMES: Final = frozenset(RequestOptions.__annotations__)


class Preparer:
    """Makes the requests of one session."""

    __slots__ = (
        "_body_fields",
        "_cookies",
        "_default_fields",
        "_default_version",
        "_defaults",
        "_has_secrets",
        "_headers",
        "_is_plain",
        "_minor_version",
        "_own_origin",
        "_targets",
        "_wishes",
    )

    def __init__(self, defaults: Defaults, cookies: SessionCookies | None = None) -> None:
        self.change(defaults)
        self._cookies = cookies or SessionCookies(defaults.cookies)
        # Whom the session's credentials and cookies are for: nobody else gets them.
        self._own_origin = None if defaults.base_url is None else origin_of(defaults.base_url)
        self._targets: dict[StrOrURL, Target] = {}
        self._default_version = -1
        self._default_fields: Fields
        self._body_fields: dict[str, Fields] = {}  # by media type

    def change(self, defaults: Defaults) -> None:
        """Make the next requests by other defaults."""
        self._defaults = defaults
        # Those that every request needs, without the way through a tuple.
        self._headers = defaults.headers
        self._wishes = defaults.wishes
        self._minor_version = defaults.minor_version
        self._has_secrets = defaults.has_secrets
        # Nothing is to be found out anew for each request.
        self._is_plain = not defaults.has_secrets and defaults.proxying is None

    def prepare(self, method: str, url: StrOrURL, options: RequestOptions) -> Request:
        """A request from a method, a URL and the caller's options.

        Raises InvalidURL or NonHttpUrlClientError for the URL, TypeError and ValueError for options
        that are unknown, of the wrong type, or contradict each other.
        """
        target = self._targets.get(url)
        if target is None:
            target = self.target(url)
        if options or target.authorization is not None or not self._is_plain:
            own_origin = self._own_origin
            try:
                return self._prepare_with(method, target, options)
            except BaseException:
                self._own_origin = own_origin  # nobody is asked
                raise
        if _version(self._headers) != self._default_version:
            self._refresh_defaults()
        fields = self._default_fields
        lines = fields.lines
        if self._cookies.store.count or fields.cookie is not None:
            lines = FieldLines(lines + self._cookies.line(target.url, fields.cookie, False))
        head = RequestHead(
            method,
            target.path_and_query,
            fields.host or target.authority,
            lines,
            0 if method in METHODS_EXPECTING_BODY else NO_BODY,
            fields.connection,
            self._minor_version,
        )
        return Request(target, target.route, head, None, self._wishes, cookie=fields.cookie)

    def prepare_upgrade(self, method: str, url: URL, options: RequestOptions) -> Request:
        """A request that asks the server to speak another protocol; as `prepare`."""
        target = self.target(url)
        own_origin = self._own_origin
        try:
            return self._prepare_with(method, target, options, upgrades=True).upgrading()
        except BaseException:
            self._own_origin = own_origin  # nobody is asked
            raise

    def _prepare_with(
        self, method: str, target: Target, options: RequestOptions, upgrades: bool = False
    ) -> Request:
        if not options.keys() <= _OPTION_NAMES:
            raise TypeError(f"unknown request option {min(options.keys() - _OPTION_NAMES)!r}")
        if not options.keys().isdisjoint(FLAGS):
            check_flags(options)
        defaults = self._defaults
        params = options.get("params")
        if params:
            url = _with_params(target.real_url, params)
            target = target_of(url, target.authorization, defaults.schemes, defaults.ssl)
        direct = _route(target, options)
        proxying = defaults.proxying
        if not options.keys().isdisjoint(OF_PROXIES):
            proxying = self._proxying_of(options)
        route = direct
        if proxying is not None:
            route = proxying.route(target, direct, tunnels=upgrades)
        payload = _payload(options.get("data"), options.get("json"), defaults.json_serialize)
        if (
            target.authorization is None
            and not self._has_secrets
            and proxying is None
            and options.keys().isdisjoint(_OF_HEADERS)
            and (payload is None or payload.has_plain_headers)
        ):
            fields = self._default_fields_with(payload)
        else:
            payload, fields = self._own_fields(target, payload, options, route, proxying)
        head = request_head(
            method,
            target,
            route,
            fields,
            payload,
            bool(options.get("chunked")),
            defaults.minor_version,
            self.cookie_line(target, fields.cookie),
        )
        expects_100 = fields.expects_100 and payload is not None and payload.size != 0
        wishes = self._wishes_with(options, expects_100, payload)
        if proxying is not None:
            wishes = proxying.wishes(wishes)
        return Request(
            target,
            route,
            head,
            payload,
            wishes,
            direct=direct,
            proxying=proxying,
            cookie=fields.cookie,
        )

    def cookie_line(self, target: Target, own: str | None, follows: bool = False) -> FieldLines:
        """The Cookie field for a target, or nothing; `own` is what the request says."""
        gets_given = bool(self._defaults.cookies) and origin_of(target.url) == self._own_origin
        return self._cookies.line(target.url, own, gets_given, follows)

    def _proxying_of(self, options: RequestOptions) -> "Proxying | None":
        """What is wished of proxies where the request says something of them."""
        from aioclient._message.proxying import proxying_of  # late: rarely needed

        if options.get("proxy") and not self._defaults.allows_proxies:
            raise ValueError("the session's connector does not connect through proxies")
        return proxying_of(self._defaults.proxying, options)

    def _default_fields_with(self, payload: Payload | None) -> Fields:
        """The header lines of a request that brings none of its own but its body's media type."""
        if _version(self._defaults.headers) != self._default_version:
            self._refresh_defaults()
        if payload is None:
            return self._default_fields
        media_type = payload.content_type
        fields = self._body_fields.get(media_type)
        if fields is None:
            headers = merged_headers(self._defaults.headers, None, None)
            add_auto_headers(headers, payload, self._defaults.skip_auto_headers)
            fields = field_lines(headers)
            if len(self._body_fields) >= _MAX_MEDIA_TYPES:
                del self._body_fields[next(iter(self._body_fields))]  # the oldest
            self._body_fields[media_type] = fields
        return fields

    def _own_fields(
        self,
        target: Target,
        payload: Payload | None,
        options: RequestOptions,
        route: Route,
        proxying: "Proxying | None",
    ) -> tuple[Payload | None, Fields]:
        """The header lines of a request with headers of its own; the payload, maybe compressed."""
        defaults = self._defaults
        authorization = _authorization(target, options)
        headers = merged_headers(defaults.headers, options.get("headers"), authorization)
        skipped = options.get("skip_auto_headers")
        skip = defaults.skip_auto_headers
        add_auto_headers(headers, payload, skip if skipped is None else skip | lower_names(skipped))
        if self._has_secrets:
            self.add_secrets(headers, target)
        if cookies := options.get("cookies"):
            add_cookies(headers, cookies, self._cookies.quotes)
        if options.get("compress"):
            payload = compressed(payload, options.get("compress"), headers)
        if payload is not None and payload.size != 0 and options.get("expect100"):
            headers[EXPECT] = "100-continue"
        if proxying is not None:
            proxying.settle_headers(headers, route)
        return payload, field_lines(headers)

    def _wishes_with(
        self, options: RequestOptions, expects_100: bool, payload: Payload | None
    ) -> Wishes:
        """The session's wishes, with those of a request in their place."""
        wishes = self._wishes
        closes = payload is not None and not payload.autoclose
        if not expects_100 and not closes and options.keys().isdisjoint(_WISHES):
            return wishes
        judge = options.get("raise_for_status")
        retry = options.get("retry_on_stale")
        expect_100_s = None
        if expects_100:
            wish = options.get("expect100_timeout")
            expect_100_s = (
                self._defaults.expect_100_s if wish is None else checked_expect_100_s(wish)
            )
        timeout = wishes.timeout
        if "timeout" in options:
            timeout = request_timeout(options["timeout"], timeout)
        reading = reading_with(wishes.reading, options)
        redirects = redirects_with(wishes.redirects, options)
        middlewares = options.get("middlewares")
        observer: UploadObserver | None = options.get("upload_tracker")
        if payload is not None and closes:
            from aioclient._connection.payload_closer import PayloadCloser  # late: rarely needed

            observer = PayloadCloser(payload, observer)
        return Wishes(
            timeout,
            wishes.raise_for_status if judge is None else checked_judge(judge),
            reading,
            wishes.retry_on_stale if retry is None else retry,
            redirects,
            wishes.charset_resolver,
            expect_100_s,
            observer,
            wishes.response_class,
            wishes.middlewares if middlewares is None else checked_middlewares(middlewares),
        )

    def prepare_next(self, following: "NextRequest", before: Request) -> Request:
        """The request that follows a redirect.

        Raises ClientPayloadError if the body goes along and cannot be sent again.
        """
        payload = before.payload if following.keeps_body else None
        if payload is not None and payload.consumed:
            raise ClientPayloadError(
                f"redirected to {following.url.raw_host}, but the body cannot be sent again"
            )
        headers = CIMultiDict(following.headers)
        url, authorization = split_credentials(following.url)
        if authorization is not None:
            headers[AUTHORIZATION] = authorization
        target = target_of(url, authorization, self._defaults.schemes, self._defaults.ssl)
        was_secure = before.was_secure or before.target.route.is_ssl
        direct = target.route._replace(
            ssl=before.direct.ssl,
            # The name was meant for the server that was asked first.
            server_hostname=(
                target.route if following.crosses_origin else before.direct
            ).server_hostname,
        )
        proxying = before.proxying
        upgrades = before.wishes.reading.upgrades
        route = direct if proxying is None else proxying.route(target, direct, tunnels=upgrades)
        if self._has_secrets:
            self.add_secrets(headers, target, follows=True, was_secure=was_secure)
        chunked = payload is not None and before.head.body_length == CHUNKED
        if payload is not None and payload.size is None and not chunked:
            headers[CONTENT_LENGTH] = str(before.head.body_length)  # the caller said it
        if proxying is not None:
            proxying.settle_headers(headers, route, follows=True)
        fields = field_lines(headers)
        head = request_head(
            following.method,
            target,
            route,
            fields,
            payload,
            chunked,
            before.head.minor_version,
            self.cookie_line(target, fields.cookie, follows=True),
        )
        wishes = before.wishes
        if payload is None and wishes.expect_100_s is not None:
            wishes = wishes.replaced(expect_100_s=None)
        return Request(
            target, route, head, payload, wishes, was_secure, direct, proxying, fields.cookie
        )

    def add_secrets(
        self,
        headers: CIMultiDict[str],
        target: Target,
        *,
        follows: bool = False,
        was_secure: bool = False,
    ) -> None:
        """Add what the session has for this host: its credentials, or those of netrc.

        The session's, and its cookies, are for its base URL's origin, else for the first that needs
        one of them.
        `follows` says that a server chose this target, `was_secure` that https led there at first.
        """
        defaults = self._defaults
        origin = origin_of(target.url)
        needs_auth = AUTHORIZATION not in headers
        needs_own = defaults.cookies or (needs_auth and defaults.auth is not None)
        if needs_own and self._own_origin is None and not follows:
            self._own_origin = origin
        is_own = origin == self._own_origin
        if needs_auth:
            is_downgrade = was_secure and not target.route.is_ssl
            auth = defaults.auth if is_own else None
            if auth is None and defaults.netrc is not None and not is_downgrade:
                auth = defaults.netrc(target.route.host)
            if auth is not None:
                headers[AUTHORIZATION] = auth.encode()

    def target(self, given: StrOrURL) -> Target:
        """The parts of a URL, kept for the next request to it.

        Raises InvalidURL or NonHttpUrlClientError for one that no request can go to.
        """
        url = parsed_url(given)
        base_url = self._defaults.base_url
        if base_url is not None:
            url = base_url.join(url)
            if self._defaults.base_url_origin_only and origin_of(url) != origin_of(base_url):
                raise InvalidUrlClientError(
                    given, "another origin than that of base_url (base_url_origin_only)"
                )
        url, authorization = split_credentials(url)
        target = target_of(url, authorization, self._defaults.schemes, self._defaults.ssl)
        if len(self._targets) >= _MAX_TARGETS:
            del self._targets[next(iter(self._targets))]  # the oldest
        self._targets[given] = target
        return target

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names of headers that the session does not add by itself, in lower case."""
        return self._defaults.skip_auto_headers

    @property
    def expect_100_s(self) -> float:
        """Seconds to wait for a 100 response, where a request wants to wait."""
        return self._defaults.expect_100_s

    def _refresh_defaults(self) -> None:
        headers = self._defaults.headers
        version = _version(headers)
        merged = merged_headers(headers, None, None)
        add_auto_headers(merged, None, self._defaults.skip_auto_headers)
        self._default_fields = field_lines(merged)
        self._body_fields.clear()
        self._default_version = version


def _authorization(target: Target, options: RequestOptions) -> str | None:
    """The credentials that the caller gave with the request or in its URL."""
    auth = options.get("auth")
    if auth is None:
        return target.authorization
    if not isinstance(auth, BasicAuth):
        raise TypeError(f"auth must be a BasicAuth, not {type(auth).__name__}")
    if target.authorization is not None:
        raise ValueError("auth and user-info in the URL exclude each other")
    return auth.encode()


def _route(target: Target, options: RequestOptions) -> Route:
    """The target's route, with what the caller wishes of TLS."""
    route = target.route
    if options.keys().isdisjoint(_OF_TLS):
        return route
    name = options.get("server_hostname")
    return route._replace(
        ssl=tls_wish(options, route.ssl),
        server_hostname=route.server_hostname if name is None else checked_host_name(name),
    )


def _with_params(url: URL, params: Query) -> URL:
    try:
        return url.extend_query(params)
    except TypeError as error:
        raise TypeError(f"params: {error}") from None


def _payload(data: Any, json: Any, encode: JSONEncoder) -> Payload | None:
    if json is not None:
        if data is not None:
            raise ValueError("data and json exclude each other")
        return json_payload(json, encode)
    return None if data is None else body_payload(data)


def request_head(
    method: str,
    target: Target,
    route: Route,
    fields: Fields,
    payload: Payload | None,
    chunked: bool,
    minor_version: int,
    cookie_line: FieldLines,
) -> RequestHead:
    """The head of a request with these header lines."""
    # HTTP/1.0 has bodies of a length only; one that the caller says will do.
    needs_length = 1 if fields.content_length is not None else minor_version
    length = request_body_length(method, _announced_size(payload), chunked, needs_length)
    check_framing(fields, length, chunked)
    head = RequestHead(
        method,
        target.path_and_query if route.proxy is None else target_form(target, route),
        fields.host or target.authority,
        FieldLines(fields.lines + cookie_line) if cookie_line else fields.lines,
        length if fields.content_length is None else int(fields.content_length),
        fields.connection,
        minor_version,
    )
    if minor_version == 0:
        check_minor_version(head)
    return head


def target_form(target: Target, route: Route) -> str:
    """What the first line of a request says of its URL (RFC 9112 section 3.2)."""
    if route.proxy is None or not route.proxy.forwards:
        return target.path_and_query
    return target.absolute_form


def _announced_size(payload: Payload | None) -> int | None:
    """The size of a payload as `request_body_length` takes it."""
    if payload is None:
        return None
    size = payload.size
    return -1 if size is None else size
