"""Set-Cookie fields, taken apart (RFC 6265bis section 5.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._cookies.parse import (
    MAX_ATTRIBUTE_VALUE_BYTES,
    MAX_ATTRIBUTES,
    MAX_FIELDS,
    MAX_PAIR_BYTES,
    CookieRefused,
    parse_set_cookie,
    parse_set_cookies,
)

FIELDS = st.text() | st.text(alphabet='ab=; \t"\\,\x00\n\x7fé\udcff', max_size=30)


def parsed(field):
    cookie = parse_set_cookie(field)
    return cookie.name, cookie.value, list(cookie.attributes)


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("a=b", "a", "b"),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("a==", "a", "="),
        (" \ta\t = \tb ", "a", "b"),
        ("a b=c d", "a b", "c d"),
        ("a\tb=c\td", "a\tb", "c\td"),
        ("=b", "", "b"),
        ("b", "", "b"),
        (" b c ", "", "b c"),
        ("=b=c", "", "b=c"),
        ("path=/", "path", "/"),
        ("a[b]={}", "a[b]", "{}"),
        ('a={"b": "c", "d": [1]}', "a", '{"b": "c", "d": [1]}'),
        ('a="b"', "a", '"b"'),
        ('a="b', "a", '"b'),
        (r'a="b\"c"', "a", r'"b\"c"'),
        ("a=b, c=d", "a", "b, c=d"),
        ("a=\u00e9\u20ac", "a", "\u00e9\u20ac"),
        ("\u00e9=\udcff", "\u00e9", "\udcff"),
        ("a=\u00a0b\u00a0", "a", "\u00a0b\u00a0"),  # blanks are spaces and tabs
        ("a=\x80\x9f", "a", "\x80\x9f"),  # on the wire none of their octets is a control
    ],
)
def test_a_pair_is_cut_at_its_first_equals_sign_and_else_is_a_value(field, name, value):
    assert parsed(field) == (name, value, [])


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("a=b;", ("a", "b", [])),
        ("a=b;;; ;", ("a", "b", [])),
        ("a=b;=", ("a", "b", [])),
        ("a=b; Path=/", ("a", "b", [("Path", "/")])),
        ("a=b;path = /c d ;SECURE", ("a", "b", [("path", "/c d"), ("SECURE", "")])),
        ("a=b; Path=/; Path=/c; path", ("a", "b", [("Path", "/"), ("Path", "/c"), ("path", "")])),
        (
            "a=b; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=1",
            ("a", "b", [("Expires", "Wed, 09 Jun 2021 10:18:14 GMT"), ("Max-Age", "1")]),
        ),
        ("a=b; odd=1=2; =x; y", ("a", "b", [("odd", "1=2"), ("", "x"), ("y", "")])),
        ('a="b;c"', ("a", '"b', [('c"', "")])),  # quotes protect nothing
        ("; Path=/; a", None),
        ("=; Path=/", None),
        (" ;", None),
        ("", None),
        ("value; Secure", ("", "value", [("Secure", "")])),
    ],
)
def test_attributes_are_kept_in_order_whatever_they_are(field, expected):
    if expected is not None:
        assert parsed(field) == expected
        return
    with pytest.raises(CookieRefused, match="neither name nor value"):
        parse_set_cookie(field)


@pytest.mark.parametrize("code", [*range(0x20), 0x7F])
@pytest.mark.parametrize("form", ["a{}=b", "a=b{}c", "a=b; Path=/{}", "a=b; x{}", "a=b; c={}"])
def test_a_control_character_anywhere_refuses_the_cookie_unless_it_is_a_tab(form, code):
    field = form.format(chr(code))
    if code == 0x09:
        assert parse_set_cookie(field)
        return
    with pytest.raises(CookieRefused, match="control character"):
        parse_set_cookie(field)


@pytest.mark.parametrize("field", ["\ud800=1", "a=\ud800", "\udfff"], ids=ascii)
def test_text_that_no_response_can_have_is_refused(field):
    with pytest.raises(CookieRefused, match="is not Unicode text"):
        parse_set_cookie(field)
    assert parse_set_cookie("a=\udcff").value == "\udcff"  # a byte that is no UTF-8


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\u20ac", "\U0001f600", "\udcff"])
def test_name_and_value_may_have_4096_bytes_together_and_no_more(letter):
    size = len(letter.encode("utf-8", "surrogateescape"))
    value = letter * (4094 // size) + "y" * (4094 % size)
    assert MAX_PAIR_BYTES == 4096
    assert parse_set_cookie(f"ab={value}; Path=/").value == value
    assert parse_set_cookie(f" ab = {value} ; Path=/").value == value
    with pytest.raises(CookieRefused, match="more than 4096 bytes"):
        parse_set_cookie(f"abc={value}")
    with pytest.raises(CookieRefused, match="more than 4096 bytes"):
        parse_set_cookie(f"{value}abc")


@pytest.mark.parametrize("letter", ["x", "\u00e9"])
def test_an_attribute_value_over_1024_bytes_is_passed_over(letter):
    longest = letter * (1024 // len(letter.encode()))
    assert MAX_ATTRIBUTE_VALUE_BYTES == 1024
    assert parsed(f"a=b; Path={longest}; Secure") == ("a", "b", [("Path", longest), ("Secure", "")])
    assert parsed(f"a=b; Path={longest}x; Secure") == ("a", "b", [("Secure", "")])


def test_the_33rd_attribute_is_not_looked_at():
    assert MAX_ATTRIBUTES == 32
    field = "a=b" + "; x" * 31
    assert parsed(f"{field}; Secure")[2][31:] == [("Secure", "")]
    assert parsed(f"{field}; x; Secure")[2] == [("x", "")] * 32
    assert parsed(f"a=b{';' * 32}Secure")[2] == [("Secure", "")]
    assert parsed(f"a=b{';' * 33}Secure")[2] == []


def test_the_51st_field_is_not_looked_at():
    fields = [f"a{number}=b" for number in range(51)]
    assert MAX_FIELDS == 50
    assert [cookie.name for cookie in parse_set_cookies(fields)] == [f"a{n}" for n in range(50)]


def test_bad_cookies_are_left_out_and_the_good_ones_kept(caplog):
    kept = parse_set_cookies(["a=b", "c=d\0", "", "e\n=f", "g=h"])
    assert [cookie.name for cookie in kept] == ["a", "g"]
    assert caplog.record_tuples == []  # the jar says it


def test_the_representation_of_a_cookie_shows_no_value():
    assert repr(parse_set_cookie("a=secret; Path=/")) == "<SetCookie 'a' [('Path', '/')]>"


@given(FIELDS)
def test_any_text_is_a_cookie_or_refused(field):
    try:
        cookie = parse_set_cookie(field)
    except CookieRefused:
        return
    assert cookie.name or cookie.value
    assert "=" not in cookie.name
    assert len((cookie.name + cookie.value).encode("utf-8", "replace")) <= MAX_PAIR_BYTES
    assert all(";" not in text for pair in cookie.attributes for text in pair)


# Quadratic time would take hours.
@pytest.mark.parametrize("unit", [";", "=", "a=b;", " ", "a;", '"', "\\", "x", "\u00e9", ";=;"])
def test_time_is_linear(unit):
    cookies = parse_set_cookies([f"a=b; {unit * 2_000_000}", unit * 2_000_000])
    assert len(cookies) <= 2
    assert all(len(cookie.attributes) <= MAX_ATTRIBUTES for cookie in cookies)
