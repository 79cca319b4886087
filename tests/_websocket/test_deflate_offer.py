"""permessage-deflate in the handshake: offers and answers (RFC 7692 section 7.1)."""

import pytest

from aioclient._websocket.deflate_offer import DeflateOffer, DeflateParameters, deflate_offer
from aioclient._websocket.extensions import parse_extensions


def agreed(offer, answer):
    """What an offer and the text of an answer come to."""
    ((name, parameters),) = parse_extensions([answer])
    assert name == "permessage-deflate"
    return offer.agreed(parameters)


# --- offers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "text"),
    [
        (DeflateOffer(), "permessage-deflate; client_max_window_bits"),
        (DeflateOffer(9), "permessage-deflate; client_max_window_bits=9"),
        (DeflateOffer(14), "permessage-deflate; client_max_window_bits=14"),
        (DeflateOffer(None), "permessage-deflate"),
        (DeflateOffer(None, 8), "permessage-deflate; server_max_window_bits=8"),
        (DeflateOffer(None, 14), "permessage-deflate; server_max_window_bits=14"),
        (DeflateOffer(None, 15), "permessage-deflate"),
        (
            DeflateOffer(10, 11, True, True),
            (
                "permessage-deflate; client_max_window_bits=10; server_max_window_bits=11; "
                "client_no_context_takeover; server_no_context_takeover"
            ),
        ),
    ],
)
def test_an_offer_is_the_value_of_its_field(offer, text):
    assert str(offer) == text


@pytest.mark.parametrize("bits", [-9, 0, 1, 8, 16, 12.0, "12", True])
def test_a_client_window_that_zlib_does_not_have_is_no_offer(bits):
    with pytest.raises(ValueError, match="client_max_window_bits must be 9 to 15"):
        DeflateOffer(bits)


@pytest.mark.parametrize("bits", [-9, 0, 7, 16, 12.0, "12", True])
def test_a_server_window_that_the_rfc_does_not_have_is_no_offer(bits):
    with pytest.raises(ValueError, match="server_max_window_bits must be 8 to 15"):
        DeflateOffer(server_max_window_bits=bits)


def test_compress_0_offers_nothing():
    assert deflate_offer(0) is None
    assert deflate_offer(0, server_no_context_takeover=True) is None


@pytest.mark.parametrize("bits", range(9, 16))
def test_compress_is_the_window_of_the_client(bits):
    assert deflate_offer(bits) == DeflateOffer(bits)


def test_what_else_is_wished_is_in_the_offer():
    offer = deflate_offer(
        12,
        server_max_window_bits=10,
        client_no_context_takeover=True,
        server_no_context_takeover=True,
    )
    assert offer == DeflateOffer(12, 10, True, True)


@pytest.mark.parametrize("compress", [-1, 1, 8, 16, True, 1.5, "15"])
def test_compress_must_be_0_or_9_to_15(compress):
    with pytest.raises(ValueError, match="must be 9 to 15"):
        deflate_offer(compress)


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "answer", "expected"),
    [
        (DeflateOffer(), "", DeflateParameters()),
        (DeflateOffer(), "; client_max_window_bits=9", DeflateParameters(9)),
        # The server may choose what the client could not offer.
        (DeflateOffer(), "; client_max_window_bits=8", DeflateParameters(8)),
        (DeflateOffer(), "; client_max_window_bits=15", DeflateParameters()),
        (DeflateOffer(), '; client_max_window_bits="10"', DeflateParameters(10)),
        (DeflateOffer(10), "", DeflateParameters(10)),
        (DeflateOffer(10), "; client_max_window_bits=9", DeflateParameters(9)),
        (DeflateOffer(10), "; client_max_window_bits=12", DeflateParameters(10)),
        # What concerns the server only, it may say without having been asked.
        (DeflateOffer(), "; server_max_window_bits=8", DeflateParameters(15, 8)),
        (DeflateOffer(None), "; server_max_window_bits=15", DeflateParameters()),
        (DeflateOffer(None, 10), "; server_max_window_bits=10", DeflateParameters(15, 10)),
        (DeflateOffer(None, 10), "; server_max_window_bits=9", DeflateParameters(15, 9)),
        (DeflateOffer(None, 15), "", DeflateParameters()),
        (DeflateOffer(), "; server_no_context_takeover", DeflateParameters(15, 15, False, True)),
        (DeflateOffer(), "; client_no_context_takeover", DeflateParameters(15, 15, True, False)),
        # What the client does anyhow needs no consent.
        (DeflateOffer(15, None, True), "", DeflateParameters(15, 15, True, False)),
        (
            DeflateOffer(15, None, False, True),
            "; server_no_context_takeover",
            DeflateParameters(15, 15, False, True),
        ),
        (
            DeflateOffer(12, 12, True, True),
            (
                "; server_no_context_takeover; client_max_window_bits=11"
                "; client_no_context_takeover; server_max_window_bits=10"
            ),
            DeflateParameters(11, 10, True, True),
        ),
    ],
)
def test_an_answer_to_the_offer_is_agreed(offer, answer, expected):
    assert agreed(offer, "permessage-deflate" + answer) == expected


@pytest.mark.parametrize("name", ["client_max_window_bits", "server_max_window_bits"])
@pytest.mark.parametrize(
    "value",
    [
        *["", "=7", "=16", "=0", "=1", "=08", "=015", "=+9", "=-9", "=9.0", "=0x9", "=1_0"],
        *['="\\09"', "=nine", "=99999999999999999999"],
    ],
)
def test_a_window_must_be_written_as_8_to_15(name, value):
    with pytest.raises(ValueError, match=rf"answered with {name} with .*, expected 8 to 15"):
        agreed(DeflateOffer(), f"permessage-deflate; {name}{value}")


@pytest.mark.parametrize("name", ["client_no_context_takeover", "server_no_context_takeover"])
@pytest.mark.parametrize("value", ["=1", "=true", '="x"'])
def test_a_parameter_without_value_must_not_have_one(name, value):
    with pytest.raises(ValueError, match=f"a value of {name}, which has none"):
        agreed(DeflateOffer(), f"permessage-deflate; {name}{value}")


@pytest.mark.parametrize(
    "answer",
    [
        "client_max_window_bits=10; client_max_window_bits=10",
        "server_max_window_bits=10; server_max_window_bits=11",
        "server_no_context_takeover; client_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
    ],
)
def test_a_repeated_parameter_is_refused(answer):
    with pytest.raises(ValueError, match="more than once"):
        agreed(DeflateOffer(), "permessage-deflate; " + answer)


@pytest.mark.parametrize(
    "name",
    ["x", "level", "mux", "Client_max_window_bits", "server_max_window_bit", "max_window_bits"],
)
def test_an_unknown_parameter_is_refused(name):
    with pytest.raises(ValueError, match=f"an unknown parameter: '{name}'"):
        agreed(DeflateOffer(), f"permessage-deflate; {name}=10")


def test_a_client_window_that_was_not_offered_is_refused():
    with pytest.raises(ValueError, match="client_max_window_bits, which was not offered"):
        agreed(DeflateOffer(None), "permessage-deflate; client_max_window_bits=15")


@pytest.mark.parametrize(("asked", "got"), [(8, 9), (10, 11), (14, 15)])
def test_a_server_window_larger_than_asked_for_is_refused(asked, got):
    with pytest.raises(ValueError, match=f"server_max_window_bits={got}: at most {asked}"):
        agreed(
            DeflateOffer(server_max_window_bits=asked),
            f"permessage-deflate; server_max_window_bits={got}",
        )


def test_a_server_that_does_not_promise_its_window_is_refused():
    with pytest.raises(ValueError, match="no server_max_window_bits: 10 was asked for"):
        agreed(DeflateOffer(server_max_window_bits=10), "permessage-deflate")


def test_a_server_that_does_not_promise_to_take_over_nothing_is_refused():
    with pytest.raises(ValueError, match="no server_no_context_takeover, which was asked for"):
        agreed(
            DeflateOffer(server_no_context_takeover=True),
            "permessage-deflate; client_no_context_takeover",
        )


@pytest.mark.parametrize(
    "answer",
    ["x" * 10_000, "server_max_window_bits=" + "9" * 10_000, "client_no_context_takeover="],
)
def test_a_refusal_shows_little_of_the_answer(answer):
    with pytest.raises(ValueError, match="permessage-deflate was answered with") as caught:
        DeflateOffer().agreed([tuple(answer.partition("=")[::2])])
    assert len(str(caught.value)) < 250
