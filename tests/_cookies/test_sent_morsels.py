"""The cookies for a request as a program sees them: what it does to them is its own affair."""

import copy
import pickle
from collections.abc import Callable
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.sent_morsels import SentMorsels

PAIRS = [("a", "1"), ("b", '"x\\054y"'), ("a", "2"), ("", "nameless"), ("c", "tab\tbed")]
A = URL("http://a.example/")

CHANGES: dict[str, Callable[[SimpleCookie], Any]] = {
    "assigned": lambda cookies: cookies.__setitem__("a", "changed"),
    "loaded": lambda cookies: cookies.load("a=changed"),
    "set": lambda cookies: cookies["a"].set("a", "changed", "changed"),
    "attribute": lambda cookies: cookies["a"].__setitem__("path", "/changed"),
    "updated": lambda cookies: cookies["a"].update({"path": "/changed"}),
    "joined": lambda cookies: cookies["a"].__ior__({"path": "/changed"}),
    "setdefault": lambda cookies: cookies["a"].setdefault("path", "/changed"),
    "cleared": lambda cookies: cookies["a"].clear(),
    "popped": lambda cookies: cookies["a"].pop("path"),
    "popped any": lambda cookies: cookies["a"].popitem(),
    "deleted": lambda cookies: cookies["a"].__delitem__("path"),
    "state": lambda cookies: cookies["a"].__setstate__(  # type: ignore[attr-defined]
        {"key": "a", "value": "changed", "coded_value": "changed"}
    ),
}


def plain() -> SimpleCookie:
    cookies = SimpleCookie()
    cookies["a"] = "1"
    cookies["b"] = "x,y"
    return cookies


def test_they_are_those_that_a_morsel_can_be_of() -> None:
    cookies = SentMorsels(PAIRS).cookies()
    assert cookies == plain()
    assert [morsel.OutputString() for morsel in cookies.values()] == ["a=1", 'b="x\\054y"']
    assert cookies["b"].value == "x,y"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_told(change: Callable[[SimpleCookie], Any]) -> None:
    morsels = SentMorsels(PAIRS)
    change(morsels.cookies())
    assert morsels.is_changed


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_program_changes_changes_no_later_answer_of_a_jar(
    change: Callable[[SimpleCookie], Any],
) -> None:
    jar = CookieJar()
    jar.update_cookies_from_headers(["a=1", 'b="x\\054y"'], A)
    for _ in range(2):
        cookies = jar.filter_cookies(A)
        assert cookies == plain()
        assert isinstance(cookies, SimpleCookie)
        change(cookies)
        assert jar.line_for(A) == b'Cookie: a=1; b="x\\054y"\r\n'


def test_looking_and_taking_away_are_no_changes() -> None:
    morsels = SentMorsels(PAIRS)
    cookies = morsels.cookies()
    assert cookies["a"]["path"] == ""
    assert cookies.output() == 'Set-Cookie: a=1\r\nSet-Cookie: b="x\\054y"'
    del cookies["a"]
    assert cookies["b"].copy() == cookies["b"]
    assert not morsels.is_changed
    assert morsels.cookies() == plain()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_is_nobody_else_s(again: Callable[[SimpleCookie], SimpleCookie]) -> None:
    morsels = SentMorsels(PAIRS)
    copied = again(morsels.cookies())
    assert copied == plain()
    copied["a"] = "changed"
    assert not morsels.is_changed
    assert morsels.cookies() == plain()


def test_they_are_morsels() -> None:
    morsel = SentMorsels(PAIRS).cookies()["a"]
    assert isinstance(morsel, Morsel)
    assert morsel == plain()["a"]
