"""Every kind of origin through every kind of proxy, with every kind of login and of address.

The proxies are real, see `proxy_servers`. Each test asks twice, or opens one WebSocket, and then
compares what the three others saw: the origin; a wiretap between the client and the proxy, of which
a SOCKS handshake is known byte by byte; and squid, which writes down what it was asked. A kind of
origin is a row of `ORIGINS`.
"""

import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import pytest
import trustme
from fake_resolver import FakeResolver
from proxy_names import LOGIN, Login
from proxy_programs import Asked
from proxy_servers import ADDRESSES, TARGETS, WAYS, WITH_LOGIN, Entrance, Proxies
from raw_client import in_url
from running import asynchronous, until
from seeing_origin import SeeingOrigin
from socks_bytes import socks_handshake
from wiretap import Wiretap

from aioclient import (
    BasicAuth,
    ClientSession,
    TCPConnector,
    encode_basic_auth,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

# --- the origins ---------------------------------------------------------------------------------

#: For the origin, and for the proxy; neither is to hear of that of the other.
BEARER: Final = "Bearer for-the-origin"
COOKIE: Final = "cookie=for-the-origin"
FOR_ORIGIN: Final = b"for-the-origin"
NOTE: Final = "for-the-proxy"
PATH: Final = "/seen?a=b"
#: How a TLS connection begins (RFC 8446 section 5.1).
TLS: Final = b"\x16\x03"

#: Asks a session for a URL, with these options, and takes the whole answer.
Ask = Callable[[ClientSession, str, dict[str, Any]], Awaitable[None]]


async def get(session: ClientSession, url: str, options: dict[str, Any]) -> None:
    headers = {"Authorization": BEARER, "Cookie": COOKIE}
    async with session.get(url, headers=headers, **options) as response:
        assert response.status == 200
        assert (await response.json())["target"] == PATH


async def talk(session: ClientSession, url: str, options: dict[str, Any]) -> None:
    headers = {"Authorization": BEARER, "Cookie": COOKIE}
    async with session.ws_connect(url, headers=headers, **options) as ws:
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of origin."""

    scheme: str
    is_tls: bool
    #: Is it reached through a tunnel where an HTTP proxy could pass requests on?
    is_tunnelled: bool
    ask: Ask
    #: All fields that a request has then, by their names.
    fields: frozenset[str]
    #: How often it is asked, all on one connection.
    times: int = 2


FIELDS: Final = frozenset(
    ("accept", "accept-encoding", "authorization", "cookie", "host", "user-agent")
)
OF_HANDSHAKE: Final = FIELDS | {
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
}
ORIGINS: Final = (
    Kind("http", is_tls=False, is_tunnelled=False, ask=get, fields=FIELDS),
    Kind("https", is_tls=True, is_tunnelled=True, ask=get, fields=FIELDS),
    Kind("ws", is_tls=False, is_tunnelled=True, ask=talk, fields=OF_HANDSHAKE, times=1),
    Kind("wss", is_tls=True, is_tunnelled=True, ask=talk, fields=OF_HANDSHAKE, times=1),
)

# --- the rest of the matrix ----------------------------------------------------------------------

#: A name that the client alone can resolve.
HERE: Final = "origin.test"
HERE_IS: Final = ADDRESSES | {HERE: "127.0.0.1"}
RESOLVED_HERE: Final = tuple((*way, HERE) for way in WAYS if way[1] in ("socks4", "socks5"))
#: How the login is said, if there is one.
LOGINS: Final = ("none", "in the URL", "proxy_auth", "proxy_headers")


@dataclass(frozen=True, slots=True)
class Case:
    """One element of the matrix."""

    kind: Kind
    program: str
    #: Of the URL of the proxy.
    scheme: str
    #: What the origin is called: an address or a name.
    name: str
    #: The address of the proxy.
    host: str
    #: How the login is said.
    how: str

    @property
    def is_socks(self) -> bool:
        return self.scheme.startswith("socks")

    @property
    def is_tunnelled(self) -> bool:
        """Does the proxy only pass bytes on?"""
        return self.is_socks or self.kind.is_tunnelled

    @property
    def can_be(self) -> bool:
        """Can the client say a login so, and the proxy want one?"""
        if self.how == "none":
            return True
        wants_one = (self.program, self.scheme) in WITH_LOGIN
        return wants_one and not (self.is_socks and self.how == "proxy_headers")

    @property
    def words(self) -> str:
        return "-".join(
            (self.kind.scheme, self.program, self.scheme, self.name, self.host, self.how)
        )


MATRIX: Final = [
    case
    for kind in ORIGINS
    for target in TARGETS + RESOLVED_HERE
    for host in ("127.0.0.1", "::1")
    for how in LOGINS
    if (case := Case(kind, *target, host, how)).can_be
]


def basic(login: Login) -> str:
    return encode_basic_auth(login.user, login.password)


def wishes(entrance: Entrance, how: str) -> dict[str, Any]:
    """Options by which a request goes through a proxy, its login said in one of the ways."""
    login = entrance.login
    headers = {} if entrance.scheme.startswith("socks") else {"X-Note": NOTE}
    options: dict[str, Any] = {"proxy": entrance.url()}
    if login is not None:
        match how:
            case "in the URL":
                options["proxy"] = entrance.url(login)
            case "proxy_auth":
                options["proxy_auth"] = BasicAuth(login.user, login.password)
            case _:
                headers["Proxy-Authorization"] = basic(login)
    return options | ({"proxy_headers": headers} if headers else {})


async def ask(case: Case, url: str, trusting: ssl.SSLContext, options: dict[str, Any]) -> None:
    """Twice, one after the other, so that one connection does for both; for a WebSocket once.

    The session is told the options where the proxy has an IPv6 address, else each request.
    """
    of_session, of_request = (options, {}) if case.host == "::1" else ({}, options)
    connector = TCPConnector(ssl=trusting, resolver=FakeResolver({HERE: [HERE_IS[HERE]]}))
    is_warned = "proxy_auth" in options
    warned = pytest.warns(DeprecationWarning, match="proxy_auth") if is_warned else nullcontext()
    with warned:
        async with ClientSession(connector=connector, **of_session) as session:
            for _ in range(case.kind.times):
                await case.kind.ask(session, url, of_request)


# --- what went where -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """That of a request, its fields by their names in lower case, and what follows it."""

    method: str
    target: str
    fields: dict[str, str]
    rest: bytes


def head_in(data: bytes) -> Head:
    head, end, rest = data.partition(b"\r\n\r\n")
    assert end
    start, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = start.split(" ")
    assert version == "HTTP/1.1"
    return Head(method, target, by_name([tuple(line.split(": ", 1)) for line in lines]), rest)


def by_name(fields: Iterable[tuple[str, ...]]) -> dict[str, str]:
    pairs = [(name.lower(), value) for name, value in fields]
    assert len(dict(pairs)) == len(pairs), "a field came twice"
    return dict(pairs)


def check_origin(case: Case, origin: SeeingOrigin) -> None:
    """It saw what it sees without a proxy, up to what a proxy adds that passes requests on."""
    assert len(origin.visits) == 1
    assert [request.target for request in origin.requests] == [PATH] * case.kind.times
    received = origin.received
    if case.kind.times == 1:  # behind its head there are frames
        received = received[: received.index(b"\r\n\r\n") + 4]
    if case.program == "proxy.py" and not case.is_tunnelled:
        # It takes the login away from the first request of a connection only.
        received = received[: received.index(b"\r\n\r\n") + 4]
    assert b"\nproxy-" not in received.lower()
    secrets = [LOGIN.password, basic(LOGIN), *([NOTE] if case.is_tunnelled else [])]
    assert not [secret for secret in secrets if secret.encode() in received]
    while received:
        head = head_in(received)
        assert (head.method, head.target) == ("GET", PATH)
        assert head.fields["host"] == f"{in_url(case.name)}:{origin.port}"
        assert (head.fields["authorization"], head.fields["cookie"]) == (BEARER, COOKIE)
        if case.is_tunnelled:
            assert set(head.fields) == case.kind.fields
        received = head.rest
    if case.kind.is_tls:
        # RFC 6066 section 3: only names are said.
        is_name = case.name not in ("127.0.0.1", "::1")
        assert origin.visits[0].asked_name == (case.name if is_name else None)


def check_proxy_fields(case: Case, fields: dict[str, str], host: str, login: Login | None) -> None:
    """They say what is for the proxy, and when it makes a tunnel, nothing else."""
    assert (fields["host"], fields["x-note"]) == (host, NOTE)
    assert fields.get("proxy-authorization") == (basic(login) if login else None)
    if case.is_tunnelled:
        usual = {"host", "user-agent", "x-note"}
        assert set(fields) == usual | ({"proxy-authorization"} if login else set())


def check_inside(case: Case, sent: bytes, origin: SeeingOrigin) -> None:
    """A tunnel holds nothing but what the origin saw, which TLS hides."""
    if case.kind.is_tls:
        assert sent.startswith(TLS)
        assert FOR_ORIGIN not in sent
    else:
        assert sent == origin.received


def check_socks(case: Case, sent: bytes, origin: SeeingOrigin, login: Login | None) -> None:
    """Its handshake is known byte by byte."""
    # A name that is resolved here is an address for the proxy.
    name = HERE_IS[HERE] if case.name == HERE else case.name
    handshake = socks_handshake(case.scheme, name, origin.port, login)
    assert sent[: len(handshake)] == handshake
    check_inside(case, sent[len(handshake) :], origin)


def check_http_proxy(
    case: Case, sent: bytes, url: str, origin: SeeingOrigin, login: Login | None
) -> None:
    """What an HTTP proxy hears, inside TLS if it speaks that."""
    host = url.split("/")[2]
    if case.is_tunnelled:
        head = head_in(sent)
        assert (head.method, head.target) == ("CONNECT", host)
        check_proxy_fields(case, head.fields, host, login)
        check_inside(case, head.rest, origin)
        return
    for _ in range(2):
        head = head_in(sent)
        assert (head.method, head.target) == ("GET", url)
        check_proxy_fields(case, head.fields, host, login)
        sent = head.rest
    assert not sent


async def check_squid(
    case: Case, lines: Callable[[], list[Asked]], url: str, login: Login | None
) -> None:
    """What it wrote down, of which a tunnel takes one line, when it is closed."""
    host = url.split("/")[2]
    method, target, times = ("CONNECT", host, 1) if case.is_tunnelled else ("GET", url, 2)
    await until(lambda: len(lines()) == times)
    for line in lines():
        assert (line.status, line.method, line.target) == (200, method, target)
        check_proxy_fields(case, by_name(line.fields), host, login)


@pytest.mark.parametrize("case", MATRIX, ids=[case.words for case in MATRIX])
@asynchronous
async def test_everyone_sees_what_is_for_him_and_nothing_else(
    case: Case, proxies: Proxies, trusting: ssl.SSLContext, origin_certificate: trustme.LeafCert
) -> None:
    address = HERE_IS[case.name]
    # The name tells the proxy's end of the way what it must be able to reach.
    target = address if case.name == HERE else case.name
    entrance = proxies.entrance(case.program, case.scheme, case.host, case.how != "none", target)
    before = len(proxies.squid.asked) if case.program == "squid" else 0
    async with (
        SeeingOrigin(origin_certificate if case.kind.is_tls else None, address) as origin,
        Wiretap(entrance) as tap,
    ):
        host = f"{in_url(case.name)}:{origin.port}"
        url = f"{case.kind.scheme}://{host}{PATH}"
        options = wishes(tap.entrance, case.how) | {"proxy_ssl": trusting}
        await ask(case, url, trusting, options)
        assert len(tap.overheard) == 1
        check_origin(case, origin)
        if case.is_socks:
            check_socks(case, tap.sent, origin, entrance.login)
        elif case.scheme == "https":
            assert tap.sent.startswith(TLS)
            assert not [
                word for word in (b"CONNECT", FOR_ORIGIN, NOTE.encode()) if word in tap.sent
            ]
        else:
            check_http_proxy(case, tap.sent, url, origin, entrance.login)
        if case.program == "squid":

            def lines() -> list[Asked]:
                return [each for each in proxies.squid.asked[before:] if host in each.target]

            await check_squid(case, lines, url, entrance.login)


INSIDE_TLS: Final = [
    case
    for case in MATRIX
    if (case.program, case.scheme) == ("proxy.py", "http")
    and (case.name, case.host) == ("127.0.0.1", "127.0.0.1")
]


@pytest.mark.parametrize("case", INSIDE_TLS, ids=[case.words for case in INSIDE_TLS])
@asynchronous
async def test_a_proxy_hears_the_same_inside_tls(
    case: Case,
    proxies: Proxies,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
) -> None:
    entrance = proxies.entrance(case.program, case.scheme, login=case.how != "none")
    async with (
        SeeingOrigin(origin_certificate if case.kind.is_tls else None) as origin,
        Wiretap(entrance, server_tls) as tap,
    ):
        assert tap.entrance.scheme == "https"
        url = origin.url(PATH)
        options = wishes(tap.entrance, case.how) | {"proxy_ssl": trusting}
        await ask(case, url, trusting, options)
        assert len(tap.overheard) == 1
        check_origin(case, origin)
        check_http_proxy(case, tap.sent, url, origin, entrance.login)


@pytest.mark.parametrize(("program", "scheme"), [way for way in WAYS if "socks4" in way[1]])
@asynchronous
async def test_the_user_of_a_socks4_url_is_its_user_id(
    program: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    case = Case(ORIGINS[0], program, scheme, "127.0.0.1", "127.0.0.1", "in the URL")
    entrance = proxies.entrance(program, scheme)
    user = Login(LOGIN.user, "")
    async with SeeingOrigin() as origin, Wiretap(entrance) as tap:
        url = tap.entrance.url().replace("://", f"://{user.user}@")
        await ask(case, origin.url(PATH), trusting, {"proxy": url})
        handshake = socks_handshake(scheme, "127.0.0.1", origin.port, user)
        assert tap.sent == handshake + origin.received
