"""A response that redirects -> the next request. Pure: data in, data out, nothing is sent.

Two steps. `redirect_target` reads the Location field, which a peer wrote who may be hostile, and
gives the URL to go to; `next_request` decides what goes there: method, headers, and whether the
body. In between the caller asks `is_one_too_many`, and afterwards perhaps a policy of the user's.

Where a URL leads is taken from the `yarl.URL` that was made in the end and from nothing else. What
comes before only refuses: control characters, an authority that programs read differently, a
scheme that is not one of HTTP. References are resolved here and not by `URL.join`, which decodes
the segments of its base ("/a%3Fb/c" and "d" become "/a?b/d"). How long a Location may be is the
limit of a field of the head.

What a request carries belongs to the origin it was made for: a header crosses to another origin
only if it is known to be harmless or was named in advance. The next decision starts from what was
left. So what was dropped stays dropped, even if a later redirect leads back: that URL was chosen by
another origin, and must not be requested with the caller's credentials. Cookies of a jar, and
credentials that a session holds for an origin, are none of this module: they are looked up again
for each request.

RFC 9110 sections 4.2, 10.2.2 and 15.4; RFC 3986 sections 3 and 5.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote_from_bytes

from multidict import CIMultiDict, MultiMapping
from yarl import URL

from aioclient._aliases import StrOrURL
from aioclient._auth.basic import encode_basic_auth
from aioclient._http.header_names import AUTHORIZATION
from aioclient._message.target import looks_like_an_address, origin_of
from aioclient.errors import (
    SHOWN_BYTES,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    without_user_info,
)

#: RFC 9110 section 15.4: 300 leaves the choice to the user, 304 has no target, 305 and 306 are
#: history.
REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})

# --- names of headers, in lower case -------------------------------------------------------------

#: About the request itself, harmless to anybody. Conditions and ranges are among them because
#: a request without them means something else: a part is spliced onto another version (If-Range), a
#: newer state overwritten (If-Match, If-None-Match: *). Their values came from servers and are no
#: secrets. Listed one by one: "Accept-Token" may be anything.
_CONDITIONS: Final = frozenset(
    ["if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"]
)
_HARMLESS: Final = _CONDITIONS | frozenset(
    [
        "accept",
        "accept-charset",
        "accept-datetime",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "pragma",
        "user-agent",
    ]
)
#: They go where the body goes. Without Transfer-Encoding, which is written anew.
_OF_A_KEPT_BODY: Final = frozenset(
    [
        "content-digest",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "digest",
        "expect",
        "last-modified",
        "repr-digest",
        "trailer",
    ]
)
#: They go with a body that is not sent, as does all that begins with "content-".
_OF_A_DROPPED_BODY: Final = frozenset(
    ["digest", "expect", "last-modified", "repr-digest", "trailer", "transfer-encoding"]
)
#: Nobody can have these sent to every origin that a server names.
_BOUND_TO_ORIGIN: Final = frozenset(["authorization", "cookie", "host", "proxy-authorization"])

# --- grammar (patterns as strings: compiled when the first redirect comes) -----------------------

#: RFC 3986 appendix B, for bytes: scheme, authority, path, query, fragment.
_REFERENCE: Final = (
    rb"(?:([A-Za-z][A-Za-z0-9+.-]*+):)?(?://([^/?#]*+))?([^?#]*+)(?:\?([^#]*+))?(?:#(.*))?"
)
_CONTROL: Final = rb"[\x00-\x1f\x7f]"
#: RFC 3986 section 3.2, without percent-encoded host names and with letters beyond ASCII, which
#: browsers take too. User-info, host, port.
_AUTHORITY: Final = (
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*+@)?"
    r"(?:\[[0-9A-Fa-f:.]++\]|(?:[A-Za-z0-9._-]|[^\x00-\x7f])++)"
    r"(?::[0-9]*+)?"
)
#: What the resolver can be asked for (RFC 1035 section 2.3.4), or an address in IPv6.
_HOST: Final = r"(?!.{255})[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+\.?|[0-9a-f:.]*:[0-9a-f:.]*"
#: User-info, host and port together: a login can be a long token.
_MAX_AUTHORITY_BYTES: Final = 8 * 1024
#: Host and port in UTF-8, before the host is made ASCII, at a cost: no valid name is longer.
_MAX_HOST_BYTES: Final = 1024
_VISIBLE: Final = bytes(range(0x21, 0x7F))
_FIELD_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


class RedirectTarget(NamedTuple):
    """Where a redirect leads: the URL, and the Authorization header that its user-info stands for.

    `url` has no user-info, and a fragment if there is one to show.
    """

    url: URL
    authorization: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.url)!r})"  # without the credentials


class Redirected(NamedTuple):
    """A request that was answered with a redirect, and with which status.

    `headers` are those that the request was sent with, whether they came from the caller or from
    the session. `may_cross` has the names, from `crossing_names`, of headers that the caller allows
    to go to any origin.
    """

    status: int
    method: str
    url: URL
    headers: MultiMapping[str]
    may_cross: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        # Without the headers: some are credentials.
        url = without_user_info(str(self.url))
        return f"{type(self).__name__}({self.status}, {self.method!r}, {url!r})"


class NextRequest(NamedTuple):
    """The request that follows a redirect, as a policy of the user's sees it before it is sent.

    A policy gets the response and this. It returns what shall be sent, or None: then the redirect
    is not followed, and the response is the answer. It may add to `headers`, which nobody else
    holds, go elsewhere by `with_url`, and replace `method` and `keeps_body` by `_replace`.

    Attributes: `method`; `url`, without user-info; `headers`; `keeps_body`, whether the body is
    sent again; `crosses_origin`, whether scheme, host or port differ from those of the request
    before; `dropped`, the names of headers that were left out; `redirected`, the request before.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    keeps_body: bool
    crosses_origin: bool
    dropped: tuple[str, ...]
    redirected: Redirected

    def with_url(self, url: StrOrURL) -> "NextRequest":
        """The decision made again, as if the server had redirected to this absolute URL.

        So the headers are those that may go there. Changes made before are lost. For a URL of
        another origin use this: one that came there by `_replace` is refused. Raises ValueError for
        what is no absolute URL.
        """
        url = URL(url)
        if not url.absolute:
            raise InvalidUrlClientError(url, "the URL of a next request must be absolute")
        return next_request(self.redirected, _without_credentials(url))

    def __repr__(self) -> str:
        # Without the headers: some are credentials.
        url = without_user_info(str(self.url))
        return (
            f"{type(self).__name__}(method={self.method!r}, url={url!r}, "
            f"keeps_body={self.keeps_body}, crosses_origin={self.crosses_origin}, "
            f"dropped={self.dropped})"
        )


def is_one_too_many(followed: int, max_redirects: int) -> bool:
    """Is the next redirect beyond the limit, after so many that were followed?

    With a limit of 10, ten are followed: eleven requests. 0 means no limit.
    """
    return 0 < max_redirects <= followed


def crossing_names(names: Iterable[str]) -> frozenset[str]:
    """Names of headers that the caller allows to go to any origin, checked, in lower case.

    Raises TypeError for anything but an iterable of strings, ValueError for what is no name of
    a header and for credentials: which origin shall have those, only a policy can say.
    """
    if isinstance(names, str | bytes):
        raise TypeError(f"header names must be an iterable of str, not {type(names).__name__}")
    checked = set()
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"a header name must be str, not {name!r}")
        if re.fullmatch(_FIELD_NAME, name) is None:
            raise ValueError(f"invalid character in header name {name!r}")
        if name.lower() in _BOUND_TO_ORIGIN:
            raise ValueError(f"{str(name)!r} belongs to one origin and cannot cross to any other")
        checked.add(name.lower())
    return frozenset(checked)


# --- where to ------------------------------------------------------------------------------------


def redirect_target(
    status: int, location: str | bytes | None, current_url: URL, requote: bool = True
) -> RedirectTarget | None:
    """Where a response redirects to, or None if it does not.

    `location` is the value of its Location field, `current_url` the absolute URL that was
    requested, with its fragment. With `requote` false the server's own percent-encoding is kept.

    Raises InvalidUrlRedirectClientError for a value that is no URL, and
    NonHttpUrlRedirectClientError for one of another scheme. Both show neither user-info nor query.
    """
    if status not in REDIRECT_STATUSES or location is None:
        return None
    value = _as_bytes(location).strip(b" \t")
    if not value:
        # RFC 3986 would go to the same URL again. Browsers, curl and aiohttp return the response.
        return None
    if re.search(_CONTROL, value):
        # Tab too: some programs drop it, and then read another URL.
        raise _invalid(value, "a Location must not contain control characters")
    try:
        return _resolved(value, current_url, requote)
    except InvalidUrlRedirectClientError:
        raise
    except ValueError:
        # The words of the URL parser may quote what it was given, password included.
        raise _invalid(value, "the Location is not a valid URL") from None


def _resolved(value: bytes, base: URL, requote: bool) -> RedirectTarget:
    """RFC 3986 section 5.2.2. Raises ValueError, ours or the URL parser's."""
    parts = re.fullmatch(_REFERENCE, value)
    if parts is None:
        raise ValueError("not a URI reference")
    scheme, authority, path, query, fragment = parts.groups()
    if scheme is not None and scheme.lower() not in (b"http", b"https"):
        raise NonHttpUrlRedirectClientError(
            f"redirect to a URL that is not an http or https one: {_show(value)}"
        )
    if authority is None:
        if scheme is not None:
            # RFC 9110 section 4.2.1; browsers read "http:x" as "x" or as "//x".
            raise _invalid(value, "the URL has no host")
        there = RedirectTarget(base.origin())
    else:
        there = _checked_origin(value, scheme or base.scheme.encode(), authority)
    reference = _quoted(path, query, fragment, requote)
    if authority is None and not path:
        new_path = base.raw_path
        new_query = base.raw_query_string if query is None else reference.raw_query_string
    else:
        new_path = _merged_path(base.raw_path, reference.raw_path, authority is not None)
        new_query = reference.raw_query_string
    # RFC 9110 section 10.2.2. An empty fragment is one.
    new_fragment = base.raw_fragment if fragment is None else reference.raw_fragment
    url = URL(
        str(there.url.origin())
        + new_path
        + (f"?{new_query}" if new_query else "")
        + (f"#{new_fragment}" if new_fragment else ""),
        encoded=True,
    )
    if origin_of(url) != origin_of(there.url):
        # "[1:2]" is no address, but is read as host and port.
        raise _invalid(value, "the host is not valid")
    return there._replace(url=url)


def _checked_origin(value: bytes, scheme: bytes, authority: bytes) -> RedirectTarget:
    """Scheme and authority as a URL, if nobody can read them as those of another host."""
    if len(authority) > _MAX_AUTHORITY_BYTES or (
        len(authority.rpartition(b"@")[2]) > _MAX_HOST_BYTES
    ):
        raise _invalid(value, "the authority is too long")
    text = authority.decode("utf-8")
    if re.fullmatch(_AUTHORITY, text) is None:
        raise _invalid(value, "the authority is not valid" if text else "the URL has no host")
    url = URL(f"{scheme.decode('ascii')}://{text}/")
    if re.fullmatch(_HOST, url.raw_host or "") is None:  # as it became, in ASCII
        raise _invalid(value, "the host is not valid")
    if looks_like_an_address(url.raw_host or ""):
        raise _invalid(value, "the host is an IPv4 address, but not written as one")
    if re.search(r":0+\Z", text):  # not as `url.port`, which old versions of yarl take for none
        raise _invalid(value, "the port must not be 0")
    user_info = f"{url.user or ''}{url.password or ''}".encode()
    if re.search(_CONTROL, user_info):  # RFC 7617 section 2
        raise _invalid(value, "the user-info must not contain control characters")
    return _without_credentials(url)


def _without_credentials(url: URL) -> RedirectTarget:
    """The URL without user-info, which becomes the credentials to use there.

    RFC 9110 section 4.2.4 would have user-info of a peer treated as an error. Services that hand
    out URLs with a login in them, and their users, rely on it, as with curl and aiohttp.
    """
    if url.raw_user is None and url.raw_password is None:
        return RedirectTarget(url)
    return RedirectTarget(
        url.with_user(None), encode_basic_auth(url.user or "", url.password or "")
    )


def _quoted(path: bytes, query: bytes | None, fragment: bytes | None, requote: bool) -> URL:
    """Path, query and fragment in characters that may be sent, as a relative URL."""
    if path.startswith(b"//"):
        path = b"/." + path  # it would be an authority
    elif not path.startswith(b"/"):
        path = b"./" + path  # its first segment could be a scheme (RFC 3986 section 4.2)
    text = quote_from_bytes(path, _VISIBLE)
    if query is not None:
        text += "?" + quote_from_bytes(query, _VISIBLE)
    if fragment is not None:
        text += "#" + quote_from_bytes(fragment, _VISIBLE)
    return URL(text, encoded=not requote)


def _merged_path(base: str, path: str, is_absolute: bool) -> str:
    """RFC 3986 sections 5.2.3 and 5.2.4: the base's path up to its last segment, then `path`."""
    if not path.startswith("/"):
        path = ("/" if is_absolute else base[: base.rfind("/") + 1] or "/") + path
    segments = path[1:].split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _as_bytes(location: str | bytes) -> bytes:
    if isinstance(location, bytes):
        return location
    try:
        return location.encode("utf-8", "surrogateescape")  # as headers were decoded
    except UnicodeEncodeError:
        return location.encode("utf-8", "surrogatepass")


def _invalid(value: bytes, description: str) -> InvalidUrlRedirectClientError:
    return InvalidUrlRedirectClientError(_show(value), description)


def _show(value: bytes) -> str:
    """The beginning of a Location, valid or not, without what could be a secret in it.

    Without user-info, even where a stray "/" or "?" makes it none, and without query and fragment,
    in which services hand out tokens.
    """
    plain, *hidden = re.split(rb"[?#]", value, maxsplit=1)
    if b"@" in value:
        scheme = re.match(rb"[A-Za-z][A-Za-z0-9+.-]*+://", plain)
        is_seen = b"@" not in b"".join(hidden)
        plain = (
            (scheme[0] if scheme else b"")
            + b"..."
            + (plain[plain.rfind(b"@") :] if is_seen else b"")
        )
    text = plain.decode("latin-1").encode("unicode_escape").decode("ascii")
    if len(text) > SHOWN_BYTES:
        return text[:SHOWN_BYTES] + "..."
    return text + "?..." if hidden else text


# --- with what -----------------------------------------------------------------------------------


def next_request(redirected: Redirected, target: RedirectTarget) -> NextRequest:
    """What to send to the target of a redirect (RFC 9110 section 15.4)."""
    status, method, url, headers, may_cross = redirected
    next_method = _next_method(status, method)
    # A 303 leads to another resource, one to look at (RFC 9110 section 15.4.4): the body was for
    # the first, even if that was asked by a method that stays the same.
    keeps_body = next_method == method and status != 303
    crosses = origin_of(url) != origin_of(target.url)
    crossing = _HARMLESS | may_cross
    if keeps_body:
        crossing |= _OF_A_KEPT_BODY
    kept: CIMultiDict[str] = CIMultiDict()
    dropped: dict[str, None] = {}
    for name, value in headers.items():
        key = name.lower()
        if (
            (crosses and key not in crossing)
            or (not keeps_body and (key.startswith("content-") or key in _OF_A_DROPPED_BODY))
            # Conditions of a POST are none of the GET that asks for its result.
            or (next_method != method and key in _CONDITIONS)
        ):
            dropped[str(name)] = None
        else:
            kept.add(name, value)
    if target.authorization is not None:
        kept[AUTHORIZATION] = target.authorization  # instead of all there were
    return NextRequest(
        next_method, target.url, kept, keeps_body, crosses, tuple(dropped), redirected
    )


def _next_method(status: int, method: str) -> str:
    if status == 303:
        return method if method == "HEAD" else "GET"  # RFC 9110 section 15.4.4
    if status in (301, 302) and method == "POST":
        return "GET"  # RFC 9110 sections 15.4.2 and 15.4.3: allowed, and what everybody does
    return method  # RFC 9110 sections 15.4.8 and 15.4.9
