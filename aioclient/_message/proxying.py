"""Which proxy a request goes through, by what the request, the session and the environment say.

The first that says something decides. What is said for one proxy, credentials above all, is said to
no other: it is part of the `Proxy` in the route, so that only a connection that ends at that proxy
carries it.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from multidict import CIMultiDict
from yarl import URL

from aioclient._aliases import LooseHeaders, StrOrURL
from aioclient._auth.basic import BasicAuth
from aioclient._caller import warn_deprecated
from aioclient._http.events import FieldLines
from aioclient._http.header_names import PROXY_AUTHORIZATION
from aioclient._http1.head_writer import write_field_lines
from aioclient._message.option_checks import url_or_fault
from aioclient._message.options import RequestOptions
from aioclient._message.request import Wishes
from aioclient._message.request_headers import checked_headers
from aioclient._message.target import Target, looks_like_an_address, split_zone
from aioclient._net.route import (
    HTTP_PROXY_SCHEMES,
    SOCKS_SCHEMES,
    Proxy,
    Route,
    TlsWish,
    check_tls_wish,
)
from aioclient.errors import InvalidUrlClientError

if TYPE_CHECKING:
    from aioclient._auth.proxy_digest import ProxyDigestAuth
    from aioclient._net.proxy_environment import ProxyEnvironment

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SOCKS_PORT: Final = 1080
#: What the environment calls the scheme of a WebSocket, which is asked for by http or https.
_OF_WEBSOCKETS: Final = {"http": "ws", "https": "wss"}
#: They say how the message to the proxy is framed and where it goes, which nobody else may say.
_OF_THE_MESSAGE: Final = frozenset(
    {"connection", "content-length", "host", "transfer-encoding", "proxy-connection"}
)


class Proxying(NamedTuple):
    """What is wished of proxies for a request and all that follow it."""

    #: The caller's choice.
    proxy: Proxy | None = None
    #: Asked anew for each URL if there is no choice.
    environment: "ProxyEnvironment | None" = None
    #: For the proxies that it names, if their URLs have no user-info.
    auth: "BasicAuth | ProxyDigestAuth | None" = None
    field_lines: FieldLines = FieldLines(b"")
    ssl: TlsWish = True
    #: Finds credentials for a proxy's host, if nothing else has any.
    netrc: Callable[[str], BasicAuth | None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # without what it has: some are credentials

    def route(self, target: Target, direct: Route, *, tunnels: bool = False) -> Route:
        """The way to a target that is reached by `direct` without a proxy.

        `tunnels` if no proxy may forward the request (RFC 6455 section 4.1); the environment names
        one for WebSockets then.

        Raises InvalidUrlClientError if the environment names what is no proxy, ValueError for one
        that cannot be told what it is to be told.
        """
        proxy = self.proxy
        if proxy is None and self.environment is not None:
            scheme = target.url.scheme
            proxy = self._named_proxy(
                _OF_WEBSOCKETS.get(scheme, scheme) if tunnels else scheme, direct
            )
        if proxy is None:
            return direct
        if self.netrc is not None and _wants_credentials(proxy):
            proxy = proxy._replace(auth=self.netrc(proxy.host))
        if not proxy.is_socks and not tunnels and not target.route.is_ssl:
            return proxy.route
        return direct._replace(proxy=proxy)

    def wishes(self, wishes: Wishes) -> Wishes:
        """A request's wishes, with what answers a proxy that asks for Digest and forwards it."""
        if self.auth is None or isinstance(self.auth, BasicAuth):
            return wishes
        from aioclient._message.proxy_digest import answer_proxy  # late: rarely needed

        return wishes.replaced(middlewares=(*wishes.middlewares, answer_proxy))

    def settle_headers(
        self, headers: CIMultiDict[str], route: Route, *, follows: bool = False
    ) -> None:
        """Leave of a request's headers to the proxy what it is told anyway.

        `follows` if a redirect led to it. Raises ValueError for credentials that are for proxies
        and would go to the server.
        """
        proxy = route.proxy
        if route.is_to_proxy and proxy is not None:
            for name in names_in(proxy.all_field_lines):
                headers.popall(name.decode("ascii"), None)
            if proxy.auth is not None:  # that of Digest is not in those lines
                headers.popall(PROXY_AUTHORIZATION, None)
        elif PROXY_AUTHORIZATION in headers:
            if proxy is not None and not follows:
                raise ValueError(
                    "a Proxy-Authorization header would go to the server: it belongs in "
                    "proxy_headers"
                )
            del headers[PROXY_AUTHORIZATION]

    def _named_proxy(self, scheme: str, direct: Route) -> Proxy | None:
        """The one that the environment names for a host."""
        if self.environment is None:
            return None
        named = self.environment.proxy_url(scheme, direct.host, direct.port)
        if named is None:
            return None
        proxy = proxy_of(named)
        auth = proxy.auth or self.auth
        if proxy.is_socks:
            return checked(proxy._replace(auth=auth))
        if b"proxy-authorization" in names_in(self.field_lines):
            auth = None  # the program has said it
        return checked(proxy._replace(auth=auth, field_lines=self.field_lines, ssl=self.ssl))


def proxying_with(
    proxying: Proxying | None,
    proxy: StrOrURL | Literal[False] | None,
    auth: object,
    headers: LooseHeaders | None,
    tls: TlsWish | None,
) -> Proxying | None:
    """`proxying` with what else is said of proxies; False for `proxy` is none at all.

    What was said for one proxy does not hold for another. Raises TypeError and ValueError for what
    cannot be said.
    """
    if proxy is False:
        return None
    changed = proxying or Proxying()
    chosen = changed.proxy
    if proxy is not None:
        chosen = proxy_of(proxy)
        before = changed.proxy
        if before is not None and chosen[:3] == before[:3]:
            chosen = chosen._replace(
                ssl=before.ssl, auth=chosen.auth or before.auth, field_lines=before.field_lines
            )
        else:
            changed = changed._replace(auth=None, field_lines=FieldLines(b""))
            chosen = chosen._replace(ssl=changed.ssl)
    if auth is not None:
        login = _checked_auth(auth)
        if proxy is not None and proxy_of(proxy).auth is not None:
            raise ValueError("proxy_auth and user-info in the proxy's URL exclude each other")
        changed = changed._replace(auth=login)
        chosen = None if chosen is None else chosen._replace(auth=login)
    if headers:
        lines = _proxy_lines(headers)
        changed = changed._replace(field_lines=lines)
        chosen = None if chosen is None else chosen._replace(field_lines=lines)
    if tls is not None:
        check_tls_wish(tls, "proxy_ssl")
        changed = changed._replace(ssl=tls)
        chosen = None if chosen is None else chosen._replace(ssl=tls)
    return changed._replace(proxy=None if chosen is None else checked(chosen))


def proxying_of(session: Proxying | None, options: RequestOptions) -> Proxying | None:
    """What a session and a request wish of proxies."""
    if session is not None and options.get("proxy") is False:
        return Proxying()  # not None: headers that are for the session's proxy stay behind
    return proxying_with(
        session,
        options.get("proxy"),
        options.get("proxy_auth"),
        options.get("proxy_headers"),
        options.get("proxy_ssl"),
    )


def proxy_of(given: StrOrURL) -> Proxy:
    """The proxy with a URL; raises InvalidUrlClientError, without its user-info, for what is none.

    Path, query and fragment of the URL mean nothing.
    """
    if not isinstance(given, str | URL):
        raise TypeError(f"proxy must be a URL or False, not {type(given).__name__}")
    url = url_or_fault(given)
    if not isinstance(url, URL):
        raise InvalidUrlClientError(_shown_text(str(given)), url)
    scheme = url.scheme
    if scheme not in HTTP_PROXY_SCHEMES and scheme not in SOCKS_SCHEMES:
        known = ", ".join(f"{name}://" for name in (*_DEFAULT_PORTS, *sorted(SOCKS_SCHEMES)))
        raise InvalidUrlClientError(_shown(url), f"the URL of a proxy begins with one of {known}")
    host = url.raw_host
    if not host:
        raise InvalidUrlClientError(_shown(url), "the URL of the proxy has no host")
    if looks_like_an_address(host):
        raise InvalidUrlClientError(
            _shown(url), "the proxy's host is an IPv4 address, but not written as one"
        )
    port = url.port if url.port is not None else _DEFAULT_PORTS.get(scheme, _SOCKS_PORT)
    if not port:
        raise InvalidUrlClientError(_shown(url), "the port of the proxy must not be 0")
    if ":" in host and "%" in host:
        host = "%".join(split_zone(url.origin(), host))
    auth = None
    if url.raw_user is not None or url.raw_password is not None:
        auth = BasicAuth(url.user or "", url.password or "", "utf-8")
    return Proxy(scheme, host, port, auth=auth)


def checked(proxy: Proxy) -> Proxy:
    """A proxy that can be told what it is to be told; ValueError for one that cannot."""
    if proxy.is_socks:
        from aioclient._net.socks import check_socks_auth  # late: rarely needed

        if proxy.field_lines:
            raise ValueError("proxy_headers are for HTTP proxies, and this is a SOCKS proxy")
        check_socks_auth(proxy)
    elif proxy.auth is not None:
        if _has_credentials(proxy):
            raise ValueError(
                "a Proxy-Authorization header excludes proxy_auth and user-info in the proxy's URL"
            )
        if isinstance(proxy.auth, BasicAuth):
            proxy.auth.encode()
    return proxy


def _proxy_lines(headers: LooseHeaders) -> FieldLines:
    fields = checked_headers(headers)
    for name in fields:
        if name.lower() in _OF_THE_MESSAGE:
            raise ValueError(f"{str(name)!r} cannot be among proxy_headers")
    return write_field_lines(fields.items())


def _has_credentials(proxy: Proxy) -> bool:
    return b"proxy-authorization" in names_in(proxy.field_lines)


def _wants_credentials(proxy: Proxy) -> bool:
    """Has it none, and could be told a login and a password? SOCKS4 has no passwords."""
    is_socks4 = proxy.scheme in ("socks4", "socks4a")
    return proxy.auth is None and not is_socks4 and not _has_credentials(proxy)


def names_in(lines: bytes) -> frozenset[bytes]:
    """The lower-case names of header lines."""
    return frozenset(line.partition(b":")[0].lower() for line in lines.split(b"\r\n") if line)


def _checked_auth(auth: object) -> "BasicAuth | ProxyDigestAuth":
    if not isinstance(auth, BasicAuth):
        from aioclient._auth.proxy_digest import ProxyDigestAuth  # late: rarely needed

        if isinstance(auth, ProxyDigestAuth):
            return auth
        kind = type(auth).__name__
        raise TypeError(f"proxy_auth must be a BasicAuth or a ProxyDigestAuth, not {kind}")
    warn_deprecated(
        "proxy_auth is deprecated: put login and password into the proxy's URL, or a "
        "Proxy-Authorization header into proxy_headers"
    )
    return auth


def _shown(url: URL) -> str:
    """Scheme, host and port: a URL that is none may have a password anywhere else."""
    return str(url.origin()) if url.scheme and url.raw_host else f"{url.scheme}://..."


def _shown_text(text: str) -> str:
    """The same of what could not be parsed: no password is behind the last "@"."""
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in HTTP_PROXY_SCHEMES | SOCKS_SCHEMES:
        return "..."
    _, at, behind = rest.rpartition("@")
    # Without one, what follows a colon is a port or a password that nothing follows.
    is_harmless = at or re.fullmatch(r"[^:@]*(?::-?[0-9]*)?/?", rest)
    return f"{scheme}://{behind if is_harmless else '...'}"
