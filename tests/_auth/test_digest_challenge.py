"""Digest challenges: what they say, which is answered, and the nonces after the first."""

import pytest
from digest_case import PLAIN, REQUEST, answer, calculated, challenge_of

from aioclient._auth.challenge import parse_challenges
from aioclient._auth.digest import DigestChallenge, DigestRefused, strongest_challenge


def test_what_a_challenge_says():
    assert challenge_of(
        'Digest realm="r", nonce="n", opaque="o", algorithm=sha-256-SESS, qop="auth", '
        'stale=TRUE, userhash=True, charset=utf-8, domain="/a  https://b.example/", new=1'
    ) == DigestChallenge(
        realm="r",
        nonce="n",
        opaque="o",
        algorithm="sha-256-SESS",
        qop=frozenset({"auth"}),
        stale=True,
        userhash=True,
        is_utf8=True,
        domain=("/a", "https://b.example/"),
    )
    plain = challenge_of("Digest realm=r, nonce=n, stale=yes, userhash=1, charset=x, domain=''")
    assert (plain.stale, plain.userhash, plain.is_utf8) == (False, False, False)


@pytest.mark.parametrize(("name", "other"), [("SHA-256", "SHA256"), ("SHA-512", "SHA512")])
def test_an_algorithm_may_be_written_without_its_hyphen(name, other):
    found, same = (
        answer(challenge_of(f"Digest realm=r, nonce=n, algorithm={algorithm}"))
        for algorithm in (name, other)
    )
    assert same == found | {"algorithm": other}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Basic realm=r", "not a Digest challenge, but 'basic'"),
        ("Digest", "has no realm"),
        ("Digest t68", "has no realm"),
        ("Digest nonce=n", "has no realm"),
        ("Digest realm=r", "has no nonce"),
        ("Digest realm=r, nonce=n, algorithm=SHA-3", "algorithm 'SHA-3' is not known"),
        ('Digest realm=r, nonce=n, algorithm=""', "algorithm '' is not known"),
        ("Digest realm=r, nonce=n, algorithm=-sess", "algorithm '-sess' is not known"),
        ("Digest realm=r, nonce=n, algorithm=MD5-sess-sess", "is not known"),
        # In upper case it is "SHA", but whoever gets it back would not see that.
        ('Digest realm=r, nonce=n, algorithm="\u017fHA"', "is not known"),
        ("Digest realm=r, nonce=n, qop=auth-conf", "qop 'auth-conf' is not known"),
    ],
)
def test_a_challenge_that_cannot_be_answered_is_refused(value, message):
    with pytest.raises(DigestRefused, match=message):
        challenge_of(value)


def test_long_values_are_cut_in_errors():
    with pytest.raises(DigestRefused) as raised:
        challenge_of(f"Digest realm=r, nonce=n, algorithm={'x' * 5000}")
    assert len(str(raised.value)) < 100


BY_STRENGTH = ["SHA-512-256", "SHA-256", "SHA-512", "SHA", "MD5"]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("suffix", ["", "-sess"])
@pytest.mark.parametrize("strongest", range(len(BY_STRENGTH)))
def test_the_strongest_challenge_is_chosen_in_any_order(strongest, suffix, is_reversed):
    names = BY_STRENGTH[strongest:]
    fields = [f"Digest realm=r, nonce=n, algorithm={name}{suffix}" for name in names]
    if is_reversed:
        fields.reverse()
    chosen = strongest_challenge(parse_challenges(fields))
    assert chosen.algorithm == names[0] + suffix


def test_of_challenges_that_are_as_strong_the_first_is_chosen():
    fields = [
        "Basic realm=b",
        "Digest realm=unknown, nonce=n, algorithm=SHA-3",
        "Digest realm=1, nonce=n, algorithm=MD5-sess",
        "Digest realm=2, nonce=n",
        "Digest realm=3, nonce=n, algorithm=MD5",
    ]
    assert strongest_challenge(parse_challenges(fields)).realm == "1"
    assert strongest_challenge(parse_challenges(fields[3:])).realm == "2"
    assert strongest_challenge(parse_challenges(fields[:2])) is None
    assert strongest_challenge([]) is None


# --- later nonces ---------------------------------------------------------------------------------


def test_the_next_nonce_is_used():
    later = PLAIN.with_next_nonce({"nextnonce": "m", "qop": "auth"})
    found = answer(later)
    assert found["nonce"] == "m"
    assert found["response"] == calculated("MD5", "auth", found, "GET", REQUEST["password"])


@pytest.mark.parametrize("info", [{}, {"nextnonce": ""}, {"nextnonce": "n"}, {"nonce": "m"}])
def test_without_a_next_nonce_the_challenge_stays(info):
    assert PLAIN.with_next_nonce(info) is PLAIN


def test_the_key_of_a_session_is_made_with_its_first_nonce():
    # RFC 7616 section 3.4.2
    challenge = challenge_of("Digest realm=r, nonce=first, algorithm=MD5-sess, qop=auth")
    for nonce in ("second", "third"):
        challenge = challenge.with_next_nonce({"nextnonce": nonce})
        found = answer(challenge)
        assert found["nonce"] == nonce
        assert found["response"] == calculated(
            "MD5-sess", "auth", found, "GET", REQUEST["password"], first_nonce=b"first"
        )


def test_a_challenge_keeps_no_credentials():
    challenge = challenge_of("Digest realm=r, nonce=n")
    before = repr(challenge)
    answer(challenge)
    assert repr(challenge) == before


def test_without_the_body_a_challenge_that_needs_it_is_not_chosen():
    fields = ["Digest realm=1, nonce=n, qop=auth-int, algorithm=SHA-256", "Digest realm=2, nonce=n"]
    challenges = parse_challenges(fields)
    assert strongest_challenge(challenges).realm == "1"
    assert strongest_challenge(challenges, has_body=False).realm == "2"
    assert strongest_challenge(challenges[:1], has_body=False) is None
