"""What is said to a proxy that asks for Digest, without one."""

import copy
import pickle
import re

import pytest

from aioclient import ProxyDigestAuth
from aioclient._auth.challenge import parse_challenges
from aioclient._auth.digest import strongest_challenge

PROXY = ("http", "proxy.example", 3128)
ASKED = ("CONNECT", "a.example:443")


def challenge(nonce="n", qop="auth", more=""):
    fields = [f'Digest realm="r", nonce="{nonce}", qop="{qop}", algorithm=SHA-256{more}']
    return strongest_challenge(parse_challenges(fields))


def use(field):
    """Nonce and count of an answer."""
    return re.search(r'nonce="(\w+)"', field)[1], int(re.search(r"nc=(\w+)", field)[1], 16)


def proven(auth, proxy=PROXY, nonce="n"):
    """Let a proxy take an answer."""
    answers = auth.answers(proxy)
    assert answers.challenged(challenge(nonce))
    assert answers.field(*ASKED) is not None
    answers.accepted()


# --- the login -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "password", "error"),
    [
        (b"me", "secret", TypeError),
        ("me", None, TypeError),
        ("m:e", "secret", ValueError),
        ("m\ne", "secret", ValueError),
        ("m\x7fe", "secret", ValueError),
        ("\ud800", "secret", ValueError),
        ("me", "secret\udfff", ValueError),
    ],
)
def test_what_cannot_be_sent_is_refused_without_a_word_of_it(login, password, error):
    with pytest.raises(error) as caught:
        ProxyDigestAuth(login, password)
    assert "secret" not in str(caught.value)


def test_a_password_may_be_empty_and_have_colons():
    for password in ("", "a:b"):
        ProxyDigestAuth("me", password)


def test_equal_logins_are_equal():
    one, same = ProxyDigestAuth("me", "secret"), ProxyDigestAuth("me", "secret")
    assert one == same
    assert hash(one) == hash(same)
    assert one not in (ProxyDigestAuth("me", "other"), ProxyDigestAuth("you", "secret"))
    assert one != ("me", "secret")


def test_what_a_proxy_said_makes_no_difference():
    one = ProxyDigestAuth("me", "secret")
    before = hash(one)
    proven(one)
    assert one == ProxyDigestAuth("me", "secret")
    assert hash(one) == before


def test_it_shows_neither_login_nor_password():
    shown = repr(ProxyDigestAuth("my-name", "secret"))
    assert "my-name" not in shown
    assert "secret" not in shown


@pytest.mark.parametrize("transfer", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_cannot_be_copied_or_pickled(transfer):
    with pytest.raises(TypeError, match="secret") as caught:
        transfer(ProxyDigestAuth("me", "xyzzy"))
    assert "xyzzy" not in str(caught.value)


# --- what is said --------------------------------------------------------------------------------


def test_nothing_is_said_before_the_proxy_asks():
    answers = ProxyDigestAuth("me", "secret").answers(PROXY)
    assert answers.field(*ASKED) is None
    assert not answers.needs_body


def test_a_challenge_is_answered_for_what_is_asked():
    answers = ProxyDigestAuth("me", "secret").answers(PROXY)
    assert answers.challenged(challenge())
    field = answers.field(*ASKED)
    assert field.startswith('Digest username="me", realm="r", nonce="n", uri="a.example:443", ')
    assert "secret" not in field


def test_every_answer_has_a_count_of_its_own():
    auth = ProxyDigestAuth("me", "secret")
    proven(auth)
    answers = [auth.answers(PROXY) for _ in range(3)]
    assert [use(each.field(*ASKED)) for each in answers] == [("n", 2), ("n", 3), ("n", 4)]


def test_an_answer_that_was_not_taken_yet_is_not_given_in_advance():
    auth = ProxyDigestAuth("me", "secret")
    first = auth.answers(PROXY)
    first.challenged(challenge())
    assert first.field(*ASKED) is not None
    assert auth.answers(PROXY).field(*ASKED) is None


def test_requests_that_are_given_the_same_nonce_count_together():
    auth = ProxyDigestAuth("me", "secret")
    both = [auth.answers(PROXY), auth.answers(PROXY)]
    for each in both:
        each.challenged(challenge())
    assert [use(each.field(*ASKED)) for each in both] == [("n", 1), ("n", 2)]


@pytest.mark.parametrize(
    "other", [("https", *PROXY[1:]), ("http", "other.example", 3128), ("http", PROXY[1], 3129)]
)
def test_another_proxy_is_told_nothing_of_a_challenge(other):
    auth = ProxyDigestAuth("me", "secret")
    proven(auth)
    assert auth.answers(other).field(*ASKED) is None
    assert auth.answers(PROXY).field(*ASKED) is not None


def test_of_many_proxies_those_are_known_that_were_used_last():
    auth = ProxyDigestAuth("me", "secret")
    for port in range(1, 17):
        proven(auth, ("http", "proxy.example", port))
    auth.answers(("http", "proxy.example", 1))
    auth.answers(("http", "proxy.example", 17))
    known = [
        port
        for port in (1, 3, 2)
        if auth.answers(("http", "proxy.example", port)).field(*ASKED) is not None
    ]
    assert known == [1, 3]


# --- how often -----------------------------------------------------------------------------------


def test_what_cannot_be_answered_is_not():
    assert not ProxyDigestAuth("me", "secret").answers(PROXY).challenged(None)


@pytest.mark.parametrize("nonce", ["n", "other"])
def test_an_answer_that_is_refused_is_the_last_one(nonce):
    answers = ProxyDigestAuth("me", "secret").answers(PROXY)
    assert answers.challenged(challenge())
    answers.field(*ASKED)
    assert not answers.challenged(challenge(nonce))


def test_an_answer_in_advance_that_is_refused_with_another_nonce_is_followed_by_one():
    auth = ProxyDigestAuth("me", "secret")
    proven(auth)
    answers = auth.answers(PROXY)
    answers.field(*ASKED)
    assert answers.challenged(challenge("other"))
    assert use(answers.field(*ASKED)) == ("other", 1)
    assert not answers.challenged(challenge("third"))


def test_a_nonce_that_was_too_old_is_replaced_but_not_for_ever():
    answers = ProxyDigestAuth("me", "secret").answers(PROXY)
    tries = 0
    while answers.challenged(challenge(f"n{tries}", more=", stale=true")):
        answers.field(*ASKED)
        tries += 1
    assert tries == 2


def test_after_a_refusal_nothing_is_said_in_advance():
    auth = ProxyDigestAuth("me", "secret")
    proven(auth)
    refused = auth.answers(PROXY)
    refused.field(*ASKED)
    assert not refused.challenged(challenge())
    assert auth.answers(PROXY).field(*ASKED) is None


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ([], ("n", 2)),
        (['nextnonce="m"'], ("m", 1)),
        (["qop=auth", 'nextnonce="m"'], ("m", 1)),
        (['nextnonce="m", nextnonce="o"'], ("n", 2)),
    ],
)
def test_what_the_proxy_says_at_last_is_for_the_next_request(info, expected):
    auth = ProxyDigestAuth("me", "secret")
    answers = auth.answers(PROXY)
    answers.challenged(challenge())
    answers.field(*ASKED)
    answers.accepted(info)
    assert use(auth.answers(PROXY).field(*ASKED)) == expected


def test_an_answer_that_was_postponed_is_for_one_request():
    auth = ProxyDigestAuth("me", "secret")
    first = auth.answers(PROXY)
    first.challenged(challenge())
    first.postpone()
    assert use(auth.answers(PROXY).field(*ASKED)) == ("n", 1)
    assert auth.answers(PROXY).field(*ASKED) is None


# --- the body ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("qop", "body", "expected"),
    [
        ("auth", b"body", "auth"),
        ("auth-int", b"", "auth-int"),
        ("auth-int", b"body", "auth-int"),
        ("auth-int", None, None),
        ("auth,auth-int", b"body", "auth-int"),
        ("auth,auth-int", None, "auth"),
    ],
)
def test_the_body_is_protected_where_it_can_be(qop, body, expected):
    answers = ProxyDigestAuth("me", "secret").answers(PROXY)
    answers.challenged(challenge(qop=qop))
    assert answers.needs_body == ("auth-int" in qop)
    field = answers.field("POST", "http://a.example/", body)
    assert (field and re.search(r"qop=([\w-]+)", field)[1]) == expected
