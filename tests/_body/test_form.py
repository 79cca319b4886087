"""Forms as request bodies."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from aioclient._body.payload import body_payload


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, b""),
        ({"a": "b"}, b"a=b"),
        ({"a": "b c", "d": "&="}, b"a=b+c&d=%26%3D"),
        ({"\u00e9": "\u20ac"}, b"%C3%A9=%E2%82%AC"),
        ({"a": 5, "b": -1.5}, b"a=5&b=-1.5"),
        ({"a": ["x", "y"], "b": ()}, b"a=x&a=y"),
        ([("a", "1"), ("b", "2"), ("a", "3")], b"a=1&b=2&a=3"),
        ((("a", "1"), ["b", "2"]), b"a=1&b=2"),
        (MultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2"),
        ({"a": "x\r\ny\0"}, b"a=x%0D%0Ay%00"),
        ({"": ""}, b"="),
    ],
)
def test_fields_are_url_encoded(fields, expected):
    payload = body_payload(fields)
    assert payload.at_hand == expected
    assert payload.content_type == "application/x-www-form-urlencoded"
    assert payload.size == len(expected)


@given(st.lists(st.tuples(st.text(), st.text())))
def test_fields_are_read_back(fields):
    sent = bytes(body_payload(fields).at_hand).decode("ascii")
    assert parse_qsl(sent, keep_blank_values=True) == fields


@pytest.mark.parametrize(
    "fields",
    [
        {"a": b"secret"},
        {"a": None},
        {"a": {"b": "c"}},
        {5: "a"},
        ["a=b"],
        [("a",)],
        [("a", "b", "c")],
        [5],
    ],
)
def test_what_is_no_field_is_refused(fields):
    with pytest.raises(TypeError, match=r"a form must be|in a form must be") as caught:
        body_payload(fields)
    assert "secret" not in str(caught.value)
