"""URLs as requests need them: taken apart, without the user-info that stands for credentials."""

import re
from typing import Final
from urllib.parse import unquote

from yarl import URL

from aioclient._auth.basic import encode_basic_auth
from aioclient._net.route import Route, TlsWish
from aioclient.errors import InvalidUrlClientError, NonHttpUrlClientError

#: Schemes that every connector takes.
HTTP_SCHEMES: Final = frozenset({"http", "https"})

_NUMBER: Final = "[0-9]+|0[xX][0-9a-fA-F]*"
_BYTE: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"(?:{_BYTE}\.){{3}}{_BYTE}"
#: RFC 3986 section 3.2.2: a name, or what stands in brackets; names of other letters are in ASCII.
_HOST: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%:-]+")


class Target:
    """A URL taken apart into what a request needs of it; the same for all requests to it."""

    __slots__ = ("authority", "authorization", "path_and_query", "real_url", "route", "url")

    def __init__(self, url: URL, route: Route, authorization: str | None) -> None:
        #: As given, but without user-info.
        self.real_url: URL = url
        #: The same without its fragment, which is never sent (RFC 9110 section 7.1).
        self.url: URL = url.with_fragment(None) if url.raw_fragment else url
        self.route: Route = route
        self.authority: str = _without_zone(url.host_port_subcomponent or "")
        self.path_and_query: str = url.raw_path_qs
        #: The Authorization header that the URL's user-info stands for.
        self.authorization: str | None = authorization

    @property
    def absolute_form(self) -> str:
        """The whole URL, as a proxy is told of it that forwards (RFC 9112 section 3.2.2)."""
        return f"http://{self.authority}{self.path_and_query}"


def looks_like_an_address(host: str) -> bool:
    """Would some take this for an IPv4 address, although it is not written as one?

    It ends in a number ("127.1", "0x7f000001", "2130706433"), which no public name does, and is
    not four decimal numbers. What checks URLs and what connects must not read it differently.
    """
    if ":" in host:
        return False
    last = host.removesuffix(".").rpartition(".")[2]
    return re.fullmatch(_NUMBER, last) is not None and re.fullmatch(_IPV4, host) is None


def origin_of(url: URL) -> tuple[str, str | None, int | None]:
    """RFC 9110 section 4.3.1, normalized as in section 4.2.3: scheme, host and port."""
    return url.scheme, url.raw_host, url.port


def split_credentials(url: URL) -> tuple[URL, str | None]:
    """A URL without user-info, and the Authorization header that stands for that."""
    if url.raw_user is None and url.raw_password is None:
        return url, None
    return url.with_user(None), encode_basic_auth(url.user or "", url.password or "")


def target_of(
    url: URL,
    authorization: str | None,
    schemes: frozenset[str] = HTTP_SCHEMES,
    tls: TlsWish = True,
) -> Target:
    """The parts of an absolute URL without user-info.

    `schemes` are those that the connector takes; what is not https in them is http. `tls` is what
    requests to it wish that do not say anything else.
    Raises InvalidUrlClientError or NonHttpUrlClientError for one that no request can go to.
    """
    if url.scheme not in schemes:
        if not url.scheme:
            raise InvalidUrlClientError(url, "the URL has no scheme and no host")
        # Not the URL: what comes before the colon may be a login.
        raise NonHttpUrlClientError("the URL does not begin with http:// or https://")
    host = url.raw_host
    if not host:
        raise InvalidUrlClientError(url, "the URL has no host")
    # A zone is looked at where it is taken off.
    if _HOST.fullmatch(host.partition("%")[0] if ":" in host else host) is None:
        raise InvalidUrlClientError(url, "the host has a character that no host can have")
    if looks_like_an_address(host):
        raise InvalidUrlClientError(url, "the host is an IPv4 address, but not written as one")
    port = url.port
    if port is None and url.scheme not in HTTP_SCHEMES:
        port = 80
    if not port:
        raise InvalidUrlClientError(url, "the port must not be 0")
    is_https = url.scheme == "https"
    if ":" in host and "%" in host:
        address, zone = split_zone(url, host)
        # No certificate has a zone in it.
        name = address if is_https else None
        return Target(url, Route(f"{address}%{zone}", port, is_https, tls, name), authorization)
    return Target(url, Route(host, port, is_https, tls), authorization)


def split_zone(url: URL, host: str) -> tuple[str, str]:
    """An IPv6 address, and the zone behind it: "%25" and its name, or "%" as people type it.

    RFC 6874 sections 2 and 3.
    """
    address, _, zone = host.partition("%")
    zone = unquote(zone.removeprefix("25"))
    if not zone or not zone.isascii() or not zone.isprintable() or " " in zone:
        raise InvalidUrlClientError(url, "the zone of the address is not valid")
    return address, zone


def _without_zone(authority: str) -> str:
    """RFC 6874 section 4: a zone means nothing to anybody else, and is not sent."""
    before, percent, behind = authority.partition("%")
    if not percent or not before.startswith("["):
        return authority
    return f"{before}]{behind.rpartition(']')[2]}"
