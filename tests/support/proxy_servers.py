"""Real proxies on loopback, for a matrix of tests: each is started when a test first asks for it.

    entrance = proxies.entrance("squid", "https", host="::1", login=True)
    await session.get(origin.url(), proxy=entrance.url(), proxy_ssl=...)

Where a program is not there, or the system has no such address, the test skips itself. The proxies
serve all tests of a run, so what they write down is of other tests as well.

`TARGETS` has for each proxy the hosts that it can lead to. `FOUR` and `SIX` are names that the
proxies know, and nobody else: a request that arrives had its name resolved by the proxy.

To see the bytes between client and proxy, put a `Wiretap` before an entrance. To give a TLS proxy
another certificate, put one that has it before an entrance without TLS.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self, TypeVar, cast

import pytest
import trustme
from program import HOSTS, Program, do_without
from proxy_names import FOUR, HAS_WRAPPER, LOGIN, SIX, Login
from proxy_programs import Squid, dante, microsocks, proxy_py, ssh

_P = TypeVar("_P", bound=Program)

#: Names in the certificate of the proxies that speak TLS.
PROXY_NAMES: Final = ("127.0.0.1", "::1", "localhost")

#: Every program with every scheme that it can be used by.
WAYS: Final = (
    ("squid", "http"),
    ("squid", "https"),
    ("proxy.py", "http"),
    ("proxy.py", "https"),
    ("microsocks", "socks5"),
    ("microsocks", "socks5h"),
    ("dante", "socks4"),
    ("dante", "socks5"),
    ("dante", "socks5h"),
    ("ssh", "socks4"),
    ("ssh", "socks4a"),
    ("ssh", "socks5"),
    ("ssh", "socks5h"),
)
#: Those that can want a login.
WITH_LOGIN: Final = tuple(way for way in WAYS if way[0] not in ("dante", "ssh"))


def can_lead_to(program: str, scheme: str, host: str) -> bool:
    """Can a program be asked by this scheme for a host: an address, or a name that it knows?"""
    is_name = host in (FOUR, SIX)
    match scheme:
        case "socks4":
            return host == "127.0.0.1"
        case "socks4a":
            return host != "::1"  # there is no room for it
        case "socks5":
            return not is_name
        case _:
            # This one takes the brackets for a part of the address.
            return program != "proxy.py" or host != "::1"


#: Each of the `WAYS`, and an address or a name that it can lead to.
TARGETS: Final = tuple(
    (*way, host)
    for way in WAYS
    for host in ("127.0.0.1", "::1", FOUR, SIX)
    if can_lead_to(*way, host)
)
#: What is behind these hosts.
ADDRESSES: Final = {"127.0.0.1": "127.0.0.1", "::1": "::1", FOUR: "127.0.0.1", SIX: "::1"}


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where a proxy listens, and how it is to be spoken to there."""

    program: str
    scheme: str
    host: str
    port: int
    #: What it wants to be told.
    login: Login | None = None

    def url(self, login: Login | None = None) -> str:
        """Its URL; with a login, if one is given."""
        before = f"{login.in_url()}@" if login else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{before}{host}:{self.port}"

    def moved(self, host: str, port: int, is_tls: bool = False) -> Entrance:
        """The same by another way: through somebody who passes on what he hears."""
        return replace(self, scheme="https" if is_tls else self.scheme, host=host, port=port)


class Proxies:
    """All of them, from `with` on, though none runs before it is asked for."""

    def __init__(self, authority: trustme.CA) -> None:
        self._certificate = authority.issue_cert(*PROXY_NAMES)
        self._running: dict[object, Program] = {}
        #: Why those cannot run that could not; it is not tried again.
        self._missing: dict[object, str] = {}

    def entrance(
        self,
        program: str,
        scheme: str,
        host: str = "127.0.0.1",
        login: bool = False,
        target: str = "127.0.0.1",
    ) -> Entrance:
        """The entrance to one of the `WAYS` at 127.0.0.1 or ::1, with a `login` one that wants it.

        The target is where it is to lead: one of `ADDRESSES`. Blocks while the program starts.
        """
        for address in (host, ADDRESSES[target]):
            if address not in HOSTS:
                pytest.skip(f"there is no {address} here")
        if program != "squid" and target in (FOUR, SIX) and not HAS_WRAPPER:
            do_without("there is no nss_wrapper here, by which a proxy can know names")
        running = self.program(program, scheme, host, login)
        is_tls = scheme == "https"
        number = Squid.DOORS.index((is_tls, login)) if program == "squid" else 0
        return Entrance(program, scheme, host, running.ports[number], LOGIN if login else None)

    def program(
        self, program: str, scheme: str, host: str = "127.0.0.1", login: bool = False
    ) -> Program:
        """The program behind the entrance that is asked for by the same words."""
        assert (program, scheme) in (WITH_LOGIN if login else WAYS)
        is_tls = scheme == "https"
        match program:
            case "squid":
                return self.squid
            case "proxy.py":
                start = functools.partial(proxy_py, self._certificate, is_tls, login)
                return self._once((program, is_tls, login), start)
            case "microsocks":
                return self._once((program, host, login), lambda: microsocks(host, login))
            case "dante":
                return self._once(program, dante)
            case _:
                return self._once(program, ssh)

    @property
    def squid(self) -> Squid:
        """squid, which can tell what it was asked."""
        return self._once("squid", lambda: Squid(self._certificate))

    @property
    def digest_squid(self) -> Squid:
        """Another squid, which asks for the login by Digest."""
        return self._once("squid, digest", lambda: Squid(self._certificate, is_digest=True))

    def digest_entrance(self, scheme: str) -> Entrance:
        """A door of that one."""
        number = Squid.DOORS.index((scheme == "https", True))
        return Entrance("squid", scheme, "127.0.0.1", self.digest_squid.ports[number], LOGIN)

    def _once(self, key: object, start: Callable[[], _P]) -> _P:
        if key in self._missing:
            pytest.skip(self._missing[key])
        if key not in self._running:
            try:
                self._running[key] = start()
            except pytest.skip.Exception as reason:
                self._missing[key] = str(reason)
                raise
        return cast("_P", self._running[key])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for program in self._running.values():
            program.ask_to_end()
        for program in self._running.values():
            program.end()
