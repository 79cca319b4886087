"""The proxies that other tests use do what those tests take for granted.

The client here is not aioclient but `raw_client`, which asserts what they answer.
"""

import asyncio
import json
import socket
import ssl
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trustme
from program import Program, path_of
from proxy_names import FOUR, LOGIN, NOWHERE, SIX, Login
from proxy_servers import ADDRESSES, TARGETS, WAYS, WITH_LOGIN, Entrance, Proxies
from raw_client import (
    GRANTED,
    ask,
    ask_for_url,
    connected,
    greet,
    head_for,
    in_url,
    lead,
    log_in,
    see,
    socks4,
    socks5,
    tunnel,
)
from running import asynchronous, closed_port, until
from seeing_origin import SeeingOrigin
from wiretap import Wiretap

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

HTTP_WAYS = [way for way in WAYS if way[1] in ("http", "https")]
HTTP_ENTRANCES = [
    (*way, host, login)
    for way in HTTP_WAYS
    for host in ("127.0.0.1", "::1")
    for login in (False, True)
]
REFUSED = 5  # RFC 1928 section 6


@pytest.mark.parametrize(("program", "scheme", "host", "login"), HTTP_ENTRANCES)
@asynchronous
async def test_an_http_proxy_passes_requests_on(
    program: str, scheme: str, host: str, login: bool, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance(program, scheme, host, login)
    async with SeeingOrigin() as origin, connected(entrance, trusting) as streams:
        seen = await ask_for_url(streams, origin.url("/a?b=c"), entrance.login)
    assert (seen["method"], seen["target"]) == ("GET", "/a?b=c")
    assert b"proxy-authorization" not in origin.received.lower()


@pytest.mark.parametrize(("program", "scheme", "host", "login"), HTTP_ENTRANCES)
@asynchronous
async def test_an_http_proxy_makes_tunnels_for_tls(
    program: str,
    scheme: str,
    host: str,
    login: bool,
    proxies: Proxies,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
) -> None:
    entrance = proxies.entrance(program, scheme, host, login)
    async with (
        SeeingOrigin(origin_certificate) as origin,
        connected(entrance, trusting) as streams,
    ):
        assert await tunnel(streams, "127.0.0.1", origin.port, entrance.login) == 200
        await streams[1].start_tls(trusting, server_hostname="origin.test")
        seen = await see(streams)
    assert (seen["scheme"], seen["target"]) == ("https", "/seen")
    assert origin.visits[0].asked_name == "origin.test"
    assert origin.received == head_for("GET", "/seen", "origin.test")


@pytest.mark.parametrize(("program", "scheme"), HTTP_WAYS)
@pytest.mark.parametrize("login", [None, Login(LOGIN.user, "guessed")], ids=["none", "wrong"])
@asynchronous
async def test_an_http_proxy_wants_the_right_login(
    login: Login | None, program: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance(program, scheme, login=True)
    async with SeeingOrigin() as origin:
        host = f"127.0.0.1:{origin.port}"
        for head in (
            head_for("GET", origin.url(), host, login),
            head_for("CONNECT", host, host, login),
        ):
            async with connected(entrance, trusting) as streams:
                status, fields, _ = await ask(streams, head)
            assert status == 407
            assert "proxy-authenticate: basic" in fields.lower()
    assert not origin.visits


@pytest.mark.parametrize(("program", "scheme", "host"), TARGETS)
@asynchronous
async def test_a_proxy_leads_to_each_of_its_targets(
    program: str, scheme: str, host: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance(program, scheme, target=host)
    address = ADDRESSES[host]
    async with (
        SeeingOrigin(host=address) as origin,
        connected(entrance, trusting) as streams,
    ):
        await lead(streams, scheme, host, origin.port)
        await see(streams)
    assert [visit.came_from[0] for visit in origin.visits] == [address]


@pytest.mark.parametrize(
    ("program", "scheme", "host"), [target for target in TARGETS if target[:2] in HTTP_WAYS]
)
@asynchronous
async def test_an_http_proxy_passes_requests_on_to_each_of_its_targets(
    program: str, scheme: str, host: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance(program, scheme, target=host)
    async with (
        SeeingOrigin(host=ADDRESSES[host]) as origin,
        connected(entrance, trusting) as streams,
    ):
        await ask_for_url(streams, origin.url("/", in_url(host)))
    assert len(origin.visits) == 1


@pytest.mark.parametrize("name", [FOUR, SIX, NOWHERE])
def test_nobody_else_knows_the_names_that_proxies_do(name: str) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 80)


@pytest.mark.parametrize(("program", "scheme"), HTTP_WAYS)
@pytest.mark.parametrize("host", ["127.0.0.1", NOWHERE])
@asynchronous
async def test_an_http_proxy_says_that_it_cannot_connect(
    host: str, program: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    async with connected(proxies.entrance(program, scheme), trusting) as streams:
        assert await tunnel(streams, host, closed_port()) in range(500, 505)


@asynchronous
async def test_squid_writes_down_what_it_was_asked(proxies: Proxies) -> None:
    entrance = proxies.entrance("squid", "http", login=True)
    async with SeeingOrigin() as origin, connected(entrance) as streams:
        url = origin.url("/written-down")
        await ask_for_url(streams, url, entrance.login)
        await until(lambda: any(asked.target == url for asked in proxies.squid.asked))
    asked = next(asked for asked in proxies.squid.asked if asked.target == url)
    assert (asked.status, asked.method) == (200, "GET")
    names = [name for name, _ in asked.fields]
    assert sorted(names) == ["Host", "Proxy-Authorization"]
    assert dict(asked.fields)["Host"] == f"127.0.0.1:{origin.port}"


@pytest.mark.parametrize(("program", "scheme"), [way for way in WAYS if way not in HTTP_WAYS])
@asynchronous
async def test_a_socks_proxy_can_be_reached_by_ipv6(
    program: str, scheme: str, proxies: Proxies
) -> None:
    entrance = proxies.entrance(program, scheme, "::1")
    async with SeeingOrigin() as origin, connected(entrance) as streams:
        await lead(streams, scheme, "127.0.0.1", origin.port)
        await see(streams)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@asynchronous
async def test_a_socks5_proxy_wants_the_right_login(host: str, proxies: Proxies) -> None:
    entrance = proxies.entrance("microsocks", "socks5", host, login=True)
    assert entrance.login is not None
    async with SeeingOrigin() as origin:
        async with connected(entrance) as streams:
            assert await greet(streams, 0) == 255
        async with connected(entrance) as streams:
            assert await greet(streams, 2) == 2
            assert await log_in(streams, Login(LOGIN.user, "guessed")) != 0
        async with connected(entrance) as streams:
            assert await greet(streams, 2) == 2
            assert await log_in(streams, entrance.login) == 0
            assert (await socks5(streams, "127.0.0.1", origin.port))[0] == GRANTED
            await see(streams)
    assert len(origin.visits) == 1


@asynchronous
async def test_socks_proxies_say_that_they_cannot_connect(proxies: Proxies) -> None:
    for program in ("microsocks", "dante"):
        async with connected(proxies.entrance(program, "socks5")) as streams:
            await greet(streams)
            assert (await socks5(streams, "127.0.0.1", closed_port()))[0] == REFUSED
        async with connected(proxies.entrance(program, "socks5h")) as streams:
            await greet(streams)
            assert (await socks5(streams, NOWHERE, 80))[0] not in (GRANTED, REFUSED)
    async with connected(proxies.entrance("dante", "socks4")) as streams:
        assert (await socks4(streams, "127.0.0.1", closed_port()))[0] == 91


@asynchronous
async def test_ssh_closes_the_connection_if_it_cannot_connect(proxies: Proxies) -> None:
    async with connected(proxies.entrance("ssh", "socks4a")) as (reader, writer):
        with pytest.raises(asyncio.IncompleteReadError):
            await socks4((reader, writer), "0.0.0.1", 80, NOWHERE)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@asynchronous
async def test_dante_says_from_where_it_connected(host: str, proxies: Proxies) -> None:
    entrance = proxies.entrance("dante", "socks5", host)
    async with SeeingOrigin(host=host) as origin, connected(entrance) as streams:
        await greet(streams)
        _, address = await socks5(streams, host, origin.port)
        await until(lambda: origin.accepted)  # or it would come when the origin is gone
    assert socket.inet_ntop(socket.AF_INET6 if ":" in host else socket.AF_INET, address) == host


@pytest.mark.parametrize(("program", "scheme"), WITH_LOGIN)
def test_a_login_in_a_url_is_escaped(program: str, scheme: str, proxies: Proxies) -> None:
    entrance = proxies.entrance(program, scheme, login=True)
    where = f"{entrance.host}:{entrance.port}"
    assert entrance.url() == f"{scheme}://{where}"
    assert entrance.url(entrance.login) == f"{scheme}://ann:of%3AGreen%2FGables%20%40100%25@{where}"


@asynchronous
async def test_a_wiretap_writes_down_both_directions(proxies: Proxies) -> None:
    async with SeeingOrigin() as origin, Wiretap(proxies.entrance("ssh", "socks5h")) as tap:
        assert tap.entrance.url() == f"socks5h://127.0.0.1:{tap.port}"
        async with connected(tap.entrance) as streams:
            await greet(streams)
            await socks5(streams, "127.0.0.1", origin.port)
            await see(streams)
    asked = b"\x05\x01\x00" + b"\x05\x01\x00\x01\x7f\x00\x00\x01" + struct.pack(">H", origin.port)
    assert tap.sent == asked + head_for("GET", "/seen", "origin.test")
    assert tap.overheard[0].received.startswith(b"\x05\x00" + b"\x05\x00\x00\x01")


@asynchronous
async def test_a_wiretap_can_take_tls_away(
    proxies: Proxies, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance("squid", "http")
    async with SeeingOrigin() as origin, Wiretap(entrance, server_tls) as tap:
        assert tap.entrance.url() == f"https://127.0.0.1:{tap.port}"
        async with connected(tap.entrance, trusting) as streams:
            await ask_for_url(streams, origin.url())
    assert tap.sent == head_for("GET", origin.url(), f"127.0.0.1:{origin.port}")


@pytest.mark.parametrize("side", ["client", "server"])
@asynchronous
async def test_a_wiretap_passes_on_that_one_side_has_ended(side: str, proxies: Proxies) -> None:
    async with Wiretap(proxies.entrance("microsocks", "socks5")) as tap:
        async with connected(tap.entrance) as (reader, writer):
            if side == "client":
                writer.write_eof()
            else:
                writer.write(b"\x05\x01\x77")  # a method that nobody has
            await reader.read()
        await until(lambda: tap.open == 0)


@asynchronous
async def test_an_origin_keeps_each_connection_and_tells_what_it_saw() -> None:
    async with SeeingOrigin() as origin:
        entrance = Entrance("none", "http", "127.0.0.1", origin.port)
        head = b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"3\r\nabc\r\n0\r\n\r\n"
        async with connected(entrance) as streams:
            _, _, body = await ask(streams, head + chunks)
            await see(streams)
        async with connected(entrance) as streams:
            await see(streams)
    assert json.loads(body) == {
        "scheme": "http",
        "port": origin.port,
        "method": "POST",
        "target": "/up",
        "fields": [["Host", "a"], ["Transfer-Encoding", "chunked"]],
        "body": "abc",
    }
    later = head_for("GET", "/seen", "origin.test")
    assert [bytes(visit.received) for visit in origin.visits] == [head + chunks + later, later]
    assert [request.method for request in origin.requests] == ["POST", "GET", "GET"]


@pytest.mark.parametrize(
    ("wish", "outcome"), [("", pytest.skip.Exception), ("required", pytest.fail.Exception)]
)
def test_a_test_is_skipped_for_a_program_unless_that_must_be_there(
    wish: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOCLIENT_TEST_PROGRAMS", wish)
    with pytest.raises(outcome, match="there is no no-such-program here"):
        path_of("no-such-program")

    def command(_folder: Path, _ports: list[int]) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit('no such luck')"]

    with pytest.raises(outcome, match="not start here: 'no such luck'"):
        Program("unlucky", command)


_PARENT = """if True:
    import socket, subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(child.pid, flush=True)
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    child.wait()
"""


def test_a_program_ends_with_what_it_has_started() -> None:
    def command(_folder: Path, ports: list[int]) -> list[str]:
        return [sys.executable, "-c", _PARENT, str(ports[0])]

    with Program("parent", command, hosts=("127.0.0.1",)) as program:
        child = int(program.output)
        folder = program.folder
        assert not has_ended(child)
    assert not folder.exists()
    end = time.monotonic() + 5
    while not has_ended(child):
        assert time.monotonic() < end
        time.sleep(0.01)


def has_ended(process: int) -> bool:
    """Does it run no longer? Whoever is to collect it may not have done so yet."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] in ("", "Z")
