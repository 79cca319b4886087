"""Which challenges are kept, for which requests, and what their nonces are counted to."""

from dataclasses import replace

import pytest
from digest_case import PLAIN

from aioclient._auth.digest import MAX_COUNT
from aioclient._auth.digest_session import MAX_KEPT_CHARACTERS, MAX_SESSIONS
from aioclient._message.client_request import Origin
from aioclient._middlewares.protection_spaces import (
    MAX_SPACES,
    MAX_URIS,
    ProtectionSpaces,
)

HERE = Origin("https", "a.example", 443)
THERE = Origin("https", "b.example", 443)


def accepted(spaces, **changes):
    """The session of a challenge whose answer a server has taken."""
    session = spaces.enter(HERE, replace(PLAIN, **changes), ())
    session.space.accept(session, {})
    return session


def entered(*domain, trusted=()):
    spaces = ProtectionSpaces()
    session = spaces.enter(HERE, replace(PLAIN, domain=domain), trusted)
    session.space.accept(session, {})
    return spaces


@pytest.mark.parametrize(
    ("domain", "path", "is_in"),
    [
        ([], "/", True),
        ([], "/a?b", True),
        (["/"], "/a", True),
        (["/a"], "/a", True),
        (["/a"], "/a/b", True),
        (["/a"], "/a?b", True),
        (["/a"], "/ab", False),
        (["/a"], "/", False),
        (["/a/"], "/a/b", True),
        (["/a/"], "/a", False),
        (["/a?b"], "/a?bc", False),
        (["/a", "/b"], "/b", True),
        (["/%61"], "/a", True),
        (["https://a.example"], "/a", True),
        (["https://a.example/a"], "/a", True),
        (["HTTPS://A.EXAMPLE:443/a"], "/a", True),
        (["https://a.example/a"], "/b", False),
        (["http://a.example/"], "/", False),
        (["https://a.example:444/"], "/", False),
        (["https://b.example/"], "/", False),
        (["//a.example/"], "/", False),
        (["a"], "/a", False),
        (["ftp://a.example/", "https://[", "https://a.example:0/", "/a"], "/a", True),
    ],
)
def test_a_domain_says_which_requests_are_answered_for_in_advance(domain, path, is_in):
    assert (entered(*domain).take(HERE, path) is not None) is is_in


def test_a_space_is_of_one_origin():
    assert entered().take(THERE, "/") is None


def test_uris_of_another_origin_count_if_that_is_trusted():
    domain = ("https://a.example/", "https://b.example/b")
    assert entered(*domain).take(THERE, "/b") is None
    spaces = entered(*domain, trusted=[THERE])
    assert spaces.take(THERE, "/b") is spaces.take(HERE, "/") is not None
    assert spaces.take(THERE, "/") is None


def test_the_most_specific_space_is_found_and_of_several_the_latest():
    spaces = ProtectionSpaces()
    for realm, domain in ("inner", ("/a/b", "/")), ("outer", ("/a",)), ("all", ()):
        accepted(spaces, realm=realm, domain=domain)
    paths = "/a/b/c", "/a/c", "/c"
    assert [spaces.take(HERE, path).challenge.realm for path in paths] == ["inner", "outer", "all"]


def test_only_so_many_uris_of_a_domain_count():
    spaces = entered(*(f"/{number}" for number in range(MAX_URIS + 1)))
    assert spaces.take(HERE, f"/{MAX_URIS - 1}")
    assert spaces.take(HERE, f"/{MAX_URIS}") is None


def test_a_new_challenge_says_anew_what_belongs_to_the_space():
    spaces = entered("/a")
    accepted(spaces, nonce="m")
    assert spaces.take(HERE, "/b").challenge.nonce == "m"


def test_a_session_is_for_whoever_was_challenged_until_it_is_proven():
    spaces = ProtectionSpaces()
    first = accepted(spaces)
    second = spaces.enter(HERE, replace(PLAIN, nonce="m"), ())
    assert spaces.take(HERE, "/") is first
    second.space.accept(second, {})
    assert spaces.take(HERE, "/") is second
    first.space.accept(first, {"nextnonce": "l"})
    assert spaces.take(HERE, "/") is second


def test_a_nonce_that_comes_again_is_counted_on_with_the_same_cnonce():
    spaces = ProtectionSpaces()
    first = accepted(spaces)
    counts = [first.next_count()]
    spaces.enter(HERE, replace(PLAIN, nonce="m"), ())
    again = spaces.enter(HERE, replace(PLAIN, opaque="o"), ())
    counts.append(again.next_count())
    assert (counts, again.cnonce, again.challenge.opaque) == ([1, 2], first.cnonce, "o")


def test_sessions_have_different_cnonces():
    spaces = ProtectionSpaces()
    sessions = [spaces.enter(HERE, replace(PLAIN, nonce=nonce), ()) for nonce in "mn"]
    assert sessions[0].cnonce != sessions[1].cnonce
    assert len(sessions[0].cnonce) == 32


def test_after_a_refusal_nothing_is_answered_in_advance_but_counted_on():
    spaces = ProtectionSpaces()
    session = accepted(spaces)
    session.next_count()
    session.space.refuse()
    assert spaces.take(HERE, "/") is None
    assert spaces.enter(HERE, PLAIN, ()).next_count() == 2


def test_a_nonce_that_cannot_be_counted_any_further_is_not_used_any_more():
    spaces = ProtectionSpaces()
    session = accepted(spaces)
    session.count = MAX_COUNT - 1
    assert spaces.take(HERE, "/").next_count() == MAX_COUNT
    assert spaces.take(HERE, "/") is None
    assert spaces.enter(HERE, PLAIN, ()).next_count() == 1


def test_the_next_nonce_is_counted_from_one_with_the_same_cnonce():
    spaces = ProtectionSpaces()
    session = spaces.enter(HERE, PLAIN, ())
    session.next_count()
    session.space.accept(session, {"nextnonce": "m"})
    following = spaces.take(HERE, "/")
    assert (following.challenge.nonce, following.challenge.first_nonce) == ("m", PLAIN.nonce)
    assert (following.cnonce, following.next_count()) == (session.cnonce, 1)


@pytest.mark.parametrize("info", [{}, {"nextnonce": ""}, {"nextnonce": PLAIN.nonce}])
def test_no_next_nonce_changes_nothing(info):
    spaces = ProtectionSpaces()
    session = spaces.enter(HERE, PLAIN, ())
    session.space.accept(session, info)
    assert spaces.take(HERE, "/") is session


def test_a_next_nonce_is_for_one_request_until_it_is_proven():
    spaces = ProtectionSpaces()
    session = accepted(spaces)
    session.space.accept(session, {"nextnonce": "m"})
    following = spaces.take(HERE, "/")
    assert (following.challenge.nonce, spaces.take(HERE, "/")) == ("m", None)
    following.space.accept(following, {})
    assert spaces.take(HERE, "/") is spaces.take(HERE, "/") is following


def test_of_the_next_nonces_of_requests_at_the_same_time_the_first_is_taken():
    spaces = ProtectionSpaces()
    session = spaces.enter(HERE, PLAIN, ())
    for nonce in "ml":
        session.space.accept(session, {"nextnonce": nonce})
    assert spaces.take(HERE, "/").challenge.nonce == "m"


def test_a_next_nonce_that_was_there_before_is_counted_on():
    spaces = ProtectionSpaces()
    accepted(spaces).next_count()
    second = accepted(spaces, nonce="m")
    second.space.accept(second, {"nextnonce": PLAIN.nonce})
    assert spaces.take(HERE, "/").next_count() == 2


def test_only_so_many_spaces_are_kept():
    spaces = ProtectionSpaces()
    for number in range(MAX_SPACES + 1):
        uri = f"/{number}"
        accepted(spaces, realm=uri, domain=(uri,))
    found = [spaces.take(HERE, f"/{number}") is not None for number in range(MAX_SPACES + 1)]
    assert found == [False] + [True] * MAX_SPACES


def test_only_so_many_sessions_are_kept():
    spaces = ProtectionSpaces()
    for number in range(MAX_SESSIONS + 1):
        spaces.enter(HERE, replace(PLAIN, nonce=str(number)), ()).next_count()
    counts = [
        spaces.enter(HERE, replace(PLAIN, nonce=str(number)), ()).next_count() for number in (1, 0)
    ]
    assert counts == [2, 1]


@pytest.mark.parametrize(("more", "is_kept"), [(0, True), (1, False)])
def test_what_is_too_long_is_answered_but_not_kept(more, is_kept):
    spaces = ProtectionSpaces()
    nonce = "n" * (MAX_KEPT_CHARACTERS - 2 + more)
    session = accepted(spaces, realm="r", nonce=nonce, opaque="o")
    assert session.next_count() == 1
    assert (spaces.take(HERE, "/") is session) is is_kept


@pytest.mark.parametrize(("more", "is_kept"), [(0, True), (1, False)])
def test_a_next_nonce_that_is_too_long_is_not_kept(more, is_kept):
    spaces = ProtectionSpaces()
    session = spaces.enter(HERE, PLAIN, ())
    nonce = "n" * (MAX_KEPT_CHARACTERS + more)
    session.space.accept(session, {"nextnonce": nonce})
    assert (spaces.take(HERE, "/").challenge.nonce == nonce) is is_kept


@pytest.mark.parametrize(
    "uri", ["http://[::1/", "http://[a]@", "//[a]@", "http://a b/", "ftp://a/"]
)
def test_a_uri_that_is_none_is_passed_over(uri):
    assert entered(uri, "/a").take(HERE, "/a") is not None
