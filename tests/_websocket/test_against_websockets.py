"""Handshake and compression with the `websockets` package as the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from aioclient._websocket.deflate import Deflater, Inflater
from aioclient._websocket.deflate_offer import DeflateOffer, DeflateParameters
from aioclient._websocket.handshake import HandshakeRefused, check_response, new_key, request_fields

pytest.importorskip("websockets")

from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

PARAMETERS = st.builds(
    DeflateParameters, st.integers(9, 15), st.integers(9, 15), st.booleans(), st.booleans()
)
MESSAGES = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.builds(bytes.__mul__, st.binary(min_size=1, max_size=9), st.integers(0, 9000)),
    ),
    max_size=5,
)


def server_extension(parameters):
    """The same agreement as the server has it."""
    return PerMessageDeflate(
        remote_no_context_takeover=parameters.client_no_context_takeover,
        local_no_context_takeover=parameters.server_no_context_takeover,
        remote_max_window_bits=parameters.client_max_window_bits,
        local_max_window_bits=parameters.server_max_window_bits,
    )


def handshake(protocols=(), offer=None, **options):
    """What comes of a handshake with a server that has these options."""
    key = new_key()
    server = ServerProtocol(**options)
    fields = request_fields(key, protocols, "https://example.com", offer)
    response = server.accept(Request("/", Headers([("Host", "example.com"), *fields])))
    headers = CIMultiDict(list(response.headers.raw_items()))
    return check_response(response.status_code, headers, key, protocols, offer), server


# --- handshake --------------------------------------------------------------------------------


def test_the_server_opens_a_websocket():
    agreed, _ = handshake()
    assert agreed == (None, None)


def test_the_server_chooses_a_protocol():
    agreed, _ = handshake(("superchat", "chat"), subprotocols=["chat", "other"])
    assert agreed.protocol == "chat"


def test_a_server_that_answers_no_is_refused():
    with pytest.raises(HandshakeRefused, match="status is 403"):
        handshake(origins=["https://example.org"])


OFFERS = st.builds(
    DeflateOffer,
    st.one_of(st.none(), st.integers(9, 15)),
    st.one_of(st.none(), st.integers(8, 15)),
    st.booleans(),
    st.booleans(),
)
FACTORIES = st.builds(
    ServerPerMessageDeflateFactory,
    server_no_context_takeover=st.booleans(),
    client_no_context_takeover=st.booleans(),
    server_max_window_bits=st.one_of(st.none(), st.integers(9, 15)),
    client_max_window_bits=st.one_of(st.none(), st.integers(9, 15)),
)


@given(OFFERS, FACTORIES, st.binary(max_size=200))
def test_what_is_agreed_is_what_the_server_agreed_to(offer, factory, message):
    agreed, server = handshake(offer=offer, extensions=[factory])
    assert bool(server.extensions) == (agreed.deflate is not None)
    for extension in server.extensions:
        deflater = Deflater(agreed.deflate)
        inflater = Inflater(agreed.deflate)
        for _ in range(3):
            frame = Frame(Opcode.BINARY, deflater.deflate(message), rsv1=True)
            assert extension.decode(frame).data == message
            assert inflater.inflate(extension.encode(Frame(Opcode.BINARY, message)).data) == message


# --- messages ---------------------------------------------------------------------------------


@given(PARAMETERS, MESSAGES, st.integers(-1, 9))
def test_the_server_reads_what_was_compressed(parameters, messages, level):
    deflater = Deflater(parameters, level)
    server = server_extension(parameters)
    for message in messages:
        frame = Frame(Opcode.BINARY, deflater.deflate(message), rsv1=True)
        assert server.decode(frame).data == message


@given(PARAMETERS, MESSAGES)
def test_what_the_server_compressed_is_read(parameters, messages):
    inflater = Inflater(parameters)
    server = server_extension(parameters)
    for message in messages:
        assert inflater.inflate(server.encode(Frame(Opcode.BINARY, message)).data) == message


@given(PARAMETERS, MESSAGES, st.booleans())
def test_the_server_reads_messages_in_fragments(parameters, messages, flush):
    deflater = Deflater(parameters)
    server = server_extension(parameters)
    for message in messages:
        pieces = [message[:50], message[50:100], message[100:]]
        coded = [*(deflater.piece(piece, flush=flush) for piece in pieces), deflater.finish()]
        read = b""
        for number, data in enumerate(coded):
            is_first, is_last = number == 0, number == len(coded) - 1
            opcode = Opcode.BINARY if is_first else Opcode.CONT
            read += server.decode(Frame(opcode, data, fin=is_last, rsv1=is_first)).data
        assert read == message


@given(PARAMETERS, MESSAGES)
def test_fragments_of_the_server_are_read(parameters, messages):
    inflater = Inflater(parameters)
    server = server_extension(parameters)
    for message in messages:
        begin = server.encode(Frame(Opcode.BINARY, message[:70], fin=False)).data
        end = server.encode(Frame(Opcode.CONT, message[70:], fin=True)).data
        read = inflater.piece(begin, 1_000_000) + inflater.piece(end, 1_000_000, is_last=True)
        assert not inflater.has_pending
        assert read == message
