"""Options of a caller, checked: each is given back as the rest of the package uses it.

All raise TypeError for a value of the wrong type and ValueError for one that cannot be, with words
that name the option.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, TypeVar

from multidict import CIMultiDictProxy, istr
from yarl import URL

from aioclient._aliases import LooseCookies, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._caller import warn_deprecated
from aioclient._connection.exchange import Reading
from aioclient._http1.limits import DEFAULT_LIMITS, Limits
from aioclient._message.options import OnInformational, RequestOptions, limits_with
from aioclient._message.request import Judge, Redirects
from aioclient._message.response import ClientResponse
from aioclient._net.route import TlsWish, merged_tls_wish
from aioclient._timeout import DEFAULT_TIMEOUT, ClientTimeout, TimeoutWish, session_timeout
from aioclient.errors import InvalidUrlClientError

if TYPE_CHECKING:
    from aioclient._cookies.abstract import AbstractCookieJar
    from aioclient._message.handler import ClientMiddlewareType

_OF_READING = frozenset(
    {
        "read_until_eof",
        "on_informational",
        "read_bufsize",
        "auto_decompress",
        "max_body_size",
        "max_decode_ratio",
        "max_error_body_size",
        *Limits._fields,
    }
)
#: What said of TLS what `ssl` says now.
OLD_TLS_OPTIONS = ("verify_ssl", "ssl_context", "fingerprint")
_OF_REDIRECTS = frozenset({"max_redirects", "redirect_policy", "cross_origin_headers"})

_F = TypeVar("_F")


def header_names(names: Iterable[str]) -> frozenset[istr]:
    """The names of a `skip_auto_headers`."""
    if isinstance(names, str):
        raise TypeError("skip_auto_headers must be a collection of names, not one string")
    try:
        names = list(names)
    except TypeError:
        raise TypeError(f"skip_auto_headers must be names, not {type(names).__name__}") from None
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a name of skip_auto_headers must be str, not {type(name).__name__}")
    return frozenset(map(istr, names))


def lower_names(names: Iterable[str]) -> frozenset[str]:
    """The same in lower case."""
    return frozenset(name.lower() for name in header_names(names))


def checked_host_name(name: object) -> str:
    """A `server_hostname`."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"server_hostname must be a host name, not {name!r}")
    return name


def checked_expect_100_s(seconds: float) -> float:
    """For how long to wait for a 100 response."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"expect100_timeout must be seconds, not {seconds!r}")
    if not 0 <= seconds < inf:  # NaN too
        raise ValueError(f"expect100_timeout must be finite and not negative, got {seconds!r}")
    return seconds


def checked_max_redirects(limit: int) -> int:
    """How many redirects to follow."""
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"max_redirects must be a whole number, not {limit!r}")
    if limit < 0:
        raise ValueError(f"max_redirects must not be negative, got {limit}")
    return limit


def checked_crossing_names(names: Iterable[str]) -> frozenset[str]:
    """Names of headers that may go to other origins."""
    from aioclient._message.redirect import crossing_names  # late: not at start-up

    try:
        return crossing_names(names)
    except TypeError as error:
        raise TypeError(f"cross_origin_headers: {error}") from None


def checked_function(name: str, function: _F) -> _F:
    """What is to be called, or None."""
    if function is not None and not callable(function):
        raise TypeError(f"{name} must be a function, not {type(function).__name__}")
    return function


def checked_judge(judge: object) -> Judge:
    """A `raise_for_status`."""
    if isinstance(judge, bool) or callable(judge):
        return judge
    kind = type(judge).__name__
    raise TypeError(f"raise_for_status must be True, False or a coroutine function, not {kind}")


def checked_ratio(ratio: float) -> float | None:
    """A `max_decode_ratio`; None for no limit."""
    if isinstance(ratio, bool) or not isinstance(ratio, int | float):
        raise TypeError(f"max_decode_ratio must be a number, not {ratio!r}")
    if not ratio >= 0:  # NaN too
        raise ValueError(f"max_decode_ratio must not be negative, got {ratio!r}")
    return ratio or None


def checked_middlewares(middlewares: object) -> "Sequence[ClientMiddlewareType]":
    """The `middlewares` of a session or request, in a sequence that nobody changes."""
    if not isinstance(middlewares, Sequence) or isinstance(middlewares, str):
        kind = type(middlewares).__name__
        raise TypeError(f"middlewares must be a sequence of middlewares, not {kind}")
    for middleware in middlewares:
        if not callable(middleware):
            kind = type(middleware).__name__
            raise TypeError(f"a middleware must be a coroutine function, not {kind}")
    return tuple(middlewares)


def redirects_with(session: Redirects | None, options: RequestOptions) -> Redirects | None:
    """The session's way to follow redirects, changed by the options of a request."""
    if session is None or not options.get("allow_redirects", True):
        return None
    if options.keys().isdisjoint(_OF_REDIRECTS):
        return session
    policy = options.get("redirect_policy")
    names = options.get("cross_origin_headers")
    return Redirects(
        checked_max_redirects(options.get("max_redirects", session.limit)),
        session.policy if policy is None else checked_function("redirect_policy", policy),
        session.may_cross if names is None else checked_crossing_names(names),
        session.requote,
    )


def reading_with(session: Reading, options: RequestOptions) -> Reading:
    """The session's way to receive responses, changed by the options of a request."""
    if options.keys().isdisjoint(_OF_READING):
        return session
    limits = limits_with(session.limits or DEFAULT_LIMITS, options)
    bufsize = options.get("read_bufsize")
    decompress = options.get("auto_decompress")
    size = options.get("max_body_size")
    ratio = options.get("max_decode_ratio")
    error_size = options.get("max_error_body_size")
    return Reading(
        limits,
        options.get("read_until_eof", session.read_until_eof),
        _of_interest(checked_function("on_informational", options.get("on_informational"))),
        session.high_water_bytes if bufsize is None else 2 * checked_size("read_bufsize", bufsize),
        session.auto_decompress if decompress is None else decompress,
        session.max_body_bytes if size is None else checked_size("max_body_size", size) or None,
        session.max_decode_ratio if ratio is None else checked_ratio(ratio),
        session.max_error_body_bytes
        if error_size is None
        else checked_size("max_error_body_size", error_size),
    )


def _of_interest(tell: OnInformational | None) -> OnInformational | None:
    """What tells of 102 and 103 only: others say nothing that a caller could use."""
    if tell is None:
        return None

    def tell_some(status: int, headers: CIMultiDictProxy[str]) -> None:
        if status in (102, 103):
            tell(status, headers)

    return tell_some


def checked_size(name: str, size: object) -> int:
    """A number of bytes."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{name} must be a whole number, not {size!r}")
    if size < 0:
        raise ValueError(f"{name} must not be negative, got {size}")
    return size


def claim_tracker(tracker: object) -> None:
    """Let an `upload_tracker` belong to the request; RuntimeError if it belongs to another."""
    from aioclient._connection.upload_tracker import UploadTracker  # late: rarely needed

    if not isinstance(tracker, UploadTracker):
        kind = type(tracker).__name__
        raise TypeError(f"upload_tracker must be an UploadTracker, not {kind}")
    tracker.claim()


#: Options that are True or False; None is as good as none.
FLAGS = frozenset(
    {
        "allow_redirects",
        "auto_decompress",
        "chunked",
        "expect100",
        "read_until_eof",
        "retry_on_stale",
    }
)


def check_flags(options: RequestOptions) -> None:
    """Raise TypeError for one that is neither: ``"no"`` would count as True."""
    for name in FLAGS & options.keys():
        value = options.get(name)
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, not {value!r}")


def tls_wish(options: RequestOptions, default: TlsWish) -> TlsWish:
    """What a request says of TLS, by `ssl` or by the options that were there before it.

    `default` is for one that says nothing. Raises ValueError if it says so twice.
    """
    wish = options.get("ssl")
    if wish is None and all(options.get(name) is None for name in OLD_TLS_OPTIONS):
        return default
    return merged_tls_wish(
        wish, options.get("verify_ssl"), options.get("ssl_context"), options.get("fingerprint")
    )


def parsed_url(given: StrOrURL) -> URL:
    """A URL as an object; raises InvalidUrlClientError for what is none."""
    url = url_or_fault(given)
    if isinstance(url, URL):
        return url
    raise InvalidUrlClientError(given, url)


def url_or_fault(given: StrOrURL) -> URL | str:
    """A URL as an object, or what is wrong with it."""
    try:
        return URL(given)
    except IndexError:  # yarl's, for "http://[a]@"
        return "the URL is not valid"
    except ValueError as error:
        # Its words may quote the user-info, and what it has been raised from does. So what is
        # raised for it is not raised here, where it would lead to it.
        return "the URL is not valid" if "@" in str(error) else str(error)


# --- of a session -------------------------------------------------------------------------------


def checked_base_url(given: StrOrURL) -> URL:
    """A `base_url`, whose path ends with "/"; raises InvalidUrlClientError for what is none."""
    url = parsed_url(given)
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise InvalidUrlClientError(given, "base_url must be an absolute http or https URL")
    if not url.raw_path.endswith("/"):
        # Relative URLs would replace its last segment (RFC 3986 section 5.2.3): nobody means that.
        url = url.with_path(url.raw_path + "/", encoded=True)
    return url


def checked_auth(auth: object) -> BasicAuth | None:
    """An `auth`."""
    if auth is not None and not isinstance(auth, BasicAuth):
        raise TypeError(f"auth must be a BasicAuth, not {type(auth).__name__}")
    return auth


def checked_cookies(cookies: LooseCookies, *, quote: bool) -> list[tuple[str, str]]:
    """The `cookies` as they are sent."""
    from aioclient._cookies.header import cookie_pairs  # late: not at start-up

    return cookie_pairs(cookies, quote=quote)


def checked_jar(jar: object) -> "AbstractCookieJar | None":
    """A `cookie_jar`."""
    if jar is None:
        return None
    from aioclient._cookies.abstract import AbstractCookieJar  # late: not at start-up

    if not isinstance(jar, AbstractCookieJar):
        raise TypeError(f"cookie_jar must be an AbstractCookieJar, not {type(jar).__name__}")
    return jar


def netrc_credentials(*, use_default: bool) -> Callable[[str], BasicAuth | None] | None:
    """What finds credentials in the user's netrc file; None if there is no file."""
    from aioclient._auth.netrc import NetrcFile  # late: not at start-up

    netrc = NetrcFile.load(use_default=use_default)
    return None if netrc is None else netrc.credentials


def checked_response_class(kind: object) -> type[ClientResponse] | None:
    """A `response_class`; None for ClientResponse itself."""
    if isinstance(kind, type) and issubclass(kind, ClientResponse):
        return None if kind is ClientResponse else kind
    raise TypeError(f"response_class must be a subclass of ClientResponse, not {kind!r}")


def checked_minor_version(version: object) -> int:
    """The minor part of a `version`, which is HTTP/1.0 or HTTP/1.1."""
    if not isinstance(version, tuple):
        raise TypeError(f"version must be HttpVersion10 or HttpVersion11, not {version!r}")
    if version not in ((1, 0), (1, 1)):
        raise ValueError(f"version must be HttpVersion10 or HttpVersion11, not {version!r}")
    return int(version[1])


def with_old_timeouts(
    timeout: TimeoutWish, read_timeout: float | None, conn_timeout: float | None
) -> ClientTimeout:
    """The limits of a session, which may be given by what was there before `timeout`."""
    if read_timeout is None and conn_timeout is None:
        return session_timeout(timeout)
    warn_deprecated("read_timeout and conn_timeout are deprecated, use timeout")
    if timeout is not None:
        raise ValueError("timeout excludes read_timeout and conn_timeout")
    total = DEFAULT_TIMEOUT.total if read_timeout is None else read_timeout
    return ClientTimeout(total, conn_timeout, sock_connect=DEFAULT_TIMEOUT.sock_connect)
