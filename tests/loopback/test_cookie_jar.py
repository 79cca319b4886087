"""Sessions with cookie jars, over real sockets: what is kept, and which request gets it."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from jars import named_session, sent
from pages import Pages, page
from recording_proxy import RecordingProxy
from running import asynchronous
from scripted import ScriptedServer, head_of
from tls_site import TlsSite
from unix_server import UnixPages
from yarl import URL

import aioclient
from aioclient import (
    ClientResponse,
    ClientResponseError,
    ClientSession,
    CookieJar,
    DummyCookieJar,
    NextRequest,
    UnixConnector,
)


def setting(*cookies: str, status: str = "200 OK") -> bytes:
    """An answer that sets these cookies."""
    return page(b"ok", *(f"Set-Cookie: {cookie}" for cookie in cookies), status=status)


# --- kept, and sent back -------------------------------------------------------------------------


@asynchronous
async def test_what_a_response_sets_is_sent_with_the_next_request() -> None:
    async with Pages(set=setting("a=1", "b=2; Path=/")) as server, named_session() as session:
        for path in ("/", "/set", "/", "/other?x=y"):
            await session.get(server.url(path, host="a.example"))
        assert sent(server) == [None, None, "a=1; b=2", "a=1; b=2"]


@asynchronous
async def test_cookies_are_for_their_hosts_and_paths() -> None:
    pages = {"one/set": setting("path=1", "wide=2; Path=/; Domain=a.example", "host=3; Path=/")}
    async with Pages(**pages) as server, named_session() as session:
        await session.get(server.url("/one/set", host="a.example"))
        for url in (
            server.url("/one/two", host="a.example"),
            server.url("/two", host="a.example"),
            server.url("/one/two", host="www.a.example"),
            server.url("/one/two", host="b.example"),
        ):
            await session.get(url)
        assert sent(server)[1:] == ["path=1; wide=2; host=3", "wide=2; host=3", "wide=2", None]


@asynchronous
async def test_ports_share_their_cookies() -> None:
    async with Pages(set=setting("a=1")) as server, Pages() as other, named_session() as session:
        await session.get(server.url("/set", host="a.example"))
        await session.get(other.url("/", host="a.example"))
        assert sent(other) == ["a=1"]


@asynchronous
async def test_a_cookie_that_was_set_anew_or_deleted_is_not_sent_any_more() -> None:
    async with Pages() as server, named_session() as session:
        for field in ("a=1", "a=2", "a=2; Max-Age=0"):
            server.pages["set"] = setting(field)
            await session.get(server.url("/set", host="a.example"))
            await session.get(server.url("/", host="a.example"))
        assert sent(server)[1::2] == ["a=1", "a=2", None]


@pytest.mark.parametrize(("unsafe", "expected"), [(False, None), (True, "a=1")])
@asynchronous
async def test_an_address_has_cookies_only_in_a_jar_that_is_unsafe(
    unsafe: bool, expected: str | None
) -> None:
    jar = CookieJar(unsafe=unsafe)
    async with Pages(set=setting("a=1")) as server, ClientSession(cookie_jar=jar) as session:
        await session.get(server.url("/set"))
        await session.get(server.url("/"))
        assert sent(server) == [None, expected]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@asynchronous
async def test_every_method_keeps_and_sends_cookies(method: str) -> None:
    async with Pages() as server, named_session() as session:
        server.pages["set"] = b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\n\r\n"
        for _ in range(2):
            await session.request(method, server.url("/set", host="a.example"))
        assert sent(server) == [None, "a=1"]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oh"])
@asynchronous
async def test_responses_about_errors_set_cookies(status: str) -> None:
    async with Pages(bad=setting("a=1", status=status)) as server, named_session() as session:
        with pytest.raises(ClientResponseError):
            await session.get(server.url("/bad", host="a.example"), raise_for_status=True)
        await session.get(server.url("/", host="a.example"))
        assert sent(server) == [None, "a=1"]


@asynchronous
async def test_cookies_are_kept_before_the_body_is_read() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 5\r\n\r\n")
        await reader.read()

    async with ScriptedServer(slow) as server, Pages() as other, named_session() as session:
        async with session.get(server.url("/", host="a.example")):
            await session.get(other.url("/", host="a.example"))
        assert sent(other) == ["a=1"]


@asynchronous
async def test_trailers_set_no_cookies() -> None:
    body = b"0\r\nX-Sum: abc\r\nSet-Cookie: a=1\r\n\r\n"
    end = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    async with Pages(end=end) as server, named_session() as session:
        response = await session.get(server.url("/end", host="a.example"))
        await response.read()
        assert response.trailers["X-Sum"] == "abc"
        assert len(session.cookie_jar) == 0


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")
@asynchronous
async def test_a_unix_socket_has_the_cookies_of_the_host_in_its_urls(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    async with UnixPages(path) as server, ClientSession(connector=UnixConnector(path)) as session:
        server.pages["set"] = setting("a=1")
        for url in ("http://a.example/set", "http://a.example/", "http://b.example/"):
            await session.get(url)
        assert sent(server) == [None, "a=1", None]


# --- secure connections --------------------------------------------------------------------------


@asynchronous
async def test_a_secure_cookie_goes_over_tls_only(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        Pages(server_tls, set=setting("secret=1; Secure", "plain=2")) as secure,
        Pages() as plain,
        named_session() as session,
    ):
        await session.get(secure.url("/set", host="localhost"), ssl=trusting)
        await session.get(secure.url("/", host="localhost"), ssl=trusting)
        await session.get(plain.url("/", host="localhost"))
        assert sent(secure) == [None, "secret=1; plain=2"]
        assert sent(plain) == ["plain=2"]


@asynchronous
async def test_a_redirect_from_https_to_http_leaves_secure_cookies_behind(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Pages(server_tls) as secure, Pages() as plain, named_session() as session:
        fields = "Set-Cookie: secret=1; Secure\r\nSet-Cookie: plain=2\r\n"
        secure.redirect("down", plain.url("/", host="localhost"), fields=fields)
        await session.get(secure.url("/down", host="localhost"), ssl=trusting)
        assert sent(plain) == ["plain=2"]


@pytest.mark.parametrize("is_trusted", [False, True])
@asynchronous
async def test_an_origin_that_is_treated_as_secure_has_secure_cookies(is_trusted: bool) -> None:
    async with Pages(set=setting("a=1; Secure")) as server, Pages() as other:
        origins = [server.url("/", host="a.example")] if is_trusted else []
        async with named_session(CookieJar(treat_as_secure_origin=origins)) as session:
            await session.get(server.url("/set", host="a.example"))
            await session.get(server.url("/", host="a.example"))
            await session.get(other.url("/", host="a.example"))
        assert sent(server)[-1] == ("a=1" if is_trusted else None)
        assert sent(other) == [None]


# --- redirects -----------------------------------------------------------------------------------


@asynchronous
async def test_each_hop_gets_the_cookies_of_its_own_url() -> None:
    async with Pages() as server, Pages() as other, named_session() as session:
        jar = session.cookie_jar
        jar.update_cookies({"a": "1"}, URL("http://a.example/"))
        jar.update_cookies({"deep": "2"}, URL("http://a.example/deep/"))
        jar.update_cookies({"b": "3"}, URL("http://b.example/"))
        server.redirect("start", other.url("/there", host="b.example"))
        other.redirect("there", server.url("/deep/end", host="a.example"))
        await session.get(server.url("/start", host="a.example"))
        assert sent(server) == ["a=1", "deep=2; a=1"]
        assert sent(other) == ["b=3"]


@asynchronous
async def test_a_redirect_sets_cookies_for_the_next_hop() -> None:
    async with Pages() as server, named_session() as session:
        server.redirect("login", "/home", fields="Set-Cookie: session=1; Path=/\r\n")
        response = await session.get(server.url("/login", host="a.example"))
        assert sent(server) == [None, "session=1"]
        assert not response.cookies
        assert response.history[0].cookies["session"].value == "1"


@asynchronous
async def test_a_redirect_deletes_cookies_for_the_next_hop() -> None:
    async with Pages() as server, named_session() as session:
        session.cookie_jar.update_cookies({"a": "1", "b": "2"}, URL("http://a.example/"))
        server.redirect("logout", "/home", fields="Set-Cookie: a=; Max-Age=0\r\n")
        await session.get(server.url("/logout", host="a.example"))
        assert sent(server) == ["a=1; b=2", "b=2"]


@asynchronous
async def test_every_hop_of_a_chain_sets_cookies() -> None:
    async with Pages(end=setting("last=4")) as server, named_session() as session:
        for number in range(3):
            location = f"/{number + 1}" if number < 2 else "/end"
            fields = f"Set-Cookie: hop{number}={number}\r\nSet-Cookie: count={number}\r\n"
            server.redirect(str(number), location, fields=fields)
        await session.get(server.url("/0", host="a.example"))
        assert sent(server) == [
            None,
            "hop0=0; count=0",
            "hop0=0; count=1; hop1=1",
            "hop0=0; count=2; hop1=1; hop2=2",
        ]
        assert {morsel.key for morsel in session.cookie_jar} == {
            "hop0",
            "hop1",
            "hop2",
            "count",
            "last",
        }


@asynchronous
async def test_a_redirect_that_is_not_followed_sets_cookies() -> None:
    async with Pages() as server, named_session() as session:
        server.redirect("login", "/home", fields="Set-Cookie: a=1\r\n")
        await session.get(server.url("/login", host="a.example"), allow_redirects=False)
        await session.get(server.url("/", host="a.example"))
        assert sent(server) == [None, "a=1"]


@pytest.mark.parametrize("own", [None, "x=y"])
@asynchronous
async def test_a_redirect_does_not_lead_to_the_first_host_that_is_asked(own: str | None) -> None:
    def give(_: ClientResponse, following: NextRequest) -> NextRequest:
        session.cookie_jar.update_cookies({"token": "1"})
        if own is not None:
            following.headers["Cookie"] = own
        return following

    async with Pages() as server, Pages() as other, named_session(redirect_policy=give) as session:
        server.redirect("start", other.url("/", host="b.example"))
        await session.get(server.url("/start", host="a.example"))
        await session.get(server.url("/", host="a.example"))
        await session.get(other.url("/", host="b.example"))
        assert sent(server) == [None, "token=1"]
        assert sent(other) == [own, None]


@asynchronous
async def test_a_host_cannot_set_cookies_for_the_one_it_redirects_to() -> None:
    async with Pages() as server, Pages() as other, named_session() as session:
        fields = "Set-Cookie: a=1; Domain=b.example\r\nSet-Cookie: a=2\r\n"
        server.redirect("start", other.url("/", host="b.example"), fields=fields)
        await session.get(server.url("/start", host="a.example"))
        assert sent(other) == [None]


# --- proxies -------------------------------------------------------------------------------------


@asynchronous
async def test_cookies_that_a_proxy_forwards_are_those_of_the_url() -> None:
    jar = CookieJar(unsafe=True)
    async with Pages() as proxy, ClientSession(cookie_jar=jar) as session:
        proxy.pages["http://a.example/set"] = setting("a=1")
        for url in ("http://a.example/set", "http://a.example/", "http://b.example/"):
            await session.get(url, proxy=proxy.url())
        await session.get(proxy.url())
        assert sent(proxy) == [None, "a=1", None, None]


@asynchronous
async def test_a_proxy_that_makes_a_tunnel_neither_gets_nor_sets_cookies(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    jar = CookieJar(unsafe=True)
    jar.update_cookies({"a": "1"}, URL("https://127.0.0.1/"))
    agreed = b"HTTP/1.1 200 OK\r\nSet-Cookie: proxy=1\r\n\r\n"
    async with (
        TlsSite(server_tls) as site,
        RecordingProxy(agreed=agreed) as proxy,
        ClientSession(cookie_jar=jar) as session,
    ):
        await session.get(site.url(), proxy=proxy.url(), ssl=trusting)
        assert b"\r\nCookie: a=1\r\n" in site.seen
        assert "Cookie" not in proxy.heads[0]
        assert [morsel.key for morsel in jar] == ["a"]


# --- connections and sessions --------------------------------------------------------------------


@asynchronous
async def test_a_request_that_is_sent_again_has_its_cookies_once() -> None:
    heads: list[bytes] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(setting("a=1"))
        heads.append(await head_of(reader))

    async with ScriptedServer(closing) as server, named_session() as session:
        for _ in range(2):
            response = await session.get(server.url("/", host="a.example"))
            await response.read()
        assert response.attempts == 2
        assert [head.count(b"\r\nCookie: a=1\r\n") for head in heads] == [0, 1, 1]


@asynchronous
async def test_sessions_may_share_a_jar() -> None:
    jar = CookieJar()
    async with (
        Pages(set=setting("a=1")) as server,
        named_session(jar) as one,
        named_session(jar) as other,
    ):
        await one.get(server.url("/set", host="a.example"))
        await other.get(server.url("/", host="a.example"))
        jar.clear()
        await one.get(server.url("/", host="a.example"))
        assert sent(server) == [None, "a=1", None]


@asynchronous
async def test_a_dummy_jar_keeps_nothing() -> None:
    async with (
        Pages(set=setting("a=1")) as server,
        named_session(DummyCookieJar(), cookies={"given": "0"}) as session,
    ):
        response = await session.get(server.url("/set", host="a.example"))
        assert response.cookies["a"].value == "1"
        await session.get(server.url("/", host="a.example"), cookies={"own": "2"})
        assert sent(server) == ["given=0", "given=0; own=2"]
        assert len(session.cookie_jar) == 0


@asynchronous
async def test_a_request_without_a_session_keeps_cookies_from_hop_to_hop() -> None:
    async with Pages() as server, named_session() as session:
        connector = session.connector
        server.redirect("login", "/home", fields="Set-Cookie: a=1\r\n")
        url = server.url("/login", host="a.example")
        for _ in range(2):
            async with aioclient.request("GET", url, connector=connector) as response:
                assert response.status == 200
        assert sent(server) == [None, "a=1"] * 2


@asynchronous
async def test_a_hundred_requests_at_once_share_a_jar() -> None:
    async def numbering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            seen.append(head.count(b"\r\nCookie: "))
            values.update(part.split(b"\r\n")[0] for part in head.split(b"\r\nCookie: ")[1:])
            writer.write(setting(f"n={len(seen)}-{len(seen)}", "always=1"))

    seen: list[int] = []
    values: set[bytes] = set()
    async with ScriptedServer(numbering) as server, named_session() as session:
        url = server.url("/", host="a.example")
        responses = await asyncio.gather(*(session.get(url) for _ in range(100)))
        assert {response.status for response in responses} == {200}
        await session.get(url)
        assert len(session.cookie_jar) == 2
    whole = {f"n={number}-{number}; always=1".encode() for number in range(1, 101)}
    assert values
    assert values <= whole
    assert seen[-1] == 1
    assert max(seen) == 1
