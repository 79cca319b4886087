"""Credentials: where they come from, and whom they are for."""

import pytest
from preparing import fields_of, prepared, preparer

from aioclient import BasicAuth

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
