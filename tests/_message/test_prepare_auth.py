"""Credentials: where they come from, and whom they are for."""

import pytest
from preparing import fields_of, prepared, preparer

from aioclient import BasicAuth, InvalidURL
from aioclient._body.payload import Payload, PayloadWriter
from aioclient._message.prepare import Preparer
from aioclient._message.redirect import Redirected, next_request, redirect_target
from aioclient._message.request import Request

ME = BasicAuth("me", "secret")
MINE = "Basic bWU6c2VjcmV0"


def authorization(*arguments: object, **options: object) -> str | None:
    return fields_of(prepared(*arguments, **options)).get("Authorization")  # type: ignore[arg-type]


def test_auth_of_a_request_is_sent() -> None:
    assert authorization(auth=ME) == MINE


def test_auth_of_a_request_replaces_a_header_of_the_session() -> None:
    assert authorization(auth=ME, session_headers={"authorization": "Bearer x"}) == MINE


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://you:hidden@example.com/", {"auth": ME}),
        ("http://example.com/", {"auth": ME, "headers": {"AUTHORIZATION": "Bearer hidden"}}),
    ],
)
def test_two_kinds_of_credentials_exclude_each_other(url: str, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="exclude") as caught:
        prepared(url, **options)
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("auth", [("me", "secret"), "me:secret", MINE])
def test_auth_of_another_kind_is_refused(auth: object) -> None:
    with pytest.raises(TypeError, match="auth must be a BasicAuth") as caught:
        prepared(auth=auth)
    assert "secret" not in str(caught.value)


# --- of the session ------------------------------------------------------------------------------

URLS = [
    "http://example.com/",
    "http://example.com:80/other?a=b",
    "https://example.com/",
    "http://example.com:8080/",
    "http://other.example/",
    "http://sub.example.com/",
]


def test_auth_of_a_session_is_for_the_first_origin() -> None:
    session = preparer(auth=ME)
    sent = [fields_of(session.prepare("GET", url, {})).get("Authorization") for url in URLS * 2]
    assert sent == [MINE, MINE, None, None, None, None] * 2


def test_auth_of_a_session_is_for_the_origin_of_its_base_url() -> None:
    session = preparer("http://other.example/api/", auth=ME)
    sent = [fields_of(session.prepare("GET", url, {})).get("Authorization") for url in URLS]
    assert sent == [None, None, None, None, MINE, None]
    assert fields_of(session.prepare("GET", "items", {}))["Authorization"] == MINE


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("http://example.com/", {"headers": {"Authorization": "Bearer x"}}, "Bearer x"),
        ("http://example.com/", {"auth": BasicAuth("you")}, "Basic eW91Og=="),
        ("http://you@example.com/", {}, "Basic eW91Og=="),
    ],
)
def test_credentials_of_a_request_come_before_those_of_the_session(
    url: str, options: dict[str, object], expected: str
) -> None:
    session = preparer(auth=ME)
    request = session.prepare("GET", url, options)  # type: ignore[arg-type]
    assert fields_of(request).getall("Authorization") == [expected]
    # And they do not make that origin the session's own.
    other = session.prepare("GET", "http://other.example/", {})
    assert fields_of(other)["Authorization"] == MINE


@pytest.mark.parametrize(
    "options", [{"headers": {"X": "a\nb"}}, {"ssl": "no"}, {"chunked": True, "data": object()}]
)
def test_a_request_that_is_refused_does_not_make_its_origin_the_sessions_own(
    options: dict[str, object],
) -> None:
    session = preparer(auth=ME)
    with pytest.raises((TypeError, ValueError)):
        session.prepare("POST", "http://other.example/", options)  # type: ignore[arg-type]
    request = session.prepare("GET", "http://example.com/", {})
    assert fields_of(request)["Authorization"] == MINE


# --- automatic headers ---------------------------------------------------------------------------

AUTOMATIC = {"Accept", "Accept-Encoding", "User-Agent", "Content-Type"}


@pytest.mark.parametrize("skipped", [[], ["accept"], ["User-Agent", "ACCEPT-ENCODING"], AUTOMATIC])
@pytest.mark.parametrize("where", ["session", "request"])
def test_automatic_headers_can_be_left_out(skipped: list[str], where: str) -> None:
    lower = {name.lower() for name in skipped}
    session = preparer(skip_auto_headers=frozenset(lower) if where == "session" else frozenset())
    options = {"data": b"x"} | ({"skip_auto_headers": skipped} if where == "request" else {})
    fields = fields_of(session.prepare("POST", "http://example.com/", options))  # type: ignore[arg-type]
    assert {name for name in AUTOMATIC if name in fields} == {
        name for name in AUTOMATIC if name.lower() not in lower
    }


def test_automatic_headers_can_be_left_out_of_requests_without_options() -> None:
    session = preparer(skip_auto_headers=frozenset({"accept", "accept-encoding", "user-agent"}))
    assert not fields_of(session.prepare("GET", "http://example.com/", {}))


def test_a_header_that_was_given_is_sent_although_it_is_skipped() -> None:
    request = prepared(headers={"Accept": "text/plain"}, skip_auto_headers=["Accept"])
    assert fields_of(request)["Accept"] == "text/plain"


def test_one_string_is_no_collection_of_names() -> None:
    with pytest.raises(TypeError, match="skip_auto_headers"):
        prepared(skip_auto_headers="Accept")


# --- who chooses the session's own origin -------------------------------------------------------


def redirected(session: Preparer, request: Request, location: str) -> Request:
    """The request that follows a redirect to `location`."""
    target = redirect_target(307, location, request.target.real_url)
    assert target is not None
    before = Redirected(307, request.head.method, request.target.real_url, request.own_headers())
    return session.prepare_next(next_request(before, target), request)


def test_a_redirect_does_not_choose_whom_the_session_s_credentials_are_for() -> None:
    session = preparer(auth=ME)
    first = session.prepare("GET", "http://example.com/", {"headers": {"Authorization": "Own"}})
    evil = redirected(session, first, "http://evil.example/")
    assert "Authorization" not in fields_of(evil)
    other = session.prepare("GET", "http://other.example/", {})
    assert fields_of(other)["Authorization"] == MINE


@pytest.mark.parametrize("minor_version", [0, 1])
def test_a_length_that_the_caller_said_goes_along_with_the_body(minor_version: int) -> None:
    class OfUnknownSize(Payload):
        async def write(self, writer: PayloadWriter) -> None:
            await writer.write(b"hello")

    session = preparer(minor_version=minor_version)
    options = {"data": OfUnknownSize(None), "headers": {"Content-Length": "5"}}
    first = session.prepare("PUT", "http://example.com/", options)  # type: ignore[arg-type]
    for location in ("/other", "http://other.example/"):
        assert redirected(session, first, location).head.body_length == 5


# --- cookies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session_cookies", "headers", "cookies", "expected"),
    [
        ([("a", "1")], {}, None, "a=1"),
        (None, {}, {"a": "1", "b": "x y"}, 'a=1; b="x y"'),
        ([("a", "1"), ("b", "2")], {}, {"a": "3"}, "b=2; a=3"),
        ([("a", "1")], {"cookie": "a=2; c=3"}, None, "a=2; c=3"),
        (None, {"Cookie": "a=2; c=3"}, {"c": "4"}, "a=2; c=4"),
        (None, {"Cookie": "odd"}, {}, "odd"),
        (None, {"Cookie": 'odd;;  a="b;c'}, None, 'odd;;  a="b;c'),
    ],
)
def test_cookies_are_put_together(
    session_cookies: list[tuple[str, str]] | None,
    headers: dict[str, str],
    cookies: dict[str, str] | None,
    expected: str,
) -> None:
    session = preparer(cookies=session_cookies)
    request = session.prepare(
        "GET", "http://example.com/", {"headers": headers, "cookies": cookies}
    )
    assert fields_of(request).getall("Cookie") == [expected]


def test_without_cookies_there_is_no_header() -> None:
    assert "Cookie" not in fields_of(prepared(cookies={}))


def test_cookies_of_a_session_are_for_one_origin() -> None:
    session = preparer(cookies=[("a", "1")])
    assert fields_of(session.prepare("GET", "http://example.com/", {}))["Cookie"] == "a=1"
    assert "Cookie" not in fields_of(session.prepare("GET", "https://example.com/", {}))
    assert "Cookie" not in fields_of(session.prepare("GET", "http://example.com:81/", {}))
    based = preparer("http://base.example/", cookies=[("a", "1")])
    assert "Cookie" not in fields_of(based.prepare("GET", "http://example.com/", {}))
    assert fields_of(based.prepare("GET", "/x", {}))["Cookie"] == "a=1"


def test_cookies_do_not_go_along_to_another_origin_and_come_back_from_the_session_only() -> None:
    session = preparer(cookies=[("s", "1")])
    first = session.prepare("GET", "http://example.com/", {"cookies": {"r": "2"}})
    assert fields_of(first)["Cookie"] == "s=1; r=2"
    same = redirected(session, first, "/other")
    assert fields_of(same)["Cookie"] == "s=1; r=2"
    other = redirected(session, first, "http://other.example/")
    assert "Cookie" not in fields_of(other)
    back = redirected(session, other, "http://example.com/")
    assert fields_of(back)["Cookie"] == "s=1"


def test_a_cookie_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="name of a cookie"):
        prepared(cookies={"a b": "secret"})


# --- netrc ---------------------------------------------------------------------------------------


def netrc(host: str) -> BasicAuth | None:
    return {"example.com": BasicAuth("net", "rc"), "other.example": BasicAuth("o")}.get(host)


def test_credentials_of_netrc_are_for_their_host() -> None:
    session = preparer(netrc=netrc)
    request = session.prepare("GET", "http://EXAMPLE.com:81/", {})
    assert fields_of(request)["Authorization"] == BasicAuth("net", "rc").encode()
    assert "Authorization" not in fields_of(session.prepare("GET", "http://third.example/", {}))


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://example.com/", {"headers": {"authorization": "Own"}}),
        ("http://example.com/", {"auth": BasicAuth("own")}),
        ("http://own@example.com/", {}),
    ],
)
def test_credentials_of_netrc_come_last(url: str, options: dict[str, object]) -> None:
    session = preparer(netrc=netrc)
    request = session.prepare("GET", url, options)  # type: ignore[arg-type]
    assert fields_of(request)["Authorization"] != BasicAuth("net", "rc").encode()
    with_auth = preparer(netrc=netrc, auth=ME)
    assert fields_of(with_auth.prepare("GET", "http://example.com/", {}))["Authorization"] == MINE


def test_netrc_is_asked_again_after_a_redirect_but_not_after_a_downgrade() -> None:
    session = preparer(netrc=netrc)
    first = session.prepare("GET", "https://example.com/", {})
    other = redirected(session, first, "https://other.example/")
    assert fields_of(other)["Authorization"] == BasicAuth("o").encode()
    for location in ("http://other.example/", "http://example.com/"):
        assert "Authorization" not in fields_of(redirected(session, first, location))


def test_netrc_is_not_asked_in_clear_text_later_on_the_way_from_a_downgrade() -> None:
    session = preparer(netrc=netrc)
    request = session.prepare("GET", "https://third.example/", {})
    for location in ("http://third.example/", "http://example.com/", "/a", "http://other.example/"):
        request = redirected(session, request, location)
        assert "Authorization" not in fields_of(request)
    request = redirected(session, request, "https://other.example/")
    assert fields_of(request)["Authorization"] == BasicAuth("o").encode()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:@third.example/",
        "http://example.com@third.example/",
        "http://example.com%40third.example/",
        "http://third.example/@example.com/",
        "http://third.example?@example.com/",
        "http://third.example#@example.com/",
        "http://third.example\\@example.com/",
        "http://third.example:80@example.com:80@third.example/",
        "http://example.com.third.example/",
    ],
)
def test_netrc_is_asked_for_the_host_that_is_connected_to(url: str) -> None:
    asked: list[str] = []

    def remembering(host: str) -> BasicAuth | None:
        asked.append(host)
        return netrc(host)

    try:
        request = preparer(netrc=remembering).prepare("GET", url, {})
    except InvalidURL:
        return  # that no request goes to such a host is as good
    assert set(asked) <= {request.target.route.host}
    assert request.target.route.host != "example.com"
    assert fields_of(request).get("Authorization") != BasicAuth("net", "rc").encode()
