"""Request bodies: their bytes, size and media type."""

import array

import pytest
from written import pieces_of

from aioclient._body.payload import body_payload, json_payload


async def generate(*pieces):
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_are_sent_as_they_are(wrap):
    data = wrap(b"\x00\xff")
    payload = body_payload(data)
    assert payload.at_hand is data
    assert (payload.size, payload.content_type) == (2, "application/octet-stream")
    assert pieces_of(payload) == [data]


@pytest.mark.parametrize(
    "data",
    [
        memoryview(array.array("I", [1, 2])),
        memoryview(b"abcdefgh")[::2],
        memoryview(b"abcdefgh")[::-1],
        memoryview(b"abcdefgh").cast("B", (2, 4)),
        memoryview(b"abcdefgh").cast("c"),
        memoryview(array.array("I", [])),
    ],
    ids=["numbers", "every other byte", "backwards", "a matrix", "characters", "nothing"],
)
def test_any_memoryview_is_sent_as_its_bytes(data):
    payload = body_payload(data)
    assert payload.size == len(payload.at_hand) == data.nbytes
    (piece,) = pieces_of(body_payload(generate(data)))
    assert len(piece) == data.nbytes
    assert bytes(payload.at_hand) == bytes(piece) == data.tobytes()


def test_text_is_sent_as_utf_8():
    payload = body_payload("Grüße")
    assert payload.at_hand == "Grüße".encode()
    assert (payload.size, payload.content_type) == (7, "text/plain; charset=utf-8")


@pytest.mark.parametrize("data", [b"", ""])
def test_empty_body_has_size_zero(data):
    assert body_payload(data).size == 0


def test_pieces_of_an_async_iterable_are_sent_one_by_one():
    payload = body_payload(generate(b"a", bytearray(b"b"), memoryview(b"c"), b""))
    assert (payload.size, payload.at_hand) == (None, None)
    assert payload.content_type == "application/octet-stream"
    assert pieces_of(payload) == [b"a", b"b", b"c", b""]


@pytest.mark.parametrize("piece", ["text", 5, None, [b"a"]])
def test_piece_that_is_not_bytes_is_refused(piece):
    payload = body_payload(generate(b"a", piece))
    with pytest.raises(TypeError, match="a piece of a body must be bytes-like"):
        pieces_of(payload)


@pytest.mark.parametrize("data", [5, None, object(), {b"a"}, iter([b"a"])])
def test_what_cannot_be_a_body_is_refused(data):
    with pytest.raises(TypeError, match="data must be bytes-like, str, a file"):
        body_payload(data)


def test_body_that_is_refused_is_not_shown_for_it_may_hold_credentials():
    with pytest.raises(TypeError) as raised:
        body_payload({"a-secret"})
    assert "a-secret" not in str(raised.value)
    assert "set" in str(raised.value)


def test_piece_that_is_refused_is_not_shown_for_it_may_be_long():
    with pytest.raises(TypeError) as raised:
        pieces_of(body_payload(generate("x" * 100_000)))
    assert len(str(raised.value)) < 500
    assert "str" in str(raised.value)


def test_json_is_encoded_by_the_given_function():
    payload = json_payload({"a": 1}, lambda value: f"<{value['a']}ü>")
    assert payload.at_hand == "<1ü>".encode()
    assert (payload.size, payload.content_type) == (5, "application/json")


def test_error_of_the_encoder_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        json_payload(1, lambda value: str(value / 0))
