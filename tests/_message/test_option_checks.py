"""Options of the wrong type, or that cannot be: refused before anything is sent, by their names."""

from typing import Any

import pytest
from preparing import prepared

from aioclient import ClientSession

OF_BOTH = [
    ("raise_for_status", 5, TypeError),
    ("raise_for_status", "yes", TypeError),
    ("redirect_policy", 5, TypeError),
    ("max_body_size", "5", TypeError),
    ("max_body_size", 1.5, TypeError),
    ("max_body_size", True, TypeError),
    ("max_body_size", -1, ValueError),
    ("max_decode_ratio", "5", TypeError),
    ("max_decode_ratio", True, TypeError),
    ("max_decode_ratio", -1, ValueError),
    ("max_decode_ratio", float("nan"), ValueError),
    ("max_error_body_size", -1, ValueError),
    ("cross_origin_headers", 5, TypeError),
    ("cross_origin_headers", "x-a", TypeError),
    ("skip_auto_headers", 5, TypeError),
    ("skip_auto_headers", [5], TypeError),
    ("headers", 5, TypeError),
    ("headers", {5: "a"}, TypeError),
    ("headers", "abc", ValueError),
]


@pytest.mark.parametrize(("name", "value", "error"), OF_BOTH)
def test_an_option_of_a_request_that_cannot_be_is_named(
    name: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error, match=name):
        prepared(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value", "error"), OF_BOTH)
def test_an_argument_of_a_session_that_cannot_be_is_named(
    name: str, value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=name):
        ClientSession(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("on_informational", 5), ("params", 5), ("params", {"a": None})]
)
def test_an_option_that_only_a_request_has_is_named(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=name):
        prepared(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connector", 5),
        ("json_serialize", 5),
        ("json_serialize_bytes", 5),
        ("fallback_charset_resolver", 5),
    ],
)
def test_an_argument_that_only_a_session_has_is_named(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=name):
        ClientSession(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("max_body_size", 0), ("max_decode_ratio", 0)])
def test_zero_is_no_limit(name: str, value: Any) -> None:
    reading = prepared(**{name: value}).wishes.reading
    assert (reading.max_body_bytes is None) == (name == "max_body_size")
    assert (reading.max_decode_ratio is None) == (name == "max_decode_ratio")
    ClientSession(**{name: value}).detach()


def test_a_raise_for_status_of_none_is_false_for_a_session() -> None:
    session = ClientSession(raise_for_status=None)  # type: ignore[arg-type]
    assert session.raise_for_status is False
    session.detach()


@pytest.mark.parametrize(
    "name",
    [
        "allow_redirects",
        "auto_decompress",
        "chunked",
        "expect100",
        "read_until_eof",
        "retry_on_stale",
    ],
)
def test_flag_is_true_or_false(name):
    for value in ("no", 1, 0, ""):
        with pytest.raises(TypeError, match=f"{name} must be True or False"):
            prepared(method="POST", data=b"a", **{name: value})
    prepared(method="POST", data=b"a", **{name: None})
