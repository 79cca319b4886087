"""What a caller can say in one request."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

from multidict import CIMultiDictProxy

from aioclient._aliases import BodyData, LooseCookies, LooseHeaders, Query, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._http1.limits import Limits
from aioclient._message.response import ClientResponse
from aioclient._net.route import TlsWish
from aioclient._timeout import TimeoutWish

if TYPE_CHECKING:
    from ssl import SSLContext

    from aioclient._auth.proxy_digest import ProxyDigestAuth
    from aioclient._connection.upload_tracker import UploadTracker
    from aioclient._message.handler import ClientMiddlewareType
    from aioclient._message.redirect import NextRequest

OnInformational: TypeAlias = Callable[[int, CIMultiDictProxy[str]], None]
RedirectPolicy: TypeAlias = Callable[[ClientResponse, "NextRequest"], "NextRequest | None"]
RaiseForStatus: TypeAlias = bool | Callable[[ClientResponse], Awaitable[None]]


#: Those that say something of proxies.
OF_PROXIES: Final = frozenset({"proxy", "proxy_auth", "proxy_headers", "proxy_ssl"})


class RequestOptions(TypedDict, total=False):
    """The options of `ClientSession.request` and of the methods named after HTTP's."""

    #: Added to the URL's query.
    params: Query
    #: Headers of this request; each replaces the session's of the same name.
    headers: LooseHeaders | None
    #: Names of headers not to be added: of Accept, Accept-Encoding, User-Agent, Content-Type.
    skip_auto_headers: Iterable[str] | None
    #: Cookies of this request, for this origin only; each replaces the session's of its name.
    cookies: LooseCookies | None
    #: Login and password; excludes user-info in the URL and an Authorization header.
    auth: BasicAuth | None
    #: The body: bytes-like, str (sent as UTF-8 text), a binary file, an async iterable of bytes, or
    #: the fields of a form (a mapping or pairs; sent URL-encoded).
    data: BodyData | None
    #: The body as a value to encode as JSON; excludes `data`.
    json: Any
    #: Limits of this request; a number or None replaces the session's `total` only.
    timeout: TimeoutWish
    #: TLS: True (the connector's setting), False (no verification) or an `ssl.SSLContext`.
    ssl: TlsWish | None
    #: Deprecated, for `ssl`: whether to verify, a context, the digest of the certificate.
    verify_ssl: bool | None
    ssl_context: "SSLContext | None"
    fingerprint: bytes | None
    #: TLS: the name to ask for (SNI) and to verify instead of the URL's host.
    server_hostname: str | None
    #: Raise ClientResponseError for a status of 400 and above, or ask this function to judge.
    raise_for_status: RaiseForStatus | None
    #: Compress the body: True (deflate) or "gzip", "deflate", "br", "zstd"; it leaves in chunks.
    compress: bool | str | None
    #: Send the body in chunks even if its size is known.
    chunked: bool | None
    #: Follow redirects: True, but for `ClientSession.head` False.
    allow_redirects: bool
    #: How many redirects are followed; 0 is no limit.
    max_redirects: int
    #: Sees each response that redirects and the `NextRequest`; gives what to send instead, or None.
    redirect_policy: RedirectPolicy | None
    #: Names of headers that go along to other origins; without them only harmless ones do.
    cross_origin_headers: Iterable[str] | None
    #: Ask whether the body is wanted (``Expect: 100-continue``), and wait for the answer.
    expect100: bool
    #: Seconds to wait for that answer; then the body is sent without it.
    expect100_timeout: float | None
    #: Follows the body on its way out; for this one request.
    upload_tracker: "UploadTracker | None"
    #: Given to whoever traces the session's requests.
    trace_request_ctx: object
    #: The URL of a proxy, with login and password if it wants them; False for none, also if the
    #: session or the environment has one. See `ClientSession`.
    proxy: StrOrURL | Literal[False] | None
    #: Headers for the proxy, and nobody else.
    proxy_headers: LooseHeaders | None
    #: TLS with an https proxy, as `ssl` with the server; True if it is not given.
    proxy_ssl: TlsWish | None
    #: Login and password for a proxy that asks for Digest; deprecated: those for Basic.
    proxy_auth: "BasicAuth | ProxyDigestAuth | None"
    #: What the request goes through, the outermost first, instead of the session's; () is nothing.
    middlewares: "Sequence[ClientMiddlewareType] | None"
    #: False: not sent again when a kept connection turns out to be closed; see `ClientSession`.
    retry_on_stale: bool | None
    #: False: a response that says nothing of its length has no body; else it ends the connection.
    read_until_eof: bool
    #: Called with status and headers of 102 and 103 responses, before the final one is there.
    on_informational: OnInformational | None
    #: How much of the body may wait to be read before the server is slowed down.
    read_bufsize: int | None
    #: False: the body is given as it came, with its content codings.
    auto_decompress: bool | None
    #: Decoded bytes of a body that is read whole; 0 is no limit.
    max_body_size: int | None
    #: How many times larger than what came; counts above 16 MiB; 0 is no limit.
    max_decode_ratio: float | None
    #: Bytes of the body that the errors of `raise_for_status` carry; 0 is none.
    max_error_body_size: int | None
    #: Limits of the response, in place of the session's; see `ClientSession`.
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    max_head_size: int | None
    max_empty_lines: int | None
    max_informational: int | None
    max_chunk_line_size: int | None
    max_chunk_ext_size: int | None
    max_trailer_size: int | None


def limits_with(limits: Limits, wishes: Mapping[str, object]) -> Limits:
    """`limits`, with those replaced that the options name, which have the same names, and not None.

    Raises TypeError for a limit that is not a whole number, ValueError for a negative one.
    """
    changes: dict[str, int] = {}
    for name in Limits._fields:
        value = wishes.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be a whole number, not {value!r}")
        if value < 0:
            raise ValueError(f"{name} must not be negative, got {value}")
        changes[name] = value
    return limits._replace(**changes) if changes else limits
