"""What is never seen in a log of requests, and what is seen in another form."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pages import Pages, page
from planted import SERVER, SOCKS, Search
from request_log import Log
from running import asynchronous, closed_port
from yarl import URL

from aioclient import (
    ClientConnectorError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
)

#: What goes where only ASCII can be sent.
SECRET = SOCKS.text


# --- headers -------------------------------------------------------------------------------------


@asynchronous
async def test_headers_are_those_that_were_sent_and_came() -> None:
    async def adding(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers["X-Added"] = "1"
        return await handler(request)

    log = Log()
    answer = page(b"ok", "X-One: 2", "X-Many: 3", "X-Many: 4")
    async with Pages(a=answer) as server, log.session(headers=True, behind=[adding]) as session:
        await session.get(server.url("/a"))
    assert log.only.http_request_headers["X-Added"] == "1"
    assert log.only.http_response_headers == {
        "Content-Length": "2",
        "X-One": "2",
        "X-Many": "3, 4",
    }
    assert "'X-Added': '1'" in log.lines[0]
    assert "'X-Many': '3, 4'" in log.lines[0]


@asynchronous
async def test_headers_of_a_request_that_failed_are_logged() -> None:
    log = Log()
    async with log.session(headers=True) as session:
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://127.0.0.1:{closed_port()}/", headers={"X-One": "1"})
    assert log.only.http_request_headers["X-One"] == "1"
    assert "'X-One': '1'" in log.lines[0]


@asynchronous
async def test_more_headers_can_be_hidden() -> None:
    log = Log()
    async with Pages() as server, log.session(headers=True, redact=["X-Mine"]) as session:
        await session.get(server.url(), headers={"x-mine": "1", "X-Yours": "2"})
    shown = log.only.http_request_headers
    assert (shown["x-mine"], shown["X-Yours"]) == ("***", "2")


@asynchronous
async def test_what_a_server_asks_for_is_shown() -> None:
    log = Log()
    answer = page(b"", "WWW-Authenticate: Basic", status="401 X")
    async with Pages(a=answer) as server, log.session(headers=True) as session:
        await session.get(server.url("/a"))
    assert log.only.http_response_headers["WWW-Authenticate"] == "Basic"


# --- URLs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("?a=1", "?a=***"),
        ("?a=1&b=2", "?a=***&b=***"),
        ("?a=", "?a=***"),
        ("?a", "?***"),
        ("?page=2&a=1", "?page=2&a=***"),
        ("?gr%C3%BCn=2", "?gr%C3%BCn=2"),
    ],
)
@asynchronous
async def test_values_of_a_query_are_hidden_but_for_those_that_may_be_seen(
    query: str, shown: str
) -> None:
    log = Log()
    async with Pages() as server, log.session(show_query=["page", "gr\u00fcn"]) as session:
        await session.get(URL(server.url(f"/path{query}#fragment"), encoded=True))
        assert log.only.http_url == server.url(f"/path{shown}")


@asynchronous
async def test_a_function_may_say_what_is_shown_of_a_url() -> None:
    log = Log()
    async with (
        Pages() as server,
        log.session(show_url=lambda url: f"{url.name}\x1b[1m\n") as session,
    ):
        await session.get(server.url("/secret/path?a=1"))
    assert log.only.http_url == r"path\x1b[1m\n"


# --- what a server may send ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"a\tb", r"a\tb"),
        ("a\u2028b".encode(), r"a\u2028b"),
        ("a\u202eb".encode(), r"a\u202eb"),
        ("a\x85b".encode(), r"a\x85b"),
        (b"a\xffb", r"a\udcffb"),
        ("gr\u00fcn".encode(), "gr\u00fcn"),
        (b"a" * 5000, f"{'a' * 2000}..."),
    ],
)
@asynchronous
async def test_control_characters_of_a_server_are_escaped(sent: bytes, shown: str) -> None:
    log = Log()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Odd: " + sent + b"\r\n\r\n"
    async with Pages(a=answer) as server, log.session(headers=True) as session:
        await session.get(server.url("/a"))
    assert log.only.http_response_headers["X-Odd"] == shown
    assert log.lines[0].isprintable()


@asynchronous
async def test_a_method_with_a_line_end_makes_no_line_of_its_own() -> None:
    async def changing(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.method = "GET\nINFO all is well"
        return await handler(request)

    log = Log()
    async with Pages() as server, log.session(behind=[changing]) as session:
        with pytest.raises(ValueError, match="method"):
            await session.get(server.url())
    assert log.only.http_method == r"GET\nINFO all is well"
    assert log.lines[0].isprintable()


# --- secrets -------------------------------------------------------------------------------------

Ask = Callable[[ClientSession, Pages], Awaitable[Any]]


def with_header(name: str) -> Ask:
    return lambda session, server: session.get(server.url(), headers={name: SECRET})


def answered_with(field: str) -> Ask:
    async def ask(session: ClientSession, server: Pages) -> None:
        server.pages["a"] = page(b"", f"{field}{SECRET}", status="302 Found")
        await session.get(server.url("/a"), allow_redirects=False)

    return ask


async def with_cookies(session: ClientSession, server: Pages) -> None:
    await session.get(server.url(), cookies={"a": SECRET})


async def redirected(session: ClientSession, server: Pages) -> None:
    server.redirect("a", f"/b?code={SECRET}#token={SECRET}")
    await session.get(server.url("/a"))


async def redirected_with_user_info(session: ClientSession, server: Pages) -> None:
    server.redirect("a", SOCKS.url("http://a.example/"))
    await session.get(server.url("/a"), allow_redirects=False)


async def refused(session: ClientSession, server: Pages) -> None:
    url = SERVER.url(f"http://127.0.0.1:{closed_port()}/?a={SERVER.quoted}")
    await session.get(url)


async def through_nobody(session: ClientSession, server: Pages) -> None:
    proxy = SERVER.url(f"http://127.0.0.1:{closed_port()}/")
    await session.get("http://a.example/", proxy=proxy)


async def not_http(session: ClientSession, server: Pages) -> None:
    server.pages["a"] = f"HTTP/1.1 200 OK\r\nSet-Cookie: a={SECRET}\0\r\n\r\n".encode()
    await session.get(server.url("/a"))


async def with_body(session: ClientSession, server: Pages) -> None:
    await session.post(server.url(), json={"password": SECRET})


PLANTED: dict[str, Ask] = {
    "user-info": lambda session, server: session.get(SERVER.url(server.url())),
    "auth": lambda session, server: session.get(server.url(), auth=SERVER.auth),
    "query": lambda session, server: session.get(server.url(f"/?a={SERVER.quoted}")),
    "query alone": lambda session, server: session.get(server.url(f"/?{SERVER.quoted}")),
    "fragment": lambda session, server: session.get(server.url(f"/#{SERVER.quoted}")),
    "cookies": with_cookies,
    "body": with_body,
    "query behind a redirect": redirected,
    "user-info of a redirect": redirected_with_user_info,
    "URL of a server that is not there": refused,
    "URL of a proxy that is not there": through_nobody,
    "what is not HTTP": not_http,
    **{
        f"header {name}": with_header(name)
        for name in (
            "Authorization",
            "Cookie",
            "X-Api-Key",
            "x-apikey",
            "X-Auth-Token",
            "X-Amz-Security-Token",
            "X-CSRF-Token",
            "Private-Token",
            "X-Client-Secret",
            "X-Password",
            "Signature",
            "X-Session-Id",
            "Ocp-Apim-Subscription-Key",
            "Cf-Access-Jwt-Assertion",
            "X-Named-Here",
        )
    },
    **{
        f"answer {field}": answered_with(field)
        for field in (
            "Set-Cookie: a=",
            "Authentication-Info: nextnonce=",
            "X-Refresh-Token: ",
            "Location: /b?code=",
            "Location: /b#token=",
            "Location: /b?a=b c ",
            "Link: <http://a.example/?key=",
            "Refresh: 5; url=/b?key=",
        )
    },
}


@pytest.mark.parametrize("place", PLANTED)
@asynchronous
async def test_no_secret_is_in_any_record(place: str) -> None:
    log, search = Log(logging.DEBUG), Search()
    async with Pages() as server, log.session(headers=True, redact=["X-Named-Here"]) as session:
        await asyncio.gather(PLANTED[place](session, server), return_exceptions=True)
    assert len(log.records) >= 2
    for record in log.records:
        search.text("line", record.getMessage())
        search.value("record", vars(record))
    search.assert_nothing_found()


@asynchronous
async def test_the_search_finds_what_is_shown() -> None:
    log, search = Log(), Search()
    async with Pages() as server, log.session(headers=True) as session:
        await with_header("X-Unknown")(session, server)
    search.text("line", log.lines[0])
    search.value("record", vars(log.only))
    assert len(search.found) >= 2
