"""Cookies that a program gives to a jar, for a URL or for whomever is asked first."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from jars import SECURE, A, B, jar_of, line
from multidict import MultiDict
from yarl import URL

from aioclient import CookieJar

IP = URL("http://192.0.2.1/")

# --- what a program gives ------------------------------------------------------------------------


def morsel(name: str, value: str, **attributes: Any) -> "Morsel[str]":
    made: Morsel[str] = Morsel()
    made.set(name, value, value)
    made.update(attributes)
    return made


def simple(name: str, value: str, **attributes: Any) -> SimpleCookie:
    made = SimpleCookie({name: value})
    made[name].update(attributes)
    return made


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ({"a": "1", "b": "2"}, "a=1; b=2"),
        ([("a", "1"), ("b", "2")], "a=1; b=2"),
        ([("a", "1"), ("a", "2")], "a=2"),
        (MultiDict([("a", "1"), ("b", "2")]), "a=1; b=2"),
        (SimpleCookie({"a": "1", "b": "2"}), "a=1; b=2"),
        ({"a": morsel("other", "1")}, "a=1"),
        ({"x": simple("a", "1")}, "a=1"),
        ({"a": 'x y"'}, 'a="x y\\""'),
        ({"a": ""}, 'a=""'),
        ({"a": "\u00e9"}, 'a="\\351"'),
        ({}, ""),
        ([], ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("url", [A, URL()], ids=["of a URL", "of nobody"])
def test_cookies_are_given_as_in_requests(cookies: Any, expected: str, url: URL) -> None:
    jar = CookieJar()
    jar.update_cookies(cookies, url)
    assert line(jar) == expected


@pytest.mark.parametrize(
    ("attributes", "urls"),
    [
        ({}, "http://a.example/ http://a.example/x/y https://a.example/"),
        ({"path": "/x"}, "http://a.example/x/y"),
        (
            {"domain": "a.example"},
            "http://a.example/ http://a.example/x/y http://w.a.example/ https://a.example/",
        ),
        ({"domain": ".a.example", "path": "/x"}, "http://a.example/x/y"),
        ({"domain": "b.example"}, ""),
        ({"max-age": "10"}, "http://a.example/ http://a.example/x/y https://a.example/"),
        ({"max-age": 0}, "http://a.example/ http://a.example/x/y https://a.example/"),
        ({"max-age": "0"}, ""),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, ""),
        ({"secure": True}, ""),
        (
            {"version": 1, "comment": "none", "httponly": True},
            "http://a.example/ http://a.example/x/y https://a.example/",
        ),
    ],
    ids=str,
)
def test_attributes_of_a_morsel_count(attributes: dict[str, Any], urls: str) -> None:
    jar = CookieJar()
    jar.update_cookies({"a": morsel("a", "1", **attributes)}, A)
    known = (
        "http://a.example/",
        "http://a.example/x/y",
        "http://w.a.example/",
        "https://a.example/",
    )
    assert [url for url in known if line(jar, URL(url))] == urls.split()


def test_a_secure_cookie_of_a_secure_url_is_kept() -> None:
    jar = CookieJar()
    jar.update_cookies(simple("a", "1", secure=True), SECURE)
    assert (line(jar, SECURE), line(jar)) == ("a=1", "")


@pytest.mark.parametrize(
    ("cookies", "kind", "text"),
    [
        ({"a b": "xyzzy"}, ValueError, "not the name of a cookie: 'a b'"),
        ({"": "xyzzy"}, ValueError, "not the name of a cookie: ''"),
        ({"a": b"xyzzy"}, TypeError, "cookie 'a' must be str, not bytes"),
        ({1: "xyzzy"}, TypeError, "name of a cookie must be str, not int"),
        ({"a": "xyzzy\ud800"}, ValueError, "cookie 'a' is not Unicode text"),
        ("a=xyzzy", TypeError, "cookies must be a mapping or pairs, not str"),
        (5, TypeError, "cookies must be a mapping or pairs, not int"),
        (["xyzzy"], TypeError, "cookies must be a mapping or pairs of a name and a value"),
    ],
    ids=str,
)
@pytest.mark.parametrize("url", [A, URL()], ids=["of a URL", "of nobody"])
def test_what_cannot_be_a_cookie_is_an_error_and_changes_nothing(
    cookies: Any, kind: type[Exception], text: str, url: URL
) -> None:
    jar = jar_of("old=1")
    with pytest.raises(kind) as caught:
        jar.update_cookies(cookies, url)
    assert str(caught.value) == text
    assert line(jar) == "old=1"


def test_a_value_that_has_to_be_quoted_is_an_error_in_a_jar_that_does_not() -> None:
    jar = CookieJar(quote_cookie=False)
    jar.update_cookies({"a": 'x y,"\\'}, A)
    assert line(jar) == 'a=x y,"\\'
    with pytest.raises(ValueError, match=r"cookie 'a' has a control character or \";\""):
        jar.update_cookies({"a": "x;y"}, A)


@pytest.mark.parametrize(("unsafe", "expected"), [(False, ""), (True, "a=1")])
def test_cookies_of_an_address_are_kept_in_an_unsafe_jar(unsafe: bool, expected: str) -> None:
    for url in (IP, URL("http://[2001:db8::1]/")):
        jar = CookieJar(unsafe=unsafe)
        jar.update_cookies({"a": "1"}, url)
        jar.update_cookies_from_headers(["a=1"], url)
        assert line(jar, url) == expected


def test_refused_cookies_of_a_program_are_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jar = CookieJar()
    jar.update_cookies({"a": morsel("a", "xyzzy", domain="com"), "__host-b": "xyzzy", "c": "1"}, A)
    (record,) = caplog.records
    assert record.getMessage() == (
        "cookies given to the jar: 2 of 3 ignored: cookie 'a' is for another domain than its host's"
    )
    assert line(jar) == "c=1"


# --- cookies of nobody ---------------------------------------------------------------------------


def test_cookies_without_a_url_are_for_the_first_host_that_is_asked() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    assert len(jar) == 1
    assert [line(jar, url) for url in (A, A / "x", B)] == ["a=1", "a=1", ""]
    jar.update_cookies({"b": "2"})  # from now on it is clear for whom
    assert [line(jar, url) for url in (B, A)] == ["", "a=1; b=2"]


@pytest.mark.parametrize("url", [IP, SECURE, URL("http://A.example:8080/x")], ids=str)
def test_the_first_host_may_be_any(url: URL) -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    assert line(jar, url) == "a=1"


def test_a_host_that_was_asked_before_is_not_the_first() -> None:
    jar = jar_of("b=server", url=B)
    assert line(jar, B) == "b=server"
    jar.update_cookies({"a": "1"})
    assert [line(jar, url) for url in (A, B)] == ["a=1", "b=server"]


def test_a_host_that_was_asked_while_they_were_removed_is_not_the_first() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    jar.clear()
    assert line(jar, B) == ""
    jar.update_cookies({"a": "1"})
    assert [line(jar, url) for url in (A, B)] == ["a=1", ""]


def test_a_url_without_a_host_is_not_the_first_that_is_asked() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    assert not jar.filter_cookies()
    assert not jar.filter_cookies(URL("/x"))
    assert (line(jar), line(jar, B)) == ("a=1", "")


def test_a_domain_says_for_whom_a_cookie_is_that_came_without_a_url() -> None:
    jar = CookieJar()
    jar.update_cookies(simple("a", "1", domain="b.example", path="/x", secure=True))
    assert line(jar, URL("https://b.example/x")) == "a=1"
    assert line(jar, URL("https://w.b.example/x")) == "a=1"
    assert line(jar, URL("https://a.example/x")) == ""
    assert line(jar, URL("http://b.example/x")) == ""


def test_cookies_of_nobody_do_not_take_the_place_of_others_when_they_find_their_host() -> None:
    jar = jar_of("a=server", "b=server")
    jar.update_cookies({"a": "own"})
    assert line(jar) == "a=own; b=server"
    assert len(jar) == 2
