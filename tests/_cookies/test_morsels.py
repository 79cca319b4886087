"""Cookies of a response as the standard library's objects."""

import copy
import pickle
from http.cookies import CookieError, Morsel, SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._cookies.morsels import response_cookies, simple_cookie
from aioclient._cookies.parse import SetCookie

FIELDS = st.text() | st.text(alphabet='ab=; \t"\\,0123\x00\n\x7fé\udcff', max_size=30)


def attributes(morsel):
    return {name: value for name, value in morsel.items() if value != ""}


def test_cookies_are_found_by_name_and_their_attributes_in_any_case():
    cookies = response_cookies(
        [
            "name=value",
            "sid=1; Domain=example.com; PATH=/a; Max-Age=3; Secure; HTTPOnly; SameSite=Lax; x=y",
            "old=1; expires=Wed, 09 Jun 2021 10:18:14 GMT; Comment=c; Version=1",
        ]
    )
    assert type(cookies) is SimpleCookie
    assert list(cookies) == ["name", "sid", "old"]
    assert cookies["name"].value == "value"
    assert attributes(cookies["name"]) == {}
    assert attributes(cookies["sid"]) == {
        "domain": "example.com",
        "path": "/a",
        "max-age": "3",
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
    }
    assert attributes(cookies["old"]) == {
        "expires": "Wed, 09 Jun 2021 10:18:14 GMT",
        "comment": "c",
        "version": "1",
    }


def test_partitioned_is_there_where_morsel_knows_it():
    (morsel,) = response_cookies(["a=b; Partitioned"]).values()
    assert morsel.get("partitioned") == (True if Morsel().isReservedKey("partitioned") else None)


class NewerMorsel(Morsel):
    """As of Python 3.14."""

    def __init__(self):
        super().__init__()
        dict.__setitem__(self, "partitioned", "")

    def __setitem__(self, name, value):
        dict.__setitem__(self, name, value)


def test_partitioned_is_a_flag(monkeypatch):
    monkeypatch.setattr("aioclient._cookies.morsels.Morsel", NewerMorsel)
    (morsel,) = response_cookies(["a=b; Partitioned"]).values()
    assert attributes(morsel) == {"partitioned": True}


@pytest.mark.parametrize(
    "name", ["a[b]", "a:b", "{a}", "/a/b", "a b", "a,b", "a@b", '"', "(", "\u00e9", "path", "$a"]
)
def test_names_that_http_cookies_refuses_are_kept(name):
    cookies = response_cookies([f"{name}=value; Path=/"])
    assert list(cookies) == [name]
    assert cookies[name].key == name
    assert cookies[name].value == cookies[name].coded_value == "value"
    assert cookies[name]["path"] == "/"
    assert cookies[name].OutputString() == f"{name}=value; Path=/"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a b",
        '{"a": "b", "c": [1]}',
        "a,b",
        '"',
        '"a',
        'a"',
        'a"b"c',
        "\\",
        "\u00e9\u20ac\udcff",
    ],
)
def test_values_that_http_cookies_loses_are_kept(value):
    (morsel,) = response_cookies([f"a={value}; Path=/"]).values()
    assert (morsel.value, morsel.coded_value) == (value, value)


@pytest.mark.parametrize(
    ("coded", "value"),
    [(r'"a\054b"', "a,b"), (r'"\"\\\351"', '"\\\u00e9'), ('""', ""), ('"a b"', "a b")],
)
def test_values_in_quotes_are_decoded_and_remembered_as_they_came(coded, value):
    (morsel,) = response_cookies([f"a={coded}"]).values()
    assert (morsel.value, morsel.coded_value) == (value, coded)


@pytest.mark.parametrize("coded", [r'"a\012b"', r'"\000"', r'"\011"', r'"\177"'])
def test_control_characters_stay_behind_their_escapes(coded):
    (morsel,) = response_cookies([f"a={coded}"]).values()
    assert (morsel.value, morsel.coded_value) == (coded, coded)


def test_attributes_are_decoded_the_last_counts_and_flags_are_true_whatever_they_say():
    (morsel,) = response_cookies(
        [r'a=b; Path=/a; PATH="/b\054"; Domain=x; Domain; Secure=no; Comment="\012"; Version="1"']
    ).values()
    assert attributes(morsel) == {"path": "/b,", "secure": True, "version": "1"}


def test_attributes_with_tabs_are_left_out():
    (morsel,) = response_cookies(["a=b; Path=/a\tb; Domain=example.com"]).values()
    assert attributes(morsel) == {"domain": "example.com"}


def test_of_equal_names_the_last_counts():
    cookies = response_cookies(["a=1; Path=/x", "b=2", "a=3; Path=/"])
    assert [(name, morsel.value) for name, morsel in cookies.items()] == [("a", "3"), ("b", "2")]
    assert cookies["a"]["path"] == "/"


def test_cookies_without_a_name_or_with_tabs_or_refused_are_left_out():
    assert list(response_cookies(["value", "=value", "a\tb=c", "d=e\tf", "g=\0", "h=i"])) == ["h"]


def test_nothing_comes_of_no_fields():
    assert response_cookies([]) == {}
    assert response_cookies(()) == SimpleCookie()


def test_cookies_can_be_pickled_and_copied():
    cookies = response_cookies([r'a[b]="c\054"; Path=/; Secure'])
    for again in (pickle.loads(pickle.dumps(cookies)), copy.deepcopy(cookies)):
        assert again == cookies
        assert again["a[b]"].value == "c,"
    assert cookies["a[b]"].copy() == cookies["a[b]"]


def test_cookies_that_were_parsed_before_are_taken_as_well():
    found = simple_cookie([SetCookie("a", '"b"', [("Path", "/")])])
    assert found["a"].value == "b"
    assert found["a"]["path"] == "/"


class StricterMorsel(Morsel):
    """As of some later Python."""

    def __setstate__(self, state):
        raise CookieError(state["key"])


def test_a_python_that_refuses_more_makes_cookies_go_away_and_raises_nothing(monkeypatch):
    monkeypatch.setattr("aioclient._cookies.morsels.Morsel", StricterMorsel)
    assert response_cookies(["a=b"]) == {}


@given(st.lists(FIELDS, max_size=5))
def test_no_field_raises(fields):
    cookies = response_cookies(fields)
    for name, morsel in cookies.items():
        assert name == morsel.key
        shown = [name, morsel.value, morsel.coded_value, *map(str, morsel.values())]
        assert not any(c < " " or c == "\x7f" for text in shown for c in text)
    assert cookies.output().count("\r\n") == max(len(cookies) - 1, 0)


# Quadratic time would take hours.
@pytest.mark.parametrize("unit", ["\\", '\\"', r"\054", ";", "=", '"', "a;", " "])
def test_time_is_linear(unit):
    response_cookies([f'a="{unit * 1_000_000}"'])
    response_cookies([f'a=b; Path="{unit * 1_000_000}"'])
