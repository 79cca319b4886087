"""Header names that are made once."""

import pytest
from multidict import istr

from aioclient._http import header_names
from aioclient._http.header_names import SHARED_NAMES, shared_name


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
