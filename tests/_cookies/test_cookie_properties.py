"""What holds for all cookies, and for all that can happen to a store and to a jar."""

import gc
import itertools
from dataclasses import dataclass, field
from math import inf

import pytest
from clock import Clock
from cookie_case import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies import store as store_module
from aioclient._cookies.cookie import Cookie
from aioclient._cookies.expiry import lifetime_of
from aioclient._cookies.morsels import http_date
from aioclient._cookies.parse import parse_set_cookie
from aioclient._cookies.store import CookieStore

# --- one cookie ----------------------------------------------------------------------------------

TOKEN = "!#$%&'*+-.^_`|~0129azAZ"
OCTETS = "".join(chr(n) for n in range(0x21, 0x7F) if chr(n) not in '",;\\')
NAMES = st.text(TOKEN, min_size=1, max_size=20)
VALUES = st.text(OCTETS, max_size=20)
SECONDS = st.integers(-11644473600, 253402300799).map(float)  # the years 1601 to 9999
ATTRIBUTES = st.one_of(
    st.tuples(st.just("Expires"), SECONDS.map(http_date)),
    st.tuples(st.just("Max-Age"), st.integers(-(10**12), 10**12).map(str)),
    st.tuples(st.just("Domain"), st.text("ab.-", min_size=1)),
    st.tuples(st.just("Path"), st.text("/ab%=", max_size=8).map("/{}".format)),
    st.tuples(st.sampled_from(["Secure", "HttpOnly", "Partitioned"]), st.just("")),
    st.tuples(st.just("SameSite"), st.sampled_from(["Strict", "Lax", "None"])),
    st.tuples(st.text("xyz-", min_size=1), st.text("xyz =\u00e9", max_size=8).map(str.strip)),
)


def serialised(name, value, attributes):
    """As a server writes it, by the grammar of section 4.1.1."""
    texts = [f"{name}={value}", *(f"{key}={text}" if text else key for key, text in attributes)]
    return "; ".join(texts)


@given(NAMES, VALUES | VALUES.map('"{}"'.format), st.lists(ATTRIBUTES, max_size=32))
def test_what_a_server_writes_is_what_is_read(name, value, attributes):
    found = parse_set_cookie(serialised(name, value, attributes))
    assert (found.name, found.value, list(found.attributes)) == (name, value, attributes)


@given(NAMES.filter(lambda name: not name.startswith("__")), VALUES | VALUES.map('"{}"'.format))
def test_what_a_server_sets_comes_back_to_it(name, value):
    jar = CookieJar()
    url = URL("https://site.example/")
    jar.update_cookies_from_headers([serialised(name, value, [("Secure", "")])], url)
    assert jar.line_for(url) == f"Cookie: {name}={value}\r\n".encode()


@given(SECONDS)
def test_a_date_that_is_written_is_the_date_that_is_read(seconds):
    assert lifetime_of([("Expires", http_date(seconds))]).date == seconds


# --- a store, and a list of cookies that does the same -------------------------------------------

DOMAINS = ["site.example", "www.site.example", "a.www.site.example"]
PATHS = ["/", "/x", "/x/", "/x/y", "/xy"]
ASKED = ["/", "/x", "/x/", "/x/y", "/x/y/z", "/xy", "/z"]
#: Hosts with the domains that they may have cookies of.
HOSTS = [tuple(DOMAINS[n::-1]) for n in range(3)] + [("other.example",)]

PUT = st.tuples(
    st.just("put"),
    st.sampled_from("ab"),
    st.sampled_from("12"),
    st.sampled_from(DOMAINS),
    st.sampled_from(PATHS),
    st.booleans(),
    st.booleans(),
    st.sampled_from([inf, inf, -1, 0, 1, 5, 30]),
)
ASK = st.tuples(st.just("ask"), st.sampled_from(HOSTS))
WAIT = st.tuples(st.just("wait"), st.sampled_from([1, 2, 10]))
RENEW = st.tuples(st.just("renew"), st.integers(0, 3), st.sampled_from([1, 5, 30]))
REMOVE = st.tuples(st.just("remove"), st.sampled_from("ab")) | st.tuples(st.just("clear"))
#: Some more often than others.
STEPS = st.lists(
    st.sampled_from([PUT] * 6 + [ASK] * 6 + [WAIT] * 3 + [RENEW] * 4 + [REMOVE]).flatmap(
        lambda step: step
    ),
    min_size=10,
    max_size=40,
)


def is_below(path, prefix):
    """Section 5.1.4, by what lies between slashes."""
    parts, wanted = path.split("/"), prefix.split("/")
    if wanted[-1] == "" and path != prefix:
        wanted.pop()
        return len(parts) > len(wanted) and parts[: len(wanted)] == wanted
    return parts[: len(wanted)] == wanted


@dataclass
class Model:
    """A list of cookies, which is looked through from the first to the last."""

    cookies: list = field(default_factory=list)
    order: int = 0

    def tidy(self, now):
        self.cookies = [c for c in self.cookies if c.expires_at > now]

    def put(self, cookie, now):
        self.order += 1
        cookie.order = self.order
        old = [c for c in self.cookies if c.key == cookie.key]
        self.cookies = [c for c in self.cookies if c.key != cookie.key]
        if old:
            cookie.order = old[0].order
        if cookie.expires_at > now:
            self.cookies.append(cookie)
            if not old:
                self.keep_limits(cookie.domain)

    def keep_limits(self, domain):
        ours = [c for c in self.cookies if c.domain == domain]
        if len(ours) > 6:
            ours.sort(key=lambda c: (c.is_secure, c.used_at, c.order))
            self.drop(ours[: len(ours) - 4])
        if len(self.cookies) > 9:
            least = sorted(self.cookies, key=lambda c: (c.used_at, c.order))
            self.drop(least[: len(least) - 7])

    def drop(self, unwanted):
        self.cookies = [c for c in self.cookies if c not in unwanted]

    def matching(self, domains, path, is_secure, now):
        found = [
            c
            for c in self.cookies
            if c.expires_at > now
            and (c.domain == domains[0] if c.is_host_only else c.domain in domains)
            and is_below(path, c.path)
            and (is_secure or not c.is_secure)
        ]
        return sorted(found, key=lambda c: (-len(c.path), c.order))


def texts(cookies):
    return [(c.name, c.value, c.domain, c.path, c.is_host_only, c.is_secure) for c in cookies]


class Both:
    """A store and its model, and answers that were remembered as a jar does."""

    def __init__(self):
        self.store = CookieStore()
        self.model = Model()
        self.now = 1000.0
        self.known = {}

    def do(self, step):
        getattr(self, step[0])(*step[1:])

    def put(self, name, value, domain, path, is_host_only, is_secure, lasts):
        for keeper in (self.store, self.model):
            cookie = Cookie(
                name,
                value,
                domain,
                path,
                is_host_only=is_host_only,
                is_secure=is_secure,
                expires_at=self.now + lasts,
                created_at=self.now,
            )
            keeper.put(cookie, self.now)

    def wait(self, seconds):
        self.now += seconds
        self.check_known()  # a jar looks at these before it asks the store
        self.store.remove_expired(self.now)
        self.model.tidy(self.now)

    def ask(self, domains):
        for query in itertools.product([domains], ASKED, (False, True)):
            found = self.store.matching(*query, self.now)
            expected = self.model.matching(*query, self.now)
            for cookie in expected:
                cookie.used_at = self.now
            assert texts(found) == texts(expected)
            ends_at = min((c.expires_at for c in found), default=inf)
            self.known[query] = (texts(found), self.store.version, ends_at)

    def renew(self, index, lasts):
        for cookie, twin in list(zip(self.store, self.sorted(), strict=True))[index : index + 1]:
            self.store.renew(cookie, self.now + lasts)
            twin.expires_at = self.now + lasts

    def remove(self, name):
        self.store.remove_if(lambda cookie: cookie.name == name)
        self.model.drop([c for c in self.model.cookies if c.name == name])

    def clear(self):
        self.store.clear()
        self.model.cookies = []

    def sorted(self):
        return sorted(self.model.cookies, key=lambda c: c.order)

    def compare(self):
        expected = self.sorted()
        assert texts(self.store) == texts(expected)
        assert self.store.count == len(expected)
        assert set(self.store.domains()) == {c.domain for c in expected}
        for name in "ab":
            found = sorted(self.store.secure_of_name(name), key=lambda c: c.order)
            assert texts(found) == texts(c for c in expected if c.name == name and c.is_secure)
        self.check_known()

    def check_known(self):
        for query, (found, version, ends_at) in self.known.items():
            if version == self.store.version and ends_at > self.now:
                assert found == texts(self.model.matching(*query, self.now)), "stale"


@given(STEPS)
@settings(max_examples=300)
def test_a_store_does_as_a_list_that_is_looked_through(steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "MAX_COOKIES_OF_DOMAIN", 6)
        patch.setattr(store_module, "LEFT_OF_DOMAIN", 4)
        patch.setattr(store_module, "MAX_COOKIES", 9)
        patch.setattr(store_module, "LEFT_IN_ALL", 7)
        both = Both()
        for step in steps:
            both.do(step)
            both.compare()
        for domains in HOSTS:
            both.ask(domains)


def kept_objects():
    gc.collect()
    return sum(type(thing) is Cookie for thing in gc.get_objects())


@pytest.mark.parametrize("lasts", [[1000], [1000, 2000], [inf, 1000], [1000, -1]])
def test_what_a_store_has_replaced_or_removed_does_not_stay_for_long(lasts):
    before = kept_objects()
    kept = CookieStore()
    for n in range(5000):
        ends_at = 1000.0 + lasts[n % len(lasts)]
        kept.put(Cookie("a", str(n), "site.example", expires_at=ends_at), 1000.0)
    assert kept_objects() - before < 120


# --- a jar, and one that was never asked before --------------------------------------------------

URLS = ["http://site.example/x", "https://site.example/x/y", "https://www.site.example/x"]
FIELDS = [
    f"{pair}; Path=/x{domain}{rest}"
    for pair in ("a=1", "a=2")
    for domain in ("", "; Domain=site.example")
    for rest in ("", "; Secure", "; Max-Age=0", "; Max-Age=20", "; Expires=1 Jan 2026 00:00:30")
]
EVENTS = st.lists(
    st.tuples(st.sampled_from(URLS), st.sampled_from(FIELDS)) | st.sampled_from([1, 10, 25, 61]),
    min_size=4,
    max_size=12,
)


@given(EVENTS)
@settings(max_examples=300)
def test_what_a_jar_remembers_is_what_it_would_find(events):
    clock = Clock(NOW)
    jar = CookieJar(clock=clock)
    for count, event in enumerate(events, 1):
        tell(jar, clock, event)
        other_clock = Clock(NOW)
        other = CookieJar(clock=other_clock)
        for earlier in events[:count]:
            tell(other, other_clock, earlier)
        for url in map(URL, URLS):
            assert jar.pairs_for(url) == other.pairs_for(url)
            assert jar.line_for(url) == other.line_for(url)


def tell(jar, clock, event):
    if isinstance(event, tuple):
        url, field_value = event
        jar.update_cookies_from_headers([field_value], URL(url))
    else:
        clock.now += event


def test_a_cookie_that_came_again_counts_as_used_whenever_it_is_sent():
    clock = Clock(NOW)
    jar = CookieJar(clock=clock)
    url = URL("https://site.example/x")
    others = [f"c{number}=1; Path=/y" for number in range(store_module.MAX_COOKIES_OF_DOMAIN)]
    for seconds, fields in [
        (0, ["a=1; Max-Age=100000"]),
        (100, others[:-1]),
        (200, []),
        (300, ["a=1; Max-Age=200000"]),
        (400, others[:-1]),
        (500, []),
        (600, others[-1:]),
    ]:
        clock.now = NOW + seconds
        for text in fields:
            jar.update_cookies_from_headers([text], url)
        if not fields:
            jar.pairs_for(url)
    assert jar.pairs_for(url) == [("a", "1")]
