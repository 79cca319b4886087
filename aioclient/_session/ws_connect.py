"""The opening of a WebSocket: a request, and what is made of its answer (RFC 6455 section 4)."""

from collections.abc import Coroutine, Generator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from multidict import CIMultiDict
from yarl import URL

from aioclient._aliases import LooseCookies, LooseHeaders, Query, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._caller import warn_deprecated
from aioclient._connection.websocket import WebSocketConnection
from aioclient._message.error_body import wait_for_error_body
from aioclient._message.option_checks import parsed_url
from aioclient._message.options import RedirectPolicy, RequestOptions
from aioclient._message.request_headers import checked_headers
from aioclient._message.response import ClientResponse
from aioclient._net.route import TlsWish
from aioclient._session.websocket import (
    DEFAULT_WS_TIMEOUT,
    ClientWebSocketResponse,
    ClientWSTimeout,
    DecodesText,
)
from aioclient._timeout import TimeoutWish
from aioclient._websocket.deflate import Deflater, Inflater
from aioclient._websocket.deflate_offer import DeflateOffer
from aioclient._websocket.handshake import (
    Agreed,
    HandshakeRefused,
    check_response,
    checked_protocols,
    new_key,
    request_fields,
)
from aioclient._websocket.reader import FrameReader
from aioclient.errors import InvalidUrlClientError, WSServerHandshakeError

if TYPE_CHECKING:
    from ssl import SSLContext

    from aioclient._auth.proxy_digest import ProxyDigestAuth
    from aioclient._message.handler import ClientMiddlewareType
    from aioclient._session.session import ClientSession

DEFAULT_MAX_MSG_SIZE: Final = 4 * 2**20
_HTTP_SCHEMES: Final = {"ws": "http", "wss": "https"}
#: Go along with redirects to other origins: they are of the handshake, and say nothing of the user.
#: Not the names of subprotocols, among which browsers make programs put tokens.
_OF_HANDSHAKE: Final = (
    "connection",
    "origin",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
)
#: Options that are those of a request.
_OF_REQUEST: Final = frozenset(
    {
        "auth",
        "cookies",
        "fingerprint",
        "max_redirects",
        "middlewares",
        "params",
        "proxy",
        "proxy_auth",
        "proxy_headers",
        "proxy_ssl",
        "redirect_policy",
        "server_hostname",
        "skip_auto_headers",
        "ssl",
        "ssl_context",
        "trace_request_ctx",
        "verify_ssl",
    }
)


class WSConnectOptions(TypedDict, total=False):
    """The options of `ClientSession.ws_connect`."""

    #: GET, unless the server wants something else.
    method: str
    #: Names of subprotocols, the preferred one first.
    protocols: Iterable[str]
    #: Limits of the WebSocket; a number is that for the server's answer to a Close (deprecated).
    timeout: ClientWSTimeout | float
    #: Limits of the handshake, as `timeout` of a request (new here).
    handshake_timeout: TimeoutWish
    #: Deprecated: `ws_receive` of `timeout`.
    receive_timeout: float | None
    #: Answer the server's Close; else the program calls `close` when it has received one.
    autoclose: bool
    #: Answer pings; else they and pongs are received as messages.
    autoping: bool
    #: After so many seconds of silence the server is pinged; it has half of that to answer.
    heartbeat: float | None
    #: The Origin header.
    origin: str | None
    headers: LooseHeaders | None
    #: Window bits (9 to 15) to offer compression with; 0 is none.
    compress: int | DeflateOffer
    #: How many bytes a message may have that is received whole; 0 is no limit.
    max_msg_size: int
    # As in `RequestOptions`.
    params: Query
    auth: BasicAuth | None
    cookies: LooseCookies | None
    proxy: StrOrURL | Literal[False] | None
    proxy_auth: "BasicAuth | ProxyDigestAuth | None"
    proxy_headers: LooseHeaders | None
    proxy_ssl: TlsWish | None
    ssl: TlsWish | None
    verify_ssl: bool | None
    ssl_context: "SSLContext | None"
    fingerprint: bytes | None
    server_hostname: str | None
    middlewares: "Sequence[ClientMiddlewareType] | None"
    max_redirects: int
    redirect_policy: RedirectPolicy | None
    skip_auto_headers: Iterable[str] | None
    trace_request_ctx: object


class _Wishes:
    """The options, checked."""

    def __init__(self, options: WSConnectOptions, decode_text: bool) -> None:
        known = WSConnectOptions.__annotations__.keys()
        if unknown := options.keys() - known:
            raise TypeError(f"unknown option of ws_connect {min(unknown)!r}")
        self.protocols = checked_protocols(options.get("protocols", ()))
        self.offer = _offer(options.get("compress", 0))
        self.timeout = _timeout(options)
        self.heartbeat_s = options.get("heartbeat")
        if self.heartbeat_s is not None and not self.heartbeat_s > 0:
            raise ValueError(f"heartbeat must be seconds above 0, got {self.heartbeat_s!r}")
        self.max_msg_size = options.get("max_msg_size", DEFAULT_MAX_MSG_SIZE)
        if isinstance(self.max_msg_size, bool) or not isinstance(self.max_msg_size, int):
            raise TypeError(f"max_msg_size must be a whole number, not {self.max_msg_size!r}")
        if self.max_msg_size < 0:
            raise ValueError(f"max_msg_size must not be negative, got {self.max_msg_size}")
        self.decodes_text = decode_text
        self.answers_pings = options.get("autoping", True)
        self.answers_close = options.get("autoclose", True)


class PendingWebSocket(Coroutine[Any, Any, ClientWebSocketResponse[DecodesText]]):
    """A WebSocket, once somebody waits for it.

    ``ws = await pending`` gives it; ``async with pending as ws`` also closes it at the end of the
    block.
    """

    __slots__ = ("_call", "_websocket")

    def __init__(self, call: Coroutine[Any, Any, ClientWebSocketResponse[DecodesText]]) -> None:
        self._call = call
        self._websocket: ClientWebSocketResponse[DecodesText]

    def send(self, value: Any) -> Any:
        """Go on; what a coroutine does."""
        return self._call.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an error; what a coroutine does."""
        return self._call.throw(*error)

    def close(self) -> None:
        """Give it up; what a coroutine does."""
        self._call.close()

    def __await__(self) -> Generator[Any, None, ClientWebSocketResponse[DecodesText]]:
        return self._call.__await__()

    async def __aenter__(self) -> ClientWebSocketResponse[DecodesText]:
        self._websocket = websocket = await self._call
        return websocket

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._websocket.close()


async def ws_connect(
    session: "ClientSession", url: StrOrURL, decode_text: bool, options: WSConnectOptions
) -> ClientWebSocketResponse[Any]:
    """Open a WebSocket.

    Raises WSServerHandshakeError if the server does not agree, and as `ClientSession.request`.
    """
    wishes = _Wishes(options, decode_text)
    key = new_key()
    fields = request_fields(key, wishes.protocols, options.get("origin"), wishes.offer)
    headers = CIMultiDict(checked_headers(options.get("headers") or ()))
    headers.update(fields)
    asked: RequestOptions = {"headers": headers, "raise_for_status": False}
    for name in _OF_REQUEST & options.keys():
        asked[name] = options[name]  # type: ignore[literal-required]  # both have it
    if "handshake_timeout" in options:
        asked["timeout"] = options["handshake_timeout"]
    method = options.get("method", "GET")
    response = await session._sender.upgrade(  # noqa: SLF001 - this is a method of the session
        method.upper(), _http_url(url), asked, _OF_HANDSHAKE, session
    )
    try:
        agreed = check_response(
            response.status, response.headers, key, wishes.protocols, wishes.offer
        )
    except HandshakeRefused as error:
        raise await _refusal(response, str(error)) from None
    try:
        return _opened(session, response, agreed, wishes)
    except BaseException:  # of a class of the caller's; nobody else would close it
        response.close()
        raise


def _opened(
    session: "ClientSession", response: ClientResponse, agreed: Agreed, wishes: _Wishes
) -> ClientWebSocketResponse[Any]:
    deflater = inflater = None
    if agreed.deflate is not None:
        # Python's own zlib: others have fewer levels, and cannot say where a message ends.
        deflater = Deflater(agreed.deflate)
        inflater = Inflater(agreed.deflate, wishes.max_msg_size)
    sender = session._sender  # noqa: SLF001 - as above
    connection = WebSocketConnection(
        sender.running_loop,
        sender.deadlines,
        FrameReader(
            wishes.max_msg_size,
            compressed=inflater is not None,
            decode_text=wishes.decodes_text,
        ),
        deflater,
        inflater,
        answers_pings=wishes.answers_pings,
        answers_close=wishes.answers_close,
        heartbeat_s=wishes.heartbeat_s,
    )
    connection.begin(response.switched_link())
    kind = session._ws_response_class or ClientWebSocketResponse  # noqa: SLF001 - as above
    return kind(
        connection,
        response,
        agreed,
        wishes.timeout,
        autoclose=wishes.answers_close,
        autoping=wishes.answers_pings,
        decode_text=wishes.decodes_text,
    )


async def _refusal(response: ClientResponse, why: str) -> WSServerHandshakeError:
    """The error for an answer that opens no WebSocket, with how its body begins."""
    limit = 64 * 1024
    body = b""
    if response.status != 101:
        await wait_for_error_body(response, limit)
        body = response.peek_body(limit)
    response.close()
    return WSServerHandshakeError(
        response.request_info,
        response.history,
        status=response.status,
        message=f"no WebSocket: {why}",
        headers=response.headers,
        body=body,
    )


def _http_url(given: StrOrURL) -> URL:
    """The URL of the handshake: ws is http, and wss https (RFC 6455 section 3)."""
    url = parsed_url(given)
    if url.scheme and url.scheme not in ("http", "https", *_HTTP_SCHEMES):
        raise InvalidUrlClientError(url, "the scheme is not one of ws, wss, http and https")
    scheme = _HTTP_SCHEMES.get(url.scheme)
    return url if scheme is None else URL(scheme + str(url)[len(url.scheme) :], encoded=True)


def _offer(wish: int | DeflateOffer) -> DeflateOffer | None:
    if isinstance(wish, DeflateOffer):
        return wish
    if isinstance(wish, bool) or not isinstance(wish, int):
        raise TypeError(f"compress must be window bits, 9 to 15, or 0, not {wish!r}")
    return DeflateOffer(client_max_window_bits=wish) if wish else None


def _timeout(options: WSConnectOptions) -> ClientWSTimeout:
    timeout = options.get("timeout", DEFAULT_WS_TIMEOUT)
    if isinstance(timeout, int | float):
        warn_deprecated("a number for timeout is deprecated, use ClientWSTimeout(ws_close=...)")
        timeout = ClientWSTimeout(ws_close=timeout)
    receive_s = options.get("receive_timeout")
    if receive_s is not None:
        warn_deprecated("receive_timeout is deprecated, use ClientWSTimeout(ws_receive=...)")
        timeout = timeout._replace(ws_receive=receive_s)
    return timeout
