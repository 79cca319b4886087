"""The opening handshake (RFC 6455 section 4)."""

import base64

import pytest
from multidict import CIMultiDict

from aioclient._websocket.deflate_offer import DeflateOffer, DeflateParameters
from aioclient._websocket.handshake import (
    Agreed,
    HandshakeRefused,
    accept_value,
    check_response,
    checked_protocols,
    new_key,
    request_fields,
)

# RFC 6455 section 1.3
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

DEFLATE = "permessage-deflate"


def answer(*more, without=()):
    """The fields of a good answer, those of some names left out, and more."""
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", ACCEPT)]
    return CIMultiDict([field for field in fields if field[0] not in without] + list(more))


def refusal(headers, *, status=101, protocols=(), offer=None):
    """The words in which an answer is refused."""
    with pytest.raises(HandshakeRefused) as caught:
        check_response(status, headers, KEY, protocols, offer)
    return str(caught.value)


# --- what is asked ----------------------------------------------------------------------------


def test_a_key_is_16_bytes_in_base64_and_another_each_time():
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(base64.b64decode(key, validate=True)) == 16 for key in keys)


def test_the_accept_value_is_that_of_the_rfc():
    assert accept_value(KEY) == ACCEPT


def test_the_plainest_request_has_four_fields():
    assert request_fields(KEY) == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
    ]


def test_protocols_origin_and_offer_have_fields_of_their_own():
    fields = request_fields(KEY, ["chat.v2", "chat"], "https://example.com", DeflateOffer(12))
    assert fields[4:] == [
        ("Sec-WebSocket-Protocol", "chat.v2, chat"),
        ("Origin", "https://example.com"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=12"),
    ]


def test_protocols_may_be_any_iterable():
    assert checked_protocols(iter(["a", "b"])) == ("a", "b")
    assert checked_protocols(()) == ()


@pytest.mark.parametrize(
    "protocol", ["", " ", "a b", "a,b", "a\r\nX: y", "a/b", "a;b", 'a"', "é", "a\x00", "chat "]
)
def test_a_protocol_that_is_no_token_is_not_offered(protocol):
    with pytest.raises(ValueError, match="is not a token"):
        request_fields(KEY, ["chat", protocol])


def test_a_protocol_is_not_offered_twice():
    with pytest.raises(ValueError, match=r"protocols\[0\] is offered more than once"):
        request_fields(KEY, ["chat", "superchat", "chat"])


def test_protocols_that_differ_in_case_are_different_ones():
    assert checked_protocols(["chat", "Chat"]) == ("chat", "Chat")


def test_one_string_is_not_taken_for_several_protocols():
    with pytest.raises(TypeError, match="must be several strings"):
        request_fields(KEY, "chat")


# --- what is answered -------------------------------------------------------------------------


def test_the_plainest_answer_agrees_to_a_websocket_and_nothing_else():
    assert check_response(101, answer(), KEY) == Agreed(None, None)


def test_a_server_need_not_choose_from_what_is_offered():
    assert check_response(101, answer(), KEY, ("chat",), DeflateOffer()) == Agreed(None, None)


@pytest.mark.parametrize("status", [100, 200, 204, 301, 302, 400, 401, 403, 404, 426, 500, 503])
def test_a_status_other_than_101_is_refused(status):
    assert refusal(answer(), status=status) == f"status is {status}, expected 101"


@pytest.mark.parametrize(
    "values",
    [["websocket"], ["WebSocket"], ["WEBSOCKET"], ["h2c, websocket"], ["h2c", ",websocket,"]],
)
def test_upgrade_may_be_a_list_in_any_case(values):
    headers = answer(*[("upgrade", value) for value in values], without=["Upgrade"])
    assert check_response(101, headers, KEY) == Agreed(None, None)


@pytest.mark.parametrize(
    "values",
    [
        ["Upgrade"],
        ["upgrade"],
        ["keep-alive, Upgrade"],
        ["Upgrade,keep-alive"],
        ["keep-alive\t,\tUPGRADE , close"],
        ["keep-alive", "upgrade"],
        ["upgrade", "keep-alive"],
    ],
)
def test_connection_may_be_a_list_in_any_order_and_case(values):
    headers = answer(*[("connection", value) for value in values], without=["Connection"])
    assert check_response(101, headers, KEY) == Agreed(None, None)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["h2c"],
        ["websocket/13"],
        ["web socket"],
        ["websockets"],
        ["xwebsocket"],
        ['"websocket"'],
        ["websoc\u212aet"],  # KELVIN SIGN, which becomes a "k" in lower case
        ["websocket\udcff"],
    ],
)
def test_without_the_token_websocket_an_upgrade_is_refused(values):
    headers = answer(*[("Upgrade", value) for value in values], without=["Upgrade"])
    words = refusal(headers)
    assert words.startswith("Upgrade is ")
    assert words.endswith(", expected websocket")


@pytest.mark.parametrize(
    "values", [[], [""], ["keep-alive"], ["close"], ["upgraded"], ["up grade"]]
)
def test_without_the_token_upgrade_a_connection_is_refused(values):
    headers = answer(*[("Connection", value) for value in values], without=["Connection"])
    words = refusal(headers)
    assert words.startswith("Connection is ")
    assert words.endswith(", expected upgrade")


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        [ACCEPT.lower()],
        [ACCEPT[:-1]],
        [ACCEPT + "="],
        [f"{ACCEPT}, {ACCEPT}"],
        [ACCEPT, ACCEPT],
        [ACCEPT, "other"],
        ["other", ACCEPT],
        [f'"{ACCEPT}"'],
        [KEY],
        ["é\udcff"],
    ],
)
def test_anything_but_the_one_answer_to_the_key_is_refused(values):
    headers = answer(
        *[("Sec-WebSocket-Accept", value) for value in values], without=["Sec-WebSocket-Accept"]
    )
    assert refusal(headers).startswith("Sec-WebSocket-Accept is ")


def test_an_answer_to_another_key_is_refused():
    with pytest.raises(HandshakeRefused, match="Sec-WebSocket-Accept"):
        check_response(101, answer(), new_key())


@pytest.mark.parametrize("protocol", ["chat", "superchat"])
def test_a_protocol_that_was_offered_is_agreed(protocol):
    headers = answer(("Sec-WebSocket-Protocol", protocol))
    assert check_response(101, headers, KEY, ("chat", "superchat")).protocol == protocol


@pytest.mark.parametrize(
    "values",
    [
        [""],
        ["other"],
        ["Chat"],
        ["chat, superchat"],
        ["chat,"],
        ["chat", "superchat"],
        ["chat", "chat"],
    ],
)
def test_another_protocol_or_several_are_refused(values):
    headers = answer(*[("Sec-WebSocket-Protocol", value) for value in values])
    words = refusal(headers, protocols=("chat", "superchat"))
    assert words == "Sec-WebSocket-Protocol is not one of the 2 that were offered"


@pytest.mark.parametrize("value", ["", "chat"])
def test_a_protocol_is_refused_if_none_was_offered(value):
    words = refusal(answer(("Sec-WebSocket-Protocol", value)))
    assert words == "Sec-WebSocket-Protocol is not one of the 0 that were offered"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([DEFLATE], DeflateParameters()),
        ([f"{DEFLATE}; client_max_window_bits=10"], DeflateParameters(10)),
        (["", f" , {DEFLATE};server_no_context_takeover,"], DeflateParameters(15, 15, False, True)),
        ([""], None),
        ([","], None),
    ],
)
def test_the_extension_that_was_offered_is_agreed(values, expected):
    headers = answer(*[("Sec-WebSocket-Extensions", value) for value in values])
    assert check_response(101, headers, KEY, (), DeflateOffer()).deflate == expected


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["foo"], "extension 'foo' was not offered"),
        ([f"{DEFLATE}, foo; x=1"], "extension 'foo' was not offered"),
        (["Permessage-Deflate"], "extension 'Permessage-Deflate' was not offered"),
        ([f"{DEFLATE}, {DEFLATE}"], f"extension {DEFLATE} is there more than once"),
        ([DEFLATE, f"{DEFLATE}; x"], f"extension {DEFLATE} is there more than once"),
        ([f"{DEFLATE}; x"], f"{DEFLATE} was answered with an unknown parameter: 'x'"),
        ([f"{DEFLATE};"], f"Sec-WebSocket-Extensions is malformed: b'{DEFLATE};'"),
        (["\udcff"], "Sec-WebSocket-Extensions is malformed: b'\\xff'"),
    ],
)
def test_other_extensions_and_other_answers_are_refused(values, reason):
    headers = answer(*[("Sec-WebSocket-Extensions", value) for value in values])
    assert refusal(headers, offer=DeflateOffer()) == reason


def test_an_extension_is_refused_if_none_was_offered():
    headers = answer(("Sec-WebSocket-Extensions", DEFLATE))
    assert refusal(headers) == f"extension '{DEFLATE}' was not offered"


@pytest.mark.parametrize(
    "name",
    [
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    ],
)
def test_a_refusal_shows_little_of_what_the_server_sent(name):
    headers = answer((name, "é" * 10_000), without=[name])
    assert len(refusal(headers)) < 800
