"""The answer to a Digest challenge (RFC 7616, and the older RFC 2617 and RFC 2069)."""

import hashlib
import logging
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from digest_case import HASHES, PLAIN, REQUEST, answer, calculated, challenge_of
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Authorization

from aioclient._auth.challenge import parse_challenges
from aioclient._auth.digest import (
    MAX_COUNT,
    DigestChallenge,
    DigestRefused,
    digest_response,
    strongest_challenge,
)

ISOLATED = Path(__file__).parent.parent / "isolated"


def unquoted_in(value):
    """The names of parameters without quotes."""
    parts = value.removeprefix("Digest ").split(", ")
    return {part.partition("=")[0] for part in parts if not part.endswith('"')}


# --- the examples of the RFCs --------------------------------------------------------------------

RFC_7616_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
RFC_7616_OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
RFC_7616_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_7616_FIELDS = [
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    f'nonce="{RFC_7616_NONCE}", opaque="{RFC_7616_OPAQUE}"'
    for algorithm in ("SHA-256", "MD5")
]


@pytest.mark.parametrize(
    ("field", "algorithm", "response"),
    [
        (
            RFC_7616_FIELDS[0],
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (RFC_7616_FIELDS[1], "MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_example_of_rfc_7616_section_3_9_1(field, algorithm, response):
    assert answer(challenge_of(field), cnonce=RFC_7616_CNONCE) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": RFC_7616_NONCE,
        "nc": "00000001",
        "cnonce": RFC_7616_CNONCE,
        "qop": "auth",
        "response": response,
        "opaque": RFC_7616_OPAQUE,
    }


RFC_7616_USERHASH_FIELD = (
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
    'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
    'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash={}'
)
RFC_7616_USERHASH_ANSWER = {
    "realm": "api@example.org",
    "uri": "/doe.json",
    "algorithm": "SHA-512-256",
    "nonce": "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
    "nc": "00000001",
    "cnonce": "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    "qop": "auth",
    # The hashes of erratum 4897: those of the RFC's text are of SHA-512, cut.
    "response": "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
    "opaque": "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
}


@pytest.mark.parametrize(
    ("userhash", "login"),
    [
        (
            "true",
            {
                "username": "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
                "userhash": "true",
            },
        ),
        ("false", {"username*": "UTF-8''J%C3%A4s%C3%B8n%20Doe"}),
    ],
)
def test_example_of_rfc_7616_section_3_9_2(userhash, login):
    found = answer(
        challenge_of(RFC_7616_USERHASH_FIELD.format(userhash)),
        uri="/doe.json",
        login="J\u00e4s\u00f8n Doe",
        password="Secret, or not?",
        cnonce=RFC_7616_USERHASH_ANSWER["cnonce"],
    )
    assert found == RFC_7616_USERHASH_ANSWER | login


RFC_2617_NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
RFC_2617_OPAQUE = "5ccc069c403ebaf9f0171e9517f40e41"


def test_example_of_rfc_2617_section_3_5():
    challenge = challenge_of(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        f'nonce="{RFC_2617_NONCE}", opaque="{RFC_2617_OPAQUE}"'
    )
    assert answer(challenge, password="Circle Of Life", cnonce="0a4f113b") == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": RFC_2617_NONCE,
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "response": "6629fae49393a05397450978507c4ef1",
        "opaque": RFC_2617_OPAQUE,
    }


def test_example_of_rfc_2069_section_2_4():
    challenge = challenge_of(
        f'Digest realm="testrealm@host.com", nonce="{RFC_2617_NONCE}", opaque="{RFC_2617_OPAQUE}"'
    )
    assert answer(challenge, password="CircleOfLife") == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": RFC_2617_NONCE,
        "uri": "/dir/index.html",
        "response": "1949323746fe6a43ef61f9606e7febea",  # of erratum 749
        "opaque": RFC_2617_OPAQUE,
    }


# --- the calculation -----------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", "auth-int", None])
@pytest.mark.parametrize("is_session", [False, True])
@pytest.mark.parametrize("algorithm", HASHES)
def test_each_algorithm_with_each_qop(algorithm, is_session, qop):
    algorithm += "-sess" * is_session
    challenge = challenge_of(
        f'Digest realm="a \\"realm\\"", nonce="no\\\\nce", algorithm={algorithm}'
        + (f', qop="{qop}"' if qop else "")
    )
    found = answer(challenge, method="POST", cnonce='"', count=0xABC, body_digest_input=b"body")
    assert found.get("qop") == qop
    assert found.get("nc") == ("00000abc" if qop else None)
    assert found["realm"] == 'a "realm"'
    assert found["nonce"] == "no\\nce"
    assert found["response"] == calculated(
        algorithm, qop, found, "POST", REQUEST["password"], b"body"
    )


@pytest.mark.parametrize(
    "algorithm",
    ["MD5", "SHA-256", "SHA-512"],
)
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_a_server_of_others_accepts_the_answer(algorithm, qop):
    logging.getLogger("httpbin.core").setLevel(logging.ERROR)  # it misses an optional package
    from httpbin import app  # late: it takes long

    client = app.test_client()
    uri = f"/digest-auth/{qop}/me/a-secret/{algorithm}"
    fields = client.get(uri).headers.getlist("WWW-Authenticate")
    challenge = strongest_challenge(parse_challenges(fields))
    for password, status in (("a-secret", 200), ("another", 401)):
        value = digest_response(
            challenge,
            **REQUEST | {"uri": uri, "login": "me", "password": password},
            body_digest_input=b"",
        )
        assert client.get(uri, headers={"Authorization": value}).status_code == status


def answered_where_openssl_has(properties, folder):
    """Which of five algorithms are answered, or why not, in a process of its own."""
    ended = subprocess.run(
        [sys.executable, ISOLATED / "digest_without_some_hashes.py", folder, properties],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    if ended.stdout == "all hashes are there\n":
        pytest.skip("OpenSSL cannot be told what to have")
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def test_in_fips_mode_all_algorithms_are_answered(tmp_path):
    # It gives some hashes only to who says that they are not for security.
    expected = ["MD5", "SHA", "SHA-256", "SHA-512", "SHA-512-256"]
    assert answered_where_openssl_has("fips=yes", tmp_path) == expected


def test_an_algorithm_whose_hash_is_nowhere_is_refused(tmp_path):
    # Python itself may have the others.
    *_, last = answered_where_openssl_has("provider=none", tmp_path)
    assert last == "Digest algorithm 'SHA-512-256' is not available here"


def test_the_bytes_of_a_challenge_are_hashed_and_sent_as_they_came():
    challenge = challenge_of('Digest realm="caf\udce9", nonce="\u00e9", qop=auth')
    value = digest_response(challenge, **REQUEST)
    assert 'realm="caf\udce9", nonce="\u00e9"' in value
    first = hashlib.md5(b"Mufasa:caf\xe9:Circle of Life").hexdigest()
    second = hashlib.md5(b"GET:/dir/index.html").hexdigest()
    middle = f"{first}:\u00e9:00000001:c:auth:{second}"
    assert hashlib.md5(middle.encode()).hexdigest() in value


# --- what is sent --------------------------------------------------------------------------------


def test_what_must_not_be_quoted_is_not_and_the_rest_is():
    # RFC 7616 section 3.4
    challenge = challenge_of(
        "Digest realm=r, nonce=n, opaque=o, qop=auth, algorithm=MD5, userhash=true"
    )
    value = digest_response(challenge, **REQUEST)
    assert unquoted_in(value) == {"algorithm", "qop", "nc", "userhash"}


def test_the_algorithm_is_sent_as_the_server_wrote_it_and_only_if_it_did():
    assert answer(challenge_of("Digest realm=r, nonce=n, algorithm=mD5"))["algorithm"] == "mD5"
    assert "algorithm" not in answer(challenge_of("Digest realm=r, nonce=n"))


@pytest.mark.parametrize("opaque", ["", "x"])
def test_an_opaque_value_goes_back_also_if_it_is_empty(opaque):
    assert answer(challenge_of(f'Digest realm=r, nonce=n, opaque="{opaque}"'))["opaque"] == opaque


def test_without_opaque_none_is_sent():
    assert "opaque" not in answer(PLAIN)


@pytest.mark.parametrize(
    ("qop", "body", "chosen"),
    [
        ("auth", None, "auth"),
        ("auth", b"", "auth"),
        ("auth,auth-int", None, "auth"),
        ("auth,auth-int", b"", "auth-int"),
        ("auth-int", b"", "auth-int"),
        ("AUTH , Auth-Int", b"", "auth-int"),
        ("unknown, auth", b"", "auth"),
        (",", b"", None),
    ],
)
def test_the_body_is_protected_if_it_is_given_and_the_server_offers_that(qop, body, chosen):
    challenge = challenge_of(f'Digest realm=r, nonce=n, qop="{qop}"')
    assert answer(challenge, body_digest_input=body).get("qop") == chosen


def test_a_challenge_that_needs_the_body_says_so():
    challenge = challenge_of("Digest realm=r, nonce=n, qop=auth-int")
    assert challenge.needs_body
    assert not PLAIN.needs_body
    with pytest.raises(DigestRefused, match="only auth-int"):
        answer(challenge)


def test_without_qop_a_cnonce_is_sent_only_if_the_algorithm_needs_it():
    assert "cnonce" not in answer(challenge_of("Digest realm=r, nonce=n"))
    session = answer(challenge_of("Digest realm=r, nonce=n, algorithm=MD5-sess"))
    assert session["cnonce"] == "c"
    assert "nc" not in session


@pytest.mark.parametrize(
    ("login", "charset", "expected"),
    [
        ("me", "", 'username="me"'),
        ("me", "charset=UTF-8", 'username="me"'),
        ('m"e\\', "charset=UTF-8", 'username="m\\"e\\\\"'),
        ("J\u00e4s\u00f8n", "", 'username="J\u00e4s\u00f8n"'),  # what older servers expect
        ("J\u00e4s\u00f8n", "charset=latin-1", 'username="J\u00e4s\u00f8n"'),
        ("J\u00e4s\u00f8n", "charset=utf-8", "username*=UTF-8''J%C3%A4s%C3%B8n"),
        ("Ja\u0308s\u00f8n", "charset=UTF-8", "username*=UTF-8''J%C3%A4s%C3%B8n"),  # NFC
        ("Ja\u0308s\u00f8n", "", 'username="Ja\u0308s\u00f8n"'),
        ("a\r\nb\x7f", "charset=UTF-8", "username*=UTF-8''a%0D%0Ab%7F"),
        ("\u00e4 a-z!#$&+.^_`|~", "charset=UTF-8", "username*=UTF-8''%C3%A4%20a-z!#$&+.^_`|~"),
        ("\u00e4%'*()\"/,", "charset=UTF-8", "username*=UTF-8''%C3%A4%25%27%2A%28%29%22%2F%2C"),
    ],
)
def test_a_login_is_written_so_that_the_server_understands_it(login, charset, expected):
    challenge = challenge_of(f"Digest realm=r, nonce=n, {charset}")
    value = digest_response(challenge, **REQUEST | {"login": login})
    assert value.startswith(f"Digest {expected}, realm=")


@pytest.mark.parametrize("charset", ["UTF-8", "none"])
def test_a_password_is_hashed_in_the_form_that_the_server_asks_for(charset):
    challenge = challenge_of(f"Digest realm=r, nonce=n, charset={charset}, qop=auth")
    found = answer(challenge, password="a\u0308")
    password = unicodedata.normalize("NFC", "a\u0308") if charset == "UTF-8" else "a\u0308"
    assert found["response"] == calculated("MD5", "auth", found, "GET", password)


@pytest.mark.parametrize("count", [1, 0xFF, MAX_COUNT])
def test_a_count_has_eight_digits(count):
    assert answer(PLAIN, count=count)["nc"] == f"{count:08x}"
    assert len(answer(PLAIN, count=count)["nc"]) == 8


@pytest.mark.parametrize("count", [-1, 0, MAX_COUNT + 1])
def test_a_count_that_has_not_is_refused(count):
    with pytest.raises(ValueError, match="count of a nonce must be 1 to 4294967295"):
        answer(PLAIN, count=count)


QUOTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from('\t",=\\ '),
    max_size=20,
)


@given(QUOTABLE, QUOTABLE, QUOTABLE, QUOTABLE.map(lambda text: text.replace(":", "")))
def test_what_is_quoted_is_read_again_by_anybody(realm, nonce, cnonce, login):
    challenge = DigestChallenge(realm=realm, nonce=nonce, opaque=nonce, qop=frozenset({"auth"}))
    expected = {"username": login, "realm": realm, "nonce": nonce, "opaque": nonce}
    found = answer(challenge, cnonce=cnonce, login=login)
    assert found.items() >= (expected | {"cnonce": cnonce}).items()
    value = digest_response(challenge, **REQUEST | {"cnonce": cnonce, "login": login})
    read = Authorization.from_header(value)
    assert read.parameters.items() >= (expected | {"cnonce": cnonce}).items()


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"login": "a-login:"}, "must not contain"),
        ({"login": "a-login\n"}, "a login for Digest authentication has control characters"),
        ({"login": "a-login\x00"}, "control characters"),
        ({"login": "a-login\ud800"}, "cannot be encoded"),
        ({"password": "a-secret\ud800"}, "cannot be encoded"),
        ({"cnonce": "a-secret\r"}, "control characters"),
        ({"uri": "/a-secret\n"}, "control characters"),
        ({"count": 0}, "count"),
    ],
)
def test_errors_do_not_show_credentials(changes, message):
    with pytest.raises(ValueError, match=message) as raised:
        answer(PLAIN, **{"login": "a-login", "password": "a-secret"} | changes)
    error = raised.value
    assert error.__context__ is None  # Python's own have what was to be encoded
    assert "a-login" not in repr(error)
    assert "a-secret" not in repr(error)


def test_a_hashed_login_may_have_any_characters():
    found = answer(challenge_of("Digest realm=r, nonce=n, userhash=true"), login="a\nb")
    assert found["username"] == hashlib.md5(b"a\nb:r").hexdigest()
