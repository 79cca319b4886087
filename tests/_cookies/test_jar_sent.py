"""What a jar gives to requests, how much of it, and that what it remembers is never outdated."""

import logging
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from clock import Clock
from jars import SECURE, A, B, jar_of, line
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.jar import MAX_REMEMBERED_FIELDS, MAX_REMEMBERED_URLS
from aioclient._cookies.parse import MAX_FIELDS

# --- giving --------------------------------------------------------------------------------------


def test_filtered_cookies_are_those_of_a_request() -> None:
    jar = jar_of('a="x y"', "b=2; Path=/x", "c=3; Path=/x")
    found = jar.filter_cookies(URL("http://a.example/x/y?z#f"))
    assert isinstance(found, SimpleCookie)
    assert {name: (each.value, each.coded_value) for name, each in found.items()} == {
        "b": ("2", "2"),
        "c": ("3", "3"),
        "a": ("x y", '"x y"'),
    }
    assert list(jar.filter_cookies(A)) == ["a"]
    assert not jar.filter_cookies(B)
    text: Any = "http://a.example/"
    assert list(jar.filter_cookies(text)) == ["a"]


def test_of_several_cookies_of_a_name_all_are_sent_and_the_first_is_filtered() -> None:
    jar = jar_of("a=wide; Path=/", "a=deep; Path=/x")
    url = A / "x"
    assert line(jar, url) == "a=deep; a=wide"
    assert jar.filter_cookies(url)["a"].value == "deep"


def test_filtered_cookies_can_be_changed_and_the_jar_gives_the_same_as_before() -> None:
    jar = jar_of("a=1", "b=2")
    changed = jar.filter_cookies(A)
    changed["a"] = "other"
    changed["b"]["path"] = "/other"
    changed["c"] = "new"
    assert line(jar) == "a=1; b=2"
    assert jar.filter_cookies(A) == SimpleCookie({"a": "1", "b": "2"})


def test_a_jar_with_secure_origins_can_be_asked_about_no_url() -> None:
    jar = CookieJar(treat_as_secure_origin=[A])
    assert not jar.filter_cookies()
    assert not jar.filter_cookies(URL("/x"))


@pytest.mark.parametrize(
    ("origins", "url", "is_secure"),
    [
        (A, A, True),
        ("http://a.example/path?query", "http://a.example/x", True),
        (["http://b.example", A], A, True),
        ({A}, "http://a.example:8080/", False),
        ("http://a.example:8080", "http://a.example:8080/x", True),
        ("http://me:secret@a.example", A, True),
        ("http://a.example", "http://a.example:80/", True),
        ("http://a.example:80", A, True),
        (A, URL("http://A.example/", encoded=True), True),
        (A, "//a.example/", False),
        ("http://a.example", "http://w.a.example/", False),
        (None, A, False),
        ([], A, False),
        ([], "https://a.example/", True),
        ([], "wss://a.example/", True),
        ([], "ws://a.example/", False),
    ],
    ids=str,
)
def test_some_origins_are_secure(origins: Any, url: URL | str, is_secure: bool) -> None:
    jar = jar_of("a=1; Secure", url=URL(url), treat_as_secure_origin=origins)
    assert len(jar) == is_secure
    assert line(jar, URL(url)) == ("a=1" if is_secure else "")


@pytest.mark.parametrize("origins", ["/path", ["a.example"], 5, [5]], ids=str)
def test_an_origin_must_be_an_absolute_url(origins: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        CookieJar(treat_as_secure_origin=origins)


def test_no_more_than_150_cookies_are_sent_those_first_that_come_first() -> None:
    jar = CookieJar()
    jar.update_cookies({f"n{number}": "v" for number in range(170)}, A)
    assert len(jar) == 170
    assert [name for name, _ in jar.pairs_for(A)] == [f"n{number}" for number in range(150)]


@pytest.mark.parametrize(("size", "count"), [(2000, 4), (2048, 3), (2042, 4), (2043, 3)])
def test_no_more_than_8190_bytes_of_cookies_are_sent(size: int, count: int) -> None:
    jar = CookieJar()
    # Each is counted with "=" and what stands between it and the next.
    jar.update_cookies({f"{number:02}": "v" * size for number in range(6)}, A)
    assert len(jar.pairs_for(A)) == count
    assert len(line(jar)) <= 8190


def test_fields_after_the_fiftieth_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    jar = jar_of(*(f"n{number}=v" for number in range(MAX_FIELDS + 2)))
    assert len(jar) == MAX_FIELDS
    (record,) = caplog.records
    assert record.getMessage() == "Set-Cookie: 2 of 52 ignored: a response has at most 50"


# --- what is remembered --------------------------------------------------------------------------

CHANGES: dict[str, tuple[Callable[[CookieJar], None], str]] = {
    "another value": (lambda jar: jar.update_cookies_from_headers(["a=2"], A), "a=2; b=1"),
    "another cookie": (lambda jar: jar.update_cookies_from_headers(["c=3"], A), "a=1; b=1; c=3"),
    "the end of one": (lambda jar: jar.update_cookies_from_headers(["a=; Max-Age=0"], A), "b=1"),
    "one made secure": (
        lambda jar: jar.update_cookies_from_headers(["a=1; Secure"], SECURE),
        "b=1",
    ),
    "a cookie given": (lambda jar: jar.update_cookies({"a": "4"}, A), "a=4; b=1"),
    "one given to nobody": (lambda jar: jar.update_cookies({"d": "5"}), "a=1; b=1; d=5"),
    "cleared": (lambda jar: jar.clear(), ""),
    "some cleared": (lambda jar: jar.clear(lambda morsel: morsel.key == "b"), "a=1"),
    "a domain cleared": (lambda jar: jar.clear_domain("a.example"), ""),
    "another domain cleared": (lambda jar: jar.clear_domain("b.example"), "a=1; b=1"),
    "one for a domain": (
        lambda jar: jar.update_cookies_from_headers(
            ["e=6; Domain=a.example"], URL("http://w.a.example/")
        ),
        "a=1; b=1; e=6",
    ),
    "what stays the same": (
        lambda jar: jar.update_cookies_from_headers(["a=1", "b=1"], A),
        "a=1; b=1",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_line_is_another_after_a_change(change: str) -> None:
    jar = jar_of("a=1", "b=1")
    assert line(jar) == "a=1; b=1"
    do, expected = CHANGES[change]
    do(jar)
    assert line(jar) == expected
    assert line(jar) == expected


def test_a_line_is_another_when_a_cookie_is_over() -> None:
    clock = Clock()
    jar = jar_of("a=1; Max-Age=10", "b=2; Max-Age=20", "c=3", clock=clock)
    lines = []
    for now in (1009.9, 1010.0, 1019.9, 1020.0, 1e9):
        clock.now = now
        lines.append(line(jar))
    assert lines == ["a=1; b=2; c=3", "b=2; c=3", "b=2; c=3", "c=3", "c=3"]


def test_a_cookie_that_comes_again_lives_from_then_on() -> None:
    clock = Clock()
    jar = CookieJar(clock=clock)
    lines = []
    for now in (1000.0, 1008.0, 1017.9, 1028.0):
        clock.now = now
        lines.append(line(jar))
        if now < 1028:
            jar.update_cookies_from_headers(["a=1; Max-Age=10"], A)
    clock.now = 1027.8
    lines.append(line(jar))
    assert lines == ["", "a=1", "a=1", "", ""]


def test_a_cookie_that_comes_again_with_a_shorter_life_ends_then() -> None:
    clock = Clock()
    jar = jar_of("a=1; Max-Age=100", clock=clock)
    assert line(jar) == "a=1"
    jar.update_cookies_from_headers(["a=1; Max-Age=10"], A)
    clock.now += 10
    assert line(jar) == ""
    jar.update_cookies_from_headers(["a=1; Max-Age=100"], A)
    assert line(jar) == "a=1"


def test_a_cookie_that_comes_again_after_the_clock_was_set_back_ends_by_that() -> None:
    clock = Clock()
    jar = jar_of("a=1; Max-Age=10", "b=2", clock=clock)
    assert line(jar) == "a=1; b=2"
    clock.now = 900.0
    jar.update_cookies_from_headers(["a=1; Max-Age=10"], A)
    lines = []
    for now in (909.9, 910.0):
        clock.now = now
        lines.append((line(jar), len(jar)))
    assert lines == [("a=1; b=2", 2), ("b=2", 1)]


def test_a_cookie_that_is_sent_stays_before_those_that_are_not() -> None:
    clock = Clock(0.0)
    jar = CookieJar(clock=clock)
    others = [f"n{number}=1; Path=/other" for number in range(179)]

    def set_others() -> None:
        for field in others:
            jar.update_cookies_from_headers([field], A)

    set_others()
    for seconds in (10_000, 20_000):  # the second changes no line, so that none is made anew
        jar.update_cookies_from_headers([f"login=1; Max-Age={seconds}"], A)
        assert line(jar) == "login=1"
    clock.now = 500.0
    set_others()
    clock.now = 1000.0
    assert line(jar) == "login=1"
    jar.update_cookies_from_headers(["one=too many; Path=/other"], A)
    assert len(jar) == 150
    assert line(jar) == "login=1"


@pytest.mark.parametrize(
    "remove",
    [
        lambda jar: jar.clear(),
        lambda jar: jar.clear_domain("a.example"),
        lambda jar: jar.clear(lambda morsel: True),
        lambda jar: jar.update_cookies_from_headers(["a=; Max-Age=0"], A),
        lambda jar: jar.update_cookies_from_headers(["a=2"], A),
    ],
    ids=["all", "domain", "some", "by the server", "replaced"],
)
def test_a_field_that_comes_again_after_its_cookie_went_sets_it_again(
    remove: Callable[[CookieJar], None],
) -> None:
    jar = jar_of("a=1; Max-Age=100")
    remove(jar)
    jar.update_cookies_from_headers(["a=1; Max-Age=100"], A)
    assert line(jar) == "a=1"
    assert len(jar) == 1


def test_a_field_counts_for_the_host_path_and_security_that_it_comes_from() -> None:
    jar = CookieJar()
    for url in (A, B, A / "x/y", URL("http://w.a.example/")):
        jar.update_cookies_from_headers(["a=1"], url)
    jar.update_cookies_from_headers(["b=2; Secure"], A)
    jar.update_cookies_from_headers(["b=2; Secure"], SECURE)
    jar.update_cookies_from_headers(["c=3; Domain=a.example"], B)
    jar.update_cookies_from_headers(["c=3; Domain=a.example"], A)
    assert {(each.key, each["domain"], each["path"]) for each in jar} == {
        ("a", "a.example", "/"),
        ("a", "b.example", "/"),
        ("a", "a.example", "/x"),
        ("a", "w.a.example", "/"),
        ("b", "a.example", "/"),
        ("c", "a.example", "/"),
    }


def test_a_field_that_was_refused_is_refused_and_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    jar = CookieJar()
    for _ in range(2):
        jar.update_cookies_from_headers(["a=1; Domain=com"], A)
    first, second = caplog.messages
    assert first == second
    assert len(jar) == 0


def test_more_urls_and_fields_than_are_remembered_are_no_matter() -> None:
    jar = CookieJar()
    for number in range(MAX_REMEMBERED_FIELDS + 10):
        jar.update_cookies_from_headers([f"n{number % 7}={number}"], A)
    expected = line(jar)
    for number in range(MAX_REMEMBERED_URLS + 10):
        assert line(jar, A / str(number)) == expected
    assert line(jar) == expected
    assert expected.count("=") == 7


def test_letters_of_a_host_have_no_case_and_a_dot_at_its_end_counts() -> None:
    jar = jar_of("a=1", url=URL("http://A.EXAMPLE/", encoded=True))
    assert line(jar, A) == "a=1"
    assert line(jar, URL("http://a.example./")) == ""
    jar.update_cookies_from_headers(["b=2"], URL("http://b\u00fccher.example/"))
    assert line(jar, URL("http://xn--bcher-kva.example/")) == "b=2"
