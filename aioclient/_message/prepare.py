"""What the caller said -> a request. Pure: no clock, no loop, nothing is sent.

What does not change from one request to the next is made once: the parts of a URL, and the block of
default header lines. Both are kept here, bounded, and made anew when what they came from changes.
"""

import sys
from collections.abc import Callable, Iterable
from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from multidict import CIMultiDict, getversion
from yarl import URL

from aioclient._aliases import JSONEncoder, LooseHeaders, StrOrURL
from aioclient._auth.basic import BasicAuth, encode_basic_auth
from aioclient._body.payload import Payload, body_payload, json_payload
from aioclient._connection.exchange import DEFAULT_READING, Reading
from aioclient._http.events import CHUNKED, NO_BODY, FieldLines, RequestHead
from aioclient._http.header_names import (
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    TRANSFER_ENCODING,
    USER_AGENT,
)
from aioclient._http1.framing import request_body_length
from aioclient._http1.head_writer import write_field_lines
from aioclient._http1.limits import DEFAULT_LIMITS
from aioclient._message.options import RaiseForStatus, RequestOptions, limits_with
from aioclient._message.request import (
    DEFAULT_REDIRECTS,
    CharsetResolver,
    Redirects,
    Request,
    Target,
)
from aioclient._net.route import Route, check_tls_wish
from aioclient._timeout import ClientTimeout, request_timeout
from aioclient._version import __version__
from aioclient.errors import ClientPayloadError, InvalidUrlClientError, NonHttpUrlClientError

if TYPE_CHECKING:
    from aioclient._message.redirect import NextRequest

#: How many URLs are kept taken apart.
_MAX_TARGETS: Final = 512
_PYTHON: Final = f"{sys.version_info[0]}.{sys.version_info[1]}"
_USER_AGENT: Final = f"Python/{_PYTHON} aioclient/{__version__}"
# multidict's own annotation takes no CIMultiDict[str].
_version: Final[Callable[[CIMultiDict[str]], int]] = getversion  # type: ignore[assignment]  # see above
_READING_OPTIONS: Final = frozenset(
    {
        "read_until_eof",
        "on_informational",
        "read_bufsize",
        "auto_decompress",
        "max_body_size",
        "max_decode_ratio",
    }
)
_REDIRECT_OPTIONS: Final = frozenset({"max_redirects", "redirect_policy", "cross_origin_headers"})
_OF_FRAMING: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_OPTION_NAMES: Final = frozenset(RequestOptions.__annotations__)


class Defaults(NamedTuple):
    """What a session says for all its requests."""

    base_url: URL | None
    headers: CIMultiDict[str]
    timeout: ClientTimeout
    json_serialize: JSONEncoder
    raise_for_status: RaiseForStatus
    reading: Reading = DEFAULT_READING
    expect_100_s: float = 1.0
    retry_on_stale: bool = True
    base_url_origin_only: bool = False
    auth: BasicAuth | None = None
    skip_auto_headers: frozenset[str] = frozenset()
    redirects: Redirects = DEFAULT_REDIRECTS
    charset_resolver: CharsetResolver | None = None


class _Fields(NamedTuple):
    """Header lines, without the four that belong to the connection and the body's framing."""

    lines: FieldLines
    host: str | None
    connection: str | None
    content_length: str | None


class Preparer:
    """Makes the requests of one session."""

    __slots__ = ("_auth_origin", "_default_fields", "_default_version", "_defaults", "_targets")

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        # Whom the session's credentials are for: nobody else gets them.
        self._auth_origin = None if defaults.base_url is None else _origin(defaults.base_url)
        self._targets: dict[StrOrURL, Target] = {}
        self._default_version = -1
        self._default_fields: _Fields

    def prepare(self, method: str, url: StrOrURL, options: RequestOptions) -> Request:
        """A request from a method, a URL and the caller's options.

        Raises InvalidURL or NonHttpUrlClientError for the URL, TypeError and ValueError for options
        that are unknown, of the wrong type, or contradict each other.
        """
        target = self._targets.get(url)
        if target is None:
            target = self._take_apart(url)
        defaults = self._defaults
        if options or target.authorization is not None or defaults.auth is not None:
            return self._prepare_with(method, target, options)
        if _version(defaults.headers) != self._default_version:
            self._refresh_defaults()
        fields = self._default_fields
        head = RequestHead(
            method,
            target.path_and_query,
            fields.host or target.authority,
            fields.lines,
            request_body_length(method, None, False),
            fields.connection,
        )
        return Request(
            target,
            target.route,
            head,
            None,
            defaults.timeout,
            defaults.raise_for_status,
            defaults.reading,
            None,
            defaults.retry_on_stale,
            defaults.redirects,
            defaults.charset_resolver,
        )

    def _prepare_with(self, method: str, target: Target, options: RequestOptions) -> Request:
        unknown = options.keys() - _OPTION_NAMES
        if unknown:
            raise TypeError(f"unknown request option {min(unknown)!r}")
        defaults = self._defaults
        params = options.get("params")
        if params:
            target = _target(target.real_url.extend_query(params), target.authorization)
        route = target.route
        tls = options.get("ssl", True)
        if tls is not True:
            check_tls_wish(tls)
            route = route._replace(ssl=tls)
        name = options.get("server_hostname")
        if name is not None:
            route = route._replace(server_hostname=_host_name(name))
        payload = _payload(options.get("data"), options.get("json"), defaults.json_serialize)
        headers = _merged(
            defaults.headers, options.get("headers"), self._authorization(target, options)
        )
        skipped = options.get("skip_auto_headers")
        skip = defaults.skip_auto_headers
        _add_auto_headers(
            headers, payload, skip if skipped is None else skip | lower_names(skipped)
        )
        if defaults.auth is not None and AUTHORIZATION not in headers:
            self._add_session_auth(headers, target)
        if options.get("compress"):
            payload = _compressed(payload, options.get("compress"), headers)
        if payload is not None and payload.size != 0 and options.get("expect100"):
            headers[EXPECT] = "100-continue"
        head = _head(method, target, headers, payload, bool(options.get("chunked")))
        timeout = defaults.timeout
        if "timeout" in options:
            timeout = request_timeout(options["timeout"], timeout)
        expect_100_s = None
        if payload is not None and payload.size != 0 and _expects_100(headers):
            wish = options.get("expect100_timeout")
            expect_100_s = defaults.expect_100_s if wish is None else checked_expect_100_s(wish)
        judge = options.get("raise_for_status")
        retry = options.get("retry_on_stale")
        return Request(
            target,
            route,
            head,
            payload,
            timeout,
            defaults.raise_for_status if judge is None else judge,
            _reading(defaults.reading, options),
            expect_100_s,
            defaults.retry_on_stale if retry is None else retry,
            _redirects(defaults.redirects, options),
            defaults.charset_resolver,
        )

    def prepare_next(self, following: "NextRequest", before: Request) -> Request:
        """The request that follows a redirect.

        Raises ClientPayloadError if the body goes along and cannot be sent again.
        """
        payload = before.payload if following.keeps_body else None
        if payload is not None and payload.consumed:
            raise ClientPayloadError(
                f"redirected to {following.url.host}, but the body cannot be sent again"
            )
        headers = CIMultiDict(following.headers)
        url, authorization = _split_credentials(following.url)
        if authorization is not None:
            headers[AUTHORIZATION] = authorization
        target = _target(url, authorization)
        if self._defaults.auth is not None and AUTHORIZATION not in headers:
            self._add_session_auth(headers, target)
        chunked = payload is not None and before.head.body_length == CHUNKED
        head = _head(following.method, target, headers, payload, chunked)
        return Request(
            target,
            target.route._replace(
                ssl=before.route.ssl,
                # The name was meant for the server that was asked first.
                server_hostname=None if following.crosses_origin else before.route.server_hostname,
            ),
            head,
            payload,
            before.timeout,
            before.raise_for_status,
            before.reading,
            None if payload is None else before.expect_100_s,
            before.retry_on_stale,
            before.redirects,
            before.charset_resolver,
        )

    def _authorization(self, target: Target, options: RequestOptions) -> str | None:
        """The credentials that the caller gave with the request or in its URL."""
        auth = options.get("auth")
        if auth is None:
            return target.authorization
        if not isinstance(auth, BasicAuth):
            raise TypeError(f"auth must be a BasicAuth, not {type(auth).__name__}")
        if target.authorization is not None:
            raise ValueError("auth and user-info in the URL exclude each other")
        return auth.encode()

    def _add_session_auth(self, headers: CIMultiDict[str], target: Target) -> None:
        """The session's credentials are for its base URL's origin, else for the first it asks."""
        auth = self._defaults.auth
        origin = _origin(target.url)
        if self._auth_origin is None:
            self._auth_origin = origin
        if auth is not None and origin == self._auth_origin:
            headers[AUTHORIZATION] = auth.encode()

    def _take_apart(self, given: StrOrURL) -> Target:
        """The parts of a URL, kept for the next request to it."""
        try:
            url = URL(given)
        except ValueError as error:
            raise InvalidUrlClientError(given, str(error)) from error
        base_url = self._defaults.base_url
        if base_url is not None:
            url = base_url.join(url)
            if self._defaults.base_url_origin_only and _origin(url) != _origin(base_url):
                raise InvalidUrlClientError(
                    given, "another origin than that of base_url (base_url_origin_only)"
                )
        url, authorization = _split_credentials(url)
        target = _target(url, authorization)
        if len(self._targets) >= _MAX_TARGETS:
            del self._targets[next(iter(self._targets))]  # the oldest
        self._targets[given] = target
        return target

    def _refresh_defaults(self) -> None:
        headers = self._defaults.headers
        version = _version(headers)
        merged = _merged(headers, None, None)
        _add_auto_headers(merged, None, self._defaults.skip_auto_headers)
        self._default_fields = _fields(merged)
        self._default_version = version


def _split_credentials(url: URL) -> tuple[URL, str | None]:
    """A URL without user-info, and the Authorization header that stands for that."""
    if url.raw_user is None and url.raw_password is None:
        return url, None
    return url.with_user(None), encode_basic_auth(url.user or "", url.password or "")


def _host_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise TypeError(f"server_hostname must be a host name, not {name!r}")
    return name


def _redirects(session: Redirects, options: RequestOptions) -> Redirects | None:
    if not options.get("allow_redirects", True):
        return None
    if options.keys().isdisjoint(_REDIRECT_OPTIONS):
        return session
    policy = options.get("redirect_policy")
    names = options.get("cross_origin_headers")
    return Redirects(
        checked_max_redirects(options.get("max_redirects", session.limit)),
        session.policy if policy is None else policy,
        session.may_cross if names is None else checked_crossing_names(names),
        session.requote,
    )


def checked_max_redirects(limit: int) -> int:
    """A number of redirects. Raises TypeError or ValueError if it cannot be that."""
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"max_redirects must be a whole number, not {limit!r}")
    if limit < 0:
        raise ValueError(f"max_redirects must not be negative, got {limit}")
    return limit


def checked_crossing_names(names: Iterable[str]) -> frozenset[str]:
    """Names of headers that may go to other origins; raises as `redirect.crossing_names`."""
    from aioclient._message.redirect import crossing_names  # late: not at start-up

    return crossing_names(names)


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 9110 section 4.3.1): the default port is as good as none."""
    return url.scheme, url.raw_host, url.port


def _target(url: URL, authorization: str | None) -> Target:
    if url.scheme not in ("http", "https"):
        if not url.scheme:
            raise InvalidUrlClientError(url, "the URL has no scheme and no host")
        raise NonHttpUrlClientError(f"not an http or https URL: {url}")
    host = url.raw_host
    if not host:
        raise InvalidUrlClientError(url, "the URL has no host")
    port = url.port
    if not port:
        raise InvalidUrlClientError(url, "the port must not be 0")
    return Target(url, Route(host, port, url.scheme == "https", True), authorization)


def _reading(session: Reading, options: RequestOptions) -> Reading:
    limits = limits_with(session.limits or DEFAULT_LIMITS, options)
    if limits is session.limits and options.keys().isdisjoint(_READING_OPTIONS):
        return session
    bufsize = options.get("read_bufsize")
    decompress = options.get("auto_decompress")
    size = options.get("max_body_size")
    ratio = options.get("max_decode_ratio")
    return Reading(
        limits,
        options.get("read_until_eof", session.read_until_eof),
        options.get("on_informational"),
        session.high_water_bytes if bufsize is None else 2 * bufsize,
        session.auto_decompress if decompress is None else decompress,
        session.max_body_bytes if size is None else size or None,
        session.max_decode_ratio if ratio is None else ratio or None,
    )


def _payload(data: Any, json: Any, encode: JSONEncoder) -> Payload | None:
    if json is not None:
        if data is not None:
            raise ValueError("data and json exclude each other")
        return json_payload(json, encode)
    return None if data is None else body_payload(data)


def _compressed(payload: Payload | None, wish: object, headers: CIMultiDict[str]) -> Payload | None:
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


def lower_names(names: Iterable[str]) -> frozenset[str]:
    """Header names in lower case. Raises TypeError for a single string."""
    if isinstance(names, str):
        raise TypeError("skip_auto_headers must be a collection of names, not one string")
    return frozenset(name.lower() for name in names)


def _add_auto_headers(
    headers: CIMultiDict[str], payload: Payload | None, skip: frozenset[str]
) -> None:
    """Add what is said unless the caller says something else, or wishes nothing of it."""
    if ACCEPT not in headers and "accept" not in skip:
        headers[ACCEPT] = "*/*"
    if ACCEPT_ENCODING not in headers and "accept-encoding" not in skip:
        from aioclient._body.content_coding import accept_encoding  # late: not at start-up

        headers[ACCEPT_ENCODING] = accept_encoding()
    if USER_AGENT not in headers and "user-agent" not in skip:
        headers[USER_AGENT] = _USER_AGENT
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


def _expects_100(headers: CIMultiDict[str]) -> bool:
    """RFC 9110 section 10.1.1: the one expectation there is, in any case of letters."""
    return headers.get(EXPECT, "").lower() == "100-continue"


def checked_expect_100_s(seconds: float) -> float:
    """Seconds to wait for a 100 response. Raises TypeError or ValueError if they cannot be that."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"expect100_timeout must be seconds, not {seconds!r}")
    if not 0 <= seconds < inf:  # NaN too
        raise ValueError(f"expect100_timeout must be finite and not negative, got {seconds!r}")
    return seconds


def _merged(
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
        own_headers = CIMultiDict(own)
        if authorization is not None and AUTHORIZATION in own_headers:
            raise ValueError("an Authorization header excludes auth and user-info in the URL")
        headers.update(own_headers)
    return headers


def _head(
    method: str,
    target: Target,
    headers: CIMultiDict[str],
    payload: Payload | None,
    chunked: bool,
) -> RequestHead:
    """The head of a request with these headers; takes the ones out that the HTTP/1 rooms write."""
    length = request_body_length(method, _announced_size(payload), chunked)
    fields = _fields(headers)
    _check_framing(fields, length, chunked)
    return RequestHead(
        method,
        target.path_and_query,
        fields.host or target.authority,
        fields.lines,
        length if fields.content_length is None else int(fields.content_length),
        fields.connection,
    )


def _announced_size(payload: Payload | None) -> int | None:
    """The size of a payload as `request_body_length` takes it."""
    if payload is None:
        return None
    size = payload.size
    return -1 if size is None else size


def _fields(headers: CIMultiDict[str]) -> _Fields:
    """Header lines, and apart from them what the HTTP/1 rooms write themselves."""
    host = headers.popone(HOST, None)
    connection = headers.popone(CONNECTION, None)
    content_length = headers.popone(CONTENT_LENGTH, None)
    for name in (HOST, CONNECTION, CONTENT_LENGTH):
        if name in headers:
            raise ValueError(f"header {name!s} was given more than once")
    if TRANSFER_ENCODING in headers:
        raise ValueError("Transfer-Encoding cannot be set as a header, use chunked=True")
    return _Fields(write_field_lines(headers.items()), host, connection, content_length)


def _check_framing(fields: _Fields, length: int, chunked: bool) -> None:
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
