"""The jar does what RFC 6265bis says, step by step of its sections 5.1 to 5.8.3."""

import pytest
from clock import Clock
from cookie_case import NOW
from cookie_cases_parsing import PARSING
from cookie_cases_parts import PARTS
from cookie_cases_replacing import REPLACING
from cookie_cases_sending import DEPARTURES, SENDING
from cookie_cases_storing import STORING
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.pairs import joined

CASES = [*PARTS, *PARSING, *STORING, *REPLACING, *SENDING]


def named(cases):
    return [pytest.param(case, id=f"{case.step}-{n}") for n, case in enumerate(cases, 1)]


def play(case, jar, clock):
    for said in case.said:
        if isinstance(said, tuple):
            url, *fields = said
            jar.update_cookies_from_headers(fields, URL(url))
        else:
            clock.now += said


def sent(jar, url):
    return joined(jar.pairs_for(URL(url)))


def field_of(text):
    return b"" if text is None else f"Cookie: {text}\r\n".encode("utf-8", "surrogateescape")


def test_the_table_is_long_and_names_a_step_in_each_case():
    assert len({repr(case) for case in CASES}) >= 300
    assert all(case.step.startswith(("5.", "8.5")) for case in CASES)


@pytest.mark.parametrize("case", named(CASES))
def test_a_jar_does_what_the_text_says(case):
    clock = Clock(NOW)
    jar = CookieJar(unsafe=True, clock=clock)
    play(case, jar, clock)
    assert sent(jar, case.asked) == case.sent
    assert jar.line_for(URL(case.asked)) == field_of(case.sent)


@pytest.mark.parametrize("case", named(CASES))
def test_a_jar_that_was_used_before_does_the_same(case):
    clock = Clock(NOW)
    jar = CookieJar(unsafe=True, clock=clock)
    for _ in range(3):
        jar.clear()
        clock.now = NOW
        for said in case.said:
            sent(jar, case.asked)
            play(case._replace(said=[said]), jar, clock)
        assert sent(jar, case.asked) == case.sent


@pytest.mark.parametrize("case", named(DEPARTURES))
def test_where_a_jar_does_otherwise_than_the_text_says_it_is_meant(case):
    clock = Clock(NOW)
    jar = CookieJar(unsafe=True, clock=clock)
    play(case, jar, clock)
    assert sent(jar, case.asked) == case.sent
