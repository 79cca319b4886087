"""Which proxy the environment names for a URL.

The variables are read anew for each request, also for each that follows a redirect: a program may
change them, and the next URL may have another scheme or host. What is kept is NO_PROXY as it was
parsed, for as long as its text is the same.

There is no standard for these variables, only customs. We differ from `urllib.request` in that
ALL_PROXY counts; that Http_Proxy in mixed case does not; and that in NO_PROXY, white space
separates, too, `*` may stand beside other entries, ports and networks (CIDR) count, addresses
compare as addresses, and no end of an address is a domain. We differ from curl in that HTTP_PROXY
in upper case counts, except under CGI; that an empty variable is an answer ("no proxy"), so that
nothing else is asked; and that in NO_PROXY `*` beside other entries, `*.` and ports are understood.
From aiohttp we differ as from `urllib.request`, which it asks.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Protocol, TypeAlias, cast

from yarl import URL

from .address_guard import IpAddress

_IpNetwork: TypeAlias = IPv4Network | IPv6Network

#: By the scheme of a URL: the variables that may name its proxy; the first that is there decides.
_VARIABLES: Final = {
    scheme: (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    for scheme in ("http", "https", "ws", "wss")
}
#: Systems that have a setting of their own.
_PLATFORMS_WITH_SETTING: Final = frozenset({"win32", "darwin"})
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: RFC 1035 section 2.3.4: no name is longer. So the work for one has an end, too.
_MAX_NAME_CHARS: Final = 253
#: RFC 4291 section 2.5.5.2: after so many bits of a mapped address comes the IPv4 address.
_MAPPED_BITS: Final = 96


class SystemSetting(Protocol):
    """What the system knows of proxies, as `urllib.request` finds it out."""

    def getproxies(self) -> Mapping[str, str]:
        """The URLs of proxies by the schemes they are for."""

    def proxy_bypass(self, host: str) -> object:
        """Is this host, as it is in a URL, to be reached without a proxy?"""


def _urllib_request() -> SystemSetting:
    # It brings in http.client and email, and only some systems ask it.
    import urllib.request

    # Its stubs know of no `proxy_bypass` on other systems.
    return cast("SystemSetting", urllib.request)


class ProxyEnvironment:
    """The proxies that the environment names, looked up anew for each request.

    Arguments: `environ`, the variables (those of the process); `platform`, the system as
    `sys.platform` has it; `system`, gives what knows the setting of the system itself.

    The system is asked on Windows and macOS only, and if no variable names a proxy. Python does not
    look at its setting either if there is any other variable that ends in "_proxy", also NO_PROXY.
    It may block: before Python 3.13 a list of exceptions makes it look up the name of the host.
    """

    __slots__ = ("_environ", "_forged", "_has_setting", "_no_proxy", "_system")

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        platform: str = sys.platform,
        system: Callable[[], SystemSetting] = _urllib_request,
    ) -> None:
        self._environ = environ
        self._system = system
        self._has_setting = platform in _PLATFORMS_WITH_SETTING
        # Variables of Windows have no case: there it is the same one under both names.
        self._forged = ("HTTP_PROXY", "http_proxy") if platform == "win32" else ("HTTP_PROXY",)
        self._no_proxy = _NoProxy("")

    def proxy_url(self, scheme: str, host: str, port: int) -> str | None:
        """The URL of the proxy for requests with this scheme to this host and port; None for none.

        Arguments: `scheme`, of the URL that is asked for (only http, https, ws and wss have
        proxies); `host`, as `yarl.URL.raw_host` has it; `port`. The result is what the environment
        has, with "http://" in front if it has no scheme; it may hold a password, and it may be no
        valid URL. Raises nothing.
        """
        if scheme not in _VARIABLES:
            return None
        url = self._named(scheme)
        if url is None and self._has_setting:
            url = self._system_url(scheme, host)
        if not url or self._is_direct(host, port):
            return None
        return url if _SCHEME.match(url) else f"http://{url.removeprefix('//')}"

    def _named(self, scheme: str) -> str | None:
        """What the variables say for this scheme: "" for no proxy, None for nothing."""
        environ = self._environ
        for variable in _VARIABLES[scheme]:
            value = environ.get(variable)
            if value is None:
                continue
            # httpoxy (CVE-2016-5385): for a CGI program the server puts the field `Proxy` of a
            # request there. Anybody can send one.
            if variable in self._forged and "REQUEST_METHOD" in environ:
                continue
            return value.strip()
        return None

    def _is_direct(self, host: str, port: int) -> bool:
        text = self._environ.get("no_proxy")
        if text is None:
            text = self._environ.get("NO_PROXY", "")
        # In one step each: another thread may ask at the same time.
        no_proxy = self._no_proxy
        if no_proxy.text != text:
            no_proxy = self._no_proxy = _NoProxy(text)
        return no_proxy.covers(host, port)

    def _system_url(self, scheme: str, host: str) -> str | None:
        """The system's own proxy, if no variable names any for any scheme."""
        if any(self._named(other) is not None for other in _VARIABLES):
            return None
        # It reads a registry, calls into the system, and is not ours: it may raise anything, and
        # then the request goes on with what is known.
        try:
            system = self._system()
            url = system.getproxies().get(scheme, "").strip()
        except Exception:
            return None
        if not url:
            return None
        try:
            # In brackets, since the end of an IPv6 address looks like a port.
            is_direct = system.proxy_bypass(f"[{host}]" if ":" in host else host)
        except Exception:
            return url
        return None if is_direct else url


class _NoProxy:
    """A parsed NO_PROXY: the hosts that are to be reached without a proxy.

    Names are looked up by each of their ends, so how many entries there are does not count.
    Entries that cannot be understood are none.
    """

    __slots__ = ("_addresses", "_covers_all", "_names", "_networks", "text")

    def __init__(self, text: str) -> None:
        #: What was parsed.
        self.text: Final = text
        self._covers_all = False
        # Names, in lower case, and `name:port`.
        self._names: set[str] = set()
        # With the port, if it is for that alone.
        self._addresses: set[tuple[IpAddress, int | None]] = set()
        self._networks: list[_IpNetwork] = []
        for entry in text.replace(",", " ").split():
            try:
                self._add(entry)
            except ValueError:
                continue

    def covers(self, host: str, port: int) -> bool:
        """Is this host, as `yarl.URL.raw_host` has it, to be reached directly at this port?"""
        if self._covers_all:
            return True
        if not self.text:
            return False
        name = host.removesuffix(".")
        address = _address(name)
        if address is None:
            return self._covers_name(name.lower(), port)
        addresses = self._addresses
        if (address, None) in addresses or (address, port) in addresses:
            return True
        return any(address in network for network in self._networks)

    def _covers_name(self, name: str, port: int) -> bool:
        if len(name) > _MAX_NAME_CHARS:
            return False
        names = self._names
        return any(end in names or f"{end}:{port}" in names for end in _ends(name))

    def _add(self, entry: str) -> None:
        """Keep one entry; raises ValueError for what is none."""
        if entry == "*":
            self._covers_all = True
        elif "/" in entry:
            self._networks.append(_network(entry))
        elif entry.startswith("["):
            host, bracket, port = entry[1:].partition("]")
            if not bracket or ":" not in host:
                raise ValueError("no IPv6 address in brackets")
            self._addresses.add((_parsed_address(host), _port(port)))
        elif entry.count(":") > 1:
            # An IPv6 address without brackets has no port.
            self._addresses.add((_parsed_address(entry), None))
        else:
            host, colon, digits = entry.partition(":")
            self._add_name(_name(host), _port(colon + digits))

    def _add_name(self, name: str, port: int | None) -> None:
        address = _address(name)
        if address is not None:
            self._addresses.add((address, port))
        else:
            self._names.add(name if port is None else f"{name}:{port}")


def _ends(name: str) -> Iterator[str]:
    """The name, and what it lies below, by whole labels."""
    while name:
        yield name
        name = name.partition(".")[2]


def _address(host: str) -> IpAddress | None:
    """The address that a host is; None for a name."""
    # Most hosts are names: those are seen here, without the cost of an exception.
    if ":" not in host and not host[-1:].isdigit():
        return None
    try:
        return _parsed_address(host)
    except ValueError:
        return None


def _parsed_address(text: str) -> IpAddress:
    """An address without its zone; one that is mapped is the IPv4 address. Raises ValueError."""
    address = ip_address(_without_zone(text))
    # RFC 4291 section 2.5.5.2
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _without_zone(text: str) -> str:
    # RFC 4007 section 11: which interface it is behind. Only IPv6 addresses have one.
    return text.partition("%")[0] if ":" in text else text


def _network(entry: str) -> _IpNetwork:
    """A network by CIDR (RFC 4632 section 3.1), whatever its host bits are. Raises ValueError."""
    host, _, digits = entry.partition("/")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    network = ip_network(f"{_without_zone(host)}/{_number(digits)}", strict=False)
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


def _name(text: str) -> str:
    """A name as it is compared: no dots around it, ASCII, lower case. Raises ValueError."""
    name = text.removeprefix("*.").removeprefix(".").removesuffix(".")
    if not name.isascii():
        # By what makes the hosts of URLs, so that both are the same.
        name = URL.build(scheme="http", host=name).raw_host or ""
    if not name:
        raise ValueError("no name")
    return name.lower()


def _port(text: str) -> int | None:
    """The port after a colon; None if nothing is there. Raises ValueError for anything else."""
    if not text:
        return None
    if not text.startswith(":"):
        raise ValueError("no port")
    return _number(text[1:])


def _number(digits: str) -> int:
    # Not all that `int` takes: no signs, no underscores, no digits of other scripts.
    if not digits.isascii() or not digits.isdigit():
        raise ValueError("no number")
    return int(digits)
