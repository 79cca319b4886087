"""Header names that are made once."""

import pytest
from multidict import istr

from aioclient._http import header_names
from aioclient._http.header_names import SEEN_NAMES, SHARED_NAMES, shared_name


@pytest.mark.parametrize("constant", [n for n in vars(header_names) if n.isupper()][:10])
def test_constant_is_the_usual_spelling_and_shared(constant):
    name = getattr(header_names, constant)
    assert type(name) is istr
    assert name.upper().replace("-", "_") == constant
    assert SHARED_NAMES[name.encode()] is name


def test_each_name_is_shared_by_its_usual_spelling_and_lower_case():
    for spelling, name in SHARED_NAMES.items():
        assert type(name) is istr
        assert spelling in (name.encode(), name.lower().encode())
        assert SHARED_NAMES[spelling.lower()] is name


@pytest.mark.parametrize("spelling", [b"Content-Type", b"content-type", b"CONTENT-TYPE"])
def test_any_spelling_of_a_known_name_gives_the_shared_one(spelling):
    assert shared_name(spelling) is header_names.CONTENT_TYPE


def test_unknown_name_keeps_its_spelling():
    name = shared_name(b"x-Unheard-of")
    assert (type(name), str(name)) == (istr, "x-Unheard-of")


@pytest.fixture
def nothing_seen():
    SEEN_NAMES.clear()
    yield
    SEEN_NAMES.clear()


@pytest.mark.usefixtures("nothing_seen")
def test_spelling_that_comes_again_gives_the_same_name():
    assert shared_name(b"x-Unheard-of") is shared_name(b"x-Unheard-of")
    assert shared_name(b"x-Unheard-of") is not shared_name(b"X-Unheard-Of")
    assert shared_name(b"conTent-type") is shared_name(b"conTent-type") is header_names.CONTENT_TYPE
    assert set(SEEN_NAMES) == {b"x-Unheard-of", b"X-Unheard-Of", b"conTent-type"}


@pytest.mark.usefixtures("nothing_seen")
def test_usual_spellings_are_not_remembered_again():
    for spelling in SHARED_NAMES:
        shared_name(spelling)
    assert not SEEN_NAMES


@pytest.mark.usefixtures("nothing_seen")
def test_few_spellings_are_remembered():
    most = 0
    for number in range(1000):
        assert str(shared_name(b"x-%d" % number)) == f"x-{number}"
        most = max(most, len(SEEN_NAMES))
    assert most == 256


@pytest.mark.usefixtures("nothing_seen")
def test_long_spellings_are_not_remembered():
    shared_name(b"x" * 64)
    name = shared_name(b"x" * 65)
    assert (type(name), str(name)) == (istr, "x" * 65)
    assert list(SEEN_NAMES) == [b"x" * 64]
