"""What a jar tells of its cookies, and how they are removed.

Rules of storage have tests of their own.
"""

import copy
import pickle
from http.cookies import Morsel, SimpleCookie

import pytest
from clock import Clock
from jars import SECURE, A, B, jar_of, line
from yarl import URL

from aioclient import AbstractCookieJar, CookieJar, DummyCookieJar

# --- what it tells -------------------------------------------------------------------------------


def test_a_jar_is_what_it_was_made() -> None:
    jar = CookieJar()
    assert isinstance(jar, AbstractCookieJar)
    assert (jar.unsafe, jar.quote_cookie, jar.treat_as_secure_origin) == (False, True, frozenset())
    other = CookieJar(unsafe=True, quote_cookie=False, treat_as_secure_origin=A)
    assert (other.unsafe, other.quote_cookie, other.treat_as_secure_origin) == (True, False, {A})


def test_a_jar_is_made_without_an_event_loop_and_loop_is_deprecated() -> None:
    for kind in (CookieJar, DummyCookieJar):
        with pytest.warns(DeprecationWarning, match="loop is deprecated"):
            kind(loop=object())


def test_a_jar_that_was_cleared_has_no_value_left_in_it() -> None:
    jar = jar_of("a=xyzzy")
    jar.update_cookies({"b": "xyzzy"}, A)
    assert line(jar) == "a=xyzzy; b=xyzzy"
    assert b"xyzzy" in pickle.dumps(jar)
    jar.clear()
    assert b"xyzzy" not in pickle.dumps(jar)


def test_a_copy_of_a_jar_has_its_own_cookies() -> None:
    jar = jar_of("a=1")
    for other in (copy.deepcopy(jar), pickle.loads(pickle.dumps(jar))):
        other.update_cookies({"b": "2"}, A)
        assert (line(other), line(jar)) == ("a=1; b=2", "a=1")


def test_cookies_are_walked_in_the_order_in_which_they_were_set() -> None:
    jar = jar_of("b=1; Path=/x; Secure; HttpOnly; SameSite=lax", "a=2", url=SECURE)
    jar.update_cookies_from_headers(["c=3; Domain=b.example; Max-Age=60"], B)
    jar.update_cookies_from_headers(["b=4; Path=/x"], SECURE)  # it stays where it was
    assert [morsel.key for morsel in jar] == ["b", "a", "c"]
    first, second, third = jar
    assert (first.value, first["domain"], first["path"]) == ("4", "a.example", "/x")
    assert (second["secure"], second["path"], third["domain"]) == ("", "/", "b.example")
    assert third["expires"].endswith(" GMT")


def test_a_morsel_has_all_that_the_jar_knows_of_a_cookie() -> None:
    clock = Clock(784111777.0)  # the example of RFC 9110 section 5.6.7
    jar = jar_of(
        'a="x\\054y"; Max-Age=0060; Secure; HttpOnly; SameSite=LAX', url=SECURE, clock=clock
    )
    (morsel,) = jar
    assert (morsel.value, morsel.coded_value) == ("x,y", '"x\\054y"')
    assert {name: value for name, value in morsel.items() if value} == {
        "domain": "a.example",
        "path": "/",
        "expires": "Sun, 06 Nov 1994 08:50:37 GMT",
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
    }


def test_a_walk_goes_on_while_the_jar_changes() -> None:
    jar = jar_of("a=1", "b=2")
    names = []
    for morsel in jar:
        names.append(morsel.key)
        jar.clear()
    assert (names, len(jar)) == (["a", "b"], 0)


def test_cookies_can_be_had_by_domain_and_path() -> None:
    jar = jar_of("a=1; Path=/", "b=2; Path=/", "c=3; Path=/x")
    jar.update_cookies_from_headers(["a=4; Path=/; Domain=b.example"], B)
    found = {
        key: {name: morsel.value for name, morsel in cookies.items()}
        for key, cookies in jar.cookies.items()
    }
    assert found == {
        ("a.example", "/"): {"a": "1", "b": "2"},
        ("a.example", "/x"): {"c": "3"},
        ("b.example", "/"): {"a": "4"},
    }
    with pytest.raises(TypeError):
        jar.cookies["x", "/"] = SimpleCookie()  # type: ignore[index]  # that is the test


def test_what_the_jar_tells_is_a_copy() -> None:
    jar = jar_of("a=1")
    jar.cookies["a.example", "/"]["a"].set("a", "2", "2")
    next(iter(jar)).set("a", "3", "3")
    jar.filter_cookies(A)["a"].set("a", "4", "4")
    assert line(jar) == "a=1"


def test_cookies_of_one_host_are_known() -> None:
    jar = jar_of("a=1", "b=2; Domain=a.example", "c=3; Path=/x")
    assert jar.host_only_cookies == {("a.example", "/", "a"), ("a.example", "/x", "c")}


def test_the_length_is_how_many_are_not_over() -> None:
    clock = Clock()
    jar = jar_of("a=1; Max-Age=10", "b=2; Max-Age=20", "c=3", clock=clock)
    lengths = []
    for now in (1009.9, 1010.0, 1020.0, 1e9):
        clock.now = now
        lengths.append((len(jar), len(list(jar)), len(jar.host_only_cookies)))
    assert lengths == [(3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1)]


def test_a_repr_shows_no_value() -> None:
    jar = jar_of("a=xyzzy")
    assert "xyzzy" not in repr(jar) + repr(list(jar.store)) + repr(jar.store)


# --- removing ------------------------------------------------------------------------------------


def test_a_jar_can_be_cleared() -> None:
    jar = jar_of("a=1", "b=2")
    jar.clear()
    assert (len(jar), line(jar), dict(jar.cookies)) == (0, "", {})
    jar.clear()
    jar.update_cookies_from_headers(["a=1"], A)
    assert line(jar) == "a=1"


def test_cookies_of_which_a_function_says_so_are_cleared() -> None:
    jar = jar_of("a=1; Path=/x", "b=2", "c=3; Domain=a.example; HttpOnly")
    asked = []

    def is_unwanted(morsel: "Morsel[str]") -> bool:
        asked.append((morsel.key, morsel.value, morsel["domain"], morsel["path"]))
        return morsel.key == "b" or bool(morsel["httponly"])

    jar.clear(is_unwanted)
    assert sorted(asked) == [
        ("a", "1", "a.example", "/x"),
        ("b", "2", "a.example", "/"),
        ("c", "3", "a.example", "/"),
    ]
    assert [morsel.key for morsel in jar] == ["a"]


def test_a_function_that_fails_clears_nothing() -> None:
    jar = jar_of("a=1", "b=2")

    def fails(morsel: "Morsel[str]") -> bool:
        if morsel.key == "b":
            raise LookupError
        return True

    with pytest.raises(LookupError):
        jar.clear(fails)
    assert len(jar) == 2


def test_cookies_that_a_morsel_cannot_be_are_asked_about_too() -> None:
    jar = jar_of("a=x\ty", "value", "b=1")
    assert (len(jar), [morsel.key for morsel in jar]) == (3, ["", "b"])
    jar.clear(lambda morsel: morsel["domain"] == "a.example")
    assert len(jar) == 0


@pytest.mark.parametrize(
    ("domain", "left"),
    [
        ("a.example", ["b", "ba"]),
        ("A.Example", ["b", "ba"]),
        (".a.example", ["b", "ba"]),
        ("w.a.example", ["a", "b", "ba"]),
        ("example", []),
        ("ample", ["a", "w", "b", "ba"]),
        ("c.example", ["a", "w", "b", "ba"]),
    ],
)
def test_a_domain_is_cleared_with_all_below_it(domain: str, left: list[str]) -> None:
    jar = CookieJar()
    for name, host in {"a": "a", "w": "w.a", "b": "b", "ba": "ba"}.items():
        jar.update_cookies({name: "1"}, URL(f"http://{host}.example/"))
    jar.clear_domain(domain)
    assert [morsel.key for morsel in jar] == left


# --- a jar without cookies -----------------------------------------------------------------------


def test_a_dummy_jar_keeps_and_gives_nothing() -> None:
    jar = DummyCookieJar()
    jar.update_cookies({"a": "1"}, A)
    jar.update_cookies_from_headers(["a=1"], A)
    assert (len(jar), list(jar), dict(jar.cookies), jar.host_only_cookies) == (0, [], {}, set())
    assert isinstance(jar.filter_cookies(A), SimpleCookie)
    assert not jar.filter_cookies(A)
    jar.clear()
    jar.clear(lambda morsel: True)
    jar.clear_domain("a.example")
    assert (jar.unsafe, jar.quote_cookie, jar.treat_as_secure_origin) == (False, True, frozenset())
