"""Whether a server has proven that it knows the password, too (RFC 7616 section 3.5)."""

import pytest
from digest_case import PLAIN, REQUEST, answer, calculated, challenge_of

from aioclient._auth.challenge import parse_authentication_info
from aioclient._auth.digest import DigestChallenge, server_is_proven


def server_info(challenge, **changes):
    """Authentication-Info as a server makes it for `REQUEST`, by section 3.5."""
    parameters = {
        "username": REQUEST["login"],
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": REQUEST["uri"],
        "nc": "00000001",
        "cnonce": REQUEST["cnonce"],
        "qop": "auth",
    } | changes
    rspauth = calculated("MD5", parameters["qop"], parameters, "", REQUEST["password"], b"answer")
    return {"rspauth": rspauth} | {name: parameters[name] for name in ("qop", "nc", "cnonce")}


def is_proven(info, challenge=PLAIN, **changes):
    given = {name: value for name, value in REQUEST.items() if name != "method"}
    return server_is_proven(info, challenge, **given | changes)


def test_a_server_that_knows_the_password_is_proven():
    info = server_info(PLAIN)
    assert is_proven(info)
    assert is_proven(info | {"rspauth": info["rspauth"].upper()})
    field = ", ".join(f'{name}="{value}"' for name, value in info.items())
    assert is_proven(parse_authentication_info(field))


def test_a_count_may_be_in_any_case_of_letters():
    info = server_info(PLAIN, nc="000000ab")
    assert is_proven(info | {"nc": "000000AB"}, count=0xAB)


@pytest.mark.parametrize(
    ("info", "changes"),
    [
        ({"rspauth": ""}, {}),
        ({"rspauth": "0" * 32}, {}),
        ({"rspauth": "\u00e9"}, {}),
        ({"qop": "auth-int"}, {}),
        ({"nc": "00000002"}, {}),
        ({"cnonce": "d"}, {}),
        ({}, {"password": "another"}),
        ({}, {"login": "another"}),
        ({}, {"uri": "/another"}),
        ({}, {"count": 2}),
        ({}, {"cnonce": "d"}),
    ],
)
def test_a_proof_of_something_else_proves_nothing(info, changes):
    assert not is_proven(server_info(PLAIN) | info, **changes)


@pytest.mark.parametrize("name", ["rspauth", "qop", "nc", "cnonce"])
def test_a_proof_that_lacks_something_proves_nothing(name):
    info = server_info(PLAIN)
    del info[name]
    assert not is_proven(info)


def test_an_own_request_that_is_sent_back_proves_nothing():
    info = server_info(PLAIN) | {"rspauth": answer(PLAIN)["response"]}
    assert not is_proven(info)


def test_a_proof_for_another_request_proves_nothing():
    assert not is_proven(server_info(PLAIN, cnonce="old", nc="00000007"))


def test_a_proof_about_the_body_needs_the_body():
    both = DigestChallenge(realm="r", nonce="n", qop=frozenset({"auth", "auth-int"}))
    info = server_info(both, qop="auth-int")
    assert is_proven(info, both, body=b"answer")
    assert not is_proven(info, both, body=b"another")
    assert not is_proven(info, both)
    assert not is_proven(info, PLAIN, body=b"answer")  # which offered no such thing
    assert is_proven(server_info(both), both, body=b"answer")


def test_without_qop_nothing_is_proven():
    assert not is_proven(server_info(PLAIN), challenge_of("Digest realm=r, nonce=n"))
