"""Text of inflated messages is checked as UTF-8 (RFC 6455 section 8.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient import WebSocketError
from aioclient._websocket.text import TextDecoder, decoded_text

# What cannot become UTF-8, and how much of it shows that.
NO_UTF8 = [
    (b"\x80", 1),
    (b"a\xff", 2),
    (b"\xc0\x80", 1),  # overlong
    (b"\xc3\x28", 2),
    (b"\xe0\x80\x80", 2),  # overlong
    (b"\xed\xa0\x80", 2),  # a surrogate
    (b"\xf0\x80\x80\x80", 2),  # overlong
    (b"\xf4\x90\x80\x80", 2),  # past 10FFFF
    (b"\xf5\x80\x80\x80", 1),
    (b"\xf0\x9f\x98x", 4),
]


@given(st.text(), st.data())
def test_text_is_the_same_in_pieces_and_whole(text, data):
    encoded = text.encode()
    cut = data.draw(st.integers(0, len(encoded)))
    decoder = TextDecoder()
    for _ in range(2):
        first = decoder.piece(encoded[:cut])
        assert first + decoder.piece(encoded[cut:], is_last=True) == text
    assert decoded_text(encoded) == text


@pytest.mark.parametrize(("data", "needed"), NO_UTF8)
def test_what_is_no_utf8_is_refused_with_1007(data, needed):
    with pytest.raises(WebSocketError, match="not UTF-8 at byte") as caught:
        decoded_text(data)
    assert caught.value.code == 1007


@pytest.mark.parametrize(("data", "needed"), NO_UTF8)
def test_what_cannot_become_utf8_is_refused_at_once(data, needed):
    decoder = TextDecoder()
    for index in range(needed - 1):
        decoder.piece(data[index : index + 1])
    with pytest.raises(WebSocketError) as caught:
        decoder.piece(data[needed - 1 : needed])
    assert caught.value.code == 1007


def test_a_character_that_is_cut_off_is_refused_at_the_end():
    decoder = TextDecoder()
    assert decoder.piece("é…"[:2].encode()[:-1]) == "é"
    with pytest.raises(WebSocketError, match="not UTF-8 at byte 2"):
        decoder.piece(b"", is_last=True)


def test_the_position_is_that_in_the_message():
    decoder = TextDecoder()
    decoder.piece(b"12345", is_last=True)
    decoder.piece("1234é".encode()[:-1])
    with pytest.raises(WebSocketError, match="not UTF-8 at byte 8"):
        decoder.piece(b"\xa912\xff")
