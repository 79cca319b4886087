"""The session: what a caller makes first, and asks for everything."""

import asyncio
import json as json_module
import warnings
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, Unpack, overload

from multidict import CIMultiDict, istr

from aioclient._aliases import JSONBytesEncoder, JSONEncoder, LooseCookies, LooseHeaders, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._caller import caller, warn_deprecated
from aioclient._connection.exchange import Reading
from aioclient._http.version import HttpVersion, HttpVersion11
from aioclient._http1.limits import DEFAULT_LIMITS
from aioclient._message.defaults import Defaults
from aioclient._message.option_checks import (
    checked_auth,
    checked_base_url,
    checked_cookies,
    checked_crossing_names,
    checked_expect_100_s,
    checked_function,
    checked_jar,
    checked_judge,
    checked_middlewares,
    checked_minor_version,
    checked_ratio,
    checked_response_class,
    checked_size,
    header_names,
    lower_names,
    netrc_credentials,
    with_old_timeouts,
)
from aioclient._message.options import RaiseForStatus, RedirectPolicy, RequestOptions, limits_with
from aioclient._message.prepare import Preparer
from aioclient._message.request import DEFAULT_REDIRECTS, Wishes
from aioclient._message.request_headers import checked_headers
from aioclient._message.response import ClientResponse
from aioclient._message.session_cookies import SessionCookies
from aioclient._net.route import TlsWish, check_tls_wish
from aioclient._pool.connector import BaseConnector
from aioclient._pool.tcp import TCPConnector
from aioclient._session.pending import Pending
from aioclient._session.send import Sender
from aioclient._session.session_hooks import SessionHooks
from aioclient._timeout import UNSET, ClientTimeout, TimeoutWish, Unset

if TYPE_CHECKING:
    from aioclient._auth.proxy_digest import ProxyDigestAuth
    from aioclient._cookies.abstract import AbstractCookieJar
    from aioclient._message.client_request import ClientRequest
    from aioclient._message.handler import ClientMiddlewareType
    from aioclient._message.proxying import Proxying
    from aioclient._session.websocket import ClientWebSocketResponse
    from aioclient._session.ws_connect import PendingWebSocket, WSConnectOptions
    from aioclient._tracing.config import TraceConfig


def _checked_connector(connector: object) -> BaseConnector:
    if isinstance(connector, BaseConnector):
        return connector
    raise TypeError(f"connector must be a BaseConnector, not {type(connector).__name__}")


def _checked_request_class(kind: object) -> "type[ClientRequest] | None":
    """A `request_class`; None for ClientRequest itself, which is loaded only if it is needed."""
    if kind is None:
        return None
    from aioclient._message.client_request import ClientRequest  # late: rarely needed

    if isinstance(kind, type) and issubclass(kind, ClientRequest):
        return None if kind is ClientRequest else kind
    raise TypeError(f"request_class must be a subclass of ClientRequest, not {kind!r}")


def _checked_trace_configs(configs: object) -> "list[TraceConfig[Any]]":
    """The `trace_configs` of a session; nothing can be appended to them any more."""
    from aioclient._tracing.config import TraceConfig  # late: rarely needed

    if not isinstance(configs, Sequence):
        kind = type(configs).__name__
        raise TypeError(f"trace_configs must be a sequence of TraceConfig, not {kind}")
    checked = []
    for given in configs:
        is_foreign = not isinstance(given, TraceConfig) and hasattr(given, "on_request_start")
        config = TraceConfig.of_aiohttp(given) if is_foreign else given
        if not isinstance(config, TraceConfig):
            raise TypeError(f"trace_configs must be of TraceConfig, not {type(config).__name__}")
        config.freeze()
        checked.append(config)
    return checked


def _proxying(
    environment_counts: bool,
    netrc: "Callable[[str], BasicAuth | None] | None",
    proxy: StrOrURL | Literal[False] | None,
    auth: "BasicAuth | ProxyDigestAuth | None",
    headers: LooseHeaders | None,
    tls: TlsWish | None,
) -> "Proxying | None":
    """What a session says of proxies; None if that is nothing."""
    if not environment_counts and proxy is None and auth is None and not headers and tls is None:
        return None
    from aioclient._message.proxying import Proxying, proxying_with  # late: not at start-up

    environment = None
    if environment_counts:
        from aioclient._net.proxy_environment import ProxyEnvironment  # late, too

        environment = ProxyEnvironment()
    wished = Proxying(environment=environment, netrc=netrc)
    return proxying_with(wished, proxy, auth, headers, tls)


class ClientSession(SessionHooks):
    """Sends requests, and keeps connections for the next ones.

    Make one for an application, not one for each request; close it at the end, best with
    ``async with``. It belongs to the event loop that it is first used in.

    Arguments:
        base_url: what relative URLs of requests are relative to (RFC 3986); its path is taken to
            end with "/", even if it does not.
        base_url_origin_only: refuse requests to another scheme, host or port than those of the base
            URL with InvalidUrlClientError; redirects may still lead there.
        connector: the pool of connections; a `TCPConnector()` of its own if none is given.
        loop, ssl_shutdown_timeout: deprecated, have no effect.
        ssl: the TLS setting of requests that bring none of their own, as `ssl` of `TCPConnector`,
            which is for sessions that have none.
        cookie_jar: keeps the cookies of responses and gives them to requests; a `CookieJar()` of
            the session's own if none is given, `DummyCookieJar()` for no cookies.
        cookies: cookies for the origin of the base URL, or without one for the first origin that is
            asked; no other gets them.
        headers: headers of all requests; copied.
        skip_auto_headers: names of headers that are not added by themselves: of Accept,
            Accept-Encoding, User-Agent and Content-Type.
        auth: login and password, for the origin of the base URL, or without one for the first
            origin that is asked; no other gets them.
        response_class: what responses are made of, a subclass of ClientResponse.
        version: HTTP/1.1, or HttpVersion10 to send requests as of HTTP/1.0.
        timeout: limits of all requests; None is ``ClientTimeout(total=300, sock_connect=30)``, a
            number replaces its total.
        connector_owner: close the connector with the session.
        raise_for_status: raise ClientResponseError for responses with a status of 400 and above, or
            await this function with each response.
        read_timeout, conn_timeout: deprecated, for `total` and `connect` of the timeout.
        proxy: the URL of a proxy for requests that name none: http://, https://, or, with the extra
            "socks", socks4://, socks4a://, socks5:// or socks5h://; with login and password, if it
            wants them. socks4 and socks5 get addresses, socks4a and socks5h names to look up.
            False is none, whatever the environment names.
        proxy_headers: headers for the proxy, and nobody else.
        proxy_ssl: TLS with an https proxy, as `ssl` with a server; that is not for the proxy.
        proxy_auth: a `ProxyDigestAuth`, for a proxy that asks for Digest; deprecated: a BasicAuth.
        trust_env: use the proxies that the environment names, if nothing else does: HTTP_PROXY,
            HTTPS_PROXY, ALL_PROXY, but for hosts in NO_PROXY, as they are at each request. And take
            credentials from the user's netrc file ($NETRC, else ~/.netrc), which is read once, now;
            for requests and proxies that bring none of their own, by host. Not for http URLs behind
            a redirect from https to http.
        trust_netrc_default: use the ``default`` entry of that file, too, which is for all hosts.
        json_serialize: encodes what is given as `json`, to text or to bytes in UTF-8.
        json_serialize_bytes: the same, to bytes; used in its place if it is given.
        auto_decompress: undo content codings (gzip, deflate, and br and zstd where their packages
            are installed) of response bodies.
        fallback_charset_resolver: called with a response and its body when nothing says how its
            text is encoded; gives the name of a codec. Without it that is UTF-8.
        expect100_timeout: for how many seconds the body of a request with `expect100` waits for the
            server to ask for it (100 Continue); then it is sent.
        retry_on_stale: send a request once more, on a new connection, if the kept one turns out to
            be closed before a byte of the answer came; not POST and the like, unless nothing of
            them was sent, and not a body that cannot be had again.
        requote_redirect_url: percent-encode what a Location header says as other URLs, else keep
            the server's own encoding.
        redirect_policy: called with each response that redirects and the `NextRequest`; gives the
            request to send, or None: then the response is the answer.
        cross_origin_headers: names of headers that go along when a redirect leads to another
            origin; others do only if they are known to be harmless, credentials never.
        max_body_size: decoded bytes of a body that is read whole (by `read`, `text` or `json`);
            what exceeds it raises BodyTooLargeError. 0 is no limit; streaming has none.
        max_error_body_size: bytes of the body that the errors of `raise_for_status` carry.
        max_decode_ratio: the same for how many times larger than what came a body grew in
            decoding; counts only above 16 MiB.
        read_bufsize: a server is slowed down when twice as many bytes of body wait to be read.
        max_line_size, max_field_size, max_headers, max_head_size: bytes of a response's status
            line, bytes of one field, number of fields, bytes of the whole head; what exceeds one
            of them is refused with HeadLimitError.
        max_empty_lines, max_informational: number of empty lines before a status line, of 1xx
            responses before the final one; the same error.
        max_chunk_line_size, max_chunk_ext_size, max_trailer_size: bytes of one chunk-size line, of
            all chunk extensions of a body, of its trailers (which also count to `max_headers` and
            `max_head_size`, together with the head); BodyLimitError.
        middlewares: what each request goes through before it is sent, the outermost first; see
            `ClientMiddlewareType`. Each redirect, and each automatic second sending, does.
        trace_configs: `TraceConfig` objects, whose functions are told of all requests.
        ws_response_class: what WebSockets are made of, a subclass of ClientWebSocketResponse.
        request_class: what requests are made of, a subclass of ClientRequest: for one that changes
            them when they are made. Middlewares can do the same, and more.
    """

    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        base_url_origin_only: bool = False,
        connector: BaseConnector | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        ssl: TlsWish = True,
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        proxy: StrOrURL | Literal[False] | None = None,
        proxy_auth: "BasicAuth | ProxyDigestAuth | None" = None,
        proxy_headers: LooseHeaders | None = None,
        proxy_ssl: TlsWish | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: JSONEncoder = json_module.dumps,
        json_serialize_bytes: JSONBytesEncoder | None = None,
        request_class: "type[ClientRequest] | None" = None,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: "type[ClientWebSocketResponse[Any]] | None" = None,
        version: HttpVersion = HttpVersion11,
        cookie_jar: "AbstractCookieJar | None" = None,
        connector_owner: bool = True,
        raise_for_status: RaiseForStatus = False,
        read_timeout: float | None = None,
        conn_timeout: float | None = None,
        timeout: TimeoutWish = None,
        auto_decompress: bool = True,
        trust_env: bool = False,
        trust_netrc_default: bool = False,
        trace_configs: "Sequence[TraceConfig[Any]] | None" = None,
        middlewares: "Sequence[ClientMiddlewareType]" = (),
        read_bufsize: int = 2**18,
        ssl_shutdown_timeout: float | Unset | None = UNSET,
        fallback_charset_resolver: Callable[[ClientResponse, bytes], str] | None = None,
        expect100_timeout: float = 1.0,
        retry_on_stale: bool = True,
        requote_redirect_url: bool = True,
        redirect_policy: RedirectPolicy | None = None,
        cross_origin_headers: Iterable[str] = (),
        max_body_size: int = 2**30,
        max_decode_ratio: float = 200.0,
        max_error_body_size: int = 2**16,
        max_line_size: int = DEFAULT_LIMITS.max_line_size,
        max_field_size: int = DEFAULT_LIMITS.max_field_size,
        max_headers: int = DEFAULT_LIMITS.max_headers,
        max_head_size: int = DEFAULT_LIMITS.max_head_size,
        max_empty_lines: int = DEFAULT_LIMITS.max_empty_lines,
        max_informational: int = DEFAULT_LIMITS.max_informational,
        max_chunk_line_size: int = DEFAULT_LIMITS.max_chunk_line_size,
        max_chunk_ext_size: int = DEFAULT_LIMITS.max_chunk_ext_size,
        max_trailer_size: int = DEFAULT_LIMITS.max_trailer_size,
    ) -> None:
        limits: dict[str, object] = {
            "max_line_size": max_line_size,
            "max_field_size": max_field_size,
            "max_headers": max_headers,
            "max_head_size": max_head_size,
            "max_empty_lines": max_empty_lines,
            "max_informational": max_informational,
            "max_chunk_line_size": max_chunk_line_size,
            "max_chunk_ext_size": max_chunk_ext_size,
            "max_trailer_size": max_trailer_size,
        }
        self._connector: BaseConnector | None = None  # for __del__, should an argument be wrong
        self._skip_auto_headers = header_names(skip_auto_headers or ())
        self._made_at = caller()
        if base_url_origin_only and base_url is None:
            raise ValueError("base_url_origin_only needs a base_url")
        for name, is_given in (
            ("loop", loop is not None),
            ("ssl_shutdown_timeout", ssl_shutdown_timeout is not UNSET),
        ):
            if is_given:
                warn_deprecated(f"{name} is deprecated and has no effect")
        check_tls_wish(ssl)
        reading = Reading(
            limits_with(DEFAULT_LIMITS, limits),
            high_water_bytes=2 * checked_size("read_bufsize", read_bufsize),
            auto_decompress=auto_decompress,
            max_body_bytes=checked_size("max_body_size", max_body_size) or None,
            max_decode_ratio=checked_ratio(max_decode_ratio),
            max_error_body_bytes=checked_size("max_error_body_size", max_error_body_size),
        )
        redirects = DEFAULT_REDIRECTS._replace(
            policy=checked_function("redirect_policy", redirect_policy),
            may_cross=checked_crossing_names(cross_origin_headers)
            if cross_origin_headers
            else frozenset(),
            requote=requote_redirect_url,
        )
        made_of = _checked_request_class(request_class)
        pool = TCPConnector() if connector is None else _checked_connector(connector)
        jar = checked_jar(cookie_jar)
        netrc = netrc_credentials(use_default=trust_netrc_default) if trust_env else None
        if proxy and not pool.allows_proxies:
            raise ValueError(f"a {type(pool).__name__} does not connect through proxies")
        self._defaults = Defaults(
            base_url=None if base_url is None else checked_base_url(base_url),
            headers=checked_headers(headers or ()),
            json_serialize=checked_function("json_serialize_bytes", json_serialize_bytes)
            or checked_function("json_serialize", json_serialize),
            wishes=Wishes(
                with_old_timeouts(timeout, read_timeout, conn_timeout),
                checked_judge(raise_for_status or False),
                reading,
                retry_on_stale,
                redirects,
                checked_function("fallback_charset_resolver", fallback_charset_resolver),
                response_class=checked_response_class(response_class),
                middlewares=checked_middlewares(middlewares),
            ),
            expect_100_s=checked_expect_100_s(expect100_timeout),
            base_url_origin_only=base_url_origin_only,
            auth=checked_auth(auth),
            skip_auto_headers=lower_names(self._skip_auto_headers),
            minor_version=checked_minor_version(version),
            cookies=None
            if cookies is None
            else checked_cookies(cookies, quote=jar is None or jar.quote_cookie),
            netrc=netrc,
            schemes=pool.allowed_protocol_schema_set,
            ssl=ssl,
            proxying=_proxying(
                trust_env and pool.allows_proxies,
                netrc,
                proxy,
                proxy_auth,
                proxy_headers,
                proxy_ssl,
            ),
            allows_proxies=pool.allows_proxies,
        )
        self._json_serialize = json_serialize
        self._trust_env = trust_env
        if ws_response_class is not None and not isinstance(ws_response_class, type):
            raise TypeError(f"ws_response_class must be a class, not {ws_response_class!r}")
        self._ws_response_class = ws_response_class
        self._connector_owner = connector_owner
        self._connector = pool
        self._cookies = SessionCookies(self._defaults.cookies, jar)
        self._preparer = Preparer(self._defaults, self._cookies)
        self._trace_configs = _checked_trace_configs(trace_configs) if trace_configs else []
        self._sender = Sender(
            self._preparer,
            pool,
            self._cookies,
            self._trace_configs,
            made_of,
        )

    # --- requests --------------------------------------------------------------------------------

    def request(self, method: str, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a request: await the result, or use it with ``async with``.

        The options are those of `RequestOptions`. Nothing is sent before somebody waits for it.
        """
        if not isinstance(method, str):
            raise TypeError(f"method must be str, not {type(method).__name__}")
        return Pending(self._sender.send(method.upper(), url, options, self))

    def get(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a GET request; see `request`."""
        return Pending(self._sender.send("GET", url, options, self))

    def options(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send an OPTIONS request; see `request`."""
        return Pending(self._sender.send("OPTIONS", url, options, self))

    def head(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a HEAD request; see `request`. Redirects are not followed unless it is said."""
        options.setdefault("allow_redirects", False)
        return Pending(self._sender.send("HEAD", url, options, self))

    def post(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a POST request; see `request`."""
        return Pending(self._sender.send("POST", url, options, self))

    def put(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a PUT request; see `request`."""
        return Pending(self._sender.send("PUT", url, options, self))

    def patch(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a PATCH request; see `request`."""
        return Pending(self._sender.send("PATCH", url, options, self))

    def delete(self, url: StrOrURL, **options: Unpack[RequestOptions]) -> Pending:
        """Send a DELETE request; see `request`."""
        return Pending(self._sender.send("DELETE", url, options, self))

    @overload
    def ws_connect(
        self,
        url: StrOrURL,
        *,
        decode_text: Literal[True] = ...,
        **options: Unpack["WSConnectOptions"],
    ) -> "PendingWebSocket[Literal[True]]": ...
    @overload
    def ws_connect(
        self, url: StrOrURL, *, decode_text: Literal[False], **options: Unpack["WSConnectOptions"]
    ) -> "PendingWebSocket[Literal[False]]": ...
    @overload
    def ws_connect(
        self, url: StrOrURL, *, decode_text: bool = ..., **options: Unpack["WSConnectOptions"]
    ) -> "PendingWebSocket[bool]": ...
    def ws_connect(
        self, url: StrOrURL, *, decode_text: bool = True, **options: Unpack["WSConnectOptions"]
    ) -> "PendingWebSocket[Any]":
        """Open a WebSocket: await the result, or use it with ``async with``.

        The options are those of `WSConnectOptions`. The URL may begin with ws, wss, http or https.
        With `decode_text` false, text is received as bytes. Raises WSServerHandshakeError, with
        status, headers and the beginning of the body, if the server does not agree.
        """
        from aioclient._session.ws_connect import PendingWebSocket, ws_connect  # late

        return PendingWebSocket(ws_connect(self, url, decode_text, options))

    # --- settings --------------------------------------------------------------------------------

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers of all requests; changes count from the next request on."""
        return self._defaults.headers

    @property
    def skip_auto_headers(self) -> frozenset[istr]:
        """Names of headers that are not added by themselves."""
        return self._skip_auto_headers

    @property
    def cookie_jar(self) -> "AbstractCookieJar":
        """What keeps the cookies of responses; those given as `cookies` are not in it."""
        return self._cookies.jar

    @property
    def auth(self) -> BasicAuth | None:
        """Login and password for one origin."""
        return self._defaults.auth

    @property
    def auto_decompress(self) -> bool:
        """Are content codings of response bodies undone?"""
        return self._defaults.wishes.reading.auto_decompress

    @property
    def requote_redirect_url(self) -> bool:
        """Is what a Location header says percent-encoded as other URLs?"""
        redirects = self._defaults.wishes.redirects
        return redirects is None or redirects.requote

    @requote_redirect_url.setter
    def requote_redirect_url(self, value: bool) -> None:
        """Deprecated: say it when the session is made."""
        warn_deprecated("requote_redirect_url of a session should not be changed")
        wishes = self._defaults.wishes
        if wishes.redirects is not None:
            wishes = wishes.replaced(redirects=wishes.redirects._replace(requote=value))
        self._defaults = self._defaults._replace(wishes=wishes)
        self._preparer.change(self._defaults)

    @property
    def version(self) -> HttpVersion:
        """The version of HTTP that requests are sent in."""
        return HttpVersion(1, self._defaults.minor_version)

    @property
    def trust_env(self) -> bool:
        """Are proxies taken from the environment, and credentials from the netrc file?"""
        return self._trust_env

    @property
    def trace_configs(self) -> "list[TraceConfig[Any]]":
        """Whose functions are told of all requests; a copy."""
        return list(self._trace_configs)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Deprecated: the running event loop."""
        warn_deprecated("ClientSession.loop is deprecated, use asyncio.get_running_loop()")
        return asyncio.get_running_loop()

    @property
    def timeout(self) -> ClientTimeout:
        """The limits of requests that bring none of their own."""
        return self._defaults.wishes.timeout

    @property
    def json_serialize(self) -> JSONEncoder:
        """What encodes `json`, unless `json_serialize_bytes` was given."""
        return self._json_serialize

    @property
    def raise_for_status(self) -> RaiseForStatus:
        """What is done about responses with a status of 400 and above."""
        return self._defaults.wishes.raise_for_status

    @property
    def connector(self) -> BaseConnector | None:
        """The pool of connections; None once the session is closed."""
        return self._connector

    @property
    def connector_owner(self) -> bool:
        """Is the connector closed with the session?"""
        return self._connector_owner

    # --- the end ---------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Was it closed, or its connector?"""
        return self._connector is None or self._connector.closed

    def detach(self) -> None:
        """Close the session, but leave the connector, and requests under way, as they are."""
        self._sender.close()
        self._connector = None
        self._sender.drop_timer()

    async def close(self, *, drain: float = 0.0) -> None:
        """Close the session and, if it owns it, the connector; return when all links are closed.

        New requests are refused at once. With a connector of its own, those under way have `drain`
        seconds to end, then they get a ClientConnectionError; with one that others own they go on.
        Closing twice does no harm; closing that was cancelled cuts all connections.
        """
        self._sender.close()
        try:
            if self._connector is not None and self._connector_owner:
                await self._connector.close(drain=drain)
            self._connector = None
        finally:
            self._sender.drop_timer()

    def __enter__(self) -> NoReturn:
        """Closing has to be waited for."""
        raise TypeError("a ClientSession is for async with, not for with")

    def __exit__(self, *error: object) -> None:
        """For Python, which looks for it before it enters."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        connector = self.__dict__.get("_connector")
        if connector is None or connector.closed:
            return
        warnings.warn(
            f"Unclosed client session, made at {self._made_at}",
            ResourceWarning,
            stacklevel=1,
            source=self,
        )
        self._sender.report({"client_session": self, "message": "Unclosed client session"})
        self._sender.close()
        if self._connector_owner:
            connector.abort()
        self._sender.drop_timer()
