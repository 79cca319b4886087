"""Section 4 of the reference: the options of a request, but for its body."""

import asyncio
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy, istr
from origin import Origin
from pages import OK, Pages, page
from preparing import prepared, preparer
from reference import Call, Line, Missing, Names, reference_parameters
from running import asynchronous
from scripted import ScriptedServer, head_of
from yarl import URL

from aioclient import (
    BasicAuth,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    Fingerprint,
    TooManyRedirects,
    UploadTracker,
)
from aioclient._connection.exchange import Reading
from aioclient._http1.limits import DEFAULT_LIMITS

_TLS = "tests/loopback/test_tls.py::"
_TRACKER = "tests/loopback/test_upload_tracker.py::"
_UPLOADS = "tests/loopback/test_uploads.py::"

OPTIONS = Call(
    "ClientSession.request",
    """method, url, *, params=None, data=None, json=None, cookies=None, headers=None,
    skip_auto_headers=None, auth=None, allow_redirects=True, max_redirects=10, compress=None,
    chunked=None, expect100=False, raise_for_status=None, read_until_eof=True, proxy=None,
    proxy_auth=None, timeout=SENT, verify_ssl=None, fingerprint=None, ssl_context=None, ssl=True,
    server_hostname=None, proxy_headers=None, trace_request_ctx=None, read_bufsize=None,
    auto_decompress=None, max_line_size=None, max_field_size=None, max_headers=None,
    middlewares=None, upload_tracker=None""",
)

ROWS = (
    OPTIONS,
    Line(
        "an option is as if it was not given when it has its default",
        "test_default_that_is_given_changes_nothing",
    ),
    Line("options that are unknown are refused", "test_unknown_option_is_refused"),
    Line(
        "middlewares replace the session's, () is none",
        """test_no_proxy_and_no_middlewares_are_fine
        tests/loopback/test_middlewares.py::test_middlewares_of_a_request_replace_those_of_the_session""",
    ),
    # params
    Line("params are merged into the query of the URL", "test_params_are_merged_into_the_query"),
    Line(
        "params may be a mapping, pairs, lists in them, or text, which is requoted minimally",
        "test_params_come_in_many_forms",
    ),
    Line("a bool in params is a TypeError", "test_bool_in_params_is_refused"),
    Line("an encoded URL keeps its bytes", "test_encoded_url_stays_as_it_is"),
    Line("params are dropped by redirects", "test_params_do_not_follow"),
    # headers and credentials
    Line("headers may be a mapping, multidict or pairs", "test_headers_come_in_many_forms"),
    Line(
        "user-info of the URL is Basic authentication, and not in the URL any more",
        "test_user_info_of_a_url_is_basic_authentication",
    ),
    Line(
        "user-info beside auth or an Authorization header is a ValueError",
        "test_credentials_are_given_once",
    ),
    Line(
        "credentials of the session beside those of the request are a ValueError, too",
        "test_credentials_of_a_request_replace_those_of_the_session",
        "Credentials of a request, and user-info of its URL, replace those of the session",
    ),
    Line(
        "cookies are merged over others for this request, and do not cross origins",
        "test_cookies_are_for_one_request test_cookies_do_not_cross_origins",
    ),
    Line(
        "cookies are merged over those of a Cookie header",
        "test_cookie_header_and_cookies_are_merged",
    ),
    Line(
        "cookies of the session are merged over those of a Cookie header, too",
        "test_cookie_header_comes_before_cookies_of_the_session",
        "A `Cookie` header of the request comes before cookies of the session",
    ),
    # redirects; their own section has the rest
    Line("allow_redirects=False gives the redirect", "test_redirect_need_not_be_followed"),
    Line(
        "max_redirects is a limit of a request",
        "test_max_redirects_of_a_request_counts",
        "`max_redirects=10` follows ten, 1 follows one; 0 is no limit, as there.",
    ),
    # the response
    Line(
        "raise_for_status: None is the session's, else a bool or a coroutine function",
        "test_request_says_what_is_raised_for",
    ),
    Line(
        "read_until_eof=False: a response without a length has no body",
        "test_response_without_a_length_can_be_empty",
    ),
    Line("auto_decompress: None is the session's", "test_request_says_what_is_decoded"),
    # time
    Line(
        "a number is total, and sock_connect is lost",
        "test_number_replaces_total_only",
        "A number as `timeout` replaces `total` and leaves the other limits",
    ),
    # TLS
    Line("ssl=True verifies", f"{_TLS}test_a_certificate_of_an_unknown_authority_is_refused"),
    Line("ssl=False does not", f"{_TLS}test_without_verification_any_certificate_will_do"),
    Line("ssl may be a context", f"{_TLS}test_a_context_that_trusts_the_authority_is_used"),
    Line(
        "ssl may be a Fingerprint, which takes the place of verification",
        f"{_TLS}test_a_certificate_with_the_digest_is_accepted_whoever_signed_it "
        "test_fingerprint_is_a_sha_256",
    ),
    Call("Fingerprint", "fingerprint"),
    Names("Fingerprint", "fingerprint"),
    Missing("Fingerprint", "check HASHFUNC_BY_DIGESTLEN", "`Fingerprint.check`"),
    Line(
        "server_hostname is asked for and verified",
        f"{_TLS}test_another_name_can_be_asked_for_and_verified",
    ),
    Line(
        "verify_ssl, fingerprint and ssl_context are deprecated",
        """tests/_message/test_prepare_headers.py::test_deprecated_options_of_tls_are_what_ssl_is
        tests/_message/test_prepare_headers.py::test_deprecated_options_of_tls_exclude_each_other_and_ssl""",
    ),
    Line("trace_request_ctx is any object", "test_context_for_tracing_is_any_object"),
    # UploadTracker
    Call("UploadTracker"),
    Names("UploadTracker", "attempts bytes_written upload_complete"),
    Line("a tracker needs a running loop", f"{_TRACKER}test_a_tracker_needs_a_running_loop"),
    Line("a tracker is for one request", f"{_TRACKER}test_a_tracker_is_for_one_request"),
    Line(
        "bytes_written are those of the body that left for the system in this attempt",
        f"{_TRACKER}test_every_kind_of_body_is_counted_without_its_framing "
        f"{_TRACKER}test_what_the_server_does_not_take_is_not_counted",
    ),
    Line(
        "attempts count redirects",
        f"{_TRACKER}test_a_redirect_that_keeps_the_body_is_another_attempt",
    ),
    Line(
        "upload_complete ends when all was sent, or with what prevented it",
        f"""test_tracker_tells_of_the_whole_upload
        {_TRACKER}test_an_error_of_the_request_is_that_of_the_upload
        {_TRACKER}test_an_answer_that_does_not_want_the_rest_aborts_the_upload""",
    ),
    Line(
        "expect100 waits for ever",
        f"{_UPLOADS}test_the_body_waits_for_a_second_by_default test_body_waits_to_be_asked_for",
        "`expect100=True` waits one second (`expect100_timeout`), then sends the body",
    ),
)


# --- what is there -------------------------------------------------------------------------------

DEFAULTS = {
    parameter.name: parameter.default
    for parameter in reference_parameters(OPTIONS)
    if parameter.name not in ("method", "url", "timeout")
}


def slots_of(value: object) -> dict[str, object]:
    """What an object holds that cannot be compared with others."""
    return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_that_is_given_changes_nothing(name: str) -> None:
    body = {"json": 5} if name == "data" else {"data": b"hello"}
    makes = preparer(reading=Reading(DEFAULT_LIMITS))
    plain = makes.prepare("POST", "http://example.com/", body)  # type: ignore[arg-type]
    given = makes.prepare("POST", "http://example.com/", {name: DEFAULTS[name], **body})  # type: ignore[misc]
    assert given.route == plain.route
    assert slots_of(given.head) == slots_of(plain.head)
    assert slots_of(given.wishes) == slots_of(plain.wishes) | {"reading": given.wishes.reading}
    assert slots_of(given.wishes.reading) == slots_of(plain.wishes.reading)


@asynchronous
async def test_unknown_option_is_refused() -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(TypeError, match="nonsense"):
            await session.get(server.url(), nonsense=None)  # type: ignore[call-arg]
        assert server.seen == []


@asynchronous
async def test_no_proxy_and_no_middlewares_are_fine() -> None:
    async with Pages() as server, ClientSession() as session:
        response = await session.get(
            server.url(), proxy=None, proxy_auth=None, proxy_headers=None, middlewares=()
        )
        assert response.status == 200


# --- params --------------------------------------------------------------------------------------


@asynchronous
async def test_params_are_merged_into_the_query() -> None:
    async with Pages() as server, ClientSession() as session:
        response = await session.get(server.url("/a?b=1&b=2#part"), params={"b": "3", "c": 4})
        assert server.last.target == "/a?b=1&b=2&b=3&c=4"
        assert str(response.real_url) == server.url("/a?b=1&b=2&b=3&c=4#part")


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"a": "b c", "d": 1, "e": 1.5}, "a=b+c&d=1&e=1.5"),
        ([("a", "1"), ("b", "2"), ("a", "3")], "a=1&b=2&a=3"),
        ({"a": ["1", "2"], "b": ("3",)}, "a=1&a=2&b=3"),
        (CIMultiDict([("a", "1"), ("a", "2")]), "a=1&a=2"),
        ("a=b+c&d=\u017e e&f", "a=b+c&d=%C5%BE+e&f"),
        ("a=50%", "a=50%25"),
        ({}, ""),
        (None, ""),
    ],
)
@asynchronous
async def test_params_come_in_many_forms(params: Any, query: str) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.get(server.url("/x"), params=params)
        assert server.last.target == f"/x?{query}".rstrip("?")


@asynchronous
async def test_bool_in_params_is_refused() -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(TypeError):
            await session.get(server.url(), params={"a": True})
        assert server.seen == []


@asynchronous
async def test_encoded_url_stays_as_it_is() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.get(URL(server.url("/%7Ea%2fb?c=%7e"), encoded=True))
        assert server.last.target == "/%7Ea%2fb?c=%7e"
        await session.get(server.url("/%7Ea%2fb?c=%7e"))
        assert server.last.target == "/~a%2Fb?c=~"


@asynchronous
async def test_params_do_not_follow() -> None:
    async with Pages().redirect("a", "/b") as server, ClientSession() as session:
        await session.get(server.url("/a"), params={"c": "d"})
        assert [seen.target for seen in server.seen] == ["/a?c=d", "/b"]


# --- headers and credentials ---------------------------------------------------------------------

PAIRS = [("X-A", "1"), ("X-B", "2")]


@pytest.mark.parametrize(
    "headers",
    [
        dict(PAIRS),
        {istr("X-A"): "1", istr("X-B"): "2"},
        CIMultiDict(PAIRS),
        CIMultiDictProxy(CIMultiDict(PAIRS)),
        PAIRS,
        tuple(PAIRS),
        iter(PAIRS),
    ],
    ids=lambda headers: type(headers).__name__,
)
@asynchronous
async def test_headers_come_in_many_forms(headers: Any) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.get(server.url(), headers=headers)
        assert [item for item in server.last.headers.items() if item[0][0] == "X"] == PAIRS


@asynchronous
async def test_user_info_of_a_url_is_basic_authentication() -> None:
    async with Pages() as server, ClientSession() as session:
        url = server.url("/a").replace("//", "//me:s%C3%A9cret@")
        response = await session.get(url)
        auth = server.last.headers["Authorization"]
        assert BasicAuth.decode(auth, "utf-8")[:2] == ("me", "s\u00e9cret")
        assert str(response.url) == server.url("/a")


@pytest.mark.parametrize(
    "options",
    [{"auth": BasicAuth("a", "b")}, {"headers": {"authorization": "Bearer x"}}],
    ids=["auth", "headers"],
)
@asynchronous
async def test_credentials_are_given_once(options: Any) -> None:
    async with Pages() as server:
        with_user_info = server.url().replace("//", "//me:secret@")
        async with ClientSession() as session:
            with pytest.raises(ValueError, match="user-info in the URL"):
                await session.get(with_user_info, **options)
            both = {"auth": BasicAuth("a"), "headers": {"Authorization": "Bearer x"}}
            with pytest.raises(ValueError, match="Authorization header excludes auth"):
                await session.get(server.url(), **both)  # type: ignore[arg-type]
            assert server.seen == []


@asynchronous
async def test_credentials_of_a_request_replace_those_of_the_session() -> None:
    own: dict[str, Any] = {"auth": BasicAuth("me")}
    async with Pages() as server:
        with_user_info = server.url().replace("//", "//u:p@")
        for of_session in (own, {"headers": {"Authorization": "Bearer x"}}):
            async with ClientSession(**of_session) as session:
                await session.get(with_user_info)
                await session.get(server.url(), auth=BasicAuth("a", "b"))
                await session.get(server.url(), headers={"Authorization": "Bearer y"})
                sent = [seen.headers.getall("Authorization") for seen in server.seen[-3:]]
                assert sent == [["Basic dTpw"], ["Basic YTpi"], ["Bearer y"]]


@asynchronous
async def test_cookies_are_for_one_request() -> None:
    async with Pages() as server, ClientSession(cookies={"a": "1", "b": "2"}) as session:
        await session.get(server.url(), cookies={"b": "3", "c": "4"})
        await session.get(server.url())
        assert [seen.headers["Cookie"] for seen in server.seen] == ["a=1; b=3; c=4", "a=1; b=2"]


@asynchronous
async def test_cookies_do_not_cross_origins() -> None:
    async with Pages() as server, Pages() as other, ClientSession() as session:
        server.redirect("a", "/b").redirect("b", other.url("/c"))
        await session.get(server.url("/a"), cookies={"a": "1"})
        assert [seen.headers.get("Cookie") for seen in server.seen] == ["a=1", "a=1"]
        assert "Cookie" not in other.last.headers


@asynchronous
async def test_cookie_header_and_cookies_are_merged() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.get(server.url(), headers={"Cookie": "a=1; b=2"}, cookies={"b": "3"})
        assert server.last.headers.getall("Cookie") == ["a=1; b=3"]


@asynchronous
async def test_cookie_header_comes_before_cookies_of_the_session() -> None:
    async with Pages() as server, ClientSession(cookies={"a": "1", "b": "2"}) as session:
        await session.get(server.url(), headers={"Cookie": "b=3; c=4"})
        assert server.last.headers.getall("Cookie") == ["a=1; b=3; c=4"]


# --- redirects, response, time -------------------------------------------------------------------


@asynchronous
async def test_redirect_need_not_be_followed() -> None:
    async with Pages().redirect("a", "/b") as server, ClientSession() as session:
        response = await session.get(server.url("/a"), allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (302, "/b")
        assert len(server.seen) == 1


@asynchronous
async def test_max_redirects_of_a_request_counts() -> None:
    async with Pages().redirect("a", "/a") as server, ClientSession() as session:
        with pytest.raises(TooManyRedirects):
            await session.get(server.url("/a"), max_redirects=3)
        assert len(server.seen) == 4


async def _refuse(response: ClientResponse) -> None:
    raise LookupError(f"judged {response.status}")


@asynchronous
async def test_request_says_what_is_raised_for() -> None:
    judge: Any = _refuse
    async with Origin() as origin:
        url = origin.url("/status/404")
        async with ClientSession() as session:
            with pytest.raises(ClientResponseError):
                await session.get(url, raise_for_status=True)
            with pytest.raises(LookupError, match="judged 404"):
                await session.get(url, raise_for_status=judge)
        async with ClientSession(raise_for_status=True) as session:
            with pytest.raises(ClientResponseError):
                await session.get(url, raise_for_status=None)
            assert (await session.get(url, raise_for_status=False)).status == 404


@asynchronous
async def test_response_without_a_length_can_be_empty() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\nhello"
    async with Pages(a=endless) as server, ClientSession() as session:
        response = await session.get(server.url("/a"), read_until_eof=False)
        assert await response.read() == b""


@asynchronous
async def test_request_says_what_is_decoded() -> None:
    coded = page(b"raw", "Content-Encoding: gzip")
    async with Pages(a=coded) as server:
        async with ClientSession() as session:
            response = await session.get(server.url("/a"), auto_decompress=False)
            assert await response.read() == b"raw"
        async with ClientSession(auto_decompress=False) as session:
            response = await session.get(server.url("/a"), auto_decompress=None)
            assert await response.read() == b"raw"


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (5, ClientTimeout(total=5, sock_connect=30)),
        (None, ClientTimeout(sock_connect=30)),
        (ClientTimeout(sock_read=2), ClientTimeout(sock_read=2)),
    ],
)
def test_number_replaces_total_only(wish: Any, expected: ClientTimeout) -> None:
    assert prepared(timeout=wish).wishes.timeout == expected


# --- the rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", [b"x" * 16, b"x" * 20, b"x" * 31])
def test_fingerprint_is_a_sha_256(digest: bytes) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Fingerprint(digest)
    assert Fingerprint(b"x" * 32).fingerprint == b"x" * 32


@asynchronous
async def test_context_for_tracing_is_any_object() -> None:
    async with Pages() as server, ClientSession() as session:
        response = await session.get(server.url(), trace_request_ctx={"name": "value"})
        assert response.status == 200


@asynchronous
async def test_tracker_tells_of_the_whole_upload() -> None:
    async with Pages() as server, ClientSession() as session:
        tracker = UploadTracker()
        assert isinstance(tracker.upload_complete, asyncio.Future)
        await session.post(server.url(), data=b"hello", upload_tracker=tracker)
        assert await tracker.upload_complete is None
        assert (tracker.attempts, tracker.bytes_written) == (1, 5)


@asynchronous
async def test_body_waits_to_be_asked_for() -> None:
    waited: list[bool] = []

    async def asks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        assert b"Expect: 100-continue\r\n" in head
        try:
            await asyncio.wait_for(reader.readexactly(1), 0.05)
        except TimeoutError:
            waited.append(True)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(5) == b"hello"
        writer.write(OK)

    async with ScriptedServer(asks) as server, ClientSession() as session:
        response = await session.post(server.url(), data=b"hello", expect100=True)
        assert (response.status, waited) == (200, [True])
