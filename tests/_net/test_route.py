"""Routes: what decides whether a connection may be shared."""

import copy
import pickle
import ssl

import pytest

from aioclient._net.route import Fingerprint, Route, check_tls_wish

PLAIN = Route("example.com", 80, False, True)


def test_equal_routes_are_one_key() -> None:
    assert hash(PLAIN) == hash(Route("example.com", 80, False, True))
    assert Route("example.com", 80, False, True) == PLAIN


@pytest.mark.parametrize(
    "other",
    [
        PLAIN._replace(host="example.org"),
        PLAIN._replace(port=81),
        PLAIN._replace(is_ssl=True),
        PLAIN._replace(ssl=False),
        PLAIN._replace(ssl=Fingerprint(bytes(32))),
        PLAIN._replace(server_hostname="example.com"),
        PLAIN._replace(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
    ],
)
def test_every_input_of_a_handshake_makes_another_route(other: Route) -> None:
    assert other != PLAIN


def test_two_contexts_make_two_routes() -> None:
    one, two = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
    assert PLAIN._replace(ssl=one) != PLAIN._replace(ssl=two)


def test_fingerprints_are_equal_if_their_digests_are() -> None:
    one, two = Fingerprint(b"1" * 32), Fingerprint(b"2" * 32)
    assert one == Fingerprint(b"1" * 32) != two
    assert len({one, two, Fingerprint(b"2" * 32)}) == 2
    assert one != b"1" * 32


def test_fingerprints_of_several_digests_are_equal_in_any_order() -> None:
    one, two = b"1" * 32, b"2" * 32
    assert Fingerprint(one, two) == Fingerprint(two, one) != Fingerprint(one)
    assert hash(Fingerprint(one, two)) == hash(Fingerprint(two, one))
    assert Fingerprint(one, two).fingerprint == one
    assert Fingerprint(one, two).fingerprints == (one, two)


def test_a_fingerprint_that_verifies_besides_is_another() -> None:
    assert Fingerprint(b"1" * 32, verify=True) != Fingerprint(b"1" * 32)
    assert Fingerprint(b"1" * 32, verify=True).verify is True


@pytest.mark.parametrize(
    "given", [Fingerprint(b"1" * 32), Fingerprint(b"1" * 32, b"2" * 32, verify=True)]
)
def test_a_fingerprint_can_be_pickled(given: Fingerprint) -> None:
    assert pickle.loads(pickle.dumps(given)) == given
    assert copy.copy(given) == given
    assert (b"1" * 32).hex() in repr(given)


@pytest.mark.parametrize("size", [0, 16, 20, 31, 33])
def test_one_of_several_digests_with_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Fingerprint(bytes(32), bytes(size))


@pytest.mark.parametrize("size", [0, 16, 20, 31, 33])
def test_digest_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Fingerprint(bytes(size))


def test_digest_as_text_is_refused() -> None:
    with pytest.raises(TypeError, match="fingerprint must be bytes"):
        Fingerprint("0" * 32)  # type: ignore[arg-type]


@pytest.mark.parametrize("wish", [True, False, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)])
def test_a_tls_wish_is_a_bool_or_a_context(wish: bool | ssl.SSLContext) -> None:
    check_tls_wish(wish)


@pytest.mark.parametrize("wish", [None, 0, 1, "yes", object()])
def test_anything_else_is_a_type_error(wish: object) -> None:
    with pytest.raises(TypeError, match="ssl must be"):
        check_tls_wish(wish)  # type: ignore[arg-type]
