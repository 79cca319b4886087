"""Section 6 of the reference: redirects, and requests that are sent again."""

import asyncio
from typing import Any

import pytest
from pages import OK, Pages, page
from reference import Line
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import (
    BasicAuth,
    ClientConnectorError,
    ClientPayloadError,
    ClientSession,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    ServerDisconnectedError,
    TooManyRedirects,
)

_CROSSING = "Headers cross to another origin only if they are known to be harmless"
_STALE = "tests/loopback/test_stale_connections.py::"
_AGAIN = (
    "the request is sent again only if no byte of an answer came, and if its method is idempotent "
    "and its body can be had again. Never on a new connection."
)

ROWS = (
    Line("301, 302, 303, 307 and 308 are followed", "test_these_statuses_are_followed"),
    Line("300, 304 and 305 are not", "test_other_statuses_are_the_answer"),
    Line(
        "an URI header is as good as a Location",
        "test_uri_header_leads_nowhere",
        "An `URI` header is not read.",
    ),
    Line("without a Location the response is the answer", "test_redirect_to_nowhere_is_the_answer"),
    Line("303 turns into GET, but HEAD stays", "test_method_and_body_after_a_redirect"),
    Line("301 and 302 turn POST into GET", "test_method_and_body_after_a_redirect"),
    Line("other methods and bodies stay", "test_method_and_body_after_a_redirect"),
    Line("what describes a body goes with it", "test_what_describes_a_body_goes_with_it"),
    Line(
        "max_redirects=10 follows 9, 1 follows none",
        "test_as_many_as_max_redirects_are_followed",
        "`max_redirects=10` follows ten, 1 follows one",
    ),
    Line("max_redirects=0 is no limit", "test_zero_is_no_limit"),
    Line("TooManyRedirects has status 0 and the history", "test_too_many_redirects_has_a_history"),
    Line(
        "a change of scheme, host or port drops credentials and cookies",
        "test_secrets_do_not_cross_origins",
    ),
    Line(
        "an upgrade to https is one",
        "tests/_message/test_redirect.py::test_an_upgrade_is_a_change_of_origin",
    ),
    Line(
        "other headers, and auth of a session, are sent to other origins",
        "tests/api/test_02_requests.py::test_headers_of_the_session_do_not_cross_origins "
        "tests/api/test_02_requests.py::test_auth_without_a_base_is_for_the_first_origin",
        _CROSSING,
    ),
    Line(
        "the fragment is not inherited",
        "test_fragment_is_inherited",
        "The fragment of the first URL is inherited (RFC 9110 section 10.2.2).",
    ),
    Line(
        "a body that cannot be sent again is a ClientPayloadError",
        "test_body_that_is_gone_cannot_follow",
    ),
    Line(
        "another scheme is a NonHttpUrlRedirectClientError, a bad URL an "
        "InvalidUrlRedirectClientError",
        "test_redirect_that_leads_nowhere_is_an_error",
    ),
    Line(
        "requote_redirect_url=False keeps the server's encoding",
        "tests/api/test_02_requests.py::test_redirects_stay_encoded",
    ),
    Line("history has the responses before, released", "test_history_has_the_responses_before"),
    Line("url and real_url are the last ones", "test_history_has_the_responses_before"),
    Line(
        "netrc is asked for each hop",
        """tests/_message/test_prepare_auth.py::test_netrc_is_asked_again_after_a_redirect_but_not_after_a_downgrade""",
    ),
    Line(
        "middlewares run for each hop",
        "tests/loopback/test_middlewares.py::test_middlewares_run_for_each_redirect",
    ),
    # Sent again.
    Line(
        "GET, HEAD, OPTIONS, TRACE, PUT and DELETE are sent once more when the connection ends",
        f"{_STALE}test_an_idempotent_request_is_sent_again test_another_request_is_not_sent_again",
    ),
    Line("POST and PATCH never", "test_another_request_is_not_sent_again"),
    Line(
        "also on a new connection",
        f"test_request_on_a_new_connection_is_sent_once {_STALE}test_a_new_connection_is_not_stale",
        _AGAIN,
    ),
    Line("errors of connecting never", "test_connector_errors_are_raised_at_once"),
    Line(
        "there is no switch",
        f"{_STALE}test_it_can_be_turned_off",
        "`retry_on_stale=False` turns it off, `response.attempts` tells.",
    ),
)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@asynchronous
async def test_these_statuses_are_followed(status: int) -> None:
    async with Pages().redirect("a", "/b", status) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert response.status == 200
        assert [seen.target for seen in server.seen] == ["/a", "/b"]


@pytest.mark.parametrize("status", [300, 304, 305, 306, 201])
@asynchronous
async def test_other_statuses_are_the_answer(status: int) -> None:
    async with Pages().redirect("a", "/b", status) as server, ClientSession() as session:
        assert (await session.get(server.url("/a"))).status == status


@asynchronous
async def test_uri_header_leads_nowhere() -> None:
    with_uri = page(b"", "URI: /b", status="302 Found")
    async with Pages(a=with_uri) as server, ClientSession() as session:
        assert (await session.get(server.url("/a"))).status == 302


@pytest.mark.parametrize("fields", [(), ("Location:",)])
@asynchronous
async def test_redirect_to_nowhere_is_the_answer(fields: tuple[str, ...]) -> None:
    nowhere = page(b"", *fields, status="302 Found")
    async with Pages(a=nowhere) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert (response.status, response.history) == (302, ())


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((303, method, "GET") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        *((status, "POST", "GET") for status in (301, 302)),
        *((status, "PUT", "PUT") for status in (301, 302)),
        *((status, "DELETE", "DELETE") for status in (301, 302)),
        *((status, "PATCH", "PATCH") for status in (301, 302)),
        *((status, "POST", "POST") for status in (307, 308)),
        *((status, "HEAD", "HEAD") for status in (301, 302, 303, 307, 308)),
    ],
)
@asynchronous
async def test_method_and_body_after_a_redirect(status: int, method: str, then: str) -> None:
    data = None if method in ("GET", "HEAD") else b"hello"
    async with Pages().redirect("a", "/b", status) as server, ClientSession() as session:
        await session.request(method, server.url("/a"), data=data, allow_redirects=True)
        assert server.last.method == then
        assert server.last.body == (data if then == method and data else b"")


@asynchronous
async def test_what_describes_a_body_goes_with_it() -> None:
    async with Pages().redirect("a", "/b", 303) as server, ClientSession() as session:
        headers = {"Content-Type": "image/png", "Content-Language": "cs", "X-A": "b"}
        await session.post(server.url("/a"), data=b"hello", headers=headers)
        names = {name.lower() for name in server.last.headers}
        assert not any(name.startswith("content-") for name in names)
        assert "x-a" in names


@pytest.mark.parametrize("limit", [1, 2, 10])
@asynchronous
async def test_as_many_as_max_redirects_are_followed(limit: int) -> None:
    async with Pages() as server, ClientSession() as session:
        for number in range(limit):
            server.redirect(str(number), f"/{number + 1}")
        response = await session.get(server.url("/0"), max_redirects=limit)
        assert len(response.history) == limit
        server.redirect(str(limit), "/more")
        with pytest.raises(TooManyRedirects):
            await session.get(server.url("/0"), max_redirects=limit)


@asynchronous
async def test_zero_is_no_limit() -> None:
    async with Pages() as server, ClientSession() as session:
        for number in range(30):
            server.redirect(str(number), f"/{number + 1}")
        response = await session.get(server.url("/0"), max_redirects=0)
        assert len(response.history) == 30


@asynchronous
async def test_too_many_redirects_has_a_history() -> None:
    async with Pages().redirect("a", "/a") as server, ClientSession() as session:
        with pytest.raises(TooManyRedirects) as caught:
            await session.get(server.url("/a"), max_redirects=2)
        assert caught.value.status == 0
        assert [response.status for response in caught.value.history] == [302] * 3  # type: ignore[attr-defined]
        assert str(caught.value.request_info.real_url) == server.url("/a")


@asynchronous
async def test_secrets_do_not_cross_origins() -> None:
    secrets: dict[str, Any] = {
        "headers": [
            ("Proxy-Authorization", "x"),
            ("Cookie", "c=d"),
            ("cookie", "e=f"),
            ("Authorization", "Bearer y"),
        ],
        "cookies": {"a": "b"},
    }
    async with Pages() as server, Pages() as other, ClientSession() as session:
        server.redirect("a", "/b").redirect("b", other.url("/c"))
        await session.get(server.url("/a"), **secrets)
        await session.get(server.url("/a"), auth=BasicAuth("me", "secret"))
        assert all("Authorization" in seen.headers for seen in server.seen)
        for seen in other.seen:
            assert not {"Authorization", "Proxy-Authorization", "Cookie"} & {
                name.title() for name in seen.headers
            }


@asynchronous
async def test_fragment_is_inherited() -> None:
    async with Pages().redirect("a", "/b") as server, ClientSession() as session:
        server.redirect("c", "/b#own")
        assert (await session.get(server.url("/a#part"))).real_url.fragment == "part"
        assert (await session.get(server.url("/c#part"))).real_url.fragment == "own"


@asynchronous
async def test_body_that_is_gone_cannot_follow() -> None:
    async def pieces() -> Any:
        yield b"hello"

    async with Pages().redirect("a", "/b", 307) as server, ClientSession() as session:
        with pytest.raises(ClientPayloadError, match="cannot be sent again"):
            await session.post(server.url("/a"), data=pieces())


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("ftp://127.0.0.1/", NonHttpUrlRedirectClientError),
        ("mailto:me@a.example", NonHttpUrlRedirectClientError),
        ("http://", InvalidUrlRedirectClientError),
        ("http://[x/", InvalidUrlRedirectClientError),
        ("http://a.example:nonsense/", InvalidUrlRedirectClientError),
    ],
)
@asynchronous
async def test_redirect_that_leads_nowhere_is_an_error(
    location: str, error: type[Exception]
) -> None:
    async with Pages().redirect("a", location) as server, ClientSession() as session:
        with pytest.raises(error):
            await session.get(server.url("/a"))


@asynchronous
async def test_history_has_the_responses_before() -> None:
    async with Pages().redirect("a", "/b", 301) as server, ClientSession() as session:
        server.redirect("b", "/c#part", 302, "Set-Cookie: a=b\r\n")
        response = await session.get(server.url("/a"))
        assert isinstance(response.history, tuple)
        assert [(one.status, str(one.url)) for one in response.history] == [
            (301, server.url("/a")),
            (302, server.url("/b")),
        ]
        assert all(one.closed for one in response.history)
        assert response.history[1].cookies["a"].value == "b"
        assert str(response.url) == server.url("/c")
        assert str(response.real_url) == server.url("/c#part")


# --- sent again ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "is_again"),
    [
        *((method, True) for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")),
        *((method, False) for method in ("POST", "PATCH", "X-MINE")),
    ],
)
@asynchronous
async def test_another_request_is_not_sent_again(method: str, is_again: bool) -> None:
    heads: list[bytes] = []

    async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        writer.write(OK)
        heads.append(await head_of(reader))  # and the connection ends

    async with ScriptedServer(one_each) as server, ClientSession() as session:
        await (await session.get(server.url())).read()
        if is_again:
            assert (await session.request(method, server.url())).attempts == 2
            assert len(heads) == 3
        else:
            with pytest.raises(ServerDisconnectedError):
                await session.request(method, server.url())
            assert len(heads) == 2


@asynchronous
async def test_request_on_a_new_connection_is_sent_once() -> None:
    async def ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)

    async with ScriptedServer(ends) as server, ClientSession() as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url())
        assert server.accepted == 1


@asynchronous
async def test_connector_errors_are_raised_at_once() -> None:
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError):
            await session.get("http://127.0.0.1:1/")
