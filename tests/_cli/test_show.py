"""Printing for a person: what is laid out, what is decoded, what stays off the terminal."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from origin import Origin

from aioclient._cli.show import indent_json, make_decoder, printable, readable_text

RunOnTerminal = Callable[..., tuple[int, str]]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_is_indented_as_the_standard_library_would(value: object) -> None:
    plain = json.dumps(value, indent=2, ensure_ascii=False)
    assert indent_json(json.dumps(value)) == plain
    assert indent_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) == plain


def test_json_keeps_repeated_keys_and_the_digits_of_numbers() -> None:
    text = '{"b":1.10,"a":1e400,"b":0.1000000000000000055}'
    assert indent_json(text).replace("\n", "").replace(" ", "") == text


@pytest.mark.parametrize("text", ["", "{", "[1,]", '{"a":1} x', "nothing", "[" * 200_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        indent_json(text)


@pytest.mark.parametrize(
    ("body", "content_type", "charset", "text"),
    [
        (b"\xc5\xbe", "application/json", None, "ž"),
        (b"\xbe", "application/json", None, "\N{REPLACEMENT CHARACTER}"),
        (b"\xbe", "application/xml", "iso-8859-2", "ž"),
        (b"\xc5\xbe", "application/xml", "no-such-charset", "ž"),
        (b"plain", "application/octet-stream", None, "plain"),
        (b"\xff\xfe", "application/octet-stream", None, None),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", None, None),
        (b"a\0b", "application/json", None, None),
        ("a".encode("utf-16"), "application/x-own", "utf-16", "a"),
    ],
)
def test_text_is_told_from_binary(
    body: bytes, content_type: str, charset: str | None, text: str | None
) -> None:
    assert readable_text(body, content_type, charset) == text


def test_decoder_joins_characters_and_line_ends_that_were_cut() -> None:
    decoder = make_decoder("utf-8")
    pieces = [decoder.decode(piece) for piece in (b"a\r", b"\n\xc5", b"\xbe\r", b"b")]
    assert "".join(pieces) == "a\nž\nb"


def test_control_characters_are_printed_as_escapes() -> None:
    assert printable("a\x1b[31m\tb\n\x07\x9b\ud800") == "a\\x1b[31m\tb\n\\x07\\x9b\\ud800"


def test_terminal_sees_json_indented_and_readable(
    run_on_terminal: RunOnTerminal, origin: Origin
) -> None:
    status, seen = run_on_terminal(origin.url("/json"), NO_COLOR="1")
    assert status == 0
    assert seen.startswith('{\n  "message": "Hello from the origin",\n  "numbers": [\n    1,\n')
    assert "žluťoučký" in seen


def test_terminal_sees_colours_unless_they_are_not_wished(
    run_on_terminal: RunOnTerminal, origin: Origin
) -> None:
    assert "\x1b[" in run_on_terminal("-v", origin.url("/json"))[1]
    assert "\x1b[" not in run_on_terminal("-v", origin.url("/json"), NO_COLOR="1")[1]


def test_terminal_sees_the_same_without_rich(
    run_on_terminal: RunOnTerminal, origin: Origin
) -> None:
    without = run_on_terminal(origin.url("/json"), before="sys.modules['rich'] = None")
    assert without == run_on_terminal(origin.url("/json"), NO_COLOR="1")


def test_terminal_is_not_given_binary(run_on_terminal: RunOnTerminal, origin: Origin) -> None:
    status, seen = run_on_terminal(origin.url("/bytes/1000"))
    assert status == 1
    assert seen.startswith("aioclient: error: 1000 bytes of application/octet-stream would garble")
    assert "-o FILE" in seen


def test_binary_goes_to_a_terminal_when_that_is_asked_for(
    run_on_terminal: RunOnTerminal, origin: Origin
) -> None:
    status, seen = run_on_terminal("-o", "-", origin.url("/json"))
    assert (status, json.loads(seen)["numbers"]) == (0, [1, 2, 3])
