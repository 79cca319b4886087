"""Section 2 of the reference: what a ClientSession says for all its requests."""

import warnings
from typing import Any

import pytest
from multidict import istr
from origin import Origin
from pages import Pages, page
from reference import Line
from running import asynchronous

import aioclient
from aioclient import (
    BasicAuth,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    HeadLimitError,
    HttpVersion10,
    InvalidUrlClientError,
)

ROWS = (
    Line("timeout=None is the default of 300 and 30 s", "test_no_timeout_is_the_default_timeout"),
    Line(
        "a number as timeout is refused",
        "test_number_as_timeout_is_the_total",
        "`timeout=5` works for sessions",
    ),
    Line(
        "read_bufsize and the limits are options of requests, too; None there is the session's",
        """test_limits_of_a_request_replace_those_of_the_session
        test_limits_of_a_request_that_are_none_are_those_of_the_session
        test_read_bufsize_of_a_request_replaces_that_of_the_session""",
    ),
    Line(
        "the path of base_url has to end in a slash",
        "test_base_url_without_a_last_slash_gets_one",
        'A `base_url` whose path lacks its final "/" gets one',
    ),
    Line("relative URLs are joined by RFC 3986", "test_relative_urls_are_joined_to_the_base"),
    Line("an absolute URL wins over base_url", "test_absolute_url_wins_over_the_base"),
    Line("auth with base_url is for its origin", "test_auth_is_for_the_origin_of_the_base"),
    Line(
        "auth without base_url is for everybody",
        "test_auth_without_a_base_is_for_the_first_origin",
        "`auth=` of a session is for one origin: that of `base_url`, or else the first that is "
        "asked.",
    ),
    Line(
        "a redirect to another origin strips Authorization of the session, and nothing else",
        "test_headers_of_the_session_do_not_cross_origins",
        "Headers cross to another origin only if they are known to be harmless",
    ),
    Line(
        "headers of a request replace those of the session, name by name",
        "test_headers_of_a_request_replace_those_of_the_session_name_by_name",
    ),
    Line(
        "cookies of the session go to every host",
        "test_cookies_of_the_session_are_for_one_origin",
        "`cookies=` of a session is for that origin, too",
    ),
    Line(
        "Host, Accept, Accept-Encoding and User-Agent are added",
        "test_automatic_headers_of_a_get",
        "`User-Agent` names aioclient.",
    ),
    Line(
        "POST, PUT and PATCH without a body have Content-Length: 0 and a Content-Type",
        "test_requests_without_a_body_have_no_content_type",
        "A request without a body has no Content-Type",
    ),
    Line(
        "DELETE without a body has Content-Length: 0",
        "test_delete_without_a_body_has_no_length",
        "DELETE without one has no `Content-Length: 0`",
    ),
    Line(
        "skip_auto_headers leaves four of them out, in any case of letters",
        "test_automatic_headers_can_be_left_out",
    ),
    Line(
        "version=HttpVersion10 sends HTTP/1.0, without keep-alive unless that is asked for",
        "test_requests_can_be_of_http_1_0 test_http_1_0_keeps_the_connection_if_asked_to",
    ),
    # What the arguments do, where no line above says it.
    Line(
        "json_serialize and json_serialize_bytes encode json",
        "test_json_is_encoded_by_what_the_session_says",
    ),
    Line(
        "raise_for_status is a bool or a coroutine function",
        "test_status_is_raised_for_all_requests test_status_is_judged_by_a_function",
    ),
    Line("auto_decompress=False gives bodies as they came", "test_bodies_can_stay_encoded"),
    Line(
        "fallback_charset_resolver names the encoding of text that says none",
        "test_encoding_that_nobody_says_is_guessed",
    ),
    Line("response_class makes the responses", "test_responses_are_of_the_class_that_is_given"),
    Line(
        "request_class makes the requests",
        """test_requests_are_of_the_class_that_is_given
        test_classes_of_responses_and_requests_may_name_arguments_as_those_of_aiohttp""",
    ),
    Line("requote_redirect_url=False keeps the server's encoding", "test_redirects_stay_encoded"),
    Line("auth is taken", "test_auth_is_taken_without_a_warning", "`auth=BasicAuth(...)` is not"),
)


# --- time and limits -----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"timeout": None}])
@asynchronous
async def test_no_timeout_is_the_default_timeout(options: dict[str, Any]) -> None:
    async with ClientSession(**options) as session:
        assert session.timeout == ClientTimeout(total=300, sock_connect=30)


@asynchronous
async def test_number_as_timeout_is_the_total() -> None:
    async with ClientSession(timeout=5) as session:
        assert session.timeout == ClientTimeout(total=5, sock_connect=30)


LONG = page(b"ok", "X-Long: " + "x" * 600, *(f"X-{number}: x" for number in range(30)))
LIMITS = [("max_line_size", 10), ("max_field_size", 500), ("max_headers", 20)]


@pytest.mark.parametrize(("name", "value"), LIMITS)
@asynchronous
async def test_limits_of_a_request_replace_those_of_the_session(name: str, value: int) -> None:
    async with Pages(a=LONG) as server, ClientSession() as session:
        with pytest.raises(HeadLimitError, match=name):
            await session.get(server.url("/a"), **{name: value})  # type: ignore[arg-type]
    async with Pages(a=LONG) as server, ClientSession(**{name: value}) as session:  # type: ignore[arg-type]
        response = await session.get(server.url("/a"), **{name: 1000})  # type: ignore[arg-type]
        assert response.status == 200


@pytest.mark.parametrize(("name", "value"), LIMITS)
@asynchronous
async def test_limits_of_a_request_that_are_none_are_those_of_the_session(
    name: str, value: int
) -> None:
    async with Pages(a=LONG) as server, ClientSession(**{name: value}) as session:  # type: ignore[arg-type]
        with pytest.raises(HeadLimitError, match=name):
            await session.get(server.url("/a"), **{name: None})  # type: ignore[arg-type]


@asynchronous
async def test_read_bufsize_of_a_request_replaces_that_of_the_session() -> None:
    async with Origin() as origin, ClientSession(read_bufsize=1000) as session:
        for options, size in (({}, 1000), ({"read_bufsize": None}, 1000), ({"read_bufsize": 5}, 5)):
            async with session.get(origin.url("/bytes/9000000"), **options) as response:  # type: ignore[arg-type]
                assert response.content.get_read_buffer_limits() == (size, 2 * size)


# --- URLs ----------------------------------------------------------------------------------------


@asynchronous
async def test_base_url_without_a_last_slash_gets_one() -> None:
    async with Pages() as server, ClientSession(server.url("/api")) as session:
        await session.get("x")
        assert server.last.target == "/api/x"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/x", "/x"),
        ("x", "/api/v1/x"),
        ("../x", "/api/x"),
        ("", "/api/v1/"),
        ("x?a=b", "/api/v1/x?a=b"),
    ],
)
@asynchronous
async def test_relative_urls_are_joined_to_the_base(url: str, target: str) -> None:
    async with Pages() as server, ClientSession(server.url("/api/v1/")) as session:
        await session.get(url)
        assert server.last.target == target


@asynchronous
async def test_absolute_url_wins_over_the_base() -> None:
    async with Pages() as server, Pages() as other:
        async with ClientSession(server.url("/api/")) as session:
            await session.get(other.url("/x"))
        assert (server.seen, other.last.target) == ([], "/x")
        async with ClientSession(server.url("/api/"), base_url_origin_only=True) as session:
            with pytest.raises(InvalidUrlClientError, match="base_url_origin_only"):
                await session.get(other.url("/x"))


# --- headers -------------------------------------------------------------------------------------


@asynchronous
async def test_auth_is_for_the_origin_of_the_base() -> None:
    async with (
        Pages() as server,
        Pages() as other,
        ClientSession(server.url(), auth=BasicAuth("me", "secret")) as session,
    ):
        await session.get(other.url())
        await session.get("/x")
    assert "Authorization" not in other.last.headers
    assert server.last.headers["Authorization"] == "Basic bWU6c2VjcmV0"


@asynchronous
async def test_auth_without_a_base_is_for_the_first_origin() -> None:
    async with Pages() as server, Pages() as other:
        server.redirect("a", other.url("/b"))
        async with ClientSession(auth=BasicAuth("me", "secret")) as session:
            await session.get(server.url("/a"))
            await session.get(other.url("/c"))
            await session.get(server.url("/d"))
    assert all("Authorization" in seen.headers for seen in server.seen)
    assert [seen.target for seen in other.seen] == ["/b", "/c"]
    assert not any("Authorization" in seen.headers for seen in other.seen)


@asynchronous
async def test_auth_is_taken_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with ClientSession(auth=BasicAuth("me")) as session:
            assert session.auth == BasicAuth("me")


@asynchronous
async def test_headers_of_the_session_do_not_cross_origins() -> None:
    secret = {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept-Language": "cs"}
    async with Pages() as server, Pages() as other, ClientSession(headers=secret) as session:
        server.redirect("a", other.url("/b"))
        await session.get(server.url("/a"))
        assert [server.last.headers.get(name) for name in secret] == ["Bearer x", "y", "cs"]
        assert [other.last.headers.get(name) for name in secret] == [None, None, "cs"]


@asynchronous
async def test_headers_of_a_request_replace_those_of_the_session_name_by_name() -> None:
    session_headers = [("X-A", "1"), ("X-A", "2"), ("X-B", "3")]
    async with Pages() as server, ClientSession(headers=session_headers) as session:
        await session.get(server.url(), headers=[("x-a", "4"), ("x-a", "5")])
        assert server.last.headers.getall("X-A") == ["4", "5"]
        assert server.last.headers.getall("X-B") == ["3"]


@asynchronous
async def test_cookies_of_the_session_are_for_one_origin() -> None:
    async with Pages() as server, Pages() as other, ClientSession(cookies={"a": "b"}) as session:
        await session.get(server.url())
        await session.get(other.url())
        assert server.last.headers["Cookie"] == "a=b"
        assert "Cookie" not in other.last.headers


@asynchronous
async def test_automatic_headers_of_a_get() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.get(server.url())
        headers = server.last.headers
        assert [*headers] == ["Host", "Accept", "Accept-Encoding", "User-Agent"]
        assert headers["Host"] == f"127.0.0.1:{server.port}"
        assert headers["Accept"] == "*/*"
        assert headers["Accept-Encoding"].startswith("gzip, deflate")
        assert headers["User-Agent"].startswith("Python/3.")
        assert " aioclient/" in headers["User-Agent"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@asynchronous
async def test_requests_without_a_body_have_no_content_type(method: str) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.request(method, server.url())
        assert server.last.headers["Content-Length"] == "0"
        assert "Content-Type" not in server.last.headers


@asynchronous
async def test_delete_without_a_body_has_no_length() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.delete(server.url())
        assert "Content-Length" not in server.last.headers


@pytest.mark.parametrize("place", ["session", "request"])
@asynchronous
async def test_automatic_headers_can_be_left_out(place: str) -> None:
    names = ["USER-AGENT", "accept", istr("Accept-Encoding"), "Content-Type"]
    options: Any = {"skip_auto_headers": names}
    async with Pages() as server:
        async with ClientSession(**options if place == "session" else {}) as session:
            more = options if place == "request" else {}
            await session.post(server.url(), data=b"x", **more)
        assert [*server.last.headers] == ["Host", "Content-Length"]


@asynchronous
async def test_requests_can_be_of_http_1_0() -> None:
    async with Pages() as server, ClientSession(version=HttpVersion10) as session:
        for _ in range(2):
            await session.get(server.url())
            assert server.last.line == "GET / HTTP/1.0"
            assert "Connection" not in server.last.headers
        assert server.accepted == 2


@asynchronous
async def test_http_1_0_keeps_the_connection_if_asked_to() -> None:
    kept = page(b"ok", "Connection: keep-alive")
    async with Pages(a=kept) as server:
        async with ClientSession(version=HttpVersion10) as session:
            for _ in range(2):
                await session.get(server.url("/a"), headers={"Connection": "keep-alive"})
                assert server.last.headers["Connection"] == "keep-alive"
        assert server.accepted == 1
        async with aioclient.request("GET", server.url(), version=HttpVersion10) as response:
            assert response.status == 200
        assert server.last.line == "GET / HTTP/1.0"


# --- other arguments -----------------------------------------------------------------------------


def _as_bytes(value: object) -> bytes:
    return b"<%r>" % value


async def _raise(response: ClientResponse) -> None:
    raise LookupError(f"judged {response.status}")


@asynchronous
async def test_json_is_encoded_by_what_the_session_says() -> None:
    async with Pages() as server:
        async with ClientSession(json_serialize=str) as session:
            await session.post(server.url(), json={"a": None})
            assert server.last.body == b"{'a': None}"
        async with ClientSession(json_serialize=str, json_serialize_bytes=_as_bytes) as session:
            await session.post(server.url(), json={"a": None})
            assert server.last.body == b"<{'a': None}>"
        assert server.last.headers["Content-Type"] == "application/json"


@asynchronous
async def test_status_is_raised_for_all_requests() -> None:
    async with Origin() as origin, ClientSession(raise_for_status=True) as session:
        with pytest.raises(ClientResponseError, match="404"):
            await session.get(origin.url("/status/404"))
        response = await session.get(origin.url("/status/404"), raise_for_status=False)
        assert response.status == 404
        response = await session.get(origin.url("/status/304"))
        assert response.status == 304


@asynchronous
async def test_status_is_judged_by_a_function() -> None:
    judge: Any = _raise
    async with Origin() as origin, ClientSession(raise_for_status=judge) as session:
        with pytest.raises(LookupError, match="judged 200"):
            await session.get(origin.url("/json"))
        assert (await session.get(origin.url("/json"), raise_for_status=True)).status == 200


@asynchronous
async def test_bodies_can_stay_encoded() -> None:
    coded = page(b"\x1f\x8b", "Content-Encoding: gzip")
    async with Pages(a=coded) as server, ClientSession(auto_decompress=False) as session:
        response = await session.get(server.url("/a"))
        assert await response.read() == b"\x1f\x8b"
        assert response.headers["Content-Encoding"] == "gzip"


@asynchronous
async def test_encoding_that_nobody_says_is_guessed() -> None:
    text = page("\u017elu\u0165".encode("iso8859-2"), "Content-Type: text/plain")
    async with Pages(a=text) as server:
        async with ClientSession(fallback_charset_resolver=lambda *_: "iso8859-2") as session:
            assert await (await session.get(server.url("/a"))).text() == "\u017elu\u0165"
        async with ClientSession() as session:
            response = await session.get(server.url("/a"))
            await response.read()
            assert response.get_encoding() == "utf-8"


@asynchronous
async def test_responses_are_of_the_class_that_is_given() -> None:
    class Own(ClientResponse):
        pass

    async with Pages() as server, ClientSession(response_class=Own) as session:
        assert type(await session.get(server.url())) is Own
        assert type(await session.get(server.url(), timeout=5)) is Own


@asynchronous
async def test_classes_of_responses_and_requests_may_name_arguments_as_those_of_aiohttp() -> None:
    class Own(ClientResponse):
        def __init__(self, method: str, url: Any, *, stream_writer: object, **rest: Any) -> None:
            super().__init__(method, url, stream_writer=stream_writer, **rest)

    class Signed(ClientRequest):
        def __init__(self, method: Any, url: Any, **rest: Any) -> None:
            super().__init__(method, url, **rest)
            self.headers["X-Signature"] = "of mine"

    async with (
        Pages() as server,
        ClientSession(response_class=Own, request_class=Signed) as session,
    ):
        assert type(await session.get(server.url())) is Own
        assert server.last.headers["X-Signature"] == "of mine"


@asynchronous
async def test_requests_are_of_the_class_that_is_given() -> None:
    class Signed(ClientRequest):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.headers["X-Signature"] = f"of {self.url.path}"

    async with (
        Pages().redirect("a", "/b") as server,
        ClientSession(request_class=Signed) as session,
    ):
        response = await session.get(server.url("/a"))
        assert server.last.headers["X-Signature"] == "of /b"
        assert response.request_info.headers["X-Signature"] == "of /b"
        assert response.history[0].request_info.headers["X-Signature"] == "of /a"


@asynchronous
async def test_redirects_stay_encoded() -> None:
    async with Pages().redirect("a", "/%7Eb%2f") as server:
        async with ClientSession(requote_redirect_url=False) as session:
            await session.get(server.url("/a"))
            assert server.last.target == "/%7Eb%2f"
        async with ClientSession() as session:
            await session.get(server.url("/a"))
            assert server.last.target == "/~b%2F"
