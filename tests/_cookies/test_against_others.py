"""The same responses and requests, for this jar, for http.cookiejar, and for curl.

They do not agree, and each difference has to be of a kind that the tables below know: what the
other one does, and the step of RFC 6265bis by which this jar does what it does. A kind that does
not happen any more has to leave its table.
"""

import subprocess
from collections.abc import Callable
from typing import NamedTuple

import pytest
from cookie_lines import visits
from cookie_peers import Visit, of_cookiejar, of_curl, ours
from program import path_of
from yarl import URL

#: The release of curl, Debian's, of which it is known that each kind happens.
CURL = "7.88"
#: It writes and reads a file for each request, of all cookies, and so plays only some visits.
OF_CURLS = 600


class Difference(NamedTuple):
    """What one request was sent by both."""

    visit: Visit
    url: str
    ours: str | None
    theirs: str | None

    @property
    def pair(self):
        return self.visit.fields[0].partition(";")[0]

    def all(self, name):
        """The values of the attributes of this name."""
        parts = [part.strip().partition("=") for part in self.visit.fields[0].split(";")[1:]]
        return [value for key, _, value in parts if key.lower() == name]

    def one(self, name):
        """That of the last."""
        return (self.all(name) or [None])[-1]

    @property
    def is_only_theirs(self):
        return self.ours is None

    @property
    def is_only_ours(self):
        return self.theirs is None

    @property
    def is_below(self):
        """Is the host that was asked one below that which set the cookie?"""
        return URL(self.url).host.endswith(f".{URL(self.visit.url).host}")


class Kind(NamedTuple):
    step: str
    what: str
    is_of: Callable[[Difference], bool]


OF_COOKIEJAR = [
    Kind(
        "5.6 step 1",
        "it keeps control characters",
        lambda d: "\x01" in d.pair and d.is_only_theirs,
    ),
    Kind("5.6 step 3", "it ignores an empty name", lambda d: d.pair == "=1" and d.is_only_ours),
    Kind(
        "5.6 step 5",
        "it has no limit of length",
        lambda d: len(d.pair) > 4096 and d.is_only_theirs,
    ),
    Kind(
        "5.7 steps 20 and 21",
        "it knows no prefixes",
        lambda d: d.pair.lower().startswith(("__secure-", "__host-")) and d.is_only_theirs,
    ),
    Kind(
        "5.7 step 19",
        "it keeps SameSite=None without Secure",
        lambda d: d.one("samesite") == "None" and not d.all("secure") and d.is_only_theirs,
    ),
    Kind(
        "5.7 step 7",
        "of several Domains it takes the first",
        lambda d: len(d.all("domain")) > 1,
    ),
    Kind(
        "5.7 step 7",
        "it refuses a Domain that is empty",
        lambda d: d.one("domain") in ("", ".") and d.is_only_ours,
    ),
    Kind(
        "5.7 step 11",
        "of several Paths it takes the first",
        lambda d: len(d.all("path")) > 1,
    ),
    Kind(
        "5.6.4 step 1",
        "it takes a Path that does not begin with a slash, and which nothing matches then",
        lambda d: d.one("path") in ("x", '"/x"') and d.is_only_ours,
    ),
    Kind(
        "5.6 attributes, step 7, and 5.1.4 step 4",
        "with Version=1 the usual path ends with a slash",
        lambda d: bool(d.all("version")) and d.is_only_ours,
    ),
    Kind(
        "5.6.2 steps 1 to 3",
        "it ignores a cookie whose Max-Age is no number",
        lambda d: d.one("max-age") in ("", "x", "100x", '"100"', '"0"') and d.is_only_ours,
    ),
    Kind(
        "5.1.1 step 5",
        "it reads dates without a time, and without the name of a month",
        lambda d: d.one("expires") in ("1 Jan 1999", "1999-01-01 00:00:00") and d.is_only_ours,
    ),
    Kind(
        "5.1.1 steps 1 and 2",
        "it does not read a date in any order, and with any delimiter",
        lambda d: (
            d.one("expires")
            in (
                "01.Jan.1999.00:00:00",
                "00:00:00 1999 1 jan",
                "Jan 01 1999 00:00:00 +0100",
            )
            and d.is_only_theirs
        ),
    ),
    Kind(
        "5.1.1 step 3",
        "a year of two digits is the one next to this",
        lambda d: d.one("expires") == "Friday, 01-Jan-71 00:00:00 GMT" and d.is_only_theirs,
    ),
    Kind(
        "5.7 step 10",
        "without a Domain it sends a cookie to the hosts below, too",
        lambda d: not d.one("domain") and d.is_below and d.is_only_theirs,
    ),
]

OF_CURL = [
    Kind(
        "5.6 step 3",
        "where there is no name it takes what follows for the cookie",
        lambda d: d.pair in ("=", "=1"),
    ),
    Kind(
        "5.6 step 3",
        'it ignores a cookie without "="',
        lambda d: d.pair == "a" and d.is_only_ours,
    ),
    Kind("5.6 step 1", "it refuses tabs", lambda d: "\t" in d.pair and d.is_only_ours),
    Kind(
        "5.6.5",
        "Secure with a value means nothing to it",
        lambda d: d.all("secure") == ["no"] and d.is_only_theirs,
    ),
    Kind(
        "5.7 step 19",
        "it keeps SameSite=None without Secure",
        lambda d: d.one("samesite") == "None" and not d.all("secure") and d.is_only_theirs,
    ),
    Kind(
        "5.7 step 7",
        "one of several Domains that is wrong is too many",
        lambda d: d.all("domain")[:1] == ["other.example"] and d.is_only_ours,
    ),
    Kind(
        "5.6.3 step 2",
        "it refuses a Domain that is one dot",
        lambda d: d.one("domain") == "." and d.is_only_ours,
    ),
    Kind(
        "5.1.4",
        "it takes the slash from the end of a Path",
        lambda d: d.one("path") == "/x/" and URL(d.url).path == "/x" and d.is_only_theirs,
    ),
    Kind(
        "5.6.4 step 1",
        "a Path that does not begin with a slash is one, not the usual one",
        lambda d: d.one("path") in ("", "x") and d.is_only_theirs,
    ),
    Kind(
        "5.6 attributes, step 5",
        "it takes the quotes from a Path",
        lambda d: d.one("path") == '"/x"',
    ),
    Kind(
        "5.6.2 steps 1 to 3",
        "a Max-Age that is no number is over",
        lambda d: d.one("max-age") in ("", "x") and d.is_only_ours,
    ),
    Kind(
        "5.6.2 step 2",
        "it takes the quotes from a Max-Age",
        lambda d: d.one("max-age") == '"0"' and d.is_only_ours,
    ),
    Kind(
        "5.1.1 step 5",
        "it reads dates without a time",
        lambda d: d.one("expires") == "1 Jan 1999" and d.is_only_ours,
    ),
]


def differences(played, ours_sent, theirs_sent):
    for visit, ours_here, theirs_here in zip(played, ours_sent, theirs_sent, strict=True):
        for url, own, other in zip(visit.asked, ours_here, theirs_here, strict=True):
            if own != other:
                yield Difference(visit, url, own, other)


def sorted_by_kind(found, kinds):
    """How many there are of each kind, and those that are of none."""
    counts = [0] * len(kinds)
    strange = []
    for difference in found:
        for number, kind in enumerate(kinds):
            if kind.is_of(difference):
                counts[number] += 1
                break
        else:
            strange.append(difference)
    return counts, strange


@pytest.fixture(scope="module")
def played():
    return visits()


@pytest.fixture(scope="module")
def ours_sent(played):
    return ours(played)


def test_most_requests_are_sent_something(ours_sent):
    sent = [text for answers in ours_sent for text in answers]
    assert 0.4 < sum(text is not None for text in sent) / len(sent) < 0.8


def test_each_difference_to_the_standard_library_is_of_a_known_kind(played, ours_sent):
    found = differences(played, ours_sent, of_cookiejar(played))
    counts, strange = sorted_by_kind(found, OF_COOKIEJAR)
    assert not strange
    assert all(counts), counts


def test_each_difference_to_curl_is_of_a_known_kind(played, ours_sent, tmp_path):
    curl = path_of("curl")
    some = played[:OF_CURLS]
    found = differences(some, ours_sent[:OF_CURLS], of_curl(curl, some, tmp_path))
    counts, strange = sorted_by_kind(found, OF_CURL)
    assert not strange
    version = subprocess.run([curl, "--version"], check=True, capture_output=True, text=True)
    if version.stdout.split()[1].startswith(CURL):
        assert all(counts), counts
