"""Which hosts and paths a cookie is for (RFC 6265bis sections 5.1.2 to 5.1.4)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from aioclient._cookies.matching import (
    MAX_NAME_CHARACTERS,
    canonical_host,
    default_path,
    domain_matches,
    is_ip,
    parents,
    path_matches,
)

HOSTS = st.text(alphabet="ab1.", max_size=12) | st.just("1.2.3.4") | st.just("::1")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        # section 5.1.2
        ("example.com", "example.com"),
        ("WWW.Example.COM", "www.example.com"),
        ("XN--P1AI", "xn--p1ai"),
        ("a_b.example", "a_b.example"),
        ("example.com.", "example.com."),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("", ""),
        # no other character becomes an ASCII letter: the Kelvin sign is a "k" in lower case
        ("\u212a.example", "\u212a.example"),
        ("B\u00dcCHER.example", "b\u00dccher.example"),
    ],
)
def test_a_host_has_one_form(host, expected):
    assert canonical_host(host) == expected
    assert canonical_host(expected) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://WWW.Example.com/", "www.example.com"),
        ("http://example.com./", "example.com."),
        ("http://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("http://[::1]:8080/", "::1"),
        ("http://127.0.0.1/", "127.0.0.1"),
    ],
)
def test_the_host_of_a_url_comes_in_labels_of_ascii(url, expected):
    assert canonical_host(URL(url).raw_host) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1.", True),
        ("127.1", True),
        ("2130706433", True),
        ("0x7f.1", True),
        ("0x7f000001", True),
        ("017700000001", True),
        ("a.0x", True),
        ("256.256.256.256", True),  # no address, and no name that DNS has
        ("example.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("2001:db8::1", True),
        ("example.com", False),
        ("1.example", False),
        ("1.2.3.4.example", False),
        ("1a", False),
        ("0xg", False),
        ("x0", False),
        ("localhost", False),
        ("localhost.", False),
        ("a.\u0661", False),
        (".", False),
        ("", False),
    ],
)
def test_an_address_is_what_has_a_colon_or_ends_in_a_number(host, expected):
    assert is_ip(host) is expected


@pytest.mark.parametrize(
    ("host", "domain", "expected"),
    [
        # section 5.1.3, first condition
        ("example.com", "example.com", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("localhost", "localhost", True),
        # second: a suffix, after a dot
        ("www.example.com", "example.com", True),
        ("a.b.c.example.com", "example.com", True),
        ("www.example.com", "com", True),  # a public suffix is another question
        ("example.com", "www.example.com", False),
        ("badexample.com", "example.com", False),
        ("example.com.evil.example", "example.com", False),
        ("example.com", "example.org", False),
        ("example.com", "", False),
        ("example.com", ".com", False),
        # a host name, not an address
        ("127.0.0.1", "0.0.1", False),
        ("127.0.0.1", "1", False),
        ("127.1", "1", False),
        ("10.0.0x1", "0x1", False),
        ("a::b.c", "c", False),
        # a dot at the end makes another host
        ("example.com.", "example.com", False),
        ("example.com", "example.com.", False),
        ("www.example.com.", "example.com", False),
        ("www.example.com", "example.com.", False),
        ("www.example.com.", "example.com.", True),
        ("example.com.", "", False),
    ],
)
def test_a_domain_matches_itself_and_the_names_below_it(host, domain, expected):
    assert domain_matches(host, domain) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.b.example", ["a.b.example", "b.example", "example"]),
        ("a.b.example.", ["a.b.example.", "b.example.", "example."]),
        ("localhost", ["localhost"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("127.1", ["127.1"]),
        ("::1", ["::1"]),
        ("", [""]),
    ],
)
def test_the_domains_of_a_host_go_from_itself_to_the_top(host, expected):
    assert list(parents(host)) == expected


@given(HOSTS)
def test_the_domains_of_a_host_are_all_that_match_it(host):
    candidates = [host[start:] for start in range(len(host))] or [""]
    assert list(parents(host)) == [each for each in candidates if domain_matches(host, each)]


def test_a_name_of_the_greatest_length_has_domains_and_a_longer_one_has_none_above_it():
    longest = ("a." * MAX_NAME_CHARACTERS)[:MAX_NAME_CHARACTERS]
    assert len(list(parents(longest))) == len(list(parents(longest + "."))) == 127
    assert list(parents("a" + longest)) == ["a" + longest]


@pytest.mark.parametrize(
    ("url_path", "expected"),
    [
        # section 5.1.4, step 2
        ("", "/"),
        ("a", "/"),
        ("a/b", "/"),
        ("*", "/"),
        # step 3
        ("/", "/"),
        ("/a", "/"),
        # step 4
        ("/a/", "/a"),
        ("/a/b", "/a"),
        ("/a/b/", "/a/b"),
        ("//", "/"),
        ("//a", "/"),
        ("/a%2Fb/c", "/a%2Fb"),
    ],
)
def test_the_default_path_is_what_comes_before_the_last_slash(url_path, expected):
    assert default_path(url_path) == expected


@pytest.mark.parametrize(
    ("request_path", "cookie_path", "expected"),
    [
        # section 5.1.4: identical
        ("/", "/", True),
        ("/a", "/a", True),
        ("/a/", "/a/", True),
        ("/a", "/A", False),
        ("/a%2Fb", "/a/b", False),
        # a prefix that ends in "/"
        ("/a", "/", True),
        ("/a/b", "/a/", True),
        ("/a", "/a/", False),
        # a prefix before a "/"
        ("/a/", "/a", True),
        ("/a/b", "/a", True),
        ("/ab", "/a", False),
        ("/a%2Fb", "/a", False),
        ("/b/a", "/a", False),
        ("/", "/a", False),
    ],
)
def test_a_path_matches_itself_and_what_is_below_it(request_path, cookie_path, expected):
    assert path_matches(request_path, cookie_path) is expected


@given(st.text(alphabet="a/", max_size=8).map("/".__add__))
def test_a_request_path_matches_its_own_default_path(path):
    assert path_matches(path, default_path(path))


@pytest.mark.parametrize(
    "text", ["a" * (1 << 20), "." * (1 << 20), "1." * (1 << 19), "a." * (1 << 19), "/a" * (1 << 19)]
)
def test_a_megabyte_is_looked_at_in_linear_time(text):
    started = time.process_time()
    for _ in parents(canonical_host(text)):
        pass
    is_ip(text)
    domain_matches(text, text[1:])
    path_matches(text, default_path(text))
    assert time.process_time() - started < 1  # quadratic time would be minutes
