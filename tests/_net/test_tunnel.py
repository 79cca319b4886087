"""Tunnels through an HTTP proxy, over a fake transport."""

import asyncio
import re
from typing import Any

import pytest
from fake_link import FakeTransport
from running import asynchronous

from aioclient import ClientHttpProxyError, ClientProxyConnectionError
from aioclient._auth.basic import BasicAuth
from aioclient._http.events import FieldLines
from aioclient._http1.head_writer import write_field_lines
from aioclient._net.link import Link, TransportLink
from aioclient._net.route import Proxy, Route
from aioclient._net.tunnel import MAX_REFUSAL_BYTES, Tunnel

PROXY = Proxy("http", "proxy.example", 3128)
ROUTE = Route("a.example", 443, True, True, None, PROXY)
AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
SECRET = "xyzzy"


class Receiver:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.received = b""
        self.ends: list[Any] = []

    def link_made(self, link: Link) -> None:
        self.link = link

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        self.received += data

    def eof_arrived(self, is_clean: bool = True) -> None:
        self.ends.append(is_clean)

    def link_lost(self, error: Exception | None) -> None:
        self.ends.append(error)


class Stage:
    """A tunnel that has been asked for."""

    def __init__(self, proxy: Proxy = PROXY, route: Route = ROUTE) -> None:
        loop = asyncio.get_running_loop()
        self.receiver = Receiver()
        self.tunnel = Tunnel(route, proxy, self.receiver, loop)
        self.transport = FakeTransport(loop)
        self.transport.attach(TransportLink(self.tunnel, loop))

    @property
    def head(self) -> str:
        return self.transport.written.decode()

    def answer(self, data: bytes, bite: int) -> None:
        for start in range(0, len(data), bite):
            self.transport.receive(data[start : start + bite])

    async def refusal(self) -> ClientHttpProxyError:
        with pytest.raises(ClientHttpProxyError) as caught:
            await self.tunnel.opened
        assert self.transport.is_closing()
        assert self.receiver.link is None
        return caught.value

    async def failure(self) -> ClientProxyConnectionError:
        with pytest.raises(ClientProxyConnectionError) as caught:
            await self.tunnel.opened
        assert self.receiver.link is None
        assert (caught.value.host, caught.value.port) == ("proxy.example", 3128)
        return caught.value


BITES = pytest.mark.parametrize("bite", [1, 7, 1000])


# --- what is asked -------------------------------------------------------------------------------


@asynchronous
async def test_the_host_is_asked_for_with_its_port() -> None:
    stage = Stage()
    lines = stage.head.split("\r\n")
    assert lines[0] == "CONNECT a.example:443 HTTP/1.1"
    assert lines[1] == "Host: a.example:443"
    assert lines[2].startswith("User-Agent: Python/")
    assert lines[3:] == ["", ""]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("::1", "[::1]:443"),
        ("fe80::1%eth0", "[fe80::1]:443"),
        ("127.0.0.1", "127.0.0.1:443"),
        ("a%20b.example", "a%20b.example:443"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example:443"),
    ],
)
@asynchronous
async def test_hosts_as_they_are_asked_for(host: str, expected: str) -> None:
    assert Stage(route=ROUTE._replace(host=host)).head.startswith(f"CONNECT {expected} HTTP/1.1")


@asynchronous
async def test_the_proxy_is_told_what_is_for_it() -> None:
    lines = write_field_lines((("X-A", "b"), ("User-Agent", "me")))
    stage = Stage(PROXY._replace(auth=BasicAuth("Aladdin", "open sesame"), field_lines=lines))
    assert stage.head == (
        "CONNECT a.example:443 HTTP/1.1\r\n"
        "Host: a.example:443\r\n"
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
        "X-A: b\r\n"
        "User-Agent: me\r\n\r\n"
    )


# --- a proxy that agrees -------------------------------------------------------------------------


@BITES
@pytest.mark.parametrize(
    "answer",
    [
        AGREED,
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 299 Fine\r\nX-A: b\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + AGREED,
        # RFC 9110 section 9.3.6: a client ignores these.
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    ],
)
@asynchronous
async def test_any_status_of_success_is_a_tunnel(answer: bytes, bite: int) -> None:
    stage = Stage()
    stage.answer(answer, bite)
    await stage.tunnel.opened
    receiver = stage.receiver
    assert receiver.link is not None
    assert receiver.link.is_open
    stage.transport.receive(b"from the server")
    assert receiver.received == b"from the server"
    stage.transport.receive_eof()
    await asyncio.sleep(0)
    assert receiver.ends == [True, None]


@asynchronous
async def test_bytes_right_behind_the_answer_are_the_servers() -> None:
    stage = Stage()
    stage.transport.receive(AGREED + b"from the server")
    await stage.tunnel.opened
    assert stage.receiver.received == b"from the server"
    stage.tunnel.abort()
    assert stage.transport.was_aborted
    await asyncio.sleep(0)


# --- a proxy that does not -----------------------------------------------------------------------


@BITES
@asynchronous
async def test_a_refusal_is_an_error_with_headers_and_body(bite: int) -> None:
    stage = Stage(PROXY._replace(auth=BasicAuth("me", SECRET)))
    stage.answer(
        b"HTTP/1.1 407 Proxy Authentication Required\r\n"
        b'Proxy-Authenticate: Basic realm="a"\r\nContent-Length: 5\r\n\r\nhello',
        bite,
    )
    error = await stage.refusal()
    assert (error.status, error.message) == (407, "Proxy Authentication Required")
    assert error.headers is not None
    assert error.headers["Proxy-Authenticate"] == 'Basic realm="a"'
    assert error.body == b"hello"
    assert str(error.request_info.real_url) == "http://proxy.example:3128"
    assert error.request_info.method == "CONNECT"
    assert error.history == ()
    assert str(error) == (
        "407, message='Proxy Authentication Required', url='http://proxy.example:3128', "
        "tunnel to a.example:443"
    )
    assert SECRET not in f"{error}{error!r}{error.request_info}{error.args}"


@pytest.mark.parametrize("status", [300, 302, 307, 400, 403, 404, 407, 500, 502, 503, 599])
@asynchronous
async def test_any_other_status_is_a_refusal(status: int) -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 %d No\r\nLocation: /\r\nContent-Length: 0\r\n\r\n" % status)
    assert (await stage.refusal()).status == status


@asynchronous
async def test_the_body_of_a_refusal_may_end_with_the_connection() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 403 No\r\n\r\nbecause")
    stage.transport.receive_eof()
    assert (await stage.refusal()).body == b"because"


@asynchronous
async def test_the_body_of_a_refusal_may_be_cut_off() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nbecause")
    stage.transport.lose(ConnectionResetError())
    assert (await stage.refusal()).body == b"because"


@BITES
@pytest.mark.parametrize(
    ("framing", "page"),
    [
        (b"Content-Length: 100", b"because"),
        (b"Transfer-Encoding: chunked", b"7\r\nbecause\r\n5\r\n"),
        (b"Transfer-Encoding: chunked", b"7\r\nbecause\r\nno size\r\n"),
    ],
)
@asynchronous
async def test_a_refusal_counts_although_its_body_is_broken_off(
    framing: bytes, page: bytes, bite: int
) -> None:
    stage = Stage()
    stage.answer(b"HTTP/1.1 403 No\r\n" + framing + b"\r\n\r\n" + page, bite)
    if not stage.transport.was_aborted:
        stage.transport.receive_eof()
    error = await stage.refusal()
    assert (error.status, error.body) == (403, b"because")


@asynchronous
async def test_of_the_body_of_a_refusal_a_limited_part_is_kept() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 403 No\r\n\r\n")
    assert not stage.tunnel.opened.done()
    stage.transport.receive(bytes(MAX_REFUSAL_BYTES - 1))
    assert not stage.tunnel.opened.done()
    stage.transport.receive(bytes(10))
    assert len((await stage.refusal()).body) == MAX_REFUSAL_BYTES


@asynchronous
async def test_the_body_of_a_refusal_is_not_waited_for_any_longer_than_a_second() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nbecause")
    assert (await stage.refusal()).body == b"because"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "its answer: "),
        (b"\x15\x03\x01\x00\x02\x02\x46", "its answer: "),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "its answer: .*101"),
        (b"HTTP/1.1 403 No\r\nContent-Length: x\r\n\r\n", "its answer: .*Content-Length"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 300 + b"\r\n", "its answer: .*256"),
    ],
)
@asynchronous
async def test_an_answer_that_is_not_of_http_is_an_error(answer: bytes, words: str) -> None:
    stage = Stage()
    stage.transport.receive(answer)
    error = await stage.failure()
    assert re.search(words, str(error))
    assert stage.transport.was_aborted
    assert error.__cause__ is not None


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 O"])
@asynchronous
async def test_a_proxy_that_hangs_up_is_an_error(sent: bytes) -> None:
    stage = Stage()
    if sent:
        stage.transport.receive(sent)
    stage.transport.receive_eof()
    assert "proxy.example:3128" in str(await stage.failure())


@asynchronous
async def test_a_proxy_that_resets_the_connection_is_an_error() -> None:
    stage = Stage()
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    error = await stage.failure()
    assert str(error) == "cannot connect to proxy proxy.example:3128: Connection reset by peer"


@asynchronous
async def test_a_tunnel_that_is_given_up_leaves_nothing_open() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nbecause")
    stage.tunnel.abort()
    stage.tunnel.opened.cancel()
    assert stage.transport.was_aborted
    await asyncio.sleep(0)


def test_proxies_without_lines_have_none() -> None:
    assert PROXY.all_field_lines == FieldLines(b"")
